/** Commands as a heat map: time in columns, microseconds in rows by powers of two, numbers in the cells; percentiles a column. */
export interface SegmentData {
  readonly start: number
  readonly micros: number
  readonly name: string
  readonly client: string
  readonly queue: number | null
  readonly observed: number | null
}
export const MEASURES = ['Execution', 'Queue', 'Client'] as const
export type Measure = (typeof MEASURES)[number]
export const valueOf = (s: SegmentData, m: Measure): number | null =>
  m === 'Execution' ? s.micros : m === 'Queue' ? s.queue : s.observed

export interface Interval {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly worstName: string
}
export interface LatencyMap {
  readonly begin: number
  readonly end: number
  readonly rows: number
  readonly columns: readonly Interval[]
  /** Numbers by column and row. */
  readonly cells: ReadonlyMap<string, number>
  readonly most: number
  readonly all: readonly number[]
}
export const COLUMNS = 64
/** Row 0 holds what took less than two microseconds, row r from 2^r on. */
export const rowOf = (micros: number): number => Math.max(0, Math.floor(Math.log2(Math.max(1, micros))))
export const at = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0

export function latencyMap(segments: readonly SegmentData[], measure: Measure, now: number): LatencyMap | null {
  const known = segments.flatMap((s) => {
    const value = valueOf(s, measure)
    return value === null ? [] : [{ start: s.start, value, name: s.name }]
  })
  const first = known[0]
  if (!first) return null
  // What a script called began after the script and ended before it.
  const begin = known.reduce((t, s) => Math.min(t, s.start), first.start)
  const span = Math.max(1, now - begin)
  const columnOf = (t: number) => Math.min(COLUMNS - 1, Math.floor(((t - begin) / span) * COLUMNS))
  const cells = new Map<string, number>()
  const lists: { value: number; name: string }[][] = Array.from({ length: COLUMNS }, () => [])
  let [rows, most] = [10, 1]
  for (const s of known) {
    const [c, r] = [columnOf(s.start), rowOf(s.value)]
    rows = Math.max(rows, r + 1)
    const n = (cells.get(`${c}|${r}`) ?? 0) + 1
    cells.set(`${c}|${r}`, n)
    most = Math.max(most, n)
    lists[c]?.push(s)
  }
  const columns = lists.map((list, i): Interval => {
    const sorted = list.sort((a, b) => a.value - b.value)
    const values = sorted.map((s) => s.value)
    return {
      from: begin + (i / COLUMNS) * span,
      to: begin + ((i + 1) / COLUMNS) * span,
      n: values.length,
      p50: at(values, 0.5),
      p99: at(values, 0.99),
      worst: values.at(-1) ?? 0,
      worstName: sorted.at(-1)?.name ?? '',
    }
  })
  return { begin, end: begin + span, rows, columns, cells, most, all: known.map((s) => s.value).sort((a, b) => a - b) }
}
