import { expect, test } from 'vitest'
import { Linenoise } from './linenoise.ts'

function editor() {
  const writes: string[] = []
  const line = new Linenoise({ complete: () => [], hint: () => '' }, (b) => void writes.push(b))
  line.begin('> ')
  writes.length = 0
  const chunk = (bytes: string) => {
    line.hold()
    const events = [...bytes].map((b) => line.feed(b))
    line.flush()
    return events.filter((e) => e !== null)
  }
  return { line, writes, chunk }
}

test('a paste of 16 KB is drawn once, with the whole line', () => {
  const { writes, chunk } = editor()
  chunk('x'.repeat(16384))
  expect(writes).toHaveLength(1)
  expect(writes[0]).toContain('x'.repeat(16384))
})

test('a chunk leaves the screen as its keys one by one do', () => {
  const byKey = editor()
  for (const b of 'set key v\x02\x02\x7f') byKey.line.feed(b)
  const together = editor()
  together.chunk('set key v\x02\x02\x7f')
  expect(together.writes.at(-1)).toBe(byKey.writes.at(-1))
})

test('an Enter in the middle of a paste ends the line that was drawn, and the rest begins the next', () => {
  const { line, writes, chunk } = editor()
  expect(chunk('ping\r')).toEqual([{ type: 'line', text: 'ping' }])
  expect(writes).toHaveLength(1)
  expect(writes[0]).toContain('ping')
  line.begin('> ')
  chunk('get k')
  expect(writes.at(-1)).toContain('get k')
})

test('half a UTF-8 sequence at the end of a chunk is not drawn until its other half is there', () => {
  const { writes, chunk, line } = editor()
  chunk('ab\xc3')
  expect(writes).toHaveLength(0)
  line.feed('\xa9')
  expect(writes.join('')).toContain('ab\xc3\xa9')
})

test('the end of a bracketed paste draws what was pasted', () => {
  const { writes, line } = editor()
  for (const b of '\x1b[200~pasted\x1b[201~') line.feed(b)
  expect(writes.at(-1)).toContain('pasted')
})
