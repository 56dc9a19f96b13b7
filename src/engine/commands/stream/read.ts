/**
 * XREAD and XREADGROUP. Both answer at once when there is something behind the given IDs, else they may wait. A group hands
 * every new entry to one consumer and notes it as pending; with an ID other than `>` a consumer gets its own pending
 * entries again.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import {
  type Consumer,
  type ConsumerGroup,
  distanceFromFirstEverEntry,
  lookupGroup,
  Nack,
  rangeHasTombstones,
  UNKNOWN,
} from '../../objects/stream-group.ts'
import { addInt64, INT64_MIN } from '../../bytes/numbers.ts'
import { own } from '../../bytes/bytes.ts'
import { compareIds, encodeId, formatId, MAX_ID, MIN_ID, type StreamId } from '../../objects/stream-id.ts'
import { type Stream, streamOf } from '../../objects/stream.ts'
import { NULL_ARRAY, type Reply } from '../../protocol/reply.ts'
import { fail, type Int64, parseIntArg, parseTimeoutMs, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { afterId, cString, isMaxId, strictId } from './args.ts'
import { createConsumer, propagateClaim, propagateConsumer, propagateGroupId, seenConsumer } from './propagate.ts'
import { entryReply, rangeReply, readReply } from './reply.ts'

/** XREAD_BLOCKED_DEFAULT_COUNT */
const BLOCKED_COUNT = 1000

interface ReadArgs {
  readonly group: Bytes | null
  readonly consumer: Bytes
  readonly noack: boolean
  /** 0: all. */
  readonly count: Int64
  /** null: does not block. */
  readonly timeoutMs: number | null
  /** Where the keys begin, and how many there are. */
  readonly at: number
  readonly streams: number
}

