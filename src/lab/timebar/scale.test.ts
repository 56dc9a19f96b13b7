import { expect, test } from 'vitest'
import { linear, logarithmic } from './scale.ts'

test('a scale and its inverse, beyond its ends too', () => {
  const x = linear([1000, 3000], [12, 212])
  expect([1000, 2000, 3000, 4000].map(x)).toEqual([12, 112, 212, 312])
  expect([12, 112, -88].map(x.invert)).toEqual([1000, 2000, 0])
  expect(x.ticks(4)).toEqual([1000, 1500, 2000, 2500, 3000])
  const log = logarithmic([0.001, 10], [0, 100])
  expect([0.001, 0.1, 10].map((v) => Math.round(log(v)))).toEqual([0, 50, 100])
  expect(log.invert(50)).toBeCloseTo(0.1, 9)
})

test('a domain of one value has a place', () => {
  expect(linear([5, 5], [0, 10])(5)).toBe(0)
})
