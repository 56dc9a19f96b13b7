/** Connections become clients; bytes become requests; clients end. All requests of one read are answered with one send. */
import type { Bytes } from '../bytes/bytes.ts'
import { quoteBytes } from '../bytes/quote.ts'
import type { Database } from '../keyspace/database.ts'
import type { LinkHandlers } from './host.ts'
import { Link } from './host.ts'
import { timeoutClient, unblockClient } from './blocked.ts'
import { processCommand } from './call.ts'
import { Client } from './client.ts'
import { clientInfo } from './client-info.ts'
import { outputBuffers } from './client-memory.ts'
import type { Server } from './server.ts'
import { unwatchAllKeys } from './watch.ts'

const PROTECTED_MODE =
  "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n"

/** acceptCommonHandler */
export function acceptClient(server: Server, link: Link): LinkHandlers {
  if (isVerbose(server))
    server.log(
      'verbose',
      link.remoteHost.startsWith('/')
        ? `Accepted connection to ${link.remoteHost}`
        : `Accepted ${link.remoteHost}:${link.remotePort}`,
    )
  const c = newClient(server, link)
  if (server.clients.size > server.config.maxclients) {
    link.send('-ERR max number of clients reached\r\n')
    server.stat.rejectedConnections++
    freeClient(server, c)
  } else if (
    server.env.real &&
    server.config.protectedMode &&
    server.acl.defaultUser.nopass &&
    link.remoteHost !== '127.0.0.1' &&
    link.remoteHost !== '::1' &&
    !c.isUnixSocket
  ) {
    link.send(PROTECTED_MODE)
    server.stat.rejectedConnections++
    freeClient(server, c)
  } else server.stat.numConnections++
  return handlersOf(server, c)
}
/** The text of such a line is made only for who reads it. */
const isVerbose = (server: Server): boolean =>
  server.config.loglevel === 'verbose' || server.config.loglevel === 'debug'
function newClient(server: Server, link: Link): Client {
  const c = new Client(server, server.nextClientId++, link, server.dbs[0] as Database, server.nowMs)
  c.isUnixSocket = link.remoteHost.startsWith('/')
  server.acl.setDefaultAuth(c)
  server.clients.set(c.id, c)
  return c
}
function handlersOf(server: Server, c: Client): LinkHandlers {
  return {
    data: (bytes) => readFromClient(server, c, bytes),
    closed: (reason) => {
      if (!c.freed && isVerbose(server))
        server.log(
          'verbose',
          reason === 'eof'
            ? `Client closed connection ${clientInfo(server, c)}`
            : 'Reading from client: Connection reset by peer',
        )
      freeClient(server, c)
    },
    sent: (pending) => {
      c.kernelPending = pending
      checkOutputBufferLimits(server, c)
    },
  }
}
/** A link that we opened becomes a client (our master). */
export function adoptLink(server: Server, link: Link, master: boolean): Client {
  const c = newClient(server, link)
  c.isMaster = master
  c.authenticated = true
  if (master) c.user = null
  c.reader.unauthenticated = false
  link.handlers = handlersOf(server, c)
  return c
}

export function readFromClient(server: Server, c: Client, bytes: Bytes): void {
  if (c.freed || c.closeAsap) return
  c.lastInteractionMs = server.nowMs
  server.stat.totalReadsProcessed++
  if (c.isMaster) {
    c.readReploff += bytes.length
    server.stat.netReplInputBytes += bytes.length
  }
  server.stat.netInputBytes += bytes.length
  if (!c.authenticated) c.reader.unauthenticated = server.acl.authRequired
  c.buffers.query = 'roomy'
  c.reader.feed(bytes)
  if (!c.isMaster && c.reader.buffered > server.config.clientQueryBufferLimit) {
    server.log(
      'warning',
      `Closing client that reached max query buffer length: ${clientInfo(server, c)} (qbuf initial bytes: ${quoteBytes(c.reader.unread().slice(0, 64))})`,
    )
    server.freeClientAsync(c)
    return
  }
  if (c.isMaster) readFromMaster(server, c, bytes)
  else processInputBuffer(server, c)
}

/** The master's stream is also our replicas' stream: what has been applied is handed on as it came. */
const unapplied = new WeakMap<Client, Bytes>()
function readFromMaster(server: Server, c: Client, bytes: Bytes): void {
  unapplied.set(c, (unapplied.get(c) ?? '') + bytes)
  processInputBuffer(server, c)
  masterApplied(server, c)
}
function masterApplied(server: Server, c: Client): void {
  const stream = unapplied.get(c) ?? ''
  // Inside MULTI nothing is applied until EXEC; a blocked request is not applied yet either.
  if (c.freed || c.multi !== null) return
  const done = stream.length - c.reader.buffered - c.reader.partialBytes
  if (done <= 0) return
  unapplied.set(c, stream.slice(done))
  c.reploff += done
  server.repl?.onMasterApplied(c, stream.slice(0, done))
}

