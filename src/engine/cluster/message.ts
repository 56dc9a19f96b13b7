/**
 * A packet of the cluster bus: bytes ◀▶ value. All numbers are big endian, but for a module's id.
 *
 *      0  "RCmb"     4  total length   8  version 1   10  port      12  type      14  gossip entries
 *     16  currentEpoch                24  configEpoch               32  replication offset
 *     40  sender's name (40)          80  slots (2048)            2128  its master's name (40) or zeros
 *   2168  announced ip (46)         2214  extensions   2246  pport   2248  cport   2250  flags
 *   2252  state: 1 fail             2253  mflags (3)   2256  the body, by type:
 *
 *     ping, pong, meet   entries of 104 bytes: name, ping sent, pong received (s), ip, port, cport, flags, pport;
 *                        then extensions: length (a multiple of 8), type, data
 *     fail               a name          publish   two lengths, channel, message
 *     update             configEpoch, name, slots
 *
 * A packet whose length is not what its contents say is dropped, with the words that Redis logs.
 *
 * (redis 7.0: clusterMsg, cluster.h)
 */
import { type Bytes, fromUint8, own, writeBytes } from '../bytes/bytes.ts'
import { MESSAGE_TYPES } from './cluster.ts'
import { NAME_LENGTH, SLOT_BYTES } from './node.ts'

export const MSG_PING = 0
export const MSG_PONG = 1
export const MSG_MEET = 2
export const MSG_FAIL = 3
export const MSG_PUBLISH = 4
export const MSG_FAILOVER_AUTH_REQUEST = 5
export const MSG_FAILOVER_AUTH_ACK = 6
export const MSG_UPDATE = 7
export const MSG_MFSTART = 8
export const MSG_MODULE = 9
export const MSG_PUBLISHSHARD = 10

/** Bits of `mflags`' first byte. */
export const MSGFLAG0_PAUSED = 1
export const MSGFLAG0_FORCEACK = 2
export const MSGFLAG0_EXT_DATA = 4

export interface GossipEntry {
  readonly name: Bytes
  /** Seconds. */
  readonly pingSent: number
  readonly pongReceived: number
  readonly ip: Bytes
  readonly port: number
  readonly cport: number
  readonly flags: number
  readonly pport: number
}
export interface PingExtension {
  /** 0: hostname. */
  readonly type: number
  readonly data: Bytes
}
export type MessageBody =
  | { readonly kind: 'ping'; readonly gossip: readonly GossipEntry[]; readonly extensions: readonly PingExtension[] }
  | { readonly kind: 'fail'; readonly name: Bytes }
  | { readonly kind: 'publish'; readonly channel: Bytes; readonly message: Bytes }
  | { readonly kind: 'update'; readonly configEpoch: number; readonly name: Bytes; readonly slots: Uint8Array }
  | { readonly kind: 'module'; readonly id: Bytes; readonly moduleType: number; readonly data: Bytes }
  | { readonly kind: 'none' }
export interface ClusterMessage {
  readonly type: number
  readonly port: number
  currentEpoch: number
  configEpoch: number
  /** Replication offset: the master's when it is one, else what the replica processed. */
  offset: number
  readonly sender: Bytes
  slots: Uint8Array
  /** '' for a master. */
  readonly slaveof: Bytes
  /** '' unless `cluster-announce-ip` is set. */
  readonly ip: Bytes
  readonly pport: number
  readonly cport: number
  readonly flags: number
  /** 0 ok, 1 fail (of the cluster, as the sender sees it). */
  readonly state: number
  /** First byte of mflags. */
  mflags: number
  body: MessageBody
}

const SIGNATURE = 'RCmb'
const PROTO_VERSION = 1
/** Of a packet without its body. */
export const HEADER_LENGTH = 2256
const GOSSIP_LENGTH = 104
const IP_LENGTH = 46
/** Of an extension without its data. */
const EXT_HEADER = 8
export const EXT_HOSTNAME = 0

