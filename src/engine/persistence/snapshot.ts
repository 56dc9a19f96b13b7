/** What saving, loading and replication share: one whole data set as bytes, and back. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from '../server/server.ts'
import { loadLimits } from './rdb-build.ts'
import { RdbLoader, type RdbSink } from './rdb-decode.ts'
import { encodeRdb, type RdbAux, type RdbOptions } from './rdb-encode.ts'
import { RdbError } from './rdb-format.ts'

const childPids = new WeakMap<Server, number>()
/** There is no fork; the number that its child would have had. */
export function nextChildPid(s: Server): number {
  const pid = (childPids.get(s) ?? s.host.env.pid) + 1
  childPids.set(s, pid)
  return pid
}

export function rdbOptions(s: Server): RdbOptions {
  const policy = s.config.maxmemoryPolicy
  return {
    compression: s.config.rdbcompression,
    checksum: s.config.rdbchecksum,
    access: policy.includes('lfu') ? 'lfu' : policy.includes('lru') ? 'lru' : 'none',
    nowMs: s.host.nowMs,
    lfuDecayTime: s.config.lfuDecayTime,
  }
}

/** rdbPopulateSaveInfo */
function saveInfo(s: Server): RdbAux['repl'] {
  const repl = s.repl as { saveInfo?: () => RdbAux['repl'] } | null
  return repl?.saveInfo?.() ?? null
}

export function snapshotChunks(s: Server, aofBase = false): Generator<Bytes, void> {
  return encodeRdb(s.dbs, { usedMemory: s.usedMemory(), repl: saveInfo(s), aofBase }, rdbOptions(s))
}
export function encodeSnapshot(s: Server): Bytes {
  return [...snapshotChunks(s)].join('')
}
export const encodeReplicationRdb = encodeSnapshot

export interface LoadCounts {
  loaded: number
  expired: number
  empty: number
}

class ServerSink implements RdbSink {
  readonly counts: LoadCounts = { loaded: 0, expired: 0, empty: 0 }
  private dbid = 0
  private readonly s: Server
  private readonly onAux: (key: Bytes, value: Bytes) => void
  constructor(s: Server, onAux: (key: Bytes, value: Bytes) => void) {
    this.s = s
    this.onAux = onAux
  }
  aux(key: Bytes, value: Bytes): void {
    const s = this.s
    this.onAux(key, value)
    if (key === 'redis-ver') s.log('notice', `Loading RDB produced by version ${value}`)
    else if (key === 'ctime')
      s.log('notice', `RDB age ${Math.max(0, Math.floor(s.host.nowMs / 1000) - Number(value))} seconds`)
    else if (key === 'used-mem')
      s.log('notice', `RDB memory usage when created ${(Number(value) / 1048576).toFixed(2)} Mb`)
  }
  select(dbid: number): void {
    if (dbid >= this.s.dbs.length)
      throw new RdbError(
        `FATAL: Data file was created with a Redis server configured to handle more than ${this.s.dbs.length} databases. Exiting`,
      )
    this.dbid = dbid
  }
  resize(keys: number, expires: number): void {
    const db = this.s.dbs[this.dbid]
    if (db === undefined) return
    if (keys < 1e8) db.dict.expand(keys)
    if (expires < 1e8) db.expires.expand(expires)
  }
  emptyKey(): void {
    this.counts.empty++
  }
  key(key: Bytes, o: Parameters<RdbSink['key']>[1], expireAt: number, idle: number, freq: number): void {
    const s = this.s
    const db = s.dbs[this.dbid]
    if (db === undefined) return
    if (expireAt !== -1 && expireAt < s.host.nowMs && !s.repl?.isReplica) {
      s.repl?.feed(this.dbid, ['DEL', key])
      this.counts.expired++
      return
    }
    o.lru = s.initialLru()
    const lfu = s.config.maxmemoryPolicy.includes('lfu')
    if (lfu && freq >= 0) o.lru = ((Math.floor(s.host.nowMs / 60000) & 0xffff) << 8) | freq
    else if (!lfu && idle >= 0) o.lru = Math.max(0, (Math.floor(s.host.nowMs / 1000) & 0xffffff) - idle)
    if (!db.put(key, o)) throw new RdbError(`RDB has duplicated key '${key}' in DB ${this.dbid}`)
    if (expireAt !== -1) db.setExpire(key, expireAt)
    this.counts.loaded++
  }
}

/** rdbLoadRio at once. Gives the error's text, or null. */
export function loadRdbBytes(
  s: Server,
  bytes: Bytes,
  onAux: (key: Bytes, value: Bytes) => void = () => {},
): string | null {
  const sink = new ServerSink(s, onAux)
  const loader = new RdbLoader(bytes, sink, loadLimits(s.config, s.dbs[0]?.seed ?? 0), s.config.rdbchecksum)
  try {
    loader.step()
  } catch (e) {
    if (e instanceof RdbError) return e.message
    throw e
  }
  const { loaded, expired, empty } = sink.counts
  s.log(
    'notice',
    empty > 0
      ? `Done loading RDB, keys loaded: ${loaded}, keys expired: ${expired}, empty keys skipped: ${empty}.`
      : `Done loading RDB, keys loaded: ${loaded}, keys expired: ${expired}.`,
  )
  return null
}
