/** Rows of 1.1 and 1.4 about magnitudes: what the model charges for memory, disk and network is what appendix A of the coverage list measured. */
import { expect, test } from 'vitest'
import { fileOpMicros, newDisk } from '../src/world/disk.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld } from '../src/world/world.ts'
import { encode, Ours } from './oracle/servers.ts'

function boot() {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  ask('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
  /** Microseconds that the slow log names for it. */
  const cost = (...argv: string[]): number => {
    ask(...argv)
    return Number(/^\*1\r\n\*6\r\n:\d+\r\n:\d+\r\n:(\d+)/.exec(ask('SLOWLOG', 'GET', '1'))?.[1])
  }
  return { ask, cost }
}
const N = 20_000
const filled = (...command: string[]) => {
  const b = boot()
  for (let at = 0; at < N; at += 10_000) {
    const items = Array.from({ length: 10_000 }, (_, i) => at + i)
    const words =
      command[0] === 'ZADD' || command[0] === 'HSET'
        ? items.flatMap((i) => [`${i}`, `m${i}`])
        : items.map((i) => `m${i}`)
    b.ask(...command, ...words)
  }
  return b
}

test('A03: a command that goes through many elements takes as long as a real server took', () => {
  /** Measured with 100,000 elements. */
  const near = (micros: number, ofMany: number): void => {
    const measured = (ofMany * N) / 100_000
    expect(micros).toBeGreaterThan(measured / 2.5)
    expect(micros).toBeLessThan(measured * 2.5)
  }
  const set = filled('SADD', 'k')
  near(set.cost('SMEMBERS', 'k'), 38_720)
  near(set.cost('DEL', 'k'), 23_690)
  const hash = filled('HSET', 'k')
  near(hash.cost('HGETALL', 'k'), 24_719)
  near(hash.cost('DEL', 'k'), 17_104)
  const zset = filled('ZADD', 'k')
  near(zset.cost('ZRANGE', 'k', '0', '-1'), 3_212)
  near(zset.cost('DEL', 'k'), 9_391)
  const list = filled('RPUSH', 'k')
  near(list.cost('LRANGE', 'k', '0', '-1'), 2_677)
  near(list.cost('DEL', 'k'), 69)
  list.ask('SET', 'k', 'v')
  expect(list.cost('GET', 'k')).toBeLessThanOrEqual(3)
})

test('A02: the way to a disk is longer than the way to memory by orders of magnitude, and a slow disk by as much again', () => {
  const { ask, cost } = boot()
  ask('SET', 'k', 'v'.repeat(1000))
  const memory = cost('GET', 'k')
  const disk = newDisk()
  const write = fileOpMicros(disk, { op: 'append', path: '/f', bytes: 'v'.repeat(1024) })
  const fsync = fileOpMicros(disk, { op: 'fsync', path: '/f' })
  // To the page cache: 5 us and 0.2 us a KB. To the platter: ours is a fast SSD.
  expect(Math.floor(write)).toBe(5)
  expect(fsync / memory).toBeGreaterThan(50)
  disk.slowness = 100
  expect(fileOpMicros(disk, { op: 'fsync', path: '/f' })).toBe(fsync * 100)
})

test('E07: one server uses one core; three more on the same box answer three times as much again', () => {
  const ports = [6379, 6380, 6381, 6382]
  const throughput = (count: number): number => {
    const servers = ports.slice(0, count)
    const w = createWorld(
      {
        id: 'cores',
        title: '',
        seed: 7,
        topology: {
          boxes: [1, 2, 3, 4].map((n) => ({ name: `box-${n}`, address: `10.0.0.${n}` })),
          processes: servers.map((port) => ({
            name: `redis-${port}`,
            kind: 'server',
            box: 'box-1',
            port,
            argv: ['--port', `${port}`, '--protected-mode', 'no', '--save', ''],
          })),
          link: { latencyMicros: 100, jitterMicros: 0, loopbackMicros: 20, bytesPerSecond: 1e10 },
        },
      },
      (kind) => (env, tap) => createProgram(kind, env, tap),
      {},
    )
    w.runUntil(500_000)
    const clients = Array.from({ length: 12 }, (_, i) => `app-${i}`)
    const load = '--routing ring --rate 0 --writes 0 --keys 2000 --inflight 600 --vnodes 1000'.split(' ')
    for (const [i, name] of clients.entries()) {
      const argv = [...servers.map((port) => `10.0.0.1:${port}`), ...load]
      w.spawn({ name, kind: 'app', box: `box-${(i % 3) + 2}`, port: 0, argv })
    }
    w.runFor(10_000)
    const ok = (): number =>
      clients.reduce((sum, name) => sum + (w.view(name, 'app') as { total: { ok: number } }).total.ok, 0)
    const before = ok()
    w.runFor(10_000)
    return (ok() - before) / 0.01
  }
  const one = throughput(1)
  // Two microseconds of one thread for a GET.
  expect(one).toBeGreaterThan(300_000)
  expect(one).toBeLessThan(510_000)
  const four = throughput(4)
  expect(four / one).toBeGreaterThan(3)
  expect(four / one).toBeLessThan(4.2)
})
