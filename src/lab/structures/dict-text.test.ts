import { expect, test } from 'vitest'
import { dictStats } from '../../engine/commands/server/debug-objects.ts'
import { viewDict } from '../../engine/inspect/structures.ts'
import { Dict } from '../../engine/structures/dict.ts'
import type { DictData } from './data.ts'
import { destination, gaugeAt, hashBits, htstatsText } from './dict-text.ts'

test('the chain lengths are told as DEBUG HTSTATS tells them, while a table rehashes as well', () => {
  const d = new Dict<number>(9)
  for (const many of [3, 40, 65, 500]) {
    for (let i = d.size; i < many; i++) d.set(`key:${i}`, i)
    const view = viewDict(d) as unknown as DictData
    expect(view.tables.map((t, n) => htstatsText(t, n)).join('')).toBe(dictStats(d))
  }
  const empty = new Dict<number>(9)
  empty.set('a', 1)
  empty.delete('a')
  expect((viewDict(empty) as unknown as DictData).tables.map((t, n) => htstatsText(t, n)).join('')).toBe(
    dictStats(empty),
  )
})

test('the masked bits of the hash are the bucket', () => {
  const d = new Dict<number>(9)
  for (let i = 0; i < 16; i++) d.set(`k${i}`, i)
  while (d.isRehashing) d.rehashStep(10)
  for (let i = 0; i < 16; i++) {
    const { bits, masked } = hashBits(d.hashOf(`k${i}`), d.tableSize(0))
    const bucket = Number.parseInt(bits.slice(-masked), 2)
    expect(d.bucketKeys(0, bucket)).toContain(`k${i}`)
  }
  expect([destination(5, 8), destination(13, 8)]).toEqual(['same', 'plus'])
})

test('the gauge has its ticks in order', () => {
  const at = [0, 0.1, 1, 5, 100].map(gaugeAt)
  expect([...at].sort((a, b) => a - b)).toEqual(at)
  expect([at[0], at[4]]).toEqual([0, 1])
})
