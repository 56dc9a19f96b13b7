/** ZREM and ZREMRANGEBY*. */
import type { Bytes } from '../../bytes/bytes.ts'
import { zsetDelete, zsetDeleteLex, zsetDeleteRanks, zsetLength, zsetScoreSpan } from '../../objects/zset.ts'
import type { Obj } from '../../objects/object.ts'
import { clampRange, parseLongArg } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { parseLexRange, parseScoreRange } from './bounds.ts'

/** Events after a removal, in Redis's order; the empty key goes. */
function removed(c: CommandContext, key: Bytes, o: Obj, n: number, event: string): number {
  const gone = zsetLength(o) === 0
  if (gone) c.delete(key)
  if (n > 0) {
    c.signalModified(key)
    c.notify('z', event, key)
    if (gone) c.notify('g', 'del', key)
    c.dirty(n)
  }
  return n
}

const zrem: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'zset')
  if (!o) return 0
  let n = 0
  for (let i = 2; i < argv.length && zsetLength(o) > 0; i++) if (zsetDelete(o, argv[i]!)) n++
  return removed(c, key, o, n, 'zrem')
}

type Remove = (o: Obj) => number
const removeRange =
  (event: string, parse: (argv: readonly Bytes[]) => Remove): Handler =>
  (c, argv) => {
    const remove = parse(argv)
    const o = c.lookupWriteOf(argv[1]!, 'zset')
    if (!o) return 0
    return removed(c, argv[1]!, o, remove(o), event)
  }

export const removeCommands: readonly CommandImpl[] = [
  { name: 'zrem', handler: zrem },
  {
    name: 'zremrangebyrank',
    handler: removeRange('zremrangebyrank', (argv) => {
      const start = parseLongArg(argv[2])
      const end = parseLongArg(argv[3])
      return (o) => {
        const r = clampRange(start, end, zsetLength(o))
        return r ? zsetDeleteRanks(o, r.start, r.end + 1) : 0
      }
    }),
  },
  {
    name: 'zremrangebyscore',
    handler: removeRange('zremrangebyscore', (argv) => {
      const r = parseScoreRange(argv[2]!, argv[3]!)
      return (o) => zsetDeleteRanks(o, ...zsetScoreSpan(o, r))
    }),
  },
  {
    name: 'zremrangebylex',
    handler: removeRange('zremrangebylex', (argv) => {
      const r = parseLexRange(argv[2]!, argv[3]!)
      return (o) => zsetDeleteLex(o, r)
    }),
  },
]
