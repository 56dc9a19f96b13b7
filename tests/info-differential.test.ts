/** The counters of INFO after the same conversations, ours beside a real redis-server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encode, Ours, Real } from './oracle/servers.ts'
import { haveRedis, type Running, start } from './support/processes.ts'

/** Fields that the conversation alone decides. */
const FIELDS = new RegExp(
  `^(${[
    ...['keyspace_(hits|misses)', 'expired_keys', 'evicted_keys', 'pubsub\\w*', 'tracking_\\w+', 'errorstat_\\w+'],
    ...['total_error_replies', 'unexpected_error_replies', 'dump_payload_sanitizations', 'blocked_clients'],
    ...['clients_in_timeout_table', 'number_of_\\w+', 'used_memory_(scripts_eval|functions|scripts)', 'db\\d+'],
    ...['lazyfree_pending_objects', 'lazyfreed_objects', 'maxmemory\\w*', 'rdb_changes_since_last_save', 'role'],
    ...['rejected_connections', 'slave_expires_tracked_keys'],
  ].join('|')}):(.*)$`,
)
/** Times are not comparable. */
const withoutTimes = (line: string): string =>
  line.replace(/usec=\d+,usec_per_call=[\d.]+,/, '').replace(/avg_ttl=\d+/, 'avg_ttl')

const real = haveRedis()
let running: Running
let theirs: Real
beforeAll(async () => {
  if (!real) return
  running = await start('real', { args: ['--enable-debug-command', 'yes', '--save', ''] })
  theirs = new Real(running.port)
  await theirs.send(1, 'PING\r\n')
}, 30_000)
afterAll(() => {
  theirs?.close()
  running?.child.kill()
})

