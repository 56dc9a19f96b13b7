// No operation may cost more than Redis's complexity says: each is timed on a collection of 2000 and on one of 128000, and the
// cost per operation may grow with the logarithm (and with what caches do), not with the size.
import { Bench, batches, encode } from './machine.ts'
import { cpuMs } from './measure.ts'
import { row } from './report.mjs'

type Make = (i: number, n: number) => string[]
interface Case {
  readonly name: string
  readonly fill: Make
  readonly command: Make
  readonly before?: string[]
  /** Where Redis's own cost grows too (nodes of a quicklist, an offset), or caches miss at random: the growth allowed. */
  readonly most?: number
}
const spread = (i: number, n: number): number => (i * 7919) % n
const hash: Make = (i) => ['HSET', 'c', `f${i}`, 'v']
const list: Make = (i) => ['RPUSH', 'c', `e${i}`]
const set: Make = (i) => ['SADD', 'c', `m${i}`]
const zset: Make = (i, n) => ['ZADD', 'c', String(spread(i, n)), `m${i}`]
const keys: Make = (i) => ['SET', `k${i}`, 'v']
const expiring: Make = (i) => ['SET', `k${i}`, 'v', 'EX', '10000']
const text: Make = (i) => ['APPEND', 'c', 'x'.repeat(i === 0 ? 4000 : 100)]
const CASES: readonly Case[] = [
  { name: 'HGET', fill: hash, command: (i, n) => ['HGET', 'c', `f${spread(i, n)}`] },
  { name: 'HSET of a field that is there', fill: hash, command: (i, n) => ['HSET', 'c', `f${spread(i, n)}`, 'w'] },
  { name: 'HSCAN from the start', fill: hash, command: () => ['HSCAN', 'c', '0'] },
  { name: 'HRANDFIELD', fill: hash, command: () => ['HRANDFIELD', 'c'], most: 12 },
  { name: 'HRANDFIELD of 3', fill: hash, command: () => ['HRANDFIELD', 'c', '3'] },
  { name: 'HLEN', fill: hash, command: () => ['HLEN', 'c'] },
  { name: 'LINDEX near the tail', fill: list, command: () => ['LINDEX', 'c', '-20'] },
  { name: 'LRANGE of 10 at the tail', fill: list, command: () => ['LRANGE', 'c', '-10', '-1'] },
  { name: 'LRANGE of 10 at the head', fill: list, command: () => ['LRANGE', 'c', '0', '9'] },
  { name: 'LINDEX in the middle', fill: list, command: (_, n) => ['LINDEX', 'c', String(n >> 1)], most: 12 },
  { name: 'LSET in the middle', fill: list, command: (_, n) => ['LSET', 'c', String(n >> 1), 'y'], most: 12 },
  { name: 'LRANGE of 10 in the middle', fill: list, command: (_, n) => ['LRANGE', 'c', String(n >> 1), String((n >> 1) + 9)], most: 12 },
  { name: 'LINSERT near the head', fill: list, command: (i) => (i % 2 ? ['LPOP', 'c'] : ['LINSERT', 'c', 'BEFORE', 'e9', 'x']) },
  { name: 'LSET at the tail', fill: list, command: () => ['LSET', 'c', '-1', 'y'] },
  { name: 'LPUSH, LPOP', fill: list, command: (i) => (i % 2 ? ['LPOP', 'c'] : ['LPUSH', 'c', 'x']) },
  { name: 'LMOVE to itself', fill: list, command: () => ['LMOVE', 'c', 'c', 'LEFT', 'RIGHT'] },
  { name: 'SRANDMEMBER', fill: set, command: () => ['SRANDMEMBER', 'c'], most: 12 },
  { name: 'SRANDMEMBER of 10', fill: set, command: () => ['SRANDMEMBER', 'c', '10'] },
  { name: 'SPOP and SADD', fill: set, command: (i) => (i % 2 ? ['SPOP', 'c'] : ['SADD', 'c', `n${i}`]) },
  { name: 'SPOP of 3', fill: set, command: (i) => (i % 4 ? ['SADD', 'c', `n${i}`] : ['SPOP', 'c', '3']) },
  { name: 'SISMEMBER', fill: set, command: (i, n) => ['SISMEMBER', 'c', `m${spread(i, n)}`] },
  { name: 'SINTER with one member', fill: set, before: ['SADD', 'one', 'm5'], command: () => ['SINTER', 'c', 'one'] },
  { name: 'SINTERCARD LIMIT 1', fill: set, command: () => ['SINTERCARD', '2', 'c', 'c', 'LIMIT', '1'] },
  { name: 'ZADD of a member that is there', fill: zset, command: (i, n) => ['ZADD', 'c', String(i % n), `m${spread(i, n)}`] },
  { name: 'ZRANK', fill: zset, command: (i, n) => ['ZRANK', 'c', `m${spread(i, n)}`] },
  { name: 'ZRANGE of 10 in the middle', fill: zset, command: (_, n) => ['ZRANGE', 'c', String(n >> 1), String((n >> 1) + 9)] },
  { name: 'ZRANGEBYSCORE LIMIT far offset', fill: zset, command: (_, n) => ['ZRANGEBYSCORE', 'c', '-inf', '+inf', 'LIMIT', String(n - 50), '10'], most: 200 },
  { name: 'ZCOUNT', fill: zset, command: (i, n) => ['ZCOUNT', 'c', String(spread(i, n) >> 1), String(n)] },
  { name: 'ZPOPMIN and ZADD', fill: zset, command: (i) => (i % 2 ? ['ZPOPMIN', 'c'] : ['ZADD', 'c', '5', `n${i}`]) },
  { name: 'ZRANDMEMBER', fill: zset, command: () => ['ZRANDMEMBER', 'c'], most: 12 },
  { name: 'ZSCAN from the start', fill: zset, command: () => ['ZSCAN', 'c', '0'] },
  { name: 'GETRANGE of 10', fill: text, command: (_, n) => ['GETRANGE', 'c', String(n), String(n + 9)] },
  { name: 'SETRANGE', fill: text, command: (i, n) => ['SETRANGE', 'c', String(spread(i, n)), 'abc'] },
  { name: 'GETBIT', fill: text, command: (i, n) => ['GETBIT', 'c', String(spread(i, n))] },
  { name: 'SETBIT', fill: text, command: (i, n) => ['SETBIT', 'c', String(spread(i, n)), '1'] },
  { name: 'APPEND', fill: text, command: () => ['APPEND', 'c', 'x'] },
  { name: 'STRLEN', fill: text, command: () => ['STRLEN', 'c'] },
  { name: 'RANDOMKEY', fill: keys, command: () => ['RANDOMKEY'] },
  { name: 'SCAN from the start', fill: keys, command: () => ['SCAN', '0'] },
  { name: 'DBSIZE', fill: keys, command: () => ['DBSIZE'] },
  { name: 'DEL and SET', fill: keys, command: (i, n) => (i % 2 ? ['SET', `k${spread(i - 1, n)}`, 'v'] : ['DEL', `k${spread(i, n)}`]) },
  { name: 'RENAME', fill: keys, command: (i) => ['RENAME', i % 2 ? 'r' : 'k1', i % 2 ? 'k1' : 'r'] },
  { name: 'EXPIRE', fill: keys, command: (i, n) => ['EXPIRE', `k${spread(i, n)}`, '1000'] },
  { name: 'PERSIST, TTL among keys that expire', fill: expiring, command: (i, n) => ['TTL', `k${spread(i, n)}`] },
  { name: 'INFO memory', fill: keys, command: () => ['INFO', 'memory'], most: 6 },
  { name: 'INFO keyspace', fill: expiring, command: () => ['INFO', 'keyspace'] },
  { name: 'MEMORY USAGE of a list', fill: list, command: () => ['MEMORY', 'USAGE', 'c'] },
  { name: 'MEMORY USAGE of a hash', fill: hash, command: () => ['MEMORY', 'USAGE', 'c'] },
  { name: 'OBJECT ENCODING', fill: zset, command: () => ['OBJECT', 'ENCODING', 'c'] },
]

