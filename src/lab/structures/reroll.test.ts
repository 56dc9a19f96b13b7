import { expect, test } from 'vitest'
import type { SkiplistData } from './data.ts'
import { meanComparisons, reroll } from './reroll.ts'

const plain = (n: number): SkiplistData => ({
  length: n,
  level: 1,
  header: [],
  from: 0,
  nodes: Array.from({ length: n }, (_, i) => ({ id: i + 1, score: i, ele: `m${i}`, backward: i, levels: [] })),
  search: null,
  byLevel: [],
  visited: [],
  dict: { size: 4, used: n, rehashidx: -1 },
})

test('other dice: spans of each level add up to the length, a seed shows the same again', () => {
  const a = reroll(plain(100), 0.25, 7)
  expect(reroll(plain(100), 0.25, 7).data).toEqual(a.data)
  expect(reroll(plain(100), 0.25, 8).data.nodes).not.toEqual(a.data.nodes)
  for (let l = 0; l < a.data.level; l++) {
    let link = a.data.header[l]
    let sum = 0
    while (link && link.forward !== 0) {
      sum += link.span
      link = a.data.nodes[link.forward - 1]?.levels[l]
    }
    expect(sum + (link?.span ?? 0)).toBe(100)
  }
  expect(a.data.byLevel.reduce((x, y) => x + y, 0)).toBe(100)
})

test('P 0 is a plain list; a larger P gives taller towers: 1 / (1 - P) links a member', () => {
  const flat = reroll(plain(60), 0, 1)
  expect(flat.data.level).toBe(1)
  // Each search compares all before its target, the target, and the one behind it (the last has none).
  expect(flat.mean).toBeCloseTo(((60 * 61) / 2 + 59) / 60)
  const average = (p: number) =>
    Array.from({ length: 40 }, (_, i) => reroll(plain(200), p, i).pointers).reduce((a, b) => a + b) / 40
  expect(average(0.25)).toBeCloseTo(4 / 3, 1)
  expect(average(0.5)).toBeCloseTo(2, 0)
  const quarter = reroll(plain(200), 0.25, 3)
  expect(quarter.mean).toBeLessThan(40)
  expect(meanComparisons(quarter.data.header, quarter.data.nodes, quarter.data.level)).toBe(quarter.mean)
})
