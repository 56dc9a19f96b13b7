/** Rows of section 1.11 about locks: what clients do with SET NX and a script, and where that is not enough. */
import { expect, test } from 'vitest'
import { encode, Ours } from './oracle/servers.ts'
import { box, kill, masterSeenBy, ready, SECOND, switched } from './sentinel-world.ts'

const RELEASE = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"
const TTL = 10_000

/** A server on a box of its own, whose clock runs `drift` times as fast as true time. */
class Node {
  private readonly ours: Ours
  up = true
  readonly drift: number
  /** How long a request takes, there and back. */
  rttMs = 1
  constructor(drift = 1) {
    this.drift = drift
    this.ours = new Ours()
  }
  pass(ms: number): void {
    this.ours.advance(ms * this.drift)
  }
  say(...argv: string[]): string {
    return this.ours.say(1, encode(argv)).get(1) ?? ''
  }
  get(key: string): string {
    return this.say('GET', key)
  }
  restart(): void {
    this.say('FLUSHALL')
  }
}
/** True time, and boxes that live in it. */
class Boxes {
  now = 0
  readonly nodes: readonly Node[]
  constructor(...nodes: Node[]) {
    this.nodes = nodes
  }
  pass(ms: number): void {
    this.now += ms
    for (const n of this.nodes) n.pass(ms)
  }
}
const acquire = (n: Node, token: string, ttl = TTL): boolean =>
  n.say('SET', 'lock', token, 'NX', 'PX', String(ttl)) === '+OK\r\n'
const release = (n: Node, token: string): boolean => n.say('EVAL', RELEASE, '1', 'lock', token) === ':1\r\n'

test('K04: one command takes the lock and gives it an end', () => {
  const n = new Node()
  expect(n.say('SET', 'lock', 'a', 'NX', 'PX', '30000')).toBe('+OK\r\n')
  expect(n.say('SET', 'lock', 'b', 'NX', 'PX', '30000')).toBe('$-1\r\n')
  expect([n.say('PTTL', 'lock'), n.get('lock')]).toEqual([':30000\r\n', '$1\r\na\r\n'])
})
test('K05: a DEL without a look frees the lock of another; the script does not', () => {
  const accident = (free: (n: Node) => void): boolean => {
    const n = new Node()
    acquire(n, 'A', 100)
    n.pass(150)
    acquire(n, 'B')
    free(n)
    // While B still believes.
    return acquire(n, 'C')
  }
  expect(accident((n) => void n.say('DEL', 'lock'))).toBe(true)
  expect(accident((n) => void release(n, 'A'))).toBe(false)
})
test('K06: a token must be of one acquisition: that of a client lets an old request free a new lock', () => {
  const late = (first: string, second: string): boolean => {
    const n = new Node()
    acquire(n, first, 100)
    n.pass(150)
    acquire(n, second)
    return release(n, first)
  }
  expect(late('client-1', 'client-1')).toBe(true)
  expect(late('client-1:8f14e45fceea167a', 'client-1:c9f0f895fb98ab91')).toBe(false)
})
test('K08: the lock of a client that is gone ends by itself', () => {
  const n = new Node()
  acquire(n, 'gone', 5000)
  n.pass(4990)
  expect(acquire(n, 'next')).toBe(false)
  n.pass(20)
  expect(acquire(n, 'next')).toBe(true)
})
test('K09: SETNX and then EXPIRE: a client that dies between the two leaves a lock for ever', () => {
  const n = new Node()
  expect(n.say('SETNX', 'lock', 'a')).toBe(':1\r\n')
  n.pass(3_600_000)
  expect([n.say('TTL', 'lock'), acquire(n, 'b')]).toEqual([':-1\r\n', false])
})
test('K10: a client that slept through its lock still writes, unless the storage asks for a rising number', () => {
  const written = (fenced: boolean): string[] => {
    const n = new Node()
    const storage: string[] = []
    let last = 0
    const write = (who: string, fence: number): void => {
      if (fenced && fence < last) return
      last = Math.max(last, fence)
      storage.push(who)
    }
    const lock = (who: string): number => (acquire(n, who) ? Number(n.say('INCR', 'fence').slice(1)) : -1)
    const a = lock('A')
    n.pass(40_000)
    const b = lock('B')
    write('B', b)
    write('A', a)
    return storage
  }
  expect(written(false)).toEqual(['B', 'A'])
  expect(written(true)).toEqual(['B'])
})

