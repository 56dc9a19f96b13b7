/** Servers in a world of small latencies, and a client that sends one request at a time to any of them. */
import { createServer } from '../src/engine/index.ts'
import type { Input, Machine, Output, ProcessEnv, Tap } from '../src/engine/machine.ts'
import { type RemoteReply, readReply } from '../src/engine/sentinel/connection.ts'
import type { TraceRecord } from '../src/world/process-runner.ts'
import type { Fault, ProcessSpec } from '../src/world/types.ts'
import { createWorld, type World } from '../src/world/world.ts'

/** What comes on its terminal goes to the server (argv: host, port), and what the server answers goes to its terminal. */
class Pipe implements Machine {
  readonly workMicros = 0
  private conn = -1
  private open = false
  private waiting = ''
  private readonly env: ProcessEnv
  constructor(env: ProcessEnv) {
    this.env = env
  }
  handle(input: Input): readonly Output[] {
    const [host = '', port = ''] = this.env.argv
    if (input.type === 'stdin') {
      if (this.open) return [{ type: 'send', conn: this.conn, bytes: input.bytes }]
      this.waiting += input.bytes
      this.conn += 2
      return [{ type: 'connect', conn: this.conn, host, port: Number(port) }]
    }
    if (input.type === 'opened') {
      this.open = true
      const bytes = this.waiting
      this.waiting = ''
      return [{ type: 'send', conn: this.conn, bytes }]
    }
    if (input.type === 'data') return [{ type: 'stdout', bytes: input.bytes }]
    if (input.type === 'refused' || input.type === 'closed') {
      this.open = false
      this.waiting = ''
      return input.type === 'refused' ? [{ type: 'stdout', bytes: '-REFUSED\r\n' }] : []
    }
    return []
  }
  view(): unknown {
    return null
  }
}

export type Answer = string | number | null | Answer[]
function plain(r: RemoteReply): Answer {
  switch (r.kind) {
    case 'status':
      return r.text
    case 'error':
      return `(error) ${r.text}`
    case 'integer':
      return r.value
    case 'array':
      return r.items.map(plain)
    case 'string':
      return r.text
    case 'nil':
      return null
  }
}

