/**
 * Evictions as they went: for each victim the samples that were drawn, the scores, the pool before and after; and the order in
 * which keys were touched last, which is what true LRU would go by. Redis itself keeps no such order: here it is kept beside
 * it, to see how near the samples come.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Fact, Micros } from '../machine.ts'
import { clip } from './clip.ts'

const ROUNDS = 32
/** More keys than these are not put in order. */
const ORDERED = 4000
/** Commands that look at a key without touching it. */
const NO_TOUCH = /^(object|debug|memory)\||^(ttl|pttl|type|expiretime|pexpiretime|debug|dump)$/

export interface SampleStep {
  readonly db: number
  readonly keys: readonly Bytes[]
  readonly scores: readonly number[]
  readonly before: readonly Bytes[]
  readonly beforeScores: readonly number[]
}
export interface Round {
  readonly seq: number
  readonly at: Micros
  readonly samples: readonly SampleStep[]
  readonly victim: Bytes
  readonly score: number
  /** Pool after the victim was taken out. */
  readonly pool: readonly Bytes[]
}
const clipped = (keys: unknown): Bytes[] => (keys as readonly Bytes[]).map((k) => clip(own(k)))

export class Evictions {
  readonly rounds: Round[] = []
  private samples: SampleStep[] = []
  /** In the order of the last touch, the longest ago first. */
  private readonly touched = new Map<string, number>()
  private readonly gone: { readonly at: number; readonly fresh: boolean }[] = []
  private seq = 0
  private rounded = 0
  private full = false
  /** Touches up to the first eviction: what came later is new. */
  private first = 0

  touch(db: number, key: Bytes, name: string): void {
    if (this.full || NO_TOUCH.test(name)) return
    const id = `${db}:${key}`
    if (this.touched.delete(id) === false && this.touched.size >= ORDERED) {
      this.full = true
      this.touched.clear()
      return
    }
    this.touched.set(own(id), ++this.seq)
  }
  forget(): void {
    this.touched.clear()
    this.gone.length = 0
    this.first = 0
    this.full = false
  }

  notice(fact: Fact, at: Micros): void {
    if (fact.kind === 'evict sample')
      this.samples.push({
        db: Number(fact['db']),
        keys: clipped(fact['keys']),
        scores: [...(fact['scores'] as readonly number[])],
        before: clipped(fact['before']),
        beforeScores: [...(fact['beforeScores'] as readonly number[])],
      })
    else if (fact.kind === 'evict victim') {
      const key = fact['key'] as Bytes
      this.rounds.push({
        seq: ++this.rounded,
        at,
        samples: this.samples,
        victim: clip(own(key)),
        score: Number(fact['score']),
        pool: clipped(fact['pool']),
      })
      if (this.rounds.length > ROUNDS) this.rounds.splice(0, ROUNDS / 4)
      this.samples = []
      this.victim(`${String(fact['db'])}:${key}`)
    }
  }
  private victim(id: string): void {
    if (this.first === 0) this.first = this.seq
    const seq = this.touched.get(id)
    if (seq === undefined) return
    this.touched.delete(id)
    if (this.gone.length < ORDERED) this.gone.push({ at: seq, fresh: seq > this.first })
  }
  /**
   * One letter for each key that is or was, in the order of the last touch: k kept, e evicted, n new since the first
   * eviction, x new and evicted all the same. Null when there were too many.
   */
  order(exists: (db: number, key: Bytes) => boolean): string | null {
    if (this.full) return null
    const all: [number, string][] = this.gone.map((g) => [g.at, g.fresh ? 'x' : 'e'])
    for (const [id, seq] of this.touched) {
      const colon = id.indexOf(':')
      if (!exists(Number(id.slice(0, colon)), id.slice(colon + 1))) continue
      all.push([seq, this.first > 0 && seq > this.first ? 'n' : 'k'])
    }
    return all
      .sort((a, b) => a[0] - b[0])
      .map(([, letter]) => letter)
      .join('')
  }
}
