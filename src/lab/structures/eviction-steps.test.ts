import { expect, test } from 'vitest'
import { record } from '../../engine/inspect/recorder.ts'
import { bench } from '../../engine/server/rig.ts'
import { againstTrueLru, lfuChance, type RoundData, stepsOf } from './eviction-steps.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
interface View {
  readonly rounds: readonly RoundData[]
  readonly order: string | null
  readonly evictedKeys: number
}
function evict(samples: number): View {
  const b = bench(['--maxmemory-policy', 'allkeys-lru', '--maxmemory-samples', String(samples)])
  record(b.server)
  const say = b.connect()
  const run = (line: string): string => say(resp(...line.split(' ')))
  for (let i = 0; i < 300; i++) {
    run(`set k${i} ${'x'.repeat(400)}`)
    b.wait(200)
  }
  run(`config set maxmemory ${b.server.usedMemory() + 20000}`)
  for (let i = 300; i < 450; i++) {
    run(`set k${i} ${'x'.repeat(400)}`)
    b.wait(200)
  }
  return b.server.view('eviction', ['0', 'k1']) as View
}

test('V12: taken apart sample by sample, a round ends with the pool and the victim of the server', () => {
  const { rounds } = evict(5)
  expect(rounds.length).toBeGreaterThan(10)
  rounds.forEach((round) => {
    const steps = stepsOf(round)
    const sampled = round.samples.flatMap((s) => s.keys)
    expect(steps.map((s) => s.key)).toEqual([...sampled, round.victim])
    const last = steps.at(-2)?.pool.map((p) => p.key) ?? []
    // The best leaves, unless it is gone already: then the next.
    expect(steps.at(-1)?.pool.map((p) => p.key)).toEqual(round.pool)
    expect(last.indexOf(round.victim)).toBeGreaterThanOrEqual(0)
    const scores = steps.at(-2)?.pool.map((p) => p.score) ?? []
    expect([...scores].sort((x, y) => x - y)).toEqual(scores)
  })
})

test('V12: ten samples come nearer to true LRU than one, and true LRU would score 100 %', () => {
  const share = (samples: number): number => {
    const { order, evictedKeys } = evict(samples)
    const { evicted, right } = againstTrueLru(order ?? '')
    expect(evicted).toBe(evictedKeys)
    return right / evicted
  }
  const [one, ten] = [share(1), share(10)]
  expect(ten).toBeGreaterThan(one)
  expect(ten).toBeGreaterThan(0.8)
  expect(againstTrueLru('eeekkn')).toEqual({ evicted: 3, right: 3, fresh: 0 })
  expect(againstTrueLru('eekekx')).toEqual({ evicted: 4, right: 3, fresh: 1 })
})

test('V12: the dice of an LFU counter are those of LFULogIncr', () => {
  expect(lfuChance(5, 10)).toBe(1)
  expect(lfuChance(15, 10)).toBeCloseTo(1 / 101)
  expect(lfuChance(100, 0)).toBe(1)
  expect(lfuChance(255, 10)).toBe(0)
})
