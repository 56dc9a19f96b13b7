import { expect, test, vi } from 'vitest'

vi.stubGlobal('document', { documentElement: { dataset: {} } })
const { keep } = await import('./store.ts')

test('equal parts keep their identity, changed ones do not', () => {
  const old = { a: { x: 1 }, b: [1, { y: 2 }] }
  const next = { a: { x: 1 }, b: [1, { y: 3 }] }
  const kept = keep(old, next)
  expect(kept).toEqual(next)
  expect(kept.a).toBe(old.a)
  expect(kept.b).not.toBe(old.b)
  expect(keep(old, { a: { x: 1 }, b: [1, { y: 2 }] })).toBe(old)
})

test('a field or an element that went away is a change', () => {
  const old: { a?: number; list: number[] } = { a: 1, list: [1, 2] }
  expect(keep(old, { list: [1, 2] })).toEqual({ list: [1, 2] })
  expect(keep(old, { a: 1, list: [1] })).toEqual({ a: 1, list: [1] })
  expect(keep<unknown>([1], { 0: 1 })).toEqual({ 0: 1 })
})
