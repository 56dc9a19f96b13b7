/**
 * Read-only, bounded, cloneable pictures of a running server. Looking changes nothing: no key expires, no LRU clock moves,
 * no rehash step is taken, no random number is drawn.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { hashForEach } from '../objects/hash.ts'
import type { Obj } from '../objects/object.ts'
import { stringBytes } from '../objects/string.ts'
import { infoText } from '../server/info.ts'
import type { Server } from '../server/server.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import { Sds } from '../structures/sds.ts'
import type { Zset } from '../structures/zset.ts'
import { memoryEstimator, memoryUsage } from './memory.ts'

const WINDOW = 64
const TEXT = 256
const clip = (b: Bytes): Bytes => (b.length > TEXT ? b.slice(0, TEXT) : b)
const clipValue = (v: unknown): string | number => (typeof v === 'number' ? v : clip(`${v}`))

export function viewDict<V>(d: Dict<V>, from = 0) {
  const tables = ([0, 1] as const).map((t) => {
    const buckets: { index: number; keys: Bytes[] }[] = []
    for (let i = from; i < Math.min(d.tableSize(t), from + WINDOW); i++)
      buckets.push({ index: i, keys: d.bucketKeys(t, i).slice(0, 32).map(clip) })
    return { size: d.tableSize(t), used: d.tableUsed(t), buckets }
  })
  return { rehashidx: d.rehashidx, size: d.size, from, tables }
}
export function viewListpack(lp: Listpack) {
  const entries = lp
    .layout()
    .slice(0, WINDOW * 2)
    .map((e) => ({ ...e, value: clipValue(lp.get(e.offset)) }))
  return { totalBytes: lp.totalBytes, length: lp.length, bytes: Array.from(lp.bytes().slice(0, 1024)), entries }
}
export function viewSkiplist(z: Zset, member?: Bytes) {
  const zsl = z.zsl
  const nodes: { id: number; score: number; ele: Bytes; levels: { forward: number; span: number }[] }[] = []
  for (let x = zsl.first(); x > 0 && nodes.length < WINDOW; x = zsl.next(x))
    nodes.push({ id: x, score: zsl.scoreOf(x), ele: clip(zsl.eleOf(x)), levels: zsl.levels(x) })
  const score = member === undefined ? undefined : z.dict.get(member)
  const path = member === undefined || score === undefined ? null : zsl.searchPath(score, member)
  return {
    length: zsl.length,
    level: zsl.level,
    header: zsl.levels(0),
    nodes,
    path,
    rank: member === undefined || score === undefined ? null : zsl.rank(score, member),
    dict: viewDict(z.dict),
  }
}
export function viewObject(o: Obj, member?: Bytes, from = 0): unknown {
  switch (o.encoding) {
    case 'listpack':
      return { kind: 'listpack', ...viewListpack(o.value as Listpack) }
    case 'hashtable': {
      const pairs: [Bytes, Bytes][] = []
      if (o.type === 'hash' && (o.value as Dict<Bytes>).size <= WINDOW)
        hashForEach(o, (f, v) => {
          pairs.push([clip(f), clip(v)])
        })
      return { kind: 'dict', ...viewDict(o.value as Dict<unknown>, from), pairs }
    }
    case 'skiplist':
      return { kind: 'skiplist', ...viewSkiplist(o.value as Zset, member) }
    case 'intset': {
      const s = o.value as Intset
      const members: string[] = []
      for (let i = 0; i < Math.min(s.length, WINDOW * 2); i++) members.push(`${s.at(i)}`)
      return { kind: 'intset', encodingBytes: s.encodingBytes, length: s.length, members }
    }
    case 'quicklist': {
      const ql = o.value as Quicklist
      const nodes = ql
        .nodes()
        .slice(0, WINDOW)
        .map((n) => ({
          count: n.count,
          bytes: n.sz,
          plain: n.plain !== null,
          compressed: n.lzf !== null,
          entries: n.lp === null ? [] : n.lp.entries().slice(0, 16).map(clipValue),
        }))
      return {
        kind: 'quicklist',
        count: ql.count,
        nodeCount: ql.nodeCount,
        fill: ql.fill,
        compress: ql.compress,
        nodes,
      }
    }
    case 'int':
      return { kind: 'int', value: `${o.value}` }
    default: {
      const sds = o.value instanceof Sds ? o.value : null
      const text = sds === null ? stringBytes(o) : sds.toBytes(0, Math.min(sds.len, 1024))
      const len = sds === null ? text.length : sds.len
      const alloc = sds === null ? len : sds.alloc
      return {
        kind: 'sds',
        len,
        alloc,
        flags: alloc < 256 ? 'SDS_TYPE_8' : alloc < 65536 ? 'SDS_TYPE_16' : 'SDS_TYPE_32',
        bytes: text.slice(0, 1024),
      }
    }
  }
}

function viewKeys(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)] ?? s.dbs[0]
  if (!db) return null
  const keys: { key: Bytes; type: string; encoding: string; ttlMs: number; bytes: number }[] = []
  let cursor = Number(args[1] ?? 0)
  // Buckets are read directly: scan would not rehash either, but this keeps its position a plain bucket number.
  const [t0, t1] = [db.dict.tableSize(0), db.dict.tableSize(1)]
  const total = t0 + t1
  for (; cursor < total && keys.length < 200; cursor++) {
    const bucket = cursor < t0 ? db.dict.bucketKeys(0, cursor) : db.dict.bucketKeys(1, cursor - t0)
    for (const key of bucket) {
      const o = db.find(key)
      if (!o) continue
      const at = db.getExpire(key)
      keys.push({
        key: clip(key),
        type: o.type,
        encoding: o.encoding,
        ttlMs: at === -1 ? -1 : Math.max(0, at - s.host.nowMs),
        bytes: memoryUsage(key, o),
      })
    }
  }
  return { db: db.id, size: db.size, cursor: cursor >= total ? 0 : cursor, keys }
}

function parseInfo(text: string): Map<string, string> {
  return new Map(
    text
      .split('\r\n')
      .filter((l) => l.includes(':'))
      .map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1)]),
  )
}

function viewSummary(s: Server): unknown {
  if (s.sentinel) {
    return s.sentinel.summary()
  }
  const f = parseInfo(s.repl?.infoSection() ?? '')
  const offset = Number(f.get('slave_repl_offset') ?? f.get('master_repl_offset') ?? 0)
  if (s.repl?.isReplica) {
    const up = s.repl.masterLinkUp
    return {
      role: 'replica',
      line: `offset ${offset}, link ${up ? 'up' : 'down'}`,
      offset,
      masterLink: up ? 'up' : 'down',
      runid: s.runid,
    }
  }
  const replicas = f.get('connected_slaves') ?? '0'
  return {
    role: 'master',
    line: `offset ${offset}, ${replicas} replica${replicas === '1' ? '' : 's'}`,
    offset,
    runid: s.runid,
  }
}

/** What Machine.view answers. Unknown names give null. */
export function viewServer(s: Server, name: string, args: readonly string[]): unknown {
  switch (name) {
    case 'summary':
      return viewSummary(s)
    case 'state':
      return {
        summary: viewSummary(s),
        info: infoText(s, []),
        keyspace: s.dbs.filter((d) => d.size > 0).map((d) => ({ db: d.id, keys: d.size, expires: d.expires.size })),
      }
    case 'keys':
      return viewKeys(s, args)
    case 'replication':
      return { info: s.repl?.infoSection() ?? '', view: s.repl?.view() ?? null }
    case 'sentinel':
      return s.sentinel?.view() ?? null
    case 'config': {
      const flat = s.config.match(['*'])
      return flat.flatMap((n, i) =>
        i % 2 === 0 ? [[n, /pass|masterauth/.test(n) && flat[i + 1] ? '********' : (flat[i + 1] ?? '')]] : [],
      )
    }
    case 'dict': {
      const db = s.dbs[Number(args[0] ?? 0)]
      return db ? { dict: viewDict(db.dict, Number(args[1] ?? 0)), expires: viewDict(db.expires) } : null
    }
    case 'object': {
      const db = s.dbs[Number(args[0] ?? 0)]
      const key = args[1] ?? ''
      const o = db?.find(key)
      if (!db || !o) return null
      return {
        key: clip(key),
        type: o.type,
        encoding: o.encoding,
        ttlAtMs: db.getExpire(key),
        lru: o.lru,
        bytes: memoryUsage(key, o),
        structure: viewObject(o, args[2], Number(args[3] ?? 0)),
      }
    }
    default:
      return null
  }
}

const VIEWS = ['summary', 'state', 'keys', 'replication', 'sentinel', 'config', 'dict', 'object'] as const
/** Give a server its views and its reckoning of memory. */
export function wireInspect(server: Server): void {
  for (const name of VIEWS) server.views.set(name, (s, args) => viewServer(s, name, args))
  server.usedMemory = memoryEstimator(server)
}
