/** Counters. An integer stays an integer object; a float is written as text and goes out as SET … KEEPTTL, so that no replica rounds otherwise. */
import type { Bytes } from '../../bytes/bytes.ts'
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../bytes/long-double.ts'
import { addInt64, INT64_MIN, type Int64 } from '../../bytes/numbers.ts'
import {
  createIntObject,
  createRawStringObject,
  stringBytes,
  stringInt,
  integerReplaced,
} from '../../objects/string.ts'
import { NOT_FLOAT, NOT_INTEGER, type Reply } from '../../protocol/reply.ts'
import { fail, parseIntArg } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

const OVERFLOW = 'ERR increment or decrement would overflow'

function incrDecr(c: CommandContext, key: Bytes, by: Int64): Reply {
  const o = c.lookupWriteOf(key, 'string')
  const old = o ? stringInt(o) : 0
  if (old === null) fail(NOT_INTEGER)
  const value = addInt64(old, by)
  if (value === null) fail(OVERFLOW)
  if (!o) c.add(key, createIntObject(value))
  else if (o.encoding === 'int') {
    o.value = value
    integerReplaced(o)
  } else c.overwrite(key, createIntObject(value))
  c.signalModified(key)
  c.notify('$', 'incrby', key)
  c.dirty()
  return value
}

const incr: Handler = (c, argv) => incrDecr(c, argv[1]!, 1)
const decr: Handler = (c, argv) => incrDecr(c, argv[1]!, -1)
const incrby: Handler = (c, argv) => incrDecr(c, argv[1]!, parseIntArg(argv[2]))
const decrby: Handler = (c, argv) => {
  const by = parseIntArg(argv[2])
  if (by === INT64_MIN) fail('ERR decrement would overflow')
  return incrDecr(c, argv[1]!, by === 0 ? 0 : -by)
}

const incrbyfloat: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'string')
  const old = parseLongDouble(o ? stringBytes(o) : '0')
  const by = parseLongDouble(argv[2]!)
  if (old === null || by === null) fail(NOT_FLOAT)
  const sum = addLongDouble(old, by)
  if (sum === null || sum.inf !== 0) fail('ERR increment would produce NaN or Infinity')
  const text = formatLongDouble(sum)
  if (o) c.overwrite(key, createRawStringObject(text))
  else c.add(key, createRawStringObject(text))
  c.signalModified(key)
  c.notify('$', 'incrbyfloat', key)
  c.dirty()
  c.rewrite(['SET', key, text, 'KEEPTTL'])
  return text
}

export const incrFamily: readonly CommandImpl[] = [
  { name: 'incr', handler: incr },
  { name: 'decr', handler: decr },
  { name: 'incrby', handler: incrby },
  { name: 'decrby', handler: decrby },
  { name: 'incrbyfloat', handler: incrbyfloat },
]
