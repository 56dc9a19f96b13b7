/** Rows about time: one lane, what a round trip, a slow command, a big value and a slow reader cost the others. */
import { expect, test } from 'vitest'
import { createServer } from '../src/engine/index.ts'
import type { Input, Machine, Output, ProcessEnv, Tap } from '../src/engine/machine.ts'
import { createWorld, type World } from '../src/world/world.ts'
import { encode, Ours } from './oracle/servers.ts'
import { kb } from './replication-rig.ts'

interface Job {
  readonly at?: number
  readonly bytes: string
  /** So many replies end a turn; then the next one of `turns` begins. */
  readonly replies: number
  readonly turns?: number
}
interface Span {
  readonly from: number
  readonly work: number
}
/** Clients beside one server: when each had its last reply, and when the server was busy. */
function run(jobs: readonly Job[], link: { latencyMicros: number; bytesPerSecond?: number }, prepare: string[][] = []) {
  const spans: Span[] = []
  const done: number[] = jobs.map(() => -1)
  const clients: Machine[] = []
  const client = (env: ProcessEnv): Machine => {
    const index = Number(env.argv[0])
    const job = jobs[index]!
    let [heard, turns] = [0, 0]
    let bytes = 0
    const send = (): Output[] => [{ type: 'send', conn: 1, bytes: job.bytes }]
    const machine: Machine = {
      workMicros: 0,
      view: () => null,
      handle(input: Input, now: number): readonly Output[] {
        if (input.type === 'start') return [{ type: 'setTimer', id: 1, at: now + (job.at ?? 0) }]
        if (input.type === 'timer') return [{ type: 'connect', conn: 1, host: '10.0.0.2', port: 6379 }]
        if (input.type === 'opened') {
          done[index] = now
          starts[index] = now
          return send()
        }
        if (input.type !== 'data') return []
        bytes += input.bytes.length
        heard += input.bytes.split('\r\n').length - 1
        if (heard < job.replies) return []
        heard = 0
        done[index] = now
        sizes[index] = bytes
        return ++turns < (job.turns ?? 1) ? send() : []
      },
    }
    clients.push(machine)
    return machine
  }
  const starts: number[] = []
  const sizes: number[] = []
  const server = (env: ProcessEnv, tap?: Tap): Machine => {
    const s = createServer(env, tap, { mode: 'server' })
    const handle = s.handle.bind(s)
    s.handle = (input, now) => {
      const outputs = handle(input, now)
      if (input.type === 'start') {
        // Data that was there before anybody came.
        const ours = { type: 'accept', conn: 998, port: 6379, remoteHost: 'x', remotePort: 1, localHost: 'x' } as const
        handle(ours, now)
        for (const argv of prepare) handle({ type: 'data', conn: 998, bytes: encode(argv) }, now)
      }
      if (input.type === 'data') spans.push({ from: now, work: s.workMicros })
      return outputs
    }
    return s
  }
  const world: World = createWorld(
    {
      id: 'time',
      title: '',
      seed: 1,
      topology: {
        boxes: [
          { name: 'desk', address: '10.0.0.1' },
          { name: 'box', address: '10.0.0.2' },
        ],
        processes: [
          {
            name: 'redis',
            kind: 'server',
            box: 'box',
            port: 6379,
            argv: ['--enable-debug-command', 'yes', '--save', ''],
          },
          ...jobs.map((_, i) => ({ name: `c${i}`, kind: 'client' as const, box: 'desk', port: 0, argv: [String(i)] })),
        ],
        link: { jitterMicros: 0, loopbackMicros: 20, ...link },
      },
    },
    (kind) => (kind === 'server' ? server : client),
  )
  world.runFor(20_000_000)
  return { spans, sizes, took: done.map((at, i) => at - (starts[i] ?? 0)) }
}
const GET = encode(['GET', 'k'])
const SET = encode(['SET', 'k', 'x'.repeat(100)])

