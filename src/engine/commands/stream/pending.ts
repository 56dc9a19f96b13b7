/** XPENDING, XCLAIM, XAUTOCLAIM: entries that were delivered and not acknowledged. */
import { type Bytes, own } from '../../bytes/bytes.ts'
import type { Int64 } from '../../bytes/numbers.ts'
import { type Consumer, type ConsumerGroup, elapsed, lookupGroup, Nack } from '../../objects/stream-group.ts'
import {
  asSigned,
  compareIds,
  decodeId,
  encodeId,
  formatId,
  MIN_ID,
  parseId,
  type StreamId,
} from '../../objects/stream-id.ts'
import { type Stream, streamOf } from '../../objects/stream.ts'
import { NULL_ARRAY, type Reply, WRONGTYPE } from '../../protocol/reply.ts'
import { equalsIgnoreCase, fail, parseIntArg, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { cString, intervalEnd, intervalStart, noGroup, strictId } from './args.ts'
import { createConsumer, propagateClaim, propagateGroupId, seenConsumer } from './propagate.ts'
import { rangeReply } from './reply.ts'

const positive = (n: Int64): Int64 => (n < 0 ? 0 : n)

/** XPENDING key group [[IDLE min-idle-time] start end count [consumer]] */
const xpending: Handler = (c, argv) => {
  if (argv.length !== 3 && (argv.length < 6 || argv.length > 9)) syntaxError()
  let range: { start: StreamId; end: StreamId; count: Int64; consumer: Bytes | null } | null = null
  let minIdle: Int64 = 0
  if (argv.length >= 6) {
    let at = 3
    if (equalsIgnoreCase(argv[3], 'idle')) {
      minIdle = parseIntArg(argv[4])
      if (argv.length < 8) syntaxError()
      at += 2
    }
    const count = positive(parseIntArg(argv[at + 2]))
    const start = intervalStart(argv[at]!)
    const end = intervalEnd(argv[at + 1]!)
    range = { start, end, count, consumer: argv[at + 3] ?? null }
  }
  const o = c.lookupReadOf(argv[1]!, 'stream')
  const group = o === undefined ? undefined : lookupGroup(streamOf(o), argv[2]!)
  if (group === undefined) return noGroup(argv[1]!, argv[2]!)
  if (range === null) return pendingSummary(group)
  const consumer = range.consumer === null ? null : group.consumers.get(range.consumer)
  if (consumer === undefined) return []
  const out: Reply[] = []
  const end = encodeId(range.end)
  const it = (consumer ?? group).pel.iterator()
  it.seek('>=', encodeId(range.start))
  while (out.length < range.count && it.next() && it.key <= end) {
    const nack = it.value
    const idle = elapsed(c.nowMs, nack.deliveryTime)
    if (minIdle !== 0 && idle < minIdle) continue
    out.push([formatId(nack.id), nack.consumer?.name ?? '', positive(idle), asSigned(nack.deliveryCount)])
  }
  return out
}
function pendingSummary(group: ConsumerGroup): Reply {
  const { pel } = group
  const first = pel.first()
  const last = pel.last()
  if (first === undefined || last === undefined) return [0, null, null, NULL_ARRAY]
  const consumers: Reply[] = []
  group.consumers.forEach((name, consumer) => {
    if (consumer.pel.size > 0) consumers.push([name, `${consumer.pel.size}`])
  })
  return [pel.size, formatId(first.id), formatId(last.id), consumers]
}

/** Made when the first entry is claimed for it. */
function consumerOf(c: CommandContext, key: Bytes, group: ConsumerGroup, name: Bytes): Consumer {
  return seenConsumer(c, group, name) ?? createConsumer(c, key, group, own(name))!
}
/** Hand a pending entry over. */
function reassign(nack: Nack, key: Bytes, consumer: Consumer): void {
  if (nack.consumer === consumer) return
  nack.consumer?.pel.delete(key)
  consumer.pel.set(key, nack)
  nack.consumer = consumer
}

interface ClaimArgs {
  readonly ids: StreamId[]
  readonly force: boolean
  readonly justId: boolean
  readonly deliveryTime: Int64
  readonly retryCount: Int64
  readonly lastId: StreamId
}
function parseClaim(c: CommandContext, argv: readonly Bytes[]): ClaimArgs {
  const ids: StreamId[] = []
  let j = 5
  for (; j < argv.length; j++) {
    const parsed = parseId(argv[j]!, 0, true)
    if (parsed === null) break
    ids.push(parsed.id)
  }
  let force = false
  let justId = false
  let deliveryTime: Int64 = -1
  let retryCount: Int64 = -1
  let lastId = MIN_ID
  for (; j < argv.length; j++) {
    const option = word(argv[j])
    const more = j + 1 < argv.length
    if (option === 'force') force = true
    else if (option === 'justid') justId = true
    else if (option === 'idle' && more)
      deliveryTime = elapsed(c.nowMs, parseIntArg(argv[++j], 'ERR Invalid IDLE option argument for XCLAIM'))
    else if (option === 'time' && more)
      deliveryTime = parseIntArg(argv[++j], 'ERR Invalid TIME option argument for XCLAIM')
    else if (option === 'retrycount' && more)
      retryCount = parseIntArg(argv[++j], 'ERR Invalid RETRYCOUNT option argument for XCLAIM')
    else if (option === 'lastid' && more) lastId = strictId(argv[++j]!)
    else fail(`ERR Unrecognized XCLAIM option '${cString(argv[j]!)}'`)
  }
  if (deliveryTime < 0 || deliveryTime > c.nowMs) deliveryTime = c.nowMs
  return { ids, force, justId, deliveryTime, retryCount, lastId }
}

/** XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id] */
const xclaim: Handler = (c, argv) => {
  const key = argv[1]!
  const groupName = argv[2]!
  const o = c.lookupReadOf(key, 'stream')
  const s = o === undefined ? undefined : streamOf(o)
  const group = s === undefined ? undefined : lookupGroup(s, groupName)
  if (s === undefined || group === undefined) return noGroup(key, groupName)
  const minIdle = positive(parseIntArg(argv[4], 'ERR Invalid min-idle-time argument for XCLAIM'))
  const args = parseClaim(c, argv)
  c.db.touchForWrite(key)
  c.preventPropagation()
  let moved = false
  if (compareIds(args.lastId, group.lastId) > 0) {
    group.lastId = args.lastId
    moved = true
  }
  let consumer: Consumer | null = null
  const out: Reply[] = []
  for (const [i, id] of args.ids.entries()) {
    const at = encodeId(id)
    let nack = group.pel.get(at)
    if (!s.has(id)) {
      if (nack === undefined) continue
      propagateClaim(c, key, groupName, group, argv[5 + i]!, nack)
      moved = false
      c.dirty()
      group.acknowledge(at, nack)
      continue
    }
    if (nack === undefined && args.force) {
      nack = new Nack(id, null, c.nowMs)
      group.pel.set(at, nack)
    }
    if (nack === undefined) continue
    if (nack.consumer !== null && minIdle !== 0 && elapsed(c.nowMs, nack.deliveryTime) < minIdle) continue
    consumer ??= consumerOf(c, key, group, argv[3]!)
    nack.deliveryTime = args.deliveryTime
    if (args.retryCount >= 0) nack.deliveryCount = args.retryCount
    else if (!args.justId) nack.deliveredAgain()
    reassign(nack, at, consumer)
    out.push(claimed(s, id, args.justId))
    propagateClaim(c, key, groupName, group, argv[5 + i]!, nack)
    moved = false
    c.dirty()
  }
  if (moved) {
    propagateGroupId(c, key, groupName, group)
    c.dirty()
  }
  return out
}
const claimed = (s: Stream, id: StreamId, justId: boolean): Reply =>
  justId ? formatId(id) : (rangeReply(s, id, id, 1)[0] ?? null)

/** At most this many pending entries are looked at for each one wanted. */
const ATTEMPTS_FACTOR = 10
/** LONG_MAX / 16: what one more factor would overflow. */
const MAX_COUNT = 576460752303423487n
const TOO_FEW = 'ERR COUNT must be > 0'
/** Room for the IDs of deleted entries is taken first; so much no allocator gives. */
const MAX_TRANSIENT = 2 ** 32

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID] */
const xautoclaim: Handler = (c, argv) => {
  const key = argv[1]!
  const groupName = argv[2]!
  const o = c.lookupRead(key)
  const minIdle = positive(parseIntArg(argv[4], 'ERR Invalid min-idle-time argument for XAUTOCLAIM'))
  const start = intervalStart(argv[5]!)
  let count = 100
  let justId = false
  for (let j = 6; j < argv.length; j++) {
    if (equalsIgnoreCase(argv[j], 'count') && j + 1 < argv.length) {
      const n = parseIntArg(argv[++j], TOO_FEW)
      if (n < 1 || n > MAX_COUNT) fail(TOO_FEW)
      count = Number(n)
    } else if (equalsIgnoreCase(argv[j], 'justid')) justId = true
    else syntaxError()
  }
  if (o !== undefined && o.type !== 'stream') fail(WRONGTYPE)
  const s = o === undefined ? undefined : streamOf(o)
  const group = s === undefined ? undefined : lookupGroup(s, groupName)
  if (s === undefined || group === undefined) return noGroup(key, groupName)
  if (count > MAX_TRANSIENT) fail('ERR Insufficient memory, failed allocating transient memory, COUNT too high.')
  c.db.touchForWrite(key)
  c.preventPropagation()
  let consumer: Consumer | null = null
  const claims: Reply[] = []
  const gone: Reply[] = []
  let attempts = count * ATTEMPTS_FACTOR
  let at = encodeId(start)
  const it = group.pel.iterator()
  it.seek('>=', at)
  while (attempts-- > 0 && count > 0 && it.next()) {
    at = it.key
    const nack = it.value
    const id = formatId(nack.id)
    if (!s.has(nack.id)) {
      propagateClaim(c, key, groupName, group, id, nack)
      c.dirty()
      group.acknowledge(at, nack)
      gone.push(id)
      it.seek('>=', at)
      count--
      continue
    }
    if (minIdle !== 0 && elapsed(c.nowMs, nack.deliveryTime) < minIdle) continue
    consumer ??= consumerOf(c, key, group, argv[3]!)
    nack.deliveryTime = c.nowMs
    if (!justId) nack.deliveredAgain()
    reassign(nack, at, consumer)
    claims.push(claimed(s, nack.id, justId))
    count--
    propagateClaim(c, key, groupName, group, id, nack)
    c.dirty()
  }
  c.work((claims.length + gone.length) * 5)
  const cursor = it.next() ? formatId(decodeId(it.key)) : '0-0'
  return [cursor, claims, gone]
}

export const pendingCommands: readonly CommandImpl[] = [
  { name: 'xpending', handler: xpending },
  { name: 'xclaim', handler: xclaim },
  { name: 'xautoclaim', handler: xautoclaim },
]
