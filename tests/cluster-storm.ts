/** A cluster under random faults, then healed: what must hold all the time, and what must be so again within two minutes. */
import { Prng } from '../src/engine/bytes/prng.ts'
import type { Cluster } from '../src/engine/cluster/cluster.ts'
import { checkNoCrash } from '../src/world/checkers.ts'
import { checkElections, ClusterHistory, type ClusterSight } from '../src/world/cluster-checkers.ts'
import type { Fault } from '../src/world/types.ts'
import type { World } from '../src/world/world.ts'
import { type ClusterKit, readyCluster, SECOND } from './cluster-deploy.ts'
import { answers } from './sentinel-world.ts'

export const CONVERGED_WITHIN = 120
const LOOK_EVERY = 50_000

/** Keys of slots 3300, 7365 and 15495: one of each third. */
export const KEYS = ['{b}', '{c}', '{a}'] as const

export function sightOf(process: string, life: number, c: Cluster): ClusterSight {
  const ranges: [number, number, string][] = []
  let owner: string | undefined
  for (const [slot, n] of c.slots.entries()) {
    const last = ranges.at(-1)
    if (n === null) owner = undefined
    else if (n.name === owner && last !== undefined) last[1] = slot
    else {
      owner = n.name
      ranges.push([slot, slot, n.name])
    }
  }
  const nodes = [...c.nodes.values()]
    .filter((n) => !n.inHandshake)
    .map((n) => ({ name: n.name, configEpoch: n.isMaster ? n.configEpoch : 0 }))
    .filter((n) => n.configEpoch !== 0)
  return { process, life, currentEpoch: c.currentEpoch, lastVoteEpoch: c.lastVoteEpoch, nodes, ranges }
}
/** Looks at every node while time passes. */
export class Watch {
  readonly history = new ClusterHistory()
  private readonly kit: ClusterKit
  private readonly keys = new Map<string, string>()
  private readonly lives = new Map<string, { machine: unknown; n: number }>()
  constructor(kit: ClusterKit) {
    this.kit = kit
  }
  runFor(micros: number): void {
    const { world } = this.kit
    for (const end = world.now + micros; world.now < end; ) {
      world.runUntil(Math.min(end, world.now + LOOK_EVERY))
      this.look()
    }
  }
  private look(): void {
    for (const n of this.kit.names) {
      const server = this.kit.server(n)
      if (!this.kit.running(n) || !server.booted || server.cluster === null) continue
      const life = this.lives.get(n) ?? { machine: server, n: 0 }
      if (life.machine !== server) {
        life.machine = server
        life.n++
      }
      this.lives.set(n, life)
      // Whole shards change hands here: who has how many, and with which epoch, says whether anything moved.
      const { cluster: c } = server
      let key = `${life.n} ${c.currentEpoch} ${c.lastVoteEpoch}`
      for (const node of c.nodes.values()) key += ` ${node.configEpoch}/${node.numslots}/${node.flags & 35}`
      if (this.keys.get(n) === key) continue
      this.keys.set(n, key)
      this.history.observe(this.kit.world.now, sightOf(n, life.n, c))
    }
  }
}

