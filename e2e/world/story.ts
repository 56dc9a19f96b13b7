/**
 * Two histories, told to whatever runs a world: keys of every kind typed into a redis-cli, a partition, a kill, the failover,
 * the return of the old master; and the same in a cluster, with a slot that is moved. The digests of all tellings must be equal.
 */
import { clusterPreset } from '../../src/world/cluster-presets.ts'
import { sentinelTrio } from '../../src/world/presets.ts'
import type { Fault, Scenario } from '../../src/world/types.ts'

export const SECOND = 1_000_000
export const SEED = 42

export interface Teller {
  /** Runs to a virtual time, microseconds. */
  to(at: number): Promise<void> | void
  fault(fault: Fault): void
  /** Starts a redis-cli on a box; what is typed goes to it. */
  terminal(box: string, argv: readonly string[]): void
  type(text: string): void
}

const LINES = [
  'set a 1',
  'hset h f v',
  'rpush l 1 2 3',
  'zadd z 1 a 2 b',
  'sadd s x y z',
  'spop s',
  'expire a 3',
  'info replication',
]

export type Story = 'sentinel' | 'cluster'
export const STORIES: readonly Story[] = ['sentinel', 'cluster']
export const scenarioOf = (story: Story): Scenario =>
  story === 'cluster' ? clusterPreset('cluster', SEED) : sentinelTrio(SEED)
/** Six nodes of a cluster, and three Sentinels that watch its first master. */
export function nineProcesses(): Scenario {
  const six = scenarioOf('cluster')
  const sentinels = scenarioOf('sentinel').topology.processes.filter((p) => p.kind === 'sentinel')
  return { ...six, topology: { ...six.topology, processes: [...six.topology.processes, ...sentinels] } }
}

export const tell = (t: Teller, story: Story): Promise<void> => (story === 'cluster' ? tellCluster(t) : tellSentinel(t))

const SLOT = 5061
/** Names of the nodes, as the first of them wrote them down. */
const idsOf = (scenario: Scenario): string[] =>
  (scenario.topology.processes[0]?.files?.['/var/lib/redis/nodes.conf'] ?? '')
    .split('\n')
    .map((line) => line.slice(0, 40))
async function tellCluster(t: Teller): Promise<void> {
  await t.to(3 * SECOND)
  t.terminal('box-4', ['-c', '-h', '10.0.0.12'])
  await t.to(3.2 * SECOND)
  const lines = [
    'mset {bar}1 a {bar}2 b',
    'set foo 1',
    `cluster setslot ${SLOT} stable`,
    'cluster slots',
    'cluster nodes',
  ]
  for (const [i, line] of lines.entries()) {
    t.type(`${line}\n`)
    await t.to(3.4 * SECOND + i * 100_000)
  }
  const [from = '', to = ''] = idsOf(scenarioOf('cluster'))
  const move = ['--cluster-from', from, '--cluster-to', to, '--cluster-slots', '2', '--cluster-yes']
  t.terminal('box-5', ['--cluster', 'reshard', '10.0.0.11:6379', ...move])
  await t.to(4.5 * SECOND)
  t.fault({ type: 'cut', groupA: ['box-3'], groupB: ['box-1', 'box-2'], layer: 'bus' })
  await t.to(7 * SECOND)
  t.fault({ type: 'heal', cut: -1 })
  await t.to(9 * SECOND)
  t.fault({ type: 'kill', process: 'n0' })
  await t.to(16 * SECOND)
  t.fault({ type: 'restart', process: 'n0' })
  await t.to(22 * SECOND)
}

async function tellSentinel(t: Teller): Promise<void> {
  await t.to(SECOND)
  t.terminal('box-1', ['-h', '10.0.0.12'])
  await t.to(2 * SECOND)
  t.type('info server\n')
  await t.to(2.1 * SECOND)
  t.terminal('box-2', ['-h', '10.0.0.11'])
  await t.to(2.2 * SECOND)
  for (const [i, line] of LINES.entries()) {
    t.type(`${line}\n`)
    await t.to(2.3 * SECOND + i * 50_000)
  }
  t.fault({ type: 'cut', groupA: ['box-3'], groupB: ['box-1', 'box-2'] })
  await t.to(5 * SECOND)
  t.fault({ type: 'heal', cut: -1 })
  await t.to(6 * SECOND)
  t.fault({ type: 'kill', process: 'redis-1' })
  await t.to(16 * SECOND)
  t.fault({ type: 'restart', process: 'redis-1' })
  await t.to(22 * SECOND)
}
