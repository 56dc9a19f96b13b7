import { expect, test } from 'vitest'
import { Zset } from '../structures/zset.ts'
import { lensOf } from './lens.ts'

test('the neighbours of the target, the height of all towers and the bucket of each member', () => {
  const z = new Zset(5)
  for (let i = 0; i < 1000; i++) z.insert(i, `m${i}`)
  z.dict.pauserehash++
  const before = [z.dict.rehashidx, z.dict.tableUsed(0)]
  const lens = lensOf(z, 500)
  expect(lens.near.map((n) => n.rank)).toEqual(Array.from({ length: 17 }, (_, i) => 492 + i))
  expect(lens.near[8]?.ele).toBe('m499')
  expect(lens.heights).toHaveLength(256)
  expect(Math.max(...lens.heights)).toBe(z.zsl.level)
  expect(lens.heights.every((h) => h >= 1)).toBe(true)
  for (const [id, table, bucket] of lens.buckets)
    expect(z.dict.bucketKeys(table as 0 | 1, bucket)).toContain(z.zsl.eleOf(id))
  expect([z.dict.rehashidx, z.dict.tableUsed(0)]).toEqual(before)
})

test('a list of a million is looked at along a high lane', () => {
  const z = new Zset(5)
  for (let i = 0; i < 100_000; i++) z.insert(i, `m${i}`)
  const lens = lensOf(z, 0)
  expect(lens.floor).toBeGreaterThan(2)
  expect(lens.near).toEqual([])
  expect(Math.max(...lens.heights)).toBe(z.zsl.level)
})
