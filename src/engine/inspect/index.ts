/**
 * Read-only, bounded, cloneable pictures of a running server. Looking changes nothing: no key expires, no LRU clock moves,
 * no rehash step is taken, no random number is drawn.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import { estimateObjectIdleTime, lfuCounter } from '../server/evict.ts'
import { infoText } from '../server/info.ts'
import type { Server } from '../server/server.ts'
import type { Zset } from '../structures/zset.ts'
import { viewBits, viewHll } from './bits.ts'
import { viewGeo } from './geo.ts'
import { memoryEstimator, memoryUsage } from './memory.ts'
import { type Path, pathOf, visitOf } from './paths.ts'
import { lengthOf, record, recorderOf } from './recorder.ts'
import { viewCommands, viewDatabases, viewMemory } from './overview.ts'
import { viewPubsub } from './pubsub.ts'
import { viewTransactions } from './transactions.ts'
import { viewEviction, viewExpiry } from './pressure.ts'
import { viewCollisions } from './scans.ts'
import { viewRaxInsert } from './rax-insert.ts'
import { viewRangeWalk, viewTrim } from './stream-walk.ts'
import { lensOf } from './lens.ts'
import { still } from './still.ts'
import { viewStream } from './streams.ts'
import { viewLoop } from './turns.ts'
import { clip, namesOf, ROWS, viewDict, viewObject } from './structures.ts'

export { viewDict, viewListpack, viewObject, viewSkiplist } from './structures.ts'

const expiryOf = (db: Database, key: Bytes): number => db.expires.peek(key) ?? -1
const sizeOf = (key: Bytes, o: Obj): number => still(o, () => memoryUsage(key, o))
const whole = (text: string | undefined): number | null =>
  text === undefined || text === '' || !/^\d+$/.test(text) ? null : Number(text)

const MOST_KEYS = 200
/** Buckets that one look goes through at most. */
const MOST_BUCKETS = 20000
function viewKeys(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)] ?? s.dbs[0]
  if (!db) return null
  const keys: {
    key: Bytes
    type: string
    encoding: string
    ttlMs: number
    expired: boolean
    bytes: number
    length: number
    /** Seconds since the last touch, or the access counter under an LFU policy. */
    idle: number
  }[] = []
  const [type, encoding] = [args[3] ?? '', args[4] ?? '']
  const begin = whole(args[1]) ?? 0
  const pattern = args[2] ?? ''
  let cursor = begin
  // Buckets are read directly: scan would not rehash either, but this keeps its position a plain bucket number.
  const [t0, t1] = [db.dict.tableSize(0), db.dict.tableSize(1)]
  const total = t0 + t1
  for (; cursor < total && keys.length < MOST_KEYS && cursor - begin < MOST_BUCKETS; cursor++) {
    const bucket = cursor < t0 ? db.dict.bucketKeys(0, cursor) : db.dict.bucketKeys(1, cursor - t0)
    for (const key of bucket) {
      if (pattern !== '' && !globMatch(pattern, key)) continue
      const o = db.dict.peek(key)
      if (!o || (type !== '' && o.type !== type) || (encoding !== '' && o.encoding !== encoding)) continue
      const at = expiryOf(db, key)
      keys.push({
        key: clip(key),
        type: o.type,
        encoding: o.encoding,
        ttlMs: at === -1 ? -1 : Math.max(0, at - s.host.nowMs),
        expired: at !== -1 && at <= s.host.nowMs,
        bytes: sizeOf(key, o),
        length: lengthOf(o),
        idle: s.lfu ? lfuCounter(s, o) : estimateObjectIdleTime(s, o),
      })
    }
  }
  return {
    db: db.id,
    size: db.size,
    lfu: s.lfu,
    buckets: total,
    looked: cursor - begin,
    cursor: cursor >= total ? 0 : cursor,
    keys,
  }
}

