/**
 * A bench for Sentinel alone: real Sentinel modules on real Hosts, a network of latencies, and stand-ins for redis-server that
 * answer what a Sentinel asks (PING, INFO, PUBLISH, SUBSCRIBE, SLAVEOF in MULTI). One event queue, one seed.
 */
import { Prng } from '../src/engine/bytes/prng.ts'
import type { CommandContext } from '../src/engine/commands/command.ts'
import type { ConnId, Input, Output } from '../src/engine/machine.ts'
import { RedisError, type Reply } from '../src/engine/protocol/reply.ts'
import { readReply } from '../src/engine/sentinel/connection.ts'
import type { SentinelServer } from '../src/engine/sentinel/ports.ts'
import { Sentinel } from '../src/engine/sentinel/sentinel.ts'
import { Host, type Link, type LinkHandlers } from '../src/engine/server/host.ts'

const EPOCH = 1_800_000_000_000_000
const LATENCY = 50

function encode(r: Reply): string {
  if (r === null) return '$-1\r\n'
  if (typeof r === 'string') return `$${r.length}\r\n${r}\r\n`
  if (typeof r === 'number' || typeof r === 'bigint') return `:${r}\r\n`
  if ('t' in r) {
    if (r.t === 'status') return `+${r.text}\r\n`
    if (r.t === 'error') return `-${r.text}\r\n`
    if (r.t === 'nullArray') return '*-1\r\n'
    if (r.t === 'map') return encode(r.pairs)
    throw new Error(r.t)
  }
  return `*${r.length}\r\n${r.map(encode).join('')}`
}

export class Rig {
  now = 0
  seq = 0
  readonly rng: Prng
  readonly queue: { at: number; seq: number; run: () => void }[] = []
  readonly procs = new Map<string, Proc>()
  constructor(seed: number) {
    this.rng = new Prng(seed)
  }
  at(at: number, run: () => void): void {
    const e = { at, seq: this.seq++, run }
    let i = this.queue.length
    while (i > 0 && (this.queue[i - 1] as typeof e).at > at) i--
    this.queue.splice(i, 0, e)
  }
  runUntil(at: number): void {
    for (let e = this.queue[0]; e && e.at <= at; e = this.queue[0]) {
      this.queue.shift()
      this.now = e.at
      e.run()
    }
    this.now = at
  }
  runUntilTrue(what: () => boolean, limitMs: number, stepMs = 10): boolean {
    const end = this.now + limitMs * 1000
    while (!what()) {
      if (this.now >= end) return false
      this.runUntil(this.now + stepMs * 1000)
    }
    return true
  }
}

/** A process: a Host behind the rig's network. */
export class Proc {
  readonly rig: Rig
  readonly ip: string
  readonly port: number
  host: Host
  alive = true
  paused = false
  held: Input[] = []
  readonly lines: { readonly t: number; readonly text: string }[] = []
  readonly files = new Map<string, string>()
  private peers = new Map<ConnId, { proc: Proc; conn: ConnId }>()
  private nextAccept = 2
  private generation = 0
  constructor(rig: Rig, ip: string, port = 6379) {
    this.rig = rig
    this.ip = ip
    this.port = port
    this.host = this.newHost()
    rig.procs.set(`${ip}:${port}`, this)
  }
  private newHost(): Host {
    return new Host({ pid: 1, seed: 1, host: this.ip, argv: [], cwd: '/' })
  }
  log(text: string): void {
    this.lines.push({ t: Math.floor(this.rig.now / 1000), text })
  }
  run(fn: () => void): void {
    this.host.now = EPOCH + this.rig.now
    fn()
    for (const o of this.host.take()) this.output(o)
  }
  input(i: Input): void {
    if (!this.alive) return
    if (this.paused) this.held.push(i)
    else this.run(() => this.host.dispatch(i))
  }
  later(delay: number, i: Input): void {
    const g = this.generation
    this.rig.at(this.rig.now + delay, () => {
      if (g === this.generation) this.input(i)
    })
  }
  kill(): void {
    this.alive = false
    this.generation++
    for (const { proc, conn } of this.peers.values()) {
      proc.peers.delete(conn)
      proc.later(LATENCY, { type: 'closed', conn, reason: 'reset' })
    }
    this.peers.clear()
    this.host = this.newHost()
  }
  resume(): void {
    this.paused = false
    for (const i of this.held.splice(0)) this.input(i)
  }
  private output(o: Output): void {
    switch (o.type) {
      case 'setTimer':
        this.later(o.at - EPOCH - this.rig.now, { type: 'timer', id: o.id })
        return
      case 'connect': {
        const target = this.rig.procs.get(`${o.host}:${o.port}`)
        if (!target?.alive) {
          this.later(LATENCY, { type: 'refused', conn: o.conn, error: 'ECONNREFUSED' })
          return
        }
        const conn = target.nextAccept
        target.nextAccept += 2
        this.peers.set(o.conn, { proc: target, conn })
        target.peers.set(conn, { proc: this, conn: o.conn })
        target.later(LATENCY, {
          type: 'accept',
          conn,
          port: o.port,
          remoteHost: this.ip,
          remotePort: 40000 + o.conn,
          localHost: target.ip,
        })
        this.later(LATENCY, { type: 'opened', conn: o.conn, localHost: this.ip, localPort: 40000 + o.conn })
        return
      }
      case 'send': {
        const p = this.peers.get(o.conn)
        p?.proc.later(LATENCY, { type: 'data', conn: p.conn, bytes: o.bytes })
        return
      }
      case 'close': {
        const p = this.peers.get(o.conn)
        this.peers.delete(o.conn)
        p?.proc.peers.delete(p.conn)
        p?.proc.later(LATENCY, { type: 'closed', conn: p.conn, reason: 'eof' })
      }
    }
  }
  /** Serve RESP: `handle` answers one command. */
  serve(handle: (argv: string[], link: Link) => Reply | undefined): void {
    this.run(() =>
      this.host.listen(this.port, [], (link): LinkHandlers => {
        let buf = ''
        return {
          closed: () => {},
          data: (bytes) => {
            buf += bytes
            for (let got = readReply(buf, 0); got; got = buf === '' ? null : readReply(buf, 0)) {
              buf = buf.slice(got[1])
              const argv = got[0].kind === 'array' ? got[0].items.map((i) => (i.kind === 'string' ? i.text : '')) : []
              const reply = handle(argv, link)
              if (reply !== undefined) link.send(encode(reply))
            }
          },
        }
      }),
    )
  }
}

