/**
 * A Machine behind the real world: TCP, files, the system clock, signals.
 *
 *   sockets, files, timers, signals ──Input──▶ machine.handle ──Output[]──▶ sockets, files, timers, stdout
 *
 * File operations are done at once and answered after the outputs of the same `handle` have been carried out, in order,
 * so a machine sees the same sequence as in the simulated world. Input that arises while a machine is being handled
 * waits in a queue: `handle` is never re-entered.
 */
import { appendFileSync, chmodSync, existsSync } from 'node:fs'
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Bytes, ConnId, FailedBind, Input, Machine, Output, Signal } from '../engine/index.ts'
import { latin1, performFile, writeAll } from './files.ts'

/**
 * Lets a socket read into one buffer that all share, as net.connect's `onread` option does; for sockets that a server accepted
 * Node offers no such option, so its fields are set from outside. False where Node has not got them: then every read
 * makes a buffer of 64 KB, and collecting these is a third of the work.
 */
function readInto(socket: Socket, buffer: Buffer, arrived: (bytes: number) => void): boolean {
  const handle = (socket as unknown as { _handle?: { useUserBuffer?: (b: Buffer) => void } | null })._handle
  const fields = socket as unknown as Record<symbol, unknown>
  const field = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find((s) => s.description === name)
  const [inUse, callback, next] = [field('kBuffer'), field('kBufferCb'), field('kBufferGen')]
  if (typeof handle?.useUserBuffer !== 'function' || !inUse || !callback || !next) return false
  fields[inUse] = buffer
  fields[callback] = (n: number) => {
    arrived(n)
    return true
  }
  fields[next] = null
  handle.useUserBuffer(buffer)
  return true
}

/** What one read takes at most. */
const READ_BYTES = 65536
/** Above this many bytes waiting in a socket, the machine is told (output buffer limits count them). */
const BACKPRESSURE_BYTES = 65536
/** How long an exiting process waits for its last replies to leave. */
const EXIT_FLUSH_MS = 200

export interface RuntimeOptions {
  /** Where log lines go: the machine's `logfile`, '' for standard output. */
  readonly logfile: () => string
  readonly backlog: () => number
  /** Seconds before an idle connection is probed, 0 for never. */
  readonly keepalive: () => number
  readonly onExit: (code: number) => void
}

export class Runtime {
  private readonly machine: Machine
  private readonly options: RuntimeOptions
  private readonly sockets = new Map<ConnId, Socket>()
  private readonly servers = new Map<number, NetServer[]>()
  private readonly timers = new Map<number, NodeJS.Timeout>()
  private queue: Input[] = []
  private running = false
  private exiting = false
  private nextConn = 2
  private readonly readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  private readonly startedAtMicros: number
  private readonly startedAt: number

  constructor(machine: Machine, options: RuntimeOptions) {
    this.machine = machine
    this.options = options
    this.startedAtMicros = Date.now() * 1000
    this.startedAt = performance.now()
  }

