/** The cluster bus's packets: bytes ◀▶ values. (redis 7.0: clusterMsg, cluster.h) */
import type { Bytes } from '../bytes/bytes.ts'

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

export function encodeMessage(_m: ClusterMessage): Bytes {
  return ''
}
/** Null: Redis drops it. */
export function decodeMessage(_b: Bytes): ClusterMessage | null {
  return null
}
/** Of the packet that begins here (totlen), 0 while not known, -1 when it can't be a packet. */
export function messageLength(_b: Bytes): number {
  return 0
}