const ok: Reply = { t: 'status', text: 'OK' }

/** What a Sentinel sees of a redis-server. */
export class FakeRedis extends Proc {
  runid = ''
  masterIp: string | null
  masterPort = 6379
  linkUp = true
  linkDownSince = 0
  offset = 1000
  priority = 100
  replicas: FakeRedis[] = []
  pingReply = 'PONG'
  slaveofs: string[] = []
  private readonly subscribers = new Set<Link>()
  constructor(rig: Rig, ip: string, masterIp: string | null) {
    super(rig, ip)
    this.masterIp = masterIp
    this.boot()
  }
  boot(): void {
    this.alive = true
    this.runid = Array.from({ length: 40 }, () => '0123456789abcdef'[this.rig.rng.below(16)]).join('')
    this.subscribers.clear()
    const inMulti = new Set<Link>()
    this.serve((argv, link) => {
      const cmd = (argv[0] ?? '').toUpperCase()
      if (cmd === 'MULTI') {
        inMulti.add(link)
        return ok
      }
      if (cmd === 'EXEC') {
        inMulti.delete(link)
        return []
      }
      if (cmd === 'SLAVEOF') this.slaveof(argv[1] ?? '', Number(argv[2]))
      if (inMulti.has(link)) return { t: 'status', text: 'QUEUED' }
      if (cmd === 'PING')
        return this.pingReply.startsWith('PONG') ? { t: 'status', text: 'PONG' } : { t: 'error', text: this.pingReply }
      if (cmd === 'INFO') return this.info()
      if (cmd === 'SUBSCRIBE') {
        this.subscribers.add(link)
        return ['subscribe', argv[1] ?? '', 1]
      }
      if (cmd === 'PUBLISH') {
        for (const s of this.subscribers) s.send(encode(['message', argv[1] ?? '', argv[2] ?? '']))
        return this.subscribers.size
      }
      return ok
    })
  }
  private master(): FakeRedis | undefined {
    return this.rig.procs.get(`${this.masterIp}:${this.masterPort}`) as FakeRedis | undefined
  }
  private slaveof(host: string, port: number): void {
    this.slaveofs.push(`${host} ${port}`)
    this.masterIp = host === 'NO' ? null : host
    if (this.masterIp === null) return
    this.masterPort = port
    this.linkUp = false
    this.linkDownSince = this.rig.now
    this.rig.at(this.rig.now + 5000, () => {
      this.linkUp = this.master()?.alive === true && this.master()?.masterIp === null
    })
  }
  masterDied(): void {
    this.linkUp = false
    this.linkDownSince = this.rig.now
  }
  private info(): string {
    const l = [
      '# Server',
      `run_id:${this.runid}`,
      '# Replication',
      `role:${this.masterIp === null ? 'master' : 'slave'}`,
    ]
    if (this.masterIp !== null) {
      l.push(
        `master_host:${this.masterIp}`,
        `master_port:${this.masterPort}`,
        `master_link_status:${this.linkUp ? 'up' : 'down'}`,
      )
      l.push(`slave_repl_offset:${this.offset}`)
      if (!this.linkUp)
        l.push(`master_link_down_since_seconds:${Math.floor((this.rig.now - this.linkDownSince) / 1e6)}`)
      l.push(`slave_priority:${this.priority}`, 'replica_announced:1')
    }
    let i = 0
    for (const p of this.rig.procs.values())
      if (p instanceof FakeRedis && p.alive && p.masterIp === this.ip && p.linkUp)
        l.push(`slave${i++}:ip=${p.ip},port=6379,state=online,offset=${p.offset},lag=0`)
    return `${l.join('\r\n')}\r\n`
  }
}

