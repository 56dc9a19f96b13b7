/**
 * Which keys are in each of the 16384 slots of a cluster, so that CLUSTER GETKEYSINSLOT and COUNTKEYSINSLOT need not search.
 *
 * Each slot is a doubly linked list that runs through the entries of the database's dict: an entry is a number there (see
 * dict.ts), and `next` and `prev` stand beside it. A new key is put in front, so a slot is listed newest first.
 *
 *      head[12182] ─▶ entry 7 "foo" ─▶ entry 3 "{foo}x" ─▶ 0          count[12182] = 2
 *
 * Invariant: the lists hold exactly the entries of the dict. Adding, removing and counting are O(1). A server that is in no
 * cluster keeps nothing of this. (redis 7.0: clusterSlotToKeyMapping, clusterDictEntryMetadata)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { keyHashSlot } from '../bytes/crc16.ts'
import type { Obj } from '../objects/object.ts'
import type { Dict } from '../structures/dict.ts'

const SLOTS = 16384

export class SlotKeys {
  private readonly head = new Int32Array(SLOTS)
  private readonly counts = new Int32Array(SLOTS)
  private next = new Int32Array(16)
  private prev = new Int32Array(16)

  /** An entry that the dict has just made. */
  add(key: Bytes, entry: number): void {
    if (entry >= this.next.length) this.grow(entry)
    const slot = keyHashSlot(key)
    const first = this.head[slot]!
    this.next[entry] = first
    this.prev[entry] = 0
    if (first !== 0) this.prev[first] = entry
    this.head[slot] = entry
    this.counts[slot]!++
  }
  /** An entry that the dict is about to drop. */
  remove(key: Bytes, entry: number): void {
    const slot = keyHashSlot(key)
    const next = this.next[entry]!
    const prev = this.prev[entry]!
    if (next !== 0) this.prev[next] = prev
    if (prev !== 0) this.next[prev] = next
    else this.head[slot] = next
    this.counts[slot]!--
  }
  count(slot: number): number {
    return this.counts[slot]!
  }
  /** Up to n keys of a slot, the newest first. */
  some(dict: Dict<Obj>, slot: number, n: number): Bytes[] {
    const out: Bytes[] = []
    for (let e = this.head[slot]!; e !== 0 && out.length < n; e = this.next[e]!) out.push(dict.keyAt(e))
    return out
  }
  /** Any key of a slot, or undefined. */
  first(dict: Dict<Obj>, slot: number): Bytes | undefined {
    const e = this.head[slot]!
    return e === 0 ? undefined : dict.keyAt(e)
  }
  clear(): void {
    this.head.fill(0)
    this.counts.fill(0)
    this.next = new Int32Array(16)
    this.prev = new Int32Array(16)
  }
  private grow(entry: number): void {
    let size = this.next.length
    while (size <= entry) size *= 2
    const next = new Int32Array(size)
    const prev = new Int32Array(size)
    next.set(this.next)
    prev.set(this.prev)
    this.next = next
    this.prev = prev
  }
}
