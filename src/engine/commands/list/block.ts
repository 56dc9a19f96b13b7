/**
 * The blocking forms. Each takes at once when it can; else the client waits in every key's queue, and `serve` takes when an
 * element arrives. What is propagated is always the plain form: a replica must never block.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import type { ListEnd } from '../../objects/list.ts'
import { listPop } from '../../objects/list.ts'
import type { Reply } from '../../protocol/reply.ts'
import { parseTimeoutSeconds } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { takeOrBlock } from '../take-or-block.ts'
import { moveElement } from './move.ts'
import { listElementsRemoved, mpopFrom, parseEnd, parseMpop } from './pop.ts'

/** 7.0.15 counts no change for what one that waited takes; BLMPOP counts. */
function uncount(c: CommandContext): void {
  if (c.client.blocked !== null) c.dirty(-1)
}

const bpop =
  (where: ListEnd): Handler =>
  (c, argv) => {
    const timeoutMs = parseTimeoutSeconds(argv[argv.length - 1])
    return takeOrBlock(c, 'list', argv.slice(1, -1), timeoutMs, (cc, key, o) => {
      const value = listPop(o, where)!
      listElementsRemoved(cc, key, where, o, 1)
      uncount(cc)
      cc.rewrite([where === 'left' ? 'LPOP' : 'RPOP', key])
      return [key, value]
    })
  }

const blmpop: Handler = (c, argv) => {
  const { keys, where, count } = parseMpop(argv, 2)
  const timeoutMs = parseTimeoutSeconds(argv[1])
  return takeOrBlock(c, 'list', keys, timeoutMs, (cc, key, o) => mpopFrom(cc, key, o, where, count))
}

function blockingMove(
  c: CommandContext,
  argv: readonly Bytes[],
  from: ListEnd,
  to: ListEnd,
  timeoutMs: number,
  plain: readonly Bytes[],
): Reply {
  const source = argv[1]!
  const destination = argv[2]!
  // Where it may not block it answers like LMOVE; only a real timeout gives the null array.
  if (c.client.denyBlocking && !c.lookupWriteOf(source, 'list')) return null
  return takeOrBlock(c, 'list', [source], timeoutMs, (cc, _key, o) => {
    const value = moveElement(cc, source, o, destination, from, to)
    uncount(cc)
    cc.rewrite(plain)
    return value
  })
}

const blmove: Handler = (c, argv) => {
  const from = parseEnd(argv[3])
  const to = parseEnd(argv[4])
  return blockingMove(c, argv, from, to, parseTimeoutSeconds(argv[5]), [
    'LMOVE',
    argv[1]!,
    argv[2]!,
    argv[3]!,
    argv[4]!,
  ])
}
const brpoplpush: Handler = (c, argv) =>
  blockingMove(c, argv, 'right', 'left', parseTimeoutSeconds(argv[3]), ['RPOPLPUSH', argv[1]!, argv[2]!])

export const blockingCommands: readonly CommandImpl[] = [
  { name: 'blpop', handler: bpop('left') },
  { name: 'brpop', handler: bpop('right') },
  { name: 'blmpop', handler: blmpop },
  { name: 'blmove', handler: blmove },
  { name: 'brpoplpush', handler: brpoplpush },
]
