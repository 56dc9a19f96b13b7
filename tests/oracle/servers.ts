/**
 * Two servers that the same requests are put to: ours, in this process and on a clock that the test moves, and a real
 * redis-server over TCP. Both answer with the bytes that every connection got since it was last asked.
 */
import { connect, type Socket } from 'node:net'
import type { FileOp, FileResult, Output } from '../../src/engine/machine.ts'
import { createServer } from '../../src/engine/server/create.ts'
import type { Server } from '../../src/engine/server/server.ts'
import { type Running, sleep, start } from '../support/processes.ts'

/** Bytes by number of connection, 1 and up. */
export type Heard = Map<number, string>

export interface Subject {
  /** Write bytes on a connection (opened at its first use); resolves when the server has done all it will do now. */
  send(conn: number, bytes: string): Promise<Heard>
  wait(ms: number): Promise<Heard>
  close(): void
}

export const encode = (argv: readonly string[]): string =>
  `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`

export class Ours implements Subject {
  readonly server: Server
  private now: number
  private readonly timers = new Map<number, number>()
  private readonly files = new Map<string, string>()
  private heard: Heard = new Map()
  private readonly opened = new Set<number>()
  /** Ports from which connections come, where it matters. */
  readonly ports = new Map<number, number>()
  /** Connections that the server has closed. */
  readonly closed = new Set<number>()

  constructor(configure: (server: Server) => void = () => {}, startedAtMicros = 1_790_000_000_000_000, seed = 7) {
    this.now = startedAtMicros
    this.server = createServer(
      { pid: 1, seed, host: '127.0.0.1', argv: ['--save', '', '--enable-debug-command', 'yes'], cwd: '/' },
      undefined,
      { mode: 'server' },
    )
    this.take(this.server.handle({ type: 'start' }, this.now))
    configure(this.server)
  }
  private take(outputs: readonly Output[]): void {
    const queue = [...outputs]
    for (let o = queue.shift(); o !== undefined; o = queue.shift()) {
      if (o.type === 'listen') queue.push(...this.server.handle({ type: 'listening', port: o.port }, this.now))
      else if (o.type === 'setTimer') this.timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') this.timers.delete(o.id)
      else if (o.type === 'send') this.heard.set(o.conn / 2, (this.heard.get(o.conn / 2) ?? '') + o.bytes)
      else if (o.type === 'close') this.closed.add(o.conn / 2)
      else if (o.type === 'file')
        queue.push(...this.server.handle({ type: 'fileDone', id: o.id, result: this.file(o.op) }, this.now))
    }
  }
  /** A disk that never fails. */
  private file(op: FileOp): FileResult {
    const { files } = this
    const old = files.get(op.path)
    switch (op.op) {
      case 'write':
        files.set(op.path, op.bytes)
        return { ok: true }
      case 'append':
        files.set(op.path, (old ?? '') + op.bytes)
        return { ok: true }
      case 'rename':
        if (old === undefined) return { ok: false, error: 'ENOENT' }
        files.set(op.to, old)
        files.delete(op.path)
        return { ok: true }
      case 'unlink':
        return files.delete(op.path) ? { ok: true } : { ok: false, error: 'ENOENT' }
      case 'read':
        return old === undefined ? { ok: false, error: 'ENOENT' } : { ok: true, bytes: old }
      case 'stat':
        return old === undefined ? { ok: false, error: 'ENOENT' } : { ok: true, size: old.length }
      default:
        return { ok: true }
    }
  }
  /** A file of its disk. */
  fileAt(path: string): string {
    return this.files.get(path) ?? this.files.get(`/${path}`) ?? ''
  }
  private drain(): Heard {
    const heard = this.heard
    this.heard = new Map()
    return heard
  }
  /** As `send`, without a promise. */
  say(conn: number, bytes: string): Heard {
    if (!this.opened.has(conn)) {
      this.opened.add(conn)
      this.take(
        this.server.handle(
          {
            type: 'accept',
            conn: conn * 2,
            port: 6379,
            remoteHost: '127.0.0.1',
            remotePort: this.ports.get(conn) ?? 40000 + conn,
            localHost: '127.0.0.1',
          },
          this.now,
        ),
      )
    }
    this.now += 20
    this.take(this.server.handle({ type: 'data', conn: conn * 2, bytes }, this.now))
    this.pass(0)
    return this.drain()
  }
  /** The other end of a connection goes away. */
  hangUp(conn: number): Heard {
    this.take(this.server.handle({ type: 'closed', conn: conn * 2, reason: 'eof' }, this.now))
    this.pass(0)
    return this.drain()
  }
  send(conn: number, bytes: string): Promise<Heard> {
    return Promise.resolve(this.say(conn, bytes))
  }
  private pass(ms: number): void {
    const end = this.now + ms * 1000
    for (;;) {
      let next: readonly [number, number] | null = null
      for (const t of this.timers) if (t[1] <= end && (next === null || t[1] < next[1])) next = t
      if (next === null) break
      this.timers.delete(next[0])
      this.now = Math.max(this.now, next[1])
      this.take(this.server.handle({ type: 'timer', id: next[0] }, this.now))
    }
    this.now = end
  }
  wait(ms: number): Promise<Heard> {
    return Promise.resolve(this.advance(ms))
  }
  /** As `wait`, without a promise. */
  advance(ms: number): Heard {
    this.pass(ms)
    return this.drain()
  }
  /** Lets the clock go on to a time, if that lies ahead. */
  follow(atMicros: number): void {
    if (atMicros > this.now) this.pass((atMicros - this.now) / 1000)
  }
  close(): void {}
}

