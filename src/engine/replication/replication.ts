/**
 * Replication as the server sees it: one object with both sides. A server is always able to have replicas (master-side.ts)
 * and is a replica while it has a master (replica-side.ts); a replica with replicas passes its master's bytes on verbatim.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { CommandImpl } from '../commands/command.ts'
import type { Client } from '../server/client.ts'
import type { ReplicationExtension } from '../server/extensions.ts'
import { unblockClient } from '../server/blocked.ts'
import type { Server } from '../server/server.ts'
import { replicationCommands } from './commands.ts'
import { Failover } from './failover.ts'
import { MasterSide } from './master-side.ts'
import { encodeCommand, replicaInfo, ReplicaInfo } from './replica-state.ts'
import { ReplicaSide } from './replica-side.ts'

interface Waiter {
  readonly client: Client
  readonly offset: number
  readonly count: number
}

export class Replication implements ReplicationExtension {
  readonly server: Server
  readonly m: MasterSide
  readonly r: ReplicaSide
  readonly failover: Failover
  readonly commands: readonly CommandImpl[]
  private waiters: Waiter[] = []
  private getAck = false

  constructor(server: Server) {
    this.server = server
    this.m = new MasterSide(server)
    this.r = new ReplicaSide(server, this.m)
    this.failover = new Failover(this)
    this.r.failover = this.failover
    this.m.failoverWithTimeLimit = () => this.failover.hasTimeLimit
    this.commands = replicationCommands(this)
    server.config.readFrom('replicaof', () =>
      this.r.masterhost === null ? null : { host: this.r.masterhost, port: this.r.masterport },
    )
  }

  get isReplica(): boolean {
    return this.r.masterhost !== null
  }
  get masterLinkUp(): boolean {
    return this.r.state === 'connected'
  }
  get masterReplOffset(): number {
    return this.m.masterReplOffset
  }
  get slaveOffset(): number {
    return Math.max(0, this.isReplica ? (this.r.master?.reploff ?? this.r.cachedMaster?.reploff ?? 0) : 0)
  }
  setMaster(host: string, port: number): void {
    this.r.setMaster(host, port)
  }
  unsetMaster(): void {
    this.r.unset()
  }
  get replid(): Bytes {
    return this.m.replid
  }
  get masterSilenceMs(): number {
    const { r, server } = this
    const since = r.state === 'connected' && r.master !== null ? r.master.lastInteractionMs : r.downSinceMs
    return (Math.floor(server.nowMs / 1000) - Math.floor(since / 1000)) * 1000
  }

  configured(): void {
    const at = this.server.config.replicaof
    if (at === null) return
    const { host, port } = at
    this.r.masterhost = host
    this.r.masterport = port
    this.r.state = 'connect'
  }

  /** There is a backlog or a replica: what is fed is kept. */
  get heard(): boolean {
    return this.m.heard
  }
  feed(dbid: number, argv: readonly Bytes[]): void {
    if (!this.isReplica) this.m.feed(dbid, argv)
  }
  onMasterApplied(client: Client, bytes: Bytes): void {
    if (client !== this.r.master) return
    this.r.applied(client, bytes.length)
    this.m.feedBytes(bytes)
  }

  cron(): void {
    if (!this.server.booted) return
    this.r.cron()
    this.m.cron(!this.isReplica)
  }

  /** WAIT: ask for acknowledgements once per turn, and release those who have enough. */
  beforeSleep(): void {
    this.failover.update()
    // Not while clients are paused: a replica that is to take over could not reach an offset that grows.
    if (this.getAck && !this.server.pausedFor('write')) {
      this.getAck = false
      this.feed(-1, ['REPLCONF', 'GETACK', '*'])
    }
    if (this.waiters.length === 0) return
    const left: Waiter[] = []
    for (const w of this.waiters) {
      if (w.client.freed || w.client.blocked === null) continue
      const acked = this.ackedReplicas(w.offset)
      if (acked < w.count) left.push(w)
      else {
        w.client.addReply(acked)
        unblockClient(this.server, w.client)
      }
    }
    this.waiters = left
  }
  wait(client: Client, offset: number, count: number): void {
    this.waiters.push({ client, offset, count })
    this.getAck = true
  }

  goodReplicas(): number {
    const max = this.server.config.minReplicasMaxLag
    let good = 0
    for (const c of this.m.replicas) {
      const info = replicaInfo(c)
      if (info.state === 'online' && this.lag(info) <= max) good++
    }
    return good
  }
  lag(info: ReplicaInfo): number {
    const seconds = (ms: number): number => Math.floor(ms / 1000)
    return info.ackTimeMs === 0
      ? seconds(this.server.host.nowMs)
      : seconds(this.server.host.nowMs) - seconds(info.ackTimeMs)
  }
  ackedReplicas(offset: number): number {
    let n = 0
    for (const c of this.m.replicas) {
      const info = replicaInfo(c)
      if (info.state === 'online' && info.ackOff >= offset) n++
    }
    return n
  }

  onClientFreed(client: Client): void {
    if (client === this.r.master) this.r.masterFreed(client)
    else if (client.repl instanceof ReplicaInfo) this.m.freed(client)
  }

  onNewline(client: Client): void {
    this.m.newline(client)
  }

  saveInfo(): { streamDb: number; replid: Bytes; offset: number } | null {
    const base = { replid: this.m.replid, offset: this.m.masterReplOffset }
    if (!this.isReplica && this.m.backlog !== null) return { streamDb: Math.max(0, this.m.slaveseldb), ...base }
    if (this.r.master !== null) return { streamDb: this.r.master.db.id, ...base }
    if (this.r.cachedMaster !== null) return { streamDb: this.r.cachedMaster.dbid, ...base }
    return null
  }
  /** After loadDataFromDisk: continue the history that the file belongs to. */
  restored(streamDb: number, replid: Bytes, offset: number): void {
    const m = this.m
    if (this.isReplica) {
      m.replid = replid
      m.masterReplOffset = offset
      this.r.cachedMaster = { replid, reploff: offset, dbid: streamDb }
      return
    }
    m.replid2 = replid
    m.secondReplidOffset = offset + 1
    m.masterReplOffset += offset
    if (m.backlog === null) m.createBacklog()
    else m.backlog.offset = m.masterReplOffset - m.backlog.histlen + 1
  }

  infoSection(): string {
    const { m, r, server: s } = this
    const now = s.host.nowMs
    const ago = (ms: number): number => Math.floor((now - ms) / 1000)
    const lines = ['# Replication', `role:${this.isReplica ? 'slave' : 'master'}`]
    if (this.isReplica) {
      const off = r.master?.reploff ?? r.cachedMaster?.reploff ?? 0
      lines.push(`master_host:${r.masterhost}`, `master_port:${r.masterport}`)
      lines.push(`master_link_status:${this.masterLinkUp ? 'up' : 'down'}`)
      lines.push(`master_last_io_seconds_ago:${r.master ? ago(r.master.lastInteractionMs) : -1}`)
      lines.push(`master_sync_in_progress:${r.state === 'transfer' ? 1 : 0}`)
      lines.push(`slave_read_repl_offset:${r.master?.readReploff || off}`, `slave_repl_offset:${off}`)
      if (r.state === 'transfer') {
        const perc = r.transferTotal > 0 ? (r.transferRead / r.transferTotal) * 100 : 0
        lines.push(
          `master_sync_total_bytes:${Math.max(0, r.transferTotal)}`,
          `master_sync_read_bytes:${r.transferRead}`,
        )
        lines.push(`master_sync_left_bytes:${r.transferTotal > 0 ? r.transferLeft : -r.transferRead}`)
        lines.push(`master_sync_perc:${perc.toFixed(2)}`, `master_sync_last_io_seconds_ago:${ago(r.lastIoMs)}`)
      }
      if (!this.masterLinkUp) lines.push(`master_link_down_since_seconds:${r.downSinceMs ? ago(r.downSinceMs) : -1}`)
      lines.push(`slave_priority:${s.config.replicaPriority}`, `slave_read_only:${s.config.replicaReadOnly ? 1 : 0}`)
      lines.push(`replica_announced:${s.config.replicaAnnounced ? 1 : 0}`)
    }
    lines.push(`connected_slaves:${m.replicas.length}`)
    if (s.config.minReplicasToWrite > 0 && s.config.minReplicasMaxLag > 0)
      lines.push(`min_slaves_good_slaves:${this.goodReplicas()}`)
    m.replicas.forEach((c, i) => {
      const info = replicaInfo(c)
      const state = info.state === 'wait_bgsave_start' || info.state === 'wait_bgsave_end' ? 'wait_bgsave' : info.state
      const lag = info.state === 'online' ? this.lag(info) : 0
      const ip = c.replicaAnnouncedIp || c.link?.remoteHost || ''
      lines.push(`slave${i}:ip=${ip},port=${c.replicaListeningPort},state=${state},offset=${info.ackOff},lag=${lag}`)
    })
    lines.push(
      `master_failover_state:${this.failover.state}`,
      `master_replid:${m.replid}`,
      `master_replid2:${m.replid2}`,
    )
    lines.push(`master_repl_offset:${m.masterReplOffset}`, `second_repl_offset:${m.secondReplidOffset}`)
    lines.push(`repl_backlog_active:${m.backlog ? 1 : 0}`, `repl_backlog_size:${s.config.replBacklogSize}`)
    lines.push(
      `repl_backlog_first_byte_offset:${m.backlog?.offset ?? 0}`,
      `repl_backlog_histlen:${m.backlog?.histlen ?? 0}`,
    )
    return `${lines.join('\r\n')}\r\n`
  }

  view(): unknown {
    const { m, r } = this
    return {
      role: this.isReplica ? 'replica' : 'master',
      replid: m.replid,
      replid2: m.replid2,
      masterReplOffset: m.masterReplOffset,
      secondReplidOffset: m.secondReplidOffset,
      masterhost: r.masterhost,
      masterport: r.masterport,
      linkState: r.state,
      appliedOffset: r.master?.reploff ?? r.cachedMaster?.reploff ?? null,
      backlog: m.backlog && {
        firstByteOffset: m.backlog.offset,
        histlen: m.backlog.histlen,
        size: this.server.config.replBacklogSize,
        blocks: m.backlog.blockSizes().slice(-64),
      },
      replicas: m.replicas.map((c) => {
        const info = replicaInfo(c)
        return {
          id: c.id,
          ip: c.replicaAnnouncedIp || c.link?.remoteHost || '',
          port: c.replicaListeningPort,
          state: info.state,
          offset: info.ackOff,
          lag: this.lag(info),
        }
      }),
    }
  }

  encode(argv: readonly Bytes[]): Bytes {
    return encodeCommand(argv)
  }
}
