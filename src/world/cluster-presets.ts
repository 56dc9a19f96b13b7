/**
 * Deployments of Redis Cluster, ready to run: one node to a box, 6379 for clients and 16379 for the bus. A cluster that is
 * already formed is what its nodes' nodes.conf say, as if it had been stopped and were started again.
 */
import { sha1Hex } from '../engine/bytes/sha1.ts'
import type { ProcessSpec, Scenario } from './types.ts'

const CONF = '/etc/redis/redis.conf'
const DIR = '/var/lib/redis'
const PORT = 6379
const BUS = 16379

interface NodePlan {
  readonly name: string
  /** Of a master: first and last slot. */
  readonly slots?: readonly [number, number]
  /** Of a replica: its master's name. */
  readonly replicaOf?: string
  /** Not in the cluster yet. */
  readonly alone?: boolean
}
interface Plan {
  readonly title: string
  readonly nodeTimeoutMs: number
  readonly nodes: readonly NodePlan[]
}

const MASTERS: readonly NodePlan[] = [
  { name: 'n0', slots: [0, 5460] },
  { name: 'n1', slots: [5461, 10922] },
  { name: 'n2', slots: [10923, 16383] },
]
const SIX: readonly NodePlan[] = [
  ...MASTERS,
  { name: 'n3', replicaOf: 'n0' },
  { name: 'n4', replicaOf: 'n1' },
  { name: 'n5', replicaOf: 'n2' },
]
const PLANS = {
  /** T-CLUS6 */
  cluster: { title: 'Cluster of three masters and three replicas', nodeTimeoutMs: 2000, nodes: SIX },
  /** T-CLUS7: a second replica of n0. */
  'cluster-7': {
    title: 'Cluster of seven, one replica to spare',
    nodeTimeoutMs: 1500,
    nodes: [...SIX, { name: 'n6', replicaOf: 'n0' }],
  },
  /** T-CLUS3 */
  'cluster-3': {
    title: 'Cluster of three masters and an empty node',
    nodeTimeoutMs: 2000,
    nodes: [...MASTERS, { name: 'n3', alone: true }],
  },
  /** T-BLANK6 */
  'cluster-blank': {
    title: 'Six nodes, not joined',
    nodeTimeoutMs: 2000,
    nodes: SIX.map(({ name }) => ({ name, alone: true })),
  },
} as const satisfies Record<string, Plan>
export type ClusterPreset = keyof typeof PLANS

const addressOf = (i: number): string => `10.0.0.${11 + i}`
/** A node's name: drawn at its first start, so another in every world. */
const idOf = (seed: number, name: string): string => sha1Hex(`${seed}:${name}`)

/** The cluster as the node `self` wrote it down. */
function nodesConf(plan: Plan, seed: number, self: NodePlan): string {
  const members = plan.nodes.filter((n) => !n.alone)
  const epochOf = (n: NodePlan): number => members.findIndex((m) => m.name === (n.replicaOf ?? n.name)) + 1
  const lines = members.map((n) => {
    const me = n === self
    const role = n.replicaOf === undefined ? 'master' : 'slave'
    const master = n.replicaOf === undefined ? '-' : idOf(seed, n.replicaOf)
    const at = `${addressOf(plan.nodes.indexOf(n))}:${PORT}@${BUS}`
    const slots = n.slots === undefined ? '' : ` ${n.slots[0]}-${n.slots[1]}`
    return `${idOf(seed, n.name)} ${at} ${me ? 'myself,' : ''}${role} ${master} 0 0 ${epochOf(n)} connected${slots}`
  })
  const epochs = members.filter((n) => n.slots !== undefined).length
  return `${lines.join('\n')}\nvars currentEpoch ${epochs} lastVoteEpoch 0\n`
}

export function clusterPreset(preset: ClusterPreset, seed = 1, nodeTimeoutMs?: number): Scenario {
  const plan: Plan = PLANS[preset]
  const process = (n: NodePlan, i: number): ProcessSpec => {
    const conf = [
      'bind * -::*',
      'protected-mode no',
      'enable-debug-command yes',
      `port ${PORT}`,
      `dir ${DIR}`,
      'cluster-enabled yes',
      'cluster-config-file nodes.conf',
      `cluster-node-timeout ${nodeTimeoutMs ?? plan.nodeTimeoutMs}`,
      'repl-diskless-sync-delay 0',
    ]
    const files: Record<string, string> = { [CONF]: `${conf.join('\n')}\n` }
    if (!n.alone) files[`${DIR}/nodes.conf`] = nodesConf(plan, seed, n)
    return { name: n.name, kind: 'server', box: `box-${i + 1}`, port: PORT, argv: [CONF], files }
  }
  return {
    id: preset,
    title: plan.title,
    seed,
    topology: {
      boxes: plan.nodes.map((_, i) => ({ name: `box-${i + 1}`, address: addressOf(i) })),
      processes: plan.nodes.map(process),
      link: { latencyMicros: 500, jitterMicros: 200, loopbackMicros: 50 },
    },
  }
}
