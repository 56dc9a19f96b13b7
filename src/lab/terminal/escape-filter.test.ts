import { expect, test } from 'vitest'
import { EscapeFilter } from './escape-filter.ts'

const pass = (...chunks: string[]) => {
  const filter = new EscapeFilter()
  return chunks.map((c) => filter.push(c)).join('')
}

test('line editing and colours pass', () => {
  const line = '\r\x1b[0K127.0.0.1:6379> get \x1b[0;90;49mkey\x1b[0m\r\x1b[21C'
  expect(pass(line)).toBe(line)
})

test('a window title, a clipboard write, a reset and a query are shown, not obeyed', () => {
  expect(pass('\x1b]0;owned\x07')).toBe('^[]0;owned\x07')
  expect(pass('\x1b]52;c;aGk=\x07')).toBe('^[]52;c;aGk=\x07')
  expect(pass('\x1bc')).toBe('^[c')
  expect(pass('\x1b[6n')).toBe('^[[6n')
  expect(pass('\x1b[?1049h')).toBe('^[[?1049h')
})

test('a sequence may be cut anywhere', () => {
  expect(pass('a\x1b', '[3', '1mred', '\x1b[0', 'm')).toBe('a\x1b[31mred\x1b[0m')
  expect(pass('\x1b', ']2;x')).toBe('^[]2;x')
})

test('an endless sequence does not hold the output back for ever', () => {
  expect(pass(`\x1b[${'1;'.repeat(40)}m`)).toContain('^[[1;')
})

test('other control bytes are made visible', () => {
  expect(pass('a\x00b\x0ec\x7f')).toBe('a^@b^Nc^?')
})

test('characters that hide or reorder what is around them are shown as one, wherever they are cut', () => {
  const utf8 = (text: string) => Buffer.from(text).toString('latin1')
  expect(pass(utf8('a\u202eb\u009b31mc'))).toBe(utf8('a\ufffdb\ufffd31mc'))
  expect(pass('a\xe2', '\x80', '\xaeb')).toBe(`a${utf8('\ufffd')}b`)
  expect(pass('a\x1b', '[3', '1m\xe2', '\x82\xac')).toBe('a\x1b[31m\xe2\x82\xac')
  expect(pass(utf8('\u4e2d\u6587 \u20ac'))).toBe(utf8('\u4e2d\u6587 \u20ac'))
})