const [SMALL, BIG] = [2000, 128_000]
/** Microseconds of an operation on a collection of n: the least of five rounds. */
function micros(c: Case, n: number): number {
  const bench = new Bench()
  for (const batch of batches(n, (i) => c.fill(i, n))) bench.say(batch)
  if (c.before) bench.say(encode(...c.before))
  const list = batches(1600, (i) => c.command(i, n))
  const first = bench.say(list[0] as string)
  if (first === '' || first.startsWith('-')) throw new Error(`${c.name} answered ${JSON.stringify(first.slice(0, 80))}`)
  let least = Number.POSITIVE_INFINITY
  let rounds = 0
  for (const from = cpuMs(); rounds < 2 || (rounds < 20 && cpuMs() - from < 60); rounds++) {
    const before = cpuMs()
    let done = 0
    for (const batch of list) {
      bench.say(batch)
      done += 16
      if (cpuMs() - before > 500) break
    }
    least = Math.min(least, ((cpuMs() - before) * 1000) / done)
  }
  return least
}
const wanted = process.argv.slice(2)
for (const c of CASES) {
  if (wanted.length > 0 && !wanted.some((w) => c.name.startsWith(w))) continue
  const small = micros(c, SMALL)
  const big = micros(c, BIG)
  row('size', `${c.name}: ${small.toFixed(1)} and ${big.toFixed(1)} us`, big / small, c.most ?? 5, 2, { unit: 'x', atMost: true })
}

// What goes through everything: the cost of each element of a collection of a million over that of one of 20000.
const WHOLE: readonly (readonly [string, Make, readonly string[]])[] = [
  ['DEL of a hash', hash, ['DEL', 'c']],
  ['UNLINK of a hash', hash, ['UNLINK', 'c']],
  ['DEL of a sorted set', zset, ['DEL', 'c']],
  ['DEL of a list', list, ['DEL', 'c']],
  ['KEYS', keys, ['KEYS', 'nothing*']],
  ['FLUSHALL', keys, ['FLUSHALL']],
  ['LINSERT behind the last', list, ['LINSERT', 'c', 'AFTER', 'e19999', 'x']],
  ['HGETALL', hash, ['HGETALL', 'c']],
  ['SMEMBERS', set, ['SMEMBERS', 'c']],
]
const [FEW, MANY] = [20_000, 1_000_000]
function wholeMs(fill: Make, command: readonly string[], n: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < (n === FEW ? 5 : 2); round++) {
    const bench = new Bench()
    for (const batch of batches(n, (i) => fill(i, n))) bench.say(batch)
    const before = cpuMs()
    bench.say(encode(...command))
    least = Math.min(least, cpuMs() - before)
  }
  return least
}
for (const [name, fill, command] of WHOLE) {
  if (wanted.length > 0 && !wanted.some((w) => name.startsWith(w))) continue
  const few = wholeMs(fill, command, FEW)
  const many = wholeMs(fill, command, MANY)
  // Some of them cost next to nothing whatever the size; a millisecond is the least that counts.
  row('size', `${name}: ${few.toFixed(1)} and ${many.toFixed(1)} ms`, Math.max(many, 1) / (Math.max(few, 0.2) * (MANY / FEW)), 5, 2, { unit: 'x', atMost: true })
}
