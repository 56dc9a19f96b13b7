/**
 * Where turns and jobs lie on a line of time that cuts idle time short. The instants at which something began or ended are
 * joints; between two joints time runs evenly: `zoom` pixels a microsecond while main works, cut short while it waits.
 */
export interface CommandData {
  readonly name: string
  readonly text: string
  readonly client: string
  readonly slow: number | null
  readonly offset: number
  readonly micros: number
  readonly inner: boolean
}
export interface TurnData {
  readonly at: number
  /** When what woke it was there, and when its sender let go of it. */
  readonly arrived: number
  readonly left: number
  readonly micros: number
  readonly woke: string
  readonly read: number
  readonly commands: readonly CommandData[]
  readonly more: number
  readonly cron: boolean
  readonly times: number
  readonly sent: number
  readonly sentTo: number
  readonly fed: number
  readonly fedTo: number
  readonly files: readonly string[]
  readonly did: readonly string[]
  readonly waited: boolean
}
export interface JobData {
  readonly lane: 'bio_close_file' | 'bio_aof_fsync' | 'bio_lazy_free' | 'child'
  readonly start: number
  readonly end: number | null
  readonly text: string
}
export interface Placed {
  readonly width: number
  readonly turns: readonly { readonly x: number; readonly w: number; readonly readW: number; readonly execW: number }[]
  readonly jobs: readonly { readonly x: number; readonly w: number; readonly job: JobData }[]
  readonly gaps: readonly { readonly x: number; readonly w: number; readonly micros: number }[]
  /** Where an instant lies. */
  readonly place: (at: number) => number
  /** The instant that lies there. */
  readonly timeAt: (x: number) => number
}

const NOTCH = 6
const WIDE = 200
/** Beyond `WIDE` pixels only the order of magnitude counts. */
const workWidth = (px: number): number => (px <= WIDE ? Math.max(8, px) : WIDE + 80 * Math.log10(px / WIDE))
/** Idle time up to this many microseconds is drawn to scale. */
const SHORT = 20
const gapWidth = (micros: number, zoom: number): number =>
  micros <= SHORT ? micros * Math.min(zoom, 1) : SHORT * Math.min(zoom, 1) + 12 * Math.log10(micros / SHORT)

export function placeTurns(turns: readonly TurnData[], jobs: readonly JobData[], now: number, zoom: number): Placed {
  const first = turns[0]?.at ?? now
  const seen = jobs.filter((j) => (j.end ?? now) >= first)
  const joints: { at: number; x: number }[] = []
  const placed: { x: number; w: number; readW: number; execW: number }[] = []
  const gaps: { x: number; w: number; micros: number }[] = []
  // Joints inside waiting time: where jobs begin and end.
  const edges = [
    ...seen.flatMap((j) => [Math.max(first, j.start), j.end ?? now]),
    ...turns.flatMap((t) => [Math.max(first, t.left), Math.max(first, t.arrived)]),
  ].sort((a, b) => a - b)
  let x = 0
  let end = first
  let edge = 0
  const waitUntil = (at: number): void => {
    let from = end
    while (edge < edges.length && (edges[edge] as number) < at) {
      const e = edges[edge++] as number
      if (e <= from) continue
      step(from, e)
      from = e
    }
    if (at > from) step(from, at)
  }
  const step = (from: number, to: number): void => {
    joints.push({ at: from, x })
    const w = gapWidth(to - from, zoom)
    if (to - from > SHORT) gaps.push({ x, w, micros: to - from })
    x += w
    joints.push({ at: to, x })
  }
  for (const t of turns) {
    waitUntil(t.at)
    const readW = t.read > 0 ? NOTCH : 0
    const execW = workWidth(t.micros * zoom)
    const w = readW + execW + (t.sent + t.fed > 0 ? NOTCH : 0)
    joints.push({ at: t.at, x: x + readW })
    placed.push({ x, w, readW, execW })
    joints.push({ at: t.at + Math.max(t.micros, 0.001), x: x + readW + execW })
    x += w + 2
    end = Math.max(end, t.at + t.micros)
  }
  waitUntil(Math.max(now, end))
  const place = (at: number): number => {
    let [low, high] = [0, joints.length - 1]
    if (high < 0) return 0
    while (high - low > 1) {
      const mid = (low + high) >> 1
      if ((joints[mid] as { at: number }).at <= at) low = mid
      else high = mid
    }
    const [a, b] = [joints[low], joints[high]] as [{ at: number; x: number }, { at: number; x: number }]
    if (b.at <= a.at) return a.x
    return a.x + (b.x - a.x) * Math.max(0, Math.min(1, (at - a.at) / (b.at - a.at)))
  }
  const timeAt = (px: number): number => {
    const i = joints.findIndex((j) => j.x >= px)
    const [a, b] = [joints[Math.max(0, i - 1)], joints[i < 0 ? joints.length - 1 : i]]
    if (!a || !b) return now
    return b.x <= a.x ? b.at : a.at + (b.at - a.at) * Math.max(0, Math.min(1, (px - a.x) / (b.x - a.x)))
  }
  return {
    place,
    timeAt,
    width: x,
    turns: placed,
    jobs: seen.map((job) => {
      const from = place(Math.max(first, job.start))
      return { x: from, w: Math.max(4, place(job.end ?? now) - from), job }
    }),
    gaps,
  }
}

