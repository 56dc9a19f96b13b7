/**
 * Two answers to "why was it slow?". The latency *monitor* keeps, per event ("command", "fast-command", "fork"), the spikes that
 * reached latency-monitor-threshold: the last 160, one a second. The latency *histogram* counts every call of a command in
 * buckets whose width grows with the value (an HDR histogram of 2 significant digits), from which percentiles are read.
 */
import { log2Floor } from '../bytes/fdlibm.ts'

export interface LatencySample {
  readonly time: number
  ms: number
}
const HISTORY = 160

export class LatencyMonitor {
  readonly events = new Map<string, { samples: LatencySample[]; max: number }>()
  /** latencyAddSample: spikes of one event within one second are one sample, its worst. */
  add(event: string, ms: number, timeSeconds: number): void {
    let e = this.events.get(event)
    if (!e) this.events.set(event, (e = { samples: [], max: 0 }))
    if (ms > e.max) e.max = ms
    const last = e.samples[e.samples.length - 1]
    if (last?.time === timeSeconds) {
      if (ms > last.ms) last.ms = ms
      return
    }
    e.samples.push({ time: timeSeconds, ms })
    if (e.samples.length > HISTORY) e.samples.shift()
  }
}

/** Counts by bucket, a bucket named by the highest nanoseconds that fall into it. */
export type LatencyHistogram = Map<number, number>

export function countLatency(h: LatencyHistogram, micros: number): void {
  const n = Math.round(micros)
  const top = n >= 0 && n < SHORT ? (shortTops[n] as number) : bucketTop(n)
  h.set(top, (h.get(top) ?? 0) + 1)
}
function bucketTop(micros: number): number {
  const ns = Math.min(1_000_000_000, Math.max(1, micros * 1000))
  const unit = ns < 256 ? 1 : 2 ** (log2Floor(ns) - 7)
  return Math.floor(ns / unit) * unit + unit - 1
}
/** Nearly every call is shorter than this many microseconds. */
const SHORT = 64
const shortTops = Array.from({ length: SHORT }, (_, micros) => bucketTop(micros))
const total = (h: LatencyHistogram): number => {
  let n = 0
  for (const count of h.values()) n += count
  return n
}
/** In microseconds. */
export function latencyPercentile(h: LatencyHistogram, percent: number): number {
  const want = Math.max(1, Math.floor((percent / 100) * total(h) + 0.5))
  let seen = 0
  let last = 0
  for (const [ns, count] of [...h].sort((a, b) => a[0] - b[0])) {
    last = ns
    seen += count
    if (seen >= want) break
  }
  return last / 1000
}
/** LATENCY HISTOGRAM's buckets: cumulative counts at doubling microseconds, those that add nothing left out. */
export function cumulativeBuckets(h: LatencyHistogram): [micros: number, count: number][] {
  const all = total(h)
  const sorted = [...h].sort((a, b) => a[0] - b[0])
  const out: [number, number][] = []
  let seen = 0
  let i = 0
  for (let base = 1024; seen < all; base *= 2) {
    const limit = base + base / 128 - 1
    const before = seen
    for (; i < sorted.length && (sorted[i]?.[0] ?? 0) <= limit; i++) seen += sorted[i]?.[1] ?? 0
    if (seen > before) out.push([Math.floor(limit / 1000), seen])
  }
  return out
}
