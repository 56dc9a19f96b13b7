import { expect, test } from 'vitest'
import { streamRoles } from './listpack-text.ts'
import { blockOf, compareIdTexts, walkText } from './stream-ids.ts'

test('IDs compare as numbers of 64 bits, and a block is the last that does not begin behind', () => {
  expect(compareIdTexts('9-0', '10-0')).toBe(-1)
  expect(compareIdTexts('10-18446744073709551615', '10-18446744073709551614')).toBe(1)
  expect(compareIdTexts('5-3', '5-3')).toBe(0)
  const blocks = [{ id: '1-0' }, { id: '4-0' }, { id: '10-0' }]
  expect(blockOf(blocks, '9-9')?.id).toBe('4-0')
  expect(blockOf(blocks, '0-1')).toBeUndefined()
  expect(blockOf(blocks, '99-0')?.id).toBe('10-0')
})

test('each element of a block is named, with the same fields and with others', () => {
  const block = [2, 0, 1, 'f', 0, 2, 0, 0, 'a', 4, 0, 5, 0, 2, 'x', '1', 'y', '2', 8]
  expect(streamRoles(block)).toEqual(
    'live,deleted,fields,field,end of master,flags,+ms,+seq,value,elements,flags,+ms,+seq,fields,field,value,field,value,elements'.split(
      ',',
    ),
  )
})

test('a walk is told step by step, and the entries of the reply are numbered', () => {
  const steps = [
    { kind: 'seek', block: '4-0', id: '', why: 'below' },
    { kind: 'pass', block: '4-0', id: '4-0', why: '' },
    { kind: 'emit', block: '4-0', id: '5-0', why: '' },
    { kind: 'emit', block: '4-0', id: '6-0', why: '' },
    { kind: 'end', block: '4-0', id: '6-0', why: 'count' },
  ]
  const told = steps.map((_, i) => walkText(steps, i, '5-0', '9-0', 2))
  expect(told[0]).toContain('not above 5-0: the block of 4-0')
  expect(told[3]).toContain('number 2 of the reply')
  expect(told[4]).toContain('The next call begins at (6-0')
})
