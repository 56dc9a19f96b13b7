/**
 * The master's side: who replicates from us, the stream they are fed, and how a newcomer gets its first copy.
 *
 *   PSYNC ─▶ backlog has the offset? ─ yes ▶ +CONTINUE, the missing bytes, online
 *                                    └ no  ▶ wait for a child ▶ +FULLRESYNC ▶ RDB (EOF-marked, or $length from disk) ▶ online
 *
 * Kept exactly: decisions, texts and the order of log lines of 7.0.15; repl-diskless-sync-delay.
 * Simplified: the RDB is encoded at the moment of the fork, and sent in slices afterwards, at the pace of the cost model.
 */
import type { Bytes } from '../bytes/bytes.ts'
import {
  chargeFork,
  countElements,
  cowLine,
  encodeReplicationRdb,
  logOfChild,
  MICROS_PER_ELEMENT,
  nextChildPid,
} from '../persistence/snapshot.ts'
import { NO_REPLY, RedisError, type Reply } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import { formatSignalLine } from '../server/log.ts'
import { checkOutputBufferLimits } from '../server/networking.ts'
import type { Server } from '../server/server.ts'
import { Backlog } from './backlog.ts'
import { encodeCommand, type ReplicaInfo, replicaInfo, replicaName } from './replica-state.ts'

const SLICE_BYTES = 65536
/** How often a sender looks whether a full socket takes more. */
const BLOCKED_POLL_MS = 5
export const NO_REPLID = '0'.repeat(40)

export class MasterSide {
  private readonly server: Server
  readonly replicas: Client[] = []
  replid: Bytes
  replid2: Bytes = NO_REPLID
  masterReplOffset = 0
  secondReplidOffset = -1
  backlog: Backlog | null = null
  slaveseldb = -1
  noReplicasSinceMs = 0
  private cronLoops = 0
  /** A transfer child is running. */
  child: 'none' | 'disk' | 'socket' = 'none'
  childStartedMs = 0
  private childPid = 0
  private checkChild: (() => void) | null = null
  private dirtyAtStart = 0
  private waitingSinceMs = 0

  constructor(server: Server) {
    this.server = server
    this.replid = server.rng.hex(40)
  }
  get nowMs(): number {
    return this.server.host.nowMs
  }
  newReplid(): void {
    this.replid = this.server.rng.hex(40)
  }
  clearReplid2(): void {
    this.replid2 = NO_REPLID
    this.secondReplidOffset = -1
  }
  shiftReplid(): void {
    this.replid2 = this.replid
    this.secondReplidOffset = this.masterReplOffset + 1
    this.newReplid()
    this.server.log(
      'warning',
      `Setting secondary replication ID to ${this.replid2}, valid up to offset: ${this.secondReplidOffset}. New replication ID is ${this.replid}`,
    )
  }
  createBacklog(): void {
    this.backlog = new Backlog(this.masterReplOffset + 1)
    this.noReplicasSinceMs = this.nowMs
  }
  info(c: Client): ReplicaInfo {
    return replicaInfo(c)
  }

  get heard(): boolean {
    return this.backlog !== null || this.replicas.length > 0
  }
  feed(dbid: number, argv: readonly Bytes[]): void {
    if (this.backlog === null && this.replicas.length === 0) return
    let bytes = ''
    if (dbid !== -1 && this.slaveseldb !== dbid) {
      bytes = encodeCommand(['SELECT', String(dbid)])
      this.slaveseldb = dbid
    }
    this.feedBytes(bytes + encodeCommand(argv))
  }
  /** feedReplicationBuffer: into the backlog and to every replica that is streaming. */
  feedBytes(bytes: Bytes): void {
    if (this.backlog === null) return
    this.masterReplOffset += bytes.length
    this.backlog.append(bytes)
    let needed = Number.POSITIVE_INFINITY
    for (const c of this.replicas) {
      const info = this.info(c)
      if (info.state === 'online' && !info.startCmdOnAck) {
        if (!info.rdbOnly) c.link?.send(bytes)
      } else if (info.state !== 'wait_bgsave_start') {
        needed = Math.min(needed, info.psyncInitialOffset + 1)
        c.replBufferBytes = this.masterReplOffset - info.psyncInitialOffset
        checkOutputBufferLimits(this.server, c)
      }
    }
    this.server.stat.netReplOutputBytes += bytes.length * this.replicas.length
    this.backlog.trim(this.server.config.replBacklogSize, needed)
  }