function randomFault(kit: ClusterKit, rng: Prng): Fault | null {
  const one = <T>(list: readonly T[]): T => list[rng.below(list.length)] as T
  const process = one(kit.names)
  const box = kit.box(process)
  const others = kit.names.map(kit.box).filter((b) => b !== box)
  const layer = one([undefined, undefined, 'bus', 'client'] as const)
  const cut = { type: 'cut', oneWay: rng.below(3) === 0, ...(layer === undefined ? {} : { layer }) } as const
  switch (rng.below(16)) {
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
      return { ...cut, groupA: [box], groupB: others }
    case 9: {
      const groupA = [box, one(others)]
      return { ...cut, groupA, groupB: others.filter((b) => !groupA.includes(b)) }
    }
    case 10:
      return { ...cut, groupA: [box], groupB: [one(others)] }
    case 11:
      return { type: 'heal', cut: -1 }
    case 12: {
      const latencyMicros = 500 + rng.below(rng.below(4) === 0 ? 800_000 : 20_000)
      return { type: 'latency', a: box, b: one(others), latencyMicros, jitterMicros: 300 }
    }
    case 13:
      return { type: 'power', box }
    case 14:
      return { type: 'clock', box, offsetMicros: (rng.below(12) - 6) * SECOND }
    default:
      return null
  }
}
function heal(kit: ClusterKit): void {
  const { world, names } = kit
  kit.heal()
  for (const a of names)
    for (const b of names)
      if (a < b) world.inject({ type: 'latency', a: kit.box(a), b: kit.box(b), latencyMicros: 500, jitterMicros: 200 })
  for (const process of names) {
    world.inject({ type: 'continue', process })
    world.inject({ type: 'restart', process })
  }
}
let asked = 0
function sendCommand(kit: ClusterKit, node: string, ...words: string[]): void {
  const argv = [kit.address(node), `${kit.port(node)}`, '0', ...words]
  kit.world.spawn({ name: `storm-${++asked}`, kind: 'client', box: kit.box(node), port: 0, argv })
}
/** The replicas of a shard hold what their master holds. */
function differing(kit: ClusterKit): string | null {
  const digest = (n: string): string => String(kit.call(n, 'DEBUG', 'DIGEST'))
  for (const n of kit.names) {
    const master = kit.cluster(n).myself.slaveof
    if (master !== null && digest(n) !== digest(kit.nameOf(master.name)))
      return `${n} and ${kit.nameOf(master.name)} hold different data`
  }
  return null
}

export interface StormResult {
  readonly seed: number
  readonly violations: readonly string[]
  /** Virtual seconds from the heal until all agreed; null: not in time. */
  readonly seconds: number | null
  readonly why: string | null
  readonly failovers: number
  readonly world: World
  readonly kit: ClusterKit
}
export function clusterStorm(seed: number): StormResult {
  const rng = new Prng(seed * 7919 + 3)
  const preset = seed % 4 === 0 ? 'cluster-7' : 'cluster'
  const kit = readyCluster({ seed, preset, nodeTimeout: 700 + rng.below(1000) })
  const { world, names } = kit
  const writers = KEYS.map((key, i) => {
    const argv = [kit.address(`n${i}`), '6379', '300000', 'INCR', key]
    world.spawn({ name: `writer-${i}`, kind: 'client', box: kit.box(`n${i}`), port: 0, argv })
    return `writer-${i}`
  })
  const watch = new Watch(kit)
  for (const end = world.now + 10 * SECOND; world.now < end; ) {
    watch.runFor(200_000 + rng.below(1_500_000))
    const fault = randomFault(kit, rng)
    if (fault !== null) world.inject(fault)
    else {
      const node = names[rng.below(names.length)] as string
      sendCommand(kit, node, 'CLUSTER', 'FAILOVER', ...(rng.below(2) === 0 ? ['FORCE'] : []))
    }
  }
  heal(kit)
  const healed = world.now
  let why: string | null = null
  let seconds: number | null = null
  while (seconds === null && world.now - healed < CONVERGED_WITHIN * SECOND) {
    watch.runFor(SECOND)
    for (const process of names) if (!kit.running(process)) world.inject({ type: 'restart', process })
    why = kit.settled()
    if (why !== null) continue
    for (const process of writers) world.inject({ type: 'kill', process })
    watch.runFor(SECOND)
    why = kit.settled() ?? differing(kit)
    if (why === null) seconds = (world.now - healed) / SECOND
  }
  const violations = [...checkNoCrash(world), ...watch.history.violations, ...checkElections(world, names)]
  return {
    seed,
    violations: violations.map((v) => v.text),
    seconds,
    why,
    failovers: names.reduce(
      (n, p) => n + kit.lines(p).filter((l) => l.text.startsWith('Failover election won')).length,
      0,
    ),
    world,
    kit,
  }
}

