/** LSET, LINSERT, LREM, LTRIM: changing a list inside. */
import { listLength, quicklistOf } from '../../objects/list.ts'
import { NO_SUCH_KEY, OK, OUT_OF_RANGE } from '../../protocol/reply.ts'
import { clampRange, equalsIgnoreCase, fail, parseLongArg, syntaxError } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

const lset: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'list')
  if (!o) return fail(NO_SUCH_KEY)
  const index = parseLongArg(argv[2])
  if (!quicklistOf(o).set(index, argv[3]!)) return fail(OUT_OF_RANGE)
  c.replied()
  c.signalModified(key)
  c.notify('l', 'lset', key)
  c.dirty()
  return OK
}

const linsert: Handler = (c, argv) => {
  const [, key, place, pivot, value] = argv as [string, string, string, string, string]
  const after = equalsIgnoreCase(place, 'after')
  if (!after && !equalsIgnoreCase(place, 'before')) syntaxError()
  const o = c.lookupWriteOf(key, 'list')
  if (!o) return 0
  const ql = quicklistOf(o)
  let at = -1
  ql.forRange(0, Infinity, true, (v, i) => {
    if (v !== pivot && '' + v !== pivot) return true
    at = i
    return false
  })
  if (at < 0) return -1
  if (after) ql.insertAfter(at, value)
  else ql.insertBefore(at, value)
  c.signalModified(key)
  c.notify('l', 'linsert', key)
  c.dirty()
  return listLength(o)
}

const lrem: Handler = (c, argv) => {
  const key = argv[1]!
  const count = parseLongArg(argv[2])
  const o = c.lookupWriteOf(key, 'list')
  if (!o) return 0
  const removed = quicklistOf(o).remove(argv[3]!, count)
  if (removed > 0) {
    c.signalModified(key)
    c.notify('l', 'lrem', key)
  }
  if (listLength(o) === 0) {
    c.delete(key)
    c.notify('g', 'del', key)
  }
  if (removed > 0) c.dirty(removed)
  return removed
}

const ltrim: Handler = (c, argv) => {
  const key = argv[1]!
  const start = parseLongArg(argv[2])
  const end = parseLongArg(argv[3])
  const o = c.lookupWriteOf(key, 'list')
  if (!o) return OK
  const length = listLength(o)
  const r = clampRange(start, end, length)
  const left = r ? r.start : length
  const right = r ? length - r.end - 1 : 0
  quicklistOf(o).deleteRange(0, left)
  quicklistOf(o).deleteRange(-right, right)
  c.notify('l', 'ltrim', key)
  if (listLength(o) === 0) {
    c.delete(key)
    c.notify('g', 'del', key)
  }
  c.signalModified(key)
  if (left + right > 0) c.dirty(left + right)
  return OK
}

export const editCommands: readonly CommandImpl[] = [
  { name: 'lset', handler: lset },
  { name: 'linsert', handler: linsert },
  { name: 'lrem', handler: lrem },
  { name: 'ltrim', handler: ltrim },
]
