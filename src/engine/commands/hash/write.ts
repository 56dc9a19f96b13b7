/** Commands that change a hash: HSET and its elders, HSETNX, HDEL, and the counters. */
import { own, type Bytes } from '../../bytes/bytes.ts'
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../bytes/long-double.ts'
import { addInt64, parseInt64 } from '../../bytes/numbers.ts'
import { createHash, hashDelete, hashGet, hashHas, hashLength, hashSet, tryHashConversion } from '../../objects/hash.ts'
import type { Obj } from '../../objects/object.ts'
import { NOT_FLOAT, OK } from '../../protocol/reply.ts'
import { fail, parseIntArg, wrongArity } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

function lookupOrCreate(c: CommandContext, key: Bytes): Obj {
  const o = c.lookupWriteOf(key, 'hash')
  if (o) return o
  const created = createHash()
  c.add(key, created)
  return created
}
const put = (c: CommandContext, o: Obj, field: Bytes, value: Bytes): boolean =>
  hashSet(o, own(field), own(value), c.config, c.server.hashSeed)
const convert = (c: CommandContext, o: Obj, argv: readonly Bytes[], from: number, to: number): void =>
  tryHashConversion(o, argv, from, to, c.config, c.server.hashSeed)

function setPairs(c: CommandContext, argv: readonly Bytes[]): number {
  const key = argv[1]!
  if (argv.length % 2 === 1) wrongArity(argv[0]!.toLowerCase())
  const o = lookupOrCreate(c, key)
  convert(c, o, argv, 2, argv.length - 1)
  let created = 0
  for (let i = 2; i < argv.length; i += 2) if (put(c, o, argv[i]!, argv[i + 1]!)) created++
  c.signalModified(key)
  c.notify('h', 'hset', key)
  c.dirty((argv.length - 2) / 2)
  return created
}
const hset: Handler = (c, argv) => setPairs(c, argv)
const hmset: Handler = (c, argv) => {
  setPairs(c, argv)
  return OK
}

const hsetnx: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'hash')
  if (o && hashHas(o, argv[2]!)) return 0
  const hash = o ?? lookupOrCreate(c, key)
  convert(c, hash, argv, 2, 3)
  put(c, hash, argv[2]!, argv[3]!)
  c.signalModified(key)
  c.notify('h', 'hset', key)
  c.dirty()
  return 1
}

const hdel: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'hash')
  if (!o) return 0
  let deleted = 0
  let emptied = false
  for (let i = 2; i < argv.length && !emptied; i++) {
    if (!hashDelete(o, argv[i]!)) continue
    deleted++
    emptied = hashLength(o) === 0
  }
  if (deleted === 0) return 0
  if (emptied) c.delete(key)
  c.signalModified(key)
  c.notify('h', 'hdel', key)
  if (emptied) c.notify('g', 'del', key)
  c.dirty(deleted)
  return deleted
}

const hincrby: Handler = (c, argv) => {
  const key = argv[1]!
  const by = parseIntArg(argv[3])
  const o = c.lookupWriteOf(key, 'hash')
  const text = o ? hashGet(o, argv[2]!) : undefined
  const old = text === undefined ? 0 : parseInt64(text)
  if (old === null) fail('ERR hash value is not an integer')
  const value = addInt64(old, by)
  if (value === null) fail('ERR increment or decrement would overflow')
  put(c, o ?? lookupOrCreate(c, key), argv[2]!, String(value))
  c.signalModified(key)
  c.notify('h', 'hincrby', key)
  c.dirty()
  return value
}

const hincrbyfloat: Handler = (c, argv) => {
  const key = argv[1]!
  const by = parseLongDouble(argv[3]!)
  if (by === null) fail(NOT_FLOAT)
  const o = c.lookupWriteOf(key, 'hash')
  const text = o ? hashGet(o, argv[2]!) : undefined
  const old = parseLongDouble(text ?? '0')
  if (old === null) fail('ERR hash value is not a float')
  const sum = addLongDouble(old, by)
  if (sum === null || sum.inf !== 0) fail('ERR increment would produce NaN or Infinity')
  const value = formatLongDouble(sum)
  put(c, o ?? lookupOrCreate(c, key), argv[2]!, value)
  c.signalModified(key)
  c.notify('h', 'hincrbyfloat', key)
  c.dirty()
  // The result goes out, so that no replica rounds otherwise.
  c.rewrite(['HSET', key, argv[2]!, value])
  return value
}

export const writeCommands: readonly CommandImpl[] = [
  { name: 'hset', handler: hset },
  { name: 'hmset', handler: hmset },
  { name: 'hsetnx', handler: hsetnx },
  { name: 'hdel', handler: hdel },
  { name: 'hincrby', handler: hincrby },
  { name: 'hincrbyfloat', handler: hincrbyfloat },
]
