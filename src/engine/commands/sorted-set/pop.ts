/** ZPOPMIN, ZPOPMAX, ZMPOP and their blocking forms, which are propagated as the plain ones. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import { zsetDeleteRanks, zsetLength, zsetWalkRank } from '../../objects/zset.ts'
import type { Reply } from '../../protocol/reply.ts'
import { double, NULL_ARRAY } from '../../protocol/reply.ts'
import { equalsIgnoreCase, parseLongArg, parsePositiveLongArg, parseTimeoutSeconds, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { takeOrBlock } from '../take-or-block.ts'
import { parseMpopCount } from '../list/pop.ts'
import { pairsReply } from './range.ts'

type Where = 'min' | 'max'
const COMMAND = { min: 'ZPOPMIN', max: 'ZPOPMAX' } as const

/** Takes up to count elements, lowest (highest) first; the set is not empty. */
function popElements(c: CommandContext, key: Bytes, o: Obj, where: Where, count: number): [Bytes, number][] {
  const length = zsetLength(o)
  const n = Math.min(count, length)
  const out: [Bytes, number][] = []
  zsetWalkRank(o, 0, n, where === 'max', (ele, score) => {
    out.push([ele, score])
  })
  if (where === 'min') zsetDeleteRanks(o, 0, n)
  else zsetDeleteRanks(o, length - n, length)
  c.dirty(n)
  c.notify('z', where === 'min' ? 'zpopmin' : 'zpopmax', key)
  if (n === length) {
    c.delete(key)
    c.notify('g', 'del', key)
  }
  c.signalModified(key)
  return out
}

const zpop =
  (where: Where): Handler =>
  (c, argv) => {
    if (argv.length > 3) syntaxError()
    const hasCount = argv.length === 3
    const count = hasCount ? parsePositiveLongArg(argv[2], 'ERR value is out of range, must be positive') : 1
    const key = argv[1]!
    const o = c.lookupWriteOf(key, 'zset')
    if (!o || count === 0) return []
    const items = popElements(c, key, o, where, count)
    if (hasCount) return pairsReply(c, items, true)
    return [items[0]![0], double(items[0]![1])]
  }

function parseZmpop(argv: readonly Bytes[], at: number): { keys: Bytes[]; where: Where; count: number } {
  const numkeys = parseLongArg(argv[at], 1, 9223372036854775807, 'ERR numkeys should be greater than 0')
  const whereIdx = at + numkeys + 1
  if (whereIdx >= argv.length) syntaxError()
  const where = equalsIgnoreCase(argv[whereIdx], 'min')
    ? 'min'
    : equalsIgnoreCase(argv[whereIdx], 'max')
      ? 'max'
      : syntaxError()
  return { keys: argv.slice(at + 1, whereIdx), where, count: parseMpopCount(argv, whereIdx + 1) }
}

/** Nested in RESP2 as well. */
function zmpopFrom(c: CommandContext, key: Bytes, o: Obj, where: Where, count: number): Reply {
  const items = popElements(c, key, o, where, count)
  c.rewrite([COMMAND[where], key, '' + items.length])
  return [key, items.map(([ele, score]) => [ele, double(score)])]
}

const zmpop: Handler = (c, argv) => {
  const { keys, where, count } = parseZmpop(argv, 1)
  for (const key of keys) {
    const o = c.lookupWriteOf(key, 'zset')
    if (o) return zmpopFrom(c, key, o, where, count)
  }
  return NULL_ARRAY
}

const bzpop =
  (where: Where): Handler =>
  (c, argv) => {
    const timeoutMs = parseTimeoutSeconds(argv[argv.length - 1])
    return takeOrBlock(c, 'zset', argv.slice(1, -1), timeoutMs, (cc, key, o) => {
      const [ele, score] = popElements(cc, key, o, where, 1)[0]!
      cc.rewrite([COMMAND[where], key])
      return [key, ele, double(score)]
    })
  }

const bzmpop: Handler = (c, argv) => {
  const { keys, where, count } = parseZmpop(argv, 2)
  const timeoutMs = parseTimeoutSeconds(argv[1])
  return takeOrBlock(c, 'zset', keys, timeoutMs, (cc, key, o) => zmpopFrom(cc, key, o, where, count))
}

export const popCommands: readonly CommandImpl[] = [
  { name: 'zpopmin', handler: zpop('min') },
  { name: 'zpopmax', handler: zpop('max') },
  { name: 'zmpop', handler: zmpop },
  { name: 'bzpopmin', handler: bzpop('min') },
  { name: 'bzpopmax', handler: bzpop('max') },
  { name: 'bzmpop', handler: bzmpop },
]