const AT_PORT = 10
const AT_TYPE = 12
const AT_COUNT = 14
const AT_CURRENT_EPOCH = 16
const AT_CONFIG_EPOCH = 24
const AT_OFFSET = 32
const AT_SENDER = 40
const AT_SLOTS = 80
const AT_SLAVEOF = 2128
const AT_IP = 2168
const AT_EXTENSIONS = 2214
const AT_PPORT = 2246
const AT_CPORT = 2248
const AT_FLAGS = 2250
const AT_STATE = 2252
const AT_MFLAGS = 2253

const TWO_32 = 0x100000000

/** clusterGetMessageTypeString */
export const messageTypeName = (type: number): string => MESSAGE_TYPES[type] ?? 'unknown'
export const isPing = (type: number): boolean => type === MSG_PING || type === MSG_PONG || type === MSG_MEET

// ---- Writing

const padded = (n: number): number => (n + 7) & ~7

function bodyLength(body: MessageBody): number {
  switch (body.kind) {
    case 'ping': {
      let n = body.gossip.length * GOSSIP_LENGTH
      for (const e of body.extensions) n += EXT_HEADER + padded(e.data.length)
      return n
    }
    case 'fail':
      return NAME_LENGTH
    case 'publish':
      return 8 + body.channel.length + body.message.length
    case 'update':
      return 8 + NAME_LENGTH + SLOT_BYTES
    case 'module':
      return 13 + body.data.length
    case 'none':
      return 0
  }
}
function setUint64(view: DataView, at: number, n: number): void {
  view.setUint32(at, Math.floor(n / TWO_32))
  view.setUint32(at + 4, n % TWO_32)
}
function writeGossip(u8: Uint8Array, view: DataView, at: number, g: GossipEntry): void {
  writeBytes(u8, at, g.name)
  view.setUint32(at + 40, g.pingSent)
  view.setUint32(at + 44, g.pongReceived)
  writeBytes(u8, at + 48, g.ip.slice(0, IP_LENGTH - 1))
  view.setUint16(at + 94, g.port)
  view.setUint16(at + 96, g.cport)
  view.setUint16(at + 98, g.flags)
  view.setUint16(at + 100, g.pport)
}
function writeBody(u8: Uint8Array, view: DataView, body: MessageBody): void {
  let at = HEADER_LENGTH
  switch (body.kind) {
    case 'ping':
      for (const g of body.gossip) {
        writeGossip(u8, view, at, g)
        at += GOSSIP_LENGTH
      }
      for (const e of body.extensions) {
        const length = EXT_HEADER + padded(e.data.length)
        view.setUint32(at, length)
        view.setUint16(at + 4, e.type)
        writeBytes(u8, at + EXT_HEADER, e.data)
        at += length
      }
      break
    case 'fail':
      writeBytes(u8, at, body.name)
      break
    case 'publish':
      view.setUint32(at, body.channel.length)
      view.setUint32(at + 4, body.message.length)
      writeBytes(u8, at + 8, body.channel)
      writeBytes(u8, at + 8 + body.channel.length, body.message)
      break
    case 'update':
      setUint64(view, at, body.configEpoch)
      writeBytes(u8, at + 8, body.name)
      u8.set(body.slots, at + 8 + NAME_LENGTH)
      break
    case 'module':
      writeBytes(u8, at, body.id)
      view.setUint32(at + 8, body.data.length)
      view.setUint8(at + 12, body.moduleType)
      writeBytes(u8, at + 13, body.data)
      break
    case 'none':
  }
}
export function encodeMessage(m: ClusterMessage): Bytes {
  const length = HEADER_LENGTH + bodyLength(m.body)
  const u8 = new Uint8Array(length)
  const view = new DataView(u8.buffer)
  const { body } = m
  writeBytes(u8, 0, SIGNATURE)
  view.setUint32(4, length)
  view.setUint16(8, PROTO_VERSION)
  view.setUint16(AT_PORT, m.port)
  view.setUint16(AT_TYPE, m.type)
  view.setUint16(AT_COUNT, body.kind === 'ping' ? body.gossip.length : 0)
  setUint64(view, AT_CURRENT_EPOCH, m.currentEpoch)
  setUint64(view, AT_CONFIG_EPOCH, m.configEpoch)
  setUint64(view, AT_OFFSET, m.offset)
  writeBytes(u8, AT_SENDER, m.sender)
  u8.set(m.slots, AT_SLOTS)
  writeBytes(u8, AT_SLAVEOF, m.slaveof)
  writeBytes(u8, AT_IP, m.ip.slice(0, IP_LENGTH - 1))
  view.setUint16(AT_EXTENSIONS, body.kind === 'ping' ? body.extensions.length : 0)
  view.setUint16(AT_PPORT, m.pport)
  view.setUint16(AT_CPORT, m.cport)
  view.setUint16(AT_FLAGS, m.flags)
  view.setUint8(AT_STATE, m.state)
  view.setUint8(AT_MFLAGS, m.mflags)
  writeBody(u8, view, body)
  return fromUint8(u8)
}