function parseRead(c: CommandContext, argv: readonly Bytes[], grouped: boolean): ReadArgs {
  let group: Bytes | null = null
  let consumer: Bytes = ''
  let noack = false
  let count: Int64 = 0
  let timeoutMs: number | null = null
  let at = 0
  for (let i = 1; i < argv.length && at === 0; i++) {
    const more = argv.length - i - 1
    const option = word(argv[i])
    if (option === 'block' && more > 0) {
      if (c.client.isFake && !c.server.loading)
        fail(`ERR ${cString(argv[0]!)} command is not allowed with BLOCK option from scripts`)
      timeoutMs = parseTimeoutMs(argv[++i])
    } else if (option === 'count' && more > 0) {
      count = parseIntArg(argv[++i])
      if (count < 0) count = 0
    } else if (option === 'streams' && more > 0) {
      at = i + 1
      if ((argv.length - at) % 2 !== 0)
        fail("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
    } else if (option === 'group' && more >= 2) {
      if (!grouped) fail('ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.')
      group = argv[i + 1]!
      consumer = argv[i + 2]!
      i += 2
    } else if (option === 'noack') {
      if (!grouped) fail('ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.')
      noack = true
    } else syntaxError()
  }
  if (at === 0) syntaxError()
  if (grouped && group === null) fail('ERR Missing GROUP option for XREADGROUP')
  return { group, consumer, noack, count, timeoutMs, at, streams: (argv.length - at) / 2 }
}

/** The IDs to read behind; MAX_ID stands for `>`. */
function parseIds(c: CommandContext, argv: readonly Bytes[], args: ReadArgs): StreamId[] {
  const ids: StreamId[] = []
  for (let i = 0; i < args.streams; i++) {
    const key = argv[args.at + i]!
    const arg = argv[args.at + args.streams + i]!
    const o = c.lookupReadOf(key, 'stream')
    if (args.group !== null && (o === undefined || lookupGroup(streamOf(o), args.group) === undefined))
      fail(
        `NOGROUP No such key '${cString(key)}' or consumer group '${cString(args.group)}' in XREADGROUP with GROUP option`,
      )
    const special = cString(arg)
    if (special === '$') {
      if (args.group !== null)
        fail(
          'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
        )
      ids.push(o === undefined ? MIN_ID : streamOf(o).lastId)
    } else if (special === '>') {
      if (args.group === null)
        fail('ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.')
      ids.push(MAX_ID)
    } else ids.push(strictId(arg))
  }
  return ids
}

/** The group has read this entry. */
function advanceGroup(s: Stream, group: ConsumerGroup, id: StreamId): void {
  if (compareIds(id, group.lastId) <= 0) return
  if (group.entriesRead !== UNKNOWN && !rangeHasTombstones(s, id, null))
    group.entriesRead = addInt64(group.entriesRead, 1) ?? INT64_MIN
  else if (s.entriesAdded !== 0) group.entriesRead = distanceFromFirstEverEntry(s, id)
  group.lastId = id
}
/** The entry is this consumer's now, whoever had it (XGROUP SETID can have turned the group back). */
function makePending(c: CommandContext, group: ConsumerGroup, consumer: Consumer, id: StreamId): Nack {
  const key = encodeId(id)
  let nack = group.pel.get(key)
  if (nack === undefined) {
    nack = new Nack(id, consumer, c.nowMs)
    group.pel.set(key, nack)
  } else {
    nack.consumer?.pel.delete(key)
    nack.consumer = consumer
    nack.deliveryTime = c.nowMs
    nack.deliveryCount = 1
  }
  consumer.pel.set(key, nack)
  return nack
}

function working(c: CommandContext, entries: Reply[], microsEach: number): Reply[] {
  c.work(entries.length * microsEach)
  return entries
}
interface GroupRead {
  readonly key: Bytes
  readonly name: Bytes
  readonly group: ConsumerGroup
  readonly consumer: Consumer
  readonly noack: boolean
}
/** streamReplyWithRange with a group: new entries for a consumer. */
function deliver(c: CommandContext, s: Stream, start: StreamId, count: Int64, r: GroupRead): Reply[] {
  const out: Reply[] = []
  let moved = false
  const it = s.iterator(start)
  while (it.next()) {
    if (compareIds(it.id, r.group.lastId) > 0) {
      advanceGroup(s, r.group, it.id)
      if (r.noack) moved = true
    }
    out.push(entryReply(it))
    if (!r.noack) {
      const nack = makePending(c, r.group, r.consumer, it.id)
      propagateClaim(c, r.key, r.name, r.group, formatId(it.id), nack)
    }
    if (out.length === count) break
  }
  if (moved) propagateGroupId(c, r.key, r.name, r.group)
  return working(c, out, 1)
}
/** streamReplyWithRangeFromConsumerPEL: what it got and did not acknowledge. An entry that is gone shows as its ID alone. */
function history(c: CommandContext, s: Stream, start: StreamId, count: Int64, consumer: Consumer): Reply[] {
  const out: Reply[] = []
  const pending = consumer.pel.iterator()
  pending.seek('>=', encodeId(start))
  while (pending.next() && (count === 0 || out.length < count)) {
    const nack = pending.value
    const found = rangeReply(s, nack.id, nack.id, 1)
    if (found.length === 0) out.push([formatId(nack.id), NULL_ARRAY])
    else {
      nack.deliveryTime = c.nowMs
      nack.deliveredAgain()
      out.push(found[0]!)
    }
  }
  return out
}

function consumerFor(c: CommandContext, key: Bytes, group: ConsumerGroup, args: ReadArgs): Consumer {
  const known = seenConsumer(c, group, args.consumer)
  if (known !== undefined) return known
  const name = own(args.consumer)
  const consumer = createConsumer(c, key, group, name)!
  if (args.noack) propagateConsumer(c, key, args.group!, name)
  return consumer
}

/** What one stream has to give now; undefined: nothing. */
function readNow(c: CommandContext, key: Bytes, after: StreamId, args: ReadArgs): Reply | undefined {
  const o = c.lookupReadOf(key, 'stream')
  if (o === undefined) return undefined
  const s = streamOf(o)
  if (args.group === null) {
    if (s.length === 0 || compareIds(s.edgeId(false), after) <= 0) return undefined
    return working(c, rangeReply(s, afterId(after), null, args.count), 0.15)
  }
  const group = lookupGroup(s, args.group)!
  c.db.touchForWrite(key)
  const past = !isMaxId(after)
  const news = !past && s.length > 0 && compareIds(s.edgeId(false), group.lastId) > 0
  if (!past && !news) return undefined
  const consumer = consumerFor(c, key, group, args)
  const reply = past
    ? history(c, s, afterId(after), args.count, consumer)
    : deliver(c, s, afterId(group.lastId), args.count, { key, name: args.group, group, consumer, noack: args.noack })
  c.dirty()
  return reply
}

/** A key that a client waits for has new entries, or its group or the key itself is gone. */
function serveBlocked(
  c: CommandContext,
  key: Bytes,
  ids: ReadonlyMap<Bytes, StreamId>,
  args: ReadArgs,
): Reply | undefined {
  const o = c.db.find(key)
  if (o === undefined || o.type !== 'stream') return undefined
  const s = streamOf(o)
  const count = args.count === 0 ? BLOCKED_COUNT : args.count
  if (args.group === null) {
    const after = ids.get(key)!
    if (compareIds(s.lastId, after) <= 0) return undefined
    return readReply(c, [[key, working(c, rangeReply(s, afterId(after), null, count), 0.15)]])
  }
  const group = lookupGroup(s, args.group)
  if (group === undefined) fail('NOGROUP the consumer group this client was blocked on no longer exists')
  if (compareIds(s.lastId, group.lastId) <= 0) return undefined
  c.db.touchForWrite(key)
  const consumer = consumerFor(c, key, group, args)
  const r = { key, name: args.group, group, consumer, noack: args.noack }
  return readReply(c, [[key, deliver(c, s, afterId(group.lastId), count, r)]])
}

const read =
  (grouped: boolean): Handler =>
  (c, argv) => {
    const args = parseRead(c, argv, grouped)
    const ids = parseIds(c, argv, args)
    const keys = argv.slice(args.at, args.at + args.streams)
    const found: [Bytes, Reply][] = []
    c.preventPropagation()
    for (const [i, key] of keys.entries()) {
      const reply = readNow(c, key, ids[i]!, args)
      if (reply !== undefined) found.push([key, reply])
    }
    if (found.length > 0) return readReply(c, found)
    if (args.timeoutMs === null) return NULL_ARRAY
    const kept: ReadArgs =
      args.group === null ? args : { ...args, group: own(args.group), consumer: own(args.consumer) }
    // The first of two IDs for one key counts.
    const byKey = new Map<Bytes, StreamId>()
    for (const [i, key] of keys.entries()) if (!byKey.has(key)) byKey.set(own(key), ids[i]!)
    return c.block({
      type: 'stream',
      keys: [...byKey.keys()],
      timeoutMs: args.timeoutMs,
      onTimeout: NULL_ARRAY,
      serve: (cc, key) => serveBlocked(cc, key, byKey, kept),
      ...(grouped ? { onKeyGone: { t: 'error' as const, text: 'UNBLOCKED the stream key no longer exists' } } : {}),
    })
  }

export const readCommands: readonly CommandImpl[] = [
  { name: 'xread', handler: read(false) },
  { name: 'xreadgroup', handler: read(true) },
]
