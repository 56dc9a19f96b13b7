import { expect, test } from 'vitest'
import { Listpack } from '../../engine/structures/listpack.ts'
import { bodyOf, insertHead, layout, listpackInsertHead, sizeOf } from './ziplist.ts'

test('entries of 253 bytes all grow when a long one is put before them, those of 249 do not', () => {
  // 1 byte of prevlen and 252 of body are 253; with 5 bytes of prevlen 257, so the next needs 5 as well.
  const tight = insertHead(layout(Array.from({ length: 6 }, () => 252)), 300)
  expect(tight.steps.map((s) => s.index)).toEqual([1, 2, 3, 4, 5, 6])
  expect(tight.steps.every((s) => s.after - s.before === 4)).toBe(true)
  expect(tight.list.slice(1).every((e) => e.room === 5)).toBe(true)
  // 5 and 248 are 253: the second entry's length still fits one byte.
  expect(insertHead(layout(Array.from({ length: 6 }, () => 248)), 300).steps.map((s) => s.index)).toEqual([1])
  // A short one moves nothing on.
  expect(insertHead(layout(Array.from({ length: 6 }, () => 252)), 10).steps).toEqual([])
})

test('each length is that of the entry before', () => {
  const { list } = insertHead(layout([252, 100, 252, 252]), 300)
  for (let i = 1; i < list.length; i++) expect(list[i]?.prevlen).toBe(sizeOf(list[i - 1] as never))
})

test('values take what ziplist.c gives them', () => {
  expect([bodyOf(0), bodyOf(12), bodyOf(13), bodyOf(300), bodyOf(70000), bodyOf(2 ** 31)]).toEqual([1, 1, 2, 3, 4, 9])
  expect([bodyOf('ab'), bodyOf('x'.repeat(64)), bodyOf('x'.repeat(20000))]).toEqual([3, 66, 20005])
})

test('D09: an entry of 254 bytes at the head rewrites every entry of a ziplist, and of a listpack only its own', () => {
  for (const n of [1, 8, 64]) {
    const values = Array.from({ length: n }, () => 'x'.repeat(250))
    const bodies = values.map(bodyOf)
    // 2 bytes of encoding and 1 of prevlen: 253 each, the most that a prevlen of one byte can say.
    expect(layout(bodies).every((e, i) => e.room === 1 && sizeOf(e) === (i === 0 ? 253 : 253))).toBe(true)
    expect(insertHead(layout(bodies), bodyOf('y'.repeat(254))).steps).toHaveLength(n)
    expect(listpackInsertHead(values, 'y'.repeat(254))).toMatchObject({ rewritten: 1, entries: n + 1 })
  }
  // The bytes say so themselves: what was there is there again, further back.
  const lp = new Listpack()
  for (let i = 0; i < 5; i++) lp.append(`value-${i}`)
  const before = lp.bytes().subarray(6)
  lp.prepend('y'.repeat(254))
  const after = lp.bytes()
  expect([...after.subarray(after.length - before.length)]).toEqual([...before])
})
