/** BITOP: AND, OR, XOR of strings, shorter ones padded with zero bytes; NOT of one. */
import { createSdsObject, stringBytes } from '../../objects/string.ts'
import { Sds } from '../../structures/sds.ts'
import { fromUint8 } from '../../bytes/bytes.ts'
import { fail, syntaxError, word } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

const bitop: Handler = (c, argv) => {
  const op = word(argv[1])
  const target = argv[2]!
  if (op !== 'and' && op !== 'or' && op !== 'xor' && op !== 'not') syntaxError()
  if (op === 'not' && argv.length !== 4) fail('ERR BITOP NOT must be called with a single source key.')
  const sources: string[] = []
  for (const key of argv.slice(3)) {
    const o = c.lookupReadOf(key, 'string')
    sources.push(o ? stringBytes(o) : '')
  }
  const length = sources.reduce((max, s) => Math.max(max, s.length), 0)
  if (length === 0) {
    if (c.delete(target)) {
      c.signalModified(target)
      c.notify('g', 'del', target)
      c.dirty()
    }
    return 0
  }
  const result = new Uint8Array(length)
  sources.forEach((source, n) => {
    for (let i = 0; i < length; i++) {
      const byte = i < source.length ? source.charCodeAt(i) : 0
      if (n === 0) result[i] = op === 'not' ? ~byte : byte
      else if (op === 'and') result[i]! &= byte
      else if (op === 'or') result[i]! |= byte
      else result[i]! ^= byte
    }
  })
  c.work((length * sources.length) / 4000)
  c.setKey(target, createSdsObject(new Sds(fromUint8(result))))
  c.notify('$', 'set', target)
  c.dirty()
  return length
}

export const bitopFamily: readonly CommandImpl[] = [{ name: 'bitop', handler: bitop }]
