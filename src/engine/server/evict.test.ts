import { expect, test } from 'vitest'
import { bench } from './rig.ts'

const filled = (policy: string, extra = '') => {
  const r = bench()
  const a = r.connect()
  a(`CONFIG SET maxmemory-policy ${policy} ${extra}\r\n`)
  for (let i = 0; i < 400; i++) a(`SET key:${i} ${'x'.repeat(1000)}\r\n`)
  return { ...r, a, limit: (keys: number) => a(`CONFIG SET maxmemory ${r.server.usedMemory() - keys * 1100}\r\n`) }
}

test('noeviction refuses what needs memory, also inside MULTI, and lets the rest through', () => {
  const { a, limit } = filled('noeviction')
  limit(10)
  const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
  expect(a('SET a 1\r\n')).toBe(oom)
  expect(a('DEL key:1\r\n')).toBe(':1\r\n')
  expect(a('MULTI\r\nGET a\r\nEXEC\r\n')).toBe(
    `+OK\r\n${oom}-EXECABORT Transaction discarded because of previous errors.\r\n`,
  )
})

test('allkeys-lru keeps what is used', () => {
  const { a, limit, server, wait } = filled('allkeys-lru', 'maxmemory-samples 20 maxmemory-eviction-tenacity 100')
  wait(20_000)
  for (let i = 0; i < 100; i++) a(`GET key:${i}\r\n`)
  wait(1000)
  limit(200)
  expect(server.stat.evictedKeys).toBeGreaterThan(150)
  const hot = Array.from({ length: 100 }, (_, i) => a(`EXISTS key:${i}\r\n`)).filter((r) => r === ':1\r\n').length
  expect(hot).toBeGreaterThan(95)
  expect(a('SET more 1\r\n')).toBe('+OK\r\n')
})

test('allkeys-lfu keeps what is used often, and the counter decays', () => {
  const { a, limit, server, wait } = filled('allkeys-lfu', 'maxmemory-samples 20 maxmemory-eviction-tenacity 100')
  for (let n = 0; n < 30; n++) for (let i = 0; i < 50; i++) a(`GET key:${i}\r\n`)
  limit(200)
  expect(server.stat.evictedKeys).toBeGreaterThan(150)
  expect(
    Array.from({ length: 50 }, (_, i) => a(`EXISTS key:${i}\r\n`)).filter((r) => r === ':1\r\n').length,
  ).toBeGreaterThan(45)
  const before = Number(a('OBJECT FREQ key:1\r\n').slice(1))
  wait(3 * 60_000)
  expect(Number(a('OBJECT FREQ key:1\r\n').slice(1))).toBeLessThan(before)
})

test('volatile policies touch only keys with a TTL, volatile-ttl the nearest to death first', () => {
  const { a, limit, server } = filled('volatile-ttl', 'maxmemory-samples 10 maxmemory-eviction-tenacity 100')
  for (let i = 0; i < 100; i++) a(`EXPIRE key:${i} ${1000 + i * 10}\r\n`)
  limit(40)
  const left = Array.from({ length: 100 }, (_, i) => a(`EXISTS key:${i}\r\n`) === ':1\r\n')
  expect(left.filter((x) => !x).length).toBeGreaterThan(30)
  expect(left.slice(80).every((x) => x)).toBe(true)
  expect(server.dbs[0]?.size).toBe(300 + left.filter((x) => x).length)
  limit(200)
  expect(a('SET a 1\r\n')).toBe("-OOM command not allowed when used memory > 'maxmemory'.\r\n")
  expect(server.dbs[0]?.size).toBe(300)
})

test('random policies, notifications and the propagated DEL', () => {
  for (const policy of ['allkeys-random', 'volatile-random', 'volatile-lru', 'volatile-lfu']) {
    const { a, limit, server, connect, read } = filled(
      policy,
      'notify-keyspace-events Ee maxmemory-eviction-tenacity 100',
    )
    if (policy.startsWith('volatile')) for (let i = 0; i < 400; i++) a(`EXPIRE key:${i} 1000\r\n`)
    const b = connect()
    b('SUBSCRIBE __keyevent@0__:evicted\r\n')
    const fed: string[] = []
    const repl = server.repl as { feed(db: number, argv: readonly string[]): void }
    const feed = repl.feed.bind(repl)
    repl.feed = (db, argv) => {
      fed.push(argv[0] as string)
      feed(db, argv)
    }
    limit(20)
    expect(server.stat.evictedKeys).toBeGreaterThan(10)
    expect(read(b).split('__keyevent@0__:evicted').length - 1).toBe(server.stat.evictedKeys)
    expect(fed.filter((w) => w === 'DEL').length).toBe(server.stat.evictedKeys)
  }
})
