/**
 * Read-only, bounded, cloneable pictures of a running server. Looking changes nothing: no key expires, no LRU clock moves,
 * no rehash step is taken, no random number is drawn.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import { estimateObjectIdleTime, lfuCounter } from '../server/evict.ts'
import { infoText } from '../server/info.ts'
import type { Server } from '../server/server.ts'
import { clip } from './clip.ts'
import { looking } from './look.ts'
import { memoryEstimator, memoryUsage } from './memory.ts'
import { lengthOf, record } from './recorder.ts'
import { still } from './still.ts'

/** Views by name (pictures.ts): code that only one screen needs, so it may come later than the server. */
export type Pictures = Readonly<Record<string, (s: Server, args: readonly string[]) => unknown>>
export const PICTURES = [
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
] as const

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

const infoForLook = (s: Server): string => looking(s, () => infoText(s, []))

/** What Machine.view answers. Unknown names give null, and so do the pictures while they are not here. */
function viewServer(s: Server, name: string, args: readonly string[], pictures: () => Pictures | null): unknown {
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
    case 'cluster':
    case 'slot keys':
    case 'slot':
      return s.clusterPart?.views[name](s, args) ?? null
    // What is kept of a process that dies: the history that it alone could tell.
    case 'remains':
      return s.cluster === null ? null : { epochs: s.clusterPart?.views.cluster(s, ['epochs']) ?? null }
    default:
      return pictures()?.[name]?.(s, args) ?? null
  }
}

const VIEWS = [
  'summary',
  'state',
  'keys',
  'replication',
  'sentinel',
  'config',
  'cluster',
  'slot keys',
  'slot',
  'remains',
  ...PICTURES,
] as const
/** Give a server its views and its reckoning of memory. */
export function wireInspect(server: Server, pictures: () => Pictures | null): void {
  // A picture that fails is one picture's failure: the process and the other pictures go on.
  for (const name of VIEWS)
    server.views.set(name, (s, args) => {
      try {
        return viewServer(s, name, args, pictures)
      } catch (error) {
        return { failed: `view ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }
      }
    })
  server.usedMemory = memoryEstimator(server)
  if (server.tap !== undefined && server.mode === 'server') record(server)
}
