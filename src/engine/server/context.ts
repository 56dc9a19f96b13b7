/**
 * What a running command sees (CommandContext). The server keeps a small stack of these objects, one per nesting level
 * (EXEC or a script runs commands inside a command), so that a call allocates nothing.
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import type { Prng } from '../bytes/prng.ts'
import type { BlockOptions, CommandContext, NotifyClass } from '../commands/command.ts'
import type { Database } from '../keyspace/database.ts'
import { expireIfNeeded, keyIsExpired } from '../keyspace/expire.ts'
import { notifyKeyspaceEvent } from '../keyspace/notify.ts'
import type { Obj, ObjType } from '../objects/object.ts'
import { NO_REPLY, RedisError, type Reply, WRONGTYPE } from '../protocol/reply.ts'
import { blockForKeys, signalKeyAsReady } from './blocked.ts'
import type { Client } from './client.ts'
import type { Config } from './config.ts'
import type { Server } from './server.ts'

export class Context implements CommandContext {
  readonly server: Server
  readonly config: Config
  readonly rng: Prng
  client!: Client
  nowMs = 0
  /** Argument vector to propagate in place of the typed one. */
  rewritten: readonly Bytes[] | null = null
  prevented = false
  constructor(server: Server) {
    this.server = server
    this.config = server.config
    this.rng = server.rng
  }
  get db(): Database {
    return this.client.db
  }

  lookupRead(key: Bytes): Obj | undefined {
    const db = this.client.db
    let o = db.dict.get(key)
    if (o !== undefined && db.expires.size !== 0 && expireIfNeeded(this.server, db, key, false)) o = undefined
    if (o === undefined) {
      this.server.stat.keyspaceMisses++
      if (this.server.notifyFlags !== 0) notifyKeyspaceEvent(this.server, 'm', 'keymiss', key, db.id)
      return undefined
    }
    this.server.stat.keyspaceHits++
    this.server.touch(o)
    return o
  }
  lookupWrite(key: Bytes): Obj | undefined {
    const db = this.client.db
    const o = db.dict.get(key)
    if (o === undefined) return undefined
    if (db.expires.size !== 0 && expireIfNeeded(this.server, db, key, true)) return undefined
    this.server.touch(o)
    if (db.snapshot !== null) db.snapshot.beforeChange(db, key)
    return o
  }
  lookupReadOf(key: Bytes, type: ObjType): Obj | undefined {
    const o = this.lookupRead(key)
    if (o !== undefined && o.type !== type) throw new RedisError(WRONGTYPE)
    return o
  }
  lookupWriteOf(key: Bytes, type: ObjType): Obj | undefined {
    const o = this.lookupWrite(key)
    if (o !== undefined && o.type !== type) throw new RedisError(WRONGTYPE)
    return o
  }
  peek(key: Bytes): Obj | undefined {
    const db = this.client.db
    const o = db.dict.get(key)
    return o !== undefined && db.expires.size !== 0 && keyIsExpired(this.server, db, key) ? undefined : o
  }

  add(key: Bytes, value: Obj): void {
    const db = this.client.db
    value.lru = this.server.initialLru()
    db.put(key, value)
    if (value.type === 'list' || value.type === 'zset' || value.type === 'stream')
      signalKeyAsReady(this.server, db, key)
    if (this.server.notifyFlags !== 0) notifyKeyspaceEvent(this.server, 'n', 'new', key, db.id)
  }
  overwrite(key: Bytes, value: Obj): void {
    const db = this.client.db
    const old = db.dict.get(key)
    value.lru = old !== undefined && this.server.lfu ? old.lru : this.server.initialLru()
    if (this.config.lazyfreeLazyServerDel) this.dropOld(db, key)
    db.put(key, value)
  }
  setKey(key: Bytes, value: Obj, keepTtl = false): void {
    const db = this.client.db
    if (db.expires.size !== 0) expireIfNeeded(this.server, db, key, true)
    value.lru = this.server.lfu ? this.inheritLfu(key) : this.server.lruClock
    if (this.config.lazyfreeLazyServerDel) this.dropOld(db, key)
    const isNew = db.put(key, value)
    if (isNew) {
      if (value.type !== 'string') signalKeyAsReady(this.server, db, key)
      if (this.server.notifyFlags !== 0) notifyKeyspaceEvent(this.server, 'n', 'new', key, db.id)
    } else if (!keepTtl && db.expires.size !== 0) db.removeExpire(key)
    this.server.signalModifiedKey(this.client, db, key)
  }
  /** A value that takes another's place is as often used as that, and once more. */
  private inheritLfu(key: Bytes): number {
    const old = this.client.db.find(key)
    if (old === undefined) return this.server.initialLru()
    this.server.touch(old)
    return old.lru
  }
  delete(key: Bytes, lazily = this.config.lazyfreeLazyServerDel): boolean {
    const old = this.client.db.remove(key)
    if (lazily && old !== undefined) this.server.lazyfree.value(old, this.server.host.now)
    return old !== undefined
  }
  /** The value that a new one is about to replace. */
  private dropOld(db: Database, key: Bytes): void {
    const old = db.dict.peek(key)
    if (old !== undefined) this.server.lazyfree.value(old, this.server.host.now)
  }
  getExpire(key: Bytes): number {
    return this.client.db.getExpire(key)
  }
  setExpire(key: Bytes, atMs: number): void {
    const { db, isMaster } = this.client
    db.setExpire(key, atMs)
    if (this.server.isReplica && !isMaster && !this.config.replicaReadOnly)
      this.server.replicaKeys.remember(db.id, own(key))
  }
  removeExpire(key: Bytes): boolean {
    return this.client.db.removeExpire(key)
  }
  signalModified(key: Bytes): void {
    this.server.signalModifiedKey(this.client, this.client.db, key)
  }
  replied(): void {
    const c = this.client
    // In RESP2 only a transaction may have subscribed before.
    if ((c.resp === 3 || c.executing !== null) && !c.isFake) c.held ??= []
  }
  notify(cls: NotifyClass, event: string, key: Bytes): void {
    if (this.server.notifyFlags !== 0) notifyKeyspaceEvent(this.server, cls, event, key, this.client.db.id)
  }
  dirty(n = 1): void {
    this.server.dirty += n
  }
  rewrite(argv: readonly Bytes[]): void {
    this.rewritten = argv
  }
  alsoPropagate(argv: readonly Bytes[]): void {
    this.server.alsoPropagate(this.client.db.id, argv)
  }
  preventPropagation(): void {
    this.prevented = true
  }
  block(opts: BlockOptions): Reply {
    const c = this.client
    if (c.multi !== null || c.denyBlocking || c.isFake) return opts.onTimeout
    blockForKeys(this.server, c, { ...opts, keys: opts.keys.map(own) })
    return NO_REPLY
  }
  work(micros: number): void {
    this.server.workMicros += micros
  }
}
