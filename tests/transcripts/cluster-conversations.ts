/** Partners for the transcripts of a cluster: our nodes in a world of one box, or real redis-servers. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '../../src/engine/index.ts'
import type { Input, Machine, Output, ProcessEnv, Tap } from '../../src/engine/machine.ts'
import { type ParsedReply, ReplyParser } from '../../src/engine/protocol/reply-parser.ts'
import { encodeCommand } from '../../src/engine/protocol/reply-writer.ts'
import { freeClusterPorts } from '../support/processes.ts'
import type { ProcessSpec } from '../../src/world/types.ts'
import { createWorld } from '../../src/world/world.ts'
import { covers, type Layout, masked, nodeOf, nodesConf, realPorts, SHOWN_PORT } from './layout.ts'
import { SERVER_ARGV, spawnRedis } from './real-server.ts'
import type { Answer, Conversation } from './transcript.ts'

const NODE_ARGV: readonly string[] = [
  ...SERVER_ARGV,
  '--cluster-enabled',
  'yes',
  '--repl-diskless-sync-delay',
  '0',
  '--cluster-node-timeout',
  '10000',
]

/** Sends what comes on its terminal to the server (argv: host, port), and prints what comes back. */
class Pipe implements Machine {
  readonly workMicros = 0
  private waiting = ''
  private open = false
  private readonly env: ProcessEnv
  constructor(env: ProcessEnv) {
    this.env = env
  }
  handle(input: Input): readonly Output[] {
    const [host = '', port = ''] = this.env.argv
    if (input.type === 'start') return [{ type: 'connect', conn: 1, host, port: Number(port) }]
    if (input.type === 'opened') {
      this.open = true
      return [{ type: 'send', conn: 1, bytes: this.waiting }]
    }
    if (input.type === 'stdin') {
      if (this.open) return [{ type: 'send', conn: 1, bytes: input.bytes }]
      this.waiting += input.bytes
    }
    return input.type === 'data' ? [{ type: 'stdout', bytes: input.bytes }] : []
  }
  view(): unknown {
    return null
  }
}

/** How long a request and all that it causes may take. */
const SETTLE_MICROS = 20_000
const UP_MICROS = 4_000_000