async function figures(say: (conn: number, argv: string[]) => Promise<string>): Promise<string[]> {
  const text = (await say(1, ['INFO', 'everything'])).split('\r\n')
  const counted = text.filter((l) => FIELDS.test(l))
  // PING is what the test itself asks with.
  const commands = text.filter((l) => l.startsWith('cmdstat_') && !/^cmdstat_(ping|info|config\|resetstat)/.test(l))
  return [...counted, ...commands.sort()].map(withoutTimes)
}
const m = (n: number): string[] => Array.from({ length: n }, (_, i) => `m${i}`)
type Talk = readonly (readonly string[] | number)[]
const TALKS: Readonly<Record<string, Talk>> = {
  'hits and misses': [
    ['SET', 'k', 'v'],
    ['GET', 'k'],
    ['GET', 'no'],
    ['MGET', 'k', 'no', 'k'],
    ['EXISTS', 'k', 'no'],
    ['TYPE', 'k'],
    ['TTL', 'no'],
    ['OBJECT', 'ENCODING', 'k'],
    ['OBJECT', 'ENCODING', 'no'],
    ['STRLEN', 'no'],
    ['SETNX', 'k', 'v'],
    ['GETSET', 'k', 'w'],
    ['GETDEL', 'no'],
    ['GETEX', 'k', 'PERSIST'],
    ['INCR', 'n'],
    ['APPEND', 'a', 'b'],
    ['SINTER', 'no', 'none'],
    ['SADD', 's', 'a'],
    ['SISMEMBER', 's', 'a'],
    ['SUNIONSTORE', 'd', 's', 'no'],
    ['SORT', 'no'],
    ['DUMP', 'k'],
    ['TOUCH', 'k', 'no'],
    ['COPY', 'k', 'k2'],
    ['RENAME', 'k2', 'k3'],
    ['LRANGE', 'no', '0', '1'],
    ['BITCOUNT', 'k'],
    ['PFCOUNT', 'no'],
    ['GEOPOS', 'no', 'a'],
    ['XLEN', 'no'],
    ['XREAD', 'STREAMS', 'no', '0'],
    ['ZUNION', '2', 'no', 'none'],
    ['MEMORY', 'USAGE', 'k'],
    ['SCAN', '0'],
    ['RANDOMKEY'],
    ['WATCH', 'k'],
    ['EXPIRE', 'no', '1'],
    ['PERSIST', 'k'],
    ['DEL', 'k', 'no'],
    ['UNLINK', 'no'],
  ],
  errors: [
    ['SET', 's', 'v'],
    ['LPUSH', 's', 'x'],
    ['GET'],
    ['NOSUCH'],
    ['CONFIG', 'NOSUCH'],
    ['CONFIG', 'SET', 'timeout', 'abc'],
    ['EVAL', "return redis.error_reply('MINE it is')", '0'],
    ['EVAL', "return redis.call('LPUSH','s','x')", '0'],
    ['EVAL', "return redis.pcall('LPUSH','s','x')", '0'],
    ['EVAL', "redis.pcall('LPUSH','s','x') return 1", '0'],
    ['EVAL', 'nonsense', '0'],
    ['EVALSHA', 'ffffffffffffffffffffffffffffffffffffffff', '0'],
    ['MULTI'],
    ['GET'],
    ['EXEC'],
    ['MULTI'],
    ['LPUSH', 's', 'x'],
    ['INCR', 's'],
    ['EXEC'],
    ['EXEC'],
    ['AUTH', 'a', 'b'],
    ['HELLO', '9'],
    ['SETRANGE', 's', '-1', 'x'],
    ['XADD', 'x', '1-1', 'a', 'b'],
    ['XADD', 'x', '1-1', 'a', 'b'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'x', '>'],
    ['RENAME', 'no', 'x'],
    ['RESTORE', 's', '0', 'x'],
    ['SUBSCRIBE', 'c'],
    ['GET', 's'],
    ['UNSUBSCRIBE', 'c'],
    ['CLIENT', 'KILL', '1.1.1.1:1'],
    ['DEBUG', 'JMAP'],
    ['DEBUG', 'ERROR', 'FOO bar'],
    ['ACL', 'SETUSER', 'eve', 'on', 'nopass', '~*', '+@all'],
    ['@2', 'AUTH', 'eve', 'x'],
    ['@2', 'MULTI'],
    ['@2', 'GET', 'k'],
    ['@2', 'SET', 'k', 'v'],
    ['ACL', 'SETUSER', 'eve', '-set'],
    ['@2', 'EXEC'],
    ['@2', 'AUTH', 'default', 'x'],
    ['ACL', 'SETUSER', 'bob', 'on', 'nopass', '+get', '~k*'],
    ['AUTH', 'bob', 'x'],
    ['SET', 'k', 'v'],
    ['GET', 'x'],
    ['AUTH', 'default', 'x'],
  ],
  memory: [
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['SET', 'k', 'v'],
    ['EVAL', "return redis.call('SET','k','v')", '0'],
    ['EVAL', '#!lua\nreturn 1', '0'],
    ['MULTI'],
    ['SET', 'k', 'v'],
    ['EXEC'],
    ['CONFIG', 'SET', 'maxmemory', '0'],
    ['SADD', 's', ...m(65)],
    ['SADD', 's2', ...m(64)],
    ['UNLINK', 's', 's2'],
    ['SADD', 's', ...m(100)],
    ['SET', 'k', 'v'],
    ['FLUSHALL', 'ASYNC'],
    ['CONFIG', 'SET', 'lazyfree-lazy-server-del', 'yes'],
    ['SADD', 's', ...m(100)],
    ['SET', 's', 'v'],
    ['SADD', 't', ...m(100)],
    ['RENAME', 's', 't'],
    ['SADD', 'u', ...m(100)],
    ['SUNIONSTORE', 'u', 'none'],
    ['SADD', 'v', ...m(100)],
    ['SPOP', 'v', '100'],
    ['SADD', 'w', ...m(200)],
    ['SUNION', 'w'],
    ['SDIFF', 'w', 'none'],
    ['SINTER', 'w'],
    ['SPOP', 'w', '10'],
    ['SPOP', 'w', '120'],
    ['HSET', 'h', ...m(2000)],
    ['HDEL', 'h', ...m(1000)],
    ['DEL', 'h'],
    ['RPUSH', 'l', ...m(500)],
    ['LTRIM', 'l', '1', '0'],
    ['ZADD', 'z', ...m(400).flatMap((k, i) => [String(i), k])],
    ['ZREMRANGEBYRANK', 'z', '0', '-1'],
    ['ZADD', 'z', ...m(400).flatMap((k, i) => [String(i), k])],
    ['SET', 'z', 'v'],
    ['ZUNIONSTORE', 'zz', '1', 'none'],
    ['SORT', 't', 'ALPHA', 'STORE', 't'],
    ['GETDEL', 's'],
    ['COPY', 'l', 'w', 'REPLACE'],
    200,
  ],
  'expiry and scripts': [
    ['SET', 'k', 'v', 'PX', '20'],
    ['HSET', 'h', 'f', 'v'],
    ['PEXPIRE', 'h', '20'],
    ['SET', 'keep', 'v', 'EX', '1000'],
    300,
    ['GET', 'k'],
    ['EVAL', 'return 1', '0'],
    ['EVAL', 'return redis.call("GET","keep")', '0'],
    ['SCRIPT', 'LOAD', 'return 2'],
    ['FUNCTION', 'LOAD', '#!lua name=lib\nredis.register_function("f", function() return 1 end)'],
    ['FCALL', 'f', '0'],
    ['FCALL', 'nof', '0'],
    ['SELECT', '3'],
    ['SET', 'x', 'v'],
  ],
  'clients that waited': [
    ['@2', 'BLPOP', 'q', '0'],
    ['RPUSH', 'q', 'a'],
    ['@2', 'BLMOVE', 'q', 'dst', 'LEFT', 'LEFT', '0'],
    ['RPUSH', 'q', 'a', 'b'],
    ['@2', 'BLMPOP', '0', '1', 'q2', 'LEFT', 'COUNT', '2'],
    ['RPUSH', 'q2', 'a', 'b', 'c'],
    ['@2', 'BZPOPMIN', 'z', '0'],
    ['ZADD', 'z', '1', 'a'],
    ['@2', 'CLIENT', 'SETNAME', 'two'],
    ['@2', 'BLPOP', 'none', '0.05'],
    200,
    ['@2', 'XREAD', 'BLOCK', '0', 'STREAMS', 'x', '$'],
    ['XADD', 'x', '*', 'a', 'b'],
    ['@2', 'BLPOP', 'none', '0'],
    ['EVAL', "for id=1,50 do redis.pcall('PING') end return 1", '0'],
    ['SET', 'none', 'string'],
    ['DEL', 'none'],
    ['CLIENT', 'UNBLOCK', '0', 'ERROR'],
    ['CLIENT', 'KILL', 'TYPE', 'pubsub'],
    ['RPUSH', 'none', 'a'],
  ],
  'many connections': [
    ['@2', 'BLPOP', 'q', '100'],
    ['@3', 'BLPOP', 'q', '0'],
    ['@4', 'SUBSCRIBE', 'a', 'b'],
    ['@4', 'PSUBSCRIBE', 'p*'],
    ['@5', 'SSUBSCRIBE', 's'],
    ['PUBLISH', 'a', 'x'],
    ['SPUBLISH', 's', 'x'],
    ['SET', 'k', 'v'],
    ['@6', 'HELLO', '3'],
    ['@6', 'CLIENT', 'TRACKING', 'on'],
    ['@6', 'GET', 'k'],
    ['@6', 'GET', 'k2'],
    ['@7', 'HELLO', '3'],
    ['@7', 'CLIENT', 'TRACKING', 'on', 'BCAST', 'PREFIX', 'a', 'PREFIX', 'b'],
  ],
}
test.runIf(real).each(Object.entries(TALKS))('%s', async (_name, talk) => {
  const ours = new Ours()
  const sayOurs = (conn: number, argv: readonly string[]): Promise<string> =>
    Promise.resolve(ours.say(conn, encode(argv)).get(conn) ?? '')
  const sayReal = async (conn: number, argv: readonly string[]): Promise<string> =>
    (await theirs.send(conn, encode(argv))).get(conn) ?? ''
  // The real one is asked over a connection more.
  await sayOurs(9, ['PING'])
  for (const say of [sayOurs, sayReal]) {
    await say(1, ['FLUSHALL', 'SYNC'])
    await say(1, ['SCRIPT', 'FLUSH', 'SYNC'])
    await say(1, ['FUNCTION', 'FLUSH', 'SYNC'])
    await say(1, ['SELECT', '0'])
    await say(1, ['CONFIG', 'SET', 'lazyfree-lazy-server-del', 'no'])
    await say(1, ['SAVE'])
    await say(1, ['CONFIG', 'RESETSTAT'])
  }
  for (const step of talk) {
    if (typeof step === 'number') {
      await theirs.wait(step)
      ours.advance(step)
      continue
    }
    const conn = step[0]!.startsWith('@') ? Number(step[0]!.slice(1)) : 1
    const argv = conn === 1 ? step : step.slice(1)
    await sayReal(conn, argv)
    await sayOurs(conn, argv)
  }
  const [a, b] = [await figures(sayReal), await figures(sayOurs)]
  expect(b).toEqual(a)
})
