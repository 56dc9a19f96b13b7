/** MIGRATE between a real redis-server and rehash-server, both ways: values of every type arrive as they were. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, haveRedis, type Running, start, stopAll } from './support/processes.ts'

const DEBUG = ['--enable-debug-command', 'yes']
const VALUES: readonly (readonly string[])[] = [
  ['SET', 'string', 'x'.repeat(3000)],
  ['SET', 'number', '12345'],
  ['RPUSH', 'list', 'a', 'b', 'c'],
  ['SADD', 'ints', '1', '2', '300000'],
  ['SADD', 'set', 'a', 'b', 'c'],
  ['HSET', 'hash', 'f', 'v', 'g', 'w'],
  ['ZADD', 'zset', '1', 'a', '2.5', 'b'],
  ['XADD', 'stream', '1-1', 'f', 'v'],
  ['XGROUP', 'CREATE', 'stream', 'g', '0'],
  ['PFADD', 'hll', 'a', 'b', 'c'],
]
const KEYS = [...new Set(VALUES.map((v) => (v[0] === 'XGROUP' ? 'stream' : v[1]!)))]

describe.runIf(haveRedis())('MIGRATE beside a real server', () => {
  let [real, ours]: Running[] = []
  beforeAll(async () => {
    ensureServerBuilt()
    real = await start('real', { args: DEBUG })
    ours = await start('ours', { args: DEBUG })
  }, 60_000)
  afterAll(stopAll)

  test.each(['ours to real', 'real to ours'])('%s', (way) => {
    const [from, to] = way === 'ours to real' ? [ours!.port, real!.port] : [real!.port, ours!.port]
    for (const port of [from, to]) cli(port, 'FLUSHALL')
    for (const v of VALUES) cli(from, ...v)
    cli(from, 'PEXPIRE', 'hash', '100000')
    const before = cli(from, 'DEBUG', 'DIGEST-VALUE', ...KEYS)
    expect(cli(from, 'MIGRATE', '127.0.0.1', String(to), '', '0', '5000', 'KEYS', ...KEYS, 'nope')).toBe('OK')
    expect(cli(from, 'DBSIZE')).toBe('0')
    expect(cli(to, 'DEBUG', 'DIGEST-VALUE', ...KEYS)).toBe(before)
    expect(Number(cli(to, 'PTTL', 'hash'))).toBeGreaterThan(50_000)
    cli(from, 'SET', 'big', 'y'.repeat(100))
    cli(from, 'SETRANGE', 'big', '3000000', 'end')
    expect(cli(from, 'MIGRATE', '127.0.0.1', String(to), 'big', '0', '5000', 'COPY')).toBe('OK')
    expect(cli(from, 'MIGRATE', '127.0.0.1', String(to), 'big', '0', '5000')).toContain('BUSYKEY')
    expect(cli(to, 'STRLEN', 'big')).toBe('3000003')
    expect(cli(from, 'INFO', 'stats')).toContain('migrate_cached_sockets:1')
  })
})
