import { expect, test } from 'vitest'
import { clock, count, milliseconds, parseMilliseconds, safeText, speedText } from './format.ts'

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

test('milliseconds are read, or what is wrong with them is said', () => {
  expect(parseMilliseconds('0.5', 'Latency', 0.001)).toBe(500)
  expect(parseMilliseconds(' 120 ms ', 'Latency', 0.001)).toBe(120_000)
  expect(parseMilliseconds('.25', 'Jitter', 0)).toBe(250)
  expect(parseMilliseconds('0', 'Jitter', 0)).toBe(0)
  for (const bad of ['', '12o', '-1', '1e3', 'NaN', '1,5', '0', '60001', '<b>1</b>'])
    expect(parseMilliseconds(bad, 'Latency', 0.001), bad).toMatch(/^Latency must be a number of milliseconds/)
  expect(parseMilliseconds('1\u202e2', 'Latency', 0.001)).toContain('\\u202e')
})

test('a latency is shown to the microsecond', () => {
  expect([500, 120_000, 1, 1_234_567].map(milliseconds)).toEqual(['0.5 ms', '120 ms', '0.001 ms', '1,234.567 ms'])
})
