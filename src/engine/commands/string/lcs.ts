/** LCS: the longest common subsequence, by the textbook table of (|a|+1) × (|b|+1) lengths, walked back from its far corner. */
import type { Bytes } from '../../bytes/bytes.ts'
import { stringBytes } from '../../objects/string.ts'
import { map, type Reply } from '../../protocol/reply.ts'
import { fail, parseIntArg, syntaxError, word } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'

const lcs: Handler = (c, argv) => {
  const objA = c.lookupRead(argv[1]!)
  const objB = c.lookupRead(argv[2]!)
  if ((objA && objA.type !== 'string') || (objB && objB.type !== 'string'))
    fail('ERR The specified keys must contain string values')
  let getLength = false
  let getIndexes = false
  let withMatchLength = false
  let minMatchLength = 0
  for (let j = 3; j < argv.length; j++) {
    const option = word(argv[j])
    if (option === 'idx') getIndexes = true
    else if (option === 'len') getLength = true
    else if (option === 'withmatchlen') withMatchLength = true
    else if (option === 'minmatchlen' && j + 1 < argv.length)
      minMatchLength = Math.max(0, Number(parseIntArg(argv[++j])))
    else syntaxError()
  }
  if (getIndexes && getLength) fail('ERR If you want both the length and indexes, please just use IDX.')
  const a = objA ? stringBytes(objA) : ''
  const b = objB ? stringBytes(objB) : ''
  if ((a.length + 1) * (b.length + 1) * 4 > c.config.protoMaxBulkLen) {
    fail('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len')
  }
  c.work((a.length * b.length) / 1000)
  const table = lengths(a, b)
  const length = table[table.length - 1]!
  if (getLength) return length
  const found = walkBack(a, b, table, minMatchLength, withMatchLength)
  return getIndexes ? map(['matches', found.matches, 'len', length]) : found.text
}

function lengths(a: Bytes, b: Bytes): Uint32Array {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  for (let i = 1; i <= a.length; i++) {
    const ch = a.charCodeAt(i - 1)
    for (let j = 1; j <= b.length; j++) {
      const at = i * width + j
      if (ch === b.charCodeAt(j - 1)) table[at] = table[at - width - 1]! + 1
      else table[at] = Math.max(table[at - width]!, table[at - 1]!)
    }
  }
  return table
}

/** From (|a|, |b|) towards (0, 0); runs of matches are reported as inclusive ranges, last first. */
function walkBack(
  a: Bytes,
  b: Bytes,
  table: Uint32Array,
  minMatchLength: number,
  withMatchLength: boolean,
): { text: Bytes; matches: Reply[] } {
  const width = b.length + 1
  const matches: Reply[] = []
  const text: string[] = []
  const unset = a.length
  let aStart = unset
  let aEnd = 0
  let bStart = 0
  let bEnd = 0
  let i = a.length
  let j = b.length
  while (i > 0 && j > 0) {
    let emit = false
    if (a.charCodeAt(i - 1) === b.charCodeAt(j - 1)) {
      text.push(a[i - 1]!)
      if (aStart === unset) {
        aStart = aEnd = i - 1
        bStart = bEnd = j - 1
      } else if (aStart === i && bStart === j) {
        aStart--
        bStart--
      } else emit = true
      if (aStart === 0 || bStart === 0) emit = true
      i--
      j--
    } else {
      if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) i--
      else j--
      if (aStart !== unset) emit = true
    }
    if (!emit) continue
    const matchLength = aEnd - aStart + 1
    if (minMatchLength === 0 || matchLength >= minMatchLength) {
      const ranges: Reply[] = [
        [aStart, aEnd],
        [bStart, bEnd],
      ]
      if (withMatchLength) ranges.push(matchLength)
      matches.push(ranges)
    }
    aStart = unset
  }
  return { text: text.reverse().join(''), matches }
}

export const lcsFamily: readonly CommandImpl[] = [{ name: 'lcs', handler: lcs }]
