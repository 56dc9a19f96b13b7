/**
 * The contract between a command and the server. A command is a name and a handler; every fact about it (arity, flags,
 * key specs, ACL categories, arguments, docs) stands in `facts.json`, which is Redis 7.0.15's own table, so nothing is
 * typed twice and COMMAND, ACL, key extraction, hints and the compatibility table derive from it.
 *
 * Order in a handler: parse everything, look up and check type, compute, mutate, notify, mark dirty, reply.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Prng } from '../bytes/prng.ts'
import type { Obj, ObjType } from '../objects/object.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Database } from '../keyspace/database.ts'
import type { Config } from '../server/config.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'

export type Handler = (c: CommandContext, argv: readonly Bytes[]) => Reply

export interface CommandImpl {
  /** "get", or "config|get" for a subcommand. */
  readonly name: string
  readonly handler: Handler
}

/** Keyspace-event classes: K and E are added by the server. g generic, $ string, l list, s set, h hash, z zset, x expired, e evicted, n new key, m miss, t stream, d module. */
export type NotifyClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 'e' | 'n' | 'm' | 't'

export interface BlockOptions {
  readonly type: ObjType
  readonly keys: readonly Bytes[]
  /** 0 is for ever. */
  readonly timeoutMs: number
  /** Run when `key` became ready: either take the element, propagate the effect (c.rewrite / c.alsoPropagate) and return the reply, or return undefined to go on waiting. */
  readonly serve: (c: CommandContext, key: Bytes) => Reply | undefined
  readonly onTimeout: Reply
  /** The reply when a key goes away or becomes another type (XREADGROUP); without it the client waits on. */
  readonly onKeyGone?: Reply
}

/** What a handler sees of the server. One context object is reused per call; do not keep it. */
export interface CommandContext {
  readonly server: Server
  readonly client: Client
  readonly db: Database
  readonly config: Config
  readonly rng: Prng
  /** Server time in ms, fixed for the whole command (and for a whole script or transaction). */
  readonly nowMs: number

  /** Lookup for reading: expires lazily, counts hit or miss, touches LRU/LFU, fires the miss event. */
  lookupRead(key: Bytes): Obj | undefined
  lookupWrite(key: Bytes): Obj | undefined
  /** As above, and throws WRONGTYPE when the key holds another type. */
  lookupReadOf(key: Bytes, type: ObjType): Obj | undefined
  lookupWriteOf(key: Bytes, type: ObjType): Obj | undefined
  /** Without statistics, touch or expiry event; still hides a logically expired key. For OBJECT, TYPE, DEBUG … */
  peek(key: Bytes): Obj | undefined

  /** Add a key that must not exist (fires 'new', wakes blocked clients). */
  add(key: Bytes, value: Obj): void
  /** Replace the value of a key that exists, keeping its TTL (dbOverwrite). */
  overwrite(key: Bytes, value: Obj): void
  /** SET's way: add or overwrite, drop the TTL unless keepTtl, signal modified (dbSetKey). */
  setKey(key: Bytes, value: Obj, keepTtl?: boolean): void
  /** Remove key and TTL; true when it existed. No notification, no signal. `lazily`: a big value is freed in the background (lazyfree-lazy-server-del unless said). */
  delete(key: Bytes, lazily?: boolean): boolean

  /** Absolute expiry in ms, or -1. */
  getExpire(key: Bytes): number
  setExpire(key: Bytes, atMs: number): void
  /** True when it had one. */
  removeExpire(key: Bytes): boolean

  /** signalModifiedKey: WATCH and client tracking. */
  signalModified(key: Bytes): void
  /** Here Redis has written its reply: what this command still tells its own client comes behind it. */
  replied(): void
  notify(cls: NotifyClass, event: string, key: Bytes): void
  /** server.dirty: how many changes; non-zero means the command is propagated. */
  dirty(n?: number): void

  /** Propagate this instead of the command as typed. */
  rewrite(argv: readonly Bytes[]): void
  /** Propagate in addition, after this command (wrapped in MULTI/EXEC with it when there are several). */
  alsoPropagate(argv: readonly Bytes[]): void
  /** Propagate nothing for the command itself. */
  preventPropagation(): void

  /** Block this client (in MULTI or a script: returns opts.onTimeout at once). Return its value as the reply. */
  block(opts: BlockOptions): Reply
  /** Modelled work beyond the command's base cost, in microseconds (appendix A). */
  work(micros: number): void
}
