/** A deployment under random faults, then healed: what must hold all the time, and what must be so again within two minutes. */
import { Prng } from '../src/engine/bytes/prng.ts'
import { checkNoCrash, checkOneLeaderPerEpoch } from '../src/world/checkers.ts'
import { sentinelTrio } from '../src/world/presets.ts'
import { createProgram } from '../src/world/programs.ts'
import type { Fault, Scenario } from '../src/world/types.ts'
import { createWorld, type World } from '../src/world/world.ts'
import { answers, Caller } from './sentinel-world.ts'

const SECOND = 1_000_000
export const CONVERGED_WITHIN = 120
const SERVERS = ['redis-1', 'redis-2', 'redis-3']
const SENTINELS = ['s1', 's2', 's3']
const BOXES = ['box-1', 'box-2', 'box-3']

function scenario(seed: number): Scenario {
  const trio = sentinelTrio(seed, 2000)
  const processes = trio.topology.processes.map((p) => {
    const files = Object.entries(p.files ?? {}).map(([path, text]) => [
      path,
      p.kind === 'sentinel'
        ? text.replace('failover-timeout mymaster 60000', 'failover-timeout mymaster 10000')
        : `${text}enable-debug-command yes\nrepl-diskless-sync-delay 0\nsave 5 1\n`,
    ])
    return { ...p, files: Object.fromEntries(files) as Record<string, string> }
  })
  return { ...trio, topology: { ...trio.topology, processes } }
}

function randomFault(rng: Prng): Fault {
  const one = <T>(list: readonly T[]): T => list[rng.below(list.length)] as T
  const process = one([...SERVERS, ...SENTINELS])
  const [a, b] = [one(BOXES), one(BOXES)]
  switch (rng.below(14)) {
    case 0:
    case 1:
      return { type: 'kill', process }
    case 2:
      return { type: 'term', process }
    case 3:
    case 4:
    case 5:
      return { type: 'restart', process }
    case 6:
      return { type: 'pause', process }
    case 7:
      return { type: 'continue', process }
    case 8:
      return { type: 'cut', groupA: [a], groupB: BOXES.filter((x) => x !== a), oneWay: rng.below(3) === 0 }
    case 9:
      return { type: 'heal', cut: -1 }
    case 10:
      return a === b ? { type: 'heal', cut: -1 } : { type: 'cut', groupA: [a], groupB: [b], oneWay: rng.below(3) === 0 }
    case 11: {
      const latencyMicros = 500 + rng.below(rng.below(4) === 0 ? 800_000 : 20_000)
      return {
        type: 'latency',
        a,
        b: a === b ? one(BOXES.filter((x) => x !== a)) : b,
        latencyMicros,
        jitterMicros: 300,
        bytesPerSecond: 20_000 + rng.below(10_000_000),
      }
    }
    case 12:
      return { type: 'power', box: a }
    default:
      return rng.below(2) === 0
        ? { type: 'clock', box: a, offsetMicros: (rng.below(12) - 6) * SECOND }
        : { type: 'disk', box: a, freeBytes: rng.below(2) === 0 ? null : rng.below(3000), slowness: 1 + rng.below(500) }
  }
}

function heal(w: World): void {
  w.inject({ type: 'heal', cut: -1 })
  for (const [a, b] of [
    ['box-1', 'box-2'],
    ['box-1', 'box-3'],
    ['box-2', 'box-3'],
  ] as const)
    w.inject({ type: 'latency', a, b, latencyMicros: 500, jitterMicros: 200, bytesPerSecond: 125_000_000 })
  for (const box of BOXES) w.inject({ type: 'disk', box, freeBytes: null })
  for (const process of [...SERVERS, ...SENTINELS]) {
    w.inject({ type: 'continue', process })
    w.inject({ type: 'restart', process })
  }
}

/** Each Sentinel votes once in an epoch, whatever happens to it, and its epoch never goes back. */
function checkVotes(w: World): string[] {
  const wrong: string[] = []
  for (const s of SENTINELS) {
    const votes = new Map<string, string>()
    for (const { line } of w.log(s)) {
      const [, leader = '', epoch = ''] = /\+vote-for-leader (\w+) (\d+)$/.exec(line) ?? []
      if (epoch === '') continue
      const before = votes.get(epoch)
      if (before !== undefined && before !== leader)
        wrong.push(`${s} voted for ${before} and ${leader} in epoch ${epoch}`)
      votes.set(epoch, leader)
    }
  }
  return wrong
}

