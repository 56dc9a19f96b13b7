/** LPUSH, RPUSH and their X forms, which want the list to be there. */
import type { ListEnd } from '../../objects/list.ts'
import { createList, listLength, listPush } from '../../objects/list.ts'
import type { CommandImpl, Handler } from '../command.ts'

const push =
  (where: ListEnd, mustExist: boolean): Handler =>
  (c, argv) => {
    const key = argv[1]!
    let o = c.lookupWriteOf(key, 'list')
    if (!o) {
      if (mustExist) return 0
      o = createList(c.config)
      c.add(key, o)
    }
    for (let i = 2; i < argv.length; i++) listPush(o, argv[i]!, where)
    c.dirty(argv.length - 2)
    c.replied()
    c.signalModified(key)
    c.notify('l', where === 'left' ? 'lpush' : 'rpush', key)
    return listLength(o)
  }

export const pushCommands: readonly CommandImpl[] = [
  { name: 'lpush', handler: push('left', false) },
  { name: 'rpush', handler: push('right', false) },
  { name: 'lpushx', handler: push('left', true) },
  { name: 'rpushx', handler: push('right', true) },
]
