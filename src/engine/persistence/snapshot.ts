/** What saving, loading and replication share: one whole data set as bytes, and back. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import { RedisError } from '../protocol/reply.ts'
import { formatLogLine, type LogLevel } from '../server/log.ts'
import type { Server } from '../server/server.ts'
import { loadLimits } from './rdb-build.ts'
import { RdbLoader, type RdbSink } from './rdb-decode.ts'
import { encodeRdb, type RdbAux, type RdbOptions } from './rdb-encode.ts'
import { EOF_ERROR, RdbError } from './rdb-format.ts'

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
  return encodeRdb(
    s.dbs,
    { usedMemory: s.usedMemory(), repl: saveInfo(s), aofBase, functions: s.scripting?.functions.codes() ?? [] },
    rdbOptions(s),
  )
}
export function encodeSnapshot(s: Server): Bytes {
  return [...snapshotChunks(s)].join('')
}
export const encodeReplicationRdb = encodeSnapshot

/** What writing or reading one element costs (appendix A of the cost model). */
export const MICROS_PER_ELEMENT = 0.25
/** Elements of a value: 1 for a string, the members of a collection. */
export function elementsOf(o: Obj): number {
  const v = o.value as { count?: number; length?: number; size?: number; dict?: { size: number } }
  switch (o.encoding) {
    case 'quicklist':
      return v.count ?? 1
    case 'listpack':
      return (v.length ?? 2) / 2
    case 'intset':
      return v.length ?? 1
    case 'hashtable':
      return v.size ?? 1
    case 'skiplist':
      return v.dict?.size ?? 1
    default:
      return 1
  }
}
export function countElements(s: Server): number {
  let n = 0
  for (const db of s.dbs) db.dict.forEach((_key, o) => void (n += elementsOf(o)))
  return n
}
/** What fork does to the parent: it stands still while the page table is copied. */
export function chargeFork(s: Server): void {
  s.stat.totalForks++
  s.stat.forkTimeMicros = Math.round(300 + (55 * s.usedMemory()) / 1048576)
  s.workMicros += s.stat.forkTimeMicros
}
/** A line of the child in the log that both write to. */
export function logOfChild(s: Server, pid: number, level: LogLevel, text: string): void {
  const line = formatLogLine(s, level, text, pid)
  if (line !== null) s.host.log(line)
}
const MEGABYTE = 1048576
export const cowLine = (bytes: number): string => {
  const mb = Math.floor(bytes / MEGABYTE)
  return `Fork CoW for RDB: current ${mb} MB, peak ${mb} MB, average ${mb} MB`
}

export interface LoadCounts {
  loaded: number
  expired: number
  empty: number
}

/** INFO's loading_* fields, while something is being loaded. */
export interface LoadProgress {
  readonly startedSeconds: number
  totalBytes: number
  usedMem: number
  loadedBytes: number
}
interface LastLoad {
  loaded: number
  expired: number
}
const progress = new WeakMap<Server, LoadProgress>()
const lastLoads = new WeakMap<Server, LastLoad>()
export const loadProgress = (s: Server): LoadProgress | undefined => progress.get(s)
export const lastLoad = (s: Server): LastLoad => lastLoads.get(s) ?? { loaded: 0, expired: 0 }

/** startLoading: from now on most commands are answered with -LOADING; `aside`: not, for the old data is served meanwhile. */
export function startLoading(s: Server, totalBytes: number, aside = false): LoadProgress {
  s.loading = true
  s.asyncLoading = aside
  const p = { startedSeconds: Math.floor(s.host.nowMs / 1000), totalBytes, usedMem: 0, loadedBytes: 0 }
  progress.set(s, p)
  return p
}
export function stopLoading(s: Server): void {
  s.loading = false
  s.asyncLoading = false
  progress.delete(s)
}
export function loadingInfo(s: Server): string[] {
  const p = progress.get(s)
  if (p === undefined) return []
  const of = p.totalBytes || p.usedMem
  let perc = of === 0 ? 0 : (p.loadedBytes / of) * 100
  let remaining = of === 0 ? 1 : of - p.loadedBytes
  if (p.totalBytes === 0 && p.usedMem > 0) {
    perc = Math.min(perc, 99.99)
    remaining = Math.max(remaining, 1)
  }
  const elapsed = Math.floor(s.host.nowMs / 1000) - p.startedSeconds
  const eta = elapsed === 0 ? 1 : Math.floor((elapsed * remaining) / (p.loadedBytes + 1))
  return [
    `loading_start_time:${p.startedSeconds}`,
    `loading_total_bytes:${p.totalBytes}`,
    `loading_rdb_used_mem:${p.usedMem}`,
    `loading_loaded_bytes:${p.loadedBytes}`,
    `loading_loaded_perc:${perc.toFixed(2)}`,
    `loading_eta_seconds:${eta}`,
  ]
}

