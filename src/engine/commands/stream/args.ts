/** Arguments of the stream commands: IDs, intervals, and what to trim. */
import type { Bytes } from '../../bytes/bytes.ts'
import {
  decrementId,
  incrementId,
  MAX_ID,
  MIN_ID,
  type ParsedId,
  parseId,
  type StreamId,
  U64_MAX,
  type U64,
} from '../../objects/stream-id.ts'
import type { Trim } from '../../objects/stream.ts'
import { fail, type Int64, parseIntArg, syntaxError, word } from '../args.ts'
import type { CommandContext } from '../command.ts'

const INVALID_ID = 'ERR Invalid stream ID specified as stream command argument'

/** What C prints of a string with %s: up to the first zero byte. */
export function cString(b: Bytes): Bytes {
  const nul = b.indexOf('\0')
  return nul < 0 ? b : b.slice(0, nul)
}
export function noGroup(key: Bytes, group: Bytes): never {
  fail(`NOGROUP No such key '${cString(key)}' or consumer group '${cString(group)}'`)
}

/** An ID that stands for itself: no `-`, no `+`. */
export function strictId(arg: Bytes, missingSeq: U64 = 0): StreamId {
  return (parseId(arg, missingSeq, true) ?? fail(INVALID_ID)).id
}
export function looseId(arg: Bytes, missingSeq: U64 = 0): StreamId {
  return (parseId(arg, missingSeq, false) ?? fail(INVALID_ID)).id
}
/** `(id` excludes the ID itself. */
export function intervalStart(arg: Bytes): StreamId {
  if (arg.length < 2 || arg[0] !== '(') return looseId(arg, 0)
  return incrementId(strictId(arg.slice(1), 0)) ?? fail('ERR invalid start ID for the interval')
}
export function intervalEnd(arg: Bytes): StreamId {
  if (arg.length < 2 || arg[0] !== '(') return looseId(arg, U64_MAX)
  return decrementId(strictId(arg.slice(1), U64_MAX)) ?? fail('ERR invalid end ID for the interval')
}
/** streamIncrID as C leaves it: behind the last ID comes the first. */
export const afterId = (id: StreamId): StreamId => incrementId(id) ?? MIN_ID
export const isMaxId = (id: StreamId): boolean => id.ms === MAX_ID.ms && id.seq === MAX_ID.seq

/** What must be obeyed as it stands: a master's stream, the append only file. */
export const mustObey = (c: CommandContext): boolean => c.client.isMaster || (c.client.isFake && c.server.loading)

export interface AddOrTrimArgs {
  readonly trim: Trim | null
  /** null: `*`. */
  readonly id: ParsedId | null
  readonly noMkstream: boolean
  /** Where the ID stands (XADD). */
  readonly index: number
}

/** An ID is not worth lower-casing. */
function optionOf(arg: Bytes): Bytes {
  if (arg === 'MAXLEN') return 'maxlen'
  const c = arg.charCodeAt(0)
  return c >= 48 && c <= 57 ? '' : word(arg)
}
/** `*`, up to a zero byte. */
const isStar = (arg: Bytes): boolean => arg === '*' || (arg.length > 1 && arg.startsWith('*\0'))
const PLAIN: AddOrTrimArgs = { trim: null, id: null, noMkstream: false, index: 2 }

/** [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] [id]: streamParseAddOrTrimArgsOrReply. */
export function parseAddOrTrim(c: CommandContext, argv: readonly Bytes[], xadd: boolean): AddOrTrimArgs {
  if (xadd && argv[2] === '*') return PLAIN
  let strategy: 'maxlen' | 'minid' | null = null
  let approx = false
  let maxlen: Int64 = 0
  let minid: StreamId = MIN_ID
  let index = 0
  let limit: Int64 | null = null
  let noMkstream = false
  let id: ParsedId | null = null
  let i = 2
  for (; i < argv.length; i++) {
    const more = argv.length - 1 - i
    const arg = argv[i]!
    if (xadd && isStar(arg)) break
    const option = optionOf(arg)
    if ((option === 'maxlen' || option === 'minid') && more > 0) {
      if (strategy !== null) fail('ERR syntax error, MAXLEN and MINID options at the same time are not compatible')
      const next = argv[i + 1]!
      const how = next.length === 1 ? next : cString(next)
      approx = more >= 2 && how === '~'
      if (more >= 2 && (how === '~' || how === '=')) i++
      const threshold = argv[++i]!
      if (option === 'maxlen') {
        maxlen = parseIntArg(threshold)
        if (maxlen < 0) fail('ERR The MAXLEN argument must be >= 0.')
      } else minid = strictId(threshold)
      strategy = option
      index = i
    } else if (option === 'limit' && more > 0) {
      limit = parseIntArg(argv[++i])
      if (limit < 0) fail('ERR The LIMIT argument must be >= 0.')
    } else if (xadd && option === 'nomkstream') noMkstream = true
    else if (xadd) {
      id = parseId(arg, 0, true, true) ?? fail(INVALID_ID)
      break
    } else syntaxError()
  }
  if (limit !== null && limit !== 0 && strategy === null)
    fail('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy')
  if (!xadd && strategy === null) fail('ERR syntax error, XTRIM must be called with a trimming strategy')
  const bound = trimLimit(c, limit, approx)
  const trim: Trim | null =
    strategy === 'maxlen'
      ? { approx, limit: bound, index, strategy, maxlen }
      : strategy === 'minid'
        ? { approx, limit: bound, index, strategy, minid }
        : null
  return { trim, id, noMkstream, index: i }
}

function trimLimit(c: CommandContext, limit: Int64 | null, approx: boolean): number {
  // What was rewritten for replicas trims exactly what it trimmed on the master.
  if (mustObey(c)) return 0
  if (limit !== null) {
    if (!approx) fail('ERR syntax error, LIMIT cannot be used without the special ~ option')
    return Number(limit)
  }
  if (!approx) return 0
  const most = 100 * c.config.streamNodeMaxEntries
  return most <= 0 ? 10000 : Math.min(most, 1000000)
}
