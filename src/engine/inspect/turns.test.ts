import { expect, test } from 'vitest'
import type { Machine } from '../machine.ts'
import { bench } from '../server/rig.ts'
import { recorderOf, record } from './recorder.ts'
import type { Job, Turn } from './turns.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
interface Loop {
  readonly turns: readonly Turn[]
  readonly jobs: readonly Job[]
  readonly lazyPending: number
  readonly lazyFreed: number
}
function rig() {
  const b = bench([])
  record(b.server)
  const say = b.connect()
  return {
    ...b,
    say,
    run: (line: string): string => say(resp(...line.split(' '))),
    loop: () => b.server.view('loop', []) as Loop,
  }
}

test('V13: a turn has what it read, each command at its place, and what it sent; the places add up', () => {
  const { say, loop } = rig()
  const members = Array.from({ length: 64 }, (_, i) => `m${i}`)
  const bytes = resp('SET', 'a', '1') + resp('SADD', 's', ...members) + resp('SMEMBERS', 's')
  say(bytes)
  const turn = loop().turns.at(-1) as Turn
  expect(turn).toMatchObject({ woke: 'a readable socket', read: bytes.length, cron: false, sentTo: 1 })
  expect(turn.commands.map((c) => c.name)).toEqual(['set', 'sadd', 'smembers'])
  let at = 0
  for (const c of turn.commands) {
    expect(c.offset).toBeCloseTo(at)
    at += c.micros
  }
  expect(turn.micros).toBe(Math.round(at))
  // Base and size: one SET costs 2 microseconds by the cost model, 64 members cost more.
  expect(turn.commands[0]?.micros).toBe(2)
  expect(turn.commands[2]?.micros).toBeGreaterThan(20)
})

test('V13: what a script calls lies inside it', () => {
  const { say, loop } = rig()
  say(resp('EVAL', "redis.call('set','a',1) redis.call('incr','a') return 1", '0'))
  const { commands } = loop().turns.at(-1) as Turn
  expect(commands.map((c) => [c.name, c.inner])).toEqual([
    ['set', true],
    ['incr', true],
    ['eval', false],
  ])
  const outer = commands[2] as Turn['commands'][number]
  for (const c of commands.slice(0, 2)) {
    expect(c.offset).toBeGreaterThanOrEqual(outer.offset)
    expect(c.offset + c.micros).toBeLessThanOrEqual(outer.offset + outer.micros)
  }
})

test('V13: UNLINK of a large value is a job of the freeing thread, DEL is not', () => {
  const { run, loop } = rig()
  const members = Array.from({ length: 200 }, (_, i) => `member-${i}`).join(' ')
  run(`SADD big ${members}`)
  run('UNLINK big')
  expect(loop().jobs.map((j) => [j.lane, j.text])).toEqual([['bio_lazy_free', 'free 1 object']])
  const job = loop().jobs[0] as Job
  expect((job.end as number) - job.start).toBeCloseTo(200 * 0.24)
  run(`SADD big ${members}`)
  run('DEL big')
  expect(loop().jobs).toHaveLength(1)
})

test('V13: a BGSAVE is a child from its fork to the tick that reaps it', () => {
  const { run, loop, server } = rig()
  run('SET a 1')
  run('BGSAVE')
  const turn = loop().turns.find((t) => t.commands.some((c) => c.name === 'bgsave')) as Turn
  expect(turn.did[0]).toBe(`fork, ${server.stat.forkTimeMicros} microseconds`)
  const job = loop().jobs.find((j) => j.lane === 'child') as Job
  expect(job.text).toMatch(/^BGSAVE, pid \d+$/)
})

test('V29: memory is sampled once a second and old samples are thinned', () => {
  const { server, run } = rig()
  const memory = recorderOf(server)?.memory
  for (let i = 0; i < 2000; i++) {
    server.host.now += 500_000
    memory?.tick()
  }
  const samples = memory?.samples ?? []
  expect(samples.length).toBeGreaterThan(100)
  expect(samples.length).toBeLessThanOrEqual(240)
  const steps = samples.slice(1).map((s, i) => s.at - (samples[i]?.at ?? 0))
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(1_000_000)
  run(`SET big ${'x'.repeat(5000)}`)
  const now = memory?.now()
  expect((now?.data ?? 0) - (samples.at(-1)?.data ?? 0)).toBeGreaterThanOrEqual(5000)
})

test('V30: a request that waited says how long, for its client and in the queue; a slow one is a tick with its entry', () => {
  const { server, say } = rig()
  server.config.slowlogLogSlowerThan = 0
  const at = server.host.now + 10_000
  ;(server as Machine).handle({ type: 'data', conn: say.conn, bytes: resp('GET', 'a') }, at, at - 700, at - 1000)
  const view = server.view('commands', []) as {
    segments: { name: string; queue: number; observed: number }[]
    ticks: { kind: string; slow: number | null }[]
    slowlog: { id: number }[]
    doctor: string
  }
  expect(view.segments.at(-1)).toMatchObject({ name: 'get', queue: 700, observed: 300 + 700 + 2 + 300 })
  expect(view.ticks.at(-1)).toMatchObject({ kind: 'command', slow: view.slowlog[0]?.id })
  expect(view.doctor).toContain('latency')
})
