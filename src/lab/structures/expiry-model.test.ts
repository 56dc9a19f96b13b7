import { expect, test } from 'vitest'
import { Dict } from '../../engine/structures/dict.ts'
import { deaths, loopOnce, loopText, REDIS, simulate, tradeOff } from './expiry-model.ts'

test('X01: a timer for each key wakes the CPU once for each key and leaves nothing stale', () => {
  for (const keys of [100, 1000, 5000]) {
    const timer = simulate('timer', { ...REDIS, keys })
    expect(timer.wakeups).toBe(keys)
    expect(timer.left).toBe(0)
    expect(timer.staleReads).toBe(0)
    expect(timer.meanStale).toBeLessThan(0.01)
  }
  // The active cycle wakes with the clock, however many keys there are.
  for (const keys of [1000, 5000])
    expect(simulate('active', { ...REDIS, keys }).wakeups).toBe(REDIS.seconds * REDIS.hz + 1)
  // All at one time: the timers stop the server for all of them at once.
  const same = simulate('timer', { ...REDIS, spread: 'same' })
  expect(same.worst).toBeGreaterThan(20 * simulate('timer', REDIS).worst)
})

test('X05: lazy alone keeps what nobody reads, active alone answers with dead values, both together do neither', () => {
  const w = { ...REDIS, keys: 5000 }
  const [lazy, active, both] = [simulate('lazy', w), simulate('active', w), simulate('both', w)]
  expect(lazy.wakeups).toBe(0)
  expect(lazy.left).toBeGreaterThan(1000)
  expect(active.staleReads).toBeGreaterThan(0)
  expect([lazy.staleReads, both.staleReads]).toEqual([0, 0])
  expect(both.left).toBeLessThan(50)
  expect(both.staleKeySeconds).toBeLessThan(lazy.staleKeySeconds / 4)
  expect(both.wakeups).toBeLessThan(w.keys)
})

test('a higher threshold costs less and leaves more', () => {
  const list = tradeOff({ ...REDIS, keys: 5000 }, [2, 10, 25, 50])
  for (let i = 1; i < list.length; i++) {
    expect(list[i]!.meanStale).toBeGreaterThan(list[i - 1]!.meanStale)
    expect(list[i]!.micros).toBeLessThan(list[i - 1]!.micros)
  }
})

test('a loop samples at least as many as it should and goes on from its cursor', () => {
  const d = new Dict<number>(3)
  for (let i = 0; i < 64; i++) d.set(`k${i}`, i < 32 ? 0 : 100)
  const first = loopOnce(d, 0, 50, 20, 10)
  expect(first.loop.sampled).toBeGreaterThanOrEqual(20)
  expect(d.size).toBe(64 - first.loop.expired)
  expect(loopText(3, { at: 0, sampled: 20, expired: 7, repeat: true })).toBe(
    'loop 3: sampled 20 expired 7 (35 %) → repeat',
  )
  let [cursor, n] = [first.cursor, 0]
  for (; n < 50; n++) {
    const next = loopOnce(d, cursor, 50, 20, 0)
    cursor = next.cursor
    if (!next.loop.repeat && d.size === 32) break
  }
  expect(d.size).toBe(32)
})

test('the same keys die at the same times under each strategy', () => {
  expect(deaths(REDIS)).toEqual(deaths(REDIS))
  expect(new Set(deaths({ ...REDIS, spread: 'same' })).size).toBe(1)
  for (const s of ['timer', 'lazy', 'active', 'both'] as const)
    expect(simulate(s, REDIS).series.map((x) => x.alive)).toEqual(simulate('timer', REDIS).series.map((x) => x.alive))
})
