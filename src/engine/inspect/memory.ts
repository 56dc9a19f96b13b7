/** An estimate of what a value would take in Redis's own structures on 64 bits, by their sizes and jemalloc's classes. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import { streamSize } from './stream-memory.ts'
import type { Server } from '../server/server.ts'
import { stringLength } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import { allocationSize, Sds } from '../structures/sds.ts'
import type { Zset } from '../structures/zset.ts'

export { allocationSize }

/** zmalloc_size of an sds of that length. */
export const sdsSize = (len: number): number =>
  allocationSize(len + (len < 32 ? 2 : len < 256 ? 4 : len < 65536 ? 6 : 10))

const tableSize = (d: Dict<unknown>): number => 16 + 56 + 8 * (d.tableSize(0) + d.tableSize(1))
function valueSize(o: Obj, samples: number): number {
  const robj = 16
  switch (o.encoding) {
    case 'int':
      return robj
    case 'embstr':
      return allocationSize(stringLength(o) + 3 + 16)
    case 'raw':
      return robj + sdsSize(o.value instanceof Sds ? o.value.alloc : stringLength(o))
    case 'listpack':
      return robj + allocationSize((o.value as Listpack).totalBytes)
    case 'intset':
      return robj + allocationSize((o.value as Intset).length * (o.value as Intset).encodingBytes + 8)
    case 'quicklist': {
      const ql = o.value as Quicklist
      let bytes = 0
      let seen = 0
      for (const n of ql.nodes()) {
        bytes += 40 + allocationSize(n.sz)
        if (++seen === samples) break
      }
      return robj + 40 + (seen === 0 ? 0 : Math.floor((bytes / seen) * ql.nodeCount))
    }
    case 'hashtable': {
      const d = o.value as Dict<unknown>
      let bytes = 0
      let seen = 0
      const all = d.tableSize(0) + d.tableSize(1)
      for (let i = 0; i < all; i++) {
        const keys = i < d.tableSize(0) ? d.bucketKeys(0, i) : d.bucketKeys(1, i - d.tableSize(0))
        for (const k of keys) {
          const v = d.peek(k)
          bytes += 24 + sdsSize(k.length) + (typeof v === 'string' ? sdsSize(v.length) : 0)
          if (++seen === samples) return Math.floor(tableSize(d) + (bytes / seen) * d.size)
        }
      }
      return seen === 0 ? tableSize(d) : Math.floor(tableSize(d) + (bytes / seen) * d.size)
    }
    case 'skiplist': {
      const { dict, zsl } = o.value as Zset
      let bytes = 0
      let seen = 0
      for (let x = zsl.first(); x > 0; x = zsl.next(x)) {
        bytes += 24 + sdsSize(zsl.eleOf(x).length) + allocationSize(24 + 16 * zsl.levels(x).length)
        if (++seen === samples) break
      }
      // zset, zskiplist and its header of 32 levels.
      return tableSize(dict) + 16 + 32 + 640 + (seen === 0 ? 0 : Math.floor((bytes / seen) * dict.size))
    }
    case 'stream':
      return robj + streamSize(o.value as Stream, samples)
    default:
      return robj
  }
}

/** MEMORY USAGE. */
export function memoryUsage(key: Bytes, o: Obj, samples = 5): number {
  return valueSize(o, samples) + sdsSize(key.length) + 24
}

/** evalScriptsMemory: the cached scripts' bodies and names, their entries, the table. */
export function scriptMemory(s: Server): { readonly count: number; readonly bytes: number } {
  const scripts = s.scripting?.scripts
  if (scripts === undefined || scripts.size === 0) return { count: 0, bytes: 0 }
  let slots = 4
  while (slots < scripts.size) slots *= 2
  let bytes = 8 * slots
  for (const { body } of scripts.values())
    bytes += sdsSize(40) + 24 + 16 + (body.length <= 44 ? allocationSize(body.length + 20) - 16 : sdsSize(body.length))
  return { count: scripts.size, bytes }
}

/** functionsMemoryOverhead: libraries and functions with their texts, and the tables of both. */
export function functionMemory(s: Server): number {
  let bytes = 200
  let count = 0
  for (const { name, code, functions } of s.scripting?.functions.libraries.values() ?? []) {
    bytes += 32 + sdsSize(name.length) + sdsSize(code.length)
    for (const f of functions.values()) {
      bytes += 56 + sdsSize(f.name.length) + 24
      if (f.description !== null) bytes += sdsSize(f.description.length)
      count++
    }
  }
  if (count === 0) return bytes
  let slots = 4
  while (slots < count) slots *= 2
  return bytes + 8 * slots
}

/** What a freshly started redis-server 7.0.15 has allocated. */
export const STARTUP_MEMORY = 876416
/** The same as a node of a cluster: three tables of 16384 owners, and the lists of keys by slot. */
const STARTUP_MEMORY_CLUSTER = 1608232
export const startupMemory = (s: Server): number => (s.cluster === null ? STARTUP_MEMORY : STARTUP_MEMORY_CLUSTER)
const CLIENT_MEMORY = 1928
/** A link of the cluster bus with its empty buffer for packets. */
const CLUSTER_LINK_MEMORY = 1088
/** From this many keys on a spread sample stands for all. */
const EXACT_KEYS = 2048