// ---- Reading

const byteAt = (b: Bytes, at: number): number => (at < b.length ? b.charCodeAt(at) : 0)
const uint16 = (b: Bytes, at: number): number => (byteAt(b, at) << 8) | byteAt(b, at + 1)
const uint32 = (b: Bytes, at: number): number => uint16(b, at) * 65536 + uint16(b, at + 2)
const uint64 = (b: Bytes, at: number): number => uint32(b, at) * TWO_32 + uint32(b, at + 4)
/** A C string in a field. */
function text(b: Bytes, at: number, length: number): Bytes {
  const field = b.slice(at, at + length)
  const end = field.indexOf('\0')
  return own(end < 0 ? field : field.slice(0, end))
}
function bits(b: Bytes, at: number): Uint8Array {
  const out = new Uint8Array(SLOT_BYTES)
  writeBytes(out, 0, b.slice(at, at + SLOT_BYTES))
  return out
}
const NO_NAME = '\0'.repeat(NAME_LENGTH)

/** Of the packet that begins here (totlen), 0 while not known, -1 when it can't be a packet. */
export function messageLength(b: Bytes): number {
  if (b.length < 8) return 0
  const length = uint32(b, 4)
  return !b.startsWith(SIGNATURE) || length < HEADER_LENGTH ? -1 : length
}
export const messageType = (b: Bytes): number => uint16(b, AT_TYPE)

