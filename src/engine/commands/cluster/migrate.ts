/**
 * MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key ...]: the keys travel as
 * RESTORE commands to another server, and what it took is deleted here.
 *
 *   connect ─▶ AUTH, SELECT, RESTORE(-ASKING) ... in one piece ─▶ replies in their order ─▶ DEL of what arrived
 *
 * The whole server stands still until it is over: nobody can write a key that is on its way. A key goes only after the other
 * side has said OK for it, so whatever breaks, it is there or here or (an OK that got lost) on both.
 *
 * A connection may have been kept since an earlier MIGRATE, and may have died meanwhile; so when nothing was answered yet the
 * whole is tried a second time on a new one, unless it was time that ran out.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { notifyKeyspaceEvent } from '../../keyspace/notify.ts'
import type { Obj } from '../../objects/object.ts'
import { createDumpPayload } from '../../persistence/dump.ts'
import { OK, type Reply, status } from '../../protocol/reply.ts'
import { encodeCommand } from '../../protocol/reply-writer.ts'
import type { Client } from '../../server/client.ts'
import type { Server } from '../../server/server.ts'
import { SUSPENDED } from '../../server/suspend.ts'
import { fail, parseLongArg, syntaxError, word } from '../args.ts'
import type { CommandContext, Handler } from '../command.ts'
import { payloadCost } from '../costs.ts'
import { redact } from '../server/acl.ts'
import { cachedSocket, type MigrateSocket, type SocketFailure } from './migrate-socket.ts'

interface Request {
  readonly host: Bytes
  readonly port: Bytes
  readonly keys: readonly Bytes[]
  readonly dbid: number
  readonly timeoutMs: number
  readonly copy: boolean
  readonly replace: boolean
  readonly auth: Bytes[] | null
}

function parse(c: CommandContext, argv: readonly Bytes[]): Request {
  let keys: readonly Bytes[] = [argv[3]!]
  let [copy, replace] = [false, false]
  let auth: Bytes[] | null = null
  for (let i = 6; i < argv.length; i++) {
    const more = argv.length - 1 - i
    const option = word(argv[i])
    if (option === 'copy') copy = true
    else if (option === 'replace') replace = true
    else if (option === 'auth') {
      if (more < 1) syntaxError()
      auth = ['AUTH', argv[++i]!]
      redact(c, i, i + 1)
    } else if (option === 'auth2') {
      if (more < 2) syntaxError()
      auth = ['AUTH', argv[i + 1]!, argv[i + 2]!]
      redact(c, i + 1, i + 3)
      i += 2
    } else if (option === 'keys') {
      if (argv[3] !== '') fail('ERR When using MIGRATE KEYS option, the key argument must be set to the empty string')
      keys = argv.slice(i + 1)
      break
    } else syntaxError()
  }
  const timeout = parseLongArg(argv[5])
  const dbid = parseLongArg(argv[4])
  return { host: argv[1]!, port: argv[2]!, keys, dbid, timeoutMs: timeout <= 0 ? 1000 : timeout, copy, replace, auth }
}

/** One MIGRATE, from its first connection to its reply. */
class Migration {
  private readonly server: Server
  private readonly client: Client
  private readonly q: Request
  private found: readonly { readonly key: Bytes; readonly value: Obj }[]
  private readonly answer: (reply: Reply) => void
  private mayRetry = true
  private socket: MigrateSocket | null = null
  /** The keys that are on their way, in order, and those that have arrived. */
  private moving: Bytes[] = []
  private readonly taken: Bytes[] = []
  private refusal: Bytes | null = null