/** The hash tables of a database: buckets, entries, and in the main one the values' headers. */
export function tableMemory(db: Database): { main: number; expires: number } {
  const { dict, expires } = db
  return {
    main: dict.size === 0 ? 0 : 8 * (dict.tableSize(0) + dict.tableSize(1)) + (24 + 16) * dict.size,
    expires: expires.size === 0 ? 0 : 8 * (expires.tableSize(0) + expires.tableSize(1)) + 24 * expires.size,
  }
}
/** What a node of a cluster keeps of its connections to the others. */
export function clusterLinksMemory(s: Server): number {
  let bytes = 0
  for (const link of s.cluster?.links ?? []) bytes += CLUSTER_LINK_MEMORY + link.pendingBytes
  return bytes
}
/** Two list pointers in each entry. */
export const slotKeysMemory = (db: Database): number => (db.slotKeys === null ? 0 : 16 * db.size)
/** Keys and values without the tables' entries and the values' headers. */
function contentMemory(db: Database): number {
  const { dict } = db
  const slots = dict.tableSize(0) + dict.tableSize(1)
  const stride = dict.size <= EXACT_KEYS ? 1 : Math.max(1, Math.floor((slots / EXACT_KEYS) * 2))
  let bytes = 0
  let seen = 0
  for (let i = 0; i < slots; i += stride) {
    const keys = i < dict.tableSize(0) ? dict.bucketKeys(0, i) : dict.bucketKeys(1, i - dict.tableSize(0))
    for (const key of keys) {
      const o = dict.peek(key)
      if (o === undefined) continue
      seen++
      bytes += memoryUsage(key, o) - 40
    }
  }
  return seen === 0 ? 0 : Math.floor((bytes / seen) * dict.size)
}
/** freeMemoryGetNotCountedMemory: what replicas hold beyond the backlog; evicting keys for it would only feed it more DELs. */
export function notCountedForEvict(s: Server): number {
  const { backlog, replicas } = fixedParts(s)
  const size = s.config.replBacklogSize
  const counted = size + (Math.floor(size / 16384) + 1) * (40 + 24)
  return Math.max(0, backlog + replicas - counted)
}
export interface MemoryAccount {
  readonly total: number
  readonly startup: number
  readonly clients: number
  readonly replicas: number
  readonly backlog: number
  readonly scripts: number
  readonly links: number
  readonly dbs: readonly {
    readonly id: number
    readonly main: number
    readonly expires: number
    readonly slotKeys: number
  }[]
  readonly overhead: number
  readonly keys: number
}
export function fixedParts(s: Server): { clients: number; replicas: number; backlog: number } {
  let [clients, replicas] = [0, 0]
  for (const c of s.clients.values()) {
    const n = CLIENT_MEMORY + c.obufBytes
    if (c.isReplica) replicas += n
    else clients += n
  }
  const histlen = (s.repl as { m?: { backlog: { histlen: number } | null } } | null)?.m?.backlog?.histlen
  return { clients, replicas, backlog: histlen === undefined ? 0 : Math.max(20508, histlen) }
}
/** Everything, computed now. Changes nothing. */
export function memoryAccount(s: Server): MemoryAccount {
  const fixed = fixedParts(s)
  const scripts = scriptMemory(s).bytes
  let content = 0
  let keys = 0
  const dbs: { id: number; main: number; expires: number; slotKeys: number }[] = []
  const links = clusterLinksMemory(s)
  for (const db of s.dbs) {
    if (db.size === 0) continue
    keys += db.size
    content += contentMemory(db)
    const t = tableMemory(db)
    dbs.push({ id: db.id, main: t.main, expires: t.expires, slotKeys: slotKeysMemory(db) })
  }
  const overhead =
    startupMemory(s) +
    fixed.clients +
    fixed.replicas +
    fixed.backlog +
    scripts +
    links +
    dbs.reduce((n, d) => n + d.main + d.expires + d.slotKeys, 0)
  return { ...fixed, scripts, links, total: overhead + content, startup: startupMemory(s), dbs, overhead, keys }
}

/**
 * used_memory for maxmemory and the peak, asked before every write: the last full account, corrected by the number of keys that
 * came and went since; a new account when a sixteenth as many changes were made as there are keys.
 */
export function memoryEstimator(s: Server): () => number {
  let changes = -1
  let keysThen = 0
  let total = 0
  let perKey = 0
  return () => {
    let keys = 0
    for (const db of s.dbs) keys += db.size
    const since = Math.abs(s.dirty - changes)
    if (changes < 0 || since > keys / 16 || (since === 0 && keys !== keysThen)) {
      const account = memoryAccount(s)
      changes = s.dirty
      keysThen = keys
      total = account.total
      perKey = keys === 0 ? 0 : (account.total - startupMemory(s)) / keys
      return total
    }
    return Math.floor(total + (keys - keysThen) * perKey)
  }
}
