/**
 * What one node of a cluster knows of another: its name, where it is, what it serves, when it was last heard.
 *
 *   name ── 40 hex digits, drawn at first start, kept in nodes.conf, the node's identity wherever it moves
 *   flags ─ myself · master | slave · fail? · fail · handshake · noaddr · nofailover
 *   slots ─ 16384 bits, as each ping carries them
 *
 * (redis 7.0: clusterNode, cluster.h)
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { ClusterLink } from './link.ts'

export const CLUSTER_SLOTS = 16384
/** Bytes of a slot bitmap. */
export const SLOT_BYTES = CLUSTER_SLOTS / 8
export const NAME_LENGTH = 40
/** cport is port + this, unless `cluster-port` says otherwise. */
export const BUS_PORT_INCREMENT = 10000

/** Bits of `ClusterNode.flags`, as they stand in a packet. */
export const NODE_MASTER = 1
export const NODE_SLAVE = 2
/** Failing? Needs acknowledgement by a majority. */
export const NODE_PFAIL = 4
export const NODE_FAIL = 8
export const NODE_MYSELF = 16
/** The first ping is still to come: its name is not known. */
export const NODE_HANDSHAKE = 32
export const NODE_NOADDR = 64
/** Send it a MEET. */
export const NODE_MEET = 128
/** A master that once had replicas: worth migrating a replica to. */
export const NODE_MIGRATE_TO = 256
export const NODE_NOFAILOVER = 512

export interface FailReport {
  readonly node: ClusterNode
  /** Time of the last report, ms. */
  timeMs: number
}

export class ClusterNode {
  /** 40 hex digits; random while in handshake. */
  name: Bytes
  flags: number
  readonly ctimeMs: number
  configEpoch = 0
  readonly slots = new Uint8Array(SLOT_BYTES)
  numslots = 0
  /** Replicas of this master. */
  slaves: ClusterNode[] = []
  /** The master of this replica; null also for a replica whose master is not known (yet). */
  slaveof: ClusterNode | null = null
  /** 0: no ping is waiting for its pong. All four in ms. */
  pingSentMs = 0
  pongReceivedMs = 0
  /** Anything at all heard. */
  dataReceivedMs = 0
  failTimeMs = 0
  /** When this node was last voted for as a replica's master. */
  votedTimeMs = 0
  replOffsetTimeMs = 0
  replOffset = 0
  /** When a master was left without working replicas (replica migration). */
  orphanedTimeMs = 0
  /** '' when not known. */
  ip: Bytes = ''
  hostname: Bytes = ''
  port = 0
  /** The plain port when `port` is TLS's: always 0 here. */
  pport = 0
  cport = 0
  /** Our connection to it. */
  link: ClusterLink | null = null
  /** Its connection to us. */
  inboundLink: ClusterLink | null = null
  failReports: FailReport[] = []

  constructor(name: Bytes, flags: number, nowMs: number) {
    this.name = name
    this.flags = flags
    this.ctimeMs = nowMs
  }

  get isMyself(): boolean {
    return (this.flags & NODE_MYSELF) !== 0
  }
  get isMaster(): boolean {
    return (this.flags & NODE_MASTER) !== 0
  }
  get isSlave(): boolean {
    return (this.flags & NODE_SLAVE) !== 0
  }
  get inHandshake(): boolean {
    return (this.flags & NODE_HANDSHAKE) !== 0
  }
  get hasAddr(): boolean {
    return (this.flags & NODE_NOADDR) === 0
  }
  get timedOut(): boolean {
    return (this.flags & NODE_PFAIL) !== 0
  }
  get failed(): boolean {
    return (this.flags & NODE_FAIL) !== 0
  }
  get cantFailover(): boolean {
    return (this.flags & NODE_NOFAILOVER) !== 0
  }
  hasSlot(slot: number): boolean {
    return ((this.slots[slot >>> 3] as number) & (1 << (slot & 7))) !== 0
  }
}
