/**
 * A sorted set of some size is two structures over the same elements: a dict from element to score (ZSCORE in one step) and
 * a skiplist in order of score (ranges and ranks). Invariant: both hold the same pairs.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import { Dict } from './dict.ts'
import { Skiplist } from './skiplist.ts'

export class Zset {
  readonly dict: Dict<number>
  readonly zsl: Skiplist
  constructor(seed = 1) {
    this.dict = new Dict<number>(seed)
    this.zsl = new Skiplist(seed)
  }
  get length(): number {
    return this.zsl.length
  }
  /** The element must be new. */
  insert(score: number, ele: Bytes): void {
    const kept = own(ele)
    this.zsl.insert(score, kept)
    this.dict.addOwned(kept, score)
  }
  delete(ele: Bytes): boolean {
    const score = this.dict.delete(ele)
    if (score === undefined) return false
    this.zsl.delete(score, ele)
    if (this.dict.needsResize) this.dict.resizeToFit()
    return true
  }
}
