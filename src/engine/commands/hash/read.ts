/** Reading hashes: by field, whole, at random, and step by step. */
import type { Bytes } from '../../bytes/bytes.ts'
import { hashForEach, hashGet, hashHas, hashLength, hashRandom } from '../../objects/hash.ts'
import type { Obj } from '../../objects/object.ts'
import { map, type Reply } from '../../protocol/reply.ts'
import type { Dict } from '../../structures/dict.ts'
import { equalsIgnoreCase, fail, INT64_MIN, parseCursorArg, parseIntArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { parseScanOptions, scanDict } from '../set/sscan.ts'

const hget: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'hash')
  return (o && hashGet(o, argv[2]!)) ?? null
}
const hmget: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'hash')
  return argv.slice(2).map((field) => (o && hashGet(o, field)) ?? null)
}
const hlen: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'hash')
  return o ? hashLength(o) : 0
}
const hstrlen: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'hash')
  return (o && hashGet(o, argv[2]!)?.length) ?? 0
}
const hexists: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'hash')
  return o && hashHas(o, argv[2]!) ? 1 : 0
}

function collect(o: Obj | undefined, fields: boolean, values: boolean): Bytes[] {
  const out: Bytes[] = []
  if (o) {
    hashForEach(o, (field, value) => {
      if (fields) out.push(field)
      if (values) out.push(value)
    })
  }
  return out
}
const hkeys: Handler = (c, argv) => collect(c.lookupReadOf(argv[1]!, 'hash'), true, false)
const hvals: Handler = (c, argv) => collect(c.lookupReadOf(argv[1]!, 'hash'), false, true)
const hgetall: Handler = (c, argv) => map(collect(c.lookupReadOf(argv[1]!, 'hash'), true, true))

const hscan: Handler = (c, argv) => {
  const cursor = parseCursorArg(argv[2])
  const o = c.lookupReadOf(argv[1]!, 'hash')
  if (!o) return ['0', []]
  const { count, matches } = parseScanOptions(argv, 3)
  const out: Bytes[] = []
  const take = (field: Bytes, value: Bytes): void => {
    if (matches(field)) out.push(field, value)
  }
  if (o.encoding === 'hashtable') return [String(scanDict(o.value as Dict<Bytes>, cursor, count, take)), out]
  hashForEach(o, take)
  return ['0', out]
}

/** HRANDFIELD key [count [WITHVALUES]]: a negative count may repeat fields. */
const hrandfield: Handler = (c, argv) => {
  const key = argv[1]!
  if (argv.length === 2) {
    const o = c.lookupReadOf(key, 'hash')
    return o ? hashRandom(o, c.rng)[0] : null
  }
  const wanted = parseIntArg(argv[2])
  if (wanted === INT64_MIN)
    fail('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807')
  const withValues = argv.length === 4 && equalsIgnoreCase(argv[3], 'withvalues')
  if (argv.length > 3 && !withValues) syntaxError()
  if (withValues && (wanted < -4611686018427387903n || wanted > 4611686018427387903n)) fail('ERR value is out of range')
  const count = Number(wanted)
  const o = c.lookupReadOf(key, 'hash')
  if (!o || count === 0) return []
  return format(c, pick(c, o, count), withValues)
}

function pick(c: CommandContext, o: Obj, count: number): (readonly [Bytes, Bytes])[] {
  const size = hashLength(o)
  const picked: (readonly [Bytes, Bytes])[] = []
  if (count < 0 || count === 1) {
    for (let i = Math.abs(count); i > 0; i--) picked.push(hashRandom(o, c.rng))
    return picked
  }
  if (count * 3 <= size && o.encoding === 'hashtable') {
    const seen = new Map<Bytes, readonly [Bytes, Bytes]>()
    while (seen.size < count) {
      const entry = hashRandom(o, c.rng)
      seen.set(entry[0], entry)
    }
    return [...seen.values()]
  }
  hashForEach(o, (field, value) => picked.push([field, value]))
  if (count >= size) return picked
  if (o.encoding === 'hashtable') {
    while (picked.length > count) {
      picked[c.rng.below(picked.length)] = picked[picked.length - 1]!
      picked.pop()
    }
    return picked
  }
  // A listpack is walked once; each entry is taken with the chance that still fills the count, so the order stays.
  let left = count
  return picked.filter((_, i) => {
    const take = c.rng.below(size - i) < left
    if (take) left--
    return take
  })
}

function format(c: CommandContext, picked: readonly (readonly [Bytes, Bytes])[], withValues: boolean): Reply {
  if (!withValues) return picked.map(([field]) => field)
  return c.client.resp === 3 ? picked : picked.flat()
}

export const hashReadFamily: readonly CommandImpl[] = [
  { name: 'hget', handler: hget },
  { name: 'hmget', handler: hmget },
  { name: 'hlen', handler: hlen },
  { name: 'hstrlen', handler: hstrlen },
  { name: 'hexists', handler: hexists },
  { name: 'hkeys', handler: hkeys },
  { name: 'hvals', handler: hvals },
  { name: 'hgetall', handler: hgetall },
  { name: 'hscan', handler: hscan },
  { name: 'hrandfield', handler: hrandfield },
]
