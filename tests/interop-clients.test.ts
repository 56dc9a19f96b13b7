/** Clients from npm, used as in an application, against the built rehash-server: ioredis and node-redis. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureServerBuilt, type Running, start, stopAll, until } from './support/processes.ts'

let server: Running
let io: Redis
const open: { disconnect?(): void; destroy?(): void }[] = []
const ioredis = (options: Record<string, unknown> = {}): Redis => {
  const c = new Redis({ port: server.port, host: '127.0.0.1', maxRetriesPerRequest: 1, ...options })
  c.on('error', () => {})
  open.push(c)
  return c
}
async function node(options: Record<string, unknown> = {}) {
  const c = createClient({ socket: { port: server.port, host: '127.0.0.1' }, ...options })
  c.on('error', () => {})
  await c.connect()
  open.push(c as unknown as { destroy(): void })
  return c
}
/** Until so many clients wait. */
const blocked = (n: number): Promise<unknown> =>
  until('a client to wait', async () => (await io.info('clients')).includes(`blocked_clients:${n}`))
async function has(command: string): Promise<boolean> {
  return ((await io.call('COMMAND', 'INFO', command)) as unknown[])[0] !== null
}

describe('clients from npm', () => {
  beforeAll(async () => {
    ensureServerBuilt()
    server = await start('ours')
    io = ioredis()
  }, 60_000)
  beforeEach(async () => {
    await io.flushall()
  })
  afterAll(async () => {
    for (const c of open) {
      try {
        if (c.destroy) c.destroy()
        else c.disconnect?.()
      } catch {}
    }
    await stopAll()
  })

  test('ioredis: values of every type, pipelines and errors in them', async () => {
    expect(await io.set('k', 'v', 'EX', 100, 'NX')).toBe('OK')
    expect(await io.set('k', 'v', 'NX')).toBeNull()
    expect(await io.ttl('k')).toBe(100)
    await io.hset('h', { a: '1', b: '2' })
    expect(await io.hgetall('h')).toEqual({ a: '1', b: '2' })
    await io.zadd('z', 1, 'x', 2.5, 'y')
    expect(await io.zrange('z', '0', '-1', 'WITHSCORES')).toEqual(['x', '1', 'y', '2.5'])
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    await io.set(bytes, bytes)
    expect(await io.getBuffer(bytes)).toEqual(bytes)
    const results = await io.pipeline().set('n', '1').incr('n').lpush('n', 'x').get('n').exec()
    expect(results?.map(([e, v]) => e?.message ?? v)).toEqual([
      'OK',
      2,
      'WRONGTYPE Operation against a key holding the wrong kind of value',
      '2',
    ])
    const many = io.pipeline()
    for (let i = 0; i < 5000; i++) many.set(`many:${i}`, 'x'.repeat(i % 200))
    expect((await many.exec())?.every(([e, v]) => e === null && v === 'OK')).toBe(true)
  })

  test('ioredis: transactions, WATCH, SCAN streams', async () => {
    expect(await io.multi().set('a', '1').incr('a').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
    ])
    const other = ioredis()
    await io.watch('a')
    await other.set('a', '9')
    expect(await io.multi().incr('a').exec()).toBeNull()
    const expected = new Set<string>()
    const p = io.pipeline()
    for (let i = 0; i < 700; i++) {
      p.set(`s:${i}`, '1').hset('big', `f${i}`, String(i)).sadd('set', `m${i}`).zadd('zs', i, `m${i}`)
      expected.add(`s:${i}`)
    }
    await p.exec()
    const seen = new Set<string>()
    for await (const keys of io.scanStream({ match: 's:*', count: 50 })) for (const k of keys as string[]) seen.add(k)
    expect(seen).toEqual(expected)
    let fields = 0
    for await (const part of io.hscanStream('big')) fields += (part as string[]).length / 2
    expect(fields).toBe(700)
    const members = new Set<string>()
    for await (const part of io.sscanStream('set')) for (const m of part as string[]) members.add(m)
    expect(members.size).toBe(700)
  })

  test('ioredis: pub/sub with patterns and buffers, keyspace events, blocking, MONITOR', async () => {
    const sub = ioredis()
    const heard: string[] = []
    sub.on('message', (c, m) => heard.push(`${c}=${m}`))
    sub.on('pmessage', (p, c, m) => heard.push(`${p}:${c}=${m}`))
    expect(await sub.subscribe('news', 'other')).toBe(2)
    expect(await sub.psubscribe('n*', '__keyevent@0__:*')).toBe(4)
    expect(await io.publish('news', 'hello')).toBe(2)
    await io.config('SET', 'notify-keyspace-events', 'KEA')
    await io.set('k', '1', 'PX', 20)
    await until('the events', () => heard.includes('__keyevent@0__:*:__keyevent@0__:expired=k'))
    expect(heard.slice(0, 2)).toEqual(['news=hello', 'n*:news=hello'])
    expect(heard.slice(2)).toEqual([
      '__keyevent@0__:*:__keyevent@0__:set=k',
      '__keyevent@0__:*:__keyevent@0__:expire=k',
      '__keyevent@0__:*:__keyevent@0__:expired=k',
    ])
    await io.config('SET', 'notify-keyspace-events', '')
    expect(await sub.unsubscribe('news', 'other')).toBe(2)
    const blocker = ioredis()
    const waiting = blocker.blpop('q1', 'q2', 0)
    await blocked(1)
    await io.rpush('q2', 'job')
    expect(await waiting).toEqual(['q2', 'job'])
    expect(await blocker.blpop('q1', 0.05)).toBeNull()
    const monitor = await ioredis().monitor()
    const lines: string[][] = []
    monitor.on('monitor', (_t: string, args: string[]) => lines.push(args))
    await io.set('watched', 'a"b')
    await until('the monitor', () => lines.some((l) => l[0] === 'set' && l[1] === 'watched'))
    monitor.disconnect()
  })

  test('ioredis: a user with a password, a name, a database; reconnection restores them', async () => {
    await io.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~app:*', '+@all', '-@dangerous', '+info')
    const c = ioredis({ username: 'app', password: 'pw', db: 2, connectionName: 'web' })
    expect(await c.call('ACL', 'WHOAMI')).toBe('app')
    expect(await c.client('GETNAME')).toBe('web')
    await c.set('app:k', '1')
    await expect(c.set('k', '1')).rejects.toThrow(
      'NOPERM this user has no permissions to access one of the keys used as arguments',
    )
    await expect(c.flushall()).rejects.toThrow("NOPERM this user has no permissions to run the 'flushall' command")
    const id = await c.client('ID')
    expect(await io.call('CLIENT', 'KILL', 'ID', String(id))).toBe(1)
    await until('the new connection', async () => (await c.client('ID').catch(() => id)) !== id)
    expect(await c.get('app:k')).toBe('1')
    const wrong = ioredis({ username: 'app', password: 'no', lazyConnect: true, retryStrategy: () => null })
    const said: string[] = []
    wrong.on('error', (e) => said.push(String(e.message)))
    await expect(wrong.connect()).rejects.toThrow()
    expect(said.join()).toMatch(/WRONGPASS|NOAUTH|closed/)
    expect(await io.call('ACL', 'DELUSER', 'app')).toBe(1)
  })

  test('node-redis: values, transactions, scan iterators, RESP2 and RESP3', async () => {
    for (const RESP of [2, 3] as const) {
      await io.flushall()
      const c = await node({ RESP })
      await c.set('k', 'v', { EX: 100 })
      expect(await c.get('k')).toBe('v')
      await c.hSet('h', { a: '1', b: '2' })
      expect({ ...(await c.hGetAll('h')) }).toEqual({ a: '1', b: '2' })
      await c.zAdd('z', [
        { score: 1.5, value: 'x' },
        { score: 2, value: 'y' },
      ])
      expect(await c.zRangeWithScores('z', 0, -1)).toEqual([
        { score: 1.5, value: 'x' },
        { score: 2, value: 'y' },
      ])
      expect(await c.multi().set('a', '1').incr('a').get('a').exec()).toEqual(['OK', 2, '2'])
      const keys = new Set<string>()
      await c.mSet(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`it:${i}`, 'v'])))
      for await (const some of c.scanIterator({ MATCH: 'it:*', COUNT: 20 }))
        for (const k of [some].flat() as string[]) keys.add(k)
      expect(keys.size).toBe(300)
      await expect(c.sendCommand(['NOSUCH'])).rejects.toThrow("unknown command 'NOSUCH'")
      const many = await Promise.all(Array.from({ length: 1000 }, (_, i) => c.incrBy('sum', i)))
      expect(many.at(-1)).toBe(499500)
    }
  })

  test('node-redis: pub/sub in both protocols, sharded too, and blocking', async () => {
    for (const RESP of [2, 3] as const) {
      const c = await node({ RESP })
      const sub = await node({ RESP })
      const heard: string[] = []
      await sub.subscribe('ch', (m, ch) => heard.push(`${ch}=${m}`))
      await sub.pSubscribe('c*', (m, ch) => heard.push(`p:${ch}=${m}`))
      await sub.sSubscribe('shard', (m, ch) => heard.push(`s:${ch}=${m}`))
      await c.publish('ch', 'hi')
      await c.sPublish('shard', 'ho')
      await until('three messages', () => heard.length === 3)
      expect(heard).toEqual(['ch=hi', 'p:ch=hi', 's:shard=ho'])
      await sub.unsubscribe('ch')
      await sub.pUnsubscribe()
      const blocked = sub.duplicate()
      blocked.on('error', () => {})
      await blocked.connect()
      open.push(blocked as unknown as { destroy(): void })
      const waiting = blocked.blPop('queue', 0)
      await until('it to wait', async () => String(await c.info('clients')).includes('blocked_clients:1'))
      await c.rPush('queue', 'job')
      expect({ ...(await waiting) }).toEqual({ key: 'queue', element: 'job' })
    }
  })

  test('node-redis: client-side caching hears of changes', async () => {
    const c = await node({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: 'LRU' } })
    await io.set('cached', '1')
    expect(await c.get('cached')).toBe('1')
    expect(await c.get('cached')).toBe('1')
    const info = String(await io.info('commandstats'))
    expect(/cmdstat_client\|tracking:calls=[1-9]/.test(info)).toBe(true)
    expect(String(await io.info('clients'))).toContain('tracking_clients:1')
    await io.set('cached', '2')
    await until('the new value', async () => (await c.get('cached')) === '2')
  })

  test('scripts and functions', async (t) => {
    if (!(await has('eval'))) return t.skip()
    expect(await io.eval('return {KEYS[1],ARGV[1],redis.call("SET",KEYS[1],ARGV[1])}', 1, 'k', 'v')).toEqual([
      'k',
      'v',
      'OK',
    ])
    io.defineCommand('addAll', { numberOfKeys: 1, lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1] + ARGV[2])' })
    expect(await (io as unknown as { addAll(...a: unknown[]): Promise<number> }).addAll('n', 2, 3)).toBe(5)
    await io.script('FLUSH')
    expect(await (io as unknown as { addAll(...a: unknown[]): Promise<number> }).addAll('n', 2, 3)).toBe(10)
    const c = await node()
    expect(await c.eval('return redis.call("GET", KEYS[1])', { keys: ['n'], arguments: [] })).toBe('10')
    await io.call('ACL', 'SETUSER', 'lua', 'on', 'nopass', '~n', '+eval', '+get', '+info')
    const limited = ioredis({ username: 'lua', password: 'x' })
    expect(await limited.eval('return redis.call("GET", "n")', 0)).toBe('10')
    await expect(limited.eval('return redis.call("SET", "n", "1")', 0)).rejects.toThrow(
      "can't run this command or subcommand",
    )
    await io.call('ACL', 'DELUSER', 'lua')
  })

  test('streams with groups', async (t) => {
    if (!(await has('xreadgroup'))) return t.skip()
    const c = await node()
    await c.xGroupCreate('s', 'g', '$', { MKSTREAM: true })
    const first = await c.xAdd('s', '*', { a: '1' })
    await c.xAdd('s', '*', { a: '2' })
    const got = await c.xReadGroup('g', 'me', { key: 's', id: '>' }, { COUNT: 10 })
    expect((got as { messages: { id: string; message: Record<string, string> }[] }[])[0]?.messages.length).toBe(2)
    expect(await c.xAck('s', 'g', first)).toBe(1)
    expect((await c.xPending('s', 'g')).pending).toBe(1)
    const reader = ioredis()
    const waiting = reader.xread('BLOCK', 0, 'STREAMS', 's', '$')
    await blocked(1)
    const id = await io.xadd('s', '*', 'f', 'v')
    expect(await waiting).toEqual([['s', [[id, ['f', 'v']]]]])
    const claimed = (await io.xautoclaim('s', 'g', 'other', 0, '0')) as [string, [string, string[]][], string[]]
    expect(claimed[1].map((e) => e[1])).toEqual([['a', '2']])
  })
})
