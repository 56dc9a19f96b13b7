import { expect, test } from 'vitest'
import type { Scenario } from '../src/world/types.ts'
import type { TraceRecord } from '../src/world/process-runner.ts'
import { createWorld, type World, type WorldOptions } from '../src/world/world.ts'
import { toys, toyScenario } from './world-toys.ts'

const world = (seed = 7, options: WorldOptions = {}): World => createWorld(toyScenario(seed), toys, options)
const count = (w: World, p: string) =>
  w.view(p, 'count') as { asked: number; answered: number; inputs: number; pid: number }

function eventful(w: World): World {
  w.runUntil(1_000_000)
  w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-3'] })
  w.runFor(500_000)
  w.inject({ type: 'kill', process: 'p1' })
  w.runFor(300_000)
  w.inject({ type: 'restart', process: 'p1' })
  w.inject({ type: 'heal', cut: -1 })
  w.inject({ type: 'pause', process: 'p2' })
  w.runFor(300_000)
  w.spawn({ name: 'p4', kind: 'client', box: 'box-3', port: 0, argv: ['10.0.0.12'] })
  w.inject({ type: 'continue', process: 'p2' })
  w.inject({ type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 20_000, jitterMicros: 5_000 })
  w.runUntil(4_000_000)
  return w
}

test('the same seed gives the same digest, another seed another', () => {
  const a = eventful(world()).digest()
  expect(eventful(world()).digest()).toBe(a)
  expect(eventful(world(8)).digest()).not.toBe(a)
})

test('watching changes nothing', () => {
  const records: TraceRecord[] = []
  const plain = eventful(world(7, { tap: false }))
  const watched = world(7, { trace: (r) => records.push(r) })
  eventful(watched)
  watched.packets()
  watched.statuses()
  expect(watched.digest()).toBe(plain.digest())
  expect(records.length).toBeGreaterThan(200)
})

test('the input log replays the history, also when inputs came in the middle of single steps', () => {
  const w = world()
  w.runUntil(500_000)
  for (let i = 0; i < 7; i++) w.step()
  w.inject({ type: 'kill', process: 'p1' })
  for (let i = 0; i < 5; i++) w.step()
  w.inject({ type: 'restart', process: 'p1' })
  w.runUntil(2_000_000)
  const again = world(7, { inputs: w.inputLog })
  again.runUntil(2_000_000)
  expect(again.digest()).toBe(w.digest())
  expect(again.events).toEqual(w.events)
})

test('asked and answered over a link; a killed peer ends connections and then refuses', () => {
  const w = world()
  w.runUntil(1_000_000)
  expect(count(w, 'p2').answered).toBeGreaterThan(15)
  w.inject({ type: 'kill', process: 'p1' })
  w.runFor(300_000)
  expect(w.status('p1').state).toBe('killed')
  expect(w.output('p2')).toMatch(/(eof|reset) (ECONNREFUSED )+/)
  w.inject({ type: 'restart', process: 'p1' })
  const before = count(w, 'p2').answered
  w.runFor(500_000)
  expect(w.status('p1').state).toBe('running')
  expect(count(w, 'p2').answered).toBeGreaterThan(before + 5)
})

test('SIGTERM lets a process exit by itself', () => {
  const w = world()
  w.runUntil(500_000)
  w.inject({ type: 'term', process: 'p1' })
  w.runFor(10_000)
  expect(w.status('p1')).toMatchObject({ state: 'exited', exitCode: 0 })
})

test('a stopped process still accepts bytes, and answers them when it goes on', () => {
  const w = world()
  w.runUntil(500_000)
  w.inject({ type: 'pause', process: 'p1' })
  w.runFor(500_000)
  const { asked, answered } = count(w, 'p2')
  expect(asked).toBeGreaterThan(answered + 5)
  expect(w.output('p2')).toBe('')
  w.inject({ type: 'continue', process: 'p1' })
  w.runFor(20_000)
  expect(count(w, 'p2').answered).toBeGreaterThanOrEqual(asked)
})

test('a cut delivers nothing and resets nothing until it heals; the other box goes on', () => {
  const w = world()
  w.runUntil(500_000)
  w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'] })
  w.runFor(1_000)
  const [at2, at3] = [count(w, 'p2').answered, count(w, 'p3').answered]
  w.runFor(500_000)
  expect(count(w, 'p2').answered).toBeLessThanOrEqual(at2)
  expect(count(w, 'p3').answered).toBeGreaterThan(at3 + 5)
  expect(w.output('p2')).toBe('')
  expect(w.packets().filter((p) => p.held && p.from === 'p2' && p.to === 'p1').length).toBeGreaterThan(5)
  w.inject({ type: 'heal', cut: w.cuts[0]?.id ?? -1 })
  w.runFor(10_000)
  expect(count(w, 'p2').answered).toBeGreaterThan(at2 + 5)
  expect(w.packets().some((p) => p.held)).toBe(false)
})