const rowsOf = (text: string | undefined): number => Math.max(4, Math.min(64, whole(text) ?? ROWS))
function viewKeyspace(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)]
  if (!db) return null
  const key = args[2] === '' ? undefined : args[2]
  const last = recorderOf(s)?.lastOfDb ?? null
  const mine = last !== null && last.db === db.id ? last : null
  return {
    dict: viewDict(db.dict, whole(args[1]), key ?? mine?.key, rowsOf(args[3])),
    expires: viewDict(db.expires, null),
    activerehashing: s.config.activerehashing,
    scan: recorderOf(s)?.scans.get(db.id) ?? null,
    tick: { last: recorderOf(s)?.turns.lastTick ?? s.host.now, hz: s.hz },
    last:
      mine === null
        ? null
        : {
            ...mine,
            visit: visitOf(db.dict, mine.key),
            wrote: s.table.byName.get((mine.argv[0] ?? '').toLowerCase())?.isWrite ?? false,
          },
    chosen: key === undefined ? null : visitOf(db.dict, key),
  }
}

/** The configuration that decides how such a value is kept. */
function limitsOf(s: Server, o: Obj): readonly (readonly [string, string])[] {
  const wanted: Record<string, string> = {
    hash: 'hash-max-listpack-*',
    zset: 'zset-max-listpack-*',
    set: 'set-max-intset-entries',
    list: 'list-*',
    stream: 'stream-node-max-*',
  }
  const flat = wanted[o.type] === undefined ? [] : s.config.match([wanted[o.type] as string])
  return flat.flatMap((n, i) => (i % 2 === 0 ? [[n, flat[i + 1] ?? ''] as const] : []))
}

/** Without a wish the window of a long value is where the last command was. */
function windowFor(path: Path | null): number | null {
  if (path?.kind === 'entries') return (path.hits[0] ?? 0) < 48 ? 0 : (path.hits[0] ?? 0) - 8
  if (path?.kind === 'probes') return Math.max(0, (path.probes.at(-1)?.mid ?? 0) - 32)
  if (path?.kind === 'nodes') return path.visited.at(-1) ?? 0
  return null
}
function structureOf(s: Server, o: Obj, args: readonly string[], path: Path | null): Record<string, unknown> {
  if (o.encoding === 'stream') return viewStream(o.value as Stream, whole(args[3]) ?? 0, s.host.nowMs)
  return viewObject(o, args[2] === '' ? undefined : args[2], whole(args[3]) ?? windowFor(path), rowsOf(args[4]))
}
/** What a string may be besides bytes; only when it is asked for. */
function facets(o: Obj, args: readonly string[], exact: number | null): Record<string, unknown> {
  if (o.type !== 'string') return {}
  const hll = o.encoding === 'int' ? null : viewHll(o, exact, args[2])
  return { hll, bits: args[5] === 'bits' ? viewBits(o, whole(args[3]) ?? 0) : null }
}

/** Around the member that is searched for, or else where the last command was. */
function lensFor(o: Obj, member: Bytes, path: Path | null): unknown {
  if (o.encoding !== 'skiplist') return null
  const z = o.value as Zset
  const score = member === '' ? undefined : z.dict.peek(member)
  const rank = score !== undefined ? z.zsl.rank(score, member) : path?.kind === 'skiplist' ? path.rank : 0
  return still(o, () => lensOf(z, rank))
}