/** A Sentinel process without the server around it. */
export class SentinelProc extends Proc {
  sentinel!: Sentinel
  readonly conf: readonly string[]
  saved: readonly string[] = []
  saves = 0
  events: string[] = []
  private readonly random: Prng
  constructor(rig: Rig, ip: string, conf: readonly string[]) {
    super(rig, ip, 26379)
    this.conf = conf
    this.random = new Prng(rig.rng.next())
    this.boot(conf)
  }
  boot(conf: readonly string[]): void {
    this.alive = true
    const self = this
    const server: SentinelServer = {
      host: this.host,
      rng: this.random,
      tap: undefined,
      port: 26379,
      requirepass: '',
      hz: 10,
      log: (level, text) => {
        if (level === 'notice' || level === 'warning') self.log(text)
      },
      publish: (channel, message) => {
        self.events.push(`${channel} ${message}`)
      },
      rewriteConfigFile: (done) => {
        self.saved = self.sentinel.rewriteConfig()
        self.saves++
        done(null)
      },
    }
    this.host.now = EPOCH + this.rig.now
    this.sentinel = new Sentinel(server)
    for (const line of conf) {
      const error = this.sentinel.handleConfigLine(line.split(' '))
      if (error !== null) throw new Error(error)
    }
    const bad = this.sentinel.finishConfig()
    if (bad !== null) throw new Error(bad.error)
    const commands = new Map(this.sentinel.commands.map((c) => [c.name, c.handler]))
    this.serve((argv) => {
      const cmd = (argv[0] ?? '').toUpperCase()
      try {
        if (cmd === 'PING') return { t: 'status', text: 'PONG' }
        if (cmd === 'PUBLISH') return this.sentinel.publish(null, argv[1] ?? '', argv[2] ?? '')
        if (cmd === 'SENTINEL')
          return (
            commands.get(`sentinel|${argv[1]}`)?.(undefined as unknown as CommandContext, argv) ?? {
              t: 'error',
              text: 'ERR',
            }
          )
        return ok
      } catch (e) {
        if (e instanceof RedisError) return { t: 'error', text: e.line }
        throw e
      }
    })
    // serverCron runs first 1 ms after the start, then every 1000/hz ms, up to a millisecond late.
    const cron = (): void => {
      this.sentinel.tick()
      this.host.after(Math.trunc(1000 / server.hz) + this.random.below(1000) / 1000, cron)
    }
    this.run(() => {
      this.sentinel.start()
      this.host.after(1, cron)
    })
  }
  call(...argv: readonly string[]): Reply {
    let reply: Reply = null
    this.run(() => {
      const impl = this.sentinel.commands.find((c) => c.name === `sentinel|${argv[0]}`)
      try {
        reply = impl?.handler(undefined as unknown as CommandContext, ['sentinel', ...argv]) ?? null
      } catch (e) {
        if (!(e instanceof RedisError)) throw e
        reply = { t: 'error', text: e.line }
      }
    })
    return reply
  }
}

export const MASTER = '10.0.0.11'
export const REPLICAS = ['10.0.0.12', '10.0.0.13'] as const
export const SENTINELS = ['10.0.0.21', '10.0.0.22', '10.0.0.23'] as const

export function deployment(seed: number, downAfter = 5000, failoverTimeout = 180000) {
  const rig = new Rig(seed)
  const master = new FakeRedis(rig, MASTER, null)
  const replicas = REPLICAS.map((ip) => new FakeRedis(rig, ip, MASTER))
  const conf = [
    `monitor mymaster ${MASTER} 6379 2`,
    `down-after-milliseconds mymaster ${downAfter}`,
    `failover-timeout mymaster ${failoverTimeout}`,
  ]
  const sentinels: SentinelProc[] = []
  for (const ip of SENTINELS) {
    rig.runUntil(rig.now + rig.rng.below(8000))
    sentinels.push(new SentinelProc(rig, ip, conf))
  }
  return { rig, master, replicas, sentinels }
}
export function whole(sentinels: readonly SentinelProc[]): boolean {
  return sentinels.every((s) => {
    const m = s.sentinel.masters.get('mymaster')
    return m !== undefined && m.slaves.size === 2 && m.sentinels.size === 2
  })
}
export function killMaster(d: ReturnType<typeof deployment>): number {
  d.master.kill()
  for (const r of d.replicas) r.masterDied()
  return Math.floor(d.rig.now / 1000)
}
