/**
 * A sandbox beside the server: the same keys under each way to delete what has expired, on a real dict with the real scan
 * cursor. A timer for each key wakes the CPU once a key and leaves nothing stale; lazy deletion costs nothing and leaves
 * what nobody reads; Redis's active cycle samples; Redis itself does the last two together.
 */
import { Prng } from '../../engine/bytes/prng.ts'
import { Dict } from '../../engine/structures/dict.ts'

export const STRATEGIES = ['timer', 'lazy', 'active', 'both'] as const
export type Strategy = (typeof STRATEGIES)[number]
export const SPREADS = ['same', 'jitter', 'mixed'] as const
export type Spread = (typeof SPREADS)[number]

export interface Workload {
  readonly keys: number
  readonly spread: Spread
  readonly readsPerSecond: number
  readonly seconds: number
  readonly hz: number
  /** Per cent of a sample above which a loop repeats; Redis: 10. */
  readonly threshold: number
  readonly perLoop: number
  readonly seed: number
}
export const REDIS: Workload = {
  keys: 1000,
  spread: 'jitter',
  readsPerSecond: 50,
  seconds: 60,
  hz: 10,
  threshold: 10,
  perLoop: 20,
  seed: 1,
}

export interface Loop {
  readonly at: number
  readonly sampled: number
  readonly expired: number
  readonly repeat: boolean
}
export interface Outcome {
  readonly strategy: Strategy
  /** How often the CPU was woken for nothing but expiry. */
  readonly wakeups: number
  readonly micros: number
  /** The longest the server stood still for it at once. */
  readonly worst: number
  /** Dead keys held in memory, added up over time. */
  readonly staleKeySeconds: number
  /** Of the keys in memory, the share that was dead, over the time in which some key was. */
  readonly meanStale: number
  /** Dead keys at the end. */
  readonly left: number
  /** Reads that would have been answered with a value that was over its time. */
  readonly staleReads: number
  readonly series: readonly { readonly at: number; readonly alive: number; readonly stale: number }[]
}

/** Microseconds: a wakeup, a key looked at, a key deleted; the last two as the engine charges them. */
const COST = { wakeup: 2, sample: 0.2, remove: 1 }
const SLOW_CYCLE_MICROS = 25_000

/** When each key dies, in milliseconds. */
export function deaths(w: Workload): number[] {
  const rng = new Prng(w.seed)
  const half = (w.seconds * 1000) / 2
  return Array.from({ length: w.keys }, () => {
    const dice = rng.float()
    if (w.spread === 'same') return half / 2
    if (w.spread === 'jitter') return Math.floor(half * 0.25 + dice * half)
    // Half of them soon, the others long after the end.
    return dice < 0.5 ? Math.floor(half * 0.25 + dice * half) : 10 * half
  })
}

/** One loop of activeExpireCycle: at least `perLoop` keys by walking buckets from the cursor; the dead go. */
export function loopOnce(
  d: Dict<number>,
  cursor: number,
  now: number,
  perLoop: number,
  threshold: number,
): { cursor: number; loop: Loop; dead: string[]; buckets: number[] } {
  const dead: string[] = []
  const buckets: number[] = []
  const size = d.size
  const want = Math.min(perLoop, size)
  let sampled = 0
  for (let n = 0; sampled < want && n < want * 20; n++) {
    buckets.push((cursor & (d.tableSize(0) - 1)) >>> 0)
    cursor = d.scan(cursor, (key, at) => {
      sampled++
      if (at < now) dead.push(key)
    })
    if (cursor === 0 && sampled >= size) break
  }
  for (const key of dead) d.delete(key)
  const repeat = d.size > 0 && (sampled === 0 || Math.floor((dead.length * 100) / sampled) > threshold)
  return { cursor, dead, buckets, loop: { at: now, sampled, expired: dead.length, repeat } }
}

export function simulate(strategy: Strategy, w: Workload): Outcome {
  const d = new Dict<number>(w.seed)
  const when = deaths(w)
  const name = (i: number): string => `key:${i}`
  when.forEach((at, i) => {
    d.set(name(i), at)
  })
  const order = when.map((at, i) => [at, i] as const).sort((a, b) => a[0] - b[0])
  const rng = new Prng(w.seed + 1)
  const [lazy, active] = [strategy === 'lazy' || strategy === 'both', strategy === 'active' || strategy === 'both']
  const out = { wakeups: 0, micros: 0, worst: 0, staleKeySeconds: 0, staleReads: 0 }
  const series: { at: number; alive: number; stale: number }[] = []
  let [died, cursor, owed, shares, counted] = [0, 0, 0, 0, 0]
  const end = w.seconds * 1000
  const period = Math.floor(1000 / w.hz)
  const spend = (micros: number): void => {
    out.micros += micros
    out.worst = Math.max(out.worst, micros)
  }
  for (let now = 0; now <= end; now += 10) {
    let fired = 0
    for (let next = order[died]; next !== undefined && next[0] < now; next = order[++died])
      if (strategy === 'timer' && d.delete(name(next[1])) !== undefined) fired++
    out.wakeups += fired
    if (fired > 0) spend(fired * (COST.wakeup + COST.remove))
    for (owed += w.readsPerSecond / 100; owed >= 1; owed--) {
      const key = name(rng.below(w.keys))
      const at = d.get(key)
      if (at === undefined || at >= now) continue
      if (lazy) {
        d.delete(key)
        spend(COST.remove)
      } else out.staleReads++
    }
    if (active && now % period === 0) {
      out.wakeups++
      let micros = COST.wakeup
      for (let n = 1; d.size > 0; n++) {
        const slots = d.tableSize(0) + d.tableSize(1)
        if (slots > 4 && (d.size * 100) / slots < 1) break
        const one = loopOnce(d, cursor, now, w.perLoop, w.threshold)
        cursor = one.cursor
        micros += one.loop.sampled * COST.sample + one.loop.expired * COST.remove
        if (!one.loop.repeat || (n % 16 === 0 && micros > (SLOW_CYCLE_MICROS * 10) / w.hz)) break
      }
      spend(micros)
    }
    if (d.needsResize) d.resizeToFit()
    const stale = d.size - (w.keys - died)
    out.staleKeySeconds += stale / 100
    if (died > 0 && died < w.keys) {
      shares += stale / Math.max(1, d.size)
      counted++
    }
    if (now % (w.seconds * 10) === 0) series.push({ at: now, alive: w.keys - died, stale })
  }
  return {
    strategy,
    ...out,
    meanStale: shares / Math.max(1, counted),
    left: d.size - (w.keys - died),
    series,
  }
}

export interface TradeOff {
  readonly threshold: number
  readonly micros: number
  readonly meanStale: number
}
/** What each threshold costs and what it leaves: the active cycle alone, so that no reader helps. */
export const tradeOff = (w: Workload, thresholds: readonly number[]): TradeOff[] =>
  thresholds.map((threshold) => {
    const { micros, meanStale } = simulate('active', { ...w, threshold })
    return { threshold, micros, meanStale }
  })

/** A loop as the log of the view tells it. */
export const loopText = (n: number, l: Loop): string =>
  `loop ${n}: sampled ${l.sampled} expired ${l.expired} (${Math.round((100 * l.expired) / Math.max(1, l.sampled))} %) → ${l.repeat ? 'repeat' : 'stop'}`
