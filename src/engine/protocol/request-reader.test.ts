import { expect, test } from 'vitest'
import { BulkWriter } from './bulk-writer.ts'
import { encodeReply } from './reply-writer.ts'
import { RequestReader } from './request-reader.ts'

const LIMITS = { protoMaxBulkLen: 1 << 29 }
const encode = (argv: readonly string[]): string =>
  `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const REQUESTS = [
  ['GET', 'k'],
  ['SET', 'key:000000000001', ''],
  ['PING'],
  ['MSET', 'a', '1', 'b', '$3\r\nfoo\r\n', 'c', '\0\xff'],
  Array.from({ length: 12 }, (_, i) => `argument ${i}`),
  ['SET', 'long', 'v'.repeat(1200)],
  ['SET', 'k', 'x'.repeat(99)],
]

test('requests are the same however the stream is cut', () => {
  const stream = REQUESTS.map(encode).join('')
  for (let cut = 0; cut <= stream.length; cut += cut < 300 ? 1 : 37) {
    const reader = new RequestReader()
    const seen: string[][] = []
    for (const part of [stream.slice(0, cut), stream.slice(cut)]) {
      if (part === '') continue
      reader.feed(part)
      for (let argv = reader.next(LIMITS); argv !== null; argv = reader.next(LIMITS)) seen.push(argv)
    }
    expect(reader.error).toBe(null)
    expect(seen).toEqual(REQUESTS)
  }
})

test('what is not well formed is refused by its place', () => {
  const errorOf = (bytes: string): string | null => {
    const reader = new RequestReader()
    reader.feed(bytes)
    while (reader.next(LIMITS) !== null);
    return reader.error
  }
  expect(errorOf('*2\r\n$3\r\nGET\r\n:1\r\n')).toBe("expected '$', got ':'")
  expect(errorOf('*1\r\n$-5\r\n')).toBe('invalid bulk length')
  expect(errorOf('*1x\r\n')).toBe('invalid multibulk length')
  expect(errorOf('*1\r\n$03\r\nGET\r\n')).toBe('invalid bulk length')
})

test('a long reply is what its elements are one by one', () => {
  const items = [
    '',
    'a',
    'x'.repeat(9),
    'y'.repeat(10),
    'z'.repeat(100),
    'w'.repeat(40_000),
    0,
    7,
    12,
    123_456,
    -5,
    '\xff\0',
  ]
  const expected = `*${items.length}\r\n${items.map((i) => encodeReply(i, 2)).join('')}`
  expect(encodeReply(items, 2)).toBe(expected)
  const w = new BulkWriter().begin('*', 3)
  w.text(new Uint8Array([97, 98, 99, 100]), 1, 3)
  w.number(-12)
  w.number(9223372036854775807n)
  expect(w.end()).toBe('*3\r\n$2\r\nbc\r\n$3\r\n-12\r\n$19\r\n9223372036854775807\r\n')
})