  sync(c: Client, argv: readonly Bytes[], linkDown: boolean): Reply {
    const s = this.server
    const info = this.info(c)
    if (c.isReplica) return NO_REPLY
    if (linkDown) throw new RedisError("NOMASTERLINK Can't SYNC while not connected with my master")
    if (c.obufBytes > 0) throw new RedisError('ERR SYNC and PSYNC are invalid with pending output')
    s.log('notice', `Replica ${replicaName(c)} asks for synchronization`)
    if (argv.length >= 3) {
      const offset = Number(argv[2])
      if (!Number.isSafeInteger(offset)) throw new RedisError('ERR value is not an integer or out of range')
      if (this.tryPartial(c, argv[1] ?? '', offset)) {
        s.stat.syncPartialOk++
        return NO_REPLY
      }
      if (argv[1] !== '?') s.stat.syncPartialErr++
    } else info.prePsync = true
    s.stat.syncFull++
    info.state = 'wait_bgsave_start'
    c.isReplica = true
    this.replicas.push(c)
    if (this.replicas.length === 1 && this.backlog === null) {
      this.newReplid()
      this.clearReplid2()
      this.createBacklog()
      s.log('notice', `Replication backlog created, my new replication IDs are '${this.replid}' and '${this.replid2}'`)
    }
    this.arrangeBgsave(c, info)
    return NO_REPLY
  }

  private arrangeBgsave(c: Client, info: ReplicaInfo): void {
    const s = this.server
    if (this.child === 'disk') {
      const other = this.replicas.find((r) => r !== c && this.info(r).state === 'wait_bgsave_end')
      if (other !== undefined) {
        this.setupFullResync(c, this.info(other).psyncInitialOffset)
        s.log('notice', 'Waiting for end of BGSAVE for SYNC')
      } else s.log('notice', "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC")
    } else if (this.child === 'socket') {
      s.log('notice', 'Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC')
    } else if (s.config.replDisklessSync && info.capaEof && s.config.replDisklessSyncDelay > 0) {
      if (this.waitingSinceMs === 0) this.waitingSinceMs = this.nowMs
      s.log('notice', 'Delay next BGSAVE for diskless SYNC')
    } else if (s.rdb?.saving) {
      s.log('notice', 'No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed')
    } else this.startBgsave()
  }

  private tryPartial(c: Client, id: Bytes, offset: number): boolean {
    const s = this.server
    const name = replicaName(c)
    const mine = id.toLowerCase() === this.replid
    const second = id.toLowerCase() === this.replid2
    if (!mine && (!second || offset > this.secondReplidOffset)) {
      if (id.startsWith('?')) s.log('notice', `Full resync requested by replica ${name}`)
      else if (!second)
        s.log(
          'notice',
          `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '${id}', my replication IDs are '${this.replid}' and '${this.replid2}')`,
        )
      else
        s.log(
          'notice',
          `Partial resynchronization not accepted: Requested offset for second ID was ${offset}, but I can reply up to ${this.secondReplidOffset}`,
        )
      return false
    }
    if (this.backlog === null || !this.backlog.has(offset)) {
      s.log(
        'notice',
        `Unable to partial resync with replica ${name} for lack of backlog (Replica request was: ${offset}).`,
      )
      if (offset > this.masterReplOffset)
        s.log(
          'warning',
          `Warning: replica ${name} tried to PSYNC with an offset that is greater than the master replication offset.`,
        )
      return false
    }
    const info = this.info(c)
    c.isReplica = true
    info.state = 'online'
    info.ackTimeMs = this.nowMs
    info.startCmdOnAck = false
    this.replicas.push(c)
    c.link?.send(info.capaPsync2 ? `+CONTINUE ${this.replid}\r\n` : '+CONTINUE\r\n')
    const missing = this.backlog.from(offset)
    c.link?.send(missing)
    s.log(
      'notice',
      `Partial resynchronization request from ${name} accepted. Sending ${missing.length} bytes of backlog starting from offset ${offset}.`,
    )
    s.tap?.({ kind: 'psync partial', replica: name, offset, bytes: missing.length })
    return true
  }

