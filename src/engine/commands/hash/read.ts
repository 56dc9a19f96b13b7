/** Commands that read a hash, HSCAN and HRANDFIELD among them. */
import type { Bytes } from '../../bytes/bytes.ts'
import { hashForEach, hashGet, hashHas, hashLength, hashRandom } from '../../objects/hash.ts'
import type { Obj } from '../../objects/object.ts'
import { map, type Reply } from '../../protocol/reply.ts'
import type { Dict } from '../../structures/dict.ts'
import { equalsIgnoreCase, fail, parseCursorArg, parseLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { parseScanOptions, scanDict } from '../set/sscan.ts'

const look = (c: CommandContext, argv: readonly Bytes[]): Obj | undefined => c.lookupReadOf(argv[1]!, 'hash')

const hget: Handler = (c, argv) => {
  const o = look(c, argv)
  return (o && hashGet(o, argv[2]!)) ?? null
}
const hmget: Handler = (c, argv) => {
  const o = look(c, argv)
  return argv.slice(2).map((f) => (o && hashGet(o, f)) ?? null)
}
const hlen: Handler = (c, argv) => {
  const o = look(c, argv)
  return o ? hashLength(o) : 0
}
const hstrlen: Handler = (c, argv) => {
  const o = look(c, argv)
  return (o && hashGet(o, argv[2]!)?.length) ?? 0
}
const hexists: Handler = (c, argv) => {
  const o = look(c, argv)
  return o && hashHas(o, argv[2]!) ? 1 : 0
}

function collect(c: CommandContext, argv: readonly Bytes[], fields: boolean, values: boolean): Bytes[] {
  const out: Bytes[] = []
  const o = look(c, argv)
  if (!o) return out
  hashForEach(o, (f, v) => {
    if (fields) out.push(f)
    if (values) out.push(v)
  })
  c.work(hashLength(o) * 0.12 * (Number(fields) + Number(values)))
  return out
}
const hkeys: Handler = (c, argv) => collect(c, argv, true, false)
const hvals: Handler = (c, argv) => collect(c, argv, false, true)
const hgetall: Handler = (c, argv) => map(collect(c, argv, true, true))

const hscan: Handler = (c, argv) => {
  const cursor = parseCursorArg(argv[2])
  const o = look(c, argv)
  if (!o) return ['0', []]
  const { count, matches } = parseScanOptions(argv, 3)
  const out: Bytes[] = []
  const take = (f: Bytes, v: Bytes): void => {
    if (matches(f)) out.push(f, v)
  }
  if (o.encoding === 'listpack') {
    hashForEach(o, take)
    return ['0', out]
  }
  return [`${scanDict(o.value as Dict<Bytes>, cursor, count, take)}`, out]
}

/** Pairs are flat in RESP2, arrays of two in RESP3. */
function randomReply(c: CommandContext, picked: readonly (readonly [Bytes, Bytes])[], withValues: boolean): Reply {
  if (!withValues) return picked.map((p) => p[0])
  return c.client.resp === 3 ? picked : picked.flat()
}

const hrandfield: Handler = (c, argv) => {
  if (argv.length === 2) {
    const o = look(c, argv)
    return o ? hashRandom(o, c.rng)[0] : null
  }
  const count = parseLongArg(argv[2], -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  if (argv.length > 4 || (argv.length === 4 && !equalsIgnoreCase(argv[3], 'withvalues'))) syntaxError()
  const withValues = argv.length === 4
  if (withValues && Math.abs(count) > 2 ** 62) fail('ERR value is out of range')
  const o = look(c, argv)
  if (!o || count === 0) return []
  const picked: (readonly [Bytes, Bytes])[] = []
  if (count < 0) {
    for (let i = count; i < 0; i++) picked.push(hashRandom(o, c.rng))
    return randomReply(c, picked, withValues)
  }
  hashForEach(o, (f, v) => picked.push([f, v]))
  if (count < picked.length) {
    // Draw `count` without repetition; a listpack's keep their order, as in Redis.
    const chosen = new Set<number>()
    for (let i = picked.length - count; i < picked.length; i++) {
      const j = c.rng.below(i + 1)
      chosen.add(chosen.has(j) ? i : j)
    }
    return randomReply(c, picked.filter((_, i) => chosen.has(i)), withValues)
  }
  return randomReply(c, picked, withValues)
}

export const readCommands: readonly CommandImpl[] = [
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
