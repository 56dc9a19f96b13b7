import { expect, test } from 'vitest'
import {
  type Change,
  detectionOf,
  type EpochsData,
  gapOf,
  merge,
  sameSlots,
  timeAxis,
  winner,
} from './epochs-layout.ts'
import { progressOf } from './reshard-plan.ts'

const node = (id: string, changes: Change[]): { name: string; data: EpochsData } => ({
  name: id,
  data: {
    id,
    now: 0,
    currentEpoch: 0,
    configEpoch: 0,
    master: true,
    lastVoteEpoch: 0,
    base: [0, 0],
    changes,
    forgotten: 0,
    replids: [],
    offset: 0,
  },
})

test('moments keep their order, one microsecond and one hour both have room', () => {
  const { x, end } = timeAxis([0, 5, 1000, 3_600_000_000], 10)
  expect(x(0)).toBe(10)
  expect(x(5)).toBe(10)
  expect(x(1000)).toBeGreaterThan(x(5))
  expect(end).toBe(x(3_600_000_000))
  expect(gapOf(3_600_000_000)).toBeLessThan(200)
})

test('of two claims to a slot the greater epoch holds; equal ones neither', () => {
  const claim = (epoch: number, a: number, b: number) => ({
    node: `${epoch}`,
    epoch,
    count: b - a + 1,
    ranges: [[a, b]] as const,
  })
  const [old, late] = [claim(1, 0, 5460), claim(7, 100, 100)]
  expect(winner(old, late)).toBe(late)
  expect(winner(old, claim(1, 0, 1))).toBe(null)
  expect(sameSlots(old, late)).toBe(true)
  expect(sameSlots(late, claim(3, 101, 200))).toBe(false)
})

test('a detection: silence, suspicion, agreement, the word to all; a node that came back is another story', () => {
  const flag = (at: number, flag: 'PFAIL' | 'FAIL' | 'ok', silentMs?: number): Change => ({
    kind: 'flag',
    node: 'x',
    flag,
    by: '',
    at,
    seq: at,
    ...(silentMs === undefined ? {} : { silentMs }),
  })
  const early = node('a', [
    flag(1_000, 'PFAIL', 1),
    flag(2_000, 'ok'),
    flag(9_000_000, 'PFAIL', 2000),
    flag(9_500_000, 'FAIL'),
  ])
  const late = node('b', [flag(9_200_000, 'PFAIL', 2050), flag(9_501_000, 'FAIL')])
  expect(detectionOf([early, late], 'x')).toEqual({
    silent: 7_000_000,
    suspected: 9_000_000,
    by: 'a',
    failed: 9_500_000,
    failedBy: 'a',
    told: 9_501_000,
  })
  expect(detectionOf([node('c', [flag(1, 'PFAIL', 1), flag(2, 'ok')])], 'x')).toBe(null)
  expect(detectionOf([early, late], 'y')).toBe(null)
})

test('changes of all nodes in the order of time; verdicts are left out', () => {
  const a = node('a', [{ kind: 'current epoch', epoch: 5, by: '', why: 'election', at: 20, seq: 1 }])
  const b = node('b', [
    { kind: 'flag', node: 'x', flag: 'PFAIL', by: '', at: 5, seq: 1 },
    { kind: 'current epoch', epoch: 5, by: 'a', why: 'auth-req', at: 21, seq: 2 },
  ])
  expect(merge([b, a]).map((c) => `${c.process} ${c.at}`)).toEqual(['a 20', 'b 21'])
})

test('progress of a run of slots: who has them now, and which is next; what nobody has stays', () => {
  const owners = [
    [0, 9, 'a'],
    [10, 19, 'b'],
    [20, 29, ''],
    [30, 16383, 'a'],
  ] as const
  expect(progressOf(owners, [5, 14], 'b')).toEqual({ done: 5, of: 10, first: 5 })
  expect(progressOf(owners, [10, 25], 'b')).toEqual({ done: 10, of: 16, first: null })
  expect(progressOf(owners, [10, 31], 'b')).toEqual({ done: 10, of: 22, first: 30 })
})
