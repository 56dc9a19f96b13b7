/** An estimate of what a value would take in Redis's own structures on 64 bits, by their sizes and jemalloc's classes. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import { stringLength } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Zset } from '../structures/zset.ts'

/** The size class jemalloc serves `n` bytes from. */
export function allocationSize(n: number): number {
  if (n <= 8) return 8
  if (n <= 128) return Math.ceil(n / 16) * 16
  const group = 2 ** Math.floor(Math.log2(n - 1))
  return Math.ceil(n / (group / 4)) * (group / 4)
}
const sds = (len: number): number => allocationSize(len + (len < 32 ? 2 : len < 256 ? 4 : len < 65536 ? 6 : 10))

function valueSize(o: Obj, samples: number): number {
  const robj = 16
  switch (o.encoding) {
    case 'int':
      return robj
    case 'embstr':
      return allocationSize(stringLength(o) + 3 + 16)
    case 'raw':
      return robj + sds(stringLength(o))
    case 'listpack':
      return robj + allocationSize((o.value as Listpack).totalBytes)
    case 'intset':
      return robj + allocationSize((o.value as Intset).length * (o.value as Intset).encodingBytes + 8)
    case 'quicklist':
      return robj + 40 + (o.value as Quicklist).nodes().reduce((sum, n) => sum + 32 + allocationSize(n.sz), 0)
    case 'hashtable':
    case 'skiplist': {
      const d = o.encoding === 'skiplist' ? (o.value as Zset).dict : (o.value as Dict<unknown>)
      let bytes = 0
      let seen = 0
      const limit = samples === 0 ? Infinity : samples
      for (const t of [0, 1] as const) {
        for (let i = 0; i < d.tableSize(t) && seen < limit; i++) {
          for (const k of d.bucketKeys(t, i)) {
            if (seen >= limit) break
            const v = d.get(k)
            seen++
            bytes += 24 + sds(k.length) + (typeof v === 'string' ? sds(v.length) : 0) + (o.encoding === 'skiplist' ? 40 : 0)
          }
        }
      }
      return robj + 56 + 8 * (d.tableSize(0) + d.tableSize(1)) + (seen > 0 ? Math.floor((bytes / seen) * d.size) : 0)
    }
    default:
      return robj
  }
}

/** MEMORY USAGE. */
export function memoryUsage(key: Bytes, o: Obj, samples = 5): number {
  return valueSize(o, samples) + sds(key.length) + 24
}
