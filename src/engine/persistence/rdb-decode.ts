/**
 * Reading RDB files and DUMP payloads: the encodings of version 10 and those of older versions (zipmap, ziplist,
 * plain lists, quicklist of ziplists), which are turned into today's structures. `RdbReader` is a position in bytes;
 * `decodeValue` reads one value; `RdbLoader` walks a file and can be stopped and resumed between keys.
 *
 * Invariant: damaged input ends in RdbError with Redis's text, never in any other exception.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8, toUint8 } from '../bytes/bytes.ts'
import { Crc64 } from '../bytes/crc64.ts'
import { lzfDecompress } from '../bytes/lzf.ts'
import { strtod } from '../bytes/strtod.ts'
import type { Obj } from '../objects/object.ts'
import {
  buildHash,
  buildHashFromListpack,
  buildHashFromZiplist,
  buildHashFromZipmap,
  buildIntset,
  buildList,
  buildListFromZiplist,
  buildSet,
  buildString,
  buildZset,
  buildZsetFromListpack,
  buildZsetFromZiplist,
  ListBuilder,
} from './rdb-build.ts'
import type { LoadLimits } from './rdb-build.ts'
import * as rdb from './rdb-format.ts'
import { EOF_ERROR as EOF, RdbError } from './rdb-format.ts'
import { decodeStream } from './rdb-stream.ts'

export class RdbReader {
  readonly bytes: Bytes
  pos: number
  readonly end: number
  constructor(bytes: Bytes, pos = 0, end = bytes.length) {
    this.bytes = bytes
    this.pos = pos
    this.end = end
  }
  private need(n: number): number {
    const at = this.pos
    if (n > this.end - at) throw new RdbError(EOF)
    this.pos = at + n
    return at
  }
  u8(): number {
    return this.bytes.charCodeAt(this.need(1))
  }
  take(n: number): Bytes {
    const at = this.need(n)
    return this.bytes.slice(at, at + n)
  }
  le32(): number {
    const at = this.need(4)
    const b = this.bytes
    return (
      b.charCodeAt(at) | (b.charCodeAt(at + 1) << 8) | (b.charCodeAt(at + 2) << 16) | (b.charCodeAt(at + 3) << 24) | 0
    )
  }
  be32(): number {
    const at = this.need(4)
    const b = this.bytes
    return (
      ((b.charCodeAt(at) << 24) | (b.charCodeAt(at + 1) << 16) | (b.charCodeAt(at + 2) << 8) | b.charCodeAt(at + 3)) >>>
      0
    )
  }
  le64(): number {
    const lo = this.le32() >>> 0
    return this.le32() * 4294967296 + lo
  }
  double(): number {
    scratch.setInt32(0, this.le32(), true)
    scratch.setInt32(4, this.le32(), true)
    return scratch.getFloat64(0, true)
  }

  /** A length that may need all 64 bits; null for an encoding that does not exist. */
  length64(): number | bigint | null {
    const b = this.u8()
    if (b < 64) return b
    if (b < 128) return ((b & 63) << 8) | this.u8()
    if (b >= 192) return b & 63
    if (b === 0x80) return this.be32()
    if (b !== 0x81) return null
    const high = this.be32()
    const low = this.be32()
    return high < 2097152 ? high * 4294967296 + low : (BigInt(high) << 32n) | BigInt(low)
  }
  /** rdbLoadLen: the number of a special encoding, where none is expected, is a length like any other. */
  length(): number {
    const n = this.length64()
    if (n === null) throw new RdbError('Unknown length encoding 2 in rdbLoadLen()')
    return Number(n)
  }
  string(): Bytes {
    const special = this.pos < this.end && this.bytes.charCodeAt(this.pos) >= 192
    const n = this.length()
    if (!special) return this.take(n)
    switch (n) {
      case rdb.RDB_ENC_INT8:
        return String((this.u8() << 24) >> 24)
      case rdb.RDB_ENC_INT16:
        return String(((this.u8() | (this.u8() << 8)) << 16) >> 16)
      case rdb.RDB_ENC_INT32:
        return String(this.le32())
      case rdb.RDB_ENC_LZF: {
        const packed = this.length()
        const plain = this.length()
        const src = this.take(packed)
        // Three bytes never stand for more than 264: what claims more is not worth the memory.
        // Where nothing shall come out, the failure to fit it in looks like success.
        if (plain === 0) return ''
        const out = plain > 264 * packed ? null : lzfDecompress(toUint8(src), plain)
        if (out === null) throw new RdbError('Invalid LZF compressed string')
        return fromUint8(out)
      }
      default:
        throw new RdbError(`Unknown RDB string encoding type ${n}`)
    }
  }
  /** rdbLoadDoubleValue: the old notation, a length byte and text. */
  textDouble(): number {
    const n = this.u8()
    if (n === 255) return Number.NEGATIVE_INFINITY
    if (n === 254) return Number.POSITIVE_INFINITY
    if (n === 253) return Number.NaN
    const v = strtod(this.take(n))
    if (v === null) throw new RdbError(EOF)
    return v
  }
}
const scratch = new DataView(new ArrayBuffer(8))