export function processInputBuffer(server: Server, c: Client): void {
  const reader = c.reader
  const limits = server.config
  while (c.blocked === null && !c.closeAfterReply && !c.closeAsap && !c.freed) {
    if (server.loading && c.isMaster) break
    if (server.waits || server.scripting?.holdsClient(c)) break
    const argv = reader.next(limits)
    if (argv === null) {
      if (reader.error !== null) protocolError(server, c, reader.error)
      break
    }
    if (argv.length === 0) {
      // A replica that loads its copy sends newlines, to say that it is alive.
      if (c.isReplica) server.repl?.onNewline?.(c)
      continue
    }
    server.requestOf = c
    processCommand(server, c, argv)
    server.requestOf = null
    if (c.blocked === null) turnReplySkip(c)
  }
  if (c.closeAfterReply && !c.freed) {
    // Closed when the last reply has been written; where CLIENT REPLY held it back, 7.0.15 never comes to that.
    if (c.obufBytes > 0) server.freeClientAsync(c)
  } else if (c.link !== null && c.link.pending.length > 0) checkOutputBufferLimits(server, c)
}
function protocolError(server: Server, c: Client, text: string): void {
  const line = `Protocol error (${text}) from ${c.isMaster ? 'master' : 'client'}: ${clientInfo(server, c)}. Query buffer during protocol error: ${excerpt(c.reader.unread())}`
  server.log(c.isMaster ? 'warning' : 'verbose', line)
  c.addReply({ t: 'error', text: `ERR Protocol error: ${text}` })
  server.stat.totalErrorReplies++
  c.closeAfterReply = true
}

/** At most 128 bytes of it, with a point for what can't be printed. */
function excerpt(bytes: Bytes): string {
  const shown = (b: Bytes): string => `'${b.replace(/[^ -~]/g, '.')}'`
  if (bytes.length < 128) return shown(bytes)
  return `${shown(bytes.slice(0, 64))} (... more ${bytes.length - 128} bytes ...) ${shown(bytes.slice(-64))}`
}

/** resetClient: CLIENT REPLY SKIP and ASKING hold for one command, to its end. */
export function turnReplySkip(c: Client): void {
  if (c.slot !== -1) c.slot = -1
  if (c.asking && c.multi === null && c.lastCommand?.name !== 'asking') c.asking = false
  c.replySkip = c.replySkipNext
  c.replySkipNext = false
}

/** After unblocking: a postponed command runs now, then whatever else was sent. */
export function resumeClient(server: Server, c: Client): void {
  c.unblocked = false
  if (c.freed || c.blocked !== null) return
  const again = c.postponed
  if (again !== null) {
    c.postponed = null
    server.requestOf = c
    processCommand(server, c, again)
    server.requestOf = null
    if (c.blocked === null) turnReplySkip(c)
  }
  processInputBuffer(server, c)
  if (c.isMaster) masterApplied(server, c)
}
export function freeClient(server: Server, c: Client): void {
  if (c.freed) return
  c.freed = true
  if (c.blocked) unblockClient(server, c)
  unwatchAllKeys(c)
  server.pubsub.forget(c)
  server.monitors.delete(c)
  server.tracking.disable(c)
  server.clients.delete(c.id)
  c.link?.close(c.dropOutput)
  server.repl?.onClientFreed(c)
  server.sentinel?.onClientFreed?.(c)
}

/** closeClientOnOutputBufferLimitReached */
export function checkOutputBufferLimits(server: Server, c: Client): void {
  if (c.link === null || c.isMaster) return
  const limits = server.config.clientOutputBufferLimit
  const limit = c.isReplica ? limits.slave : c.isPubsub ? limits.pubsub : limits.normal
  const used = c.isReplica ? c.obufBytes : outputBuffers(c).memory
  // So a soft limit that was passed once stays passed, even when all has been read since.
  if (used === 0 && !c.isReplica) return
  // Less than the backlog makes no sense: a partial resync would be accepted and the replica dropped at once.
  const hardLimit = c.isReplica ? Math.max(limit.hardLimitBytes, server.config.replBacklogSize) : limit.hardLimitBytes
  const hard = limit.hardLimitBytes > 0 && used >= hardLimit
  let soft = limit.softLimitBytes > 0 && used >= limit.softLimitBytes
  if (soft) {
    if (c.obufSoftLimitReachedMs === 0) {
      c.obufSoftLimitReachedMs = server.nowMs
      soft = false
    } else if (Math.floor(server.nowMs / 1000) - Math.floor(c.obufSoftLimitReachedMs / 1000) <= limit.softLimitSeconds)
      soft = false
  } else c.obufSoftLimitReachedMs = 0
  if (!hard && !soft) return
  if (c.closeAsap) return
  server.log(
    'warning',
    `Client ${clientInfo(server, c)} scheduled to be closed ASAP for overcoming of output buffer limits.`,
  )
  c.dropOutput = true
  server.freeClientAsync(c)
}
export { timeoutClient }
