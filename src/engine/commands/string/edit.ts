/** Edits in place. The value becomes a raw Sds, whose spare room makes the next edit cheap. */
import { createSdsObject, createStringObject, stringLength, unshareString } from '../../objects/string.ts'
import { Sds } from '../../structures/sds.ts'
import { fail, parseLongArg } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

export function checkStringLength(c: CommandContext, length: number): void {
  if (length > c.config.protoMaxBulkLen) fail('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
}

const append: Handler = (c, argv) => {
  const key = argv[1]!
  const tail = argv[2]!
  const o = c.lookupWriteOf(key, 'string')
  let length = tail.length
  if (!o) c.add(key, createStringObject(tail))
  else {
    length += stringLength(o)
    checkStringLength(c, length)
    unshareString(o).append(tail)
  }
  c.signalModified(key)
  c.notify('$', 'append', key)
  c.dirty()
  return length
}

const setrange: Handler = (c, argv) => {
  const key = argv[1]!
  const value = argv[3]!
  const offset = parseLongArg(argv[2])
  if (offset < 0) fail('ERR offset is out of range')
  let o = c.lookupWriteOf(key, 'string')
  if (value.length === 0) return o ? stringLength(o) : 0
  checkStringLength(c, offset + value.length)
  if (!o) {
    o = createSdsObject(new Sds(''))
    c.add(key, o)
  }
  const sds = unshareString(o)
  sds.setRange(offset, value)
  c.signalModified(key)
  c.notify('$', 'setrange', key)
  c.dirty()
  return sds.len
}

export const editFamily: readonly CommandImpl[] = [
  { name: 'append', handler: append },
  { name: 'setrange', handler: setrange },
]
