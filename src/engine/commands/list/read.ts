/** LLEN, LINDEX, LRANGE. */
import { bulkWriter } from '../../protocol/bulk-writer.ts'
import { listLength, listRange, quicklistOf } from '../../objects/list.ts'
import { clampRange, parseLongArg } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

/** As costs.ts counts it for replies that are arrays. */
const MICROS_PER_ELEMENT = 0.03

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
  if (!r) return []
  const n = r.end - r.start + 1
  // A script wants values; a connection wants bytes, and gets them without a string for each element.
  if (c.client.isFake || n < 8) return listRange(o, r.start, n)
  const out = bulkWriter.begin('*', n)
  quicklistOf(o).emitRange(r.start, n, out)
  c.work(n * MICROS_PER_ELEMENT)
  return { t: 'raw', bytes: out.end() }
}

export const readCommands: readonly CommandImpl[] = [
  { name: 'llen', handler: llen },
  { name: 'lindex', handler: lindex },
  { name: 'lrange', handler: lrange },
]
