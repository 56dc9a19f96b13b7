import { expect, test } from 'vitest'
import { type JobData, placeTurns, type TurnData } from './loop-layout.ts'

const turn = (at: number, micros: number, more: Partial<TurnData> = {}): TurnData => ({
  at,
  micros,
  woke: 'a readable socket',
  read: 10,
  commands: [],
  more: 0,
  cron: false,
  times: 1,
  sent: 5,
  sentTo: 1,
  fed: 0,
  fedTo: 0,
  files: [],
  did: [],
  waited: false,
  ...more,
})

test('turns never overlap and keep their order, however long the waits between them', () => {
  const turns = [turn(0, 100), turn(100, 2), turn(5_000_000, 4), turn(5_000_004, 300_000), turn(9_000_000, 0)]
  const { turns: placed, width } = placeTurns(turns, [], 9_100_000, 2)
  for (let i = 1; i < placed.length; i++) {
    const [a, b] = [placed[i - 1], placed[i]]
    expect(b?.x).toBeGreaterThanOrEqual((a?.x ?? 0) + (a?.w ?? 0))
  }
  // Five seconds of waiting take less room than a tenth of a millisecond of work.
  expect((placed[2]?.x ?? 0) - (placed[1]?.x ?? 0)).toBeLessThan(200)
  expect(width).toBeLessThan(2000)
})

test('a job begins under the turn that gave it away and ends where its end is', () => {
  const turns = [turn(0, 10), turn(1_000, 10), turn(2_000, 10)]
  const jobs: JobData[] = [
    { lane: 'bio_lazy_free', start: 10, end: 1_005, text: '' },
    { lane: 'child', start: 2_005, end: null, text: '' },
  ]
  const placed = placeTurns(turns, jobs, 3_000, 2)
  const [free, child] = placed.jobs
  const [first, second, third] = placed.turns
  expect(free?.x).toBeGreaterThanOrEqual((first?.x ?? 0) + (first?.readW ?? 0) + (first?.execW ?? 0))
  const end = (free?.x ?? 0) + (free?.w ?? 0)
  expect(end).toBeGreaterThan(second?.x ?? 0)
  expect(end).toBeLessThan((second?.x ?? 0) + (second?.w ?? 0))
  expect(child?.x).toBeGreaterThan(third?.x ?? 0)
  expect((child?.x ?? 0) + (child?.w ?? 0)).toBeCloseTo(placed.width)
})
