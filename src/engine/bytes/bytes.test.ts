import { expect, test } from 'vitest'
import { fromUint8, own, toUint8, utf8Decode, utf8Encode } from './bytes.ts'
import { crc16, keyHashSlot } from './crc16.ts'
import { Crc64, crc64 } from './crc64.ts'
import { globMatch } from './glob.ts'
import { addLongDouble, formatLongDouble, parseLongDouble } from './long-double.ts'
import { lzfCompress, lzfDecompress } from './lzf.ts'
import { d2string, formatDouble, parseDouble, parseInt64 } from './numbers.ts'
import { Prng } from './prng.ts'
import { quoteBytes, splitArgs } from './quote.ts'
import { sha1Hex } from './sha1.ts'
import { sha256Hex } from './sha256.ts'

test('bytes survive the way to an array and back, and owning', () => {
  const rng = new Prng(1)
  for (const n of [0, 1, 5, 12, 13, 17, 300, 4097, 20000]) {
    const b = rng.bytes(n)
    expect(fromUint8(toUint8(b))).toBe(b)
    expect(own(`x${b}`.slice(1))).toBe(b)
  }
})

test('UTF-8 goes both ways and replaces what is ill-formed', () => {
  const text = 'aé中😀'
  expect(utf8Encode(text)).toBe('a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80')
  expect(utf8Decode(utf8Encode(text))).toBe(text)
  expect(utf8Decode('a\xffb\xe4\xb8c')).toBe('a\ufffdb\ufffdc')
})

test('integers are read strictly', () => {
  expect(parseInt64('0')).toBe(0)
  expect(parseInt64('-7')).toBe(-7)
  expect(parseInt64('9007199254740991')).toBe(9007199254740991)
  expect(parseInt64('9007199254740993')).toBe(9007199254740993n)
  expect(parseInt64('9223372036854775807')).toBe(9223372036854775807n)
  expect(parseInt64('-9223372036854775808')).toBe(-9223372036854775808n)
  for (const bad of [
    '',
    '-',
    '-0',
    '01',
    '+1',
    ' 1',
    '1 ',
    '1.0',
    '9223372036854775808',
    '-9223372036854775809',
    '0x1',
    '99999999999999999999',
  ]) {
    expect(parseInt64(bad)).toBe(null)
  }
})

test('doubles are read as strtod reads them', () => {
  for (const [text, v] of [
    ['1', 1],
    ['-1.5', -1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['+inf', Infinity],
    ['-Infinity', -Infinity],
    ['0x10', 16],
    ['0x1.8p1', 3],
    ['0e500', 0],
  ] as const) {
    expect(parseDouble(text)).toBe(v)
  }
  for (const bad of ['', ' 1', '1 ', 'nan', 'a', '1e', '1e400', '1e-400', '--1', '.', '0x', 'infi'])
    expect(parseDouble(bad)).toBe(null)
})

test('doubles print as %.17g', () => {
  for (const [v, text] of [
    [0.1, '0.10000000000000001'],
    [1, '1'],
    [-0, '-0'],
    [3.5, '3.5'],
    [1e17, '1e+17'],
    [1e16, '10000000000000000'],
    [1e-5, '1.0000000000000001e-05'],
    [0.0001, '0.0001'],
    [123456.789, '123456.789'],
    [1e300, '1.0000000000000001e+300'],
    [100000000000000.125, '100000000000000.12'],
    [2 ** -25, '2.9802322387695312e-08'],
    [-1.5e-7, '-1.4999999999999999e-07'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [9007199254740993, '9007199254740992'],
  ] as const) {
    expect(formatDouble(v)).toBe(text)
  }
  expect(d2string(1e17)).toBe('100000000000000000')
})

test('long doubles add as on x86', () => {
  const add = (a: string, b: string) => formatLongDouble(addLongDouble(parseLongDouble(a)!, parseLongDouble(b)!)!)
  expect(add('10.5', '0.1')).toBe('10.6')
  expect(add('5.0e3', '2.0e2')).toBe('5200')
  expect(add('0.1', '0.2')).toBe('0.3')
  expect(add('3', '1.23e-20')).toBe('3')
  expect(add('-1', '1')).toBe('0')
  expect(add('1e20', '0.5')).toBe('100000000000000000000')
  expect(parseLongDouble('1e5000')).toBe(null)
  expect(parseLongDouble('')).toBe(null)
})

test('checksums and digests give their published values', () => {
  expect(crc64('123456789').hex()).toBe('e9c6d914c4b8d9ca')
  const text = 'This is a test of the emergency broadcast system.'
  const split = new Crc64().update(toUint8(text.slice(0, 11))).update(text.slice(11))
  expect(split.hex()).toBe(crc64(toUint8(text)).hex())
  expect(crc16('123456789')).toBe(0x31c3)
  expect(keyHashSlot('foo{bar}baz')).toBe(keyHashSlot('bar'))
  expect(keyHashSlot('foo{}')).not.toBe(keyHashSlot(''))
  expect(sha1Hex('abc')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d')
  expect(sha1Hex('a'.repeat(1000))).toBe('291e9a6c66994949b57ba5e650361e98fc36b1ba')
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('LZF restores what it compressed and refuses corrupt input', () => {
  const rng = new Prng(7)
  for (let round = 0; round < 60; round++) {
    const n = rng.below(3000) + 5
    const u8 = new Uint8Array(n)
    const range = 1 + rng.below(60)
    for (let i = 0; i < n; i++) u8[i] = rng.below(range)
    const c = lzfCompress(u8, n - 4)
    if (!c) continue
    expect(lzfDecompress(c, n)).toEqual(u8)
    expect(lzfDecompress(c, n - 1)).toBe(null)
  }
  expect(lzfCompress(toUint8('a'.repeat(100)), 96)).not.toBe(null)
  expect(lzfDecompress(toUint8('\x20'), 5)).toBe(null)
})

test('glob patterns', () => {
  for (const [p, s, want] of [
    ['*', '', true],
    ['h?llo', 'hello', true],
    ['h[ae]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-b]llo', 'hbllo', true],
    ['a*b*c', 'axxbyyc', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['', '', true],
    ['a', '', false],
    ['[', 'a', false],
    ['h*', 'hello', true],
    ['*llo', 'hello', true],
    ['a?', 'a', false],
    ['[z-a]', 'm', true],
  ] as const) {
    expect([p, s, globMatch(p, s)]).toEqual([p, s, want])
  }
  expect(globMatch('ABC*', 'abcd', true)).toBe(true)
  expect(globMatch('a*'.repeat(40) + 'b', 'a'.repeat(80))).toBe(false)
})

test('quoting and splitting are inverse', () => {
  const rng = new Prng(3)
  for (let i = 0; i < 50; i++) {
    const args = [rng.bytes(rng.below(20)), 'x']
    expect(splitArgs(args.map(quoteBytes).join(' '))).toEqual(args)
  }
  expect(splitArgs('set \'a b\' "c\\x41"')).toEqual(['set', 'a b', 'cA'])
  expect(splitArgs('"a"b')).toBe(null)
  expect(splitArgs('"a')).toBe(null)
})
