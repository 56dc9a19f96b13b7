/**
 * From elements read to live objects, in the encoding that today's thresholds ask for, whatever the file had.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own, toUint8 } from '../bytes/bytes.ts'
import { parseInt64 } from '../bytes/numbers.ts'
import { Obj } from '../objects/object.ts'
import { convertHashToTable } from '../objects/hash.ts'
import { createStringObject } from '../objects/string.ts'
import { convertZsetToSkiplist } from '../objects/zset.ts'
import { Dict } from '../structures/dict.ts'
import { Intset } from '../structures/intset.ts'
import { Listpack } from '../structures/listpack.ts'
import { type PackedThreshold, Quicklist } from '../structures/quicklist.ts'
import { Zset } from '../structures/zset.ts'
import { d2string } from '../bytes/numbers.ts'
import type { Config } from '../server/config.ts'
import { RdbError } from './rdb-format.ts'
import { readZiplist, readZipmap } from './rdb-old.ts'

export interface LoadLimits {
  readonly seed: number
  readonly listFill: number
  readonly listCompress: number
  readonly listPacked?: PackedThreshold
  readonly setMaxIntset: number
  readonly hashMaxEntries: number
  readonly hashMaxValue: number
  readonly zsetMaxEntries: number
  readonly zsetMaxValue: number
}

export function loadLimits(config: Config, seed: number): LoadLimits {
  return {
    seed,
    listFill: config.listMaxListpackSize,
    listCompress: config.listCompressDepth,
    listPacked: config.listPacked,
    setMaxIntset: config.setMaxIntsetEntries,
    hashMaxEntries: config.hashMaxListpackEntries,
    hashMaxValue: config.hashMaxListpackValue,
    zsetMaxEntries: config.zsetMaxListpackEntries,
    zsetMaxValue: config.zsetMaxListpackValue,
  }
}

function listpackOf(blob: Bytes, error: string): Listpack {
  const u8 = toUint8(blob)
  if (!Listpack.validate(u8, true)) throw new RdbError(error, Listpack.validate(u8, false))
  return Listpack.fromBytes(u8)
}
/** lpPairsValidateIntegrityAndDups: an even number of entries, and no first of a pair twice. */
function pairsOf(blob: Bytes, error: string): Listpack {
  const lp = listpackOf(blob, error)
  const seen = new Set<Bytes>()
  let n = 0
  for (let p = lp.first(); p !== -1; p = lp.next(p)) if (n++ % 2 === 0) seen.add(lp.getBytes(p))
  if (n % 2 !== 0 || seen.size !== n / 2) throw new RdbError(error, true)
  return lp
}
/** The same from a ziplist. */
function pairsOfZiplist(blob: Bytes, error: string): Listpack {
  const lp = new Listpack()
  const seen = new Set<Bytes>()
  let n = 0
  const whole = readZiplist(blob, (e) => {
    if (n++ % 2 === 0) seen.add(String(e))
    lp.append(e)
    return true
  })
  if (!whole || n % 2 !== 0 || seen.size !== n / 2) throw new RdbError(error)
  return lp
}

/** A list whose nodes are put in as they were saved. */
export class ListBuilder {
  private readonly list: Quicklist
  constructor(limits: LoadLimits) {
    this.list = new Quicklist(limits.listFill, limits.listCompress, limits.listPacked)
  }
  plain(b: Bytes): void {
    this.list.appendPlain(b)
  }
  /** Empty nodes are passed over in silence. */
  listpack(blob: Bytes): void {
    this.node(listpackOf(blob, 'Listpack integrity check failed.'))
  }
  ziplist(blob: Bytes): void {
    const lp = new Listpack()
    const whole = readZiplist(blob, (e) => lp.append(e) >= 0)
    if (!whole) throw new RdbError('Ziplist integrity check failed.')
    this.node(lp)
  }
  private node(lp: Listpack): void {
    if (lp.length > 0) this.list.appendListpack(lp)
  }
  /** Null when it is empty. */
  finish(): Obj | null {
    return this.list.count === 0 ? null : new Obj('list', 'quicklist', this.list)
  }
}
export function buildListFromZiplist(blob: Bytes, limits: LoadLimits): Obj | null {
  const list = new Quicklist(limits.listFill, limits.listCompress, limits.listPacked)
  const whole = readZiplist(blob, (e) => {
    list.pushTail(String(e))
    return true
  })
  if (!whole) throw new RdbError('List ziplist integrity check failed.')
  return list.count === 0 ? null : new Obj('list', 'quicklist', list)
}

export function buildString(b: Bytes): Obj {
  return createStringObject(b)
}

export function buildList(elements: readonly Bytes[], limits: LoadLimits): Obj | null {
  if (elements.length === 0) return null
  const list = new Quicklist(limits.listFill, limits.listCompress, limits.listPacked)
  for (const e of elements) list.pushTail(e)
  return new Obj('list', 'quicklist', list)
}

