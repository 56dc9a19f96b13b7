import { expect, test } from 'vitest'
import type { SlotData } from './data.ts'
import { nextStep, type Side, stepsOf, word } from './reshard-plan.ts'

const a: Side = { name: 'n0', id: 'a'.repeat(40), ip: '10.0.0.11', port: 6379 }
const b: Side = { name: 'n1', id: 'b'.repeat(40), ip: '10.0.0.12', port: 6379 }
const slot = (owner: Side, more: Partial<SlotData> = {}, keys: readonly string[] = []): SlotData => ({
  slot: 5061,
  owner: owner.id,
  migratingTo: null,
  importingFrom: null,
  count: keys.length,
  keys: keys.map((key) => ({ key, type: 'string', bytes: 1, ttlMs: null })),
  ...more,
})

test('MG01, MG06: IMPORTING on the target, MIGRATING on the source, the keys, then NODE on the target before the source', () => {
  const commands = stepsOf(5061, a, b, slot(a, {}, ['{bar}k1', '{bar} k2']), slot(a)).map((s) => [s.on, s.command])
  expect(commands).toEqual([
    ['target', `CLUSTER SETSLOT 5061 IMPORTING ${a.id}`],
    ['source', `CLUSTER SETSLOT 5061 MIGRATING ${b.id}`],
    ['source', 'CLUSTER GETKEYSINSLOT 5061 10'],
    ['source', 'MIGRATE 10.0.0.12 6379 "" 0 5000 KEYS {bar}k1 "{bar} k2"'],
    ['target', `CLUSTER SETSLOT 5061 NODE ${b.id}`],
    ['source', `CLUSTER SETSLOT 5061 NODE ${b.id}`],
  ])
})

test('the next step follows from what the nodes say, not from what was clicked', () => {
  const at = (source: SlotData, target: SlotData) => nextStep(stepsOf(5061, a, b, source, target))
  const importing = { importingFrom: a.id }
  const migrating = { migratingTo: b.id }
  expect(at(slot(a, {}, ['k']), slot(a))).toBe(0)
  expect(at(slot(a, {}, ['k']), slot(a, importing))).toBe(1)
  expect(at(slot(a, migrating, ['k']), slot(a, importing))).toBe(2)
  expect(at(slot(a, migrating), slot(a, importing, ['k']))).toBe(4)
  expect(at(slot(a, migrating), slot(b, {}, ['k']))).toBe(5)
  expect(at(slot(b, migrating), slot(b, {}, ['k']))).toBe(5)
  expect(at(slot(b), slot(b, {}, ['k']))).toBe(-1)
  expect(at(slot(a, migrating, ['k']), slot(a))).toBe(0)
})

test('a key of any bytes is a word of the command line', () => {
  expect(word('user:1')).toBe('user:1')
  expect(word('two words')).toBe('"two words"')
  expect(word('\x00"')).toBe('"\\x00\\""')
  expect(word('')).toBe('""')
})
