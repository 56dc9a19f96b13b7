/**
 * Hash objects. A small hash is a listpack: field, value, field, value in one block of bytes, searched from its head;
 * it is compact, and fast enough while it is short. When it has too many entries or one that is too long it becomes a
 * hash table, and never goes back.
 *
 * Kept exactly: hash-max-listpack-entries and -value, and when each is looked at. HSET looks at the lengths of all its
 * arguments before the first write, and at the number of entries after each write.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Prng } from '../bytes/prng.ts'
import { Dict } from '../structures/dict.ts'
import { Listpack } from '../structures/listpack.ts'
import { Obj } from './object.ts'

/** Config has these fields. */
export interface HashLimits {
  readonly hashMaxListpackEntries: number
  readonly hashMaxListpackValue: number
}

/** A listpack never grows beyond 1 GiB (lpSafeToAdd). */
const LISTPACK_MAX_SAFETY_BYTES = 1 << 30

export function createHash(): Obj {
  return new Obj('hash', 'listpack', new Listpack())
}

const lpOf = (o: Obj): Listpack => o.value as Listpack
const htOf = (o: Obj): Dict<Bytes> => o.value as Dict<Bytes>

export function convertHashToTable(o: Obj, seed: number): void {
  if (o.encoding !== 'listpack') return
  const lp = lpOf(o)
  const ht = new Dict<Bytes>(seed)
  ht.expand(lp.length / 2)
  for (let p = lp.first(); p !== -1; ) {
    const v = lp.next(p)
    ht.set(lp.getBytes(p), lp.getBytes(v))
    p = lp.next(v)
  }
  o.value = ht
  o.encoding = 'hashtable'
}

/** hashTypeTryConversion: argv[from .. to] are about to be written. */
export function tryHashConversion(
  o: Obj,
  argv: readonly Bytes[],
  from: number,
  to: number,
  limits: HashLimits,
  seed: number,
): void {
  if (o.encoding !== 'listpack') return
  let sum = 0
  for (let i = from; i <= to; i++) {
    const length = argv[i]!.length
    if (length > limits.hashMaxListpackValue) {
      convertHashToTable(o, seed)
      return
    }
    sum += length
  }
  if (lpOf(o).totalBytes + sum > LISTPACK_MAX_SAFETY_BYTES) convertHashToTable(o, seed)
}

function findField(lp: Listpack, field: Bytes): number {
  const head = lp.first()
  return head === -1 ? -1 : lp.find(field, head, 1)
}

export function hashLength(o: Obj): number {
  return o.encoding === 'listpack' ? lpOf(o).length / 2 : htOf(o).size
}

export function hashGet(o: Obj, field: Bytes): Bytes | undefined {
  if (o.encoding === 'hashtable') return htOf(o).get(field)
  const lp = lpOf(o)
  const p = findField(lp, field)
  return p === -1 ? undefined : lp.getBytes(lp.next(p))
}

export function hashHas(o: Obj, field: Bytes): boolean {
  return o.encoding === 'hashtable' ? htOf(o).has(field) : findField(lpOf(o), field) !== -1
}

/** True when the field was there before (its value is replaced). */
export function hashSet(o: Obj, field: Bytes, value: Bytes, limits: HashLimits, seed: number): boolean {
  if (o.encoding === 'listpack') {
    if (field.length > limits.hashMaxListpackValue || value.length > limits.hashMaxListpackValue)
      convertHashToTable(o, seed)
  }
  if (o.encoding === 'hashtable') return !htOf(o).set(own(field), own(value))
  const lp = lpOf(o)
  const p = findField(lp, field)
  if (p !== -1) {
    lp.replace(lp.next(p), value)
    return true
  }
  lp.append(field)
  lp.append(value)
  if (lp.length / 2 > limits.hashMaxListpackEntries) convertHashToTable(o, seed)
  return false
}

/** True when it was there. */
export function hashDelete(o: Obj, field: Bytes): boolean {
  if (o.encoding === 'hashtable') {
    const ht = htOf(o)
    if (ht.delete(field) === undefined) return false
    if (ht.needsResize) ht.resizeToFit()
    return true
  }
  const lp = lpOf(o)
  const p = findField(lp, field)
  if (p === -1) return false
  lp.delete(p, 2)
  return true
}

export function hashForEach(o: Obj, fn: (field: Bytes, value: Bytes) => void): void {
  if (o.encoding === 'hashtable') {
    htOf(o).forEach(fn)
    return
  }
  const lp = lpOf(o)
  for (let p = lp.first(); p !== -1; ) {
    const v = lp.next(p)
    fn(lp.getBytes(p), lp.getBytes(v))
    p = lp.next(v)
  }
}

/** One entry at random; the hash is not empty. */
export function hashRandom(o: Obj, rng: Prng): readonly [Bytes, Bytes] {
  if (o.encoding === 'hashtable') return htOf(o).fairRandom(rng)!
  const lp = lpOf(o)
  const p = lp.seek(rng.below(lp.length / 2) * 2)
  return [lp.getBytes(p), lp.getBytes(lp.next(p))]
}
