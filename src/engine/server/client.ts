/**
 * A connection as the server sees it: what it said (argv, MULTI queue), who it is (name, user, database, protocol), what it
 * waits for (blocked), what it listens to (pubsub), and what it is owed (replies). The flags are Redis's CLIENT_* bits as booleans.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { BlockOptions } from '../commands/command.ts'
import type { Command } from '../commands/table.ts'
import type { Database } from '../keyspace/database.ts'
import { RequestReader } from '../protocol/request-reader.ts'
import type { Reply } from '../protocol/reply.ts'
import { encodeReply } from '../protocol/reply-writer.ts'
import type { User } from './acl-user.ts'
import { ClientBuffers } from './client-memory.ts'
import type { ReplicaState } from './extensions.ts'
import type { Link } from './host.ts'
import type { Server } from './server.ts'

export interface MultiState {
  readonly queue: { readonly command: Command; readonly argv: readonly Bytes[] }[]
  /** Union of the queued commands' flags. */
  hasWrite: boolean
  /** Also PUBLISH, scripts: what a pause of writes holds back. */
  mayReplicate: boolean
  hasDenyOom: boolean
  /** A queued command was refused: EXEC answers EXECABORT. */
  dirtyExec: boolean
}

export interface BlockedState {
  /** 'keys' for BLPOP and friends; 'wait' for WAIT; 'postpone' for CLIENT PAUSE; 'shutdown' for SHUTDOWN waiting on replicas. */
  readonly kind: 'keys' | 'wait' | 'postpone' | 'shutdown'
  readonly opts: BlockOptions | null
  /** Absolute ms; 0 never. */
  readonly timeoutAtMs: number
  readonly command: Command
  readonly argv: readonly Bytes[]
  readonly sinceMicros: number
  /** For 'wait': replication decides; called on timeout, its reply is sent. */
  readonly onTimeout: (() => Reply) | null
  onUnblock?: (() => void) | null
}

export interface TrackingState {
  on: boolean
  bcast: boolean
  optin: boolean
  optout: boolean
  noloop: boolean
  caching: boolean
  brokenRedirect: boolean
  redirect: number
  prefixes: Bytes[]
}

/** What fits the static reply buffer is not limited. */
const OUTPUT_CHECKED_FROM = 16384

export class Client {
  readonly id: number
  readonly server: Server
  link: Link | null
  db: Database
  resp: 2 | 3 = 2
  name: Bytes = ''
  /** Null may do everything: our master, a client that replays a file. */
  user: User | null = null
  authenticated = false
  readonly ctimeMs: number
  lastInteractionMs: number
  argv: readonly Bytes[] = []
  /** The command being run, and the last one (CLIENT LIST's cmd=). */
  command: Command | null = null
  lastCommand: Command | null = null
  readonly reader: RequestReader

  // Flags
  isMaster = false
  isReplica = false
  isMonitor = false
  /** A client without a connection (AOF loading, scripts, modules). */
  isFake = false
  isUnixSocket = false
  noEvict = false
  closeAfterReply = false
  closeAsap = false
  freed = false
  /** Under processing of EXEC's queue or a script: BLPOP does not block. */
  denyBlocking = false
  replyOff = false
  replySkip = false
  replySkipNext = false
  /** ASKING was said: the next request may use a slot that is being imported. */
  asking = false
  /** READONLY was said: a replica in a cluster serves its reads. */
  readonly = false
  /** The slot that its request has keys in, in a cluster. */
  slot = -1
  /** While a message or its like is being written: CLIENT REPLY does not hold it back. */
  pushing = false

  multi: MultiState | null = null
  /** The transaction that EXEC is running (CLIENT LIST still shows it). */
  executing: MultiState | null = null
  /** A watched key changed: EXEC answers nil. */
  dirtyCas = false
  watched: { readonly db: Database; readonly key: Bytes; expired: boolean }[] = []
  channels: Map<Bytes, true> | null = null
  patterns: Map<Bytes, true> | null = null
  shardChannels: Map<Bytes, true> | null = null
  blocked: BlockedState | null = null
  /** It waits no more, and has not gone on yet. */
  unblocked = false
  /** A command that CLIENT PAUSE held back, to run when the client goes on. */
  postponed: readonly Bytes[] | null = null
  tracking: TrackingState | null = null
  /** Replication's own record of a replica or of our master. */
  repl: ReplicaState | null = null
  /** Announced by REPLCONF / by HELLO: kept where CLIENT LIST and replication both look. */
  replicaListeningPort = 0
  replicaAnnouncedIp: Bytes = ''