test('A06: what one client asks never overlaps with what another does', () => {
  const eval1 = encode(['EVAL', "for i=1,100 do redis.call('INCR','n') end return 1", '0'])
  const multi = encode(['MULTI']) + SET + encode(['LPUSH', 'l', 'a']) + encode(['EXEC'])
  const { spans } = run(
    [
      { bytes: SET.repeat(50), replies: 50 },
      { bytes: eval1, replies: 1, turns: 10 },
      { bytes: multi, replies: 6, turns: 10 },
    ],
    { latencyMicros: 100 },
  )
  expect(spans.length).toBeGreaterThan(10)
  for (let i = 1; i < spans.length; i++)
    expect(spans[i]!.from).toBeGreaterThanOrEqual(spans[i - 1]!.from + Math.round(spans[i - 1]!.work))
})
test('A07: a client that sent half a request delays nobody', () => {
  const alone = run([{ at: 1000, bytes: GET, replies: 1 }], { latencyMicros: 200 })
  const beside = run(
    [
      { at: 1000, bytes: GET, replies: 1 },
      { bytes: '*2\r\n$3\r\nGET\r\n$1000000\r\nabc', replies: 1 },
    ],
    { latencyMicros: 200 },
  )
  expect(beside.took[0]! - alone.took[0]!).toBeLessThanOrEqual(2)
})
test('A08, E06, E08: the way there and back is nearly all of the time; the parts add up', () => {
  const { spans, took } = run([{ bytes: GET, replies: 1 }], { latencyMicros: 500 })
  const [span] = spans
  expect(spans).toHaveLength(1)
  // A gigabit a second takes a while for the bytes too.
  expect(took[0]! - 1000 - Math.round(span!.work)).toBeLessThan(5)
  expect(span!.work / took[0]!).toBeLessThan(0.01)
  const busy = run([{ bytes: SET, replies: 1, turns: 200 }], { latencyMicros: 250 })
  expect(busy.spans.reduce((n, s) => n + s.work, 0) / busy.took[0]!).toBeLessThan(0.05)
})
test('E09: a hundred values one by one take a hundred round trips, together one', () => {
  const values = Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v']).flat()
  const singles = run([{ bytes: encode(['SET', 'k', 'v']), replies: 1, turns: 100 }], { latencyMicros: 5000 })
  const together = run([{ bytes: encode(['MSET', ...values]), replies: 1 }], { latencyMicros: 5000 })
  const pipelined = run([{ bytes: encode(['SET', 'k', 'v']).repeat(100), replies: 100 }], { latencyMicros: 5000 })
  expect(singles.took[0]! / together.took[0]!).toBeGreaterThan(90)
  expect(singles.took[0]! / pipelined.took[0]!).toBeGreaterThan(80)
})
test('O03: KEYS holds up everybody, for as long as there are keys to look at', () => {
  const delay = (keys: number): number => {
    const { took } = run(
      [
        { at: 1000, bytes: encode(['KEYS', 'nothing*']), replies: 1 },
        { at: 1010, bytes: GET, replies: 1 },
      ],
      { latencyMicros: 100 },
      [['DEBUG', 'POPULATE', String(keys)]],
    )
    return took[1]! - 200
  }
  // On a real one a million keys took 136 ms.
  expect(delay(100_000)).toBeGreaterThan(10_000)
  expect(delay(100_000)).toBeLessThan(20_000)
  expect(delay(100)).toBeLessThan(100)
})
test('O05: a megabyte takes eight milliseconds of a gigabit wire, and more than one a wire has is never there', () => {
  const fetch = (turns: number): { took: number; bytes: number } => {
    const big = [['SET', 'k', 'x'.repeat(1_000_000)]]
    const { took, sizes } = run([{ bytes: GET, replies: 2, turns }], { latencyMicros: 100, bytesPerSecond: 125e6 }, big)
    return { took: took[0]!, bytes: sizes[0]! }
  }
  expect(fetch(1).took).toBeGreaterThan(8000)
  const many = fetch(50)
  expect(many.bytes / (many.took / 1e6)).toBeLessThanOrEqual(125e6)
})

/** Modelled microseconds of one request after another. */
function costs(prepare: readonly string[][], requests: readonly string[][]): number[] {
  const ours = new Ours()
  for (const argv of prepare) ours.say(1, encode(argv))
  return requests.map((argv) => {
    ours.say(2, 'PING\r\n')
    ours.server.handle({ type: 'data', conn: 4, bytes: encode(argv) }, ours.server.host.now + 1)
    return ours.server.workMicros
  })
}
const members = (n: number): string[] => Array.from({ length: n }, (_, i) => `m${i}`)
test('O11: DEL of a big key stalls, small steps less, UNLINK hardly', () => {
  const big = ['SADD', 'big', ...members(100_000)]
  const [del] = costs([big], [['DEL', 'big']])
  const [unlink] = costs([big], [['UNLINK', 'big']])
  const steps = Array.from({ length: 100 }, (_, i) => [
    'SREM',
    'big',
    ...members(100_000).slice(i * 1000, i * 1000 + 1000),
  ])
  const batches = Math.max(...costs([big], steps))
  expect(unlink!).toBeLessThan(30)
  expect(batches).toBeGreaterThan(unlink!)
  expect(del!).toBeGreaterThan(10 * batches)
})
test('O04, O08: SCAN with a look at each length finds the biggest key, in short calls', () => {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  for (let i = 0; i < 2000; i++) ask('SET', `k${i}`, 'x'.repeat(i % 50))
  ask('SET', 'biggest', kb(3))
  let [cursor, best, found, longest] = ['0', -1, '', 0]
  do {
    const reply = ask('SCAN', cursor, 'COUNT', '100', 'TYPE', 'string').split('\r\n')
    longest = Math.max(longest, ours.server.workMicros)
    cursor = reply[2]!
    for (const key of reply.slice(4).filter((_, i) => i % 2 === 1 && reply[4 + i] !== '')) {
      const length = Number(ask('STRLEN', key).slice(1))
      if (length > best) [best, found] = [length, key]
    }
  } while (cursor !== '0')
  expect([found, best]).toEqual(['biggest', 3072])
  expect(longest).toBeLessThan(2000)
})
test('O10: a hash that is split by its fields has no part above a thousand, and every field is found', () => {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  let hash = 0
  const part = (field: string): string => {
    hash = 0
    for (const c of field) hash = (hash * 31 + c.charCodeAt(0)) >>> 0
    return `h:${hash % 32}`
  }
  for (const f of members(10_000)) ask('HSET', part(f), f, `v-${f}`)
  for (let i = 0; i < 32; i++) expect(Number(ask('HLEN', `h:${i}`).slice(1))).toBeLessThanOrEqual(1000)
  for (const f of members(10_000)) expect(ask('HGET', part(f), f)).toContain(`v-${f}`)
})
test('O12: users of a day as a set, as bits, as a HyperLogLog: each takes less', () => {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  for (let i = 0; i < 100; i++) {
    const ids = Array.from({ length: 1000 }, (_, j) => String(i * 1000 + j))
    ask('SADD', 'set', ...ids)
    for (const id of ids) ask('SETBIT', 'bits', id, '1')
    ask('PFADD', 'hll', ...ids)
  }
  const usage = ['set', 'bits', 'hll'].map((k) => Number(ask('MEMORY', 'USAGE', k, 'SAMPLES', '0').slice(1)))
  expect(usage[0]!).toBeGreaterThan(10 * usage[1]!)
  expect([usage[1]! > 12_500, usage[2]! > 12_288, usage[2]! < 15_000]).toEqual([true, true, true])
})
