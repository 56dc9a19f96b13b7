import { expect, test } from 'vitest'
import { listpackEntries, readDict, readKeys } from './shapes.ts'

test('a listpack is read byte by byte: 6-bit string, 7-bit int, 13-bit and 16-bit ints', () => {
  // HSET prefs theme dark size 14, then -5 (13 bit) and 5000 (16 bit)
  const bytes = [
    0,
    0,
    0,
    0,
    6,
    0,
    0x85,
    ...Buffer.from('theme'),
    6,
    0x84,
    ...Buffer.from('dark'),
    5,
    14,
    1,
    0xdf,
    0xfb,
    2,
    0xf1,
    0x88,
    0x13,
    3,
    0xff,
  ]
  expect(listpackEntries(Uint8Array.from(bytes)).map((e) => [e.offset, e.length, e.value])).toEqual([
    [6, 7, '"theme"'],
    [13, 6, '"dark"'],
    [19, 2, '14'],
    [21, 3, '-5'],
    [24, 4, '5000'],
  ])
})

test('a cut listpack ends the list instead of throwing', () => {
  expect(listpackEntries(Uint8Array.from([9, 0, 0, 0, 1, 0, 0xf3, 1]))).toEqual([])
})

test('unknown shapes give empty results', () => {
  expect(readKeys(null)).toEqual({ keys: [], total: 0 })
  expect(readKeys([{ key: 'a', type: 'string', encoding: 'int', ttl: -1 }]).keys).toEqual([
    { name: 'a', type: 'string', encoding: 'int', ttl: null },
  ])
  expect(readDict({})).toBeNull()
  expect(readDict({ rehashidx: 1, tables: [{ size: 4, used: 1, buckets: [[2, ['k']]] }] })?.tables[0]?.buckets).toEqual(
    [{ index: 2, keys: ['k'] }],
  )
})
