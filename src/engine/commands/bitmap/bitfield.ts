/** BITFIELD: a string as an array of integers of any width up to 64 bits, with a choice of what overflow does. */
import type { Bytes } from '../../bytes/bytes.ts'
import { normalizeInt } from '../../bytes/numbers.ts'
import { stringByteAt } from '../../objects/string.ts'
import type { Reply } from '../../protocol/reply.ts'
import { fail, parseBigArg, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { lookupForBits, parseBitOffset } from './bits.ts'

type Overflow = 'wrap' | 'sat' | 'fail'
interface Operation {
  readonly kind: 'get' | 'set' | 'incrby'
  readonly offset: number
  readonly bits: number
  readonly signed: boolean
  readonly overflow: Overflow
  readonly operand: bigint
}

const BAD_TYPE = 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.'

function parseType(arg: Bytes): { signed: boolean; bits: number } {
  const match = /^([iu])([1-9][0-9]?)$/.exec(arg)
  if (!match) fail(BAD_TYPE)
  const signed = match[1] === 'i'
  const bits = Number(match[2])
  if (bits > (signed ? 64 : 63)) fail(BAD_TYPE)
  return { signed, bits }
}

function parseOverflow(arg: Bytes): Overflow {
  const overflow = word(arg)
  if (overflow !== 'wrap' && overflow !== 'sat' && overflow !== 'fail') fail('ERR Invalid OVERFLOW type specified')
  return overflow
}

function parseOperations(c: CommandContext, argv: readonly Bytes[], readOnly: boolean): Operation[] {
  const operations: Operation[] = []
  let overflow: Overflow = 'wrap'
  for (let j = 2; j < argv.length; j++) {
    const kind = word(argv[j])
    const left = argv.length - j - 1
    if (kind === 'overflow' && left >= 1) {
      overflow = parseOverflow(argv[++j]!)
      continue
    }
    if (!((kind === 'get' && left >= 2) || ((kind === 'set' || kind === 'incrby') && left >= 3))) syntaxError()
    const { signed, bits } = parseType(argv[j + 1]!)
    const offset = parseBitOffset(c, argv[j + 2]!, bits)
    j += 2
    let operand = 0n
    if (kind !== 'get') operand = parseBigArg(argv[++j])
    operations.push({ kind: kind as Operation['kind'], offset, bits, signed, overflow, operand })
  }
  if (readOnly && operations.some((op) => op.kind !== 'get')) fail('ERR BITFIELD_RO only supports the GET subcommand')
  return operations
}

function read(byteAt: (index: number) => number, op: Operation): bigint {
  let value = 0n
  const last = op.offset + op.bits - 1
  for (let index = Math.floor(op.offset / 8); index <= Math.floor(last / 8); index++)
    value = (value << 8n) | BigInt(byteAt(index))
  value = BigInt.asUintN(op.bits, value >> BigInt(7 - (last % 8)))
  return op.signed ? BigInt.asIntN(op.bits, value) : value
}

/** The value as it will be stored, or null when it does not fit and OVERFLOW is FAIL. */
function storable(op: Operation, value: bigint): bigint | null {
  const width = BigInt(op.bits)
  const max = op.signed ? (1n << (width - 1n)) - 1n : (1n << width) - 1n
  const min = op.signed ? -(1n << (width - 1n)) : 0n
  if (value >= min && value <= max) return value
  if (op.overflow === 'fail') return null
  if (op.overflow === 'sat') return value > max ? max : min
  return op.signed ? BigInt.asIntN(op.bits, value) : BigInt.asUintN(op.bits, value)
}

const bitfieldGeneric =
  (readOnlyCommand: boolean): Handler =>
  (c, argv) => {
    const key = argv[1]!
    const operations = parseOperations(c, argv, readOnlyCommand)
    const writes = operations.filter((op) => op.kind !== 'get')
    if (writes.length === 0) {
      const o = c.lookupReadOf(key, 'string')
      return operations.map((op) => (o ? normalizeInt(read((index) => stringByteAt(o, index), op)) : 0))
    }
    const highest = writes.reduce((max, op) => Math.max(max, op.offset + op.bits - 1), 0)
    const { sds, grown } = lookupForBits(c, key, highest)
    const byteAt = (index: number): number => (index < sds.len ? sds.byteAt(index) : 0)
    const write = (op: Operation, value: bigint): void => {
      for (let i = 0; i < op.bits; i++) {
        const at = op.offset + i
        const index = Math.floor(at / 8)
        const mask = 0x80 >> (at % 8)
        const on = (value >> BigInt(op.bits - 1 - i)) & 1n
        sds.setByte(index, on === 1n ? sds.byteAt(index) | mask : sds.byteAt(index) & ~mask)
      }
    }
    let changes = 0
    const replies: Reply[] = operations.map((op) => {
      const old = read(byteAt, op)
      if (op.kind === 'get') return normalizeInt(old)
      // SET of an unsigned field takes a negative operand as the large number it is in 64 unsigned bits.
      const wanted = op.kind === 'incrby' ? old + op.operand : op.signed ? op.operand : BigInt.asUintN(64, op.operand)
      const value = storable(op, wanted)
      if (value === null) return null
      write(op, value)
      if (grown || value !== old) changes++
      return normalizeInt(op.kind === 'set' ? old : value)
    })
    if (changes > 0) {
      c.replied()
      c.signalModified(key)
      c.notify('$', 'setbit', key)
      c.dirty(changes)
    }
    return replies
  }

export const bitfieldFamily: readonly CommandImpl[] = [
  { name: 'bitfield', handler: bitfieldGeneric(false) },
  { name: 'bitfield_ro', handler: bitfieldGeneric(true) },
]
