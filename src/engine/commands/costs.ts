/**
 * What a command costs beyond its base, in modelled microseconds: how long the one thread of a simulated server is busy with
 * it. Measured on redis-server 7.0.15 and rounded. Only commands whose cost grows with the data are here; those that compute
 * something of their own (LCS, SORT, KEYS, BITOP) say it themselves.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Zset } from '../structures/zset.ts'
import type { Dict } from '../structures/dict.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'

/** Before the command runs: of what it is going to remove. */
export type CostBefore = (server: Server, c: Client, argv: readonly Bytes[]) => number
/** After it: of what it answered. */
export type CostAfter = (reply: Reply) => number

/** Freeing a value. */
export function freeCost(o: Obj): number {
  if (o.encoding === 'hashtable') return (o.value as Dict<unknown>).size * (o.type === 'set' ? 0.24 : 0.17)
  if (o.encoding === 'skiplist') return (o.value as Zset).dict.size * 0.09
  if (o.encoding === 'stream') return streamCost(o.value as Stream)
  return o.encoding === 'quicklist' ? (o.value as Quicklist).count * 0.0007 : 0
}
/** Blocks, and a record for each pending entry. */
function streamCost(s: Stream): number {
  let micros = s.rax.size * 0.1
  s.groups?.forEach((_name, group) => {
    micros += group.pel.size * 0.1
  })
  return micros
}
const ofKeys: CostBefore = (_server, c, argv) => {
  let micros = 0
  for (let i = 1; i < argv.length; i++) {
    const o = c.db.dict.get(argv[i] as Bytes)
    if (o !== undefined) micros += freeCost(o)
  }
  return micros
}
const ofUnlink: CostBefore = (_server, c, argv) => {
  let micros = 0
  for (let i = 1; i < argv.length; i++) {
    const o = c.db.dict.get(argv[i] as Bytes)
    if (o !== undefined && freeCost(o) > 15) micros += 15
  }
  return micros
}
/** Commands that take any number of elements: so much for each beyond the first, which the base pays for. */
const each =
  (micros: number, first: number, words = 1): CostBefore =>
  (_server, _c, argv) =>
    Math.max(0, Math.floor((argv.length - first) / words) - 1) * micros
const both =
  (a: CostBefore, b: CostBefore): CostBefore =>
  (server, c, argv) =>
    a(server, c, argv) + b(server, c, argv)
const ofDatabases =
  (all: boolean): CostBefore =>
  (server, c, argv) => {
    const option = argv[1]?.toLowerCase()
    if (option === 'async' || (option === undefined && server.config.lazyfreeLazyUserFlush)) return 15
    let micros = 0
    for (const db of all ? server.dbs : [c.db]) {
      micros += db.dict.size * 0.24
      if (db.dict.size <= 100_000)
        db.dict.forEach((_key, o) => {
          micros += freeCost(o)
        })
    }
    return micros
  }
const perElement =
  (micros: number): CostAfter =>
  (reply) => {
    if (Array.isArray(reply)) return reply.length * micros
    if (typeof reply !== 'object' || reply === null) return 0
    // A map's keys and values are elements each.
    if ('pairs' in reply) return reply.pairs.length * micros
    return 'items' in reply ? reply.items.length * micros : 0
  }

/** Sets, hashes and sorted sets as tables go element by element (about 20 bytes each); the rest is copied. */
const RDB_TABLES = new Set([2, 4, 5])
/** Writing or reading a value as DUMP has it. */
export const payloadCost = (payload: Bytes): number =>
  payload.length * (RDB_TABLES.has(payload.charCodeAt(0)) ? 0.02 : 0.002)
const ofPayload: CostBefore = (_server, _c, argv) => (argv.length > 3 ? payloadCost(argv[3] as Bytes) : 0)

export const costsBefore: ReadonlyMap<string, CostBefore> = new Map<string, CostBefore>([
  [
    'del',
    both(each(0.17, 1), (server, c, argv) => (server.config.lazyfreeLazyUserDel ? ofUnlink : ofKeys)(server, c, argv)),
  ],
  ['unlink', both(each(0.17, 1), ofUnlink)],
  ['exists', each(0.07, 1)],
  ['touch', each(0.08, 1)],
  ['mget', each(0.13, 1)],
  ['mset', each(0.14, 1, 2)],
  ['sadd', each(0.17, 2)],
  ['srem', each(0.25, 2)],
  ['smismember', each(0.2, 2)],
  ['hset', each(0.4, 2, 2)],
  ['hmset', each(0.4, 2, 2)],
  ['hmget', each(0.13, 2)],
  ['hdel', each(0.15, 2)],
  ['rpush', each(0.07, 2)],
  ['lpush', each(0.08, 2)],
  ['zadd', each(0.4, 2, 2)],
  ['zrem', each(0.16, 2)],
  ['zmscore', each(0.2, 2)],
  ['pfadd', each(0.4, 2)],
  ['restore', ofPayload],
  ['restore-asking', ofPayload],
  ['flushall', ofDatabases(true)],
  ['flushdb', ofDatabases(false)],
])
export const costsAfter: ReadonlyMap<string, CostAfter> = new Map<string, CostAfter>([
  ['dump', (reply) => (typeof reply === 'string' ? payloadCost(reply) : 0)],
  ['smembers', perElement(0.39)],
  ['sinter', perElement(0.39)],
  ['sunion', perElement(0.39)],
  ['sdiff', perElement(0.39)],
  ['xrange', perElement(0.17)],
  ['xrevrange', perElement(0.17)],
  ['xpending', perElement(0.27)],
  ['xclaim', perElement(5)],
  ['lrange', perElement(0.03)],
  ['zrange', perElement(0.03)],
  ['zrevrange', perElement(0.03)],
  ['zrangebyscore', perElement(0.03)],
  ['zrevrangebyscore', perElement(0.03)],
  ['zrangebylex', perElement(0.03)],
  ['zrevrangebylex', perElement(0.03)],
  ['hgetall', perElement(0.125)],
  ['hkeys', perElement(0.125)],
  ['hvals', perElement(0.125)],
])
