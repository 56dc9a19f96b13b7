/** The real deployment: one history for one seed and input log, whichever threads run it and whoever watches. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Conductor } from '../src/browser/conductor.ts'
import type { ViewRequest } from '../src/browser/worker-protocol.ts'
import type { MachineFactory } from '../src/engine/machine.ts'
import { sentinelTrio } from '../src/world/presets.ts'
import { createProgram, type ProgramKind } from '../src/world/programs.ts'
import type { ProcessSpec } from '../src/world/types.ts'
import { createWorld, type World, type WorldOptions } from '../src/world/world.ts'
import { type NodeThreads, nodeThreads } from './world-threads.ts'

const SECOND = 1_000_000
const programs =
  (kind: ProgramKind): MachineFactory =>
  (env, tap) =>
    createProgram(kind, env, tap)
const names = ['redis-1', 'redis-2', 'redis-3', 's1', 's2', 's3']
const cli = (name: string, box: string, ...argv: string[]): ProcessSpec => ({
  name,
  kind: 'client',
  box,
  port: 0,
  argv,
})

let threads: NodeThreads
beforeAll(async () => {
  threads = await nodeThreads('world-real-worker.ts')
})
afterAll(() => threads.remove())

/** The part of a world and of a conductor that the story needs. */
interface Stage {
  to(at: number): Promise<void> | void
  inject: World['inject']
  spawn(spec: ProcessSpec): void
  type(process: string, bytes: string): void
}

/** Keys of every kind, a failover, a restart as a replica, a partition, and a terminal that is open all the time. */
async function story(stage: Stage): Promise<void> {
  await stage.to(SECOND)
  stage.spawn(cli('terminal', 'box-1', '-h', '10.0.0.11'))
  await stage.to(2 * SECOND)
  for (const line of [
    'set a 1',
    'hset h f v',
    'rpush l 1 2 3',
    'zadd z 1 a 2 b',
    'sadd s x y z',
    'spop s',
    'expire a 3',
    'randomkey',
    'info',
  ]) {
    stage.type('terminal', `${line}\n`)
    await stage.to((stage as unknown as { at: number }).at + 50_000)
  }
  stage.spawn(cli('bulk', 'box-2', '-h', '10.0.0.11', '-r', '20', 'incr', 'n'))
  await stage.to(4 * SECOND)
  stage.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-3'] })
  await stage.to(5 * SECOND)
  stage.inject({ type: 'heal', cut: -1 })
  // Full sockets, a slow wire, a slow disk, a replica that is stopped in the middle of a stream.
  const slow = { type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 500, jitterMicros: 200 } as const
  stage.inject({ ...slow, bytesPerSecond: 100_000 })
  stage.inject({ type: 'disk', box: 'box-1', freeBytes: null, slowness: 100 })
  stage.inject({ type: 'pause', process: 'redis-3' })
  stage.spawn(cli('large', 'box-1', '-h', '10.0.0.11', '-r', '3', 'append', 'large', 'x'.repeat(150_000)))
  await stage.to(6 * SECOND)
  stage.type('terminal', 'save\n')
  stage.spawn(cli('reader', 'box-2', '-h', '10.0.0.11', 'get', 'large'))
  await stage.to(7 * SECOND)
  stage.inject({ type: 'continue', process: 'redis-3' })
  stage.inject({ ...slow, bytesPerSecond: 125_000_000 })
  stage.inject({ type: 'disk', box: 'box-1', freeBytes: null })
  await stage.to(12 * SECOND)
  stage.inject({ type: 'kill', process: 'redis-1' })
  await stage.to(24 * SECOND)
  stage.inject({ type: 'restart', process: 'redis-1' })
  stage.spawn(cli('ask', 'box-3', '-p', '26379', 'sentinel', 'masters'))
  await stage.to(38 * SECOND)
}

const stageOf = (w: World): Stage & { at: number } => ({
  at: 0,
  to(at) {
    this.at = at
    w.runUntil(at)
  },
  inject: (f) => w.inject(f),
  spawn: (s) => w.spawn(s),
  type: (p, b) => w.stdin(p, b),
})

async function oneThread(seed: number, options: WorldOptions = {}): Promise<World> {
  const w = createWorld(sentinelTrio(seed), programs, options)
  await story(stageOf(w))
  return w
}

const VIEWS: readonly [string, readonly string[]][] = [
  ['summary', []],
  ['state', []],
  ['keys', []],
  ['replication', []],
  ['sentinel', []],
  ['config', []],
  ['dict', ['0']],
  ['object', ['0', 'a']],
  ['object', ['0', 'z']],
]

test('the same seed twice in one thread: the same digest; with no tap and with everything watched: the same', async () => {
  const plain = await oneThread(7, { tap: false })
  expect(plain.output('bulk')).toContain('(integer) 20')
  expect(plain.output('terminal')).toContain('role:master')
  expect(plain.output('reader').length).toBeGreaterThan(400_000)
  expect(plain.events.some((e) => e.kind === '+switch-master')).toBe(false) // no tap, no marks
  let traced = 0
  const watched = createWorld(sentinelTrio(7), programs, { trace: () => void traced++ })
  const stage = stageOf(watched)
  const to = stage.to.bind(stage)
  stage.to = (at) => {
    // Looks at everything ten times on the way.
    const from = watched.now
    for (let i = 1; i <= 10; i++) {
      to(from + Math.floor(((at - from) * i) / 10))
      watched.statuses()
      watched.packets()
      watched.links()
      for (const name of names) for (const [view, args] of VIEWS) watched.view(name, view, args)
    }
  }
  await story(stage)
  expect(traced).toBeGreaterThan(1000)
  expect(watched.events.some((e) => e.kind === '+switch-master')).toBe(true)
  expect(watched.status('redis-1').summary?.role).toBe('replica')
  expect(watched.digest()).toBe(plain.digest())
  expect((await oneThread(8)).digest()).not.toBe(plain.digest())
})

test('a worker per process and one thread: the same digest, watched or not', async () => {
  const digests: string[] = []
  for (const watched of [true, false]) {
    const output = new Map<string, string>()
    const listener = {
      marks() {},
      logs() {},
      output: (p: string, b: string) => void output.set(p, (output.get(p) ?? '') + b),
      status() {},
    }
    const c = new Conductor(sentinelTrio(7), programs, threads, listener, watched)
    const requests = new Map<string, readonly ViewRequest[]>(
      names.map((n) => [n, VIEWS.map(([view, args], id) => ({ id, view, args }))]),
    )
    const stage = {
      at: 0,
      async to(at: number) {
        this.at = at
        if (watched) await c.runUntil(Math.floor((c.now + at) / 2)).then(() => c.inspect(requests))
        await c.runUntil(at)
      },
      inject: (f: Parameters<World['inject']>[0]) => c.inject(f),
      spawn: (s: ProcessSpec) => c.spawn(s),
      type: (p: string, bytes: string) => c.input(p, { type: 'stdin', bytes }),
    }
    await story(stage)
    expect(c.workers).toBeGreaterThanOrEqual(6)
    c.dispose()
    const world = createWorld(sentinelTrio(7), programs, { inputs: c.inputLog })
    world.runUntil(38 * SECOND)
    expect(c.eventCount).toBe(world.eventCount)
    expect(c.digest()).toBe(world.digest())
    expect(output.get('terminal')).toBe(world.output('terminal'))
    digests.push(c.digest())
  }
  expect(digests[0]).toBe((await oneThread(7)).digest())
  expect(digests[1]).toBe(digests[0])
})
