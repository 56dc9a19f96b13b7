/** Two partners for a transcript: a Server in this process with a clock that we move, and any redis-server behind a port. */
import net from 'node:net'
import { createServer } from '../../src/engine/server/create.ts'
import type { Output } from '../../src/engine/machine.ts'
import { type ParsedReply, ReplyParser } from '../../src/engine/protocol/reply-parser.ts'
import { encodeCommand } from '../../src/engine/protocol/reply-writer.ts'
import type { Answer, Conversation } from './transcript.ts'

function drain(parser: ReplyParser): ParsedReply[] {
  const replies: ParsedReply[] = []
  for (let reply = parser.next(); reply !== undefined; reply = parser.next()) replies.push(reply)
  return replies
}

function collect(parsers: ReadonlyMap<string, ReplyParser>, speaker: string | null): Answer {
  const others: { client: string; replies: ParsedReply[] }[] = []
  let own: ParsedReply[] = []
  for (const [client, parser] of parsers) {
    const replies = drain(parser)
    if (client === speaker) own = replies
    else if (replies.length > 0) others.push({ client, replies })
  }
  return { replies: own, others }
}

export function engineConversation(argv: readonly string[]): Conversation {
  const server = createServer({ pid: 1, seed: 7, host: '127.0.0.1', argv, cwd: '/data' }, undefined, { mode: 'server' })
  const parsers = new Map<string, ReplyParser>()
  const conns: string[] = []
  const timers = new Map<number, number>()
  const files = new Map<string, string>()
  let now = 1_700_000_000_000_000

  const carry = (first: readonly Output[]): void => {
    const queue = [...first]
    while (queue.length > 0) {
      const o = queue.shift()!
      if (o.type === 'listen') queue.push(...server.handle({ type: 'listening', port: o.port }, now))
      else if (o.type === 'setTimer') timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') timers.delete(o.id)
      else if (o.type === 'send') parsers.get(conns[o.conn / 2 - 1]!)?.feed(o.bytes)
      else if (o.type === 'file') {
        const { op } = o
        if (op.op === 'write') files.set(op.path, op.bytes)
        else if (op.op === 'append') files.set(op.path, (files.get(op.path) ?? '') + op.bytes)
        const missing = (op.op === 'read' || op.op === 'stat') && !files.has(op.path)
        const bytes = files.get(op.path) ?? ''
        const result = missing
          ? { ok: false as const, error: 'ENOENT' }
          : { ok: true as const, bytes, size: bytes.length }
        queue.push(...server.handle({ type: 'fileDone', id: o.id, result }, now))
      }
    }
  }
  const advance = (ms: number): void => {
    const end = now + ms * 1000
    for (;;) {
      let next: [number, number] | null = null
      for (const t of timers) if (t[1] <= end && (next === null || t[1] < next[1])) next = t
      if (next === null) break
      timers.delete(next[0])
      now = Math.max(now, next[1])
      carry(server.handle({ type: 'timer', id: next[0] }, now))
    }
    now = end
  }
  const connect = (client: string): number => {
    const known = conns.indexOf(client)
    if (known !== -1) return (known + 1) * 2
    conns.push(client)
    parsers.set(client, new ReplyParser())
    const conn = conns.length * 2
    carry(
      server.handle(
        { type: 'accept', conn, port: 6379, remoteHost: '127.0.0.1', remotePort: 50000 + conn, localHost: '127.0.0.1' },
        now,
      ),
    )
    return conn
  }
  carry(server.handle({ type: 'start' }, now))
  advance(1000)
  // The real server's partner has a connection of its own: the same clients have the same ids on both.
  connect(' control')
  return {
    say: async (client, argv) => {
      const conn = connect(client)
      carry(server.handle({ type: 'data', conn, bytes: encodeCommand(argv) }, now))
      advance(0)
      return collect(parsers, client)
    },
    wait: async (ms) => {
      advance(ms)
      return collect(parsers, null)
    },
    close: () => {},
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A command is over when two PINGs sent behind it on a connection of our own are answered: a blocked one stays silent. */
export async function socketConversation(port: number): Promise<Conversation> {
  const parsers = new Map<string, ReplyParser>()
  const sockets = new Map<string, net.Socket>()
  const connect = async (client: string, heard: (data: string) => void): Promise<net.Socket> => {
    const known = sockets.get(client)
    if (known) return known
    const socket = net.connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('data', (data) => heard(data.toString('latin1')))
    socket.on('error', () => {})
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve())
      socket.once('error', reject)
    })
    sockets.set(client, socket)
    return socket
  }
  let pongs = 0
  let woken = (): void => {}
  const control = await connect(' control', () => {
    pongs++
    woken()
  })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 2; i++) {
      const before = pongs
      control.write('PING\r\n')
      while (pongs === before) await new Promise<void>((resolve) => (woken = resolve))
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    say: async (client, argv) => {
      const parser = parsers.get(client) ?? new ReplyParser()
      parsers.set(client, parser)
      const socket = await connect(client, (data) => parser.feed(data))
      socket.write(Buffer.from(encodeCommand(argv), 'latin1'))
      await settle()
      return collect(parsers, client)
    },
    wait: async (ms) => {
      await pause(ms)
      await settle()
      return collect(parsers, null)
    },
    close: () => {
      for (const socket of sockets.values()) socket.destroy()
    },
  }
}
