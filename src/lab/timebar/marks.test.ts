import { expect, test } from 'vitest'
import type { EventView } from '../../browser/session.ts'
import { Density, lookOf, placeMarks } from './marks.ts'

const event = (at: number, kind: string, weight = 1): EventView => ({
  seq: at,
  at,
  process: 's1',
  kind,
  text: '',
  weight,
})

test('labels that would touch are dropped by priority; marks never', () => {
  const events = [
    event(100, '+sdown'),
    event(101, '+vote-for-leader'),
    event(102, '+odown', 3),
    event(103, 'repl.full', 0),
  ]
  const placed = placeMarks(events, (at) => at, 300, 1)
  expect(placed).toHaveLength(4)
  expect(placed[0]?.event.kind).toBe('+odown')
  expect(placed[0]?.side).toBe(1)
  expect(placed.filter((p) => p.side !== 0)).toHaveLength(1)
})

test('a mark outside the window is not placed, a label never leaves it', () => {
  const placed = placeMarks([event(-5, '+odown'), event(290, '+switch-master')], (at) => at, 300, 3)
  expect(placed.map((p) => [p.event.at, p.side])).toEqual([[290, -1]])
})

test('every kind has a look', () => {
  expect(lookOf('+odown').icon).toBe('odown')
  expect(lookOf('+switch-master').icon).toBe('crown')
  expect(lookOf('fault.kill').icon).toBe('kill')
  expect(lookOf('whatever').icon).toBe('circ')
})

test('bars add up to the events between two times', () => {
  const d = new Density()
  d.add(0, 0)
  d.add(1000, 10)
  d.add(2000, 110)
  expect(d.bars(1000, 0, 2)).toEqual([10, 100])
  expect(d.bars(500, 1, 2)).toEqual([5])
  expect(d.generation).toBe(0)
  d.add(100, 3) // started again
  expect(d.countAt(2000)).toBe(3)
  expect(d.generation).toBe(1)
})
