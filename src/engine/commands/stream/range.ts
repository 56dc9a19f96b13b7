/** XRANGE and XREVRANGE. */
import { streamOf } from '../../objects/stream.ts'
import { NULL_ARRAY } from '../../protocol/reply.ts'
import { equalsIgnoreCase, type Int64, parseIntArg, syntaxError } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { intervalEnd, intervalStart } from './args.ts'
import { rangeReply } from './reply.ts'

const xrange =
  (reverse: boolean): Handler =>
  (c, argv) => {
    const start = intervalStart(argv[reverse ? 3 : 2]!)
    const end = intervalEnd(argv[reverse ? 2 : 3]!)
    let count: Int64 | null = null
    for (let j = 4; j < argv.length; j++) {
      if (!equalsIgnoreCase(argv[j], 'count') || j + 1 >= argv.length) syntaxError()
      count = parseIntArg(argv[++j])
      if (count < 0) count = 0
    }
    const o = c.lookupReadOf(argv[1]!, 'stream')
    if (o === undefined) return []
    if (count === 0) return NULL_ARRAY
    return rangeReply(streamOf(o), start, end, count ?? 0, reverse)
  }

export const rangeCommands: readonly CommandImpl[] = [
  { name: 'xrange', handler: xrange(false) },
  { name: 'xrevrange', handler: xrange(true) },
]
