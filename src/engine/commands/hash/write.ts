/** HSET and its relatives, HDEL, HINCRBY, HINCRBYFLOAT. */
import type { Bytes } from '../../bytes/bytes.ts'
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../bytes/long-double.ts'
import { addInt64, parseInt64 } from '../../bytes/numbers.ts'
import { createHash, hashDelete, hashGet, hashHas, hashLength, hashSet, tryHashConversion } from '../../objects/hash.ts'
import type { Obj } from '../../objects/object.ts'
import { NOT_FLOAT, OK } from '../../protocol/reply.ts'
import { fail, parseIntArg, wrongArity } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

function lookupOrCreate(c: CommandContext, key: Bytes): Obj {
  const found = c.lookupWriteOf(key, 'hash')
  if (found) return found
  const created = createHash()
  c.add(key, created)
  return created
}

function changed(c: CommandContext, key: Bytes, event: string, n = 1): void {
  if (event !== 'hdel') c.replied()
  c.signalModified(key)
  c.notify('h', event, key)
  c.dirty(n)
}

/** The number of fields that were not there before. */
function setFields(c: CommandContext, argv: readonly Bytes[], command: string): number {
  if (argv.length % 2 === 1) wrongArity(command)
  const key = argv[1]!
  const seed = c.server.hashSeed
  const o = lookupOrCreate(c, key)
  tryHashConversion(o, argv, 2, argv.length - 1, c.config, seed)
  let created = 0
  for (let i = 2; i < argv.length; i += 2) if (!hashSet(o, argv[i]!, argv[i + 1]!, c.config, seed)) created++
  changed(c, key, 'hset', (argv.length - 2) / 2)
  return created
}

const hset: Handler = (c, argv) => setFields(c, argv, 'hset')

const hmset: Handler = (c, argv) => {
  setFields(c, argv, 'hmset')
  return OK
}

const hsetnx: Handler = (c, argv) => {
  const key = argv[1]!
  const o = lookupOrCreate(c, key)
  if (hashHas(o, argv[2]!)) return 0
  tryHashConversion(o, argv, 2, 3, c.config, c.server.hashSeed)
  hashSet(o, argv[2]!, argv[3]!, c.config, c.server.hashSeed)
  changed(c, key, 'hset')
  return 1
}

const hdel: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'hash')
  if (!o) return 0
  let deleted = 0
  let keyRemoved = false
  for (let i = 2; i < argv.length && !keyRemoved; i++) {
    if (!hashDelete(o, argv[i]!)) continue
    deleted++
    if (hashLength(o) === 0) keyRemoved = c.delete(key)
  }
  if (deleted > 0) {
    changed(c, key, 'hdel', deleted)
    if (keyRemoved) c.notify('g', 'del', key)
  }
  return deleted
}

const hincrby: Handler = (c, argv) => {
  const key = argv[1]!
  const by = parseIntArg(argv[3])
  const o = lookupOrCreate(c, key)
  const text = hashGet(o, argv[2]!)
  const old = text === undefined ? 0 : parseInt64(text)
  if (old === null) fail('ERR hash value is not an integer')
  const value = addInt64(old, by)
  if (value === null) fail('ERR increment or decrement would overflow')
  hashSet(o, argv[2]!, String(value), c.config, c.server.hashSeed)
  changed(c, key, 'hincrby')
  return value
}

/** Goes out as HSET of the result, so that no replica rounds otherwise. */
const hincrbyfloat: Handler = (c, argv) => {
  const key = argv[1]!
  const by = parseLongDouble(argv[3]!)
  if (by === null) fail(NOT_FLOAT)
  if (by.inf !== 0) fail('ERR value is NaN or Infinity')
  const o = lookupOrCreate(c, key)
  const old = parseLongDouble(hashGet(o, argv[2]!) ?? '0')
  if (old === null) fail('ERR hash value is not a float')
  const sum = addLongDouble(old, by)
  if (sum === null || sum.inf !== 0) fail('ERR increment would produce NaN or Infinity')
  const text = formatLongDouble(sum)
  hashSet(o, argv[2]!, text, c.config, c.server.hashSeed)
  changed(c, key, 'hincrbyfloat')
  c.rewrite(['HSET', key, argv[2]!, text])
  return text
}

export const hashWriteFamily: readonly CommandImpl[] = [
  { name: 'hset', handler: hset },
  { name: 'hmset', handler: hmset },
  { name: 'hsetnx', handler: hsetnx },
  { name: 'hdel', handler: hdel },
  { name: 'hincrby', handler: hincrby },
  { name: 'hincrbyfloat', handler: hincrbyfloat },
]
