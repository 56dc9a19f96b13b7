/** Sentinel deployments in the world: real Server machines for masters, replicas and Sentinels, in virtual time. */
import type { Bytes } from '../src/engine/bytes/bytes.ts'
import type { Input, Machine, Output, ProcessEnv } from '../src/engine/machine.ts'
import { type RemoteReply, readReply } from '../src/engine/sentinel/connection.ts'
import { createProgram } from '../src/world/programs.ts'
import type { ProcessSpec, Scenario } from '../src/world/types.ts'
import { createWorld, EPOCH_MS, type World } from '../src/world/world.ts'

export const SECOND = 1_000_000

/**
 * A client of a test. `argv` is `host port interval words...`: sends the command (at once when the interval is 0) and prints each
 * reply as one line of JSON. With an interval it asks again that many microseconds after each answer, and comes back when cut off.
 */
export class Caller implements Machine {
  workMicros = 0
  private readonly env: ProcessEnv
  private conn = -1
  private buf: Bytes = ''
  constructor(env: ProcessEnv) {
    this.env = env
  }
  private connect(): Output {
    this.conn += 2
    this.buf = ''
    return { type: 'connect', conn: this.conn, host: this.env.argv[0] ?? '', port: Number(this.env.argv[1]) }
  }
  private ask(): Output {
    const words = this.env.argv.slice(3)
    const bytes = `*${words.length}\r\n${words.map((w) => `$${w.length}\r\n${w}\r\n`).join('')}`
    return { type: 'send', conn: this.conn, bytes }
  }
  handle(input: Input, now: number): readonly Output[] {
    const every = Number(this.env.argv[2])
    const again: Output[] = every > 0 ? [{ type: 'setTimer', id: 1, at: now + every }] : []
    switch (input.type) {
      case 'start':
        return [this.connect()]
      case 'timer':
        return [this.buf === 'closed' ? this.connect() : this.ask()]
      case 'opened':
        return [this.ask()]
      case 'refused':
      case 'closed':
        this.buf = 'closed'
        return [{ type: 'stdout', bytes: `{"at":${now},"closed":true}\n` }, ...again]
      case 'data': {
        this.buf += input.bytes
        const out: Output[] = []
        for (let got = readReply(this.buf, 0); got; got = this.buf === '' ? null : readReply(this.buf, 0)) {
          this.buf = this.buf.slice(got[1])
          out.push({ type: 'stdout', bytes: `${JSON.stringify({ at: now, reply: plain(got[0]) })}\n` }, ...again)
        }
        return out
      }
      default:
        return []
    }
  }
  view(): unknown {
    return null
  }
}

export type Plain = string | number | null | { readonly error: string } | readonly Plain[]
function plain(r: RemoteReply): Plain {
  switch (r.kind) {
    case 'array':
      return r.items.map(plain)
    case 'error':
      return { error: r.text }
    case 'integer':
      return r.value
    case 'nil':
      return null
    default:
      return r.text
  }
}

const ADDRESS = '10.0.0.11'
export interface Deployment {
  readonly world: World
  readonly address: (process: string) => string
  readonly port: (process: string) => number
  /** Send one command, as a client of its own, and wait for the reply. */
  call(process: string, ...words: string[]): Plain
  /** Sentinel's own lines, `+sdown ...`, since a time. */
  lines(process: string, from?: number): { readonly at: number; readonly text: string }[]
  names(process: string, from?: number): string[]
  until(what: () => boolean, limit?: number, step?: number): boolean
  /** All Sentinels know all replicas and each other. */
  whole(): boolean
  /** Starts one more Sentinel, s<n>, on box-<n>. */
  addSentinel(n: number): void
  /** A server that is not of the topology: redis-<n> on box-<n>, with these lines. */
  addServer(n: number, lines: readonly string[]): void
  readonly sentinels: string[]
}

