/**
 * Writing the RDB. The problem: a file that a real redis-server loads, made from live structures without stopping the
 * server for long. The idea: a generator that walks the databases and hands out chunks of bytes; whoever drives it decides
 * what to do between chunks (write them to a file, send them to replicas). Keys come in the order of memory: a dict's own
 * order means nothing to a reader.
 *
 * Kept exactly: every byte (opcodes, aux fields and their order, the choice of integer and LZF encodings, sorted sets
 * from the greatest score down, the CRC64 at the end).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8, toUint8 } from '../bytes/bytes.ts'
import { Crc64 } from '../bytes/crc64.ts'
import { lzfCompress } from '../bytes/lzf.ts'
import { parseInt64 } from '../bytes/numbers.ts'
import type { Database } from '../keyspace/database.ts'
import type { Obj } from '../objects/object.ts'
import { stringBytes } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Zset } from '../structures/zset.ts'
import type { Stream } from '../objects/stream.ts'
import { encodeStream } from './rdb-stream.ts'
import {
  QUICKLIST_NODE_CONTAINER_PACKED,
  QUICKLIST_NODE_CONTAINER_PLAIN,
  RDB_ENC_INT16,
  RDB_ENC_INT32,
  RDB_ENC_INT8,
  RDB_ENC_LZF,
  RDB_OPCODE_AUX,
  RDB_OPCODE_EOF,
  RDB_OPCODE_EXPIRETIME_MS,
  RDB_OPCODE_FREQ,
  RDB_OPCODE_FUNCTION2,
  RDB_OPCODE_IDLE,
  RDB_OPCODE_RESIZEDB,
  RDB_OPCODE_SELECTDB,
  RDB_TYPE_HASH,
  RDB_TYPE_HASH_LISTPACK,
  RDB_TYPE_LIST_QUICKLIST_2,
  RDB_TYPE_SET,
  RDB_TYPE_SET_INTSET,
  RDB_TYPE_STREAM_LISTPACKS_2,
  RDB_TYPE_STRING,
  RDB_TYPE_ZSET_2,
  RDB_TYPE_ZSET_LISTPACK,
  RDB_VERSION,
} from './rdb-format.ts'

export interface RdbOptions {
  readonly compression: boolean
  readonly checksum: boolean
  /** Which access information is written with each key; from maxmemory-policy. */
  readonly access: 'none' | 'lru' | 'lfu'
  readonly nowMs: number
  readonly lfuDecayTime: number
}
export interface RdbAux {
  readonly usedMemory: number
  /** Absent when a restarted server could not use it (no backlog and no master). */
  readonly repl: { readonly streamDb: number; readonly replid: Bytes; readonly offset: number } | null
  readonly aofBase: boolean
  /** The code of each library of functions. */
  readonly functions?: readonly Bytes[]
}

const byte = String.fromCharCode

