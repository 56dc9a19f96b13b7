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
 * Back-pressure: the two kernels hold SOCKET_BUFFERS bytes of one direction. While the reader does not read (stopped, busy) or
 * the wire is slow or cut, what a process sends beyond that stays in the process, which is told how much it is (`sent`).
 *
 * Kept exactly: a connect to a port nobody listens on is refused by the box's kernel, not by silence; bytes for a
 * socket that is gone are answered with a reset; a stopped process still completes handshakes.
 * Simplified: the size of the buffers is fixed; a connection whose data is never acknowledged is not given up by the
 * kernel (only by the programs' own timeouts); half-open closing is not modelled; each process has the wire to a box for
 * itself, for all its connections.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { Input, Output } from '../engine/machine.ts'
import { bytesPerMicro, drawLatency } from './links.ts'
import type { Packet, Peer, Socket } from './packet.ts'
import type { ProcessRunner } from './process-runner.ts'

export interface SocketsState {
  nextStream: number
  nextConn: number
  nextPort: number
  readonly listens: Map<number, readonly string[]>
  /** "address:port" to process index, for ports that the topology does not name. */
  readonly routes: Map<string, number>
  /** Box index to the time at which our wire to it is free. */
  readonly wires: Map<number, number>
}

type SocketOutput = Extract<Output, { type: 'send' | 'connect' | 'close' | 'listen' | 'unlisten' }>
type Body = { [K in Packet['kind']]: Omit<Extract<Packet, { kind: K }>, PacketHead> }[Packet['kind']]
type PacketHead = 'time' | 'src' | 'seq' | 'dst' | 'sentAt' | 'stream' | 'toClient' | 'bus'

const NOBODY = -1
const STREAMS_PER_PROCESS = 4294967296
/** Linux gives up a connect after six SYNs, and a neighbour that does not answer ARP after three seconds. */
const CONNECT_TIMEOUT = 127_000_000
const SYN_RETRY = 1_000_000
const UNREACHABLE_AFTER = 3_060_000
/** What the kernels of both ends hold of one direction of a connection. */
export const SOCKET_BUFFERS = 262144
/** The reader tells of every so many bytes that it has read. */
const ACK_EVERY = 65536
/** A packet holds ten milliseconds of the wire, within these limits. */
const SEGMENT_MICROS = 10_000
const MIN_SEGMENT = 1460
const MAX_SEGMENT = 65536

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
        if (socket.peer === NOBODY) return
        socket.waiting.push(output.bytes)
        socket.waitingBytes += output.bytes.length
        this.push(socket, at)
        if (socket.waitingBytes > 0)
          this.input({ type: 'sent', conn: socket.conn, pendingBytes: socket.waitingBytes }, at)
        return
      }
      case 'close': {
        const socket = this.byConn.get(output.conn)
        if (!socket) return
        if (socket.waitingBytes > 0 && output.drop !== true) {
          socket.lingering = true
          this.byConn.delete(socket.conn)
          return
        }
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
    if (runner.state.status.poweredOff) {
      if (packet.kind === 'syn') this.synAgain(packet, at)
      return
    }
    if (packet.kind === 'syn') {
      this.accept(packet, at, cause)
      return
    }
    const socket = (packet.toClient ? this.outgoing : this.incoming).get(packet.stream)
    if (!socket) {
      if (packet.kind === 'data' || packet.kind === 'synack') {
        this.post(packet.src, packet.stream, !packet.toClient, { kind: 'rst' }, at, packet.bus)
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
        if (!socket.lingering)
          runner.enqueue({ type: 'data', conn: socket.conn, bytes: packet.bytes }, cause, packet.sentAt)
        return
      case 'ack':
        this.acknowledged(socket, packet.count, at, cause)
        return
      case 'refuse':
        this.forget(socket)
        runner.enqueue({ type: 'refused', conn: socket.conn, error: 'ECONNREFUSED' }, cause)
        return
      default:
        this.endedByPeer(socket, packet.kind === 'fin' ? 'eof' : 'reset', cause)
    }
  }

  /** A server listens at two ports only in a cluster: the second is its bus. */
  isBus(socket: Socket): boolean {
    const server = socket.outgoing ? this.peer(socket.peer) : this.runner.me
    return server.kind === 'server' && (socket.outgoing ? socket.remotePort : socket.localPort) !== server.port
  }
  /** The machine takes bytes out of the kernel's buffer. */
  read(conn: number, count: number, at: number): void {
    const socket = this.byConn.get(conn)
    if (!socket) return
    socket.readUntold += count
    if (socket.readUntold < ACK_EVERY) return
    this.send(socket, { kind: 'ack', count: socket.readUntold }, at)
    socket.readUntold = 0
  }
  private acknowledged(socket: Socket, count: number, at: number, cause: string): void {
    socket.unacked -= count
    if (socket.waitingBytes === 0) return
    this.push(socket, at)
    const pendingBytes = socket.waitingBytes
    if (!socket.lingering) this.runner.enqueue({ type: 'sent', conn: socket.conn, pendingBytes }, cause)
    else if (pendingBytes === 0) {
      this.send(socket, { kind: 'fin' }, at)
      this.forget(socket)
    }
  }
  /** Hands the wire as much as the kernels have room for. */
  private push(socket: Socket, at: number): void {
    const { runner } = this
    const rate = bytesPerMicro(runner.state.links, runner.me, this.peer(socket.peer))
    const segment = Math.floor(Math.min(MAX_SEGMENT, Math.max(MIN_SEGMENT, rate * SEGMENT_MICROS)))
    while (socket.waitingBytes > 0 && socket.unacked < SOCKET_BUFFERS) {
      const room = Math.min(segment, SOCKET_BUFFERS - socket.unacked)
      const head = socket.waiting[0] as Bytes
      let bytes = head
      if (head.length <= room) socket.waiting.shift()
      else {
        bytes = head.slice(0, room)
        socket.waiting[0] = head.slice(room)
      }
      socket.waitingBytes -= bytes.length
      socket.unacked += bytes.length
      this.send(socket, { kind: 'data', bytes }, at)
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
    for (const socket of this.all()) if (socket.peer === index) this.endedByPeer(socket, 'reset', cause)
  }
  closeAll(at: number): void {
    for (const socket of this.all()) {
      const kind = !socket.open ? 'abort' : this.runner.hasUnread(socket.conn) ? 'rst' : 'fin'
      this.send(socket, { kind }, at)
    }
    for (const port of this.state.listens.keys()) this.announce(port, false, at)
    this.forgetAll()
  }
  private all(): Socket[] {
    return [...this.outgoing.values(), ...this.incoming.values()]
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
      this.post(packet.src, packet.stream, true, { kind: 'refuse' }, at, packet.bus)
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
      ...emptyBuffers(),
    }
    this.incoming.set(packet.stream, socket)
    this.byConn.set(conn, socket)
    this.send(socket, { kind: 'synack' }, at)
    const remote = { remoteHost: from.address, remotePort: packet.fromPort, localHost: runner.me.address }
    runner.enqueue({ type: 'accept', conn, port: packet.port, ...remote }, cause)
  }

  /** Nobody answers in a dark box. The other kernel asks again after 1, 3, 7 … s, until the attempt is given up. */
  private synAgain(packet: Packet & { kind: 'syn' }, at: number): void {
    for (let wait = SYN_RETRY; wait < CONNECT_TIMEOUT; wait = 2 * wait + SYN_RETRY) {
      if (packet.sentAt + wait > at) return this.runner.receive({ ...packet, time: packet.sentAt + wait })
    }
  }
  private connect(conn: number, host: string, port: number, at: number): void {
    const stream = this.index * STREAMS_PER_PROCESS + this.state.nextStream++
    const target = this.resolve(host, port)
    const localPort = 32768 + ((this.index * 1009 + this.state.nextPort++) % 28232)
    const socket: Socket = {
      stream,
      conn,
      outgoing: true,
      peer: typeof target === 'number' ? target : NOBODY,
      localPort,
      remotePort: port,
      open: false,
      ...emptyBuffers(),
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
    if (socket.lingering) return
    if (socket.open) this.runner.enqueue({ type: 'closed', conn: socket.conn, reason }, cause)
    else this.runner.enqueue({ type: 'refused', conn: socket.conn, error: 'ECONNREFUSED' }, cause)
  }

  private forget(socket: Socket): void {
    this.byConn.delete(socket.conn)
    if (socket.outgoing) this.outgoing.delete(socket.stream)
    else this.incoming.delete(socket.stream)
  }

  private send(socket: Socket, body: Body, at: number): void {
    // Towards an address that nobody has: what is sent there is lost.
    if (socket.peer === NOBODY) return
    const latency = drawLatency(this.runner.state.links, this.runner.me, this.peer(socket.peer))
    const bytes = body.kind === 'data' ? body.bytes.length : 0
    const to = this.peer(socket.peer)
    const { wires } = this.state
    const free =
      Math.max(at, wires.get(to.boxIndex) ?? 0) +
      Math.floor(bytes / bytesPerMicro(this.runner.state.links, this.runner.me, to))
    wires.set(to.boxIndex, free)
    socket.lastArrival = Math.max(socket.lastArrival, free + latency)
    this.packet(socket.peer, socket.stream, !socket.outgoing, body, at, socket.lastArrival, this.isBus(socket))
  }
  /** A packet outside any stream of ours. */
  private post(dst: number, stream: number, toClient: boolean, body: Body, at: number, bus = false): void {
    const time = at + drawLatency(this.runner.state.links, this.runner.me, this.peer(dst))
    this.packet(dst, stream, toClient, body, at, time, bus)
  }
  private packet(
    dst: number,
    stream: number,
    toClient: boolean,
    body: Body,
    sentAt: number,
    time: number,
    bus: boolean,
  ): void {
    const head = { time, src: this.index, seq: this.runner.nextSeq(), dst, sentAt, stream, toClient }
    this.runner.transmit((bus ? { ...head, bus, ...body } : { ...head, ...body }) as Packet)
  }

  private input(input: Input, at: number): void {
    const incarnation = this.runner.state.incarnation
    this.runner.schedule({ kind: 'input', time: at, src: this.index, seq: this.runner.nextSeq(), input, incarnation })
  }
  private peer(index: number): Peer {
    return this.runner.state.peers[index] as Peer
  }
}

const emptyBuffers = () => ({
  lastArrival: 0,
  unacked: 0,
  waiting: [] as Bytes[],
  waitingBytes: 0,
  readUntold: 0,
  lingering: false,
})

function bindsTo(bind: readonly string[], address: string, local: boolean): boolean {
  if (bind.length === 0) return true
  return bind.some((b) => {
    const a = b.startsWith('-') ? b.slice(1) : b
    return a === '*' || a === '0.0.0.0' || a === address || (local && (a.startsWith('127.') || a === 'localhost'))
  })
}