interface Held {
  readonly token: string
  readonly validityMs: number
  readonly got: number
}
/** Redlock: ask each in turn with a short patience, count, compare with the time that it took, give back on failure. */
function redlock(boxes: Boxes, token: string, ttl = TTL, patienceMs = 50): Held | null {
  const start = boxes.now
  let got = 0
  for (const n of boxes.nodes) {
    const waits = !n.up || n.rttMs > patienceMs
    boxes.pass(Math.min(n.up ? n.rttMs : patienceMs, patienceMs))
    // A reply that comes too late counts for nothing, though the server has set the key.
    if (n.up && acquire(n, token, ttl) && !waits) got++
  }
  const validityMs = ttl - (boxes.now - start) - (ttl * 0.01 + 2)
  if (got > boxes.nodes.length / 2 && validityMs > 0) return { token, validityMs, got }
  for (const n of boxes.nodes) if (n.up) release(n, token)
  return null
}
const five = (...drifts: number[]): Boxes => new Boxes(...Array.from({ length: 5 }, (_, i) => new Node(drifts[i] ?? 1)))
const locked = (b: Boxes): number => b.nodes.filter((n) => n.get('lock') !== '$-1\r\n').length

test('K13, K16: validity is what is left of the time after asking all, less the drift', () => {
  const b = five()
  for (const n of b.nodes) n.rttMs = 30
  expect(redlock(b, 'a')?.validityMs).toBe(TTL - 5 * 30 - (TTL * 0.01 + 2))
  expect(locked(b)).toBe(5)
})
test('K14: three of five are enough, and a dead one costs only the patience', () => {
  const b = five()
  b.nodes[0]!.up = b.nodes[3]!.up = false
  const held = redlock(b, 'a')
  expect(held?.got).toBe(3)
  expect(TTL - held!.validityMs).toBe(2 * 50 + 3 * 1 + TTL * 0.01 + 2)
  b.nodes[1]!.up = false
  expect(redlock(b, 'b')).toBe(null)
})
test('K15: a majority that took longer than the lock lasts is none', () => {
  const b = five()
  for (const n of b.nodes) n.rttMs = 40
  expect(redlock(b, 'a', 200)?.got).toBe(undefined)
  expect(redlock(five(), 'a', 200)?.got).toBe(5)
})
test('K17: on failure all are freed, those too whose answer came too late', () => {
  const b = five()
  for (const i of [0, 1, 2]) b.nodes[i]!.rttMs = 80
  expect(redlock(b, 'a')).toBe(null)
  expect(locked(b)).toBe(0)
})
test('K12: clocks that run fast give the lock to two', () => {
  const two = (...drifts: number[]): boolean => {
    const b = five(...drifts)
    const first = redlock(b, 'a')!
    b.pass(first.validityMs * 0.6)
    return redlock(b, 'b') !== null
  }
  expect(two()).toBe(false)
  expect(two(1.005, 1.005, 1.005)).toBe(false)
  expect(two(2, 2, 2)).toBe(true)
})
test('K18: a server that comes back empty votes twice; one that waits for the time of a lock does not', () => {
  const again = (waitMs: number): Held | null => {
    const b = five()
    for (const i of [3, 4]) b.nodes[i]!.up = false
    expect(redlock(b, 'a')?.got).toBe(3)
    b.nodes[2]!.restart()
    b.nodes[2]!.up = waitMs === 0
    for (const i of [3, 4]) b.nodes[i]!.up = true
    return redlock(b, 'b')
  }
  expect(again(0)?.got).toBe(3)
  expect(again(TTL)).toBe(null)
})
test('K11, K19: a lock that no replica heard of is lost with its master, and a second client takes it', () => {
  const d = ready({ seed: 5 })
  // Cut off, and so is the lock, from those who will follow: asynchronous copying loses exactly that.
  d.world.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-2', 'box-3'] })
  const take = (server: string, token: string): unknown => d.call(server, 'SET', 'lock', token, 'NX', 'PX', '600000')
  expect(take('redis-1', 'first')).toBe('OK')
  expect(take('redis-1', 'second')).toBe(null)
  const t0 = kill(d, 'redis-1')
  expect(d.until(() => switched(d, t0, ['s2', 's3']), 120 * SECOND, 100_000)).toBe(true)
  const now = box(d, masterSeenBy(d, 's2'))
  expect(now).not.toBe('redis-1')
  // The first client's ten minutes are not over.
  expect(take(now, 'second')).toBe('OK')
})
