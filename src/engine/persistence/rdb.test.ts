import { expect, test } from 'vitest'
import type { Bytes } from '../bytes/bytes.ts'
import { Config } from '../server/config.ts'
import { objectDigest } from '../keyspace/digest.ts'
import type { Obj } from '../objects/object.ts'
import { Dict } from '../structures/dict.ts'
import { createDumpPayload, readDumpPayload, verifyDumpPayload } from './dump.ts'
import { buildHash, buildList, buildSet, buildString, buildZset, loadLimits } from './rdb-build.ts'
import { RdbLoader } from './rdb-decode.ts'
import { encodeRdb } from './rdb-encode.ts'
import { RdbError } from './rdb-format.ts'

const limits = loadLimits(new Config(), 7)
const hex = (b: Bytes): string => [...b].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
const need = (o: Obj | null): Obj => {
  if (o === null) throw new Error('empty')
  return o
}

test('B.7: payloads are byte for byte those of a real server', () => {
  const dump = (o: Obj | null): string => hex(createDumpPayload(need(o), true))
  expect(dump(buildHash(['a', '1', 'b', '2'], limits))).toBe(
    '10 11 11 00 00 00 04 00 81 61 02 01 01 81 62 02 02 01 ff 0a 00 3e 40 63 6c 8f 5d 76 9a',
  )
  expect(dump(buildString('hello'))).toBe('00 05 68 65 6c 6c 6f 0a 00 63 72 df 76 65 34 20 0a')
  expect(dump(buildString('12345'))).toBe('00 c1 39 30 0a 00 9d 94 ea 27 93 fc 08 b9')
  expect(dump(buildSet(['1', '2', '3'], limits))).toMatch(/^0b 0e 02 00 00 00 03 00 00 00 01 00 02 00 03 00 0a 00 /)
  expect(dump(buildList(['1', '2', 'a'], limits))).toBe(
    '12 01 02 0e 0e 00 00 00 03 00 01 01 02 01 81 61 02 ff 0a 00 cc 0f c6 88 ab d7 59 69',
  )
  expect(
    dump(
      buildZset(
        [
          ['a', 1],
          ['b', 2.5],
        ],
        limits,
      ),
    ),
  ).toMatch(/^11 14 14 00 00 00 04 00 81 61 02 01 01 81 62 02 83 32 2e 35 04 ff 0a 00 /)
})

test('a value survives the format in every encoding', () => {
  const many = Array.from({ length: 700 }, (_, i) => `member:${i}`)
  const ints = Array.from({ length: 600 }, (_, i) => String(i * 7919 - 300))
  const values: (Obj | null)[] = [
    buildString('x'.repeat(5000)),
    buildString('-2147483649'),
    buildString('9223372036854775807'),
    buildList(many, limits),
    buildSet(many, limits),
    buildSet(ints, limits),
    buildHash(many, limits),
    buildZset(
      many.map((m, i) => [m, i / 3] as const),
      limits,
    ),
    buildZset(
      [
        ['a', Number.POSITIVE_INFINITY],
        ['b', Number.NEGATIVE_INFINITY],
      ],
      limits,
    ),
  ]
  for (const o of values) {
    const payload = createDumpPayload(need(o), true)
    expect(verifyDumpPayload(payload)).toBe(true)
    const back = need(readDumpPayload(payload, limits))
    expect([back.type, back.encoding]).toEqual([need(o).type, need(o).encoding])
    expect(hex(objectDigest(back, false))).toBe(hex(objectDigest(need(o), false)))
  }
})

test('a damaged payload is refused', () => {
  const payload = createDumpPayload(buildString('hello'), true)
  expect(verifyDumpPayload(payload.replace('e', 'f'))).toBe(false)
  for (let n = 0; n < payload.length - 10; n++) expect(readDumpPayload(payload.slice(0, n), limits)).toBeNull()
})

const options = {
  compression: true,
  checksum: true,
  access: 'none',
  nowMs: 1_700_000_000_000,
  lfuDecayTime: 1,
} as const

test('P01: a file begins as a real one and is read back', () => {
  const db = { id: 3, dict: new Dict<Obj>(1), expires: new Dict<number>(1) }
  db.dict.set('k', buildString('v'))
  db.dict.set('t', buildString('42'))
  db.expires.set('t', 1_800_000_000_123)
  const repl = { streamDb: 0, replid: 'a'.repeat(40), offset: 123 }
  const bytes = [...encodeRdb([db as never], { usedMemory: 1, repl, aofBase: false }, options)].join('')
  expect(hex(bytes.slice(0, 27))).toBe(
    '52 45 44 49 53 30 30 31 30 fa 09 72 65 64 69 73 2d 76 65 72 06 37 2e 30 2e 31 35',
  )
  const seen: string[] = []
  const sink = {
    aux: (k: Bytes, v: Bytes) => void seen.push(`${k}=${v}`),
    select: (id: number) => void seen.push(`db${id}`),
    resize: (a: number, b: number) => void seen.push(`${a}/${b}`),
    key: (k: Bytes, _o: Obj, at: number) => void seen.push(`${k}@${at}`),
    emptyKey: () => {},
  }
  const loader = new RdbLoader(bytes, sink, limits)
  let steps = 1
  while (!loader.step(1)) steps++
  expect(steps).toBeGreaterThan(5)
  expect(seen).toContain('repl-offset=123')
  expect(seen.slice(-4).sort()).toEqual(['2/1', 'db3', 'k@-1', 't@1800000000123'])
  const broken = bytes.replace(/v/g, 'w')
  expect(() => new RdbLoader(broken, sink, limits).step()).toThrow(RdbError)
})
