import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Conductor, type ConductorListener, type Threads } from '../src/browser/conductor.ts'
import { ConductorSession } from '../src/browser/conductor-session.ts'
import type { ToPage } from '../src/browser/page-protocol.ts'
import type { PortLike, WorkerHandle } from '../src/browser/worker-protocol.ts'
import type { SessionState } from '../src/world/types.ts'
import type { Mark } from '../src/world/marks.ts'
import { createWorld } from '../src/world/world.ts'
import { toys, toyScenario } from './world-toys.ts'

let dir = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rehash-workers-'))
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, 'world-node-worker.ts'),
      outDir: dir,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: 'worker.mjs' } },
    },
  })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const threads: Threads = {
  spawn(): WorkerHandle {
    const worker = new Worker(join(dir, 'worker.mjs'))
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer as never),
      onMessage: (fn) => void worker.on('message', fn),
      onError: (fn) => void worker.on('error', (e: Error) => fn(e.message)),
      terminate: () => void worker.terminate(),
    }
  },
  channel() {
    const { port1, port2 } = new MessageChannel()
    return [port1 as unknown as PortLike, port2 as unknown as PortLike]
  },
}

function conductor(tap = true) {
  const marks: Mark[] = []
  const output = new Map<string, string>()
  const listener: ConductorListener = {
    marks: (m) => void marks.push(...m),
    logs() {},
    output: (p, bytes) => void output.set(p, (output.get(p) ?? '') + bytes),
    status() {},
  }
  return { c: new Conductor(toyScenario(), toys, threads, listener, tap), marks, output }
}

test('one thread and a worker per process give the same history, watched or not', async () => {
  for (const watched of [true, false]) {
    const { c, marks, output } = conductor(watched)
    const look = () => (watched ? c.inspect(new Map([['p2', [{ id: 1, view: 'count', args: [] }]]])) : null)
    await c.runUntil(1_000_000)
    expect(c.workers).toBe(3)
    c.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-3'] })
    await c.runUntil(1_500_000)
    await look()
    c.inject({ type: 'kill', process: 'p1' })
    await c.runUntil(1_800_000)
    expect(c.workers).toBe(2)
    c.inject({ type: 'restart', process: 'p1' })
    c.inject({ type: 'heal', cut: -1 })
    c.inject({ type: 'pause', process: 'p2' })
    await c.runUntil(2_100_000)
    await look()
    expect(c.workers).toBe(3)
    c.spawn({ name: 'p4', kind: 'client', box: 'box-3', port: 0, argv: ['10.0.0.12'] })
    c.inject({ type: 'continue', process: 'p2' })
    c.inject({ type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 20_000, jitterMicros: 5_000 })
    await c.runUntil(2_500_000)
    for (let i = 0; i < 25; i++) {
      await c.step()
      await look()
    }
    c.inject({ type: 'power', box: 'box-2' })
    await c.runUntil(2_700_000)
    c.inject({ type: 'restart', process: 'p2' })
    await c.runUntil(3_000_000)
    c.input('p3', { type: 'stdin', bytes: 'boom' })
    await c.runUntil(4_000_000)
    const states = (await c.inspect(new Map())).statuses
    c.dispose()

    const world = createWorld(toyScenario(), toys, { inputs: c.inputLog, tap: watched })
    world.runUntil(4_000_000)
    expect(states.map((s) => s.state)).toEqual(world.statuses().map((s) => s.state))
    expect(states[0]).toMatchObject({ state: 'crashed' })
    expect(c.eventCount).toBe(world.eventCount)
    expect(c.digest()).toBe(world.digest())
    for (const p of ['p1', 'p2', 'p3', 'p4']) expect(output.get(p) ?? '').toBe(world.output(p))
    if (watched)
      expect(marks.map((m) => `${m.at} ${m.process} ${m.text}`).sort()).toEqual(
        world.events.map((e) => `${e.at} ${e.process} ${e.text}`).sort(),
      )
  }
})

test('single steps take the events in the order of the one-thread world', async () => {
  const { c } = conductor()
  const world = createWorld(toyScenario(), toys)
  for (let i = 0; i < 60; i++) {
    await c.step()
    world.step()
    expect(c.now).toBe(world.now)
    expect(c.digest()).toBe(world.digest())
  }
  c.dispose()
})

test('a session plays until a breakpoint, takes a fault while it stands, steps and runs to a time', async () => {
  let state: SessionState | null = null
  let waiting: { until: (s: SessionState) => boolean; resolve: () => void } | null = null
  const done = new Map<number, (ran: boolean) => void>()
  let stopped = false
  const post = (m: ToPage): void => {
    if (m.type === 'error') console.error(m.message)
    if (m.type === 'done') done.get(m.id)?.(m.ran)
    if (m.type !== 'state') return
    state = m.state
    if (waiting?.until(m.state)) waiting.resolve()
  }
  const later = (ms: number, fn: () => void): void => void (stopped || setTimeout(fn, ms))
  const session = new ConductorSession(
    { threads, programs: toys, post, clock: () => performance.now(), later },
    toyScenario(),
  )
  const until = (test: (s: SessionState) => boolean) =>
    new Promise<void>((resolve) => {
      waiting = { until: test, resolve }
      if (state && test(state)) resolve()
    })
  const finished = (id: number) => new Promise<boolean>((resolve) => void done.set(id, resolve))
  session.receive({ type: 'breakpoints', kinds: ['+answer'] })
  session.receive({ type: 'speed', speed: 5 })
  session.receive({ type: 'play' })
  await until((s) => s.hit !== null)
  expect(state).toMatchObject({ playing: false, workers: 3, hit: { breakpoint: '+answer' } })
  session.receive({ type: 'fault', fault: { type: 'kill', process: 'p1' } })
  await until((s) => s.workers === 2 && s.processes[0]?.state === 'killed')
  const count = (state as unknown as SessionState).eventCount
  const stepped = finished(1)
  session.receive({ type: 'step', id: 1 })
  await stepped
  expect((state as unknown as SessionState).eventCount).toBe(count + 1)
  session.receive({ type: 'breakpoints', kinds: [] })
  const ran = finished(2)
  session.receive({ type: 'runTo', id: 2, at: 3_000_000, standing: false })
  await ran
  await until((s) => s.now === 3_000_000)
  // A world that plays is not stopped by somebody who waits for an answer in a standing one.
  session.receive({ type: 'play' })
  const left = finished(4)
  session.receive({ type: 'runTo', id: 4, at: 4_000_000, standing: true })
  expect(await left).toBe(false)
  await until((s) => s.playing && s.now > 3_000_000)
  session.receive({ type: 'pause' })
  const taken = finished(5)
  session.receive({ type: 'runTo', id: 5, at: 60_000_000, standing: true })
  expect(await taken).toBe(true)
  expect(state).toMatchObject({ now: 60_000_000, playing: false })
  const restarted = finished(3)
  session.receive({ type: 'restart', id: 3, seed: 9 })
  await restarted
  expect(state).toMatchObject({ now: 0, seed: 9 })
  session.receive({ type: 'fault', fault: { type: 'kill', process: 'p1' } })
  session.receive({ type: 'fault', fault: { type: 'kill', process: 'p2' } })
  session.receive({ type: 'fault', fault: { type: 'kill', process: 'p3' } })
  await until((s) => s.processes.every((p) => p.state === 'killed') && s.workers === 0)
  stopped = true
})
