/**
 * A node of a cluster: what it knows (this file is that state), and where each thing that it does stands.
 *
 *   bus.ts        listens on the bus port, keeps a link to every node, sends                   message.ts   bytes ◀▶ packet
 *   packets.ts    what a packet does here                                                      cron.ts      what is due
 *   gossip.ts     pings, gossip sections, handshakes                                           failure.ts   PFAIL ─▶ FAIL
 *   nodes.ts      the table of nodes, their names and addresses                                boot.ts      how it begins
 *   slots.ts      who owns what, claims and UPDATE                                             epochs.ts    collisions, bumps
 *   election.ts   a replica asks for votes; masters vote                                       manual.ts    CLUSTER FAILOVER
 *   orphans.ts    replicas move to masters that have none                                      health.ts    is the cluster ok?
 *   nodes-conf.ts nodes.conf, written and read                                                 routing.ts   MOVED, ASK, TRYAGAIN …
 *
 * Ten times a second `cron`; before the replies of each turn leave `beforeSleep` does what packets and commands asked for
 * (`todo`). Invariants: currentEpoch never decreases; a vote is on disk before the packet that gives it leaves; a slot has
 * at most one owner here; a node's own slots are what its bitmap says.
 *
 * (redis 7.0: clusterState, cluster.h)
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from '../server/server.ts'
import type { ClusterLink } from './link.ts'
import { NodesConf } from './nodes-conf.ts'
import { CLUSTER_SLOTS, ClusterNode, NODE_MASTER, NODE_MYSELF, SLOT_BYTES } from './node.ts'

/** What `beforeSleep` has to do. */
export const TODO_HANDLE_FAILOVER = 1
export const TODO_UPDATE_STATE = 2
export const TODO_SAVE_CONFIG = 4
export const TODO_FSYNC_CONFIG = 8
export const TODO_HANDLE_MANUALFAILOVER = 16

/** Why a replica does not stand for election, for the log (logged when it changes, else at most every 5 minutes). */
export const CANT_FAILOVER_NONE = 0
export const CANT_FAILOVER_DATA_AGE = 1
export const CANT_FAILOVER_WAITING_DELAY = 2
export const CANT_FAILOVER_EXPIRED = 3
export const CANT_FAILOVER_WAITING_VOTES = 4

/** Packet types, in the order of their numbers. */
export const MESSAGE_TYPES = [
  'ping',
  'pong',
  'meet',
  'fail',
  'publish',
  'auth-req',
  'auth-ack',
  'update',
  'mfstart',
  'module',
  'publishshard',
] as const

/** What is told to who watches this node (inspect/cluster-log.ts); nobody does on real hardware. Nodes by name. */
export type ClusterNotice =
  | {
      readonly kind: 'packet'
      readonly sent: boolean
      readonly bytes: Bytes
      readonly peer: Bytes
      readonly remote: Bytes
    }
  /** `by`: whose packet said so; '' when this node took it itself. */
  | { readonly kind: 'current epoch'; readonly epoch: number; readonly by: Bytes; readonly why: string }
  | {
      readonly kind: 'config epoch'
      readonly node: Bytes
      readonly epoch: number
      readonly by: Bytes
      readonly why: string
    }
  | { readonly kind: 'collision'; readonly other: Bytes; readonly epoch: number; readonly next: number }
  | { readonly kind: 'vote'; readonly candidate: Bytes; readonly epoch: number; readonly denied: string | null }
  | { readonly kind: 'vote counted'; readonly by: Bytes; readonly epoch: number; readonly votes: number }
  | { readonly kind: 'election'; readonly epoch: number; readonly won: boolean }
  | {
      readonly kind: 'claim'
      readonly node: Bytes
      readonly epoch: number
      readonly from: Bytes
      readonly slots: readonly number[]
      readonly why: string
    }
  /** `silentMs`: how long a PFAIL node had not answered. */
  | {
      readonly kind: 'flag'
      readonly node: Bytes
      readonly flag: 'PFAIL' | 'FAIL' | 'ok'
      readonly by: Bytes
      readonly silentMs?: number
    }
  /** A request for this slot is served here. */
  | { readonly kind: 'served'; readonly slot: number }
  | { readonly kind: 'report'; readonly node: Bytes; readonly by: Bytes }

