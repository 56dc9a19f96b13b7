/** Clusters in the world: real Server machines in virtual time, and their insides at hand for what must be judged exactly. */
import type { Cluster } from '../src/engine/cluster/cluster.ts'
import type { ClusterNode } from '../src/engine/cluster/node.ts'
import type { Server } from '../src/engine/server/server.ts'
import { type ClusterPreset, clusterPreset } from '../src/world/cluster-presets.ts'
import { createProgram } from '../src/world/programs.ts'
import type { ProcessSpec, Scenario } from '../src/world/types.ts'
import { createWorld, type World } from '../src/world/world.ts'
import { answers, Caller, type Plain, SECOND } from './sentinel-world.ts'

export { type Plain, SECOND }

export interface ClusterShape {
  readonly seed: number
  readonly preset?: ClusterPreset
  /** So many nodes that know nobody, instead of a preset. */
  readonly blank?: number
  readonly nodeTimeout?: number
  /** Further lines of every node's file, and of one's. */
  readonly lines?: readonly string[]
  readonly nodeLines?: Readonly<Record<string, readonly string[]>>
  /** All on one box at 127.0.0.1, ports 7000 …, as when real processes are measured on one machine. */
  readonly oneBox?: boolean
  readonly tap?: boolean
}

export interface ClusterKit {
  readonly world: World
  readonly names: readonly string[]
  /** The machine of the present incarnation. */
  server(node: string): Server
  cluster(node: string): Cluster
  /** What `by` knows of `about`. */
  seen(by: string, about: string): ClusterNode
  id(node: string): string
  nameOf(id: string): string
  address(node: string): string
  port(node: string): number
  box(node: string): string
  running(node: string): boolean
  /** Ask one thing, by a client of its own on the node's box, and wait for the reply. */
  call(node: string, ...words: string[]): Plain
  /** The node's own log since a time, without its head. */
  lines(node: string, from?: number): { readonly at: number; readonly text: string }[]
  said(node: string, what: RegExp, from?: number): boolean
  until(what: () => boolean, limit?: number, step?: number): boolean
  kill(node: string): number
  restart(node: string): void
  /** These nodes' boxes and the rest no longer hear each other. */
  isolate(...nodes: string[]): void
  heal(): void
  /** Who is master of this slot by its own belief; several in a split. */
  owners(slot: number): string[]
  /** All run, agree, and every replica follows. */
  settled(): string | null
}

function specOf(shape: ClusterShape): Scenario {
  const preset = shape.preset ?? (shape.blank === undefined ? 'cluster' : 'cluster-blank')
  const base = clusterPreset(preset, shape.seed, shape.nodeTimeout)
  const count = shape.blank ?? base.topology.processes.length
  const template = clusterPreset('cluster-blank', shape.seed, shape.nodeTimeout).topology.processes[0] as ProcessSpec
  const processes = Array.from({ length: count }, (_, i): ProcessSpec => {
    const name = `n${i}`
    const p = shape.blank === undefined ? (base.topology.processes[i] as ProcessSpec) : template
    const box = shape.oneBox ? 'box-1' : `box-${i + 1}`
    const port = shape.oneBox ? 7000 + i : 6379
    const files = Object.entries(p.files ?? {}).map(([path, text]) => {
      if (path.endsWith('nodes.conf')) return [path, text]
      const extra = ['save ""', ...(shape.lines ?? []), ...(shape.nodeLines?.[name] ?? [])]
      return [path, `${text.replace('port 6379', `port ${port}`)}${extra.join('\n')}\n`]
    })
    return { ...p, name, box, port, argv: [p.argv[0] ?? '', '--port', `${port}`], files: Object.fromEntries(files) }
  })
  const boxes = Array.from({ length: shape.oneBox ? 1 : count }, (_, i) => ({
    name: `box-${i + 1}`,
    address: shape.oneBox ? '127.0.0.1' : `10.0.0.${11 + i}`,
  }))
  const link = shape.oneBox ? { latencyMicros: 100, jitterMicros: 20, loopbackMicros: 60 } : base.topology.link
  return { ...base, topology: { boxes, processes, link } }
}

/** Of every line: `pid:role day month year time level `. */
const LOG_HEAD = /^\d+:\w \d+ \w+ \d+ [\d:.]+ . /

