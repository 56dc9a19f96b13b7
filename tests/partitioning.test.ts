/** Partitioning by clients and by a proxy: what each costs, what a change of servers moves, what cannot be divided. */
import { expect, test } from 'vitest'
import { fragments } from '../src/engine/programs/app/proxy-requests.ts'
import { appDefaults, parseApp, parseProxy, proxyDefaults } from '../src/engine/programs/app/options.ts'
import { clusterPreset } from '../src/world/cluster-presets.ts'
import { createProgram } from '../src/world/programs.ts'
import { PRE_SHARDS, preSharded, PROXY_PORT, shard4, SHARDS } from '../src/world/shard-presets.ts'
import type { Scenario } from '../src/world/types.ts'
import { createWorld, type World } from '../src/world/world.ts'

interface AppView {
  readonly acknowledged: number
  readonly total: { ok: number; redirected: number; error: number; hops: number; moved: number; ask: number }
  readonly rehashed: number
  readonly sweep: { kind: string; keys: number; done: number; found: number } | null
  readonly perSecond: number
  readonly latency: { median: number; p99: number }
  readonly loads: readonly (readonly [string, number])[]
  readonly top: readonly { key: string; share: number; hot: boolean }[]
}
const PROXY = `10.0.0.16:${PROXY_PORT}`
const even = (s: Scenario): Scenario => ({
  ...s,
  topology: { ...s.topology, link: { ...s.topology.link, jitterMicros: 0 } },
})
const world = (s: Scenario): World => {
  const w = createWorld(s, (kind) => (env, tap) => createProgram(kind, env, tap), {})
  w.runUntil(1_000_000)
  return w
}
const app = (w: World, name = 'app'): AppView => w.view(name, 'app') as AppView
const start = (w: World, argv: readonly string[], box = 'box-7', name = 'app'): void =>
  w.spawn({ name, kind: 'app', box, port: 0, argv })
let asked = 0
/** What redis-cli prints. */
function cli(w: World, address: string, ...words: readonly string[]): string {
  const name = `cli-${++asked}`
  const [host = '', port = ''] = address.split(':')
  w.spawn({ name, kind: 'client', box: 'box-1', port: 0, argv: ['-h', host, '-p', port, ...words] })
  w.runFor(200_000)
  return w.output(name).trim()
}
const sumOf = (loads: readonly (readonly [string, number])[]): number => loads.reduce((sum, [, n]) => sum + n, 0)

test('options: what is wrong is said in words', () => {
  const wrong = (...argv: string[]) => parseApp(argv, appDefaults())
  expect(wrong('10.0.0.1:6379', '--split', '2.5')).toBe('--split must be a whole number from 1 to 1000')
  expect(wrong('10.0.0.1:6379', '--routing', 'modulo')).toBe('--routing must be smart or dumb or ring')
  expect(wrong('n0=10.0.0.1')).toBe("'n0=10.0.0.1' is not an address host:port, nor name=host:port")
  expect(wrong('--hot', '0.5')).toBe('An address host:port is wanted')
  expect(parseProxy(['--rate', '5', 'a:1'], proxyDefaults())).toBe('Unknown option --rate')
  expect(parseProxy(['--listen', '0', 'a:1'], proxyDefaults())).toBe('--listen must be a whole number from 1 to 65535')
})

test('Q07: a client with a ring asks the right server at once: one hop, and every key is where the ring says', () => {
  const w = world(shard4())
  start(w, [...SHARDS, '--routing', 'ring', '--rate', '200', '--keys', '400', '--fill', 'yes'])
  w.runFor(5_000_000)
  const { total, sweep, loads } = app(w)
  expect(total.hops).toBe(total.ok)
  expect(total.error).toBe(0)
  expect(sweep).toMatchObject({ kind: 'SET', done: 400, found: 400 })
  expect(loads.length).toBe(4)
  const sizes = SHARDS.map((s) => Number(cli(w, s.split('=')[1] as string, 'DBSIZE').replace(/\D/g, '')))
  expect(sizes.reduce((a, b) => a + b)).toBe(400)
  for (const n of sizes) expect(n).toBeGreaterThan(60)
})

