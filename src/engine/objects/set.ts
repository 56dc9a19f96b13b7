/**
 * Set objects. Only integers and not too many of them: an intset. Else a hash table without values. There is no way back.
 *
 * Kept exactly: set-max-intset-entries, looked at after each insertion; the first member decides the encoding of a new set.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { parseInt64 } from '../bytes/numbers.ts'
import type { Prng } from '../bytes/prng.ts'
import { Dict } from '../structures/dict.ts'
import { Intset } from '../structures/intset.ts'
import { Obj } from './object.ts'

/** Config has this field. */
export interface SetLimits {
  readonly setMaxIntsetEntries: number
}

export const intsetOf = (o: Obj): Intset => o.value as Intset
export const setDictOf = (o: Obj): Dict<null> => o.value as Dict<null>

export function createIntset(): Obj {
  return new Obj('set', 'intset', new Intset())
}
export function createSetTable(seed: number): Obj {
  return new Obj('set', 'hashtable', new Dict<null>(seed))
}
/** setTypeCreate: an empty set that can take `member` as it is. */
export function createSetFor(member: Bytes, seed: number): Obj {
  return parseInt64(member) !== null ? createIntset() : createSetTable(seed)
}

export function convertSetToTable(o: Obj, seed: number): void {
  if (o.encoding !== 'intset') return
  const is = intsetOf(o)
  const d = new Dict<null>(seed)
  d.expand(is.length)
  for (let i = 0; i < is.length; i++) d.setOwned('' + is.at(i), null)
  o.encoding = 'hashtable'
  o.value = d
}

/** True when the member is new. */
export function setAdd(o: Obj, member: Bytes, limits: SetLimits, seed: number): boolean {
  if (o.encoding === 'intset') {
    const n = parseInt64(member)
    if (n !== null) {
      const is = intsetOf(o)
      if (!is.add(n)) return false
      if (is.length > Math.min(limits.setMaxIntsetEntries, 1 << 30)) convertSetToTable(o, seed)
      return true
    }
    convertSetToTable(o, seed)
  }
  const d = setDictOf(o)
  return d.set(member, null)
}
/** True when it was there. */
export function setRemove(o: Obj, member: Bytes): boolean {
  if (o.encoding === 'intset') {
    const n = parseInt64(member)
    return n !== null && intsetOf(o).remove(n)
  }
  const d = setDictOf(o)
  if (d.delete(member) === undefined) return false
  if (d.needsResize) d.resizeToFit()
  return true
}
export function setHas(o: Obj, member: Bytes): boolean {
  if (o.encoding === 'intset') {
    const n = parseInt64(member)
    return n !== null && intsetOf(o).has(n)
  }
  return setDictOf(o).has(member)
}
export function setSize(o: Obj): number {
  return o.encoding === 'intset' ? intsetOf(o).length : setDictOf(o).size
}
/** The callback must not change the set. */
export function setForEach(o: Obj, fn: (member: Bytes) => void): void {
  if (o.encoding === 'hashtable') {
    setDictOf(o).forEach(fn)
    return
  }
  const is = intsetOf(o)
  for (let i = 0; i < is.length; i++) fn('' + is.at(i))
}
/** As setForEach, until fn says false. */
export function setForEachWhile(o: Obj, fn: (member: Bytes) => boolean): void {
  if (o.encoding === 'hashtable') {
    setDictOf(o).forEachWhile(fn)
    return
  }
  const is = intsetOf(o)
  for (let i = 0; i < is.length; i++) if (!fn('' + is.at(i))) return
}
export function setMembers(o: Obj): Bytes[] {
  const out: Bytes[] = []
  setForEach(o, (m) => {
    out.push(m)
  })
  return out
}
/** One member at random; the set is not empty. */
export function setRandom(o: Obj, rng: Prng): Bytes {
  return o.encoding === 'intset' ? '' + intsetOf(o).random(rng) : setDictOf(o).fairRandom(rng)![0]
}
