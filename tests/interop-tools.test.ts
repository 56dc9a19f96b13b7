/** The real redis-cli and redis-benchmark against rehash-server, and how it starts and stops beside the real one. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, haveRedis, OURS, start, stopAll } from './support/processes.ts'

describe.skipIf(!haveRedis())('rehash-server beside redis-server', () => {
  beforeAll(ensureServerBuilt)
  afterAll(stopAll)

  const DEBUG = ['--enable-debug-command', 'yes']

  test('redis-cli gets the same answers from both', async () => {
    const [ours, real] = [await start('ours', { args: DEBUG }), await start('real', { args: DEBUG })]
    const commands: string[][] = [
      ['SET', 'k', 'v', 'EX', '100'],
      ['GET', 'k'],
      ['TTL', 'k'],
      ['RPUSH', 'l', 'a', 'b', 'c'],
      ['LRANGE', 'l', '0', '-1'],
      ['ZADD', 'z', '1', 'a', '2.5', 'b'],
      ['ZRANGE', 'z', '0', '-1', 'WITHSCORES'],
      ['HSET', 'h', 'f', 'v'],
      ['HGETALL', 'h'],
      ['-3', 'HGETALL', 'h'],
      ['OBJECT', 'ENCODING', 'z'],
      ['NOSUCH', 'a', 'b'],
      ['GET'],
      ['INCR', 'l'],
      ['CONFIG', 'GET', 'maxmemory-policy'],
      ['COMMAND', 'INFO', 'get', 'set'],
      ['DEBUG', 'DIGEST'],
      ['--no-raw', 'SCAN', '0', 'COUNT', '100', 'TYPE', 'string'],
    ]
    for (const c of commands) expect(cli(ours.port, ...c), c.join(' ')).toBe(cli(real.port, ...c))
  })

  test('redis-benchmark runs its tests to the end', async () => {
    const ours = await start('ours')
    const args = [
      '-p',
      String(ours.port),
      '-n',
      '2000',
      '-P',
      '16',
      '-q',
      '--csv',
      '-t',
      'ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset',
    ]
    const r = spawnSync('redis-benchmark', args, { encoding: 'utf8', timeout: 60_000 })
    const rows = r.stdout.split('\n').filter((l) => l.startsWith('"') && !l.startsWith('"test"'))
    expect(r.status).toBe(0)
    expect(rows.length).toBeGreaterThanOrEqual(16)
    expect(r.stdout + r.stderr).not.toMatch(/error|ERR/i)
  })

  test('SIGTERM saves and exits 0, and the file is loaded at the next start', async () => {
    const ours = await start('ours', { args: ['--save', '3600', '1'] })
    cli(ours.port, 'SET', 'kept', 'yes')
    ours.child.kill('SIGTERM')
    expect(await ours.exited).toBe(0)
    expect(ours.output()).toContain('# User requested shutdown...')
    expect(ours.output()).toContain('DB saved on disk')
    const real = await start('real', { dir: ours.dir })
    expect(cli(real.port, 'GET', 'kept')).toBe('yes')
    const again = await start('ours', { dir: ours.dir })
    expect(cli(again.port, 'GET', 'kept')).toBe('yes')
  })

  /** Lines without pid and time. */
  const messages = (text: string): string[] =>
    text
      .split('\n')
      .map((l) => l.replace(/^\d+:\w \d\d \w+ \d{4} [\d:.]+ /, '').trim())
      .filter((l) => l !== '')

  test('a port in use gives the same message and exit code', async () => {
    const holder = await start('real')
    const args = ['--port', String(holder.port), '--save', '']
    const real = spawnSync('redis-server', args, { encoding: 'utf8', timeout: 10_000 })
    const ours = spawnSync(process.execPath, [OURS, ...args], { encoding: 'utf8', timeout: 10_000 })
    expect(ours.status).toBe(real.status)
    const wanted = messages(real.stdout).filter((l) => /listen/i.test(l))
    expect(wanted.length).toBeGreaterThan(0)
    expect(messages(ours.stdout)).toEqual(expect.arrayContaining(wanted))
  })

  test.each([
    ['an unknown directive', 'port 0\nnosuchdirective yes\n'],
    ['a wrong value', 'maxmemory-policy never\n'],
    ['too few arguments', 'port\n'],
    ['an unbalanced quote', 'requirepass "abc\n'],
  ])('%s in the configuration gives the same message and exit code', async (_name, text) => {
    const holder = await start('real')
    const file = join(holder.dir, 'bad.conf')
    writeFileSync(file, text)
    const real = spawnSync('redis-server', [file], { encoding: 'utf8', timeout: 10_000 })
    const ours = spawnSync(process.execPath, [OURS, file], { encoding: 'utf8', timeout: 10_000 })
    const fatal = (s: string): string => s.slice(s.indexOf('*** FATAL'))
    expect(fatal(ours.stderr)).toBe(fatal(real.stderr))
    expect(ours.status).toBe(real.status)
  })

  test('--version says which Redis it is, and exits 0', () => {
    const ours = spawnSync(process.execPath, [OURS, '--version'], { encoding: 'utf8', timeout: 10_000 })
    const real = spawnSync('redis-server', ['--version'], { encoding: 'utf8', timeout: 10_000 })
    const version = (text: string): string => /^Redis server v=[\d.]+/.exec(text)?.[0] ?? text
    expect(version(ours.stdout)).toBe(version(real.stdout))
    expect(ours.status).toBe(real.status)
  })
})
