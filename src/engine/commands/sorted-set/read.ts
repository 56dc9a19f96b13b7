/** ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZCOUNT, ZLEXCOUNT, ZSCAN. */
import type { Bytes } from '../../bytes/bytes.ts'
import { formatDouble } from '../../bytes/numbers.ts'
import {
  zsetLength,
  zsetLexCount,
  zsetListpackOf,
  zsetOf,
  zsetRank,
  zsetScore,
  zsetScoreSpan,
} from '../../objects/zset.ts'
import { double } from '../../protocol/reply.ts'
import { parseCursorArg } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { parseScanOptions, scanDict } from '../set/sscan.ts'
import { parseLexRange, parseScoreRange } from './bounds.ts'

const zcard: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'zset')
  return o ? zsetLength(o) : 0
}
const zscore: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'zset')
  const score = o && zsetScore(o, argv[2]!)
  return score === undefined ? null : double(score)
}
const zmscore: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'zset')
  return argv.slice(2).map((ele) => {
    const score = o && zsetScore(o, ele)
    return score === undefined ? null : double(score)
  })
}
const rank =
  (reverse: boolean): Handler =>
  (c, argv) => {
    const o = c.lookupReadOf(argv[1]!, 'zset')
    const r = o ? zsetRank(o, argv[2]!, reverse) : -1
    return r < 0 ? null : r
  }
const zcount: Handler = (c, argv) => {
  const r = parseScoreRange(argv[2]!, argv[3]!)
  const o = c.lookupReadOf(argv[1]!, 'zset')
  if (!o) return 0
  const [start, end] = zsetScoreSpan(o, r)
  return end - start
}
const zlexcount: Handler = (c, argv) => {
  const r = parseLexRange(argv[2]!, argv[3]!)
  const o = c.lookupReadOf(argv[1]!, 'zset')
  if (!o) return 0
  return zsetLexCount(o, r)
}

const zscan: Handler = (c, argv) => {
  const cursor = parseCursorArg(argv[2])
  const o = c.lookupReadOf(argv[1]!, 'zset')
  if (!o) return ['0', []]
  const { count, matches } = parseScanOptions(argv, 3)
  const out: Bytes[] = []
  if (o.encoding === 'listpack') {
    const lp = zsetListpackOf(o)
    for (let p = lp.first(); p >= 0; ) {
      const sp = lp.next(p)
      const ele = lp.getBytes(p)
      if (matches(ele)) out.push(ele, lp.getBytes(sp))
      p = lp.next(sp)
    }
    return ['0', out]
  }
  const next = scanDict(zsetOf(o).dict, cursor, count, (ele, score) => {
    if (matches(ele)) out.push(ele, formatDouble(score))
  })
  return ['' + next, out]
}

export const readCommands: readonly CommandImpl[] = [
  { name: 'zcard', handler: zcard },
  { name: 'zscore', handler: zscore },
  { name: 'zmscore', handler: zmscore },
  { name: 'zrank', handler: rank(false) },
  { name: 'zrevrank', handler: rank(true) },
  { name: 'zcount', handler: zcount },
  { name: 'zlexcount', handler: zlexcount },
  { name: 'zscan', handler: zscan },
]
