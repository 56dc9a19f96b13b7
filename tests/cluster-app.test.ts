/** The smart client of the world: its map, its hops, its ledger. */
import { expect, test } from 'vitest'
import { clusterPreset } from '../src/world/cluster-presets.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld, type World } from '../src/world/world.ts'

interface AppView {
  readonly acknowledged: number
  readonly lost: number
  readonly stale: number
  readonly refused: number
  readonly unanswered: number
  readonly refreshes: number
  readonly corrections: number
  readonly map: readonly (readonly [number, number, string])[]
  readonly total: { ok: number; redirected: number; error: number; hops: number; moved: number; ask: number }
  readonly requests: readonly { hops: readonly { to: string; said: string }[]; outcome: string }[]
}
const world = (seed = 1): World =>
  createWorld(clusterPreset('cluster', seed), (kind) => (env, tap) => createProgram(kind, env, tap), {})
const app = (w: World, name = 'app-1'): AppView => w.view(name, 'app') as AppView
const spawn = (w: World, argv: readonly string[], box = 'box-6'): void =>
  w.spawn({ name: 'app-1', kind: 'app', box, port: 0, argv: ['10.0.0.11:6379', '10.0.0.12:6379', ...argv] })

test('Q09, C16: a client without a map needs two hops for what its first node does not have; one that keeps a map, one', () => {
  for (const [routing, lowest, highest] of [
    ['smart', 1, 1.02],
    ['dumb', 1.4, 1.9],
  ] as const) {
    const w = world()
    w.runUntil(3_000_000)
    spawn(w, ['--rate', '100', '--routing', routing])
    w.runFor(10_000_000)
    const { total, acknowledged, lost } = app(w)
    const hops = total.hops / (total.ok + total.redirected)
    expect(hops, routing).toBeGreaterThanOrEqual(lowest)
    expect(hops, routing).toBeLessThanOrEqual(highest)
    expect(acknowledged).toBeGreaterThan(300)
    expect(lost).toBe(0)
  }
})

test('C15: the map stays what it was until the client is told by MOVED; then the slot is corrected and all of it is asked for', () => {
  const w = world()
  w.runUntil(3_000_000)
  spawn(w, ['--rate', '0'])
  w.runFor(1_000_000)
  const before = app(w)
  expect(before.refreshes).toBe(1)
  expect(before.map.map(([a, b]) => [a, b])).toEqual([
    [0, 5460],
    [5461, 10922],
    [10923, 16383],
  ])
  w.spawn({ name: 'cli-1', kind: 'client', box: 'box-4', port: 0, argv: ['-h', '10.0.0.14', 'CLUSTER', 'FAILOVER'] })
  w.runFor(5_000_000)
  // n3 has taken n0's slots over; nobody told the client.
  expect(app(w)).toMatchObject({ refreshes: 1, corrections: 0, map: before.map })
  w.stdin('app-1', '--rate 50\n')
  w.runFor(3_000_000)
  const after = app(w)
  expect(after.total.moved).toBeGreaterThan(0)
  expect(after.refreshes).toBeGreaterThan(1)
  expect(after.map.find(([a]) => a === 0)?.[2]).toBe('10.0.0.14:6379')
  expect(after.lost).toBe(0)
})

test('a killed master: errors while the cluster decides, then its replica answers, and no replicated write is lost', () => {
  const w = world()
  w.runUntil(3_000_000)
  spawn(w, ['--rate', '50', '--keys', '50'])
  w.runFor(5_000_000)
  w.inject({ type: 'kill', process: 'n0' })
  w.runFor(2_000_000)
  const during = app(w)
  w.runFor(12_000_000)
  const after = app(w)
  expect(during.total.error + after.total.error + after.refused).toBeGreaterThan(0)
  expect(after.map.some(([, , a]) => a === '10.0.0.14:6379')).toBe(true)
  expect(after.acknowledged).toBeGreaterThan(during.acknowledged + 100)
  // One link away at half a millisecond: at most what was on the wire.
  expect(after.lost).toBeLessThanOrEqual(1)
})

test('G11: writes acknowledged by a master that does not reach its replica are lost with it', () => {
  const w = world()
  w.runUntil(3_000_000)
  spawn(w, ['--rate', '100', '--keys', '40', '--writes', '0.8'])
  w.runFor(5_000_000)
  w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-4'] })
  w.runFor(500_000)
  w.inject({ type: 'kill', process: 'n0' })
  w.runFor(15_000_000)
  expect(app(w).lost).toBeGreaterThan(0)
})

test('reads of replicas are counted as stale when they are behind, not as lost writes', () => {
  const w = world()
  w.runUntil(3_000_000)
  w.inject({ type: 'latency', a: 'box-1', b: 'box-4', latencyMicros: 300_000, jitterMicros: 0 })
  w.spawn({
    name: 'app-1',
    kind: 'app',
    box: 'box-5',
    port: 0,
    argv: ['10.0.0.11:6379', '--rate', '100', '--keys', '10', '--read-from', 'replica'],
  })
  w.runFor(20_000_000)
  expect(app(w).stale).toBeGreaterThan(0)
  expect(app(w).lost).toBe(0)
})
