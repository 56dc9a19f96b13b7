/** A node of a cluster made of a name and two sockets: says over the bus of a server, real or ours, what a test wants said. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  type ClusterMessage,
  decodeMessage,
  encodeMessage,
  MSG_PING,
  MSG_PONG,
} from '../../src/engine/cluster/message.ts'
import { NODE_MASTER, SLOT_BYTES } from '../../src/engine/cluster/node.ts'

/** A bitmap with these slots. */
export function slotBits(...slots: number[]): Uint8Array {
  const bits = new Uint8Array(SLOT_BYTES)
  for (const s of slots) bits[s >>> 3] = (bits[s >>> 3] ?? 0) | (1 << (s & 7))
  return bits
}
export function message(type: number, sender: string, more: Partial<ClusterMessage> = {}): ClusterMessage {
  return {
    type,
    port: 7777,
    currentEpoch: 0,
    configEpoch: 0,
    offset: 0,
    sender,
    slots: new Uint8Array(SLOT_BYTES),
    slaveof: '',
    ip: '',
    pport: 0,
    cport: 17777,
    flags: NODE_MASTER,
    state: 0,
    mflags: 0,
    body: type <= 2 ? { kind: 'ping', gossip: [], extensions: [] } : { kind: 'none' },
    ...more,
  }
}

/** A connection to a bus port: what came back, and whether it was closed. */
export class BusLink {
  readonly socket: Socket
  readonly got: ClusterMessage[] = []
  closed = false
  private rest = ''
  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1')
    this.socket.on('data', (d: string) => {
      this.rest += d
      for (const m of this.packets()) this.got.push(m)
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
    })
  }
  send(bytes: string): void {
    this.socket.write(bytes, 'latin1')
  }
  say(m: ClusterMessage): void {
    this.send(encodeMessage(m))
  }
  private *packets(): Generator<ClusterMessage> {
    while (this.rest.length >= 8) {
      const length = Buffer.from(this.rest.slice(4, 8), 'latin1').readUInt32BE(0)
      if (this.rest.length < length) return
      const m = decodeMessage(this.rest.slice(0, length))
      this.rest = this.rest.slice(length)
      if (m !== null) yield m
    }
  }
}

/** One that others can reach: it answers PINGs as the node `name`. */
export class FakeNode {
  readonly name: string
  /** The PONG that it answers with. */
  answer: ClusterMessage | null = null
  readonly heard: ClusterMessage[] = []
  silent = false
  port = 0
  private readonly server: Server
  private readonly sockets: Socket[] = []
  constructor(name: string) {
    this.name = name
    this.server = createServer((socket) => {
      this.sockets.push(socket)
      let rest = ''
      socket.setEncoding('latin1')
      socket.on('error', () => {})
      socket.on('data', (d: string) => {
        rest += d
        while (rest.length >= 8) {
          const length = Buffer.from(rest.slice(4, 8), 'latin1').readUInt32BE(0)
          if (rest.length < length) return
          const m = decodeMessage(rest.slice(0, length))
          rest = rest.slice(length)
          if (m === null) continue
          this.heard.push(m)
          if (m.body.kind === 'ping' && m.type !== MSG_PONG && !this.silent)
            socket.write(encodeMessage(this.answer ?? this.message(MSG_PONG)), 'latin1')
        }
      })
    })
  }
  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => {
        this.port = (this.server.address() as { port: number }).port
        resolve()
      })
    })
  }
  message(type: number, more: Partial<ClusterMessage> = {}): ClusterMessage {
    return message(type, this.name, { cport: this.port, ...more })
  }
  ping(more: Partial<ClusterMessage> = {}): ClusterMessage {
    return this.message(MSG_PING, more)
  }
  close(): void {
    this.server.close()
    for (const s of this.sockets) s.destroy()
  }
}
