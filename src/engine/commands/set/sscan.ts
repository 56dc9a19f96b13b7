/** SSCAN, and what it shares with ZSCAN: options, and stepping a dict until enough was seen. */
import type { Bytes } from '../../bytes/bytes.ts'
import { globMatch } from '../../bytes/glob.ts'
import { setDictOf, setMembers } from '../../objects/set.ts'
import type { Dict } from '../../structures/dict.ts'
import { equalsIgnoreCase, parseCursorArg, parseLongArg, syntaxError } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

export interface ScanOptions {
  readonly count: number
  readonly matches: (b: Bytes) => boolean
}
export function parseScanOptions(argv: readonly Bytes[], from: number): ScanOptions {
  let count = 10
  let pattern: Bytes | null = null
  for (let j = from; j < argv.length; j += 2) {
    if (equalsIgnoreCase(argv[j], 'count') && j + 1 < argv.length) {
      count = parseLongArg(argv[j + 1])
      if (count < 1) syntaxError()
    } else if (equalsIgnoreCase(argv[j], 'match') && j + 1 < argv.length)
      pattern = argv[j + 1] === '*' ? null : argv[j + 1]!
    else syntaxError()
  }
  return { count, matches: (b) => pattern === null || globMatch(pattern, b) }
}

/** Buckets until `count` entries were seen, or ten times as many buckets. `take` gets every entry. */
export function scanDict<V>(
  d: Dict<V>,
  cursor: number | bigint,
  count: number,
  take: (k: Bytes, v: V) => void,
): number {
  let seen = 0
  let buckets = count * 10
  let at: number | bigint = cursor
  do {
    at = d.scan(at, (k, v) => {
      seen++
      take(k, v)
    })
  } while (at !== 0 && buckets-- > 0 && seen < count)
  return at
}

const sscan: Handler = (c, argv) => {
  const cursor = parseCursorArg(argv[2])
  const o = c.lookupReadOf(argv[1]!, 'set')
  if (!o) return ['0', []]
  const { count, matches } = parseScanOptions(argv, 3)
  if (o.encoding === 'intset') return ['0', setMembers(o).filter(matches)]
  const out: Bytes[] = []
  const next = scanDict(setDictOf(o), cursor, count, (k) => {
    if (matches(k)) out.push(k)
  })
  return ['' + next, out]
}

export const sscanCommands: readonly CommandImpl[] = [{ name: 'sscan', handler: sscan }]
