/**
 * The connections that MIGRATE keeps. Moving a slot means many MIGRATEs to one place, so a connection stays open for ten
 * seconds after its last use (64 of them at most); what was left SELECTed there is remembered.
 *
 * redis-server waits inside the command for its socket. Here the machine hears nothing but this socket meanwhile (see
 * `Server.stall`), and each wait says what is to be done when the bytes are gone, the line is there, or it is too late.
 *
 * (redis 7.0: migrateCachedSocket, migrateGetSocket, connSyncWrite, connSyncReadLine)
 */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Input } from '../../machine.ts'
import type { Link, TimerId } from '../../server/host.ts'
import type { Server } from '../../server/server.ts'

const CACHED_SOCKETS = 64
const TTL_SECONDS = 10
/** What one write hands to the kernel; where there is a real one, each turn costs a millisecond. */
const CHUNK = 64 * 1024
const REAL_CHUNK = 1024 * 1024

/** `refused`: nobody listens; `nowhere`: no such host; `eof`, `reset`: the other end is gone. */
export type SocketFailure = 'timeout' | 'refused' | 'nowhere' | 'eof' | 'reset'
export type Done<T> = (failure: SocketFailure | null, value: T) => void

export class MigrateSocket {
  readonly name: string
  link: Link | null = null
  /** -1: SELECT first. */
  lastDbid = -1
  lastUseSeconds = 0
  private state: 'connecting' | 'open' | SocketFailure = 'connecting'
  private received: Bytes = ''
  private unsent: Bytes = ''
  private pendingBytes = 0
  private readonly server: Server
  private waiting: { readonly check: () => boolean; readonly late: () => void } | null = null
  private timer: TimerId = 0
  private turn: TimerId = 0

  constructor(server: Server, name: string) {
    this.server = server
    this.name = name
  }
  /** What the machine must hear while it waits for this socket. */
  hears(input: Input): boolean {
    if (input.type === 'timer') return input.id === this.timer || input.id === this.turn
    return 'conn' in input && input.conn === this.link?.conn
  }
  connect(host: Bytes, port: number, timeoutMs: number, done: Done<void>): void {
    this.wait(
      timeoutMs,
      () => {
        if (this.state === 'connecting') return false
        this.ready(() => done(this.failure, undefined))
        return true
      },
      () => done('timeout', undefined),
    )
    this.link = this.server.host.connect(host, port, {
      opened: () => this.becomes('open'),
      refused: (error) =>
        this.becomes(error === 'ENOTFOUND' ? 'nowhere' : error === 'ETIMEDOUT' ? 'timeout' : 'refused'),
      closed: (reason) => this.becomes(reason),
      data: (bytes) => {
        this.received += bytes
        this.look()
      },
      sent: (pending) => {
        this.pendingBytes = pending
        this.look()
      },
    })
  }
  /** All of it, chunk by chunk; each has the whole time. */
  write(bytes: Bytes, timeoutMs: number, done: Done<void>): void {
    this.unsent = bytes
    const size = this.server.env.real ? REAL_CHUNK : CHUNK
    const next = (): void => {
      if (this.failure !== null && this.failure !== 'eof') return done(this.failure, undefined)
      const chunk = this.unsent.slice(0, size)
      this.unsent = this.unsent.slice(size)
      this.link?.send(chunk)
      this.server.tap?.({ kind: 'migrate chunk', bytes: chunk.length, left: this.unsent.length })
      if (this.unsent === '') return done(null, undefined)
      // The kernel says how much it could not take before the turn comes.
      let turned = false
      this.turn = this.server.host.after(0, () => {
        turned = true
        this.look()
      })
      this.wait(
        timeoutMs,
        () => {
          if (!turned || (this.pendingBytes > size && this.failure === null)) return false
          this.ready(next)
          return true
        },
        () => done('timeout', undefined),
      )
    }
    next()
  }
  readLine(timeoutMs: number, done: Done<Bytes>): void {
    const line = this.takeLine()
    if (line !== null) return done(null, line)
    if (this.failure !== null) return done(this.failure, '')
    this.wait(
      timeoutMs,
      () => {
        const late = this.takeLine()
        if (late === null && this.failure === null) return false
        this.ready(() => (late === null ? done(this.failure, '') : done(null, late)))
        return true
      },
      () => done('timeout', ''),
    )
  }
  close(): void {
    this.waiting = null
    this.server.host.cancel(this.timer)
    this.server.host.cancel(this.turn)
    this.link?.close()
    this.server.migrateSockets.delete(this.name)
  }

  private get failure(): SocketFailure | null {
    return this.state === 'connecting' || this.state === 'open' ? null : this.state
  }
  /** A line that is here already. */
  takeLine(): Bytes | null {
    const end = this.received.indexOf('\n')
    if (end === -1) return null
    const line = this.received.slice(0, end > 0 && this.received[end - 1] === '\r' ? end - 1 : end)
    this.received = this.received.slice(end + 1)
    return line
  }
  private becomes(state: 'open' | SocketFailure): void {
    this.state = state
    this.look()
  }
  private wait(timeoutMs: number, check: () => boolean, late: () => void): void {
    this.waiting = { check, late }
    this.timer = this.server.host.after(timeoutMs, () => {
      const w = this.waiting
      this.waiting = null
      w?.late()
    })
  }
  private look(): void {
    this.waiting?.check()
  }
  private ready(go: () => void): void {
    this.waiting = null
    this.server.host.cancel(this.timer)
    go()
  }
}

/** migrateGetSocket, but for the connecting: one that is open already, or a new one. */
export function cachedSocket(server: Server, host: Bytes, port: Bytes): { socket: MigrateSocket; isNew: boolean } {
  const { migrateSockets } = server
  const name = `${host}:${port}`
  let socket = migrateSockets.get(name)
  const isNew = socket === undefined
  if (socket === undefined) {
    if (migrateSockets.size === CACHED_SOCKETS) [...migrateSockets.values()][server.rng.below(CACHED_SOCKETS)]?.close()
    socket = new MigrateSocket(server, name)
    migrateSockets.set(name, socket)
  }
  socket.lastUseSeconds = Math.floor(server.nowMs / 1000)
  return { socket, isNew }
}
/** migrateCloseTimedoutSockets */
export function closeIdleSockets(server: Server): void {
  const now = Math.floor(server.nowMs / 1000)
  for (const socket of [...server.migrateSockets.values()])
    if (now - socket.lastUseSeconds > TTL_SECONDS) socket.close()
}