/** How many inputs stood in the queue while a turn ran: they had arrived by its end and began later. */
export const queueAt = (turns: readonly TurnData[], i: number): number => {
  const t = turns[i] as TurnData
  let n = 0
  for (let j = i + 1; j < turns.length && (turns[j] as TurnData).arrived < t.at + t.micros; j++) n++
  return n
}

/** One client's request from its sending to its reply. */
export interface RequestData {
  readonly client: string
  readonly turn: number
  readonly left: number
  readonly arrived: number
  readonly start: number
  readonly end: number
  readonly text: string
}
export function requestsOf(turns: readonly TurnData[]): RequestData[] {
  return turns.flatMap((t, turn) => {
    if (t.read === 0 || t.commands.length === 0) return []
    const outer = t.commands.filter((c) => !c.inner)
    const client = outer[0]?.client ?? ''
    const text = outer.length > 1 ? `${outer[0]?.text} and ${outer.length - 1 + t.more} more` : (outer[0]?.text ?? '')
    return [{ client, turn, left: t.left, arrived: t.arrived, start: t.at, end: t.at + t.micros, text }]
  })
}
/** What ran on the main thread between the arrival of a request and its beginning. */
export const blockersOf = (turns: readonly TurnData[], r: RequestData): number[] =>
  turns.flatMap((t, i) => (i !== r.turn && t.micros > 0 && t.at < r.start && t.at + t.micros > r.arrived ? [i] : []))

/** Commands thinner than a pixel are drawn as one, with their number. */
export function densityOf(
  t: TurnData,
  width: number,
): { readonly from: number; readonly to: number; readonly n: number; readonly first: CommandData }[] {
  const scale = width / Math.max(1, t.micros)
  const out: { from: number; to: number; n: number; first: CommandData }[] = []
  for (const c of t.commands) {
    if (c.inner) continue
    const [from, to] = [c.offset * scale, (c.offset + c.micros) * scale]
    const before = out.at(-1)
    if (to - from < 1 && before && before.to - before.from < 12 && from - before.to < 1) {
      before.to = Math.max(before.to, to)
      before.n++
    } else out.push({ from, to, n: 1, first: c })
  }
  return out
}

/** The threads that write replies: above twice as many clients as threads Redis deals them out, one to each in turn. */
export const dealt = (sentTo: number, ioThreads: number): number[] =>
  ioThreads < 2 || sentTo < ioThreads * 2
    ? []
    : Array.from({ length: ioThreads }, (_, i) => Math.floor(sentTo / ioThreads) + (i < sentTo % ioThreads ? 1 : 0))

export const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0

export const outer = (t: TurnData): readonly CommandData[] => t.commands.filter((c) => !c.inner)
export const commandNames = (t: TurnData): string => {
  const names = outer(t).map((c) => c.name.toUpperCase())
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length + t.more - 3} more` : names.join(', ')
}
/** Work that no command did: expiry, a fork, freeing. */
export const otherWork = (t: TurnData): number => Math.max(0, t.micros - outer(t).reduce((n, c) => n + c.micros, 0))