let callers = 0
export function deployCluster(shape: ClusterShape): ClusterKit {
  const scenario = specOf(shape)
  const { boxes, processes } = scenario.topology
  const machines = new Map<string, Server>()
  const names = processes.map((p) => p.name)
  const texts = new Map<string, { at: number; text: string }[]>()
  const spec = (node: string): ProcessSpec => processes.find((p) => p.name === node) as ProcessSpec
  const address = (node: string): string => boxes.find((b) => b.name === spec(node).box)?.address ?? ''
  const world = createWorld(
    scenario,
    (kind) => (env, tap) => {
      if (kind === 'client') return new Caller(env)
      const m = createProgram(kind, env, tap) as Server
      const node = names.find((n) => address(n) === env.host && env.argv[2] === `${spec(n).port}`)
      if (node !== undefined) machines.set(node, m)
      return m
    },
    { tap: shape.tap ?? false },
  )
  const kit: ClusterKit = {
    world,
    names,
    server: (n) => machines.get(n) as Server,
    cluster(n) {
      const { cluster } = kit.server(n)
      if (cluster === null) throw new Error(`${n} has no cluster`)
      return cluster
    },
    seen(by, about) {
      const n = kit.cluster(by).nodes.get(kit.id(about))
      if (n === undefined) throw new Error(`${by} does not know ${about}`)
      return n
    },
    id: (n) => kit.cluster(n).myself.name,
    nameOf: (id) => names.find((n) => kit.id(n) === id) ?? id,
    address,
    port: (n) => spec(n).port,
    box: (n) => spec(n).box,
    running: (n) => world.state(n) === 'running',
    call(node, ...words) {
      const name = `caller-${++callers}`
      const argv = [address(node), `${spec(node).port}`, '0', ...words]
      world.spawn({ name, kind: 'client', box: spec(node).box, port: 0, argv })
      kit.until(() => world.output(name) !== '', 5 * SECOND, 200)
      return answers(world, name)[0]?.reply ?? null
    },
    lines(node, from = 0) {
      const known = texts.get(node) ?? []
      texts.set(node, known)
      const log = world.log(node)
      for (let i = known.length; i < log.length; i++) {
        const { at, line } = log[i] as { at: number; line: string }
        known.push({ at, text: line.replace(LOG_HEAD, '') })
      }
      let first = known.length
      while (first > 0 && (known[first - 1]?.at ?? 0) >= from) first--
      return known.slice(first)
    },
    said: (node, what, from = 0) => kit.lines(node, from).some((l) => what.test(l.text)),
    until(what, limit = 60 * SECOND, step = 10_000) {
      const end = world.now + limit
      while (!what()) {
        if (world.now >= end) return false
        world.runFor(step)
      }
      return true
    },
    kill(node) {
      const at = world.now
      world.inject({ type: 'kill', process: node })
      return at
    },
    restart: (node) => world.inject({ type: 'restart', process: node }),
    isolate(...nodes) {
      const groupA = nodes.map((n) => spec(n).box)
      world.inject({ type: 'cut', groupA, groupB: boxes.map((b) => b.name).filter((b) => !groupA.includes(b)) })
    },
    heal: () => world.inject({ type: 'heal', cut: -1 }),
    owners: (slot) =>
      names.filter((n) => {
        const { myself } = kit.cluster(n)
        return kit.running(n) && myself.isMaster && myself.hasSlot(slot)
      }),
    settled: () => unsettled(kit),
  }
  return kit
}

