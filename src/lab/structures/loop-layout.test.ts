import { expect, test } from 'vitest'
import {
  blockersOf,
  dealt,
  densityOf,
  type JobData,
  placeTurns,
  queueAt,
  requestsOf,
  type TurnData,
} from './loop-layout.ts'

const turn = (at: number, micros: number, more: Partial<TurnData> = {}): TurnData => ({
  at,
  arrived: at,
  left: at,
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

const command = (text: string, micros: number, offset = 0) => ({
  name: (text.split(' ')[0] as string).toLowerCase(),
  text,
  client: '10.0.0.2:5',
  slow: null,
  offset,
  micros,
  inner: false,
})

test('V13: a request that waited names what ran meanwhile, and the queue counts who waited', () => {
  const turns = [
    turn(0, 10, { commands: [command('GET a', 10)] }),
    turn(100, 1000, { commands: [command('KEYS *', 1000)] }),
    turn(1100, 2, { arrived: 300, left: 100, commands: [command('GET b', 2)] }),
    turn(1102, 2, { arrived: 400, left: 200, commands: [command('GET c', 2)] }),
  ]
  const requests = requestsOf(turns)
  expect(requests.map((r) => r.start - r.arrived)).toEqual([0, 0, 800, 702])
  expect(requests.map((r) => blockersOf(turns, r))).toEqual([[], [], [1], [1, 2]])
  expect(turns.map((_, i) => queueAt(turns, i))).toEqual([0, 2, 1, 0])
  // A time within an idle gap is found again at its place.
  const placed = placeTurns(turns, [], 2000, 2)
  for (const at of [0, 50, 150, 600, 1100]) expect(placed.timeAt(placed.place(at))).toBeCloseTo(at, 0)
})

test('V13: commands thinner than a pixel become one mark with their number', () => {
  const commands = Array.from({ length: 40 }, (_, i) => command(`GET k${i}`, 2, i * 2))
  const t = turn(0, 80, { commands })
  expect(densityOf(t, 400)).toHaveLength(40)
  const dense = densityOf(t, 20)
  expect(dense.length).toBeLessThan(6)
  expect(dense.reduce((n, d) => n + d.n, 0)).toBe(40)
})

test('V13: I/O threads write only when there are twice as many clients as threads', () => {
  expect(dealt(7, 4)).toEqual([])
  expect(dealt(10, 4)).toEqual([3, 3, 2, 2])
  expect(dealt(10, 1)).toEqual([])
})
