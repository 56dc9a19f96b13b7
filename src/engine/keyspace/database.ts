/**
 * One of the 16 databases: the keys (`dict`), the times at which some of them die (`expires`, absolute ms, sharing the key
 * strings), and who waits for or watches which key.
 *
 * Invariants: every key of `expires` is in `dict`. All changes go through the methods here, which tell a running snapshot
 * first (copy-on-write), so that BGSAVE sees the moment it began.
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import type { Client } from '../server/client.ts'
import type { SnapshotGuard } from '../server/extensions.ts'
import { Dict } from '../structures/dict.ts'
import { SlotKeys } from './slot-keys.ts'

export class Database {
  id: number
  dict: Dict<Obj>
  expires: Dict<number>
  /** Clients in BLPOP and the like, by key, in order of arrival. */
  blockingKeys = new Map<Bytes, Set<Client>>()
  readyKeys = new Set<Bytes>()
  /** Keys of `blockingKeys` whose disappearance somebody must hear of, and who tells. */
  goneWatchers = 0
  onGone: ((key: Bytes) => void) | null = null
  watchedKeys = new Map<Bytes, Set<Client>>()
  avgTtlMs = 0
  expiresCursor = 0
  snapshot: SnapshotGuard | null = null
  readonly seed: number
  /** Keys by slot, in a node of a cluster. */
  slotKeys: SlotKeys | null = null

  constructor(id: number, seed: number, slotted = false) {
    this.id = id
    this.seed = seed
    if (slotted) this.slotKeys = new SlotKeys()
    this.dict = new Dict<Obj>(seed)
    this.expires = new Dict<number>(seed)
  }
  get size(): number {
    return this.dict.size
  }
  find(key: Bytes): Obj | undefined {
    return this.dict.get(key)
  }
  /** Add or replace; the key's TTL is untouched. True when the key is new. */
  put(key: Bytes, value: Obj): boolean {
    if (this.snapshot !== null) this.snapshot.beforeChange(this, key)
    if (this.goneWatchers > 0) this.onGone?.(key)
    if (this.slotKeys === null) return this.dict.set(key, value)
    const added = this.dict.set(key, value)
    if (added) this.slotKeys.add(key, this.dict.entryOf(key))
    return added
  }
  remove(key: Bytes): Obj | undefined {
    if (this.snapshot !== null) this.snapshot.beforeChange(this, key)
    if (this.goneWatchers > 0) this.onGone?.(key)
    if (this.expires.size > 0) this.expires.delete(key)
    if (this.slotKeys !== null) {
      const entry = this.dict.entryOf(key)
      if (entry === 0) return undefined
      this.slotKeys.remove(key, entry)
    }
    return this.dict.delete(key)
  }
  /** Absolute ms, or -1. */
  getExpire(key: Bytes): number {
    if (this.expires.size === 0) return -1
    const at = this.expires.get(key)
    return at === undefined ? -1 : at
  }
  setExpire(key: Bytes, atMs: number): void {
    if (this.snapshot !== null) this.snapshot.beforeChange(this, key)
    this.expires.set(this.dict.getKey(key) ?? own(key), atMs)
  }
  removeExpire(key: Bytes): boolean {
    if (this.expires.size === 0) return false
    if (this.snapshot !== null) this.snapshot.beforeChange(this, key)
    return this.expires.delete(key) !== undefined
  }
  /** A key about to be edited in place: a running snapshot sets its value aside. */
  touchForWrite(key: Bytes): void {
    if (this.snapshot !== null) this.snapshot.beforeChange(this, key)
  }
  /** Number of keys removed. */
  empty(): number {
    const n = this.dict.size
    if (this.snapshot !== null) this.snapshot.beforeFlush(this)
    this.allGone()
    this.dict = new Dict<Obj>(this.seed)
    this.expires = new Dict<number>(this.seed)
    this.slotKeys?.clear()
    this.avgTtlMs = 0
    this.expiresCursor = 0
    return n
  }
  private allGone(): void {
    if (this.goneWatchers > 0) for (const key of this.blockingKeys.keys()) this.onGone?.(key)
  }
  /** SWAPDB: exchange contents; watchers and blocked clients stay with the number. */
  swapWith(other: Database): void {
    if (this.snapshot !== null) this.snapshot.beforeFlush(this)
    if (other.snapshot !== null) other.snapshot.beforeFlush(other)
    this.allGone()
    other.allGone()
    const { dict, expires, slotKeys, avgTtlMs, expiresCursor } = this
    this.dict = other.dict
    this.expires = other.expires
    this.slotKeys = other.slotKeys
    this.avgTtlMs = other.avgTtlMs
    this.expiresCursor = other.expiresCursor
    other.dict = dict
    other.expires = expires
    other.slotKeys = slotKeys
    other.avgTtlMs = avgTtlMs
    other.expiresCursor = expiresCursor
  }
}