test('Q08: through a proxy each request takes one round trip more, and without the proxy nothing is answered', () => {
  const w = world(even(shard4()))
  start(w, [...SHARDS, '--routing', 'ring', '--rate', '100'], 'box-7', 'direct')
  start(w, [PROXY, '--routing', 'dumb', '--rate', '100'], 'box-7', 'through')
  w.runFor(3_000_000)
  const roundTrip = 1000
  const more = app(w, 'through').latency.median - app(w, 'direct').latency.median
  expect(more).toBeGreaterThanOrEqual(roundTrip)
  expect(more).toBeLessThan(roundTrip * 1.1)
  w.inject({ type: 'kill', process: 'proxy' })
  w.runFor(1_000_000)
  const before = app(w, 'through')
  const direct = app(w, 'direct')
  w.runFor(2_000_000)
  expect(app(w, 'through').total.ok).toBe(before.total.ok)
  expect(app(w, 'through').total.error).toBeGreaterThan(before.total.error + 100)
  expect(app(w, 'direct').total.ok).toBeGreaterThan(direct.total.ok + 150)
  w.inject({ type: 'restart', process: 'proxy' })
  w.runFor(2_000_000)
  expect(app(w, 'through').total.ok).toBeGreaterThan(before.total.ok)
})

test('Q08: a proxy splits MGET, MSET and DEL, keeps the order, and refuses what it cannot divide', () => {
  const w = world(shard4())
  const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
  expect(cli(w, PROXY, 'MSET', ...keys.flatMap((k, i) => [k, `v${i}`]))).toBe('OK')
  const got = cli(w, PROXY, 'MGET', 'k3', 'nobody', ...keys)
  expect(got.match(/v\d+|nil/g)).toEqual(['v3', 'nil', ...keys.map((_, i) => `v${i}`)])
  expect(Number(cli(w, SHARDS[0]?.split('=')[1] as string, 'DBSIZE').replace(/\D/g, ''))).toBeLessThan(12)
  expect(cli(w, PROXY, 'DEL', ...keys.slice(0, 5), 'nobody')).toMatch(/5$/)
  expect(cli(w, PROXY, 'PING')).toBe('PONG')
  // An error of a server comes through as it is.
  expect(cli(w, PROXY, 'INCR', 'k7')).toContain('value is not an integer or out of range')
  for (const words of [['KEYS', '*'], ['MULTI'], ['SELECT', '1'], ['MSET', 'a'], ['RENAME', 'a', 'b']])
    expect(cli(w, PROXY, ...words), words.join(' ')).toContain('ERR Invalid argument')
  w.inject({ type: 'kill', process: 'n0' })
  w.runFor(100_000)
  expect(cli(w, PROXY, 'MGET', ...keys)).toContain('ERR Connection refused')
  const view = w.view('proxy', 'proxy') as { total: { split: number; refused: number } }
  expect(view.total).toMatchObject({ split: 4, refused: 5 })
})

test('a proxy puts many questions on one connection and answers each client in its order', () => {
  const parts = fragments('MGET', ['mget', 'a', 'b', 'c'], (key) => (key === 'b' ? 'y' : 'x'))
  expect(parts?.pieces).toEqual([
    { to: 'x', argv: ['mget', 'a', 'c'] },
    { to: 'y', argv: ['mget', 'b'] },
  ])
  expect(parts?.merge([['A', null], ['B']])).toEqual(['A', 'B', null])
  expect(parts?.merge([['A', null], { t: 'error', text: 'ERR x' }])).toEqual({ t: 'error', text: 'ERR x' })
  const w = world(shard4())
  start(w, [PROXY, '--routing', 'dumb', '--rate', '0', '--inflight', '200', '--keys', '500'])
  w.runFor(300_000)
  // A late or a changed answer would be found as a lost write.
  expect(w.view('app', 'app')).toMatchObject({ lost: 0, stale: 0, total: { error: 0 } })
  expect(app(w).total.ok).toBeGreaterThan(10_000)
})

test('Q02, Q03: a server more, a fifth of the keys moves to it and is not found; the proxy learns it as well', () => {
  const w = world(shard4())
  start(w, [...SHARDS, '--routing', 'ring', '--rate', '0', '--keys', '2000', '--fill', 'yes'])
  w.runFor(2_000_000)
  w.stdin('app', 'n4=10.0.0.15:6379\n')
  w.runFor(2_000_000)
  const after = app(w)
  expect(after.rehashed / 2000).toBeGreaterThan(0.13)
  expect(after.rehashed / 2000).toBeLessThan(0.27)
  expect(after.sweep).toMatchObject({ kind: 'GET', done: 2000, found: 2000 - after.rehashed })
  w.stdin('proxy', 'n4=10.0.0.15:6379\n')
  w.runFor(100_000)
  cli(w, PROXY, 'MSET', ...Array.from({ length: 60 }, (_, i) => [`p${i}`, '1']).flat())
  expect(Number(cli(w, '10.0.0.15:6379', 'DBSIZE').replace(/\D/g, ''))).toBeGreaterThan(3)
  w.stdin('app', 'remove n4\n')
  w.runFor(2_000_000)
  expect(app(w).sweep).toMatchObject({ done: 2000, found: 2000 })
})

