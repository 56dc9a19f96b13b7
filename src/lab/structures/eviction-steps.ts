/** An eviction taken apart: what each sampled key did to the pool, up to the victim that leaves it at its best end. */
export interface RoundData {
  readonly seq: number
  readonly at: number
  readonly samples: readonly {
    readonly db: number
    readonly keys: readonly string[]
    readonly scores: readonly number[]
    readonly before: readonly string[]
    readonly beforeScores: readonly number[]
  }[]
  readonly victim: string
  readonly score: number
  readonly pool: readonly string[]
}
export type Did = 'insert' | 'shift' | 'drop' | 'victim'
export interface PoolStep {
  readonly key: string
  readonly score: number
  readonly did: Did
  /** Where it stands in the pool after this step; -1 when it does not. */
  readonly slot: number
  /** Who was pushed out at the worst end. */
  readonly out: string | null
  readonly pool: readonly { readonly key: string; readonly score: number }[]
}
const SLOTS = 16

/** Each key in turn, as evictionPoolPopulate takes it: behind all that score less, and the worst falls out of a full pool. */
export function stepsOf(round: RoundData): PoolStep[] {
  const steps: PoolStep[] = []
  for (const s of round.samples) {
    let pool = s.before.map((key, i) => ({ key, score: s.beforeScores[i] ?? 0 }))
    s.keys.forEach((key, i) => {
      const score = s.scores[i] ?? 0
      if (score < 0 || (pool.length === SLOTS && score <= (pool[0]?.score ?? 0))) {
        steps.push({ key, score, did: 'drop', slot: -1, out: null, pool })
        return
      }
      let at = 0
      while (at < pool.length && (pool[at]?.score ?? 0) < score) at++
      const next = [...pool.slice(0, at), { key, score }, ...pool.slice(at)]
      const out = next.length > SLOTS ? (next.shift()?.key ?? null) : null
      pool = next
      steps.push({ key, score, did: out === null ? 'insert' : 'shift', slot: at - (out === null ? 0 : 1), out, pool })
    })
  }
  const last = steps.at(-1)?.pool ?? []
  const slot = last.findLastIndex((p) => p.key === round.victim)
  steps.push({
    key: round.victim,
    score: round.score,
    did: 'victim',
    slot: round.pool.length,
    out: null,
    pool: last.slice(0, Math.max(0, slot)),
  })
  return steps
}

/** Of as many keys as were evicted, how many true LRU would have evicted as well. */
export function againstTrueLru(order: string): {
  readonly evicted: number
  readonly right: number
  readonly fresh: number
} {
  let evicted = 0
  for (const c of order) if (c === 'e' || c === 'x') evicted++
  let right = 0
  for (const c of order.slice(0, evicted)) if (c === 'e' || c === 'x') right++
  return { evicted, right, fresh: [...order].filter((c) => c === 'x').length }
}

/** LFULogIncr: the chance that one more access raises the counter. */
export const lfuChance = (counter: number, factor: number): number =>
  counter === 255 ? 0 : 1 / (Math.max(0, counter - 5) * factor + 1)
