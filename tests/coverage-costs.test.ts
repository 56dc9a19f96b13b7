/** Rows of 1.1 about magnitudes: what the model charges for memory, disk and network is what appendix A of the coverage list measured. */
import { expect, test } from 'vitest'
import { fileOpMicros, newDisk } from '../src/world/disk.ts'
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
