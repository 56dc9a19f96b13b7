/**
 * Consumer groups. A group remembers how far it has read (`lastId`) and which entries were handed out but not yet
 * acknowledged: the pending entries list, once for the group and once for each consumer, sharing their records.
 *
 *   group.pel                  1-0 ─▶ {consumer: alice, delivered: t, times: 1} ◀─ 1-0   alice.pel
 *                              2-0 ─▶ {consumer: bob, ...}                      ◀─ 2-0   bob.pel
 *
 * Invariant: every record is in the group's list and in exactly one consumer's.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { addInt64, type Int64, normalizeInt } from '../bytes/numbers.ts'
import { Rax } from '../structures/rax.ts'
import type { Stream } from './stream.ts'
import { compareIds, isZeroId, MAX_ID, MIN_ID, type StreamId } from './stream-id.ts'

/** SCG_INVALID_ENTRIES_READ */
export const UNKNOWN = -1

/** streamNACK: an entry that was delivered and not acknowledged. */
export class Nack {
  readonly id: StreamId
  deliveryTime: Int64
  deliveryCount: Int64 = 1
  consumer: Consumer | null
  constructor(id: StreamId, consumer: Consumer | null, nowMs: Int64) {
    this.id = id
    this.consumer = consumer
    this.deliveryTime = nowMs
  }
  deliveredAgain(): void {
    this.deliveryCount =
      addInt64(this.deliveryCount, 1) ?? normalizeInt(BigInt.asIntN(64, BigInt(this.deliveryCount) + 1n))
  }
}
export class Consumer {
  readonly name: Bytes
  seenTime: Int64
  readonly pel = new Rax<Nack>()
  constructor(name: Bytes, nowMs: Int64) {
    this.name = name
    this.seenTime = nowMs
  }
}
export class ConsumerGroup {
  lastId: StreamId
  /** How many entries the group has read of all that were ever added; UNKNOWN when that can't be told. */
  entriesRead: Int64
  readonly pel = new Rax<Nack>()
  readonly consumers = new Rax<Consumer>()
  constructor(lastId: StreamId, entriesRead: Int64) {
    this.lastId = lastId
    this.entriesRead = entriesRead
  }
  /** Without its entries being acknowledged: they are gone from the group as well. */
  deleteConsumer(consumer: Consumer): void {
    for (const key of consumer.pel.keys()) this.pel.delete(key)
    this.consumers.delete(consumer.name)
  }
  acknowledge(key: Bytes, nack: Nack): void {
    this.pel.delete(key)
    nack.consumer?.pel.delete(key)
  }
}

/** Milliseconds between two times that may be any 64-bit number. */
export function elapsed(nowMs: number, since: Int64): Int64 {
  if (typeof since === 'number') return nowMs - since
  return normalizeInt(BigInt.asIntN(64, BigInt(nowMs) - since))
}

/** Does an ID that XDEL removed lie in the range? */
export function rangeHasTombstones(s: Stream, start: StreamId | null, end: StreamId | null): boolean {
  const dead = s.maxDeletedId
  // A deletion before the first live entry leaves no gap.
  if (s.length === 0 || isZeroId(dead) || compareIds(s.firstId, dead) > 0) return false
  return compareIds(start ?? MIN_ID, dead) <= 0 && compareIds(dead, end ?? MAX_ID) <= 0
}

/** streamEstimateDistanceFromFirstEverEntry: how many were added up to this ID, when that can be told. */
export function distanceFromFirstEverEntry(s: Stream, id: StreamId): Int64 {
  if (s.entriesAdded === 0) return 0
  if (s.length === 0 && compareIds(id, s.lastId) < 1) return s.entriesAdded
  const toLast = compareIds(id, s.lastId)
  if (toLast === 0) return s.entriesAdded
  if (toLast > 0) return UNKNOWN
  if (isZeroId(s.maxDeletedId) || compareIds(s.maxDeletedId, s.firstId) < 0) {
    const toFirst = compareIds(id, s.firstId)
    if (toFirst < 0) return minus(s.entriesAdded, s.length)
    if (toFirst === 0) return minus(s.entriesAdded, s.length - 1)
  }
  return UNKNOWN
}
const minus = (a: Int64, b: Int64): Int64 =>
  typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a - b)
    ? a - b
    : normalizeInt(BigInt.asIntN(64, BigInt(a) - BigInt(b)))

/** How many entries the group has still to read; null when that can't be told. */
export function groupLag(s: Stream, group: ConsumerGroup): Int64 | null {
  if (s.entriesAdded === 0) return 0
  if (group.entriesRead !== UNKNOWN && !rangeHasTombstones(s, group.lastId, null))
    return minus(s.entriesAdded, group.entriesRead)
  const read = distanceFromFirstEverEntry(s, group.lastId)
  return read === UNKNOWN ? null : minus(s.entriesAdded, read)
}

export function lookupGroup(s: Stream, name: Bytes): ConsumerGroup | undefined {
  return s.groups?.get(name)
}
/** Undefined when the name is taken. */
export function createGroup(s: Stream, name: Bytes, lastId: StreamId, entriesRead: Int64): ConsumerGroup | undefined {
  s.groups ??= new Rax<ConsumerGroup>()
  const group = new ConsumerGroup(lastId, entriesRead)
  return s.groups.tryInsert(name, group) ? group : undefined
}
