/**
 * Where turns and jobs lie on a line of time that cuts idle time short. The instants at which something began or ended are
 * joints; between two joints time runs evenly: `zoom` pixels a microsecond while main works, cut short while it waits.
 */
export interface TurnData {
  readonly at: number
  readonly micros: number
  readonly woke: string
  readonly read: number
  readonly commands: readonly { name: string; client: string; offset: number; micros: number; inner: boolean }[]
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
  const edges = seen.flatMap((j) => [Math.max(first, j.start), j.end ?? now]).sort((a, b) => a - b)
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
  return {
    width: x,
    turns: placed,
    jobs: seen.map((job) => {
      const from = place(Math.max(first, job.start))
      return { x: from, w: Math.max(4, place(job.end ?? now) - from), job }
    }),
    gaps,
  }
}
