/** Walks the entries of a stream between two IDs, both included, in either direction. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import type { RaxIterator } from '../structures/rax.ts'
import type { Stream, StreamNode } from './stream.ts'
import { addDelta, compareIds, encodeId, isZeroId, MIN_ID, type StreamId } from './stream-id.ts'

const DELETED = 1
const SAMEFIELDS = 2

export class StreamIterator {
  /** The entry `next` found. */
  id: StreamId = MIN_ID
  numFields = 0
  node!: StreamNode
  /** Where in the block its flags lie. */
  flagsAt = -1
  skipTombstones = true
  /** Is that entry deleted? Only seen without skipTombstones. */
  deleted = false

  private readonly blocks: RaxIterator<StreamNode>
  private readonly start: StreamId
  private readonly end: StreamId
  private readonly reverse: boolean
  private fieldsAt = 0
  private same = false
  private masterFields = 0
  private masterNames: Bytes[] | null = null
  /** Where the next entry begins (its flags), or in reverse ends (its count); -1 when the block is done. */
  private p = -1

  constructor(s: Stream, start: StreamId, end: StreamId, reverse: boolean) {
    this.start = start
    this.end = end
    this.reverse = reverse
    this.blocks = s.rax.iterator()
    if (reverse) this.blocks.seek('<=', encodeId(end))
    else if (isZeroId(start) || !this.blocks.seek('<=', encodeId(start))) this.blocks.seek('^')
  }

  next(): boolean {
    for (;;) {
      if (this.p < 0 && !this.nextBlock()) return false
      if (this.reverse) {
        if (!this.stepBack()) continue
      } else this.step()
      if (this.skipTombstones && this.deleted) continue
      if (this.reverse) {
        if (compareIds(this.id, this.end) > 0) continue
        return compareIds(this.id, this.start) >= 0
      }
      if (compareIds(this.id, this.start) < 0) continue
      return compareIds(this.id, this.end) <= 0
    }
  }
  private nextBlock(): boolean {
    if (!(this.reverse ? this.blocks.prev() : this.blocks.next())) return false
    this.node = this.blocks.value
    this.masterNames = null
    const { lp } = this.node
    let p = lp.next(lp.next(lp.first()))
    this.masterFields = lp.get(p) as number
    if (this.reverse) this.p = lp.last()
    else {
      for (let i = 0; i < this.masterFields + 2; i++) p = lp.next(p)
      this.p = p
      if (p < 0) return this.nextBlock()
    }
    return true
  }
  /** Read the entry at p; p moves behind it. */
  private step(): void {
    const { lp } = this.node
    let p = this.readHead(this.p)
    const skip = this.same ? this.numFields : 2 * this.numFields
    for (let i = 0; i < skip; i++) p = lp.next(p)
    this.p = lp.next(p)
  }
  /** In reverse; false at the master entry. */
  private stepBack(): boolean {
    const { lp } = this.node
    let p = this.p
    const n = lp.get(p) as number
    if (n === 0) {
      this.p = -1
      return false
    }
    for (let i = 0; i < n; i++) p = lp.prev(p)
    this.p = lp.prev(p)
    this.readHead(p)
    return true
  }
  /** Flags and ID; gives where the values (or fields) begin. */
  private readHead(p: number): number {
    const { lp, id } = this.node
    this.flagsAt = p
    const flags = lp.get(p) as number
    this.deleted = (flags & DELETED) !== 0
    this.same = (flags & SAMEFIELDS) !== 0
    p = lp.next(p)
    const ms = addDelta(id.ms, lp.get(p) as Int64)
    p = lp.next(p)
    this.id = { ms, seq: addDelta(id.seq, lp.get(p) as Int64) }
    p = lp.next(p)
    if (this.same) this.numFields = this.masterFields
    else {
      this.numFields = lp.get(p) as number
      p = lp.next(p)
    }
    this.fieldsAt = p
    return p
  }
  /** Fields and values in turn. */
  fields(): Bytes[] {
    const { lp } = this.node
    const out: Bytes[] = []
    let p = this.fieldsAt
    if (!this.same) {
      for (let i = 0; i < 2 * this.numFields; i++, p = lp.next(p)) out.push(lp.getBytes(p))
      return out
    }
    const names = this.names()
    for (let i = 0; i < this.numFields; i++, p = lp.next(p)) out.push(names[i]!, lp.getBytes(p))
    return out
  }
  private names(): Bytes[] {
    if (this.masterNames !== null) return this.masterNames
    const { lp } = this.node
    let p = lp.next(lp.next(lp.first()))
    const names: Bytes[] = []
    for (let i = 0; i < this.masterFields; i++) {
      p = lp.next(p)
      names.push(lp.getBytes(p))
    }
    this.masterNames = names
    return names
  }
}
