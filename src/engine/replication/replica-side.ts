/**
 * The replica's side: a state machine from "REPLICAOF host port" to a living copy.
 *
 *   CONNECT ▶ CONNECTING ▶ RECEIVE_PING_REPLY ▶ SEND_HANDSHAKE ▶ AUTH ▶ PORT ▶ IP ▶ CAPA ▶ PSYNC ▶ TRANSFER ▶ CONNECTED
 *      ▲                                                                             └ +CONTINUE ─────────────▲   │
 *      └──────────────── any error, timeout or lost connection (master kept as "cached master") ──────────────────┘
 *
 * The copy itself is received and read in transfer.ts.
 *
 * Kept exactly: the order and bytes of the handshake, the texts, what is cached and when it is discarded.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { unblockClient } from '../server/blocked.ts'
import type { Client } from '../server/client.ts'
import type { Link } from '../server/host.ts'
import type { Server } from '../server/server.ts'
import type { Failover } from './failover.ts'
import type { MasterSide } from './master-side.ts'
import { encodeCommand } from './replica-state.ts'
import { Transfer, type TransferOwner } from './transfer.ts'

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

export class ReplicaSide implements TransferOwner {
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
  /** 0: there was no connection yet, or there is one. */
  downSinceMs = 0
  private head: Bytes = ''
  private transfer: Transfer | null = null
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
    return this.transfer?.received ?? 0
  }
  get transferTotal(): number {
    return this.transfer?.size ?? -1
  }
  get transferLeft(): number {
    return this.transferTotal === -1 ? -1 : this.transferTotal - this.transferRead
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
    this.downSinceMs = 0
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
    this.head = ''
    this.transfer?.cancel()
    this.transfer = null
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
        if (this.transfer?.loading) {
          this.transfer.lost = true
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
  abort(): void {
    this.cancelHandshake()
    this.setState('connect')
  }
  private send(argv: readonly Bytes[]): void {
    this.link?.send(encodeCommand(argv))
  }

  private data(bytes: Bytes): void {
    this.lastIoMs = this.nowMs
    if (this.transfer !== null) return this.transfer.data(bytes)
    this.head += bytes
    for (;;) {
      const begun = this.current()
      if (begun !== null) {
        const rest = this.head
        this.head = ''
        if (rest !== '') begun.data(rest)
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

  private current(): Transfer | null {
    return this.transfer
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
      s.log('warning', `Master replication ID changed to ${id}`)
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
    this.downSinceMs = 0
    this.setState('connected')
  }

  private beginTransfer(): void {
    this.setState('transfer')
    this.transfer = new Transfer(this.server, this, this.initialReplid === this.m.replid)
  }
  /** replicationAttachToNewMaster: a new history begins; nothing of the old one can be continued, by us or by our replicas. */
  attachToNewMaster(): void {
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
  newline(): void {
    const now = Math.floor(this.nowMs / 1000)
    if (now === this.newlineSeconds) return
    this.newlineSeconds = now
    this.link?.send('\n')
  }
  /** The copy has been read. `rest` is what came after it; `lost`: the master has gone away meanwhile. */
  copied(streamDb: number, rest: Bytes, lost: boolean): void {
    const { m, server: s } = this
    this.transfer = null
    m.replid = this.initialReplid || m.replid
    m.masterReplOffset = Math.max(0, this.initialOffset)
    m.clearReplid2()
    m.createBacklog()
    this.adopt(m.masterReplOffset, streamDb)
    s.log('notice', 'MASTER <-> REPLICA sync: Finished with success')
    this.sendAck()
    if (rest !== '') this.master?.link?.handlers.data(rest)
    if (lost && this.master !== null) s.freeClient(this.master)
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
    } else if (this.state === 'transfer' && !this.transfer?.loading && this.nowMs - this.lastIoMs > timeoutMs) {
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

const ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
  ENOTFOUND: 'Name or service not known',
}