function strings(r: RdbReader, n: number): Bytes[] {
  if (n > r.end - r.pos) throw new RdbError(EOF)
  const out: Bytes[] = []
  for (let i = 0; i < n; i++) out.push(r.string())
  return out
}

/** rdbLoadObject. null: an empty collection, which is skipped as Redis skips it. */
export function decodeValue(type: number, r: RdbReader, limits: LoadLimits): Obj | null {
  try {
    return decode(type, r, limits)
  } catch (e) {
    if (e instanceof RdbError) throw e
    throw new RdbError('Internal error in RDB reading')
  }
}

function decode(type: number, r: RdbReader, limits: LoadLimits): Obj | null {
  switch (type) {
    case rdb.RDB_TYPE_STRING:
      return buildString(r.string())
    case rdb.RDB_TYPE_LIST:
      return buildList(strings(r, r.length()), limits)
    case rdb.RDB_TYPE_SET:
      return buildSet(strings(r, r.length()), limits)
    case rdb.RDB_TYPE_ZSET:
    case rdb.RDB_TYPE_ZSET_2: {
      const n = r.length()
      const pairs: [Bytes, number][] = []
      for (let i = 0; i < n; i++) {
        const ele = r.string()
        const score = type === rdb.RDB_TYPE_ZSET_2 ? r.double() : r.textDouble()
        if (Number.isNaN(score)) throw new RdbError('Zset with NAN score detected')
        pairs.push([ele, score])
      }
      return buildZset(pairs, limits)
    }
    case rdb.RDB_TYPE_HASH:
      return buildHash(strings(r, 2 * r.length()), limits)
    case rdb.RDB_TYPE_LIST_QUICKLIST_2:
    case rdb.RDB_TYPE_LIST_QUICKLIST:
      return decodeQuicklist(type, r, limits)
    case rdb.RDB_TYPE_SET_INTSET:
      return buildIntset(r.string(), limits)
    case rdb.RDB_TYPE_HASH_LISTPACK:
      return buildHashFromListpack(r.string(), limits)
    case rdb.RDB_TYPE_ZSET_LISTPACK:
      return buildZsetFromListpack(r.string(), limits)
    case rdb.RDB_TYPE_HASH_ZIPMAP:
      return buildHashFromZipmap(r.string(), limits)
    case rdb.RDB_TYPE_HASH_ZIPLIST:
      return buildHashFromZiplist(r.string(), limits)
    case rdb.RDB_TYPE_LIST_ZIPLIST:
      return buildListFromZiplist(r.string(), limits)
    case rdb.RDB_TYPE_ZSET_ZIPLIST:
      return buildZsetFromZiplist(r.string(), limits)
    case rdb.RDB_TYPE_STREAM_LISTPACKS:
    case rdb.RDB_TYPE_STREAM_LISTPACKS_2:
      return decodeStream(type, r)
    default:
      throw new RdbError(`Unknown RDB encoding type ${type}`)
  }
}

function decodeQuicklist(type: number, r: RdbReader, limits: LoadLimits): Obj | null {
  const list = new ListBuilder(limits)
  for (let n = r.length(); n > 0; n--) {
    let container = rdb.QUICKLIST_NODE_CONTAINER_PACKED
    if (type === rdb.RDB_TYPE_LIST_QUICKLIST_2) {
      container = r.length()
      if (container !== rdb.QUICKLIST_NODE_CONTAINER_PACKED && container !== rdb.QUICKLIST_NODE_CONTAINER_PLAIN)
        throw new RdbError('Quicklist integrity check failed.')
    }
    const node = r.string()
    if (node === '') throw new RdbError(EOF)
    if (container === rdb.QUICKLIST_NODE_CONTAINER_PLAIN) list.plain(node)
    else if (type === rdb.RDB_TYPE_LIST_QUICKLIST) list.ziplist(node)
    else list.listpack(node)
  }
  return list.finish()
}

export interface RdbSink {
  aux(key: Bytes, value: Bytes): void
  select(dbid: number): void
  resize(keys: number, expires: number): void
  /** Frequency or idle seconds are -1 when absent. */
  key(key: Bytes, o: Obj, expireAt: number, idleSeconds: number, freq: number): void
  emptyKey(key: Bytes): void
  /** A library of functions; null when it could not be read. */
  functionLibrary?(code: Bytes | null): void
}

