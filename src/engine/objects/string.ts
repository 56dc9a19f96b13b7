/**
 * String objects. One idea: the same bytes are kept in the cheapest way that can serve them.
 *
 *   int      "-12", "40000"     a 64-bit integer; only its canonical notation is ever turned into one
 *   embstr   up to 44 bytes     header and bytes in one allocation, never edited: an edit makes it raw
 *   raw      longer, or edited  an Sds: room at the end so that appending is cheap
 *
 * Kept exactly: the encoding that OBJECT ENCODING tells after each command, the 44-byte limit, the shared integers 0..9999.
 * Simplified: an embstr and a raw string that nobody edited are a JavaScript string.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import { normalizeInt, parseInt64 } from '../bytes/numbers.ts'
import { Sds } from '../structures/sds.ts'
import { Obj } from './object.ts'

export const EMBSTR_SIZE_LIMIT = 44
export const SHARED_INTEGERS = 10000

/** createStringObject: embstr or raw by length, never int. */
export function createRawStringObject(bytes: Bytes): Obj {
  return new Obj('string', bytes.length <= EMBSTR_SIZE_LIMIT ? 'embstr' : 'raw', own(bytes))
}

/** createStringObject followed by tryObjectEncoding: what SET stores. */
export function createStringObject(bytes: Bytes): Obj {
  if (bytes.length <= 20) {
    const n = parseInt64(bytes)
    if (n !== null) return createIntObject(n)
  }
  return createRawStringObject(bytes)
}

/** `n` must fit into 64 bits. A bigint that is safe as a number becomes one. */
export function createIntObject(n: number | bigint): Obj {
  return new Obj('string', 'int', typeof n === 'bigint' ? normalizeInt(n) : n)
}

/** A string object that is already an Sds (SETRANGE, SETBIT on a missing key). */
export function createSdsObject(sds: Sds): Obj {
  return new Obj('string', 'raw', sds)
}

export function stringBytes(o: Obj): Bytes {
  const v = o.value
  if (typeof v === 'string') return v
  if (v instanceof Sds) return v.toBytes()
  return String(v)
}

export function stringLength(o: Obj): number {
  const v = o.value
  if (typeof v === 'string') return v.length
  if (v instanceof Sds) return v.len
  return String(v).length
}

/** The bytes [start, end) of it, 0 <= start < end <= length. */
export function stringRange(o: Obj, start: number, end: number): Bytes {
  const v = o.value
  return v instanceof Sds ? v.toBytes(start, end) : stringBytes(o).slice(start, end)
}

/** The byte at `index`, or 0 beyond the end. */
export function stringByteAt(o: Obj, index: number): number {
  const v = o.value
  if (v instanceof Sds) return index < v.len ? v.byteAt(index) : 0
  const s = typeof v === 'string' ? v : String(v)
  return index < s.length ? s.charCodeAt(index) : 0
}

/** dbUnshareStringValue: make the object editable in place. It is raw from now on. */
export function unshareString(o: Obj): Sds {
  if (o.value instanceof Sds) return o.value
  const sds = new Sds(stringBytes(o))
  o.value = sds
  o.encoding = 'raw'
  return sds
}

/** The object as a 64-bit integer, or null (getLongLongFromObject). */
export function stringInt(o: Obj): number | bigint | null {
  if (o.encoding === 'int') return o.value as number | bigint
  return parseInt64(stringBytes(o))
}

/** Small integers that COPY made: Redis duplicates the shared object there, and the duplicate is nobody else's. */
const ownIntegers = new WeakSet<Obj>()
let anyOwn = false
export function markOwnInteger(o: Obj): void {
  ownIntegers.add(o)
  anyOwn = true
}
/** The value was replaced by another small one, which is a shared object again. */
export function integerReplaced(o: Obj): void {
  if (anyOwn) ownIntegers.delete(o)
}

/** True when Redis would keep one shared object for it: OBJECT REFCOUNT is then 2147483647. */
export function isSharedInteger(o: Obj): boolean {
  if (ownIntegers.has(o)) return false
  return o.encoding === 'int' && typeof o.value === 'number' && o.value >= 0 && o.value < SHARED_INTEGERS
}
