/**
 * Streams in the RDB.
 *
 *   blocks: n { ID of the block (16 bytes), listpack }*
 *   length, last ID, [first ID, greatest deleted ID, entries added]
 *   groups: n { name, last ID, [entries read], pending: n { ID, time, count }*,
 *               consumers: n { name, seen, pending: n { ID }* }* }*
 *
 * Type 15 is without what stands in brackets, type 19 (7.0) has it.
 */
import { type Bytes, own, toUint8 } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { Obj } from '../objects/object.ts'
import { Consumer, type ConsumerGroup, createGroup, distanceFromFirstEverEntry, Nack } from '../objects/stream-group.ts'
import {
  asSigned,
  asUnsigned,
  decodeId,
  encodeId,
  MIN_ID,
  type StreamId,
  type U64,
  U64_MAX,
} from '../objects/stream-id.ts'
import { validStreamListpack } from '../objects/stream-listpack.ts'
import { Stream, StreamNode } from '../objects/stream.ts'
import { Listpack } from '../structures/listpack.ts'
import type { RdbReader } from './rdb-decode.ts'
import { EOF_ERROR, RDB_TYPE_STREAM_LISTPACKS, RdbError } from './rdb-format.ts'

interface Writer {
  length(n: number): Bytes
  string(s: Bytes): Bytes
  le64(n: number | bigint): Bytes
}

/** A length of 64 bits: what does not fit 32 stands whole, big end first. */
function encodeU64(w: Writer, n: Int64): Bytes {
  const v = asUnsigned(n)
  if (v <= 0xffffffff) return w.length(v as number)
  return `\x81${encodeId({ ms: v, seq: 0 }).slice(0, 8)}`
}

export function encodeStream(s: Stream, w: Writer): Bytes {
  const parts: Bytes[] = [w.length(s.rax.size)]
  const u64 = (n: Int64): void => void parts.push(encodeU64(w, n))
  const id = (i: StreamId): void => {
    u64(i.ms)
    u64(i.seq)
  }
  s.rax.forEach((key, node) => void parts.push(w.string(key), w.string(node.lp.toBytes())))
  // A count that came from outside may be all ones.
  u64(s.length >= 2 ** 64 ? U64_MAX : s.length)
  id(s.lastId)
  id(s.firstId)
  id(s.maxDeletedId)
  u64(s.entriesAdded)
  u64(s.groups?.size ?? 0)
  s.groups?.forEach((name, group) => {
    parts.push(w.string(name))
    id(group.lastId)
    u64(group.entriesRead)
    u64(group.pel.size)
    group.pel.forEach((key, nack) => {
      parts.push(key, w.le64(nack.deliveryTime))
      u64(nack.deliveryCount)
    })
    u64(group.consumers.size)
    group.consumers.forEach((consumerName, consumer) => {
      parts.push(w.string(consumerName), w.le64(consumer.seenTime))
      u64(consumer.pel.size)
      consumer.pel.forEach((key) => void parts.push(key))
    })
  })
  return parts.join('')
}

/** How many of something follow. */
function readCount(r: RdbReader): U64 {
  return r.length64() ?? fail('Unknown length encoding in rdbLoadLen()')
}
/** A value of 64 bits: Redis does not look whether its encoding exists. */
const readU64 = (r: RdbReader): U64 => r.length64() ?? U64_MAX
const readId = (r: RdbReader): StreamId => {
  const ms = readU64(r)
  return { ms, seq: readU64(r) }
}
/** What the bytes end in: Redis names it. */
function part<T>(text: string, read: () => T): T {
  try {
    return read()
  } catch (e) {
    throw e instanceof RdbError && e.message === EOF_ERROR ? new RdbError(text) : e
  }
}
function fail(text: string): never {
  throw new RdbError(text)
}
const readTime = (r: RdbReader): Int64 => {
  const b = r.take(8)
  return asSigned(decodeId([...b].reverse().join('').padEnd(16, '\0')).ms)
}

