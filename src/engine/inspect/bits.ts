/** A string seen as what people keep in it: bits, or the registers of a HyperLogLog. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import { stringBytes, stringLength } from '../objects/string.ts'
import {
  denseGet,
  HLL_DENSE,
  HLL_DENSE_SIZE,
  HLL_HEADER,
  HLL_REGISTERS,
  hllCached,
  hllCount,
  hllEncoding,
  hllPattern,
  isHll,
  sparseRuns,
} from '../structures/hyperloglog.ts'
import { Sds } from '../structures/sds.ts'

const COUNTED = 262144
const SHOWN = 2048

const slice = (o: Obj, from: number, to: number): Bytes =>
  o.value instanceof Sds ? o.value.toBytes(from, Math.min(to, o.value.len)) : stringBytes(o).slice(from, to)

export function viewBits(o: Obj, from: number) {
  const length = stringLength(o)
  const start = Math.max(0, Math.min(from, length - 1))
  const counted = slice(o, 0, COUNTED)
  let ones = 0
  for (let i = 0; i < counted.length; i++) for (let b = counted.charCodeAt(i); b > 0; b &= b - 1) ones++
  return { from: start, length, ones, exact: length <= COUNTED, bytes: slice(o, start, start + SHOWN) }
}

/** Null when the string is no HyperLogLog. `element`: the register that PFADD would look at. */
export function viewHll(o: Obj, exact: number | null, element?: Bytes) {
  if (stringLength(o) > HLL_DENSE_SIZE) return null
  const bytes = stringBytes(o)
  const sds = o.value instanceof Sds ? o.value : new Sds(bytes)
  if (!isHll(sds)) return null
  const u8 = Uint8Array.from(bytes, (c) => c.charCodeAt(0))
  const dense = hllEncoding(sds) === HLL_DENSE
  let registers = ''
  if (dense) for (let i = 0; i < HLL_REGISTERS; i++) registers += String.fromCharCode(denseGet(u8, i))
  const runs = { zero: 0, xzero: 0, val: 0 }
  if (!dense)
    for (const run of sparseRuns(u8)) {
      runs[run.kind]++
      registers += String.fromCharCode(run.value).repeat(run.run)
    }
  const count = hllCount(u8)
  const cached = hllCached(sds)
  return {
    dense,
    bytes: bytes.length,
    header: bytes.slice(0, HLL_HEADER),
    registers: registers.slice(0, HLL_REGISTERS),
    runs,
    count: count === null ? null : `${count}`,
    cached: cached === null ? null : `${cached}`,
    exact,
    element: element === undefined || element === '' ? null : { element, ...hllPattern(element) },
  }
}
