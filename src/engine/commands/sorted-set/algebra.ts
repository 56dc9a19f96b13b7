/** ZUNION, ZINTER, ZDIFF, their STORE forms and ZINTERCARD. Plain sets may take part: their scores are 1. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import { setForEach, setHas, setSize } from '../../objects/set.ts'
import {
  createZsetSkiplist,
  zsetForEach,
  zsetLength,
  zsetOf,
  zsetScore,
  zsetToListpackIfSmall,
} from '../../objects/zset.ts'
import type { Reply } from '../../protocol/reply.ts'
import { RedisError, WRONGTYPE } from '../../protocol/reply.ts'
import { equalsIgnoreCase, fail, parseDoubleArg, parseLongArg, parsePositiveLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { pairsReply, storeZset } from './range.ts'

type Operation = 'union' | 'inter' | 'diff'
type Aggregate = 'sum' | 'min' | 'max'
interface Source {
  readonly o: Obj | undefined
  weight: number
}
interface Request {
  readonly sources: Source[]
  aggregate: Aggregate
  withscores: boolean
  limit: number
}

const sizeOf = (s: Source): number => (!s.o ? 0 : s.o.type === 'set' ? setSize(s.o) : zsetLength(s.o))
function forEach(s: Source, fn: (ele: Bytes, score: number) => boolean | void): void {
  if (!s.o) return
  if (s.o.type === 'zset') zsetForEach(s.o, fn)
  else {
    let going = true
    setForEach(s.o, (ele) => {
      if (going && fn(ele, 1) === false) going = false
    })
  }
}
function find(s: Source, ele: Bytes): number | undefined {
  if (!s.o) return undefined
  if (s.o.type === 'zset') return zsetScore(s.o, ele)
  return setHas(s.o, ele) ? 1 : undefined
}
/** inf * 0 and inf - inf count as 0. */
const number = (v: number): number => (Number.isNaN(v) ? 0 : v)
function combine(a: number, b: number, how: Aggregate): number {
  if (how === 'sum') return number(a + b)
  return how === 'min' ? (b < a ? b : a) : b > a ? b : a
}

/** numkeys key [key ...] [options] from argv[at] on. The keys are looked up before the options are read, as in Redis. */
function parse(
  c: CommandContext,
  argv: readonly Bytes[],
  at: number,
  op: Operation,
  kind: 'reply' | 'store' | 'card',
  name: string,
): Request {
  const numkeys = parseLongArg(argv[at])
  if (numkeys < 1) fail(`ERR at least 1 input key is needed for '${name}' command`)
  if (numkeys > argv.length - at - 1) syntaxError()
  const sources: Source[] = argv.slice(at + 1, at + 1 + numkeys).map((key) => {
    const o = c.lookupRead(key)
    if (o && o.type !== 'zset' && o.type !== 'set') throw new RedisError(WRONGTYPE)
    return { o, weight: 1 }
  })
  const q: Request = { sources, aggregate: 'sum', withscores: false, limit: 0 }
  const scored = op !== 'diff' && kind !== 'card'
  for (let j = at + 1 + numkeys; j < argv.length; ) {
    const left = argv.length - j
    if (scored && left >= numkeys + 1 && equalsIgnoreCase(argv[j], 'weights')) {
      j++
      for (const s of sources) s.weight = parseDoubleArg(argv[j++], 'ERR weight value is not a float')
    } else if (scored && left >= 2 && equalsIgnoreCase(argv[j], 'aggregate')) {
      const how = argv[j + 1]!.toLowerCase()
      if (how !== 'sum' && how !== 'min' && how !== 'max') return syntaxError()
      q.aggregate = how
      j += 2
    } else if (kind === 'reply' && equalsIgnoreCase(argv[j], 'withscores')) {
      q.withscores = true
      j++
    } else if (kind === 'card' && left >= 2 && equalsIgnoreCase(argv[j], 'limit')) {
      q.limit = parsePositiveLongArg(argv[j + 1], "ERR LIMIT can't be negative")
      j += 2
    } else syntaxError()
  }
  // The smallest first: what the intersection walks. Sums of scores depend on this order, too.
  if (op !== 'diff') sources.sort((a, b) => sizeOf(a) - sizeOf(b))
  return q
}

function intersect(q: Request, take: (ele: Bytes, score: number) => boolean): void {
  const [first, ...others] = q.sources
  if (sizeOf(first!) === 0) return
  forEach(first!, (ele, own) => {
    let score = number(first!.weight * own)
    for (const s of others) {
      const value = s.o === first!.o ? own : find(s, ele)
      if (value === undefined) return true
      score = combine(score, value * s.weight, q.aggregate)
    }
    return take(ele, score)
  })
}

function compute(q: Request, op: Operation): Map<Bytes, number> {
  const result = new Map<Bytes, number>()
  if (op === 'inter') {
    intersect(q, (ele, score) => {
      result.set(ele, score)
      return true
    })
  } else if (op === 'union') {
    for (const s of q.sources) {
      forEach(s, (ele, value) => {
        const score = number(s.weight * value)
        const have = result.get(ele)
        result.set(ele, have === undefined ? score : combine(have, score, q.aggregate))
      })
    }
  } else {
    const [first, ...others] = q.sources
    forEach(first!, (ele, score) => {
      if (!others.some((s) => find(s, ele) !== undefined)) result.set(ele, score)
    })
  }
  return result
}

const reply =
  (op: Operation): Handler =>
  (c, argv) => {
    const q = parse(c, argv, 1, op, 'reply', `z${op}`)
    const items = [...compute(q, op)].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] < b[0] ? -1 : 1))
    return pairsReply(c, items, q.withscores)
  }

const store =
  (op: Operation): Handler =>
  (c, argv): Reply => {
    const q = parse(c, argv, 2, op, 'store', `z${op}store`)
    const result = createZsetSkiplist(c.rng.next())
    let longest = 0
    let total = 0
    for (const [ele, score] of compute(q, op)) {
      zsetOf(result).insert(score, ele)
      longest = Math.max(longest, ele.length)
      total += ele.length
    }
    zsetToListpackIfSmall(result, longest, total, c.config)
    return storeZset(c, argv[1]!, result, `z${op}store`)
  }

const zintercard: Handler = (c, argv) => {
  const q = parse(c, argv, 1, 'inter', 'card', 'zintercard')
  let n = 0
  intersect(q, () => {
    n++
    return q.limit === 0 || n < q.limit
  })
  return n
}

export const algebraCommands: readonly CommandImpl[] = [
  { name: 'zunion', handler: reply('union') },
  { name: 'zinter', handler: reply('inter') },
  { name: 'zdiff', handler: reply('diff') },
  { name: 'zunionstore', handler: store('union') },
  { name: 'zinterstore', handler: store('inter') },
  { name: 'zdiffstore', handler: store('diff') },
  { name: 'zintercard', handler: zintercard },
]
