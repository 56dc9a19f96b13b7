import { expect, test } from 'vitest'
import { Backlog } from './backlog.ts'

test('R10: one large write stays in a small backlog, many small ones push the oldest block out', () => {
  const b = new Backlog(1)
  b.append('x'.repeat(30000))
  b.trim(16384, Number.POSITIVE_INFINITY)
  expect(b.histlen).toBe(30000)
  for (let i = 0; i < 60; i++) {
    b.append('y'.repeat(1060))
    b.trim(16384, Number.POSITIVE_INFINITY)
  }
  expect(b.histlen).toBeGreaterThanOrEqual(16384)
  expect(b.histlen).toBeLessThan(16384 + 20440)
  expect(b.offset + b.histlen).toBe(1 + 30000 + 60 * 1060)
})

test('the bytes from any offset inside are those that were fed', () => {
  const b = new Backlog(101)
  let fed = ''
  for (let i = 0; i < 5000; i++) {
    const s = `${i},`
    fed += s
    b.append(s)
  }
  for (const off of [101, 102, 17000, 101 + fed.length]) {
    expect(b.has(off)).toBe(true)
    expect(b.from(off)).toBe(fed.slice(off - 101))
  }
  expect(b.has(100)).toBe(false)
  expect(b.has(102 + fed.length)).toBe(false)
})

test('what a waiting replica will need is kept', () => {
  const b = new Backlog(1)
  for (let i = 0; i < 100; i++) {
    b.append('z'.repeat(1000))
    b.trim(16384, 1)
  }
  expect(b.offset).toBe(1)
})
