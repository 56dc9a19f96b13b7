import { expect, test } from 'vitest'
import { clock, count, safeText, speedText } from './format.ts'

test('the clock never rounds up into the next millisecond', () => {
  expect(clock(17_423_999)).toEqual({ main: '00:17.423', micros: '999' })
  expect(clock(61_000_001)).toEqual({ main: '01:01.000', micros: '001' })
  expect(clock(0)).toEqual({ main: '00:00.000', micros: '000' })
})

test('thousands get a comma', () => {
  expect(count(999)).toBe('999')
  expect(count(1234567)).toBe('1,234,567')
  expect(count(1234.5)).toBe('1,234.5')
})

test('control and bidi characters in a label become visible', () => {
  expect(safeText('a\x1b[31mb\u202ec')).toBe('a\\x1b[31mb\\u202ec')
  expect(safeText('x'.repeat(300))).toHaveLength(200)
})

test('speeds are short', () => {
  expect(speedText(0.0012345)).toBe('0.0012×')
  expect(speedText(1)).toBe('1×')
})