function viewKey(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)]
  const key = args[1] ?? ''
  const story = db && recorderOf(s)?.story(db.id, key)
  const o = db?.dict.peek(key)
  if (!db || !o) return story === undefined ? null : { key: clip(key), gone: true, story: story.events }
  const path = story ? pathOf(o, story.last.argv) : null
  return {
    key: clip(key),
    type: o.type,
    encoding: o.encoding,
    ttlAtMs: expiryOf(db, key),
    ttlMs: expiryOf(db, key) === -1 ? null : expiryOf(db, key) - s.nowMs,
    lru: o.lru,
    bytes: sizeOf(key, o),
    length: lengthOf(o),
    limits: limitsOf(s, o),
    structure: structureOf(s, o, args, path),
    ...facets(o, args, story?.exact?.size ?? null),
    geo: story ? viewGeo(o, story.last.argv) : null,
    last: story?.last ?? null,
    path,
    lens: lensFor(o, args[2] ?? '', path),
    names: path?.kind === 'skiplist' ? namesOf(o.value as Zset, path.hops) : [],
    events: story?.events ?? [],
    samples: story?.samples ?? [],
    forgotten: story?.forgotten ?? 0,
  }
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
  const own = s.cluster === null ? null : s.clusterPart?.summary(s, s.cluster)
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
      ...own,
    }
  }
  const replicas = f.get('connected_slaves') ?? '0'
  return {
    role: 'master',
    line: `offset ${offset}, ${replicas} replica${replicas === '1' ? '' : 's'}`,
    offset,
    runid: s.runid,
    ...own,
  }
}

/** INFO for a look: with a reckoning of memory of its own, so that the one evictions go by is not renewed by it. */
const lookers = new WeakMap<Server, () => number>()
function lookMemory(s: Server): () => number {
  let look = lookers.get(s)
  if (look === undefined) {
    look = memoryEstimator(s)
    lookers.set(s, look)
  }
  return look
}
function looking<T>(s: Server, look: () => T): T {
  const { usedMemory } = s
  s.usedMemory = lookMemory(s)
  try {
    return look()
  } finally {
    s.usedMemory = usedMemory
  }
}
const infoForLook = (s: Server): string => looking(s, () => infoText(s, []))

/** What Machine.view answers. Unknown names give null. */
export function viewServer(s: Server, name: string, args: readonly string[]): unknown {
  switch (name) {
    case 'summary':
      return viewSummary(s)
    case 'state':
      return {
        summary: viewSummary(s),
        info: infoForLook(s),
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
    case 'dict':
      return viewKeyspace(s, args)
    case 'object':
      return viewKey(s, args)
    case 'memory':
      return looking(s, () => viewMemory(s, args))
    case 'databases':
      return viewDatabases(s, args)
    case 'expiry':
      return viewExpiry(s, args)
    case 'eviction':
      return viewEviction(s, lookMemory(s)(), args)
    case 'commands':
      return looking(s, () => viewCommands(s))
    case 'collisions':
      return viewCollisions(s, args)
    case 'rax insert':
      return viewRaxInsert(s, args)
    case 'range walk':
      return viewRangeWalk(s, args)
    case 'trim':
      return viewTrim(s, args)
    case 'loop':
      return viewLoop(s, recorderOf(s)?.turns)
    case 'transactions':
      return viewTransactions(s, recorderOf(s)?.transactions)
    case 'cluster':
    case 'slot keys':
    case 'slot':
      return s.clusterPart?.views[name](s, args) ?? null
    case 'pubsub':
      return viewPubsub(s, recorderOf(s)?.published)
    default:
      return null
  }
}

const VIEWS = [
  'summary',
  'state',
  'keys',
  'replication',
  'sentinel',
  'config',
  'dict',
  'object',
  'memory',
  'databases',
  'expiry',
  'eviction',
  'commands',
  'loop',
  'rax insert',
  'range walk',
  'trim',
  'collisions',
  'transactions',
  'pubsub',
  'cluster',
  'slot keys',
  'slot',
] as const
/** Give a server its views and its reckoning of memory. */
export function wireInspect(server: Server): void {
  // A picture that fails is one picture's failure: the process and the other pictures go on.
  for (const name of VIEWS)
    server.views.set(name, (s, args) => {
      try {
        return viewServer(s, name, args)
      } catch (error) {
        return { failed: `view ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }
      }
    })
  server.usedMemory = memoryEstimator(server)
  if (server.tap !== undefined && server.mode === 'server') record(server)
}