test('a one-way cut lets the other way through', () => {
  const w = world()
  w.runUntil(500_000)
  w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'], oneWay: true })
  const inputs = count(w, 'p1').inputs
  w.runFor(300_000)
  expect(
    w
      .packets()
      .filter((p) => p.held)
      .every((p) => p.from === 'p1' && p.to === 'p2'),
  ).toBe(true)
  expect(count(w, 'p1').inputs).toBeGreaterThan(inputs + 20)
})

test('C01: a cut of the bus alone holds only what a server hears at its second port, and the other cut only the rest', () => {
  // A toy listens at 7000: its first port, or its second where the topology names another as its own.
  const onBus = (port: number): Scenario => {
    const scenario = toyScenario(7)
    return {
      ...scenario,
      topology: { ...scenario.topology, processes: scenario.topology.processes.map((p) => ({ ...p, port })) },
    }
  }
  for (const [port, layer, held] of [
    [7000, 'bus', false],
    [7000, 'client', true],
    [6999, 'bus', true],
    [6999, 'client', false],
  ] as const) {
    const w = createWorld(onBus(port), toys, {})
    w.runUntil(500_000)
    w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'], layer })
    w.runFor(1_000)
    const { answered } = count(w, 'p2')
    w.runFor(300_000)
    expect(
      w.packets().some((p) => p.held),
      `${port} ${layer}`,
    ).toBe(held)
    expect(count(w, 'p2').answered > answered + 3, `${port} ${layer}`).toBe(!held)
    expect(w.packets().every((p) => (p.channel === 'bus') === (port === 6999))).toBe(true)
    w.inject({ type: 'heal', cut: -1 })
    w.runFor(10_000)
    expect(w.packets().some((p) => p.held)).toBe(false)
  }
})

test('a connect through a cut waits for the heal', () => {
  const w = world()
  w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'] })
  w.runUntil(95_000)
  expect(w.output('p2')).toBe('')
  w.inject({ type: 'heal', cut: -1 })
  w.runFor(5_000)
  expect(w.log('p2')).toHaveLength(1)
})

test('latency is what the fault says', () => {
  const w = world()
  w.runUntil(500_000)
  w.inject({ type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 50_000, jitterMicros: 0 })
  w.runFor(100_000)
  const slow = w.packets().filter((p) => p.from === 'p2')
  expect(slow.length).toBeGreaterThan(0)
  for (const p of slow) expect(p.dueAt - p.sentAt).toBe(50_000)
})

test('kill -9 keeps what was written, power loss only what was fsynced', () => {
  const w = world()
  w.runUntil(1_000_000)
  const answered = count(w, 'p2').answered
  expect(answered % 10).not.toBe(0)
  w.inject({ type: 'kill', process: 'p2' })
  w.runFor(1_000)
  expect(w.files('p2').get('/var/lib/redis/count')).toBe(String(answered))
  w.inject({ type: 'power', box: 'box-2' })
  w.runFor(1_000)
  expect(Number(w.files('p2').get('/var/lib/redis/count'))).toBe(answered - (answered % 10))
  w.inject({ type: 'restart', process: 'p2' })
  w.runFor(10_000)
  expect(count(w, 'p2').answered).toBe(answered - (answered % 10))
})

test('a machine that throws is a crashed process with a report; the rest goes on', () => {
  const w = world()
  w.runUntil(500_000)
  w.stdin('p2', 'boom')
  w.runFor(100_000)
  const status = w.status('p1')
  expect(status.state).toBe('crashed')
  expect(status.crash).toContain('boom was said')
  expect(status.crash).toContain('Last inputs')
  expect(w.output('p2')).toMatch(/eof|reset/)
  expect(w.status('p3').state).toBe('running')
})

test('runUntilEvent stops right after the marked event', () => {
  const w = world()
  const event = w.runUntilEvent('+answer', 10_000_000)
  expect(event?.text).toBe('+answer 1')
  expect(w.now).toBe(event?.at)
  expect(w.events.filter((e) => e.kind === '+answer')).toHaveLength(1)
})
