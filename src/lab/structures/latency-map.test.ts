import { expect, test } from 'vitest'
import { COLUMNS, latencyMap, rowOf, type SegmentData } from './latency-map.ts'

const seg = (start: number, micros: number, more: Partial<SegmentData> = {}): SegmentData => ({
  start,
  micros,
  name: 'get',
  client: '10.0.0.2:5',
  queue: null,
  observed: null,
  ...more,
})

test('V30: each command is in one cell, by its time and its power of two', () => {
  const segments = Array.from({ length: 100 }, (_, i) => seg(i * 1000, i === 50 ? 5000 : 2))
  const map = latencyMap(segments, 'Execution', 100_000)
  expect([...(map?.cells.values() ?? [])].reduce((a, b) => a + b, 0)).toBe(100)
  expect(map?.columns).toHaveLength(COLUMNS)
  expect(map?.rows).toBe(13)
  const spike = map?.columns.find((c) => c.worst === 5000)
  expect(spike?.from).toBeLessThanOrEqual(50_000)
  expect(spike?.to).toBeGreaterThan(50_000)
  expect([0, 1, 2, 3, 4, 1023, 1024].map(rowOf)).toEqual([0, 0, 1, 1, 2, 9, 10])
})

test('V30: queue and client time count only what came over the wire', () => {
  const segments = [seg(0, 2), seg(10, 2, { queue: 0, observed: 500 }), seg(20, 2, { queue: 900, observed: 1402 })]
  expect(latencyMap(segments, 'Queue', 30)?.all).toEqual([0, 900])
  expect(latencyMap(segments, 'Client', 30)?.all).toEqual([500, 1402])
  expect(latencyMap([seg(0, 1)], 'Client', 30)).toBe(null)
})