export function engineCluster(layout: Layout): Conversation {
  const ports = layout.nodes.map((_, i) => SHOWN_PORT + i)
  const processes = layout.nodes.map((n, i): ProcessSpec => {
    const dir = `/var/lib/${n.letter}`
    return {
      name: n.letter,
      kind: 'server',
      box: 'box',
      port: ports[i]!,
      argv: ['--port', String(ports[i]), '--dir', dir, ...NODE_ARGV, ...layout.options],
      files: { [`${dir}/nodes.conf`]: nodesConf(layout, i, ports) },
    }
  })
  const world = createWorld(
    {
      id: 'transcript',
      title: '',
      seed: 7,
      topology: {
        boxes: [{ name: 'box', address: '127.0.0.1' }],
        processes,
        link: { latencyMicros: 100, jitterMicros: 0, loopbackMicros: 20 },
      },
    },
    (kind) => (env: ProcessEnv, tap?: Tap) =>
      kind === 'client' ? new Pipe(env) : createServer(env, tap, { mode: 'server' }),
  )
  const parsers = new Map<string, { parser: ReplyParser; read: number }>()
  const collect = (speaker: string | null): Answer => {
    let replies: ParsedReply[] = []
    const others: { client: string; replies: ParsedReply[] }[] = []
    for (const [client, p] of parsers) {
      const text = world.output(`client-${client}`)
      p.parser.feed(text.slice(p.read))
      p.read = text.length
      const got: ParsedReply[] = []
      for (let r = p.parser.next(); r !== undefined; r = p.parser.next()) got.push(r)
      if (client === speaker) replies = got
      else if (got.length > 0) others.push({ client, replies: got })
    }
    return { replies, others }
  }
  world.runFor(UP_MICROS)
  return {
    say: async (client, argv) => {
      if (!parsers.has(client)) {
        parsers.set(client, { parser: new ReplyParser(), read: 0 })
        const port = String(ports[nodeOf(layout, client)])
        world.spawn({ name: `client-${client}`, kind: 'client', box: 'box', port: 0, argv: ['127.0.0.1', port] })
        world.runFor(1000)
      }
      world.stdin(`client-${client}`, encodeCommand(argv))
      world.runFor(SETTLE_MICROS)
      return collect(client)
    },
    wait: async (ms) => {
      world.runFor(ms * 1000)
      return collect(null)
    },
    mask: (lines) => masked(lines, ports),
    close: () => {},
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** One connection to a real node: what was heard, and whether it has answered all that it was asked. */
class Peer {
  readonly parser = new ReplyParser()
  private readonly socket: net.Socket
  readonly connected: Promise<void>
  private heard = (): void => {}
  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    this.connected = new Promise((resolve) => this.socket.once('connect', () => resolve()))
    this.socket.on('data', (data) => {
      this.parser.feed(data.toString('latin1'))
      this.heard()
    })
  }
  send(argv: readonly string[]): void {
    this.socket.write(Buffer.from(encodeCommand(argv), 'latin1'))
  }
  drain(): ParsedReply[] {
    const out: ParsedReply[] = []
    for (let r = this.parser.next(); r !== undefined; r = this.parser.next()) out.push(r)
    return out
  }
  async ask(...argv: string[]): Promise<ParsedReply> {
    this.send(argv)
    for (;;) {
      const reply = this.parser.next()
      if (reply !== undefined) return reply
      await new Promise<void>((resolve) => (this.heard = resolve))
    }
  }
  end(): void {
    this.socket.destroy()
  }
}

async function startNode(dir: string, port: number, conf: string, options: readonly string[]): Promise<ChildProcess> {
  mkdirSync(dir)
  writeFileSync(join(dir, 'nodes.conf'), conf)
  return spawnRedis(['--port', String(port), '--dir', dir, ...NODE_ARGV, ...options])
}

export async function realCluster(layout: Layout): Promise<Conversation> {
  const ports = await freeClusterPorts(layout.nodes.length)
  const dir = mkdtempSync(join(tmpdir(), 'transcripts-'))
  const children = await Promise.all(
    layout.nodes.map((n, i) => startNode(join(dir, n.letter), ports[i]!, nodesConf(layout, i, ports), layout.options)),
  )
  const controls = ports.map((port) => new Peer(port))
  const clients = new Map<string, Peer>()
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 2; i++) await Promise.all(controls.map((c) => c.ask('PING')))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const collect = (speaker: string | null): Answer => {
    const others: { client: string; replies: ParsedReply[] }[] = []
    let replies: ParsedReply[] = []
    for (const [client, peer] of clients) {
      const got = peer.drain()
      if (client === speaker) replies = got
      else if (got.length > 0) others.push({ client, replies: got })
    }
    return { replies, others }
  }
  const upBy = Date.now() + 10_000
  const isUp = async (): Promise<boolean> => {
    for (const [i, c] of controls.entries()) {
      if (covers(layout) && !String(await c.ask('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
        const info = (await c.ask('CLUSTER', 'INFO')) as { text?: string } | string
        if (!(typeof info === 'object' ? (info.text ?? '') : info).includes('cluster_state:ok')) return false
      }
      if (layout.nodes[i]!.master !== null && !String(await c.ask('INFO', 'replication')).includes('link_status:up'))
        return false
    }
    return true
  }
  while (!(await isUp()) && Date.now() < upBy) await pause(100)
  await pause(covers(layout) ? 500 : 3000)
  return {
    say: async (client, argv) => {
      let peer = clients.get(client)
      if (peer === undefined) {
        clients.set(client, (peer = new Peer(ports[nodeOf(layout, client)]!)))
        await peer.connected
        await settle()
      }
      peer.send(argv.map((word) => realPorts(word, ports)))
      await pause(2)
      await settle()
      return collect(client)
    },
    wait: async (ms) => {
      await pause(ms)
      await settle()
      return collect(null)
    },
    mask: (lines) => masked(lines, ports),
    close: () => {
      for (const peer of [...controls, ...clients.values()]) peer.end()
      for (const child of children) child.kill('SIGKILL')
      setTimeout(() => rmSync(dir, { recursive: true, force: true }), 200).unref()
    },
  }
}