export function buildSet(members: readonly Bytes[], limits: LoadLimits): Obj | null {
  if (members.length === 0) return null
  if (members.length <= limits.setMaxIntset) {
    const ints = members.map(parseInt64)
    if (ints.every((n) => n !== null)) {
      const set = new Intset()
      for (const n of ints) if (!set.add(n as number)) throw new RdbError('Duplicate set members detected')
      return new Obj('set', 'intset', set)
    }
  }
  const ht = new Dict<null>(limits.seed)
  ht.expand(members.length)
  for (const m of members) if (!ht.set(m, null)) throw new RdbError('Duplicate set members detected')
  return new Obj('set', 'hashtable', ht)
}

export function buildIntset(blob: Bytes, limits: LoadLimits): Obj | null {
  const u8 = toUint8(blob)
  if (!Intset.validate(u8, true)) throw new RdbError('Intset integrity check failed.', Intset.validate(u8, false))
  const set = Intset.fromBytes(u8)
  if (set.length === 0) return null
  if (set.length <= limits.setMaxIntset) return new Obj('set', 'intset', set)
  const ht = new Dict<null>(limits.seed)
  ht.expand(set.length)
  for (const n of set.members()) ht.set(String(n), null)
  return new Obj('set', 'hashtable', ht)
}

export function buildHash(flat: readonly Bytes[], limits: LoadLimits): Obj | null {
  if (flat.length === 0) return null
  if (flat.length / 2 <= limits.hashMaxEntries && flat.every((b) => b.length <= limits.hashMaxValue)) {
    const seen = new Set<Bytes>()
    const lp = new Listpack()
    for (let i = 0; i < flat.length; i++) {
      const b = flat[i] ?? ''
      if (i % 2 === 0) {
        if (seen.has(b)) throw new RdbError('Hash with dup elements', true)
        seen.add(b)
      }
      lp.append(b)
    }
    return new Obj('hash', 'listpack', lp)
  }
  const ht = new Dict<Bytes>(limits.seed)
  ht.expand(flat.length / 2)
  for (let i = 0; i + 1 < flat.length; i += 2)
    if (!ht.set(own(flat[i] ?? ''), own(flat[i + 1] ?? ''))) throw new RdbError('Duplicate hash fields detected')
  return new Obj('hash', 'hashtable', ht)
}

const HASH_LISTPACK = 'Hash listpack integrity check failed.'
const HASH_ZIPLIST = 'Hash ziplist integrity check failed.'
export const buildHashFromListpack = (blob: Bytes, limits: LoadLimits): Obj | null =>
  hashOf(pairsOf(blob, HASH_LISTPACK), limits)
export const buildHashFromZiplist = (blob: Bytes, limits: LoadLimits): Obj | null =>
  hashOf(pairsOfZiplist(blob, HASH_ZIPLIST), limits)
export function buildHashFromZipmap(blob: Bytes, limits: LoadLimits): Obj | null {
  const lp = new Listpack()
  const fields = new Set<Bytes>()
  let longest = 0
  let n = 0
  const whole = readZipmap(blob, (e) => {
    const b = String(e)
    longest = Math.max(longest, b.length)
    if (n++ % 2 === 0) {
      if (fields.has(b)) throw new RdbError(`Hash zipmap with dup elements, or big length (${b.length})`)
      fields.add(b)
    }
    lp.append(b)
    return true
  })
  if (!whole) throw new RdbError('Zipmap integrity check failed.')
  return hashOf(lp, longest > limits.hashMaxValue ? { ...limits, hashMaxEntries: -1 } : limits)
}
function hashOf(lp: Listpack, limits: LoadLimits): Obj | null {
  if (lp.length === 0) return null
  const o = new Obj('hash', 'listpack', lp)
  if (lp.length / 2 > limits.hashMaxEntries) convertHashToTable(o, limits.seed)
  return o
}

function fillZset(pairs: readonly (readonly [Bytes, number])[], limits: LoadLimits): Obj {
  const zset = new Zset(limits.seed)
  for (const [ele, score] of pairs) {
    if (zset.dict.has(ele)) throw new RdbError('Duplicate zset fields detected')
    zset.insert(score, own(ele))
  }
  return new Obj('zset', 'skiplist', zset)
}

export function buildZset(pairs: readonly (readonly [Bytes, number])[], limits: LoadLimits): Obj | null {
  if (pairs.length === 0) return null
  const o = fillZset(pairs, limits)
  if (pairs.length > limits.zsetMaxEntries || pairs.some(([e]) => e.length > limits.zsetMaxValue)) return o
  const zsl = (o.value as Zset).zsl
  const lp = new Listpack()
  for (let x = zsl.first(); x > 0; x = zsl.next(x)) {
    lp.append(zsl.eleOf(x))
    lp.append(d2string(zsl.scoreOf(x)))
  }
  return new Obj('zset', 'listpack', lp)
}

export const buildZsetFromListpack = (blob: Bytes, limits: LoadLimits): Obj | null =>
  zsetOf(pairsOf(blob, 'Zset listpack integrity check failed.'), limits)
export const buildZsetFromZiplist = (blob: Bytes, limits: LoadLimits): Obj | null =>
  zsetOf(pairsOfZiplist(blob, 'Zset ziplist integrity check failed.'), limits)
function zsetOf(lp: Listpack, limits: LoadLimits): Obj | null {
  if (lp.length === 0) return null
  const o = new Obj('zset', 'listpack', lp)
  if (lp.length / 2 > limits.zsetMaxEntries) convertZsetToSkiplist(o, limits.seed)
  return o
}
