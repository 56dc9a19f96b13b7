import { expect, test } from 'vitest'
import { type Claim, ownersBefore } from './past.ts'
import { partsOf } from './payload-parts.ts'

const claim = (node: string, from: string, ranges: [number, number][]): Claim => ({
  kind: 'claim',
  at: 0,
  seq: 0,
  node,
  epoch: 4,
  from,
  count: 0,
  ranges,
  why: '',
})

test('V03: claims are taken back newest first', () => {
  const now: [number, number, string][] = [
    [0, 5460, 'd'],
    [5461, 16383, 'b'],
  ]
  const claims = [claim('b', 'c', [[10923, 16383]]), claim('d', 'a', [[0, 5460]])]
  expect(ownersBefore(now, claims, 0)).toEqual(now)
  expect(ownersBefore(now, claims, 1)).toEqual([
    [0, 5460, 'a'],
    [5461, 16383, 'b'],
  ])
  expect(ownersBefore(now, claims, 2)).toEqual([
    [0, 5460, 'a'],
    [5461, 10922, 'b'],
    [10923, 16383, 'c'],
  ])
})

test('V23: a payload is type, value, version and checksum; of a long one the end is not shown', () => {
  expect(partsOf(17, 17).map((p) => [p.name, p.to - p.from])).toEqual([
    ['type', 1],
    ['value', 6],
    ['RDB version', 2],
    ['CRC64', 8],
  ])
  expect(partsOf(5000, 96).map((p) => p.name)).toEqual(['type', 'value'])
})
