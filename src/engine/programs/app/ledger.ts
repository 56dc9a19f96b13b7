/**
 * What a client was promised, and whether it held. Every write of a key carries a number that only grows; a later read of the
 * master that finds a smaller one than the last acknowledged has found a lost write, a read of a replica only an old copy.
 */
import type { Bytes } from '../../bytes/bytes.ts'

export interface LostWrite {
  readonly key: Bytes
  /** Acknowledged, and gone. */
  readonly from: number
  readonly to: number
  /** What was found; 0 when the key was not there. */
  readonly found: number
  readonly acknowledgedAtMs: number
  readonly foundAtMs: number
}
interface Entry {
  /** Number of the last write sent, and of the last acknowledged. */
  sent: number
  acknowledged: number
  acknowledgedAtMs: number
  /** Writes sent and neither acknowledged nor refused: they may have happened. */
  readonly unknown: Set<number>
}

const MOST_LOST = 200

export class Ledger {
  private readonly entries = new Map<Bytes, Entry>()
  readonly lost: LostWrite[] = []
  acknowledged = 0
  lostCount = 0
  staleReads = 0
  reads = 0
  refused = 0
  /** Sent, and nobody knows. */
  unanswered = 0

  private entry(key: Bytes): Entry {
    let e = this.entries.get(key)
    if (e === undefined) {
      e = { sent: 0, acknowledged: 0, acknowledgedAtMs: 0, unknown: new Set() }
      this.entries.set(key, e)
    }
    return e
  }
  /** The number that the next write of `key` carries. */
  next(key: Bytes): number {
    return ++this.entry(key).sent
  }
  ack(key: Bytes, n: number, nowMs: number): void {
    const e = this.entry(key)
    this.acknowledged++
    if (n > e.acknowledged) {
      e.acknowledged = n
      e.acknowledgedAtMs = nowMs
    }
  }
  refuse(): void {
    this.refused++
  }
  noAnswer(key: Bytes, n: number): void {
    this.unanswered++
    this.entry(key).unknown.add(n)
  }
  /** A read began when `acknowledgedThen` was the last acknowledged write. */
  last(key: Bytes): number {
    return this.entries.get(key)?.acknowledged ?? 0
  }
  read(key: Bytes, found: number, acknowledgedThen: number, ofMaster: boolean, nowMs: number): void {
    this.reads++
    if (found >= acknowledgedThen) return
    if (!ofMaster) {
      this.staleReads++
      return
    }
    const e = this.entry(key)
    if (e.acknowledged !== acknowledgedThen) return
    const gone = acknowledgedThen - found
    this.lostCount += gone
    if (this.lost.length < MOST_LOST)
      this.lost.push({
        key,
        from: found + 1,
        to: acknowledgedThen,
        found,
        acknowledgedAtMs: e.acknowledgedAtMs,
        foundAtMs: nowMs,
      })
    // Counted once.
    e.acknowledged = found
  }
  /** "acked 412, lost 7, stale reads 15" */
  get verdict(): string {
    return `acked ${this.acknowledged}, lost ${this.lostCount}, stale reads ${this.staleReads}`
  }
}
