/**
 * The kernel's side of a process's connections: listening ports, the handshake, ordered streams, FIN and RST.
 *
 *      client                     server's kernel
 *      connect ── syn ──────────▶ listening? socket made, `accept` queued     else: refuse
 *      opened  ◀─ synack ───────┤
 *      send    ── data ─────────▶ `data` queued (even while the process is stopped)
 *      close   ── fin ──────────▶ `closed` eof, after all data
 *      dead    ── fin or rst ───▶ rst when bytes were left unread
 *
 * Kept exactly: a connect to a port nobody listens on is refused by the box's kernel, not by silence; bytes for a
 * socket that is gone are answered with a reset; a stopped process still completes handshakes.
 * Simplified: receive buffers have no limit; a connection whose data is never acknowledged is not given up by the
 * kernel (only by the programs' own timeouts); half-open closing is not modelled.
 */
import type { Input, Output } from '../engine/machine.ts'
import { BYTES_PER_MICRO, drawLatency } from './links.ts'
import type { Packet, Peer, Socket } from './packet.ts'
import type { ProcessRunner } from './process-runner.ts'

export interface SocketsState {
  nextStream: number
  nextConn: number
  nextPort: number
  readonly listens: Map<number, readonly string[]>
  /** "address:port" to process index, for ports that the topology does not name. */
  readonly routes: Map<string, number>
}

type SocketOutput = Extract<Output, { type: 'send' | 'connect' | 'close' | 'listen' | 'unlisten' }>
type Body = { [K in Packet['kind']]: Omit<Extract<Packet, { kind: K }>, PacketHead> }[Packet['kind']]
type PacketHead = 'time' | 'src' | 'seq' | 'dst' | 'sentAt' | 'stream' | 'toClient'

const STREAMS_PER_PROCESS = 4294967296
/** Linux gives up a connect after six SYNs, and a neighbour that does not answer ARP after three seconds. */
const CONNECT_TIMEOUT = 127_000_000
const UNREACHABLE_AFTER = 3_060_000
/** A send this large is told when the wire has taken it. */
const REPORT_SENT = 4096

export class Sockets {
  private readonly runner: ProcessRunner
  private readonly byConn = new Map<number, Socket>()
  private readonly outgoing = new Map<number, Socket>()
  private readonly incoming = new Map<number, Socket>()

  constructor(runner: ProcessRunner) {
    this.runner = runner
  }

  private get state(): SocketsState {
    return this.runner.state.sockets
  }
  private get index(): number {
    return this.runner.state.index
  }
  /** Open and opening connections that this process made. */
  clientSockets(): Socket[] {
    return [...this.outgoing.values()]
  }

  act(output: SocketOutput, at: number): void {
    switch (output.type) {
      case 'send': {
        const socket = this.byConn.get(output.conn)
        if (!socket) return
        this.send(socket, { kind: 'data', bytes: output.bytes }, at)
        if (output.bytes.length >= REPORT_SENT) {
          this.input({ type: 'sent', conn: socket.conn, pendingBytes: 0 }, socket.wireFreeAt)
        }
        return
      }
      case 'close': {
        const socket = this.byConn.get(output.conn)
        if (!socket) return
        this.send(socket, { kind: socket.open ? 'fin' : 'abort' }, at)
        this.forget(socket)
        return
      }
      case 'connect':
        this.connect(output.conn, output.host, output.port, at)
        return
      case 'listen':
        this.listen(output.port, output.bind, at)
        return
      case 'unlisten':
        if (this.state.listens.delete(output.port)) this.announce(output.port, false, at)
    }
  }

