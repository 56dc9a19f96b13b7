import { expect, test } from 'vitest'
import { Listpack } from '../../engine/structures/listpack.ts'
import { type Edit, ListpackSandbox, stepNext, stepPrev } from './listpack-sandbox.ts'

const VALUES = ['theme', 'dark', 'size', 14, 'x'.repeat(200), -5000]

test('what an edit says it wrote and moved is what changed', () => {
  const edits: Edit[] = [
    { kind: 'replace', index: 1, value: 'lighter' },
    { kind: 'replace', index: 3, value: '15' },
    { kind: 'replace', index: 0, value: 't' },
    { kind: 'before', index: 0, value: 'first' },
    { kind: 'after', index: 5, value: 'last' },
    { kind: 'append', value: '123456789012' },
    { kind: 'delete', index: 2 },
    { kind: 'delete', index: 5 },
  ]
  for (const e of edits) {
    const box = new ListpackSandbox(VALUES)
    const { before, after, written, moved } = box.edit(e)
    expect(Listpack.validate(Uint8Array.from(after), true), e.kind).toBe(true)
    // In front of it nothing changes but the header.
    expect(after.slice(6, written.from)).toEqual(before.slice(6, written.from))
    if (moved === null)
      expect(after.slice(written.from + written.count)).toEqual(before.slice(written.from + written.count))
    else {
      expect(after.slice(moved.to, moved.to + moved.count)).toEqual(before.slice(moved.from, moved.from + moved.count))
      expect(moved.to + moved.count).toBe(after.length)
    }
  }
})

test('a number of the same width moves nothing', () => {
  const box = new ListpackSandbox(VALUES)
  expect(box.edit({ kind: 'replace', index: 3, value: '99' })).toMatchObject({ moved: null, written: { count: 2 } })
  expect(box.edit({ kind: 'replace', index: 3, value: '300' }).moved).not.toBeNull()
})

test('the cursor goes there and back again by what the bytes say', () => {
  const box = new ListpackSandbox(VALUES)
  const entries = box.entries()
  for (let i = 0; i + 1 < entries.length; i++) {
    expect(stepNext(entries, i)).toMatchObject({ to: i + 1 })
    const back = stepPrev(entries, i + 1)!
    expect(back.to).toBe(i)
    // The bytes that were read are the backlen, seven bits each, the last byte first.
    const bytes = box.bytes().slice(...back.read)
    const size = bytes.reverse().reduce((n, b, k) => n + (b & 127) * 2 ** (7 * k), 0)
    expect(size).toBe(entries[i]!.size)
  }
  expect(stepNext(entries, entries.length - 1)).toBeNull()
  expect(stepPrev(entries, 0)).toBeNull()
})
