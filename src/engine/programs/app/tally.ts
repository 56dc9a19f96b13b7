/** What a load was like since somebody changed it: how long answers took, which servers and which keys it went to. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Micros } from '../../machine.ts'

const SAMPLES = 2000
const MOST_KEYS = 20_000
/** A key that takes this share of the requests is hot. */
const HOT_SHARE = 0.25
const SHOWN_KEYS = 5

export interface TopKey {
  readonly key: Bytes
  readonly share: number
  readonly hot: boolean
}

export class Tally {
  private readonly latencies = new Float64Array(SAMPLES)
  private answers = 0
  private hops = 0
  private readonly nodes = new Map<string, number>()
  private readonly keys = new Map<Bytes, number>()
  private requests = 0
  hits = 0
  misses = 0

  request(key: Bytes): void {
    this.requests++
    if (this.keys.size < MOST_KEYS || this.keys.has(key)) this.keys.set(key, (this.keys.get(key) ?? 0) + 1)
  }
  sent(node: string): void {
    this.nodes.set(node, (this.nodes.get(node) ?? 0) + 1)
  }
  answered(micros: Micros, hops: number): void {
    this.hops += hops
    this.latencies[this.answers++ % SAMPLES] = micros
  }
  /** Of the last answers, `part` of which took no longer; 0 when there was none. */
  latency(part: number): Micros {
    const n = Math.min(this.answers, SAMPLES)
    return n === 0 ? 0 : (this.latencies.slice(0, n).sort()[Math.min(n - 1, Math.floor(n * part))] as number)
  }
  /** Nodes asked for each answer. */
  get hopsEach(): number {
    return this.hops / Math.max(1, this.answers)
  }
  get loads(): (readonly [string, number])[] {
    return [...this.nodes].sort(([a], [b]) => (a < b ? -1 : 1))
  }
  get top(): TopKey[] {
    const all = Math.max(1, this.requests)
    const best: [Bytes, number][] = []
    for (const [key, n] of this.keys) {
      if (best.length === SHOWN_KEYS && n <= (best[SHOWN_KEYS - 1]?.[1] ?? 0)) continue
      best.push([key, n])
      best.sort((a, b) => b[1] - a[1])
      best.length = Math.min(best.length, SHOWN_KEYS)
    }
    return best.map(([key, n]) => ({ key, share: n / all, hot: this.requests >= 50 && n / all >= HOT_SHARE }))
  }
}
