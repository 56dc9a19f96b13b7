/** SETBIT, GETBIT, BITCOUNT, BITPOS. Bit 0 is the highest bit of the first byte. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import { createSdsObject, stringByteAt, stringBytes, stringLength, unshareString } from '../../objects/string.ts'
import { Sds } from '../../structures/sds.ts'
import { fail, parseLongArg, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

const BAD_OFFSET = 'ERR bit offset is not an integer or out of range'
const BAD_BIT = 'ERR bit is not an integer or out of range'

/** A bit offset; "#3" counts in fields of `bits` bits when that is given (BITFIELD). */
export function parseBitOffset(c: CommandContext, arg: Bytes, bits = 0): number {
  const counted = bits > 0 && arg.startsWith('#')
  const offset = parseLongArg(counted ? arg.slice(1) : arg, undefined, undefined, BAD_OFFSET) * (counted ? bits : 1)
  if (offset < 0 || Math.floor(offset / 8) >= c.config.protoMaxBulkLen) fail(BAD_OFFSET)
  return offset
}

/** lookupStringForBitCommand: the string, raw and long enough to hold `maxBit`; `grown` when that took a change. */
export function lookupForBits(c: CommandContext, key: Bytes, maxBit: number): { sds: Sds; grown: boolean } {
  const bytes = Math.floor(maxBit / 8) + 1
  let o = c.lookupWriteOf(key, 'string')
  if (!o) {
    const sds = new Sds('')
    sds.grow(bytes)
    o = createSdsObject(sds)
    c.add(key, o)
    return { sds, grown: true }
  }
  const sds = unshareString(o)
  const grown = sds.len < bytes
  if (grown) sds.grow(bytes)
  return { sds, grown }
}

const setbit: Handler = (c, argv) => {
  const key = argv[1]!
  const offset = parseBitOffset(c, argv[2]!)
  const on = parseLongArg(argv[3], 0, 1, BAD_BIT)
  const { sds, grown } = lookupForBits(c, key, offset)
  const index = Math.floor(offset / 8)
  const mask = 0x80 >> (offset % 8)
  const byte = sds.byteAt(index)
  const old = (byte & mask) !== 0 ? 1 : 0
  if (grown || old !== on) {
    sds.setByte(index, on === 1 ? byte | mask : byte & ~mask)
    c.signalModified(key)
    c.notify('$', 'setbit', key)
    c.dirty()
  }
  return old
}

const getbit: Handler = (c, argv) => {
  const offset = parseBitOffset(c, argv[2]!)
  const o = c.lookupReadOf(argv[1]!, 'string')
  return o ? (stringByteAt(o, Math.floor(offset / 8)) >> (7 - (offset % 8))) & 1 : 0
}

interface BitRange {
  /** Inclusive, in bits. */
  readonly start: number
  readonly end: number
}

/** start and end as typed, in bytes or bits, negative from the end. Null when it is empty. */
function bitRange(o: Obj, first: number, last: number, unit: 'byte' | 'bit'): BitRange | null {
  const length = stringLength(o) * (unit === 'bit' ? 8 : 1)
  let start = first < 0 ? length + first : first
  let end = last < 0 ? length + last : last
  if (start < 0) start = 0
  if (end < 0) end = 0
  if (end >= length) end = length - 1
  if (start > end) return null
  return unit === 'bit' ? { start, end } : { start: start * 8, end: end * 8 + 7 }
}

function parseUnit(arg: Bytes | undefined): 'byte' | 'bit' {
  if (arg === undefined) return 'byte'
  const unit = word(arg)
  if (unit !== 'byte' && unit !== 'bit') syntaxError()
  return unit
}

function popcount(byte: number): number {
  let n = byte
  n -= (n >> 1) & 0x55
  n = (n & 0x33) + ((n >> 2) & 0x33)
  return (n + (n >> 4)) & 0x0f
}

/** The byte at `index` with only the bits of the range left. */
function maskedByte(bytes: Bytes, index: number, range: BitRange): number {
  let byte = bytes.charCodeAt(index)
  if (index === Math.floor(range.start / 8)) byte &= 0xff >> (range.start % 8)
  if (index === Math.floor(range.end / 8)) byte &= (0xff << (7 - (range.end % 8))) & 0xff
  return byte
}

const bitcount: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'string')
  if (!o) return 0
  let range: BitRange | null
  if (argv.length === 2) range = bitRange(o, 0, -1, 'byte')
  else if (argv.length === 4 || argv.length === 5) {
    const first = parseLongArg(argv[2])
    const last = parseLongArg(argv[3])
    if (first < 0 && last < 0 && first > last) return 0
    range = bitRange(o, first, last, parseUnit(argv[4]))
  } else syntaxError()
  if (range === null) return 0
  const bytes = stringBytes(o)
  let count = 0
  const lastByte = Math.floor(range.end / 8)
  for (let i = Math.floor(range.start / 8); i <= lastByte; i++) count += popcount(maskedByte(bytes, i, range))
  c.work(bytes.length / 4000)
  return count
}

const bitpos: Handler = (c, argv) => {
  const bit = parseLongArg(argv[2])
  if (bit !== 0 && bit !== 1) fail('ERR The bit argument must be 1 or 0.')
  const o = c.lookupReadOf(argv[1]!, 'string')
  if (!o) return bit === 1 ? -1 : 0
  if (argv.length > 6) syntaxError()
  const first = argv.length > 3 ? parseLongArg(argv[3]) : 0
  const unit = parseUnit(argv[5])
  const endGiven = argv.length > 4
  const last = endGiven ? parseLongArg(argv[4]) : -1
  const range = bitRange(o, first, last, unit)
  if (range === null) return -1
  const bytes = stringBytes(o)
  for (let i = Math.floor(range.start / 8); i <= Math.floor(range.end / 8); i++) {
    const byte = bytes.charCodeAt(i)
    if (byte === (bit === 1 ? 0 : 0xff)) continue
    for (let j = Math.max(i * 8, range.start); j <= Math.min(i * 8 + 7, range.end); j++) {
      if (((byte >> (7 - (j % 8))) & 1) === bit) return j
    }
  }
  // Without an end the string is taken as padded with zeros on the right.
  return bit === 1 || endGiven ? -1 : bytes.length * 8
}

export const bitFamily: readonly CommandImpl[] = [
  { name: 'setbit', handler: setbit },
  { name: 'getbit', handler: getbit },
  { name: 'bitcount', handler: bitcount },
  { name: 'bitpos', handler: bitpos },
]