export function decodeStream(type: number, r: RdbReader): Obj {
  const s = new Stream()
  const old = type === RDB_TYPE_STREAM_LISTPACKS
  for (let n = part('Stream listpacks len loading failed.', () => readCount(r)); n > 0; n = minusOne(n)) readBlock(s, r)
  part('Stream object metadata loading failed.', () => readMetadata(s, r, old))
  if (s.length > 0 && s.rax.size === 0) throw new RdbError('Stream length inconsistent with rax entries')
  for (let n = part('Stream cgroup count loading failed.', () => readCount(r)); n > 0; n = minusOne(n))
    readGroup(s, r, old)
  return new Obj('stream', 'stream', s)
}
function readMetadata(s: Stream, r: RdbReader, old: boolean): void {
  const length = readU64(r)
  s.lastId = readId(r)
  s.length = Number(length)
  if (old) {
    s.entriesAdded = asSigned(length)
    s.firstId = s.length > 0 && s.rax.size > 0 ? s.edgeId(true) : MIN_ID
  } else {
    s.firstId = readId(r)
    s.maxDeletedId = readId(r)
    s.entriesAdded = asSigned(readU64(r))
  }
}
const minusOne = (n: U64): U64 => (typeof n === 'number' ? n - 1 : n - 1n)

function readBlock(s: Stream, r: RdbReader): void {
  const key = own(part('Stream master ID loading failed: invalid encoding or I/O error.', () => r.string()))
  if (key.length !== 16) throw new RdbError('Stream node key entry is not the size of a stream ID')
  const u8 = toUint8(part('Stream listpacks loading failed.', () => r.string()))
  if (!validStreamListpack(u8))
    throw new RdbError('Stream listpack integrity check failed.', Listpack.validate(u8, false))
  const lp = Listpack.fromBytes(u8)
  if (lp.first() < 0) throw new RdbError('Empty listpack inside stream')
  if (!s.rax.tryInsert(key, new StreamNode(decodeId(key), lp)))
    throw new RdbError('Listpack re-added with existing key')
}

function readGroup(s: Stream, r: RdbReader, old: boolean): void {
  const name = own(part('Error reading the consumer group name from Stream', () => r.string()))
  const lastId = part('Stream cgroup ID loading failed.', () => readId(r))
  const entriesRead = old
    ? distanceFromFirstEverEntry(s, lastId)
    : part('Stream cgroup offset loading failed.', () => asSigned(readU64(r)))
  const group = createGroup(s, name, lastId, entriesRead)
  if (group === undefined) throw new RdbError(`Duplicated consumer group name ${name}`)
  for (let n = part('Stream PEL size loading failed.', () => readCount(r)); n > 0; n = minusOne(n)) {
    const key = own(part('Stream PEL ID loading failed.', () => r.take(16)))
    const nack = part('Stream PEL NACK loading failed.', () => {
      const read = new Nack(decodeId(key), null, readTime(r))
      read.deliveryCount = readU64(r)
      return read
    })
    if (!group.pel.tryInsert(key, nack)) throw new RdbError('Duplicated global PEL entry loading stream consumer group')
  }
  for (let n = part('Stream consumers num loading failed.', () => readCount(r)); n > 0; n = minusOne(n))
    readConsumer(group, r)
  for (const nack of group.pel.values())
    if (nack.consumer === null) throw new RdbError('NACK without consumer in stream group PEL', true)
}
function readConsumer(group: ConsumerGroup, r: RdbReader): void {
  const name = own(part('Error reading the consumer name from Stream group.', () => r.string()))
  const consumer = new Consumer(name, 0)
  if (!group.consumers.tryInsert(name, consumer)) throw new RdbError('Duplicate stream consumer detected')
  consumer.seenTime = part('Stream short read reading seen time.', () => readTime(r))
  for (let n = part('Stream consumer PEL num loading failed.', () => readCount(r)); n > 0; n = minusOne(n)) {
    const key = own(part('Stream short read reading PEL streamID.', () => r.take(16)))
    const nack = group.pel.get(key)
    if (nack === undefined) throw new RdbError('Consumer entry not found in group global PEL')
    if (nack.consumer !== null) throw new RdbError('Stream consumer PEL entry already has a consumer assigned')
    nack.consumer = consumer
    if (!consumer.pel.tryInsert(key, nack))
      throw new RdbError('Duplicated consumer PEL entry  loading a stream consumer group')
  }
}