  private setupFullResync(c: Client, offset: number): void {
    const info = this.info(c)
    info.psyncInitialOffset = offset
    info.state = 'wait_bgsave_end'
    this.slaveseldb = -1
    if (!info.prePsync) c.link?.send(`+FULLRESYNC ${this.replid} ${offset}\r\n`)
  }

  startBgsave(): void {
    const s = this.server
    const waiting = this.replicas.filter((c) => this.info(c).state === 'wait_bgsave_start')
    if (waiting.length === 0) return
    this.waitingSinceMs = 0
    const socket = s.config.replDisklessSync && waiting.every((c) => this.info(c).capaEof)
    s.log('notice', `Starting BGSAVE for SYNC with target: ${socket ? 'replicas sockets' : 'disk'}`)
    const rdb = encodeReplicationRdb(s)
    const micros = countElements(s) * MICROS_PER_ELEMENT
    const pid = nextChildPid(s)
    chargeFork(s)
    for (const c of waiting) this.setupFullResync(c, this.masterReplOffset)
    this.child = socket ? 'socket' : 'disk'
    this.childPid = pid
    this.childStartedMs = this.nowMs
    this.dirtyAtStart = s.dirty
    s.tap?.({ kind: 'psync full', target: this.child, replicas: waiting.length, offset: this.masterReplOffset })
    if (socket) {
      s.log('notice', `Background RDB transfer started by pid ${pid}`)
      const mark = s.rng.hex(40)
      this.stream(waiting, `$EOF:${mark}\r\n${rdb}${mark}`, pid, micros)
      return
    }
    s.log('notice', `Background saving started by pid ${pid}`)
    const temp = `temp-${pid}.rdb`
    s.host.after(Math.max(1, micros / 1000), () =>
      s.host.file({ op: 'write', path: temp, bytes: rdb }, (r) => {
        if (!r.ok) return this.diskDone(null)
        s.host.file({ op: 'fsync', path: temp }, () =>
          s.host.file({ op: 'rename', path: temp, to: s.config.dbfilename }, (r2) => {
            if (r2.ok) {
              logOfChild(s, pid, 'notice', 'DB saved on disk')
              logOfChild(s, pid, 'notice', cowLine(0))
            }
            this.diskDone(r2.ok ? rdb : null)
          }),
        )
      }),
    )
  }

