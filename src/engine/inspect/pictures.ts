/** The pictures of the Structures screen: what is in a key, and how the server works at it. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import type { Server } from '../server/server.ts'
import type { Zset } from '../structures/zset.ts'
import { viewBits, viewHll } from './bits.ts'
import { clip } from './clip.ts'
import { viewGeo } from './geo.ts'
import type { Pictures } from './index.ts'
import { lensOf } from './lens.ts'
import { lookMemory, looking } from './look.ts'
import { memoryUsage } from './memory.ts'
import { viewCommands, viewDatabases, viewMemory } from './overview.ts'
import { type Path, pathOf, visitOf } from './paths.ts'
import { viewEviction, viewExpiry } from './pressure.ts'
import { viewPubsub } from './pubsub.ts'
import { viewRaxInsert } from './rax-insert.ts'
import { lengthOf, recorderOf } from './recorder.ts'
import { viewCollisions } from './scans.ts'
import { still } from './still.ts'
import { viewRangeWalk, viewTrim } from './stream-walk.ts'
import { viewStream } from './streams.ts'
import { namesOf, ROWS, viewDict, viewObject } from './structures.ts'
import { viewTransactions } from './transactions.ts'
import { viewLoop } from './turns.ts'

const expiryOf = (db: Database, key: Bytes): number => db.expires.peek(key) ?? -1
const sizeOf = (key: Bytes, o: Obj): number => still(o, () => memoryUsage(key, o))
const whole = (text: string | undefined): number | null =>
  text === undefined || text === '' || !/^\d+$/.test(text) ? null : Number(text)

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

export const pictures = {
  dict: viewKeyspace,
  object: viewKey,
  memory: (s: Server, args: readonly string[]) => looking(s, () => viewMemory(s, args)),
  databases: viewDatabases,
  expiry: viewExpiry,
  eviction: (s: Server, args: readonly string[]) => viewEviction(s, lookMemory(s)(), args),
  commands: (s: Server) => looking(s, () => viewCommands(s)),
  collisions: viewCollisions,
  'rax insert': viewRaxInsert,
  'range walk': viewRangeWalk,
  trim: viewTrim,
  loop: (s: Server) => viewLoop(s, recorderOf(s)?.turns),
  transactions: (s: Server) => viewTransactions(s, recorderOf(s)?.transactions),
  pubsub: (s: Server) => viewPubsub(s, recorderOf(s)?.published),
} satisfies Pictures
