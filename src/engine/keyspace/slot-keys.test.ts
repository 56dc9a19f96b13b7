import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyHashSlot } from '../bytes/crc16.ts'
import { createStringObject } from '../objects/string.ts'
import { Database } from './database.ts'

const TAGS = ['a', 'b', 'bar']
const op = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: fc.nat(40), tag: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ remove: fc.nat(40), tag: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant('empty' as const) },
  { weight: 1, arbitrary: fc.constant('swap' as const) },
)

test('the lists by slot hold the keys of the dict, the newest first, whatever happens to them', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 200 }), (ops) => {
      let [db, other] = [new Database(0, 7, true), new Database(0, 7, true)]
      let [model, otherModel]: [string[], string[]] = [[], []]
      for (const o of ops) {
        if (o === 'empty') {
          db.empty()
          model = []
        } else if (o === 'swap') {
          db.swapWith(other)
          ;[model, otherModel] = [otherModel, model]
        } else if ('put' in o) {
          const key = `{${TAGS[o.tag]}}${o.put}`
          db.put(key, createStringObject('x'))
          if (!model.includes(key)) model.unshift(key)
        } else {
          const key = `{${TAGS[o.tag]}}${o.remove}`
          db.remove(key)
          model = model.filter((k) => k !== key)
        }
      }
      for (const tag of TAGS) {
        const slot = keyHashSlot(tag)
        const want = model.filter((k) => k.startsWith(`{${tag}}`))
        expect(db.slotKeys?.count(slot)).toBe(want.length)
        expect(db.slotKeys?.some(db.dict, slot, 1000)).toEqual(want)
        expect(db.slotKeys?.some(db.dict, slot, 2)).toEqual(want.slice(0, 2))
        expect(db.slotKeys?.first(db.dict, slot)).toBe(want[0])
      }
      ;[db, other] = [other, db]
    }),
    { numRuns: 200 },
  )
})
test('outside of a cluster nothing is kept', () => {
  expect(new Database(0, 7).slotKeys).toBeNull()
})
