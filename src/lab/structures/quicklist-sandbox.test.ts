import { expect, test } from 'vitest'
import { nodeChange, QuicklistSandbox } from './quicklist-sandbox.ts'

const ITEMS = 'abcdefghijkl'.split('')

test('an insert inside a full node splits it, and each frame holds every entry once', () => {
  const box = new QuicklistSandbox(ITEMS, 4)
  expect(box.now().nodes.map((n) => n.items.length)).toEqual([4, 4, 4])
  const frames = box.run({ kind: 'LINSERT', at: 5, after: false, value: 'X' })
  const split = frames.find((f) => f.text.includes('it is split'))!
  expect(split.nodes.filter((n) => n.loose)).toHaveLength(1)
  for (const f of frames) {
    const all = f.nodes.flatMap((n) => n.items)
    expect(new Set(all).size).toBe(all.length)
    for (const i of ITEMS) expect(all).toContain(i)
  }
  expect(box.items().join('')).toBe('abcdeXfghijkl')
  expect(frames.at(-1)?.text).toBe('Done: 4 nodes, 1 more.')
})

test('neighbours that fit together are merged after a split', () => {
  const box = new QuicklistSandbox(ITEMS, 4)
  box.run({ kind: 'LINSERT', at: 5, after: false, value: 'X' })
  box.run({ kind: 'DEL', at: 0 })
  box.run({ kind: 'DEL', at: 0 })
  box.run({ kind: 'DEL', at: 0 })
  const frames = ['1', '2', '3', '4', '5', '6'].flatMap((value) =>
    box.run({ kind: 'LINSERT', at: 2, after: true, value }),
  )
  expect(frames.some((f) => f.text.endsWith('merged.'))).toBe(true)
  expect(frames.some((f) => f.text.endsWith('they stay.'))).toBe(true)
  for (const n of box.now().nodes) expect(n.items.length).toBeLessThanOrEqual(4)
})

test('pushes at the ends only ever add a node', () => {
  const box = new QuicklistSandbox(ITEMS, 4)
  const frames = box.run({ kind: 'LPUSH', value: 'X' })
  expect(frames.map((f) => f.nodes.length)).toEqual([3, 4, 4])
  expect(box.run({ kind: 'LPUSH', value: 'Y' }).map((f) => f.nodes.length)).toEqual([4, 4])
})

test('a look that finds other nodes says what happened', () => {
  expect(nodeChange([4, 4, 4], [4, 2, 3, 4])).toBe('Node 1: 4 became 2 + 3, a split.')
  expect(nodeChange([4, 2, 1, 4], [4, 3, 4])).toBe('Node 1: 2 + 1 became 3, a merge.')
  expect(nodeChange([4, 4], [4, 4, 1])).toBe('A node of 1 was added at place 2.')
  expect(nodeChange([1, 4], [4])).toBe('The node of 1 at place 0 went.')
  expect(nodeChange([4, 4], [4, 3])).toBeNull()
})