export interface Shape {
  readonly seed: number
  readonly replicas?: number
  readonly sentinels?: number
  readonly quorum?: number
  readonly downAfter?: number
  readonly failoverTimeout?: number
  readonly parallelSyncs?: number
  readonly sentinelLines?: readonly string[]
  /** Further lines of redis-<n>'s file. */
  readonly serverLines?: Readonly<Record<string, readonly string[]>>
  /** Everything on one box, as when real processes are measured on one machine. */
  readonly oneBox?: boolean
  /** On which box s<n> stands; box-<n> otherwise. */
  readonly sentinelBox?: (n: number) => number
  /** Boxes beyond those that the servers and Sentinels need. */
  readonly extraBoxes?: number
  /** Files of every Sentinel's disk. */
  readonly files?: Readonly<Record<string, string>>
  readonly tap?: boolean
}

/** redis-1 is the master; box-n holds redis-n and s<n>. */
export function deploy(shape: Shape): Deployment {
  const {
    seed,
    replicas = 2,
    sentinels = 3,
    quorum = 2,
    downAfter = 2000,
    failoverTimeout = 60000,
    oneBox = false,
  } = shape
  const sentinelBox = shape.sentinelBox ?? ((n: number) => n)
  const last = Math.max(...Array.from({ length: sentinels }, (_, i) => sentinelBox(i + 1)))
  const count = Math.max(replicas + 1, last) + (shape.extraBoxes ?? 0)
  const boxOf = (n: number): string => `box-${oneBox ? 1 : n}`
  const redisPort = (n: number): number => (oneBox ? 6378 + n : 6379)
  const sentinelPort = (n: number): number => (oneBox ? 26378 + n : 26379)
  const processes: ProcessSpec[] = []
  const server = (n: number, lines: readonly string[]): ProcessSpec => {
    const conf = [
      'bind * -::*',
      'protected-mode no',
      'save ""',
      'repl-diskless-sync-delay 0',
      `port ${redisPort(n)}`,
      'dir /var/lib/redis',
    ]
    conf.push(...lines)
    return {
      name: `redis-${n}`,
      kind: 'server',
      box: boxOf(n),
      port: redisPort(n),
      argv: ['/etc/redis.conf'],
      files: { '/etc/redis.conf': `${conf.join('\n')}\n` },
    }
  }
  for (let n = 1; n <= replicas + 1; n++) {
    const own = shape.serverLines?.[`redis-${n}`] ?? []
    processes.push(server(n, n > 1 ? [`replicaof ${ADDRESS} 6379`, ...own] : own))
  }
  const sentinel = (n: number): ProcessSpec => {
    const conf = [
      'bind * -::*',
      'protected-mode no',
      `port ${sentinelPort(n)}`,
      'dir /var/lib/redis',
      `sentinel monitor mymaster ${ADDRESS} 6379 ${quorum}`,
    ]
    conf.push(
      `sentinel down-after-milliseconds mymaster ${downAfter}`,
      `sentinel failover-timeout mymaster ${failoverTimeout}`,
    )
    if (shape.parallelSyncs !== undefined) conf.push(`sentinel parallel-syncs mymaster ${shape.parallelSyncs}`)
    conf.push(...(shape.sentinelLines ?? []))
    return {
      name: `s${n}`,
      kind: 'sentinel',
      box: oneBox ? 'box-1' : `box-${sentinelBox(n)}`,
      port: sentinelPort(n),
      argv: ['/etc/sentinel.conf'],
      files: { '/etc/sentinel.conf': `${conf.join('\n')}\n`, ...shape.files },
    }
  }
  const boxes = Array.from({ length: oneBox ? 1 : count }, (_, i) => ({
    name: `box-${i + 1}`,
    address: `10.0.0.${11 + i}`,
  }))
  const scenario: Scenario = {
    id: 'sentinel-test',
    title: '',
    seed,
    topology: { boxes, processes, link: { latencyMicros: 100, jitterMicros: 20, loopbackMicros: 60 } },
  }
  const world = createWorld(
    scenario,
    (kind) => (env, tap) => (kind === 'client' ? new Caller(env) : createProgram(kind, env, tap)),
    { tap: shape.tap ?? false },
  )
  const names = Array.from({ length: sentinels }, (_, i) => `s${i + 1}`)
  const later: ProcessSpec[] = []
  const of = (process: string): ProcessSpec =>
    [...processes, ...later, ...names.map((_, i) => sentinel(i + 1))].find((p) => p.name === process) as ProcessSpec
  const add = (spec: ProcessSpec): void => {
    later.push(spec)
    world.spawn(spec)
  }
  const d: Deployment = {
    world,
    sentinels: names,
    address: (p) => boxes.find((b) => b.name === of(p).box)?.address ?? '',
    port: (p) => of(p).port,
    call(process, ...words) {
      const caller = callEvery(d, process, 0, ...words)
      d.until(() => world.output(caller) !== '', 5 * SECOND, 200)
      return answers(world, caller)[0]?.reply ?? null
    },
    lines: (process, from = 0) =>
      world
        .log(process)
        .filter((l) => l.at >= from)
        .map((l) => ({ at: l.at, text: l.line.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ . /, '') })),
    names: (process, from = 0) =>
      d
        .lines(process, from)
        .map((l) => l.text.split(' ')[0] ?? '')
        .filter((n) => /^[+-]/.test(n)),
    until(what, limit = 60 * SECOND, step = 10_000) {
      const end = world.now + limit
      while (!what()) {
        if (world.now >= end) return false
        world.runFor(step)
      }
      return true
    },
    addSentinel: (n) => add(sentinel(n)),
    addServer: (n, lines) => add(server(n, lines)),
    whole: () =>
      names.every((s) => {
        const seen = d.names(s)
        return (
          seen.filter((n) => n === '+slave').length >= replicas &&
          seen.filter((n) => n === '+sentinel').length >= sentinels - 1
        )
      }),
  }
  if (
    !d.until(
      () => d.lines('redis-1').filter((l) => l.text.includes('succeeded')).length >= replicas,
      20 * SECOND,
      50_000,
    )
  )
    throw new Error('replicas never came online')
  for (let n = 1; n <= sentinels; n++) {
    world.runFor((seed * 7919 * n) % 8000)
    world.spawn(sentinel(n))
  }
  return d
}

