/** LPOS: where an element stands. */
import { listLength, quicklistOf } from '../../objects/list.ts'
import { equalsIgnoreCase, fail, parseIntArg, parsePositiveLongArg, syntaxError } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

const lpos: Handler = (c, argv) => {
  let rank = 1
  let reverse = false
  let count = -1
  let maxlen = 0
  for (let j = 3; j < argv.length; j += 2) {
    if (j + 1 >= argv.length) syntaxError()
    if (equalsIgnoreCase(argv[j], 'rank')) {
      const r = parseIntArg(argv[j + 1])
      if (r === 0) {
        fail(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
        )
      }
      reverse = r < 0
      // The most negative long has no positive twin; Redis then takes the first match.
      rank = r === -9223372036854775808n ? 1 : Math.abs(Number(r))
    } else if (equalsIgnoreCase(argv[j], 'count'))
      count = parsePositiveLongArg(argv[j + 1], "ERR COUNT can't be negative")
    else if (equalsIgnoreCase(argv[j], 'maxlen'))
      maxlen = parsePositiveLongArg(argv[j + 1], "ERR MAXLEN can't be negative")
    else syntaxError()
  }
  const o = c.lookupReadOf(argv[1]!, 'list')
  if (!o) return count === -1 ? null : []
  const ele = argv[2]!
  const found: number[] = []
  let matches = 0
  const limit = maxlen === 0 ? listLength(o) : maxlen
  quicklistOf(o).forRange(reverse ? -1 : 0, limit, !reverse, (v, i) => {
    if (v !== ele && '' + v !== ele) return true
    if (++matches < rank) return true
    found.push(i)
    return count !== -1 && (count === 0 || matches - rank + 1 < count)
  })
  return count === -1 ? (found[0] ?? null) : found
}

export const lposCommands: readonly CommandImpl[] = [{ name: 'lpos', handler: lpos }]
