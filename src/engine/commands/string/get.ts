/** Reading strings, and reading with a side effect (GETDEL, GETEX). */
import { stringBytes, stringLength, stringRange } from '../../objects/string.ts'
import { parseLongArg } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { alreadyExpired } from '../generic/expire-time.ts'
import { parseExpireTime, parseSetOptions } from './set-options.ts'

const get: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'string')
  return o ? stringBytes(o) : null
}

const mget: Handler = (c, argv) => {
  const out: (string | null)[] = []
  for (let j = 1; j < argv.length; j++) {
    const o = c.lookupRead(argv[j]!)
    out.push(o?.type === 'string' ? stringBytes(o) : null)
  }
  return out
}

const strlen: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'string')
  return o ? stringLength(o) : 0
}

const getrange: Handler = (c, argv) => {
  let start = parseLongArg(argv[2])
  let end = parseLongArg(argv[3])
  const o = c.lookupReadOf(argv[1]!, 'string')
  if (!o || (start < 0 && end < 0 && start > end)) return ''
  const length = stringLength(o)
  if (start < 0) start = Math.max(0, length + start)
  if (end < 0) end = Math.max(0, length + end)
  if (end >= length) end = length - 1
  return start > end || length === 0 ? '' : stringRange(o, start, end + 1)
}

const getdel: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupReadOf(key, 'string')
  if (!o) return null
  const value = stringBytes(o)
  c.replied()
  if (c.delete(key)) {
    c.rewrite(['DEL', key])
    c.signalModified(key)
    c.notify('g', 'del', key)
    c.dirty()
  }
  return value
}

/** Never propagated as typed: PEXPIREAT, PERSIST or DEL go out instead. */
const getex: Handler = (c, argv) => {
  const key = argv[1]!
  const options = parseSetOptions(argv, 2, 'getex')
  const o = c.lookupReadOf(key, 'string')
  if (!o) return null
  const expire = options.expire
  const at = expire ? parseExpireTime(expire.value, expire.unit, c.nowMs, 'getex') : null
  const value = stringBytes(o)
  c.replied()
  if (at !== null && (expire?.unit === 'exat' || expire?.unit === 'pxat') && alreadyExpired(c, at)) {
    c.delete(key)
    c.rewrite([c.config.lazyfreeLazyExpire ? 'UNLINK' : 'DEL', key])
    c.signalModified(key)
    c.notify('g', 'del', key)
    c.dirty()
  } else if (at !== null) {
    c.setExpire(key, at)
    c.rewrite(['PEXPIREAT', key, String(at)])
    c.signalModified(key)
    c.notify('g', 'expire', key)
    c.dirty()
  } else if (options.persist && c.removeExpire(key)) {
    c.signalModified(key)
    c.rewrite(['PERSIST', key])
    c.notify('g', 'persist', key)
    c.dirty()
  }
  return value
}

export const getFamily: readonly CommandImpl[] = [
  { name: 'get', handler: get },
  { name: 'mget', handler: mget },
  { name: 'strlen', handler: strlen },
  { name: 'getrange', handler: getrange },
  { name: 'substr', handler: getrange },
  { name: 'getdel', handler: getdel },
  { name: 'getex', handler: getex },
]
