/** ZRANGE in all its forms, the older commands that it replaced, and ZRANGESTORE. One parser, one walk, two receivers. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import {
  createZsetListpack,
  createZsetSkiplist,
  zsetCollect,
  zsetLength,
  zsetLexStart,
  zsetPut,
  zsetScoreSpan,
  zsetWalkRank,
} from '../../objects/zset.ts'
import type { Reply } from '../../protocol/reply.ts'
import { double } from '../../protocol/reply.ts'
import type { LexRange, ScoreRange } from '../../structures/ranges.ts'
import { lexGteMin, lexLteMax } from '../../structures/ranges.ts'
import { clampRange, equalsIgnoreCase, fail, parseLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { storeResult } from '../store-result.ts'
import { parseLexRange, parseScoreRange } from './bounds.ts'

type RangeType = 'auto' | 'rank' | 'score' | 'lex'
type Direction = 'auto' | 'forward' | 'reverse'

/** What is asked for; `span` says which of start and end, score or lex holds. */
interface Request {
  withscores: boolean
  reverse: boolean
  offset: number
  limit: number
  span: 'rank' | 'score' | 'lex'
  start: number
  end: number
  score: ScoreRange | null
  lex: LexRange | null
}

/** key min max [options] from argv[at] on. */
function parse(argv: readonly Bytes[], at: number, type: RangeType, direction: Direction, store: boolean): Request {
  let withscores = false
  let offset = 0
  let limit = -1
  for (let j = at + 3; j < argv.length; j++) {
    if (!store && equalsIgnoreCase(argv[j], 'withscores')) withscores = true
    else if (equalsIgnoreCase(argv[j], 'limit') && argv.length - j - 1 >= 2) {
      offset = parseLongArg(argv[j + 1])
      limit = parseLongArg(argv[j + 2])
      j += 2
    } else if (direction === 'auto' && equalsIgnoreCase(argv[j], 'rev')) direction = 'reverse'
    else if (type === 'auto' && equalsIgnoreCase(argv[j], 'bylex')) type = 'lex'
    else if (type === 'auto' && equalsIgnoreCase(argv[j], 'byscore')) type = 'score'
    else syntaxError()
  }
  const reverse = direction === 'reverse'
  const span = type === 'auto' ? 'rank' : type
  if (limit !== -1 && span === 'rank')
    fail('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  if (withscores && span === 'lex') fail('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  const first = argv[at + 1]!
  const second = argv[at + 2]!
  const q: Request = { withscores, reverse, offset, limit, span, start: 0, end: 0, score: null, lex: null }
  if (span === 'rank') {
    q.offset = 0
    q.start = parseLongArg(first)
    q.end = parseLongArg(second)
  } else if (span === 'score') q.score = reverse ? parseScoreRange(second, first) : parseScoreRange(first, second)
  else q.lex = reverse ? parseLexRange(second, first) : parseLexRange(first, second)
  return q
}

/** The 0-based ranks [start, end) that a request covers, before LIMIT. */
function spanOf(o: Obj, q: Request): readonly [number, number] {
  if (q.score) return zsetScoreSpan(o, q.score)
  const r = clampRange(q.start, q.end, zsetLength(o))
  return r ? [r.start, r.end + 1] : [0, 0]
}

/** Calls fn for each element of the request, in its order. */
function walk(o: Obj, q: Request, fn: (ele: Bytes, score: number) => void): void {
  if (q.lex) {
    walkLex(o, q, q.lex, fn)
    return
  }
  const w = placeOf(o, q)
  if (w) zsetWalkRank(o, w.from, w.n, q.reverse, fn)
}
/** Where the walk begins and how many elements it takes; null when none. */
function placeOf(o: Obj, q: Request): { from: number; n: number } | null {
  const [start, end] = spanOf(o, q)
  // A negative offset skips everything.
  if (q.offset < 0 || end - start <= q.offset) return null
  const n = end - start - q.offset
  // Ranks given by index already count in the direction of the walk.
  const from = q.reverse && q.score ? zsetLength(o) - end : start
  return { from: from + q.offset, n: q.limit < 0 ? n : Math.min(n, q.limit) }
}

/** OFFSET passes elements without looking at them; the walk then ends at the first one outside. */
function walkLex(o: Obj, q: Request, r: LexRange, fn: (ele: Bytes, score: number) => void): void {
  const start = zsetLexStart(o, r, q.reverse)
  if (start < 0 || q.offset < 0) return
  zsetWalkRank(o, start + q.offset, q.limit < 0 ? Infinity : q.limit, q.reverse, (ele, score) => {
    if (!(q.reverse ? lexGteMin(ele, r) : lexLteMax(ele, r))) return false
    fn(ele, score)
    return true
  })
}

/** Elements, with scores flat in RESP2 and in pairs in RESP3. */
export function pairsReply(
  c: CommandContext,
  items: readonly (readonly [Bytes, number])[],
  withscores: boolean,
): Reply {
  if (!withscores) return items.map(([ele]) => ele)
  if (c.client.resp > 2) return items.map(([ele, score]) => [ele, double(score)])
  const out: Reply[] = []
  for (const [ele, score] of items) out.push(ele, double(score))
  return out
}

function elementsOf(o: Obj, q: Request): Reply[] {
  const out: Bytes[] = []
  if (q.lex)
    walkLex(o, q, q.lex, (ele) => {
      out.push(ele)
    })
  else {
    const w = placeOf(o, q)
    if (w) zsetCollect(o, w.from, w.n, q.reverse, out)
  }
  return out
}

const range =
  (type: RangeType, direction: Direction): Handler =>
  (c, argv) => {
    const q = parse(argv, 1, type, direction, false)
    const o = c.lookupReadOf(argv[1]!, 'zset')
    if (!o) return []
    if (!q.withscores) return elementsOf(o, q)
    const items: [Bytes, number][] = []
    walk(o, q, (ele, score) => {
      items.push([ele, score])
    })
    return pairsReply(c, items, q.withscores)
  }

/** Puts a computed sorted set under `destination`, or deletes that key when it is empty. */
export function storeZset(c: CommandContext, destination: Bytes, result: Obj | null, event: string): Reply {
  return storeResult(c, destination, result, result ? zsetLength(result) : 0, 'z', event)
}

const zrangestore: Handler = (c, argv) => {
  const q = parse(argv, 2, 'auto', 'auto', true)
  const o = c.lookupReadOf(argv[2]!, 'zset')
  if (!o) return storeZset(c, argv[1]!, null, 'zrangestore')
  const [start, end] = q.span === 'rank' ? spanOf(o, q) : [0, 0]
  const result = end - start > c.config.zsetMaxListpackEntries ? createZsetSkiplist(c.rng.next()) : createZsetListpack()
  const seed = c.rng.next()
  walk(o, q, (ele, score) => {
    zsetPut(result, ele, score, c.config, seed)
  })
  return storeZset(c, argv[1]!, result, 'zrangestore')
}

export const rangeCommands: readonly CommandImpl[] = [
  { name: 'zrange', handler: range('auto', 'auto') },
  { name: 'zrevrange', handler: range('rank', 'reverse') },
  { name: 'zrangebyscore', handler: range('score', 'forward') },
  { name: 'zrevrangebyscore', handler: range('score', 'reverse') },
  { name: 'zrangebylex', handler: range('lex', 'forward') },
  { name: 'zrevrangebylex', handler: range('lex', 'reverse') },
  { name: 'zrangestore', handler: zrangestore },
]