function be32(n: number): Bytes {
  return byte((n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
}
function le32(n: number): Bytes {
  return byte(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, (n >>> 24) & 255)
}
export function le64(n: number | bigint): Bytes {
  const v = BigInt.asUintN(64, BigInt(n))
  return le32(Number(v & 0xffffffffn)) + le32(Number(v >> 32n))
}

export function encodeLength(n: number): Bytes {
  if (n < 64) return byte(n)
  if (n < 16384) return byte(0x40 | (n >> 8), n & 255)
  if (n <= 0xffffffff) return `\x80${be32(n)}`
  return `\x81${be32(Math.floor(n / 4294967296))}${be32(n >>> 0)}`
}

/** The integer encodings of a string, or null when it needs more than 32 bits. */
function encodeInteger(n: number): Bytes | null {
  if (n >= -128 && n <= 127) return byte(0xc0 | RDB_ENC_INT8, n & 255)
  if (n >= -32768 && n <= 32767) return byte(0xc0 | RDB_ENC_INT16, n & 255, (n >> 8) & 255)
  if (n >= -2147483648 && n <= 2147483647) return byte(0xc0 | RDB_ENC_INT32) + le32(n)
  return null
}

/** rdbSaveRawString: an integer when it is the notation of one, LZF when that is shorter, else length and bytes. */
export function encodeString(s: Bytes, compression: boolean): Bytes {
  if (s.length <= 11) {
    const n = parseInt64(s)
    const encoded = typeof n === 'number' ? encodeInteger(n) : null
    if (encoded !== null) return encoded
  }
  if (compression && s.length > 20) {
    const packed = lzfCompress(toUint8(s), s.length - 4)
    if (packed !== null) return encodeLzf(packed, s.length)
  }
  return encodeLength(s.length) + s
}
function encodeLzf(packed: Uint8Array, length: number): Bytes {
  return byte(0xc0 | RDB_ENC_LZF) + encodeLength(packed.length) + encodeLength(length) + fromUint8(packed)
}

/** rdbSaveStringObject. */
function encodeStringObject(o: Obj, compression: boolean): Bytes {
  if (o.encoding !== 'int') return encodeString(stringBytes(o), compression)
  const n = o.value as number | bigint
  const encoded = typeof n === 'number' ? encodeInteger(n) : null
  if (encoded !== null) return encoded
  const text = String(n)
  return encodeLength(text.length) + text
}

const scratch = new DataView(new ArrayBuffer(8))
function encodeBinaryDouble(d: number): Bytes {
  scratch.setFloat64(0, d, true)
  return le32(scratch.getInt32(0, true)) + le32(scratch.getInt32(4, true))
}

export function rdbType(o: Obj): number {
  switch (o.type) {
    case 'string':
      return RDB_TYPE_STRING
    case 'list':
      return RDB_TYPE_LIST_QUICKLIST_2
    case 'set':
      return o.encoding === 'intset' ? RDB_TYPE_SET_INTSET : RDB_TYPE_SET
    case 'zset':
      return o.encoding === 'listpack' ? RDB_TYPE_ZSET_LISTPACK : RDB_TYPE_ZSET_2
    case 'hash':
      return o.encoding === 'listpack' ? RDB_TYPE_HASH_LISTPACK : RDB_TYPE_HASH
    case 'stream':
      return RDB_TYPE_STREAM_LISTPACKS_2
  }
}

function encodeQuicklist(list: Quicklist, compression: boolean): Bytes {
  const nodes = list.nodes()
  let out = encodeLength(nodes.length)
  for (const node of nodes) {
    const plain = node.plain !== null
    out += encodeLength(plain ? QUICKLIST_NODE_CONTAINER_PLAIN : QUICKLIST_NODE_CONTAINER_PACKED)
    out += encodeString(node.plain ?? list.nodeListpack(node).toBytes(), compression)
  }
  return out
}

/** rdbSaveObject: the value without its type byte. */
export function encodeValue(o: Obj, compression: boolean): Bytes {
  switch (o.type) {
    case 'string':
      return encodeStringObject(o, compression)
    case 'list':
      return encodeQuicklist(o.value as Quicklist, compression)
    case 'set': {
      if (o.encoding === 'intset') return encodeString(fromUint8((o.value as Intset).bytes()), compression)
      const members = o.value as Dict<null>
      const parts = [encodeLength(members.size)]
      members.forEach((k) => {
        parts.push(encodeString(k, compression))
      })
      return parts.join('')
    }
    case 'hash': {
      if (o.encoding === 'listpack') return encodeString(fromUint8((o.value as Listpack).bytes()), compression)
      const fields = o.value as Dict<Bytes>
      const parts = [encodeLength(fields.size)]
      fields.forEach((k, v) => {
        parts.push(encodeString(k, compression), encodeString(v, compression))
      })
      return parts.join('')
    }
    case 'zset': {
      if (o.encoding === 'listpack') return encodeString(fromUint8((o.value as Listpack).bytes()), compression)
      return encodeSkiplist(o.value as Zset, compression)
    }
    case 'stream':
      return encodeStream(o.value as Stream, {
        length: encodeLength,
        string: (s) => encodeString(s, compression),
        le64,
      })
  }
}

/** From the greatest to the smallest: the reader then inserts each new element at the head, the cheapest place. */
function encodeSkiplist(zset: Zset, compression: boolean): Bytes {
  const parts: Bytes[] = []
  const zsl = zset.zsl
  for (let x = zsl.last(); x > 0; x = zsl.prev(x)) {
    parts.push(encodeString(zsl.eleOf(x), compression) + encodeBinaryDouble(zsl.scoreOf(x)))
  }
  return encodeLength(parts.length) + parts.join('')
}

function encodeAux(key: Bytes, value: Bytes): Bytes {
  return byte(RDB_OPCODE_AUX) + encodeString(key, false) + encodeString(value, false)
}

export function encodeFunction(code: Bytes, compression: boolean): Bytes {
  return byte(RDB_OPCODE_FUNCTION2) + encodeString(code, compression)
}

function encodeAccess(o: Obj, options: RdbOptions): Bytes {
  if (options.access === 'lru') {
    const clock = Math.floor(options.nowMs / 1000) & 0xffffff
    const idle = clock >= o.lru ? clock - o.lru : clock + (0xffffff - o.lru)
    return byte(RDB_OPCODE_IDLE) + encodeLength(idle)
  }
  if (options.access === 'lfu') {
    const minutes = Math.floor(options.nowMs / 60000) & 0xffff
    const ldt = (o.lru >> 8) & 0xffff
    const elapsed = minutes >= ldt ? minutes - ldt : 65535 - ldt + minutes
    const periods = options.lfuDecayTime > 0 ? Math.floor(elapsed / options.lfuDecayTime) : 0
    return byte(RDB_OPCODE_FREQ, Math.max(0, (o.lru & 255) - periods))
  }
  return ''
}

/** rdbSaveKeyValuePair. `expireAt` -1 for none. */
export function encodeKey(key: Bytes, o: Obj, expireAt: number, options: RdbOptions): Bytes {
  const expire = expireAt === -1 ? '' : byte(RDB_OPCODE_EXPIRETIME_MS) + le64(expireAt)
  const head = expire + encodeAccess(o, options) + byte(rdbType(o)) + encodeString(key, options.compression)
  return head + encodeValue(o, options.compression)
}

/** The whole file. Chunks are at least `chunkBytes` long but the last. */
export function* encodeRdb(
  dbs: readonly Database[],
  aux: RdbAux,
  options: RdbOptions,
  chunkBytes = 16384,
): Generator<Bytes, void> {
  const crc = new Crc64()
  let out = `REDIS${String(RDB_VERSION).padStart(4, '0')}`
  out += encodeAux('redis-ver', '7.0.15') + encodeAux('redis-bits', '64')
  out += encodeAux('ctime', String(Math.floor(options.nowMs / 1000))) + encodeAux('used-mem', String(aux.usedMemory))
  if (aux.repl !== null) {
    out += encodeAux('repl-stream-db', String(aux.repl.streamDb))
    out += encodeAux('repl-id', aux.repl.replid) + encodeAux('repl-offset', String(aux.repl.offset))
  }
  out += encodeAux('aof-base', aux.aofBase ? '1' : '0')
  for (const code of aux.functions ?? []) out += encodeFunction(code, options.compression)
  for (const db of dbs) {
    if (db.dict.size === 0) continue
    out += byte(RDB_OPCODE_SELECTDB) + encodeLength(db.id)
    out += byte(RDB_OPCODE_RESIZEDB) + encodeLength(db.dict.size) + encodeLength(db.expires.size)
    const keys: Bytes[] = []
    const values: Obj[] = []
    db.dict.forEachInMemory((key, o) => {
      keys.push(key)
      values.push(o)
    })
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      out += encodeKey(key, values[i]!, db.expires.size === 0 ? -1 : (db.expires.get(key) ?? -1), options)
      if (out.length >= chunkBytes) {
        if (options.checksum) crc.update(out)
        yield out
        out = ''
      }
    }
  }
  out += byte(RDB_OPCODE_EOF)
  if (options.checksum) crc.update(out)
  yield out + (options.checksum ? crc.littleEndian() : '\0\0\0\0\0\0\0\0')
}
