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
    const items =
      typeof reply === 'object' && reply !== null && 'items' in reply
        ? (reply.items as { readonly length: number })
        : null
    return items === null ? 0 : items.length * micros
  }

export const costsBefore: ReadonlyMap<string, CostBefore> = new Map<string, CostBefore>([
  ['del', (server, c, argv) => (server.config.lazyfreeLazyUserDel ? ofUnlink : ofKeys)(server, c, argv)],
  ['unlink', ofUnlink],
  ['flushall', ofDatabases(true)],
  ['flushdb', ofDatabases(false)],
])
export const costsAfter: ReadonlyMap<string, CostAfter> = new Map<string, CostAfter>([
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
