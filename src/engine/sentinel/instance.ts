/**
 * Everything a Sentinel knows about one watched process: a master, one of its replicas, or another Sentinel of the same
 * master. (A Sentinel that watches two masters meets the same fellow Sentinel twice: two instances, one shared link.)
 *
 *      sentinel.masters ──▶ master "mymaster" ─┬─ slaves     "10.0.0.12:6379" …
 *                                              └─ sentinels  <runid> …          each ──▶ InstanceLink ─▶ cc, pc
 *
 * `cc` is the command connection (PING, INFO, PUBLISH, questions), `pc` the subscription to __sentinel__:hello.
 *
 * Invariants: link.disconnected is true when *any* connection that this kind of instance needs is missing;
 * link.actPingTime is the moment the oldest unanswered PING was sent, 0 when all are answered: SDOWN is counted from it.
 *
 * Kept exactly: fields, defaults and flags of sentinelRedisInstance and instanceLink.
 * Simplified: tables keep the order in which members were added where Redis's follow a seeded hash.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { AsyncConnection } from './connection.ts'

export const SRI_MASTER = 1 << 0
export const SRI_SLAVE = 1 << 1
export const SRI_SENTINEL = 1 << 2
/** Subjectively down: no valid reply for down-after-milliseconds. */
export const SRI_S_DOWN = 1 << 3
/** Objectively down: a quorum of Sentinels says so. Masters only. */
export const SRI_O_DOWN = 1 << 4
/** This Sentinel told us that its view of the master is down. */
export const SRI_MASTER_DOWN = 1 << 5
export const SRI_FAILOVER_IN_PROGRESS = 1 << 6
export const SRI_PROMOTED = 1 << 7
export const SRI_RECONF_SENT = 1 << 8
export const SRI_RECONF_INPROG = 1 << 9
export const SRI_RECONF_DONE = 1 << 10
export const SRI_FORCE_FAILOVER = 1 << 11
export const SRI_SCRIPT_KILL_SENT = 1 << 12
export const SRI_MASTER_REBOOT = 1 << 13

export const FAILOVER_NONE = 0
export const FAILOVER_WAIT_START = 1
export const FAILOVER_SELECT_SLAVE = 2
export const FAILOVER_SEND_SLAVEOF_NOONE = 3
export const FAILOVER_WAIT_PROMOTION = 4
export const FAILOVER_RECONF_SLAVES = 5
export const FAILOVER_UPDATE_CONFIG = 6
const FAILOVER_STATE_NAMES = [
  'none',
  'wait_start',
  'select_slave',
  'send_slaveof_noone',
  'wait_promotion',
  'reconf_slaves',
  'update_config',
]
export const failoverStateStr = (state: number): string => FAILOVER_STATE_NAMES[state] ?? 'unknown'

export const DEFAULT_PARALLEL_SYNCS = 1
export const DEFAULT_SLAVE_PRIORITY = 100

export interface SentinelAddr {
  readonly hostname: string
  /** What we connect to. Equal to hostname unless it was a name that had to be resolved. */
  readonly ip: string
  readonly port: number
}
export const addrIsEqual = (a: SentinelAddr, b: SentinelAddr): boolean =>
  a.port === b.port && a.ip.toLowerCase() === b.ip.toLowerCase()
export const addrOrHostnameEqual = (a: SentinelAddr, b: SentinelAddr): boolean =>
  a.port === b.port && (a.ip === b.ip || a.hostname.toLowerCase() === b.hostname.toLowerCase())

/** The connections to one process; times in ms. */
export class InstanceLink {
  /** Instances that use this link (the same Sentinel seen through several masters). */
  refcount = 1
  disconnected = true
  pendingCommands = 0
  cc: AsyncConnection | null = null
  pc: AsyncConnection | null = null
  ccConnTime = 0
  pcConnTime = 0
  pcLastActivity = 0
  lastReconnTime = 0
  lastPingTime = 0
  /** Last valid reply to a PING. */
  lastAvailTime: number
  /** Last reply to a PING, whatever it said. */
  lastPongTime: number
  /** When the oldest unanswered PING left; "now" at birth, so that a link which never opens times out too. */
  actPingTime: number
  constructor(now: number) {
    this.lastAvailTime = now
    this.lastPongTime = now
    this.actPingTime = now
  }
  closeConnection(conn: AsyncConnection | null): void {
    if (conn === null) return
    if (this.cc === conn) {
      this.cc = null
      this.pendingCommands = 0
    }
    if (this.pc === conn) this.pc = null
    this.disconnected = true
    conn.free()
  }
  closeBoth(): void {
    this.closeConnection(this.cc)
    this.closeConnection(this.pc)
  }
}

