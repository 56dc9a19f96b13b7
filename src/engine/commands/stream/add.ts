/** XADD, XTRIM, XDEL, XLEN, XSETID: what a stream is made of. */
import type { Bytes } from '../../bytes/bytes.ts'
import { createStreamObject, type Stream, streamOf, type Trim } from '../../objects/stream.ts'
import { compareIds, formatId, isZeroId, MIN_ID, U64_MAX } from '../../objects/stream-id.ts'
import { NO_SUCH_KEY, OK, type Reply } from '../../protocol/reply.ts'
import { signalKeyAsReady } from '../../server/blocked.ts'
import { fail, type Int64, parseIntArg, syntaxError, word, wrongArity } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { parseAddOrTrim, strictId } from './args.ts'

const MAX_ELEMENTS = 2 ** 30

/** `~` and what it meant this time: a replica trims the same entries. */
function exactTrim(argv: readonly Bytes[], s: Stream, trim: Trim): Bytes[] {
  const exact = [...argv]
  exact[trim.index - 1] = '='
  exact[trim.index] = trim.strategy === 'maxlen' ? `${s.length}` : formatId(s.firstIdWithTombstones())
  return exact
}

const xadd: Handler = (c, argv) => {
  const key = argv[1]!
  const args = parseAddOrTrim(c, argv, true)
  const from = args.index + 1
  const given = args.id
  if (argv.length - from < 2 || (argv.length - from) % 2 === 1) wrongArity('xadd')
  if (given?.seqGiven && isZeroId(given.id)) fail('ERR The ID specified in XADD must be greater than 0-0')
  let o = c.lookupWriteOf(key, 'stream')
  if (o === undefined && args.noMkstream) return null
  const s = o === undefined ? null : streamOf(o)
  if (s !== null && s.lastId.ms === U64_MAX && s.lastId.seq === U64_MAX)
    fail('ERR The stream has exhausted the last possible ID, unable to add more items')
  const target = o ?? createStreamObject()
  const stream = streamOf(target)
  const id = stream.nextId(given?.id ?? null, given?.seqGiven ?? false, c.nowMs)
  if (id === null) fail('ERR The ID specified in XADD is equal or smaller than the target stream top item')
  let size = 0
  for (let i = from; i < argv.length; i++) size += argv[i]!.length
  if (size > MAX_ELEMENTS) fail('ERR Elements are too large to be stored')
  if (o === undefined) {
    o = target
    c.add(key, o)
  }
  stream.append(id, argv, from, c.config)
  const text = formatId(id)
  c.replied()
  c.signalModified(key)
  c.notify('t', 'xadd', key)
  c.dirty()
  let propagated: Bytes[] | null = null
  if (args.trim !== null) {
    if (stream.trim(args.trim) > 0) c.notify('t', 'xtrim', key)
    if (args.trim.approx) propagated = exactTrim(argv, stream, args.trim)
  }
  if (given === null || !given.seqGiven) {
    propagated ??= [...argv]
    propagated[args.index] = text
  }
  if (propagated !== null) c.rewrite(propagated)
  signalKeyAsReady(c.server, c.db, key)
  return text
}

const xtrim: Handler = (c, argv) => {
  const { trim } = parseAddOrTrim(c, argv, false)
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'stream')
  if (o === undefined || trim === null) return 0
  const s = streamOf(o)
  const deleted = s.trim(trim)
  if (deleted > 0) {
    c.notify('t', 'xtrim', key)
    if (trim.approx) c.rewrite(exactTrim(argv, s, trim))
    c.signalModified(key)
    c.dirty(deleted)
  }
  return deleted
}

const xdel: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'stream')
  if (o === undefined) return 0
  const s = streamOf(o)
  const ids = argv.slice(2).map((arg) => strictId(arg))
  let deleted = 0
  let first = false
  for (const id of ids) {
    if (!s.delete(id)) continue
    if (compareIds(id, s.firstId) === 0) first = true
    if (compareIds(id, s.maxDeletedId) > 0) s.maxDeletedId = id
    deleted++
  }
  if (deleted > 0) {
    if (first || s.length === 0) s.updateFirstId()
    c.signalModified(key)
    c.notify('t', 'xdel', key)
    c.dirty(deleted)
  }
  return deleted
}

const xlen: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'stream')
  return o === undefined ? 0 : streamOf(o).length
}

const xsetid: Handler = (c, argv): Reply => {
  const id = strictId(argv[2]!)
  let added: Int64 | null = null
  let maxDeleted = MIN_ID
  for (let i = 3; i < argv.length; i += 2) {
    const option = i + 1 < argv.length ? word(argv[i]) : ''
    if (option === 'entriesadded') {
      added = parseIntArg(argv[i + 1])
      if (added < 0) fail('ERR entries_added must be positive')
    } else if (option === 'maxdeletedid') {
      maxDeleted = strictId(argv[i + 1]!)
      if (compareIds(id, maxDeleted) < 0)
        fail('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id')
    } else syntaxError()
  }
  const key = argv[1]!
  const s = streamOf(c.lookupWriteOf(key, 'stream') ?? fail(NO_SUCH_KEY))
  if (s.length > 0) {
    if (compareIds(id, s.edgeId(false)) < 0)
      fail('ERR The ID specified in XSETID is smaller than the target stream top item')
    if (added !== null && s.length > added)
      fail('ERR The entries_added specified in XSETID is smaller than the target stream length')
  }
  s.lastId = id
  if (added !== null) s.entriesAdded = added
  if (!isZeroId(maxDeleted)) s.maxDeletedId = maxDeleted
  c.dirty()
  c.replied()
  c.notify('t', 'xsetid', key)
  return OK
}

export const addCommands: readonly CommandImpl[] = [
  { name: 'xadd', handler: xadd },
  { name: 'xtrim', handler: xtrim },
  { name: 'xdel', handler: xdel },
  { name: 'xlen', handler: xlen },
  { name: 'xsetid', handler: xsetid },
]
