/** LLEN, LINDEX, LRANGE. */
import { listLength, listRange, quicklistOf } from '../../objects/list.ts'
import { clampRange, parseLongArg } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

const llen: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'list')
  return o ? listLength(o) : 0
}

const lindex: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'list')
  if (!o) return null
  return quicklistOf(o).index(parseLongArg(argv[2])) ?? null
}

const lrange: Handler = (c, argv) => {
  const start = parseLongArg(argv[2])
  const end = parseLongArg(argv[3])
  const o = c.lookupReadOf(argv[1]!, 'list')
  if (!o) return []
  const r = clampRange(start, end, listLength(o))
  return r ? listRange(o, r.start, r.end - r.start + 1) : []
}

export const readCommands: readonly CommandImpl[] = [
  { name: 'llen', handler: llen },
  { name: 'lindex', handler: lindex },
  { name: 'lrange', handler: lrange },
]