  arrive(packet: Packet, at: number): void {
    const { runner } = this
    const cause = `${packet.src}:${packet.seq}`
    if (packet.kind === 'route') {
      const key = `${this.peer(packet.src).address}:${packet.port}`
      if (packet.listening) this.state.routes.set(key, packet.src)
      else if (this.state.routes.get(key) === packet.src) this.state.routes.delete(key)
      return
    }
    if (runner.state.status.poweredOff) return
    if (packet.kind === 'syn') {
      this.accept(packet, at, cause)
      return
    }
    const socket = (packet.toClient ? this.outgoing : this.incoming).get(packet.stream)
    if (!socket) {
      if (packet.kind === 'data' || packet.kind === 'synack') {
        this.post(packet.src, packet.stream, !packet.toClient, { kind: 'rst' }, at)
      }
      return
    }
    switch (packet.kind) {
      case 'synack':
        socket.open = true
        runner.enqueue(
          { type: 'opened', conn: socket.conn, localHost: runner.me.address, localPort: socket.localPort },
          cause,
        )
        return
      case 'data':
        runner.enqueue({ type: 'data', conn: socket.conn, bytes: packet.bytes }, cause)
        return
      case 'refuse':
        this.forget(socket)
        runner.enqueue({ type: 'refused', conn: socket.conn, error: 'ECONNREFUSED' }, cause)
        return
      default:
        this.endedByPeer(socket, packet.kind === 'fin' ? 'eof' : 'reset', cause)
    }
  }

  isOpening(stream: number): boolean {
    return this.outgoing.get(stream)?.open === false
  }
  connectTimeout(stream: number, error: string, cause: string): void {
    const socket = this.outgoing.get(stream)
    if (!socket || socket.open) return
    this.forget(socket)
    this.runner.enqueue({ type: 'refused', conn: socket.conn, error }, cause)
  }
  /** The process at the other end is gone without having said so. */
  resetPeer(index: number, cause: string): void {
    for (const socket of [...this.byConn.values()]) if (socket.peer === index) this.endedByPeer(socket, 'reset', cause)
  }
  closeAll(at: number): void {
    for (const socket of this.byConn.values()) {
      const kind = !socket.open ? 'abort' : this.runner.hasUnread(socket.conn) ? 'rst' : 'fin'
      this.send(socket, { kind }, at)
    }
    for (const port of this.state.listens.keys()) this.announce(port, false, at)
    this.forgetAll()
  }
  forgetAll(): void {
    this.byConn.clear()
    this.outgoing.clear()
    this.incoming.clear()
    this.state.listens.clear()
  }
  /** A process was born: tell it the ports that it cannot know. */
  greet(peer: Peer, at: number): void {
    if (peer.index === this.index) return
    for (const port of this.state.listens.keys()) {
      if (port !== this.runner.me.port) this.post(peer.index, 0, false, { kind: 'route', port, listening: true }, at)
    }
  }

  private accept(packet: Packet & { kind: 'syn' }, at: number, cause: string): void {
    const { runner } = this
    const from = this.peer(packet.src)
    const bind = this.state.listens.get(packet.port)
    const local = from.boxIndex === runner.me.boxIndex
    if (runner.machine === null || !bind || !bindsTo(bind, runner.me.address, local)) {
      this.post(packet.src, packet.stream, true, { kind: 'refuse' }, at)
      return
    }
    const conn = this.state.nextConn
    this.state.nextConn += 2
    const ports = { localPort: packet.port, remotePort: packet.fromPort }
    const socket: Socket = {
      stream: packet.stream,
      conn,
      outgoing: false,
      peer: packet.src,
      ...ports,
      open: true,
      lastArrival: 0,
      wireFreeAt: 0,
    }
    this.incoming.set(packet.stream, socket)
    this.byConn.set(conn, socket)
    this.send(socket, { kind: 'synack' }, at)
    const remote = { remoteHost: from.address, remotePort: packet.fromPort, localHost: runner.me.address }
    runner.enqueue({ type: 'accept', conn, port: packet.port, ...remote }, cause)
  }

  private connect(conn: number, host: string, port: number, at: number): void {
    const stream = this.index * STREAMS_PER_PROCESS + this.state.nextStream++
    const target = this.resolve(host, port)
    const localPort = 32768 + ((this.index * 1009 + this.state.nextPort++) % 28232)
    const socket: Socket = {
      stream,
      conn,
      outgoing: true,
      peer: typeof target === 'number' ? target : -1,
      localPort,
      remotePort: port,
      open: false,
      lastArrival: 0,
      wireFreeAt: 0,
    }
    this.byConn.set(conn, socket)
    this.outgoing.set(stream, socket)
    const unreachable = typeof target === 'string'
    const wait = !unreachable ? CONNECT_TIMEOUT : target === 'ENOTFOUND' ? 1 : UNREACHABLE_AFTER
    const error = unreachable ? target : 'ETIMEDOUT'
    const key = { time: at + wait, src: this.index, seq: this.runner.nextSeq() }
    this.runner.schedule({ kind: 'connectTimeout', ...key, stream, error })
    if (!unreachable) this.send(socket, { kind: 'syn', port, fromPort: localPort }, at)
  }