/** Over a slow net the two replicas of a dead master stand in the same epoch, and each hears of the other too late. */
export function raceRun(seed: number): {
  readonly violations: readonly string[]
  readonly rivals: boolean
  readonly won: boolean
} {
  const rng = new Prng(seed * 977 + 5)
  const kit = readyCluster({ seed, preset: 'cluster-7', nodeTimeout: 2000 })
  const { world, names } = kit
  for (const a of names)
    for (const b of names)
      if (a < b) {
        const latencyMicros = 100_000 + rng.below(250_000)
        world.inject({ type: 'latency', a: kit.box(a), b: kit.box(b), latencyMicros, jitterMicros: 20_000 })
      }
  world.runFor(4 * SECOND)
  const from = kit.kill('n0')
  const watch = new Watch(kit)
  // A split vote is tried again, after 2 x the time that an election has; all votes may be split, and none wins.
  for (const end = world.now + 60 * SECOND; world.now < end && !kit.owners(0).some((n) => n !== 'n0'); )
    watch.runFor(SECOND)
  watch.runFor(3 * SECOND)
  const epochs = ['n3', 'n6'].map((n) =>
    kit.lines(n, from).flatMap((l) => /^Starting a failover election for epoch (\d+)/.exec(l.text)?.[1] ?? []),
  )
  const violations = [...watch.history.violations, ...checkElections(world, names)].map(
    (v) => `seed ${seed}: ${v.text}`,
  )
  const owners = kit.owners(0)
  if (owners.length > 1) violations.push(`seed ${seed}: ${owners.join(' and ')} both took over`)
  const rivals = (epochs[0] ?? []).some((e) => epochs[1]?.includes(e))
  return { violations, rivals, won: owners.length === 1 }
}

export type Accident = 'kill' | 'isolate' | 'pause' | 'power'
export interface LossResult {
  readonly acknowledged: number
  readonly lost: readonly { readonly at: number; readonly why: string }[]
  /** Lost though real Redis would have kept them. */
  readonly wrong: readonly string[]
  readonly failedOver: boolean
}
/**
 * A client beside master n0 counts up; then n0 is killed, cut off with the client, or stopped, and its
 * replica takes over. Acknowledged writes may be lost only where asynchronous replication and the minority's window lose
 * them: within the time that a byte takes to the replica before the accident, or until n0 noticed that it is alone.
 */
export function lossRun(seed: number, accident: Accident): LossResult {
  const rng = new Prng(seed * 31 + 7)
  const nodeTimeout = 1000 + rng.below(1500)
  const kit = readyCluster({ seed, nodeTimeout })
  const { world } = kit
  const latency = rng.below(3) === 0 ? 20_000 + rng.below(200_000) : 500
  if (latency > 500)
    world.inject({ type: 'latency', a: kit.box('n0'), b: kit.box('n3'), latencyMicros: latency, jitterMicros: 0 })
  world.runFor(SECOND)
  const argv = [kit.address('n0'), '6379', `${5000 + rng.below(30_000)}`, 'INCR', '{b}']
  world.spawn({ name: 'writer', kind: 'client', box: kit.box('n0'), port: 0, argv })
  world.runFor(SECOND + rng.below(2 * SECOND))
  const from = world.now
  if (accident === 'isolate') kit.isolate('n0')
  else if (accident === 'power') world.inject({ type: 'power', box: kit.box('n0') })
  else world.inject({ type: accident, process: 'n0' })
  const failedOver = kit.until(() => kit.owners(3300).includes('n3'), 30 * SECOND, 50_000)
  world.runFor(SECOND)
  const back = world.now
  if (accident === 'isolate') kit.heal()
  else if (accident === 'pause') world.inject({ type: 'continue', process: 'n0' })
  else kit.restart('n0')
  kit.until(() => kit.settled() === null, 60 * SECOND, 100_000)
  const acked = answers(world, 'writer').filter((a) => typeof a.reply === 'number')
  const lost: { at: number; why: string }[] = []
  const wrong: string[] = []
  // Nobody else counts: what is kept is exactly what is not above.
  const kept = Number(kit.call('n3', 'GET', '{b}'))
  for (const { at, reply } of acked) {
    if (Number(reply) <= kept) continue
    const late = (micros: number): string => `${Math.round(micros / 1000)} ms`
    if (at <= from && at >= from - latency - 20_000) lost.push({ at, why: 'not yet replicated' })
    else if (accident === 'isolate' && at > from && at < from + 2.5 * nodeTimeout * 1000 + 500_000)
      lost.push({ at, why: 'in the minority' })
    else if (accident === 'pause' && at >= back && at < back + 500_000) lost.push({ at, why: 'before it heard' })
    else wrong.push(`${reply} acknowledged ${late(at - from)} after the ${accident}, ${late(at - back)} after its end`)
  }
  return { acknowledged: acked.length, lost, wrong, failedOver }
}