  constructor(c: CommandContext, q: Request, found: Migration['found'], answer: (reply: Reply) => void) {
    this.server = c.server
    this.client = c.client
    this.q = q
    this.found = found
    this.answer = answer
  }
  start(): void {
    const { server, q } = this
    const { socket, isNew } = cachedSocket(server, q.host, q.port)
    this.socket = socket
    server.hearing = (input) => socket.hears(input)
    server.tap?.({ kind: 'migrate begin', target: socket.name, keys: this.found.length, cached: !isNew })
    if (!isNew) return this.send(socket)
    socket.connect(q.host, Number.parseInt(q.port, 10) || 0, q.timeoutMs, (failure) => {
      if (failure === null) this.send(socket)
      else if (failure === 'timeout' || failure === 'nowhere') {
        socket.close()
        this.end({ t: 'error', text: 'IOERR error or timeout connecting to the client' })
      } else this.broken('writing', failure)
    })
  }
  private send(socket: MigrateSocket): void {
    const { q } = this
    const select = socket.lastDbid !== q.dbid
    const head = [...(q.auth ? [q.auth] : []), ...(select ? [['SELECT', `${q.dbid}`]] : [])]
    const text = head.map(encodeCommand).join('') + this.restores()
    socket.write(text, q.timeoutMs, (failure) => {
      if (failure !== null) this.broken('writing', failure)
      else this.readHead(head.length, [])
    })
  }
  /** The RESTORE commands; keys whose time ran out meanwhile stay. */
  private restores(): Bytes {
    const { server, client, q } = this
    const name = server.cluster === null ? 'RESTORE' : 'RESTORE-ASKING'
    const now = server.nowMs
    this.found = this.found.filter(({ key }) => {
      const at = client.db.getExpire(key)
      return at === -1 || at >= now
    })
    this.moving = this.found.map(({ key }) => key)
    return this.found
      .map(({ key, value }) => {
        const at = client.db.getExpire(key)
        const ttl = at === -1 ? 0 : Math.max(1, at - now)
        const payload = createDumpPayload(value, server.config.rdbcompression)
        server.workMicros += payloadCost(payload)
        return encodeCommand([name, key, `${ttl}`, payload, ...(q.replace ? ['REPLACE'] : [])])
      })
      .join('')
  }
  /** The replies to AUTH and SELECT: an error among them is everybody's. */
  private readHead(left: number, errors: Bytes[]): void {
    if (left === 0) return this.readReply(0, errors[0] ?? null)
    this.socket?.readLine(this.q.timeoutMs, (failure, line) => {
      if (failure !== null) return this.broken('reading', failure)
      if (line.startsWith('-')) errors.push(line)
      this.readHead(left - 1, errors)
    })
  }
  private readReply(from: number, headError: Bytes | null): void {
    const socket = this.socket as MigrateSocket
    for (let at = from; at < this.moving.length; at++) {
      const line = socket.takeLine()
      if (line !== null) {
        this.heard(socket, at, headError ?? (line.startsWith('-') ? line : null))
        continue
      }
      return socket.readLine(this.q.timeoutMs, (failure, late) => {
        if (failure !== null) return this.lost(at, failure)
        this.heard(socket, at, headError ?? (late.startsWith('-') ? late : null))
        this.readReply(at + 1, headError)
      })
    }
    this.succeed(socket)
  }
  /** The answer for one key. */
  private heard(socket: MigrateSocket, at: number, error: Bytes | null): void {
    const key = this.moving[at] as Bytes
    if (error === null) this.taken.push(key)
    else if (this.refusal === null) {
      socket.lastDbid = -1
      this.refusal = error.slice(1)
    }
    this.server.tap?.({ kind: 'migrate reply', key, ok: error === null })
  }
  private succeed(socket: MigrateSocket): void {
    if (this.refusal === null) socket.lastDbid = this.q.dbid
    this.end(this.refusal === null ? OK : this.refused())
  }
  private refused(): Reply {
    return { t: 'error', text: `ERR Target instance replied with error: ${this.refusal ?? ''}` }
  }
  /** The connection ended among the replies. */
  private lost(at: number, failure: SocketFailure): void {
    if (this.refusal === null) {
      if (at > 0) this.mayRetry = false
      return this.broken('reading', failure)
    }
    this.socket?.close()
    this.end(this.refused())
  }
  private broken(doing: 'reading' | 'writing', failure: SocketFailure): void {
    this.socket?.close()
    if (failure !== 'timeout' && this.mayRetry) {
      this.mayRetry = false
      return this.start()
    }
    this.end({ t: 'error', text: `IOERR error or timeout ${doing} to target instance` })
  }
  private end(reply: Reply): void {
    if (!this.q.copy) this.forget()
    this.server.tap?.({ kind: 'migrate end', taken: this.taken.length, of: this.found.length })
    this.answer(reply)
  }
  /** Delete here what the other side took, and tell it as a DEL. */
  private forget(): void {
    const { server, taken } = this
    const { db } = this.client
    if (taken.length === 0) return
    for (const key of taken) {
      db.remove(key)
      server.signalModifiedKey(this.client, db, key)
      notifyKeyspaceEvent(server, 'g', 'del', key, db.id)
    }
    server.dirty += taken.length
    server.alsoPropagate(db.id, ['DEL', ...taken])
  }
}

export const migrate: Handler = (c, argv) => {
  const { server, client } = c
  const q = parse(c, argv)
  const found = q.keys.flatMap((key) => {
    const value = c.lookupRead(key)
    return value === undefined ? [] : [{ key, value }]
  })
  if (found.length === 0) return status('NOKEY')
  // Of a script that is in the middle of an error nothing can be put aside.
  if (client.isFake && server.scripting?.mayWait !== true) fail('ERR This Redis command is not allowed from script')
  let early: Reply | undefined
  let waits = false
  const migration = new Migration(c, q, found, (reply) => {
    server.hearing = null
    if (!waits) {
      early = reply
      return
    }
    server.resume()
    server.scripting?.continuations.finish(reply)
    server.scripting?.settle()
  })
  migration.start()
  if (early !== undefined) return early
  waits = true
  server.stall()
  return SUSPENDED
}