class ServerSink implements RdbSink {
  readonly counts: LoadCounts = { loaded: 0, expired: 0, empty: 0 }
  /** Elements put since it was last looked at: what the time is charged by. */
  elements = 0
  readonly functions: Bytes[] = []
  private dbid = 0
  private readonly s: Server
  private readonly dbs: readonly Database[]
  private readonly onAux: (key: Bytes, value: Bytes) => void
  constructor(s: Server, onAux: (key: Bytes, value: Bytes) => void, dbs: readonly Database[] = s.dbs) {
    this.s = s
    this.dbs = dbs
    this.onAux = onAux
  }
  aux(key: Bytes, value: Bytes): void {
    const s = this.s
    this.onAux(key, value)
    if (key === 'redis-ver') s.log('notice', `Loading RDB produced by version ${value}`)
    else if (key === 'ctime')
      s.log('notice', `RDB age ${Math.max(0, Math.floor(s.host.nowMs / 1000) - Number(value))} seconds`)
    else if (key === 'used-mem') {
      s.log('notice', `RDB memory usage when created ${(Number(value) / 1048576).toFixed(2)} Mb`)
      const p = progress.get(s)
      if (p !== undefined) p.usedMem = Number(value)
    }
  }
  select(dbid: number): void {
    if (dbid >= this.dbs.length)
      throw new RdbError(
        `FATAL: Data file was created with a Redis server configured to handle more than ${this.dbs.length} databases. Exiting`,
      )
    this.dbid = dbid
  }
  resize(keys: number, expires: number): void {
    const db = this.dbs[this.dbid]
    if (db === undefined) return
    if (keys < 1e8) db.dict.expand(keys)
    if (expires < 1e8) db.expires.expand(expires)
  }
  functionLibrary(code: Bytes | null): void {
    const error = code === null ? 'Failed loading library payload' : this.libraryError(code)
    if (error === null) return void this.functions.push(code as Bytes)
    this.s.log('warning', `Failed loading library, ${error}`)
    throw new RdbError(EOF_ERROR)
  }
  /** It is compiled here, and once more when the whole file has turned out well. */
  private libraryError(code: Bytes): string | null {
    try {
      this.s.scripting?.functions.load(code, false, this.libraries)
      return null
    } catch (e) {
      if (e instanceof RedisError) return e.line.replace(/^ERR /, '')
      throw e
    }
  }
  private readonly libraries = new Map()
  emptyKey(key: Bytes): void {
    if (this.counts.empty++ < 10) this.s.log('warning', `rdbLoadObject skipping empty key: ${key}`)
  }
  key(key: Bytes, o: Parameters<RdbSink['key']>[1], expireAt: number, idle: number, freq: number): void {
    const s = this.s
    const db = this.dbs[this.dbid]
    if (db === undefined) return
    this.elements += elementsOf(o)
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

const loaderOf = (s: Server, bytes: Bytes, sink: RdbSink): RdbLoader =>
  new RdbLoader(bytes, sink, loadLimits(s.config, s.dbs[0]?.seed ?? 0), s.config.rdbchecksum)

/** One part of a load; true at the end of the file. Throws RdbError. */
function loadSome(s: Server, loader: RdbLoader, sink: ServerSink, budget: number): boolean {
  const finished = loader.step(budget)
  if (finished) s.scripting?.functions.replaceAll(sink.functions)
  s.workMicros += sink.elements * MICROS_PER_ELEMENT
  sink.elements = 0
  return finished
}
function loaded(s: Server, { loaded, expired, empty }: LoadCounts): void {
  lastLoads.set(s, { loaded, expired })
  s.log(
    'notice',
    empty > 0
      ? `Done loading RDB, keys loaded: ${loaded}, keys expired: ${expired}, empty keys skipped: ${empty}.`
      : `Done loading RDB, keys loaded: ${loaded}, keys expired: ${expired}.`,
  )
}

/** rdbLoadRio at once. Gives the error's text, or null. */
export function loadRdbBytes(
  s: Server,
  bytes: Bytes,
  onAux: (key: Bytes, value: Bytes) => void = () => {},
): string | null {
  const sink = new ServerSink(s, onAux)
  try {
    loadSome(s, loaderOf(s, bytes, sink), sink, Number.POSITIVE_INFINITY)
  } catch (e) {
    if (e instanceof RdbError) return e.message
    throw e
  }
  loaded(s, sink.counts)
  return null
}

export interface SlicedLoad {
  readonly onAux?: (key: Bytes, value: Bytes) => void
  /** Where to; the server's own data otherwise. */
  readonly dbs?: readonly Database[]
  /** After each part (rdbLoadProgressCallback). False gives up without a word. */
  readonly onSlice?: () => boolean
  /** The error's text, or null; deep: redis-check-rdb would find damage within a value. */
  readonly done: (error: string | null, deep?: boolean) => void
}
/**
 * rdbLoadRio as the world sees it: every loading-process-events-interval-bytes the server looks at its clients (and answers
 * most of them with -LOADING). Between startLoading and stopLoading, which the caller does.
 */
export function loadInSlices(s: Server, bytes: Bytes, load: SlicedLoad): void {
  const sink = new ServerSink(s, load.onAux ?? (() => {}), load.dbs)
  const loader = loaderOf(s, bytes, sink)
  const budget = s.config.loadingProcessEventsIntervalBytes
  const slice = (): void => {
    if (load.onSlice !== undefined && !load.onSlice()) return
    let finished: boolean
    try {
      finished = loadSome(s, loader, sink, budget)
    } catch (e) {
      if (!(e instanceof RdbError)) throw e
      return load.done(e.message, e.deep)
    }
    const p = progress.get(s)
    if (p !== undefined) p.loadedBytes = loader.r.pos
    if (!finished) return void s.host.after(0, slice)
    loaded(s, sink.counts)
    load.done(null)
  }
  slice()
}