  private listen(port: number, bind: readonly string[], at: number): void {
    const { address } = this.runner.me
    const owner = this.state.routes.get(`${address}:${port}`)
    const named = this.runner.state.peers.some(
      (p) => p && p.index !== this.index && p.address === address && p.port === port,
    )
    if (named || this.state.listens.has(port) || (owner !== undefined && owner !== this.index)) {
      this.input({ type: 'listenFailed', port, error: 'EADDRINUSE' }, at)
      return
    }
    this.state.listens.set(port, bind)
    this.announce(port, true, at)
    this.input({ type: 'listening', port }, at)
  }

  /** The process that answers at an address: its owner, else any of the box, whose kernel will refuse. */
  private resolve(host: string, port: number): number | 'ENOTFOUND' | 'EHOSTUNREACH' {
    const { peers } = this.runner.state
    const { me } = this.runner
    let address = host
    if (host === 'localhost' || host === '::1' || host.startsWith('127.')) address = me.address
    else address = peers.find((p) => p?.boxName === host)?.address ?? host
    const routed = this.state.routes.get(`${address}:${port}`)
    if (routed !== undefined) return routed
    if (address === me.address && this.state.listens.has(port)) return this.index
    const owner =
      peers.find((p) => p && p.address === address && p.port === port) ?? peers.find((p) => p?.address === address)
    if (owner) return owner.index
    return /^[0-9.]+$/.test(address) || address.includes(':') ? 'EHOSTUNREACH' : 'ENOTFOUND'
  }

  private announce(port: number, listening: boolean, at: number): void {
    if (port === this.runner.me.port) return
    for (const peer of this.runner.state.peers) {
      if (peer && peer.index !== this.index) this.post(peer.index, 0, false, { kind: 'route', port, listening }, at)
    }
  }

  private endedByPeer(socket: Socket, reason: 'eof' | 'reset', cause: string): void {
    this.forget(socket)
    if (socket.open) this.runner.enqueue({ type: 'closed', conn: socket.conn, reason }, cause)
    else this.runner.enqueue({ type: 'refused', conn: socket.conn, error: 'ECONNREFUSED' }, cause)
  }

  private forget(socket: Socket): void {
    this.byConn.delete(socket.conn)
    if (socket.outgoing) this.outgoing.delete(socket.stream)
    else this.incoming.delete(socket.stream)
  }

  private send(socket: Socket, body: Body, at: number): void {
    const latency = drawLatency(this.runner.state.links, this.runner.me, this.peer(socket.peer))
    const bytes = body.kind === 'data' ? body.bytes.length : 0
    socket.wireFreeAt = Math.max(at, socket.wireFreeAt) + Math.floor(bytes / BYTES_PER_MICRO)
    socket.lastArrival = Math.max(socket.lastArrival, socket.wireFreeAt + latency)
    this.packet(socket.peer, socket.stream, !socket.outgoing, body, at, socket.lastArrival)
  }
  /** A packet outside any stream of ours. */
  private post(dst: number, stream: number, toClient: boolean, body: Body, at: number): void {
    const time = at + drawLatency(this.runner.state.links, this.runner.me, this.peer(dst))
    this.packet(dst, stream, toClient, body, at, time)
  }
  private packet(dst: number, stream: number, toClient: boolean, body: Body, sentAt: number, time: number): void {
    const seq = this.runner.nextSeq()
    this.runner.transmit({ time, src: this.index, seq, dst, sentAt, stream, toClient, ...body } as Packet)
  }

  private input(input: Input, at: number): void {
    const incarnation = this.runner.state.incarnation
    this.runner.schedule({ kind: 'input', time: at, src: this.index, seq: this.runner.nextSeq(), input, incarnation })
  }
  private peer(index: number): Peer {
    return this.runner.state.peers[index] as Peer
  }
}

function bindsTo(bind: readonly string[], address: string, local: boolean): boolean {
  if (bind.length === 0) return true
  return bind.some((b) => {
    const a = b.startsWith('-') ? b.slice(1) : b
    return a === '*' || a === '0.0.0.0' || a === address || (local && (a.startsWith('127.') || a === 'localhost'))
  })
}
