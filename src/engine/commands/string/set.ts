/** SET and its older spellings. Replicas and the AOF are told an absolute time: SET k v EX 10 goes out as SET k v PXAT <ms>. */
import type { Bytes } from '../../bytes/bytes.ts'
import { createStringObject, stringBytes } from '../../objects/string.ts'
import { OK, type Reply } from '../../protocol/reply.ts'
import { wrongArity } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { type ExpireUnit, parseExpireTime, parseSetOptions } from './set-options.ts'

const set: Handler = (c, argv) => {
  const key = argv[1]!
  const value = argv[2]!
  if (argv.length === 3) {
    c.setKey(key, createStringObject(value))
    c.notify('$', 'set', key)
    c.dirty()
    return OK
  }
  const o = parseSetOptions(argv, 3, 'set')
  const at = o.expire ? parseExpireTime(o.expire.value, o.expire.unit, c.nowMs, 'set') : null
  let previous: Reply = OK
  if (o.get) {
    const old = c.lookupReadOf(key, 'string')
    previous = old ? stringBytes(old) : null
    c.replied()
  }
  if (o.nx || o.xx) {
    const found = c.lookupWrite(key) !== undefined
    if (o.nx ? found : !found) return o.get ? previous : null
  }
  store(c, key, value, at, o.keepTtl)
  if (o.get && at === null) c.rewrite(argv.filter((arg, j) => j < 3 || arg.toLowerCase() !== 'get'))
  return previous
}

function store(c: CommandContext, key: Bytes, value: Bytes, at: number | null, keepTtl: boolean): void {
  c.setKey(key, createStringObject(value), keepTtl)
  c.dirty()
  c.notify('$', 'set', key)
  if (at === null) return
  c.setExpire(key, at)
  c.notify('g', 'expire', key)
  c.rewrite(['SET', key, value, 'PXAT', String(at)])
}

const setnx: Handler = (c, argv) => {
  const key = argv[1]!
  if (c.lookupWrite(key)) return 0
  store(c, key, argv[2]!, null, false)
  return 1
}

const setWithTtl =
  (command: string, unit: ExpireUnit): Handler =>
  (c, argv) => {
    const at = parseExpireTime(argv[2]!, unit, c.nowMs, command)
    store(c, argv[1]!, argv[3]!, at, false)
    return OK
  }

const getset: Handler = (c, argv) => {
  const key = argv[1]!
  const old = c.lookupReadOf(key, 'string')
  const previous = old ? stringBytes(old) : null
  c.replied()
  c.setKey(key, createStringObject(argv[2]!))
  c.notify('$', 'set', key)
  c.dirty()
  c.rewrite(['SET', key, argv[2]!])
  return previous
}

const mset: Handler = (c, argv) => {
  if (argv.length % 2 === 0) wrongArity('mset')
  setPairs(c, argv)
  return OK
}

const msetnx: Handler = (c, argv) => {
  if (argv.length % 2 === 0) wrongArity('msetnx')
  for (let j = 1; j < argv.length; j += 2) if (c.lookupWrite(argv[j]!)) return 0
  setPairs(c, argv)
  return 1
}

function setPairs(c: CommandContext, argv: readonly Bytes[]): void {
  for (let j = 1; j < argv.length; j += 2) {
    c.setKey(argv[j]!, createStringObject(argv[j + 1]!))
    c.notify('$', 'set', argv[j]!)
  }
  c.dirty((argv.length - 1) / 2)
}

export const setFamily: readonly CommandImpl[] = [
  { name: 'set', handler: set },
  { name: 'setnx', handler: setnx },
  { name: 'setex', handler: setWithTtl('setex', 'ex') },
  { name: 'psetex', handler: setWithTtl('psetex', 'px') },
  { name: 'getset', handler: getset },
  { name: 'mset', handler: mset },
  { name: 'msetnx', handler: msetnx },
]