export const encode = (argv: readonly string[]): string =>
  `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const SECOND = 1_000_000

export class ReplicationRig {
  readonly world: World
  private readonly read = new Map<string, number>()
  private generation = 0
  /** `confs[i]` are the lines of server r<i+1>, on 10.0.0.1<i+1>:6379. */
  constructor(confs: readonly (readonly string[])[], seed = 1) {
    const boxes = [
      { name: 'desk', address: '10.0.0.1' },
      ...confs.map((_, i) => ({ name: `box-${i + 1}`, address: `10.0.0.1${i + 1}` })),
    ]
    const servers = confs.map((lines, i): ProcessSpec => {
      const conf = [
        'bind * -::*',
        'port 6379',
        'dir /var/lib/redis',
        'enable-debug-command yes',
        'repl-diskless-sync-delay 0',
        ...lines,
      ]
      return {
        name: `r${i + 1}`,
        kind: 'server',
        box: `box-${i + 1}`,
        port: 6379,
        argv: ['/etc/redis/redis.conf'],
        files: { '/etc/redis/redis.conf': `${conf.join('\n')}\n` },
      }
    })
    const program =
      (kind: ProcessSpec['kind']) =>
      (env: ProcessEnv, tap?: Tap): Machine =>
        kind === 'client' ? new Pipe(env) : createServer(env, tap, { mode: 'server' })
    const link = { latencyMicros: 200, jitterMicros: 0, loopbackMicros: 20 }
    this.world = createWorld(
      { id: 'replication', title: '', seed, topology: { boxes, processes: servers, link } },
      program,
      { trace: (r) => this.note(r) },
    )
    this.run(0.1)
  }
  private readonly sends: { readonly process: string; readonly conn: number; readonly bytes: string }[] = []
  private note({ process, entry }: TraceRecord): void {
    if (!('outputs' in entry)) return
    for (const o of entry.outputs) if (o.type === 'send') this.sends.push({ process, conn: o.conn, bytes: o.bytes })
  }
  /** What a server sent on connections that it opened itself. */
  sentToMaster(server: string): string {
    return this.sends
      .filter((s) => s.process === server && s.conn % 2 === 1)
      .map((s) => s.bytes)
      .join('')
  }
  /** The same, piece by piece. */
  sendsToMaster(server: string): string[] {
    return this.sends.filter((s) => s.process === server && s.conn % 2 === 1).map((s) => s.bytes)
  }
  /** What a server sent on connections that others opened: to clients and replicas. */
  sentToOthers(server: string): string {
    return this.sends
      .filter((s) => s.process === server && s.conn % 2 === 0)
      .map((s) => s.bytes)
      .join('')
  }
  /** The states of a replica's link to its master, in order. */
  linkStates(server: string): string[] {
    return this.world.events.flatMap((e) => (e.process === server && e.kind === 'repl state' ? [e.text] : []))
  }
  /** The wire between two servers' boxes, both ways. */
  slow(a: string, b: string, bytesPerSecond: number): void {
    const link = { a: `box-${a.slice(1)}`, b: `box-${b.slice(1)}`, latencyMicros: 200, jitterMicros: 0 }
    this.fault({ type: 'latency', ...link, bytesPerSecond })
  }
  count(server: string, part: string): number {
    return this.log(server).filter((l) => l.includes(part)).length
  }
  run(seconds: number): void {
    this.world.runFor(Math.round(seconds * SECOND))
  }
  fault(f: Fault): void {
    this.world.inject(f)
  }
  /** Sends without waiting. `as` names the connection. */
  send(server: string, argv: readonly string[], as = 'cli'): string {
    const name = `${as}${this.generation || ''}-${server}`
    if (!this.read.has(name)) {
      this.read.set(name, 0)
      this.world.spawn({ name, kind: 'client', box: 'desk', port: 0, argv: [`10.0.0.1${server.slice(1)}`, '6379'] })
      this.run(0.001)
    }
    this.world.stdin(name, encode(argv))
    return name
  }
  /** The next answer on a connection of `send`, or undefined. */
  answer(name: string): Answer | undefined {
    const at = this.read.get(name) ?? 0
    const got = readReply(this.world.output(name), at)
    if (got === null) return undefined
    this.read.set(name, got[1])
    return plain(got[0])
  }
  call(server: string, ...argv: string[]): Answer {
    const name = this.send(server, argv)
    for (let i = 0; i < 20000; i++) {
      const a = this.answer(name)
      if (a !== undefined) return a
      this.run(0.0005)
    }
    throw new Error(`no answer to ${argv.join(' ')}`)
  }
  info(server: string, section = 'replication'): Record<string, string> {
    return fieldsOf(this.call(server, 'INFO', section))
  }
  /** The texts of a server's log lines. */
  log(server: string): string[] {
    return this.world.log(server).map((l) => l.line.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ [.\-*#] /, ''))
  }
  logged(server: string, part: string): boolean {
    return this.log(server).some((l) => l.includes(part))
  }
  until(what: () => boolean, seconds = 20, step = 0.02): boolean {
    for (let t = 0; t < seconds; t += step) {
      if (what()) return true
      this.run(step)
    }
    return what()
  }
  /** Every replica follows, and has what the master has. */
  synced(...replicas: string[]): boolean {
    return this.until(() => replicas.every((r) => this.info(r).master_link_status === 'up'))
  }
  digest(server: string): Answer {
    return this.call(server, 'DEBUG', 'DIGEST')
  }
  restart(server: string, seconds = 0.1): void {
    this.generation++
    this.fault({ type: 'restart', process: server })
    this.run(seconds)
  }
  cut(a: string, b: string): void {
    this.fault({ type: 'cut', groupA: [`box-${a.slice(1)}`], groupB: [`box-${b.slice(1)}`] })
  }
  heal(): void {
    this.fault({ type: 'heal', cut: -1 })
  }
}
/** The fields of an INFO. */
export const fieldsOf = (text: Answer | undefined): Record<string, string> =>
  Object.fromEntries(
    String(text)
      .split('\r\n')
      .filter((l) => l.includes(':'))
      .map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1)]),
  )
export const following = (n: number): string => `replicaof 10.0.0.1${n} 6379`
export const pair = (master: string[] = [], replica: string[] = []): ReplicationRig =>
  new ReplicationRig([master, [following(1), ...replica]])
export const trio = (all: string[] = []): ReplicationRig =>
  new ReplicationRig([all, [following(1), ...all], [following(1), ...all]])
/** So many kilobytes. */
export const kb = (n: number): string => 'x'.repeat(n * 1024)