const PING = 'PING\r\n'
const PONG = '+PONG\r\n'

/** Connections to a real server. A request is over when two PINGs sent behind it on a connection of our own are answered. */
export class Real implements Subject {
  private readonly port: number
  private readonly sockets = new Map<number, Socket>()
  private heard: Heard = new Map()
  /** Connections that the server has closed. */
  readonly closed = new Set<number>()
  private wake = (): void => {}
  constructor(port: number) {
    this.port = port
  }
  private socket(conn: number): Promise<Socket> {
    const known = this.sockets.get(conn)
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const s = connect(this.port, '127.0.0.1', () => resolve(s))
      s.setNoDelay(true)
      s.setEncoding('latin1')
      s.on('error', reject)
      for (const event of ['end', 'close'])
        s.once(event, () => {
          this.closed.add(conn)
          this.wake()
        })
      s.on('data', (d) => {
        this.heard.set(conn, (this.heard.get(conn) ?? '') + d)
        this.wake()
      })
      this.sockets.set(conn, s)
    })
  }
  private drain(): Heard {
    const heard = this.heard
    heard.delete(0)
    this.heard = new Map()
    return heard
  }
  private async settle(): Promise<void> {
    const control = await this.socket(0)
    for (let i = 0; i < 2; i++) {
      this.heard.delete(0)
      control.write(PING, 'latin1')
      await this.pong()
    }
    await new Promise((r) => setImmediate(r))
  }
  private async pong(): Promise<void> {
    while (!(this.heard.get(0) ?? '').endsWith(PONG)) {
      if (this.closed.has(0)) throw new Error('redis-server has gone')
      await new Promise<void>((r) => {
        this.wake = r
      })
    }
  }
  async send(conn: number, bytes: string): Promise<Heard> {
    ;(await this.socket(conn)).write(bytes, 'latin1')
    await this.settle()
    return this.drain()
  }
  /** Opens a connection; the port that it comes from. */
  async open(conn: number): Promise<number> {
    return (await this.socket(conn)).localPort as number
  }
  /** Closes a connection; resolves when the server has seen it. */
  async hangUp(conn: number): Promise<Heard> {
    const s = this.sockets.get(conn)
    this.sockets.delete(conn)
    const address = `127.0.0.1:${s?.localPort} `
    s?.destroy()
    const control = await this.socket(0)
    for (;;) {
      this.heard.delete(0)
      control.write(`CLIENT LIST\r\n${PING}`, 'latin1')
      await this.pong()
      if (!(this.heard.get(0) ?? '').includes(` addr=${address}`)) break
    }
    await this.settle()
    return this.drain()
  }
  async wait(ms: number): Promise<Heard> {
    await sleep(ms)
    await this.settle()
    return this.drain()
  }
  close(): void {
    for (const s of this.sockets.values()) s.destroy()
  }
}

export const startReal = (): Promise<Running> =>
  start('real', { args: ['--enable-debug-command', 'yes', '--loglevel', 'warning'] })