  /** Master stream: bytes read and bytes applied. */
  readReploff = 0
  reploff = 0
  /** Offset of the master's stream after the last write this client made (WAIT). */
  woff = 0

  /** Bytes that the adapter still holds for this connection. */
  kernelPending = 0
  /** A replica that is still waiting for its first copy: the part of the stream that is kept for it. */
  replBufferBytes = 0
  obufSoftLimitReachedMs = 0
  /** Closed for what it was owed: that is thrown away. */
  dropOutput = false
  readonly buffers = new ClientBuffers()
  /** Arguments that MONITOR and the slow log must not show. */
  redacted: number[] | null = null
  /** Peak of the query buffer, for INFO clients. */
  queryBufferPeak = 0

  constructor(server: Server, id: number, link: Link | null, db: Database, nowMs: number) {
    this.server = server
    this.id = id
    this.link = link
    this.db = db
    this.ctimeMs = nowMs
    this.lastInteractionMs = nowMs
    this.reader = new RequestReader()
  }

  get isPubsub(): boolean {
    return this.subscriptionCount > 0
  }
  get subscriptionCount(): number {
    return (this.channels?.size ?? 0) + (this.patterns?.size ?? 0) + (this.shardChannels?.size ?? 0)
  }
  /** Bytes that wait to be sent: queued in this turn and held by the adapter. */
  get obufBytes(): number {
    return (this.link === null ? 0 : this.link.pending.length) + this.kernelPending + this.replBufferBytes
  }
  get addr(): string {
    return this.link === null ? '?:0' : formatAddr(this.link.remoteHost, this.link.remotePort)
  }
  get laddr(): string {
    return this.link === null ? '' : formatAddr(this.link.localHost, this.link.localPort)
  }

  /** Raw bytes, subject to CLIENT REPLY, to the end of the output. */
  write(bytes: Bytes): void {
    if (this.link === null || this.closeAsap) return
    if ((this.replyOff || this.replySkip) && !this.pushing) return
    // A master is never answered; replication writes REPLCONF ACK on the link itself.
    if (this.isMaster) return
    this.server.stat.netOutputBytes += bytes.length
    if (this.link.pending.length === 0) this.server.stat.totalWritesProcessed++
    this.link.send(bytes)
    this.lastInteractionMs = this.server.nowMs
    // Who asks is looked at when all that it asked has been answered.
    if (this.link.pending.length > OUTPUT_CHECKED_FROM && this !== this.server.requestOf) this.server.checkOutput(this)
    const b = this.buffers
    if (b.peak < b.size) b.peak = Math.max(b.peak, Math.min(this.obufBytes, b.size))
  }
  addReply(reply: Reply): void {
    if (this.link === null && !this.isFake) return
    if (this.isFake) {
      this.captured?.push(reply)
      return
    }
    this.write(encodeReply(reply, this.resp))
    if (this.held !== null) this.release()
  }
  /** Messages of a command to its own client, until the reply that they come behind. */
  held: Reply[] | null = null
  release(): void {
    const held = this.held
    this.held = null
    for (const reply of held ?? []) this.addPush(reply)
  }
  addPush(reply: Reply): void {
    if (this.held !== null) {
      this.held.push(reply)
      return
    }
    // QUIT under CLIENT REPLY OFF: nothing is written any more, and the attempt ends the connection.
    if (this.closeAfterReply && this.replyOff && this.link !== null) {
      this.server.freeClientAsync(this)
      return
    }
    this.pushing = true
    this.addReply(reply)
    this.pushing = false
  }
  /** Replies of a fake client, when somebody wants them. */
  captured: Reply[] | null = null
}

export function formatAddr(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