export type Instances = Map<string, SentinelRedisInstance>

export class SentinelRedisInstance {
  flags: number
  readonly name: string
  runid: string | null = null
  configEpoch = 0
  addr: SentinelAddr
  link: InstanceLink
  lastPubTime: number
  /** Sentinels: last hello that we got from it. */
  lastHelloTime: number
  lastMasterDownReplyTime: number
  sDownSinceTime = 0
  oDownSinceTime = 0
  downAfterPeriod: number
  masterRebootDownAfterPeriod = 0
  masterRebootSinceTime = 0
  /** When INFO was last read; 0 never. */
  infoRefresh = 0
  info: Bytes | null = null
  roleReported: number
  roleReportedTime: number
  slaveConfChangeTime: number
  /** No longer in any table: replies that still come for it are dropped. */
  released = false

  // Masters
  readonly sentinels: Instances = new Map()
  readonly slaves: Instances = new Map()
  quorum: number
  parallelSyncs = DEFAULT_PARALLEL_SYNCS
  authPass: Bytes | null = null
  authUser: Bytes | null = null
  /** Lower-case command to the name it goes by at this master. */
  readonly renamedCommands = new Map<string, readonly [from: Bytes, to: Bytes]>()
  notificationScript: string | null = null
  clientReconfigScript: string | null = null

  // Replicas
  readonly master: SentinelRedisInstance | null
  masterLinkDownTime = 0
  slavePriority = DEFAULT_SLAVE_PRIORITY
  replicaAnnounced = 1
  slaveReconfSentTime = 0
  slaveMasterHost: string | null = null
  slaveMasterPort = 0
  slaveMasterLinkUp = false
  slaveReplOffset = 0

  // Failover
  /** Of a master: whom I voted for. Of a Sentinel: whom it says it voted for. */
  leader: string | null = null
  leaderEpoch = 0
  failoverEpoch = 0
  failoverState = FAILOVER_NONE
  failoverStateChangeTime = 0
  failoverStartTime = 0
  failoverTimeout: number
  failoverDelayLogged = 0
  promotedSlave: SentinelRedisInstance | null = null

  constructor(
    flags: number,
    name: string,
    addr: SentinelAddr,
    quorum: number,
    master: SentinelRedisInstance | null,
    now: number,
    defaults: { downAfter: number; failoverTimeout: number },
  ) {
    this.flags = flags
    this.name = name
    this.addr = addr
    this.quorum = quorum
    this.master = master
    this.link = new InstanceLink(now)
    this.lastPubTime = now
    this.lastHelloTime = now
    this.lastMasterDownReplyTime = now
    this.downAfterPeriod = master ? master.downAfterPeriod : defaults.downAfter
    this.failoverTimeout = defaults.failoverTimeout
    this.roleReported = flags & (SRI_MASTER | SRI_SLAVE)
    this.roleReportedTime = now
    this.slaveConfChangeTime = now
  }
  has(flags: number): boolean {
    return (this.flags & flags) !== 0
  }
  set(flags: number): void {
    this.flags |= flags
  }
  unset(flags: number): void {
    this.flags &= ~flags
  }
  get typeStr(): string {
    return this.has(SRI_MASTER)
      ? 'master'
      : this.has(SRI_SLAVE)
        ? 'slave'
        : this.has(SRI_SENTINEL)
          ? 'sentinel'
          : 'unknown'
  }
  /** sentinelInstanceMapCommand: what this process calls the command. */
  command(name: string): Bytes {
    return (this.master ?? this).renamedCommands.get(name.toLowerCase())?.[1] ?? name
  }
  /** No SDOWN or ODOWN began within the last `ms`. */
  noDownFor(ms: number, now: number): boolean {
    const mostRecent = Math.max(this.sDownSinceTime, this.oDownSinceTime)
    return mostRecent === 0 || now - mostRecent > ms
  }
  /** The promoted replica as soon as it acknowledged the promotion, else the master. */
  get currentMasterAddress(): SentinelAddr {
    if (this.has(SRI_FAILOVER_IN_PROGRESS) && this.promotedSlave && this.failoverState >= FAILOVER_RECONF_SLAVES)
      return this.promotedSlave.addr
    return this.addr
  }
  propagateDownAfterPeriod(): void {
    for (const ri of this.slaves.values()) ri.downAfterPeriod = this.downAfterPeriod
    for (const ri of this.sentinels.values()) ri.downAfterPeriod = this.downAfterPeriod
  }
}