test('Q06: four boxes answer at least three and a half times as many requests as one', () => {
  // One client's own thread does 200,000 a second: twelve of them saturate the servers, not themselves.
  const clients = Array.from({ length: 12 }, (_, i) => `app-${i}`)
  const load = [
    '--routing',
    'ring',
    '--rate',
    '0',
    '--writes',
    '0',
    '--keys',
    '2000',
    '--inflight',
    '600',
    '--vnodes',
    '1000',
  ]
  const throughput = (servers: readonly string[]): number => {
    const w = world(shard4())
    for (const [i, name] of clients.entries()) start(w, [...servers, ...load], `box-${(i % 3) + 5}`, name)
    w.runFor(10_000)
    const ok = () => clients.reduce((sum, name) => sum + app(w, name).total.ok, 0)
    const before = ok()
    w.runFor(10_000)
    return (ok() - before) / 0.01
  }
  const one = throughput(SHARDS.slice(0, 1))
  const four = throughput(SHARDS)
  // Two microseconds of one thread for a GET.
  expect(one).toBeGreaterThan(300_000)
  expect(one).toBeLessThan(510_000)
  expect(four / one).toBeGreaterThan(3.5)
  expect(four / one).toBeLessThan(4.2)
})

test('Q10: what a division costs: CROSSSLOT, EXECABORT, a hot server, a file for each, keys that move', () => {
  const w = world(clusterPreset('cluster'))
  w.runFor(2_000_000)
  const n0 = '10.0.0.11:6379'
  expect(cli(w, n0, 'MSET', 'foo', '1', 'bar', '2')).toContain("CROSSSLOT Keys in request don't hash to the same slot")
  w.spawn({ name: 'tx', kind: 'client', box: 'box-1', port: 0, argv: ['-h', '10.0.0.11'] })
  w.stdin('tx', 'MULTI\nSET bar 1\nSET foo 1\nEXEC\n')
  w.runFor(500_000)
  expect(w.output('tx')).toContain('EXECABORT Transaction discarded because of previous errors.')
  start(w, [n0, '--rate', '200', '--hot', '0.7', '--writes', '0'], 'box-1')
  w.runFor(3_000_000)
  const loads = app(w).loads.map(([, n]) => n)
  expect(Math.max(...loads) / sumOf(app(w).loads)).toBeGreaterThan(0.7)
  // Each node's keys in a file of its own: a backup of all is three of them, of three moments.
  for (const i of [1, 2, 3]) expect(cli(w, `10.0.0.1${i}:6379`, 'SAVE')).toBe('OK')
  const files = ['n0', 'n1', 'n2'].filter((n) => w.files(n).has('/var/lib/redis/dump.rdb'))
  expect(files).toEqual(['n0', 'n1', 'n2'])
})

test('Q11, Q12: of 32 small servers one moves to another box by REPLICAOF: no key has another server', () => {
  const w = world(preSharded())
  start(w, [...PRE_SHARDS, '--routing', 'ring', '--rate', '0', '--keys', '3200', '--fill', 'yes'], 'box-6')
  w.runFor(2_000_000)
  expect(app(w).sweep).toMatchObject({ done: 3200, found: 3200 })
  const [old, fresh] = ['10.0.0.14:6380', '10.0.0.15:6379']
  const sizes = () => PRE_SHARDS.map((s) => cli(w, s.split('=')[1] as string, 'DBSIZE'))
  const before = sizes()
  w.spawn({
    name: 's7-new',
    kind: 'server',
    box: 'box-5',
    port: 6379,
    argv: ['--port', '6379', '--enable-debug-command', 'yes', '--protected-mode', 'no', '--dir', '/var/lib/redis'],
  })
  w.runFor(500_000)
  expect(cli(w, fresh, 'REPLICAOF', '10.0.0.14', '6380')).toBe('OK')
  w.runFor(8_000_000)
  expect(cli(w, fresh, 'INFO', 'replication')).toContain('master_link_status:up')
  const digest = cli(w, old, 'DEBUG', 'DIGEST')
  expect(digest).toMatch(/^[0-9a-f]{40}$/)
  expect(cli(w, fresh, 'DEBUG', 'DIGEST')).toBe(digest)
  expect(cli(w, fresh, 'REPLICAOF', 'NO', 'ONE')).toBe('OK')
  w.stdin('app', `s7=${fresh}\n`)
  w.inject({ type: 'kill', process: 's7' })
  w.runFor(2_000_000)
  expect(app(w)).toMatchObject({ rehashed: 0, sweep: { kind: 'GET', done: 3200, found: 3200 }, total: { error: 0 } })
  expect(cli(w, fresh, 'DBSIZE')).toBe(before[7])
  expect(sizes().filter((s, i) => i !== 7 && s !== before[i])).toEqual([])
})