export class RdbLoader {
  readonly r: RdbReader
  private readonly sink: RdbSink
  private readonly limits: LoadLimits
  private readonly checksum: boolean
  private expireAt = -1
  private idle = -1
  private freq = -1
  private started = false

  constructor(bytes: Bytes, sink: RdbSink, limits: LoadLimits, checksum = true, pos = 0) {
    this.r = new RdbReader(bytes, pos)
    this.sink = sink
    this.limits = limits
    this.checksum = checksum
    this.start = pos
  }
  private readonly start: number

  /** Reads until the file's end (true) or until more than `budget` bytes were read (false). */
  step(budget = Number.POSITIVE_INFINITY): boolean {
    const r = this.r
    const limit = r.pos + budget
    if (!this.started) this.header()
    while (r.pos < limit) if (this.item()) return true
    return false
  }

  private header(): void {
    const head = this.r.take(9)
    if (!head.startsWith('REDIS')) throw new RdbError('Wrong signature trying to load DB from file')
    const version = Number.parseInt(head.slice(5), 10) || 0
    if (version < 1 || version > rdb.RDB_VERSION) throw new RdbError(`Can't handle RDB format version ${version}`)
    this.version = version
    this.started = true
  }
  private version = 0

  private item(): boolean {
    const r = this.r
    const op = r.u8()
    switch (op) {
      case rdb.RDB_OPCODE_EXPIRETIME:
        this.expireAt = r.le32() * 1000
        return false
      case rdb.RDB_OPCODE_EXPIRETIME_MS:
        this.expireAt = r.le64()
        return false
      case rdb.RDB_OPCODE_FREQ:
        this.freq = r.u8()
        return false
      case rdb.RDB_OPCODE_IDLE:
        this.idle = r.length()
        return false
      case rdb.RDB_OPCODE_EOF:
        this.footer()
        return true
      case rdb.RDB_OPCODE_SELECTDB:
        this.sink.select(r.length())
        return false
      case rdb.RDB_OPCODE_RESIZEDB: {
        const keys = r.length()
        this.sink.resize(keys, r.length())
        return false
      }
      case rdb.RDB_OPCODE_AUX: {
        const key = r.string()
        this.sink.aux(key, r.string())
        return false
      }
      case rdb.RDB_OPCODE_MODULE_AUX:
        skipModuleAux(r)
        return false
      case rdb.RDB_OPCODE_FUNCTION:
        throw new RdbError('Pre-release function format not supported.')
      case rdb.RDB_OPCODE_FUNCTION2:
        this.functionLibrary(r)
        return false
    }
    const key = r.string()
    const o = this.value(op)
    if (o === null) this.sink.emptyKey(key)
    else this.sink.key(key, o, this.expireAt, this.idle, this.freq)
    this.expireAt = this.idle = this.freq = -1
    return false
  }

  private functionLibrary(r: RdbReader): void {
    let code: Bytes
    try {
      code = r.string()
    } catch (e) {
      if (e instanceof RdbError && e.message === EOF) this.sink.functionLibrary?.(null)
      throw e
    }
    this.sink.functionLibrary?.(code)
  }
  /** A value that only a close look finds damaged: where the file's checksum tells of it too, that is what is said. */
  private value(type: number): Obj | null {
    try {
      return decodeValue(type, this.r, this.limits)
    } catch (e) {
      if (e instanceof RdbError && e.deep && this.version >= 5) {
        const { bytes } = this.r
        this.compareChecksum(bytes.length - 8, bytes.slice(-8), true)
      }
      throw e
    }
  }
  private footer(): void {
    if (this.version < 5) return
    const r = this.r
    const end = r.pos
    const stored = r.take(8)
    this.compareChecksum(end, stored)
  }
  private compareChecksum(end: number, stored: Bytes, deep = false): void {
    if (!this.checksum || stored === '\0\0\0\0\0\0\0\0') return
    const crc = new Crc64().update(this.r.bytes, this.start, end)
    if (crc.littleEndian() !== stored)
      throw new RdbError(
        `Wrong RDB checksum expected: (${crc.hex().replace(/^0+(?=.)/, '')}) but got (${hexOf(stored)}). Aborting now.`,
        deep,
      )
  }
}
const hexOf = (le: Bytes): string => {
  let s = ''
  for (let i = 7; i >= 0; i--) s += le.charCodeAt(i).toString(16).padStart(2, '0')
  return s.replace(/^0+(?=.)/, '')
}

function skipModuleAux(r: RdbReader): void {
  r.length()
  r.length()
  r.length()
  for (;;) {
    const op = r.length()
    if (op === 0) return
    if (op === 1 || op === 2) r.length()
    else if (op === 3) r.take(4)
    else if (op === 4) r.take(8)
    else if (op === 5) r.string()
    else throw new RdbError('Error reading module AUX data')
  }
}
