/**
 * Freeing in the background: a value that takes long to free (more than 64 pieces) leaves its dictionary at once and is
 * given to a thread of its own, `bio_lazy_free`. Nothing here is freed by hand, so what remains of that thread is its
 * account: which objects wait for it, until when by the modelled cost of freeing them, and how many it has done.
 *
 * Smaller values are freed on the spot: handing them over would cost more.
 */
import { freeCost } from '../commands/costs.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import type { Dict } from '../structures/dict.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Zset } from '../structures/zset.ts'

const THRESHOLD = 64
const MICROS_PER_KEY = 0.24

/** lazyfreeGetFreeEffort: roughly how many allocations a value is made of. */
export function freeEffort(o: Obj): number {
  if (o.encoding === 'quicklist') return (o.value as Quicklist).nodeCount
  if (o.encoding === 'hashtable') return (o.value as Dict<unknown>).size
  if (o.encoding === 'skiplist') return (o.value as Zset).dict.size
  if (o.encoding !== 'stream') return 1
  const { rax, groups } = o.value as Stream
  let effort = rax.numNodes
  let first = true
  groups?.forEach((_name, group) => {
    if (first) effort += groups.size * (1 + group.pel.size)
    first = false
  })
  return effort
}

export class LazyFree {
  /** What waits for the thread, in order; it takes one after the other. */
  private readonly queue: { readonly doneAt: number; readonly objects: number }[] = []
  private waiting = 0
  private done = 0
  /** What was given last; for pictures. */
  last: { readonly startAt: number; readonly doneAt: number; readonly objects: number } | null = null

  /** freeObjAsync: true when the thread frees it. */
  value(o: Obj, now: number): boolean {
    if (freeEffort(o) <= THRESHOLD) return false
    this.give(1, freeCost(o), now)
    return true
  }
  /** emptyDbAsync: a whole dictionary, whatever its size. */
  database(db: Database, now: number): void {
    this.give(db.size, db.size * MICROS_PER_KEY, now)
  }
  /** Another dictionary or tree of that many entries. */
  entries(count: number, now: number): void {
    if (count > THRESHOLD) this.give(count, count * MICROS_PER_KEY, now)
  }
  private give(objects: number, micros: number, now: number): void {
    this.settle(now)
    const startAt = Math.max(now, this.queue.at(-1)?.doneAt ?? 0)
    this.last = { startAt, doneAt: startAt + micros, objects }
    this.queue.push(this.last)
    this.waiting += objects
  }
  private settle(now: number): void {
    let finished = 0
    for (const job of this.queue) {
      if (job.doneAt > now) break
      this.waiting -= job.objects
      this.done += job.objects
      finished++
    }
    if (finished > 0) this.queue.splice(0, finished)
  }
  pending(now: number): number {
    this.settle(now)
    return this.waiting
  }
  freed(now: number): number {
    this.settle(now)
    return this.done
  }
  /** CONFIG RESETSTAT */
  reset(now: number): void {
    this.settle(now)
    this.done = 0
  }
}