interface SentinelState {
  readonly masters: readonly {
    readonly about: string
    readonly sdown: boolean
    readonly failoverState: string | null
    readonly slaves: readonly unknown[]
    readonly sentinels: readonly unknown[]
  }[]
}
/** What is not yet as it should be, or null. */
export function unsettled(w: World): string | null {
  const dead = w
    .statuses()
    .filter((s) => !s.name.startsWith('caller') && !s.name.startsWith('writer') && s.state !== 'running')
  if (dead.length > 0) return `${dead.map((s) => s.name).join(', ')} not running`
  const views = SENTINELS.map((s) => w.view(s, 'sentinel') as SentinelState | null)
  const masters = views.map((v) => v?.masters[0])
  const addresses = new Set(masters.map((m) => m?.about))
  if (addresses.size !== 1) return `masters ${[...addresses].join(' and ')}`
  for (const m of masters) {
    if (m === undefined || m.sdown || m.failoverState !== null) return 'a failover or a suspicion goes on'
    if (m.slaves.length !== 2 || m.sentinels.length !== 2) return 'somebody is not known to somebody'
  }
  const [address = ''] = [...addresses]
  const name = SERVERS[Number(String(address).split(':')[0]?.split('.')[3]) - 11] as string
  const summary = (p: string) => w.status(p).summary
  if (summary(name)?.role !== 'master') return `${name} is not a master`
  for (const r of SERVERS) {
    if (r === name) continue
    const s = summary(r)
    if (s?.role !== 'replica' || s.masterLink !== 'up') return `${r} does not follow`
    if (
      !(w.view(r, 'replication') as { info: string }).info.includes(`master_host:${String(address).split(':')[0]}\r\n`)
    )
      return `${r} follows another`
  }
  return null
}
const equalData = (w: World): boolean => {
  const run = (server: string, n: number): string => {
    const name = `caller-${w.eventCount}-${n}`
    w.spawn({
      name,
      kind: 'client',
      box: `box-${n}`,
      port: 0,
      argv: [`10.0.0.${10 + n}`, '6379', '0', 'DEBUG', 'DIGEST'],
    })
    for (let i = 0; i < 100 && w.output(name) === ''; i++) w.runFor(2000)
    return `${answers(w, name)[0]?.reply ?? `no answer of ${server}`}`
  }
  return new Set(SERVERS.map((s, i) => run(s, i + 1))).size === 1
}

export interface StormResult {
  readonly seed: number
  readonly violations: readonly string[]
  /** Virtual seconds from the heal until everything was well again; null: not in time. */
  readonly seconds: number | null
  readonly why: string | null
  readonly failovers: number
  readonly world: World
}
export function storm(seed: number): StormResult {
  const rng = new Prng(seed * 7919 + 1)
  const world = createWorld(
    scenario(seed),
    (kind) => (env, tap) => (kind === 'client' ? new Caller(env) : createProgram(kind, env, tap)),
  )
  for (let at = 12; unsettled(world) !== null || at === 12; at++) world.runUntil(at * SECOND)
  for (const [i] of SERVERS.entries())
    world.spawn({
      name: `writer-${i + 1}`,
      kind: 'client',
      box: `box-${i + 1}`,
      port: 0,
      argv: [`10.0.0.${11 + i}`, '6379', '400000', 'INCR', `of-${i + 1}`],
    })
  for (const end = world.now + 25 * SECOND; world.now < end; ) {
    world.runFor(200_000 + rng.below(2_000_000))
    world.inject(randomFault(rng))
  }
  heal(world)
  const healed = world.now
  let why: string | null = null
  let seconds: number | null = null
  while (world.now - healed < CONVERGED_WITHIN * SECOND) {
    world.runFor(SECOND)
    // A supervisor: what was told to end ends, and is started again.
    for (const process of [...SERVERS, ...SENTINELS])
      if (world.status(process).state !== 'running') world.inject({ type: 'restart', process })
    why = unsettled(world)
    if (why !== null) continue
    for (const [i] of SERVERS.entries()) world.inject({ type: 'kill', process: `writer-${i + 1}` })
    world.runFor(1_500_000)
    why = equalData(world) ? unsettled(world) : 'the data differs'
    if (why !== null) continue
    seconds = (world.now - healed) / SECOND
    break
  }
  const violations = [...checkNoCrash(world), ...checkOneLeaderPerEpoch(world)]
    .map((v) => v.text)
    .concat(checkVotes(world))
  return {
    seed,
    violations,
    seconds,
    why,
    failovers: world.events.filter((e) => e.kind === '+switch-master').length,
    world,
  }
}
