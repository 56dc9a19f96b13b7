/**
 * The replica's side: a state machine from "REPLICAOF host port" to a living copy.
 *
 *   CONNECT ▶ CONNECTING ▶ RECEIVE_PING_REPLY ▶ SEND_HANDSHAKE ▶ AUTH ▶ PORT ▶ IP ▶ CAPA ▶ PSYNC ▶ TRANSFER ▶ CONNECTED
 *      ▲                                                                             └ +CONTINUE ─────────────▲   │
 *      └──────────────── any error, timeout or lost connection (master kept as "cached master") ──────────────────┘
 *
 * Kept exactly: the order and bytes of the handshake, the texts, what is cached and when it is discarded; old data is served
 * during the transfer, and -LOADING answered while the copy is read, a part at a time; repl-diskless-load.
 * Simplified: with repl-diskless-load the parser begins when the last byte has come (-LOADING is answered from the first).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { Database } from '../keyspace/database.ts'
import { loadInSlices, loadProgress, startLoading, stopLoading } from '../persistence/snapshot.ts'
import { unblockClient } from '../server/blocked.ts'
import type { Client } from '../server/client.ts'
import type { Link } from '../server/host.ts'
import type { Server } from '../server/server.ts'
import type { Failover } from './failover.ts'
import type { MasterSide } from './master-side.ts'
import { encodeCommand } from './replica-state.ts'

export type LinkState =
  | 'none'
  | 'connect'
  | 'connecting'
  | 'receive_ping_reply'
  | 'send_handshake'
  | 'receive_auth_reply'
  | 'receive_port_reply'
  | 'receive_ip_reply'
  | 'receive_capa_reply'
  | 'send_psync'
  | 'receive_psync_reply'
  | 'transfer'
  | 'connected'

export interface CachedMaster {
  replid: Bytes
  reploff: number
  dbid: number
}

export class ReplicaSide {
  private readonly server: Server
  private readonly m: MasterSide
  masterhost: string | null = null
  masterport = 0
  state: LinkState = 'none'
  link: Link | null = null
  master: Client | null = null
  cachedMaster: CachedMaster | null = null
  /** Id and offset that the full sync in progress will have. */
  private initialReplid: Bytes = ''
  private initialOffset = -1
  lastIoMs = 0
  downSinceMs = 0
  private buffer: Bytes[] = []
  private head: Bytes = ''
  private received = 0
  private transferSize = -1
  private eofMark: Bytes | null = null
  private loading = false
  /** The copy goes to the parser and not to the disk (repl-diskless-load): into our data, or into `dbs` to be swapped. */
  private parser: { readonly dbs: readonly Database[] | null } | null = null
  /** The master went away while its copy was being read. */
  private lostWhileLoading = false
  private newlineSeconds = 0
  private expected: LinkState[] = []
  private attempt = 0
  failover: Failover | null = null

  constructor(server: Server, m: MasterSide) {
    this.server = server
    this.m = m
  }
  get nowMs(): number {
    return this.server.host.nowMs
  }
  get transferRead(): number {
    return this.received
  }
  get transferTotal(): number {
    return this.transferSize
  }
  get transferLeft(): number {
    return this.transferSize === -1 ? -1 : this.transferSize - this.received
  }

  setMaster(host: string, port: number): void {
    const wasMaster = this.masterhost === null
    this.masterhost = host
    this.masterport = port
    if (this.master !== null) this.dropMaster(false)
    this.disconnectBlockedClients()
    this.cancelHandshake()
    if (wasMaster) {
      this.server.log(
        'notice',
        'Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.',
      )
      this.cachedMaster = {
        replid: this.m.replid,
        reploff: this.m.masterReplOffset,
        dbid: Math.max(0, this.m.slaveseldb),
      }
    }
    this.downSinceMs = this.nowMs
    this.setState('connect')
    this.server.log('notice', `Connecting to MASTER ${host}:${port}`)
    this.connect()
  }

  unset(): void {
    if (this.masterhost === null) return
    this.m.masterReplOffset = this.master?.reploff ?? this.cachedMaster?.reploff ?? this.m.masterReplOffset
    this.masterhost = null
    if (this.master !== null) this.dropMaster(false)
    this.discardCachedMaster()
    this.cancelHandshake()
    this.m.shiftReplid()
    this.disconnectReplicas()
    this.setState('none')
    this.m.slaveseldb = -1
    this.m.noReplicasSinceMs = this.nowMs
    if (this.m.backlog === null) this.m.createBacklog()
  }

  /** disconnectAllBlockedClients: what they wait for will not come from a replica. */
  private disconnectBlockedClients(): void {
    const s = this.server
    for (const c of s.clients.values()) {
      if (c.blocked === null || c.blocked.kind === 'postpone') continue
      const text = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'
      c.addReply({ t: 'error', text })
      c.closeAfterReply = true
      unblockClient(s, c)
    }
  }
  private setState(state: LinkState): void {
    if (this.state === state) return
    this.state = state
    this.server.tap?.({ kind: 'repl state', state })
  }
  private disconnectReplicas(): void {
    for (const c of [...this.m.replicas]) this.server.freeClient(c)
  }

  private cancelHandshake(): void {
    this.attempt++
    this.link?.close()
    this.link = null
    this.buffer = []
    this.head = ''
    this.loading = false
  }
  /** freeClient of the master, keeping what a partial resynchronisation needs. */
  private dropMaster(reconnect: boolean): void {
    const master = this.master
    if (master === null) return
    this.server.log('warning', 'Connection with master lost.')
    this.server.log('notice', 'Caching the disconnected master state.')
    this.cachedMaster = { replid: this.m.replid, reploff: master.reploff, dbid: master.db.id }
    this.master = null
    this.downSinceMs = this.nowMs
    this.setState('connect')
    if (!master.freed) this.server.freeClient(master)
    if (reconnect && this.masterhost !== null) {
      this.server.log('notice', `Reconnecting to MASTER ${this.masterhost}:${this.masterport}`)
      this.connect()
    }
  }
  masterFreed(c: Client): void {
    if (this.master === c) this.dropMaster(true)
  }

  private connect(): void {
    const s = this.server
    if (this.masterhost === null) return
    this.cancelHandshake()
    const attempt = this.attempt
    this.expected = []
    this.lastIoMs = this.nowMs
    this.setState('connecting')
    this.link = s.host.connect(this.masterhost, this.masterport, {
      opened: () => {
        s.log('notice', 'Non blocking connect for SYNC fired the event.')
        this.setState('receive_ping_reply')
        this.send(['PING'])
      },
      refused: (error) => {
        if (attempt !== this.attempt) return
        s.log('warning', `Error condition on socket for SYNC: ${ERRNO[error] ?? error}`)
        this.link = null
        this.setState('connect')
      },
      data: (bytes) => {
        if (attempt === this.attempt) this.data(bytes)
      },
      closed: () => {
        if (attempt !== this.attempt) return
        if (this.loading) {
          this.lostWhileLoading = true
          return
        }
        if (this.state === 'transfer') s.log('warning', 'I/O error trying to sync with MASTER: connection lost')
        else s.log('warning', `Failed to read response from the server: Connection reset by peer`)
        this.link = null
        this.abort()
      },
    })
    s.log('notice', 'MASTER <-> REPLICA sync started')
  }
  private abort(): void {
    const { parser, server: s } = this
    this.cancelHandshake()
    this.setState('connect')
    if (loadProgress(s) === undefined) return
    stopLoading(s)
    this.parser = null
    if (parser?.dbs) s.log('notice', 'MASTER <-> REPLICA sync: Discarding temporary DB in background')
    else if (parser) s.emptyDb(-1)
  }
  private send(argv: readonly Bytes[]): void {
    this.link?.send(encodeCommand(argv))
  }

  private data(bytes: Bytes): void {
    this.lastIoMs = this.nowMs
    if (this.state === 'transfer') return this.transferData(bytes)
    this.head += bytes
    for (;;) {
      if ((this.state as LinkState) === 'transfer') {
        const rest = this.head
        this.head = ''
        if (rest !== '') this.transferData(rest)
        return
      }
      const nl = this.head.indexOf('\n')
      if (nl === -1) return
      const line = this.head.slice(0, nl).replace(/\r$/, '')
      this.head = this.head.slice(nl + 1)
      if (line === '') continue
      const attempt = this.attempt
      this.line(line)
      if (attempt !== this.attempt || this.link === null || this.state === 'connected') return
    }
  }

  private line(line: Bytes): void {
    const s = this.server
    switch (this.state) {
      case 'receive_ping_reply':
        if (!line.startsWith('+') && !/^-(NOAUTH|NOPERM|ERR operation not permitted)/.test(line)) {
          s.log('warning', `Error reply to PING from master: '${line}'`)
          return this.abort()
        }
        s.log('notice', 'Master replied to PING, replication can continue...')
        return this.handshake()
      case 'receive_auth_reply':
        if (line.startsWith('-')) {
          s.log('warning', `Unable to AUTH to MASTER: ${line}`)
          return this.abort()
        }
        return this.nextReply()
      case 'receive_port_reply':
        return this.optional(line, 'listening-port')
      case 'receive_ip_reply':
        return this.optional(line, 'ip-address')
      case 'receive_capa_reply':
        return this.optional(line, 'capa')
      case 'receive_psync_reply':
        return this.psyncReply(line)
    }
  }
  private optional(line: Bytes, what: string): void {
    if (line.startsWith('-'))
      this.server.log('notice', `(Non critical) Master does not understand REPLCONF ${what}: ${line}`)
    this.nextReply()
  }
  private handshake(): void {
    const config = this.server.config
    this.setState('send_handshake')
    const expect: LinkState[] = []
    if (config.masterauth !== '') {
      this.send(config.masteruser !== '' ? ['AUTH', config.masteruser, config.masterauth] : ['AUTH', config.masterauth])
      expect.push('receive_auth_reply')
    }
    this.send(['REPLCONF', 'listening-port', String(config.replicaAnnouncePort || config.port)])
    expect.push('receive_port_reply')
    if (config.replicaAnnounceIp !== '') {
      this.send(['REPLCONF', 'ip-address', config.replicaAnnounceIp])
      expect.push('receive_ip_reply')
    }
    this.send(['REPLCONF', 'capa', 'eof', 'capa', 'psync2'])
    expect.push('receive_capa_reply')
    this.expected = expect
    this.nextReply()
  }
  private nextReply(): void {
    const next = this.expected.shift()
    if (next !== undefined) return this.setState(next)
    this.setState('send_psync')
    const cached = this.cachedMaster
    if (cached !== null) {
      this.server.log('notice', `Trying a partial resynchronization (request ${cached.replid}:${cached.reploff + 1}).`)
      const psync = ['PSYNC', cached.replid, String(cached.reploff + 1)]
      this.send(this.failover?.state === 'failover-in-progress' ? [...psync, 'FAILOVER'] : psync)
    } else {
      this.server.log('notice', 'Partial resynchronization not possible (no cached master)')
      this.send(['PSYNC', '?', '-1'])
    }
    this.setState('receive_psync_reply')
  }

  private psyncReply(line: Bytes): void {
    const s = this.server
    if (line.startsWith('+FULLRESYNC')) {
      const [, id = '', off = ''] = line.split(' ')
      if (id.length !== 40 || off === '') {
        s.log('warning', 'Master replied with wrong +FULLRESYNC syntax.')
        return this.abort()
      }
      this.initialReplid = id
      this.initialOffset = Number(off)
      s.log('notice', `Full resync from master: ${id}:${off}`)
      this.failover?.answered(true)
      return this.beginTransfer()
    }
    if (line.startsWith('+CONTINUE')) {
      this.failover?.answered(true)
      return this.continued(line.slice(10).trim())
    }
    if (this.failover?.state === 'failover-in-progress') {
      s.log('warning', `Unexpected reply to PSYNC from master: ${line}`)
      this.abort()
      return this.failover.answered(false)
    }
    if (/^-(NOMASTERLINK|LOADING)/.test(line)) {
      s.log('notice', `Master is currently unable to PSYNC but should be in the future: ${line}`)
      return this.abort()
    }
    if (!line.startsWith('-ERR')) s.log('warning', `Unexpected reply to PSYNC from master: ${line}`)
    else s.log('notice', `Master does not support PSYNC or is in error state (reply: ${line})`)
    this.cachedMaster = null
    s.log('notice', 'Retrying with SYNC...')
    this.initialReplid = ''
    this.initialOffset = -1
    this.link?.send('SYNC\r\n')
    this.beginTransfer()
  }

  private continued(id: Bytes): void {
    const s = this.server
    const m = this.m
    s.log('notice', 'Successful partial resynchronization with master.')
    const cached = this.cachedMaster ?? { replid: m.replid, reploff: m.masterReplOffset, dbid: 0 }
    if (id.length === 40 && id !== cached.replid) {
      m.replid2 = cached.replid
      m.secondReplidOffset = m.masterReplOffset + 1
      m.replid = id
      s.log('notice', `Master replication ID changed to ${id}`)
      this.disconnectReplicas()
    }
    const rest = this.head
    this.head = ''
    this.adopt(cached.reploff, cached.dbid)
    this.cachedMaster = null
    if (m.backlog === null) m.createBacklog()
    s.log('notice', 'MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.')
    if (rest !== '') this.master?.link?.handlers.data(rest)
  }

  /** The link becomes the client that stands for our master. */
  private adopt(reploff: number, dbid: number): void {
    const link = this.link
    if (link === null) return
    this.link = null
    this.attempt++
    const master = this.server.adoptLink(link, { master: true })
    master.isMaster = true
    master.authenticated = true
    master.reploff = reploff
    this.appliedOffset = reploff
    master.readReploff = reploff
    master.db = this.server.dbs[dbid] ?? master.db
    this.master = master
    this.setState('connected')
  }

  private beginTransfer(): void {
    this.setState('transfer')
    this.transferSize = -1
    this.eofMark = null
    this.received = 0
    this.buffer = []
    this.loading = false
    this.parser = null
    this.lostWhileLoading = false
  }
  private header = ''
  private transferData(bytes: Bytes): void {
    if (this.loading) {
      this.buffer.push(bytes)
      return
    }
    let data = bytes
    if (this.transferSize === -1 && this.eofMark === null) {
      this.header += data
      for (;;) {
        const nl = this.header.indexOf('\n')
        if (nl === -1) return
        const line = this.header.slice(0, nl).replace(/\r$/, '')
        this.header = this.header.slice(nl + 1)
        if (line === '') continue
        if (!this.transferHeader(line)) return
        break
      }
      data = this.header
      this.header = ''
    }
    this.buffer.push(data)
    this.received += data.length
    const progress = loadProgress(this.server)
    if (progress !== undefined) progress.loadedBytes = this.received
    if (this.eofMark === null) {
      if (this.received >= this.transferSize)
        this.transferred(this.buffer.join(''), this.transferSize, this.transferSize)
      return
    }
    const tail = this.tail()
    if (tail.includes(this.eofMark)) {
      const all = this.buffer.join('')
      const at = all.lastIndexOf(this.eofMark)
      this.transferred(all, at, at + 40)
    }
  }
  /** The last chunks, enough to find a mark that was torn between two. */
  private tail(): Bytes {
    let out = ''
    for (let i = this.buffer.length - 1; i >= 0 && (out.length < 80 || i === this.buffer.length - 1); i--)
      out = this.buffer[i] + out
    return out
  }
  private transferHeader(line: Bytes): boolean {
    const s = this.server
    if (line.startsWith('-')) s.log('warning', `MASTER aborted replication with an error: ${line.slice(1)}`)
    else if (!line.startsWith('$'))
      s.log(
        'warning',
        `Bad protocol from MASTER, the first byte is not '$' (we received '${line}'), are you sure the host and port are right?`,
      )
    else if (line.startsWith('$EOF:') && line.length >= 45) {
      this.eofMark = line.slice(5, 45)
      const to = this.usesParser ? 'parser' : 'disk'
      s.log('notice', `MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to ${to}`)
      this.beginParser()
      return true
    } else {
      this.transferSize = Number(line.slice(1))
      const to = this.usesParser ? 'parser' : 'disk'
      s.log('notice', `MASTER <-> REPLICA sync: receiving ${this.transferSize} bytes from master to ${to}`)
      this.beginParser()
      return true
    }
    this.abort()
    return false
  }

  /** useDisklessLoad */
  private get usesParser(): boolean {
    const mode = this.server.config.replDisklessLoad
    return mode === 'swapdb' || (mode === 'on-empty-db' && this.server.dbs.every((db) => db.size === 0))
  }
  private beginParser(): void {
    const s = this.server
    if (!this.usesParser) return
    const size = Math.max(0, this.transferSize)
    if (s.config.replDisklessLoad === 'swapdb') {
      this.parser = { dbs: s.dbs.map((db) => new Database(db.id, db.seed)) }
      s.log('notice', 'MASTER <-> REPLICA sync: Loading DB in memory')
      // Our data is an older moment of the same history: it may be served on.
      startLoading(s, size, this.initialReplid === this.m.replid)
    } else {
      this.parser = { dbs: null }
      this.discardOldData()
      startLoading(s, size)
    }
  }
  private discardOldData(): void {
    const s = this.server
    this.attachToNewMaster()
    s.log('notice', 'MASTER <-> REPLICA sync: Flushing old data')
    s.signalFlushed(-1)
    s.workMicros += s.emptyDb(-1) * MICROS_PER_FREED_KEY
    this.newline()
    s.log('notice', 'MASTER <-> REPLICA sync: Loading DB in memory')
  }
  /** replicationAttachToNewMaster: a new history begins; nothing of the old one can be continued, by us or by our replicas. */
  private attachToNewMaster(): void {
    this.discardCachedMaster()
    this.disconnectReplicas()
    this.m.backlog = null
  }
  private discardCachedMaster(): void {
    if (this.cachedMaster === null) return
    this.server.log('notice', 'Discarding previously cached master state.')
    this.cachedMaster = null
  }
  /** replicationSendNewlineToMaster: so that the master's repl-timeout does not run out while we read. */
  private newline(): void {
    const now = Math.floor(this.nowMs / 1000)
    if (now === this.newlineSeconds) return
    this.newlineSeconds = now
    this.link?.send('\n')
  }

  private transferred(all: Bytes, end: number, next: number): void {
    const rdb = all.slice(0, end)
    this.buffer = [all.slice(next)]
    this.loading = true
    if (this.parser !== null) this.read(rdb)
    else this.toDisk(rdb)
  }
  /** The file is complete and in its place before it is read; the process waits for the disk meanwhile. */
  private toDisk(rdb: Bytes): void {
    const s = this.server
    const temp = `temp-${Math.floor(this.nowMs / 1000)}.${s.host.env.pid}.rdb`
    const failed = (text: string): void => {
      s.resume()
      s.log('warning', text)
      this.abort()
    }
    s.stall()
    s.host.file({ op: 'write', path: temp, bytes: rdb }, (w) => {
      if (!w.ok)
        return failed(
          `Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: ${w.error}`,
        )
      s.host.file({ op: 'fsync', path: temp }, (f) => {
        if (!f.ok)
          return failed(`Failed trying to sync the temp DB to disk in MASTER <-> REPLICA synchronization: ${f.error}`)
        s.host.file({ op: 'rename', path: temp, to: s.config.dbfilename }, (r) => {
          if (!r.ok)
            return failed(
              `Failed trying to rename the temp DB into ${s.config.dbfilename} in MASTER <-> REPLICA synchronization: ${r.error}`,
            )
          s.resume()
          this.discardOldData()
          startLoading(s, rdb.length)
          this.read(rdb)
        })
      })
    })
  }
  private read(rdb: Bytes): void {
    const s = this.server
    const attempt = this.attempt
    const dbs = this.parser?.dbs ?? s.dbs
    let streamDb = 0
    loadInSlices(s, rdb, {
      dbs,
      onAux: (key, value) => {
        if (key === 'repl-stream-db') streamDb = Number(value)
      },
      onSlice: () => {
        if (attempt !== this.attempt) return false
        this.newline()
        return true
      },
      done: (error) => {
        if (error === null) return this.loaded(streamDb)
        s.log('warning', error)
        const from = this.parser === null ? 'disk' : 'socket'
        s.log('warning', `Failed trying to load the MASTER synchronization DB from ${from}, check server logs.`)
        this.abort()
      },
    })
  }
  private loaded(streamDb: number): void {
    const { m, parser, server: s } = this
    this.parser = null
    if (parser?.dbs) {
      this.attachToNewMaster()
      s.log('notice', 'MASTER <-> REPLICA sync: Swapping active DB with loaded DB')
      s.signalFlushed(-1)
      for (const [i, db] of s.dbs.entries()) db.swapWith(parser.dbs[i] as Database)
      s.log('notice', 'MASTER <-> REPLICA sync: Discarding old DB in background')
    }
    if (parser) s.dirty++
    else if (s.config.rdbDelSyncFiles && s.config.save.length === 0 && !s.config.appendonly) {
      s.log('notice', 'Removing the RDB file obtained from the master. This replica has persistence disabled')
      s.host.file({ op: 'unlink', path: s.config.dbfilename })
    }
    stopLoading(s)
    m.replid = this.initialReplid || m.replid
    m.masterReplOffset = Math.max(0, this.initialOffset)
    m.clearReplid2()
    m.createBacklog()
    const rest = this.buffer.join('')
    this.buffer = []
    this.loading = false
    this.adopt(m.masterReplOffset, streamDb)
    s.log('notice', 'MASTER <-> REPLICA sync: Finished with success')
    this.sendAck()
    if (rest !== '') this.master?.link?.handlers.data(rest)
    if (this.lostWhileLoading && this.master !== null) s.freeClient(this.master)
  }

  private appliedOffset = 0
  applied(master: Client, bytes: number): void {
    this.appliedOffset += bytes
    master.reploff = this.appliedOffset
    if (master.readReploff < master.reploff) master.readReploff = master.reploff
  }

  sendAck(): void {
    const master = this.master
    if (master?.link) master.link.send(encodeCommand(['REPLCONF', 'ACK', String(master.reploff)]))
  }

  cron(): void {
    const s = this.server
    if (this.masterhost === null) return
    const timeoutMs = s.config.replTimeout * 1000
    if (
      this.state !== 'connect' &&
      this.state !== 'connected' &&
      this.state !== 'transfer' &&
      this.nowMs - this.lastIoMs > timeoutMs
    ) {
      s.log('warning', 'Timeout connecting to the MASTER...')
      this.abort()
    } else if (this.state === 'transfer' && !this.loading && this.nowMs - this.lastIoMs > timeoutMs) {
      s.log(
        'warning',
        "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.",
      )
      this.abort()
    } else if (
      this.state === 'connected' &&
      this.master !== null &&
      this.nowMs - this.master.lastInteractionMs > timeoutMs
    ) {
      s.log('warning', 'MASTER timeout: no data nor PING received...')
      s.freeClient(this.master)
    }
    if (this.state === 'connect') {
      s.log('notice', `Connecting to MASTER ${this.masterhost}:${this.masterport}`)
      this.connect()
    }
    this.sendAck()
  }
}

/** FLUSHALL of a million keys takes 381 ms. */
const MICROS_PER_FREED_KEY = 0.38
const ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
  ENOTFOUND: 'Name or service not known',
}