test('Q12: or by its RDB file, carried to the new box', () => {
  const w = world(shard4())
  start(w, [...SHARDS, '--routing', 'ring', '--rate', '0', '--keys', '500', '--fill', 'yes'])
  w.runFor(2_000_000)
  expect(cli(w, '10.0.0.11:6379', 'SAVE')).toBe('OK')
  const rdb = w.files('n0').get('/var/lib/redis/dump.rdb') as string
  w.spawn({
    name: 'copy',
    kind: 'server',
    box: 'box-7',
    port: 6379,
    argv: ['--port', '6379', '--enable-debug-command', 'yes', '--protected-mode', 'no', '--dir', '/var/lib/redis'],
    files: { '/var/lib/redis/dump.rdb': rdb },
  })
  w.runFor(500_000)
  expect(cli(w, '10.0.0.17:6379', 'DBSIZE')).toBe(cli(w, '10.0.0.11:6379', 'DBSIZE'))
  expect(cli(w, '10.0.0.17:6379', 'DEBUG', 'DIGEST')).toBe(cli(w, '10.0.0.11:6379', 'DEBUG', 'DIGEST'))
})

test('O13: two requests in five for one key: it is flagged, and an even load flags nothing', () => {
  const w = world(clusterPreset('cluster'))
  w.runFor(2_000_000)
  start(w, ['10.0.0.11:6379', '--rate', '500', '--hot', '0.4', '--writes', '0'], 'box-1', 'sale')
  start(w, ['10.0.0.11:6379', '--rate', '500', '--writes', '0'], 'box-1', 'even')
  w.runFor(2_000_000)
  expect(app(w, 'sale').top[0]).toMatchObject({ key: 'hot', hot: true })
  expect(app(w, 'sale').top[0]?.share).toBeCloseTo(0.4, 2)
  expect(app(w, 'sale').top[1]).toMatchObject({ hot: false })
  expect(app(w, 'even').top[0]).toMatchObject({ hot: false })
})

/** A replica is not told to clients before it has heard something from its master. */
function written(w: World): void {
  start(w, [...masters, '--rate', '100', '--writes', '1', '--keys', '50'], 'box-2', 'writer')
  w.runFor(2_000_000)
  w.stdin('writer', 'stop\n')
  w.runFor(2_000_000)
}
const masters = ['10.0.0.11:6379', '10.0.0.12:6379', '10.0.0.13:6379']
const loadOf = (w: World, name: string): number[] => {
  const loads = new Map(app(w, name).loads)
  return [11, 12, 13, 14, 15, 16].map((n) => loads.get(`10.0.0.${n}:6379`) ?? 0)
}

test('O16: reads of a hot key spread over the replicas: the master keeps one of 1 + replicas', () => {
  for (const [preset, replicas] of [
    ['cluster', 1],
    ['cluster-7', 2],
  ] as const) {
    const w = world(clusterPreset(preset))
    w.runFor(2_000_000)
    written(w)
    // key:0 lives on n0, which in cluster-7 has two replicas.
    for (const [name, from] of [
      ['before', 'master'],
      ['after', 'any'],
    ] as const)
      start(w, [...masters, '--rate', '400', '--writes', '0', '--keys', '1', '--read-from', from], 'box-6', name)
    w.runFor(5_000_000)
    const at = (name: string) => app(w, name).loads.map(([, n]) => n / sumOf(app(w, name).loads))
    expect(at('before')).toEqual([1])
    expect(at('after').length, `${JSON.stringify(app(w, 'after').loads)}`).toBe(1 + replicas)
    for (const share of at('after')) expect(Math.abs(share - 1 / (1 + replicas))).toBeLessThan(0.05)
  }
})

test('O17: one hot key is one hot node; split into hot#0 to hot#23 the load is even again', () => {
  const w = world(clusterPreset('cluster'))
  w.runFor(2_000_000)
  written(w)
  const hot = [...masters, '--rate', '400', '--writes', '0', '--hot', '0.8']
  start(w, hot, 'box-1', 'hot')
  start(w, [...hot, '--split', '24', '--read-from', 'any'], 'box-1', 'split')
  start(w, [...hot, '--split', '24'], 'box-1', 'masters')
  w.runFor(5_000_000)
  const ratio = (loads: readonly number[]) => Math.max(...loads) / (loads.reduce((a, b) => a + b) / loads.length)
  expect(ratio(loadOf(w, 'hot'))).toBeGreaterThan(3)
  expect(ratio(loadOf(w, 'split'))).toBeLessThan(1.5)
  expect(ratio(loadOf(w, 'masters').slice(0, 3))).toBeLessThan(1.5)
  expect(app(w, 'masters').top[0]).toMatchObject({ hot: false })
})
