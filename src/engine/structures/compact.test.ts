import { expect, test } from 'vitest'
import { Prng } from '../bytes/prng.ts'
import { SMALL } from './compact.ts'
import { Intset } from './intset.ts'
import { Listpack } from './listpack.ts'

test('blocks that share the place to work on do not disturb each other, also when one outgrows it', () => {
  const rng = new Prng(11)
  const packs = Array.from({ length: 5 }, () => ({ lp: new Listpack(), model: [] as string[] }))
  const sets = Array.from({ length: 3 }, () => ({ is: new Intset(), model: new Set<number>() }))
  for (let step = 0; step < 6000; step++) {
    const { lp, model } = packs[rng.below(packs.length)]!
    const at = model.length === 0 ? 0 : rng.below(model.length)
    const text = `w${'x'.repeat(rng.below(60))}`
    switch (rng.below(5)) {
      case 0:
      case 1:
        lp.append(text)
        model.push(text)
        break
      case 2:
        if (model.length > 0) {
          lp.insert(lp.seek(at), text, 'before')
          model.splice(at, 0, text)
        }
        break
      case 3:
        if (model.length > 0) {
          lp.delete(lp.seek(at))
          model.splice(at, 1)
        }
        break
      default:
        expect(lp.getBytes(lp.seek(0) < 0 ? lp.append('only') : lp.seek(0))).toBe(model[0] ?? 'only')
        if (model.length === 0) model.push('only')
    }
    const { is, model: numbers } = sets[rng.below(sets.length)]!
    const n = rng.below(2) === 0 ? rng.below(100) : rng.below(1_000_000) - 500_000
    expect(is.add(n)).toBe(!numbers.has(n))
    numbers.add(n)
  }
  for (const { lp, model } of packs) {
    expect(lp.entries()).toEqual(model)
    expect(Listpack.validate(lp.bytes(), true)).toBe(true)
  }
  for (const { is, model } of sets) expect(is.members()).toEqual([...model].sort((a, b) => a - b))
  expect(packs.some(({ lp }) => lp.totalBytes > SMALL)).toBe(true)
})

test('a copy is a copy, and one listpack is put behind another', () => {
  const a = new Listpack()
  const b = new Listpack()
  for (const v of ['one', 'two']) a.append(v)
  for (const v of ['three', 4]) b.append(v)
  const copy = a.clone()
  const bytes = b.bytes()
  a.concat(b)
  b.append('later')
  expect(a.entries()).toEqual(['one', 'two', 'three', 4])
  expect(copy.entries()).toEqual(['one', 'two'])
  expect(Listpack.fromBytes(bytes).entries()).toEqual(['three', 4])
})