/** What one node believes of roles, epochs and slots: equal on all when they agree. */
export function beliefs(c: Cluster): string {
  const nodes = [...c.nodes.values()].map((n) => {
    const epoch = n.isSlave ? 0 : n.configEpoch
    return `${n.name.slice(0, 8)} ${n.isMaster ? 'master' : `slave of ${n.slaveof?.name.slice(0, 8)}`} ${epoch} ${n.flags & 0x2c}`
  })
  let owners = ''
  let last: ClusterNode | null | undefined
  for (const [slot, owner] of c.slots.entries()) {
    if (owner !== last) owners += ` ${slot}:${owner?.name.slice(0, 8) ?? '-'}`
    last = owner
  }
  return `${nodes.sort().join('\n')}\n${owners}\nepoch ${c.currentEpoch}`
}
/** What is not yet as it should be in a whole cluster, or null. */
function unsettled(kit: ClusterKit): string | null {
  // A node that is in no cluster yet has its own opinion.
  const names = kit.names.filter((n) => {
    const c = kit.server(n).cluster
    return c === null || c.nodes.size !== 1 || c.myself.numslots !== 0 || !kit.running(n)
  })
  const dead = names.filter((n) => !kit.running(n) || !kit.server(n).booted)
  if (dead.length > 0) return `${dead.join(', ')} not running`
  const bad = names.find((n) => kit.cluster(n).state !== 'ok')
  if (bad !== undefined) return `cluster_state:fail at ${bad}`
  const [first = '', ...others] = names
  const belief = beliefs(kit.cluster(first))
  for (const n of names)
    for (const other of kit.cluster(n).nodes.values())
      if (other.timedOut || other.failed || other.inHandshake)
        return `${n} has ${kit.nameOf(other.name)} as ${other.flags}`
  for (const n of others)
    if (beliefs(kit.cluster(n)) !== belief)
      return `${first} and ${n} differ:\n${belief}\n---\n${beliefs(kit.cluster(n))}`
  for (const n of names) {
    const { myself } = kit.cluster(n)
    const { repl } = kit.server(n)
    if (myself.isMaster !== !repl?.isReplica)
      return `${n} is ${myself.isMaster ? 'a master' : 'a replica'} to the bus only`
    if (myself.isMaster) continue
    if (repl?.masterLinkUp !== true) return `${n} does not follow`
    const following = repl.view() as { masterhost: string; masterport: number }
    const at = `${following.masterhost}:${following.masterport}`
    if (at !== `${myself.slaveof?.ip}:${myself.slaveof?.port}`) return `${n} follows ${at}`
  }
  return null
}

/** Joins nodes that know nobody, by the commands that redis-cli --cluster create sends: `masters` of them, the rest replicas in turn. */
export function formCluster(kit: ClusterKit, masters = 3): void {
  const { names } = kit
  const need = (what: string, ok: () => boolean): void => {
    if (!kit.until(ok, 30 * SECOND, 50_000)) throw new Error(`timed out until ${what}`)
  }
  need('nodes answer', () => names.every((n) => kit.call(n, 'PING') === 'PONG'))
  names.forEach((n, i) => void kit.call(n, 'CLUSTER', 'SET-CONFIG-EPOCH', `${i + 1}`))
  for (let i = 0; i < masters; i++) {
    const cut = (k: number): number => Math.ceil((k * 16384) / masters)
    kit.call(names[i] as string, 'CLUSTER', 'ADDSLOTSRANGE', `${cut(i)}`, `${cut(i + 1) - 1}`)
  }
  const first = names[0] as string
  for (const n of names.slice(1)) kit.call(first, 'CLUSTER', 'MEET', kit.address(n), `${kit.port(n)}`)
  const all = (test: (c: Cluster) => boolean): boolean => names.every((n) => test(kit.cluster(n)))
  need('nodes met', () =>
    all(
      (c) =>
        c.nodes.size === names.length &&
        [...c.nodes.values()].every((n) => !n.inHandshake && (n.isMyself || n.link?.link?.open === true)),
    ),
  )
  for (let i = masters; i < names.length; i++) {
    const master = kit.id(names[i % masters] as string)
    need('replicates', () => kit.call(names[i] as string, 'CLUSTER', 'REPLICATE', master) === 'OK')
  }
  need('replicas are online', () =>
    names.every((n) => kit.cluster(n).myself.isMaster || kit.server(n).repl?.masterLinkUp === true),
  )
  need('all see the replicas', () =>
    all((c) => [...c.nodes.values()].filter((n) => n.isSlave).length === names.length - masters),
  )
  need('state ok', () => all((c) => c.state === 'ok'))
}
/** A deployment whose cluster is formed and at rest. */
export function readyCluster(shape: ClusterShape, masters = 3): ClusterKit {
  const kit = deployCluster(shape)
  if (shape.blank !== undefined) formCluster(kit, masters)
  if (!kit.until(() => kit.world.now > SECOND && kit.settled() === null, 30 * SECOND, 100_000))
    throw new Error(`never whole: ${kit.settled()}`)
  return kit
}