  /** The child writes to a pipe, the parent hands on what comes; the slowest replica sets the pace (rdbPipeReadHandler). */
  private stream(waiting: readonly Client[], payload: Bytes, pid: number, micros: number): void {
    const s = this.server
    let at = 0
    const step = (): void => {
      if (this.childPid !== pid) return
      const up = waiting.filter((c) => !c.freed && c.link !== null && !c.link.closed)
      if (up.length === 0) return this.killSocketChild(pid)
      if (up.some((c) => this.isBlocked(c))) return void s.host.after(BLOCKED_POLL_MS, step)
      if (at < payload.length) {
        const slice = payload.slice(at, at + SLICE_BYTES)
        at += SLICE_BYTES
        for (const c of up) c.link?.send(slice)
        s.host.after(Math.max(1, (micros * slice.length) / payload.length / 1000), step)
        return
      }
      logOfChild(s, pid, 'notice', cowLine(0))
      s.log('warning', `Diskless rdb transfer, done reading from pipe, ${up.length} replicas still up.`)
      this.childDone('socket', true)
      s.log('notice', 'Background RDB transfer terminated with success')
      for (const c of up) {
        const info = this.info(c)
        s.log(
          'notice',
          `Streamed RDB transfer with replica ${replicaName(c)} succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming`,
        )
        info.state = 'online'
        info.ackTimeMs = this.nowMs
        info.partialWriteMs = 0
        info.startCmdOnAck = true
        s.log('notice', `Synchronization with replica ${replicaName(c)} succeeded`)
      }
    }
    // An acknowledgement may come before we have noticed that the child is done.
    this.checkChild = () => {
      if (at >= payload.length) step()
    }
    s.host.after(1, step)
  }
  /** Its socket does not take more for the moment. Remembers when it last took something. */
  private isBlocked(c: Client): boolean {
    const info = this.info(c)
    if (c.kernelPending === 0) {
      info.partialWriteMs = 0
      return false
    }
    if (info.partialWriteMs === 0 || info.lastPending !== c.kernelPending) info.partialWriteMs = this.nowMs
    info.lastPending = c.kernelPending
    return true
  }
  private killSocketChild(pid: number): void {
    const s = this.server
    s.log('notice', 'Diskless rdb transfer, last replica dropped, killing fork child.')
    s.host.log(formatSignalLine(s, 'Received SIGUSR1 in child, exiting now.', pid))
    this.childDone('socket', false)
    s.log('warning', 'Background transfer terminated by signal 10')
  }

  private childDone(target: 'disk' | 'socket', ok: boolean): void {
    this.child = 'none'
    this.childPid = 0
    this.checkChild = null
    const rdb = this.server.rdb as {
      replicaChildDone?: (target: 'disk' | 'socket', ok: boolean, startedMs: number, dirty: number) => void
    } | null
    rdb?.replicaChildDone?.(target, ok, this.childStartedMs, this.dirtyAtStart)
  }
  private diskDone(rdb: Bytes | null): void {
    const s = this.server
    this.childDone('disk', rdb !== null)
    if (rdb === null) s.log('warning', 'Background saving error')
    else s.log('notice', 'Background saving terminated with success')
    for (const c of [...this.replicas]) {
      const info = this.info(c)
      if (info.state !== 'wait_bgsave_end') continue
      if (rdb === null) {
        s.log('warning', 'SYNC failed. BGSAVE child returned an error')
        s.freeClient(c)
        continue
      }
      info.state = 'send_bulk'
      c.link?.send(`$${rdb.length}\r\n`)
      this.sendBulk(c, rdb, 0)
    }
    if (s.config.rdbDelSyncFiles && s.config.save.length === 0 && !s.config.appendonly)
      s.host.file({ op: 'unlink', path: s.config.dbfilename })
    if (this.replicas.some((c) => this.info(c).state === 'wait_bgsave_start')) this.startBgsave()
  }

  /** sendBulkToSlave: the file in parts, as fast as the socket takes them. */
  private sendBulk(c: Client, rdb: Bytes, from: number): void {
    const s = this.server
    if (c.freed) return
    if (c.kernelPending > 0) return void s.host.after(BLOCKED_POLL_MS, () => this.sendBulk(c, rdb, from))
    const to = Math.min(rdb.length, from + SLICE_BYTES)
    c.link?.send(rdb.slice(from, to))
    if (to < rdb.length) return void s.host.after(1, () => this.sendBulk(c, rdb, to))
    const info = this.info(c)
    info.state = 'online'
    info.ackTimeMs = this.nowMs
    if (!info.rdbOnly) s.log('notice', `Synchronization with replica ${replicaName(c)} succeeded`)
    this.startStream(c)
  }

