import { expect, test } from 'vitest'
import { diffOf, groupByPrefix, rowsOf, signed, type Snapshot } from './memory-diff.ts'

test('V29: A and B differ in what came, went and grew, the largest first', () => {
  const a: Snapshot = {
    at: 0,
    total: 100,
    parts: [
      { name: 'dataset', value: 80 },
      { name: 'clients', value: 20 },
    ],
    prefixes: [{ name: 'user:*', bytes: 50 }],
    keys: [
      { db: 0, key: 'user:1', bytes: 50 },
      { db: 1, key: 'x', bytes: 30 },
    ],
  }
  const b: Snapshot = {
    ...a,
    parts: [
      { name: 'dataset', value: 480 },
      { name: 'clients', value: 20 },
    ],
    prefixes: [{ name: 'user:*', bytes: 450 }],
    keys: [
      { db: 0, key: 'user:1', bytes: 70 },
      { db: 0, key: 'user:2', bytes: 380 },
    ],
  }
  expect(diffOf(a, b).map((l) => [l.kind, l.name, signed(l.b - l.a)])).toEqual([
    ['part', 'dataset', '+400'],
    ['prefix', 'user:*', '+400'],
    ['key', 'user:2', '+380'],
    ['key', 'db1 x', '−30'],
    ['key', 'user:1', '+20'],
  ])
  expect(diffOf(a, a)).toEqual([])
})

test('V29: the treemap groups keys by their prefix and loses none', () => {
  const keys = [
    ...Array.from({ length: 9 }, (_, i) => ({ key: `a:${i}`, bytes: 10 })),
    { key: 'plain', bytes: 200 },
    { key: 'b:1', bytes: 40 },
  ]
  const tiles = groupByPrefix(keys)
  expect(tiles.map((t) => [t.name, t.bytes, t.items.length])).toEqual([
    ['plain', 200, 1],
    ['a:*', 90, 9],
    ['b:*', 40, 1],
  ])
  expect(rowsOf(tiles).flat()).toEqual(tiles)
})
