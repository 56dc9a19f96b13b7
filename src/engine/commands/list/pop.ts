/** LPOP, RPOP and LMPOP: taking from an end. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { ListEnd } from '../../objects/list.ts'
import { listLength, listPop, listRange, quicklistOf } from '../../objects/list.ts'
import type { Obj } from '../../objects/object.ts'
import type { Reply } from '../../protocol/reply.ts'
import { NULL_ARRAY } from '../../protocol/reply.ts'
import { equalsIgnoreCase, parseLongArg, parsePositiveLongArg, syntaxError, wrongArity } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

/** What follows when elements have been taken from an end: events, the empty list goes, the change counts. */
export function listElementsRemoved(c: CommandContext, key: Bytes, where: ListEnd, o: Obj, count: number): void {
  c.replied()
  c.notify('l', where === 'left' ? 'lpop' : 'rpop', key)
  if (listLength(o) === 0) {
    c.delete(key)
    c.notify('g', 'del', key)
  }
  // For one that waited, the push has told of the change already; BLMPOP tells again.
  if (c.client.blocked === null || c.client.blocked.command.name === 'blmpop') c.signalModified(key)
  c.dirty(count)
}

/** Up to count elements in the order in which they would be popped. */
export function popRange(c: CommandContext, key: Bytes, o: Obj, where: ListEnd, count: number): Bytes[] {
  const n = Math.min(count, listLength(o))
  const out = listRange(o, where === 'left' ? 0 : -1, n, where === 'right')
  quicklistOf(o).deleteRange(where === 'left' ? 0 : -n, n)
  listElementsRemoved(c, key, where, o, n)
  return out
}

const pop =
  (where: ListEnd): Handler =>
  (c, argv) => {
    if (argv.length > 3) wrongArity(where === 'left' ? 'lpop' : 'rpop')
    const key = argv[1]!
    const hasCount = argv.length === 3
    const count = hasCount ? parsePositiveLongArg(argv[2], 'ERR value is out of range, must be positive') : 1
    const o = c.lookupWriteOf(key, 'list')
    if (!o) return hasCount ? NULL_ARRAY : null
    if (hasCount) return count === 0 ? [] : popRange(c, key, o, where, count)
    const value = listPop(o, where)!
    listElementsRemoved(c, key, where, o, 1)
    return value
  }

export function parseEnd(arg: Bytes | undefined): ListEnd {
  if (equalsIgnoreCase(arg, 'left')) return 'left'
  if (equalsIgnoreCase(arg, 'right')) return 'right'
  return syntaxError()
}

/** numkeys key [key ...] LEFT|RIGHT [COUNT n], from argv[at] on. */
export function parseMpop(argv: readonly Bytes[], at: number): { keys: Bytes[]; where: ListEnd; count: number } {
  const numkeys = parseLongArg(argv[at], 1, 9223372036854775807, 'ERR numkeys should be greater than 0')
  const whereIdx = at + numkeys + 1
  if (whereIdx >= argv.length) syntaxError()
  const where = parseEnd(argv[whereIdx])
  return { keys: argv.slice(at + 1, whereIdx), where, count: parseMpopCount(argv, whereIdx + 1) }
}
export function parseMpopCount(argv: readonly Bytes[], from: number): number {
  let count = -1
  for (let j = from; j < argv.length; j++) {
    if (count === -1 && equalsIgnoreCase(argv[j], 'count') && j + 1 < argv.length) {
      count = parseLongArg(argv[++j], 1, 9223372036854775807, 'ERR count should be greater than 0')
    } else syntaxError()
  }
  return count === -1 ? 1 : count
}

/** Pops from this key and propagates LPOP or RPOP with the count that there was. */
export function mpopFrom(c: CommandContext, key: Bytes, o: Obj, where: ListEnd, count: number): Reply {
  const elements = popRange(c, key, o, where, count)
  c.rewrite([where === 'left' ? 'LPOP' : 'RPOP', key, '' + elements.length])
  return [key, elements]
}

const lmpop: Handler = (c, argv) => {
  const { keys, where, count } = parseMpop(argv, 1)
  for (const key of keys) {
    const o = c.lookupWriteOf(key, 'list')
    if (o) return mpopFrom(c, key, o, where, count)
  }
  return NULL_ARRAY
}

export const popCommands: readonly CommandImpl[] = [
  { name: 'lpop', handler: pop('left') },
  { name: 'rpop', handler: pop('right') },
  { name: 'lmpop', handler: lmpop },
]