let callers = 0
export function callEvery(d: Deployment, process: string, micros: number, ...words: string[]): string {
  const name = `caller-${++callers}`
  d.world.spawn({
    name,
    kind: 'client',
    box: d.world.scenario.topology.boxes.find((b) => b.address === d.address(process))?.name ?? '',
    port: 0,
    argv: [d.address(process), String(d.port(process)), String(micros), ...words],
  })
  return name
}
export function answers(world: World, caller: string): { readonly at: number; readonly reply?: Plain }[] {
  return world
    .output(caller)
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => {
      const a = JSON.parse(l) as { at: number; reply?: Plain }
      return { ...a, at: a.at - EPOCH_MS * 1000 }
    })
}

/** A deployment in which everybody knows everybody. */
export const ready = (shape: Parameters<typeof deploy>[0]): Deployment => {
  const d = deploy(shape)
  if (!d.until(d.whole, 20 * SECOND, 50_000)) throw new Error('the Sentinels never knew all')
  return d
}
/** The pairs of a flat reply. */
export const fields = (r: Plain): Record<string, Plain> => {
  const a = r as Plain[]
  return Object.fromEntries(Array.from({ length: a.length / 2 }, (_, i) => [a[2 * i] as string, a[2 * i + 1] as Plain]))
}
export const kill = (d: Deployment, process: string): number => {
  const at = d.world.now
  d.world.inject({ type: 'kill', process })
  return at
}
export const switched = (d: Deployment, from: number, sentinels: readonly string[] = d.sentinels): boolean =>
  sentinels.every((s) => d.names(s, from).includes('+switch-master'))
export const masterSeenBy = (d: Deployment, s: string): Plain =>
  (d.call(s, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster') as Plain[])[0] ?? null
/** The server at an address. */
export const box = (_d: Deployment, address: Plain): string => `redis-${Number(String(address).split('.')[3]) - 10}`
