/** LMOVE and RPOPLPUSH: from an end of one list to an end of another, or of the same. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { ListEnd } from '../../objects/list.ts'
import { createList, listPop, listPush } from '../../objects/list.ts'
import type { Obj } from '../../objects/object.ts'
import type { Reply } from '../../protocol/reply.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { listElementsRemoved, parseEnd } from './pop.ts'

/** The source is there. A destination of another type is an error before anything is taken. */
export function moveElement(
  c: CommandContext,
  source: Bytes,
  o: Obj,
  destination: Bytes,
  from: ListEnd,
  to: ListEnd,
): Reply {
  let dst = c.lookupWriteOf(destination, 'list')
  const value = listPop(o, from)!
  if (!dst) {
    dst = createList(c.config)
    c.add(destination, dst)
  }
  c.signalModified(destination)
  listPush(dst, value, to)
  c.notify('l', to === 'left' ? 'lpush' : 'rpush', destination)
  listElementsRemoved(c, source, from, o, 1)
  return value
}

const lmove: Handler = (c, argv) => {
  const from = parseEnd(argv[3])
  const to = parseEnd(argv[4])
  const o = c.lookupWriteOf(argv[1]!, 'list')
  return o ? moveElement(c, argv[1]!, o, argv[2]!, from, to) : null
}

const rpoplpush: Handler = (c, argv) => {
  const o = c.lookupWriteOf(argv[1]!, 'list')
  return o ? moveElement(c, argv[1]!, o, argv[2]!, 'right', 'left') : null
}

export const moveCommands: readonly CommandImpl[] = [
  { name: 'lmove', handler: lmove },
  { name: 'rpoplpush', handler: rpoplpush },
]
