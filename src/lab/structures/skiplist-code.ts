/** The code that a search of a skiplist runs, and which of its lines each comparison is at. */
import { showBytes } from '../bytes.ts'
import type { HopData } from './data.ts'

export interface Code {
  readonly name: string
  readonly lines: readonly string[]
  /** The line of the test, of going right, of going down, of being done. */
  readonly test: number
  readonly right: number
  readonly down: number
  readonly done: number
}
const RANK: Code = {
  name: 'zslGetRank',
  lines: [
    'x = header, rank = 0',
    'for i = level - 1 down to 0',
    '  while x.forward[i] is not beyond',
    '    rank += x.span[i]; go there',
    '  if x is the target: return rank',
    'return 0',
  ],
  test: 2,
  right: 3,
  down: 1,
  done: 4,
}
const BY_RANK: Code = {
  name: 'zslGetElementByRank',
  lines: [
    'x = header, passed = 0',
    'for i = level - 1 down to 0',
    '  while passed + x.span[i] <= rank',
    '    passed += x.span[i]; go there',
    '  if passed == rank: return x',
    'return nothing',
  ],
  test: 2,
  right: 3,
  down: 1,
  done: 4,
}
const FIRST: Code = {
  name: 'zslFirstInRange',
  lines: [
    'x = header',
    'for i = level - 1 down to 0',
    '  while x.forward[i] is below min',
    '    x = x.forward[i]',
    'x.forward[0] is the first in range',
  ],
  test: 2,
  right: 3,
  down: 1,
  done: 4,
}
const INSERT: Code = {
  name: 'zslInsert',
  lines: [
    'x = header',
    'for i = level - 1 down to 0',
    '  while x.forward[i] is before it',
    '    rank[i] += x.span[i]; go there',
    '  update[i] = x',
    'height = 1; dice < 1/4: one more',
    'below: link behind update[i]',
    'above: update[i].span[i] += 1',
  ],
  test: 2,
  right: 3,
  down: 4,
  done: 6,
}
export function codeFor(command: string, member: string | null): Code {
  if (/^ZADD|^ZINCRBY|^GEOADD/i.test(command)) return INSERT
  if (/^(ZRANGEBYSCORE|ZCOUNT)\b/i.test(command)) return FIRST
  return member === null ? BY_RANK : RANK
}

/** The line that the comparison ends at. */
export function litLine(code: Code, hops: readonly HopData[], n: number, rank: number): number {
  const hop = hops[n]
  if (!hop) return 0
  const passed = hops.slice(0, n + 1).reduce((sum, h) => sum + h.span, 0)
  // What inserts or looks for a range stops before the target: going on to it is being there.
  if (code === INSERT || code === FIRST) return passed >= rank ? code.done : hop.next > 0 ? code.right : code.down
  if (hop.next > 0) return code.right
  return passed === rank ? code.done : code.down
}

/** "L4 header→m12 (12), L3 →m30 (18) …; 7 comparisons, rank 39" */
export function searchLine(hops: readonly HopData[], rank: number, nameOf: (id: number) => string): string {
  const parts: string[] = []
  let level = -1
  for (const h of hops) {
    if (h.next === 0) continue
    parts.push(
      `${h.level === level ? '' : `L${h.level + 1} `}${h.node === 0 ? 'header' : ''}→${showBytes(nameOf(h.next), 20)} (${h.span})`,
    )
    level = h.level
  }
  const compared = hops.filter((h) => h.seen > 0).length
  return `${parts.join(', ')}; ${compared} comparisons, rank ${rank - 1}`
}

/** The throws of zslRandomLevel that gave a tower its height: each below a quarter adds a level. */
export const diceOf = (levels: number): string =>
  `${'< 1/4, '.repeat(levels - 1)}≥ 1/4: ${levels} ${levels === 1 ? 'level' : 'levels'}`