  private startStream(c: Client): void {
    const info = this.info(c)
    info.startCmdOnAck = false
    c.replBufferBytes = 0
    if (info.rdbOnly) {
      this.server.log('notice', `RDB-only replica ${replicaName(c)} is disconnected`)
      this.server.freeClient(c)
      return
    }
    if (this.backlog !== null) c.link?.send(this.backlog.from(info.psyncInitialOffset + 1))
  }

  newline(c: Client): void {
    this.info(c).ackTimeMs = this.nowMs
  }
  ack(c: Client, offset: number): void {
    const info = this.info(c)
    if (!c.isReplica) return
    if (offset > info.ackOff) info.ackOff = offset
    info.ackTimeMs = this.nowMs
    if (info.state === 'wait_bgsave_end') this.checkChild?.()
    if (info.startCmdOnAck && info.state === 'online') this.startStream(c)
  }

  freed(c: Client): void {
    const i = this.replicas.indexOf(c)
    if (i === -1) return
    this.replicas.splice(i, 1)
    this.server.log('warning', `Connection with replica ${replicaName(c)} lost.`)
    if (this.replicas.length === 0) this.noReplicasSinceMs = this.nowMs
  }

  /** A failover by hand waits until a replica has our offset, and clients are paused: it must not move. */
  private get offsetIsAwaited(): boolean {
    const { server } = this
    const manual = server.cluster !== null && server.cluster.mfEndMs !== 0
    return (manual || this.failoverWithTimeLimit()) && server.pausedFor('write')
  }
  /** FAILOVER … TIMEOUT is going on; set by replication.ts. */
  failoverWithTimeLimit: () => boolean = () => false

  cron(isMaster: boolean): void {
    const s = this.server
    const pingEvery = s.config.replPingReplicaPeriod
    const due = this.cronLoops++ % pingEvery === 0
    if (due && isMaster && this.replicas.length > 0 && !this.offsetIsAwaited) this.feed(-1, ['PING'])
    for (const c of [...this.replicas]) {
      const info = this.info(c)
      const waiting =
        info.state === 'wait_bgsave_start' || (info.state === 'wait_bgsave_end' && this.child !== 'socket')
      if (waiting) c.link?.send('\n')
      if (
        info.state === 'wait_bgsave_end' &&
        this.child === 'socket' &&
        info.partialWriteMs !== 0 &&
        this.nowMs - info.partialWriteMs > s.config.replTimeout * 1000
      ) {
        s.log('warning', `Disconnecting timedout replica (full sync): ${replicaName(c)}`)
        s.freeClient(c)
        continue
      }
      if (info.state === 'online' && !info.prePsync && this.nowMs - info.ackTimeMs > s.config.replTimeout * 1000) {
        s.log('warning', `Disconnecting timedout replica (streaming sync): ${replicaName(c)}`)
        s.freeClient(c)
      }
    }
    const ttl = s.config.replBacklogTtl
    if (isMaster && this.replicas.length === 0 && ttl > 0 && this.backlog !== null) {
      if (this.nowMs - this.noReplicasSinceMs > ttl * 1000) {
        this.newReplid()
        this.clearReplid2()
        this.backlog = null
        s.log('notice', `Replication backlog freed after ${ttl} seconds without connected replicas.`)
      }
    }
    if (this.child === 'none' && !s.rdb?.saving) {
      const waiting = this.replicas.filter((c) => this.info(c).state === 'wait_bgsave_start')
      const delay = s.config.replDisklessSyncDelay * 1000
      const max = s.config.replDisklessSyncMaxReplicas
      if (waiting.length > 0) {
        if (this.waitingSinceMs === 0) this.waitingSinceMs = this.nowMs
        const due =
          !s.config.replDisklessSync || this.nowMs - this.waitingSinceMs >= delay || (max > 0 && waiting.length >= max)
        if (due) this.startBgsave()
      }
    }
  }
}