/** The length that the contents ask for, or what is logged of the extensions. */
function expectedLength(b: Bytes, type: number, length: number): number | string {
  switch (type) {
    case MSG_PING:
    case MSG_PONG:
    case MSG_MEET: {
      const name = messageTypeName(type)
      const count = uint16(b, AT_COUNT)
      let expected = HEADER_LENGTH + GOSSIP_LENGTH * count
      if (expected > length)
        return `Received invalid ${name} packet with gossip count ${count} that exceeds total packet length (${length})`
      if ((byteAt(b, AT_MFLAGS) & MSGFLAG0_EXT_DATA) === 0) return expected
      const tooLong = `Received invalid ${name} packet with extension data that exceeds total packet length (${length})`
      for (let i = uint16(b, AT_EXTENSIONS); i > 0; i--) {
        if (length - expected < EXT_HEADER) return tooLong
        // Sixteen bits of it are looked at.
        const n = uint16(b, expected + 2)
        if (n % 8 !== 0 || n < EXT_HEADER) return `Received a ${name} packet without proper padding (${n} bytes)`
        if (length - expected < n) return tooLong
        expected += n
      }
      return expected
    }
    case MSG_FAIL:
      return HEADER_LENGTH + NAME_LENGTH
    case MSG_PUBLISH:
    case MSG_PUBLISHSHARD:
      return (HEADER_LENGTH + 8 + uint32(b, HEADER_LENGTH) + uint32(b, HEADER_LENGTH + 4)) % TWO_32
    case MSG_FAILOVER_AUTH_REQUEST:
    case MSG_FAILOVER_AUTH_ACK:
    case MSG_MFSTART:
      return HEADER_LENGTH
    case MSG_UPDATE:
      return HEADER_LENGTH + 8 + NAME_LENGTH + SLOT_BYTES
    case MSG_MODULE:
      return (HEADER_LENGTH + 13 + uint32(b, HEADER_LENGTH + 8)) % TWO_32
    default:
      return length
  }
}
function readPing(b: Bytes): MessageBody {
  const gossip: GossipEntry[] = []
  let at = HEADER_LENGTH
  for (let i = uint16(b, AT_COUNT); i > 0; i--) {
    gossip.push({
      name: own(b.slice(at, at + NAME_LENGTH)),
      pingSent: uint32(b, at + 40),
      pongReceived: uint32(b, at + 44),
      ip: text(b, at + 48, IP_LENGTH),
      port: uint16(b, at + 94),
      cport: uint16(b, at + 96),
      flags: uint16(b, at + 98),
      pport: uint16(b, at + 100),
    })
    at += GOSSIP_LENGTH
  }
  const extensions: PingExtension[] = []
  if ((byteAt(b, AT_MFLAGS) & MSGFLAG0_EXT_DATA) !== 0)
    for (let i = uint16(b, AT_EXTENSIONS); i > 0 && at + EXT_HEADER <= b.length; i--) {
      const length = uint16(b, at + 2)
      extensions.push({ type: uint16(b, at + 4), data: own(b.slice(at + EXT_HEADER, at + length)) })
      at += length
    }
  return { kind: 'ping', gossip, extensions }
}
function readBody(b: Bytes, type: number): MessageBody {
  const at = HEADER_LENGTH
  switch (type) {
    case MSG_PING:
    case MSG_PONG:
    case MSG_MEET:
      return readPing(b)
    case MSG_FAIL:
      return { kind: 'fail', name: own(b.slice(at, at + NAME_LENGTH)) }
    case MSG_PUBLISH:
    case MSG_PUBLISHSHARD: {
      const middle = at + 8 + uint32(b, at)
      return { kind: 'publish', channel: own(b.slice(at + 8, middle)), message: own(b.slice(middle)) }
    }
    case MSG_UPDATE: {
      const name = own(b.slice(at + 8, at + 8 + NAME_LENGTH))
      return { kind: 'update', configEpoch: uint64(b, at), name, slots: bits(b, at + 8 + NAME_LENGTH) }
    }
    case MSG_MODULE:
      return {
        kind: 'module',
        id: own(b.slice(at, at + 8)),
        moduleType: byteAt(b, at + 12),
        data: own(b.slice(at + 13)),
      }
    default:
      return { kind: 'none' }
  }
}
/** Null: Redis drops it, and says why when it says anything. */
export function decodeMessage(b: Bytes, warn: (text: string) => void = () => {}): ClusterMessage | null {
  const length = uint32(b, 4)
  const type = uint16(b, AT_TYPE)
  if (length < 16 || length > b.length || uint16(b, 8) !== PROTO_VERSION) return null
  const expected = expectedLength(b, type, length)
  if (typeof expected === 'string') {
    warn(expected)
    return null
  }
  if (expected !== length) {
    warn(`Received invalid ${messageTypeName(type)} packet of length ${length} but expected length ${expected}`)
    return null
  }
  const slaveof = b.slice(AT_SLAVEOF, AT_SLAVEOF + NAME_LENGTH)
  return {
    type,
    port: uint16(b, AT_PORT),
    currentEpoch: uint64(b, AT_CURRENT_EPOCH),
    configEpoch: uint64(b, AT_CONFIG_EPOCH),
    offset: uint64(b, AT_OFFSET),
    sender: own(b.slice(AT_SENDER, AT_SENDER + NAME_LENGTH)),
    slots: bits(b, AT_SLOTS),
    slaveof: slaveof === NO_NAME ? '' : own(slaveof),
    ip: text(b, AT_IP, IP_LENGTH - 1),
    pport: uint16(b, AT_PPORT),
    cport: uint16(b, AT_CPORT),
    flags: uint16(b, AT_FLAGS),
    state: byteAt(b, AT_STATE),
    mflags: byteAt(b, AT_MFLAGS),
    body: readBody(b, type),
  }
}
