/**
 * DUMP and RESTORE: one value as bytes.
 *
 *   type (1 byte) | value as in the RDB | RDB version (2 bytes) | CRC64 of everything before (8 bytes)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { crc64 } from '../bytes/crc64.ts'
import { equalsIgnoreCase, parseIntArg, syntaxError } from '../commands/args.ts'
import type { CommandContext, CommandImpl } from '../commands/command.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import { OK, RedisError, type Reply } from '../protocol/reply.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { LoadLimits } from './rdb-build.ts'
import { loadLimits } from './rdb-build.ts'
import { decodeValue, RdbReader } from './rdb-decode.ts'
import { encodeValue, rdbType } from './rdb-encode.ts'
import { RDB_VERSION, RdbError } from './rdb-format.ts'

export function createDumpPayload(o: Obj, compression: boolean): Bytes {
  return dumpFooter(`${String.fromCharCode(rdbType(o))}${encodeValue(o, compression)}`)
}
/** With version and checksum behind it. */
export function dumpFooter(value: Bytes): Bytes {
  const body = value + String.fromCharCode(RDB_VERSION, 0)
  return body + crc64(body).littleEndian()
}

/** null: version or checksum are wrong. */
export function verifyDumpPayload(payload: Bytes, skipChecksum = false): boolean {
  if (payload.length < 10) return false
  const foot = payload.length - 10
  const version = payload.charCodeAt(foot) | (payload.charCodeAt(foot + 1) << 8)
  if (version > RDB_VERSION) return false
  const stored = payload.slice(foot + 2)
  return skipChecksum || crc64(payload.slice(0, foot + 2)).littleEndian() === stored
}

/** The value of a verified payload; null when it is malformed. */
export function readDumpPayload(payload: Bytes, limits: LoadLimits): Obj | null {
  try {
    // As Redis does: what a damaged value reads beyond its end is the footer.
    const r = new RdbReader(payload)
    return decodeValue(r.u8(), r, limits)
  } catch (e) {
    if (e instanceof RdbError) return null
    throw e
  }
}

function dump(c: CommandContext, argv: readonly Bytes[]): Reply {
  const o = c.lookupRead(argv[1]!)
  return o === undefined ? null : createDumpPayload(o, c.config.rdbcompression)
}

/** RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency] */
function restore(c: CommandContext, argv: readonly Bytes[]): Reply {
  let replace = false
  let absttl = false
  let idle = -1
  let freq = -1
  for (let j = 4; j < argv.length; j++) {
    const more = j + 1 < argv.length
    if (equalsIgnoreCase(argv[j], 'replace')) replace = true
    else if (equalsIgnoreCase(argv[j], 'absttl')) absttl = true
    else if (equalsIgnoreCase(argv[j], 'idletime') && more && freq === -1) {
      idle = Number(parseIntArg(argv[++j]))
      if (idle < 0) throw new RedisError('ERR Invalid IDLETIME value, must be >= 0')
    } else if (equalsIgnoreCase(argv[j], 'freq') && more && idle === -1) {
      freq = Number(parseIntArg(argv[++j]))
      if (freq < 0 || freq > 255) throw new RedisError('ERR Invalid FREQ value, must be >= 0 and <= 255')
    } else syntaxError()
  }
  const key = argv[1]!
  if (!replace && c.lookupWrite(key) !== undefined) throw new RedisError('BUSYKEY Target key name already exists.')
  let ttl = Number(parseIntArg(argv[2]))
  if (ttl < 0) throw new RedisError('ERR Invalid TTL value, must be >= 0')
  const payload = argv[3]!
  if (!verifyDumpPayload(payload, c.server.debug.skipChecksumValidation))
    throw new RedisError('ERR DUMP payload version or checksum are wrong')
  const o = readDumpPayload(payload, loadLimits(c.config, c.server.hashSeed))
  if (o === null) throw new RedisError('ERR Bad data format')
  if (sanitizes(c)) c.server.stat.dumpPayloadSanitizations += packedParts(o, payload.charCodeAt(0))
  const deleted = replace && c.delete(key)
  if (ttl !== 0 && !absttl) ttl += c.nowMs
  if (ttl !== 0 && ttl <= c.nowMs && !c.server.loading && !c.server.repl?.isReplica) {
    if (deleted) {
      c.rewrite(['DEL', key])
      c.signalModified(key)
      c.notify('g', 'del', key)
      c.dirty()
    }
    return OK
  }
  c.add(key, o)
  if (ttl !== 0) {
    c.setExpire(key, ttl)
    if (!absttl) c.rewrite([...argv.slice(0, 2), String(ttl), ...argv.slice(3), 'ABSTTL'])
  }
  setAccess(c, o, idle, freq)
  c.signalModified(key)
  c.notify('g', 'restore', key)
  c.dirty()
  return OK
}

/**
 * Whether every entry of what is restored is looked at (sanitize-dump-payload). Redis trusts the others' headers; here all are
 * looked at, and this only says what Redis counts.
 */
function sanitizes({ config, client }: CommandContext): boolean {
  if (config.sanitizeDumpPayload !== 'clients') return config.sanitizeDumpPayload === 'yes'
  return !client.isMaster && client.user?.skipSanitize !== true
}
/** Listpacks, ziplists and intsets of the payload. */
function packedParts(o: Obj, type: number): number {
  if (o.encoding === 'quicklist') return type === RDB_TYPE_LIST ? 0 : (o.value as Quicklist).nodeCount
  if (o.encoding === 'stream') return (o.value as Stream).rax.size
  return type >= FIRST_PACKED_TYPE ? 1 : 0
}
const RDB_TYPE_LIST = 1
const FIRST_PACKED_TYPE = 9

/** objectSetLRUOrLFU. */
function setAccess(c: CommandContext, o: Obj, idle: number, freq: number): void {
  const lfu = c.config.maxmemoryPolicy.includes('lfu')
  if (lfu && freq >= 0) o.lru = ((Math.floor(c.nowMs / 60000) & 0xffff) << 8) | freq
  else if (!lfu && idle >= 0) {
    // The clock has 24 bits; one that was idle for longer than it tells starts anywhere.
    const lru = c.server.lruClock - idle
    o.lru = lru < 0 ? (((lru + 0xffffff) % 0x1000000) + 0x1000000) % 0x1000000 : lru
  }
}

export const dumpCommands: readonly CommandImpl[] = [
  { name: 'dump', handler: dump },
  { name: 'restore', handler: restore },
  { name: 'restore-asking', handler: restore },
]
