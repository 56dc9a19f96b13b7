import { expect, test } from 'vitest'
import { asin, cos, log2Floor, sin } from './fdlibm.ts'
import { Prng } from './prng.ts'

test('values that are known to the last bit', () => {
  expect(sin(0)).toBe(0)
  expect(Object.is(sin(-0), -0)).toBe(true)
  expect(sin(1)).toBe(0.8414709848078965)
  expect(sin(2)).toBe(0.9092974268256817)
  expect(sin(Math.PI)).toBe(1.2246467991473532e-16)
  expect(sin(1e22)).toBe(-0.8522008497671888)
  expect(cos(1)).toBe(0.5403023058681398)
  expect(cos(Math.PI / 2)).toBe(6.123233995736766e-17)
  expect(cos(0)).toBe(1)
  expect(cos(1e22)).toBe(0.523214785395139)
  expect(asin(1)).toBe(Math.PI / 2)
  expect(asin(-1)).toBe(-Math.PI / 2)
  expect(asin(0.5)).toBe(0.5235987755982989)
  expect(asin(0.1)).toBe(0.1001674211615598)
  expect(asin(1.5)).toBeNaN()
})
test('never more than a unit in the last place from what this host computes', () => {
  const rng = new Prng(4)
  const ulp = (v: number): number => 2 ** (Math.floor(Math.log2(Math.abs(v))) - 52)
  for (let i = 0; i < 20_000; i++) {
    const x = (rng.float() - 0.5) * 2 ** (rng.below(12) - 5)
    for (const [ours, theirs] of [
      [sin(x), Math.sin(x)],
      [cos(x), Math.cos(x)],
    ] as const)
      expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(ulp(theirs))
    const y = (rng.float() - 0.5) * 2
    expect(Math.abs(asin(y) - Math.asin(y))).toBeLessThanOrEqual(ulp(Math.asin(y)))
  }
})
test('log2Floor is exact at and beside the powers of two', () => {
  for (let k = 1; k < 53; k++) {
    expect(log2Floor(2 ** k)).toBe(k)
    expect(log2Floor(2 ** k - 1)).toBe(k - 1)
  }
})