export class Cluster {
  notice: ((what: ClusterNotice) => void) | null = null
  readonly server: Server
  /** This node. */
  myself: ClusterNode
  currentEpoch = 0
  state: 'ok' | 'fail' = 'fail'
  /** Masters with at least one slot: the electorate. */
  size = 1
  /** By name, this node too. */
  readonly nodes = new Map<Bytes, ClusterNode>()
  /** Names that CLUSTER FORGET keeps out, and until when (ms). */
  readonly blackList = new Map<Bytes, number>()
  readonly slots: (ClusterNode | null)[] = new Array<ClusterNode | null>(CLUSTER_SLOTS).fill(null)
  readonly migratingSlotsTo: (ClusterNode | null)[] = new Array<ClusterNode | null>(CLUSTER_SLOTS).fill(null)
  readonly importingSlotsFrom: (ClusterNode | null)[] = new Array<ClusterNode | null>(CLUSTER_SLOTS).fill(null)
  /** Slots that their owner's last packet did not claim, though nobody else has: its word is not passed on (a bitmap). */
  readonly ownerNotClaimingSlot = new Uint8Array(SLOT_BYTES)
  /** Accepted links whose node is not known yet, and all others: every open link, for CLUSTER INFO's and INFO's counts. */
  readonly links = new Set<ClusterLink>()

  // Election of this replica (election.ts)
  failoverAuthTimeMs = 0
  failoverAuthCount = 0
  failoverAuthSent = false
  failoverAuthRank = 0
  failoverAuthEpoch = 0
  cantFailoverReason = CANT_FAILOVER_NONE
  /** When it was last logged, in seconds. */
  cantFailoverLogged = 0
  /** Epoch of the last vote given. */
  lastVoteEpoch = 0

  // Manual failover, on either side (manual.ts)
  /** 0: none is going on. */
  mfEndMs = 0
  /** The master's: the replica that asked. */
  mfSlave: ClusterNode | null = null
  /** The replica's: the offset to reach, -1 while not heard. */
  mfMasterOffset = -1
  mfCanStart = false

  /** Packets by type, in the order of MESSAGE_TYPES. */
  readonly messagesSent = new Array<number>(MESSAGE_TYPES.length).fill(0)
  readonly messagesReceived = new Array<number>(MESSAGE_TYPES.length).fill(0)
  /** Links closed because too much was waiting to be sent. */
  exceededSendBufferLimit = 0
  /** `cluster-announce-ip` as it was taken up last. */
  announcedIp: Bytes = ''
  /** Nodes that can't be reached, as of the last cron: all of them go into each ping's gossip. */
  pfailNodes = 0
  /** DEBUG CLUSTER-... drop filter: packets of this type are dropped; -1: none. */
  dropPacketFilter = -1
  todo = 0
  /** When the state was first looked at, and when it was last seen that this side is the minority (health.ts); 0: never. */
  firstUpdateMs = 0
  minorityTimeMs = 0
  /** Times the cron ran. */
  iteration = 0
  readonly nodesConf: NodesConf

  constructor(server: Server) {
    this.server = server
    this.nodesConf = new NodesConf(this)
    this.myself = new ClusterNode('', NODE_MYSELF | NODE_MASTER, 0)
  }

  get nowMs(): number {
    return this.server.nowMs
  }
  doBeforeSleep(todo: number): void {
    this.todo |= todo
  }
  /** Votes that make a majority. */
  get quorum(): number {
    return Math.floor(this.size / 2) + 1
  }
  /** clusterLookupNode: what is no name is nobody's. */
  lookup(name: Bytes): ClusterNode | null {
    return /^[a-z0-9]{40}$/.test(name) ? (this.nodes.get(name) ?? null) : null
  }
  /** Of this node's master, itself when it is one. */
  get myMaster(): ClusterNode | null {
    return this.myself.isMaster ? this.myself : this.myself.slaveof
  }
}