  start(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const satisfies readonly Signal[]) {
      process.on(signal, () => this.input({ type: 'signal', signal }))
    }
    this.input({ type: 'start' })
  }

  private now(): number {
    return this.startedAtMicros + Math.floor((performance.now() - this.startedAt) * 1000)
  }

  input(input: Input): void {
    if (this.exiting) return
    if (this.running) {
      this.queue.push(input)
      return
    }
    this.running = true
    try {
      this.perform(this.machine.handle(input, this.now()))
      while (this.queue.length > 0 && !this.exiting) {
        const batch = this.queue
        this.queue = []
        for (const next of batch) {
          if (this.exiting) break
          this.perform(this.machine.handle(next, this.now()))
        }
      }
    } finally {
      this.running = false
    }
  }

  private perform(outputs: readonly Output[]): void {
    for (let i = 0; i < outputs.length; i++) {
      const out = outputs[i] as Output
      switch (out.type) {
        case 'send': {
          const socket = this.sockets.get(out.conn)
          if (socket === undefined) break
          socket.write(out.bytes, 'latin1')
          if (socket.writableLength > BACKPRESSURE_BYTES) {
            this.queue.push({ type: 'sent', conn: out.conn, pendingBytes: socket.writableLength })
          }
          break
        }
        case 'close': {
          const socket = this.sockets.get(out.conn)
          this.sockets.delete(out.conn)
          if (out.drop) socket?.destroy()
          else socket?.end()
          // A peer that never reads would keep the socket for ever.
          if (socket) setTimeout(() => socket.destroy(), 5000).unref()
          break
        }
        case 'setTimer': {
          clearTimeout(this.timers.get(out.id))
          const delayMs = Math.max(0, (out.at - this.now()) / 1000)
          this.timers.set(
            out.id,
            setTimeout(() => {
              this.timers.delete(out.id)
              this.input({ type: 'timer', id: out.id })
            }, delayMs),
          )
          break
        }
        case 'clearTimer':
          clearTimeout(this.timers.get(out.id))
          this.timers.delete(out.id)
          break
        case 'listen':
          this.listen(out.port, out.bind)
          break
        case 'unlisten':
          for (const server of this.servers.get(out.port) ?? []) server.close()
          this.servers.delete(out.port)
          break
        case 'connect':
          this.connect(out.conn, out.host, out.port)
          break
        case 'file':
          this.queue.push({ type: 'fileDone', id: out.id, result: performFile(out.op) })
          break
        case 'log':
          this.log(out.line)
          break
        case 'stdout':
          writeAll(1, out.bytes)
          break
        case 'stderr':
          writeAll(2, out.bytes)
          break
        case 'exit':
          this.exit(out.code)
          return
      }
    }
  }

  private log(line: string): void {
    const path = this.options.logfile()
    const text = Buffer.from(`${line}\n`, 'latin1')
    if (path === '') writeAll(1, text)
    else
      try {
        appendFileSync(path, text)
      } catch {
        // As Redis: a log file that can't be opened loses the line, not the server.
      }
  }

  private listen(port: number, bind: readonly string[]): void {
    if (port === 0) return this.listenUnix(bind)
    // Every address: one socket for both families does it, and spares Node the way through its resolver.
    const every = bind.length === 2 && bind[0] === '*' && bind[1] === '-::*'
    if (!every) return this.listenAll(port, bind)
    this.listenAt(port, '', (server, error) => {
      if (error !== null) return this.listenAll(port, bind)
      this.servers.set(port, [server])
      this.input({ type: 'listening', port })
    })
  }
  private listenAll(port: number, bind: readonly string[]): void {
    const servers: NetServer[] = []
    const failed: FailedBind[] = []
    this.servers.set(port, servers)
    const next = (i: number): void => {
      const address = bind[i]
      if (address === undefined)
        return this.input({ type: 'listening', port, ...(failed.length > 0 ? { failed } : {}) })
      const optional = address.startsWith('-')
      const name = optional ? address.slice(1) : address
      this.listenAt(port, name, (server, error) => {
        if (error === null) servers.push(server)
        else {
          failed.push({ address: name, error })
          const goOn =
            (optional && error === 'EADDRNOTAVAIL') || error === 'EAFNOSUPPORT' || error === 'EPROTONOSUPPORT'
          if (!goOn) {
            for (const s of servers) s.close()
            this.servers.delete(port)
            return this.input({ type: 'listenFailed', port, error, failed })
          }
        }
        next(i + 1)
      })
    }
    next(0)
  }
  private listenAt(port: number, name: string, done: (server: NetServer, error: string | null) => void): void {
    const host = name === '*' ? '0.0.0.0' : name === '::*' ? '::' : name
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => this.accept(socket, port))
    server.once('error', (e: NodeJS.ErrnoException) => done(server, e.code ?? 'EIO'))
    const where = host === '' ? { port } : { port, host, ipv6Only: host.includes(':') }
    server.listen({ ...where, backlog: this.options.backlog() }, () => done(server, null))
  }
  private listenUnix([path = '', mode = '0']: readonly string[]): void {
    const server = createServer({ allowHalfOpen: false }, (socket) => this.accept(socket, 0, path))
    server.once('error', (e: NodeJS.ErrnoException) => {
      // Node says EACCES where bind(2) says ENOENT.
      const error = existsSync(dirname(path)) ? (e.code ?? 'EIO') : 'ENOENT'
      this.input({ type: 'listenFailed', port: 0, error })
    })
    server.listen({ path, backlog: this.options.backlog() }, () => {
      this.servers.set(0, [server])
      if (mode !== '0') chmodSync(path, Number.parseInt(mode, 8))
      this.input({ type: 'listening', port: 0 })
    })
  }

  private accept(socket: Socket, port: number, path?: string): void {
    const conn = this.nextConn
    this.nextConn += 2
    this.sockets.set(conn, socket)
    this.attach(conn, socket)
    const keepalive = path === undefined ? this.options.keepalive() : 0
    if (keepalive > 0) socket.setKeepAlive(true, keepalive * 1000)
    this.input({
      type: 'accept',
      conn,
      port,
      remoteHost: path ?? plainAddress(socket.remoteAddress),
      remotePort: socket.remotePort ?? 0,
      localHost: path ?? plainAddress(socket.localAddress),
    })
  }

  private connect(conn: ConnId, host: string, port: number): void {
    const socket = connect({ host, port, noDelay: true })
    this.sockets.set(conn, socket)
    let opened = false
    socket.once('connect', () => {
      opened = true
      if (this.sockets.get(conn) !== socket) return
      this.attach(conn, socket)
      this.input({
        type: 'opened',
        conn,
        localHost: plainAddress(socket.localAddress),
        localPort: socket.localPort ?? 0,
      })
    })
    socket.once('error', (e: NodeJS.ErrnoException) => {
      if (opened || !this.sockets.delete(conn)) return
      this.input({ type: 'refused', conn, error: e.code ?? 'ECONNREFUSED' })
    })
  }

  private attach(conn: ConnId, socket: Socket): void {
    let reason: 'eof' | 'reset' = 'eof'
    const arrived = (bytes: Bytes): void => {
      if (this.sockets.get(conn) === socket) this.input({ type: 'data', conn, bytes })
    }
    if (!readInto(socket, this.readBuffer, (n) => arrived(latin1(this.readBuffer, n))))
      socket.on('data', (chunk: Buffer) => arrived(latin1(chunk)))
    socket.on('drain', () => {
      if (this.sockets.get(conn) === socket) this.input({ type: 'sent', conn, pendingBytes: socket.writableLength })
    })
    socket.on('error', () => {
      reason = 'reset'
    })
    socket.on('close', () => {
      if (this.sockets.get(conn) !== socket) return
      this.sockets.delete(conn)
      this.input({ type: 'closed', conn, reason })
    })
  }

  private exit(code: number): void {
    this.exiting = true
    for (const timer of this.timers.values()) clearTimeout(timer)
    for (const servers of this.servers.values()) for (const server of servers) server.close()
    let open = 0
    const done = (): void => {
      if (--open <= 0) this.options.onExit(code)
    }
    for (const socket of this.sockets.values()) {
      if (socket.destroyed || socket.writableLength === 0) continue
      open++
      socket.end(done)
    }
    if (open === 0) this.options.onExit(code)
    else setTimeout(() => this.options.onExit(code), EXIT_FLUSH_MS)
  }
}

/** "::ffff:127.0.0.1" is how a dual-stack socket names an IPv4 peer; Redis shows "127.0.0.1". */
function plainAddress(address: string | undefined): string {
  const a = address ?? '?'
  return a.startsWith('::ffff:') ? a.slice(7) : a
}
