/**
 * One key as the allocator sees it: each allocation, how many bytes Redis asks for and which size class (bin) jemalloc serves
 * it from. What lies between the two is lost within the bin.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import { stringLength } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import { allocationSize, Sds } from '../structures/sds.ts'
import type { Zset } from '../structures/zset.ts'

export interface Bin {
  readonly what: string
  readonly count: number
  readonly asked: number
  /** Bytes of the size class that serves one of them. */
  readonly bin: number
  /** What MEMORY USAGE counts of one: a struct by its size, all else by its bin. */
  readonly counted: number
}
const STRUCTS = new Set(['dictEntry', 'robj', 'dict', 'buckets', 'quicklist', 'quicklistNode', 'zset', 'zskiplist'])
/** Allocations of a large value are counted on so many of its elements. */
const LOOKED = 512
const header = (len: number): number => (len < 32 ? 2 : len < 256 ? 4 : len < 65536 ? 6 : 10)

export function binsOf(key: Bytes, o: Obj): Bin[] {
  const bins = new Map<string, { what: string; count: number; asked: number; bin: number; counted: number }>()
  const add = (what: string, asked: number, count = 1): void => {
    const id = `${what}|${asked}`
    const known = bins.get(id)
    if (known) known.count += count
    else {
      const bin = allocationSize(asked)
      bins.set(id, { what, count, asked, bin, counted: STRUCTS.has(what) ? asked : bin })
    }
  }
  const sds = (what: string, len: number, alloc = len) => add(what, alloc + header(alloc))
  sds('key', key.length)
  add('dictEntry', 24)
  if (o.encoding !== 'embstr') add('robj', 16)
  switch (o.encoding) {
    case 'embstr':
      add('robj with its string', stringLength(o) + 3 + 16)
      break
    case 'raw':
      sds('string', stringLength(o), o.value instanceof Sds ? o.value.alloc : stringLength(o))
      break
    case 'listpack':
      add('listpack', (o.value as Listpack).totalBytes)
      break
    case 'intset':
      add('intset', (o.value as Intset).length * (o.value as Intset).encodingBytes + 8)
      break
    case 'quicklist':
      add('quicklist', 40)
      for (const n of (o.value as Quicklist).nodes()) {
        add('quicklistNode', 40)
        add('node', n.sz)
      }
      break
    case 'hashtable':
      tableBins(o.value as Dict<unknown>, add, sds)
      break
    case 'skiplist': {
      const { dict, zsl } = o.value as Zset
      add('zset', 16)
      add('zskiplist', 32)
      add('header of 32 levels', 24 + 16 * 32)
      let seen = 0
      for (let x = zsl.first(); x > 0 && seen < LOOKED; x = zsl.next(x), seen++) {
        add('zskiplistNode', 24 + 16 * zsl.levels(x).length)
        sds('member', zsl.eleOf(x).length)
      }
      tableBins(dict as unknown as Dict<unknown>, add, null)
      break
    }
  }
  return [...bins.values()].sort((a, b) => b.count * b.bin - a.count * a.bin).slice(0, 24)
}
function tableBins(
  d: Dict<unknown>,
  add: (what: string, asked: number, count?: number) => void,
  sds: ((what: string, len: number) => void) | null,
): void {
  add('dict', 56)
  for (const t of [0, 1] as const) if (d.tableSize(t) > 0) add('buckets', 8 * d.tableSize(t))
  add('dictEntry', 24, Math.min(LOOKED, d.size))
  if (sds === null) return
  let seen = 0
  for (const t of [0, 1] as const)
    for (let i = 0; i < d.tableSize(t) && seen < LOOKED; i++)
      for (const k of d.bucketKeys(t, i)) {
        const v = d.peek(k)
        sds('field', k.length)
        if (typeof v === 'string') sds('value', v.length)
        if (++seen >= LOOKED) break
      }
}

/** Bytes that the bins of a key hold beyond what was asked for, and the room an SDS keeps free. */
export function wasteOf(key: Bytes, o: Obj): number {
  let bytes = 0
  for (const b of binsOf(key, o)) bytes += b.count * (b.bin - b.asked)
  if (o.value instanceof Sds) bytes += o.value.alloc - o.value.len
  return bytes
}
