// G17: deployments in one thread: three servers and three Sentinels, idle and under a client's writes; six nodes of a
// cluster with three Sentinels, idle. Virtual seconds per CPU second.
import { clusterPreset } from '../src/world/cluster-presets.ts'
import { sentinelTrio } from '../src/world/presets.ts'
import { createProgram } from '../src/world/programs.ts'
import type { Scenario } from '../src/world/types.ts'
import { createWorld } from '../src/world/world.ts'
import { cpuMs } from './measure.ts'
import { note, row } from './report.mjs'

/** Six nodes of a cluster, and the Sentinels of the trio, which watch its first master. */
const clusterAndSentinels = (): Scenario => {
  const six = clusterPreset('cluster', 7)
  const sentinels = sentinelTrio(7).topology.processes.filter((p) => p.kind === 'sentinel')
  return { ...six, topology: { ...six.topology, processes: [...six.topology.processes, ...sentinels] } }
}
const world = (traffic: boolean, scenario = sentinelTrio(7)) => {
  const w = createWorld(scenario, (kind) => (env, tap) => createProgram(kind, env, tap))
  w.runUntil(15e6)
  if (traffic) {
    // A redis-cli that writes without end: one SET a millisecond and a bit, replicated twice.
    w.spawn({ name: 'writer', kind: 'client', box: 'box-2', port: 0, argv: ['-h', '10.0.0.11', '-r', '10000000', 'set', 'key', 'a-value-of-some-length'] })
    w.runFor(1e6)
  }
  return w
}
for (const [what, traffic, seconds, must, reach, scenario] of [
  ['idle', false, 120, 50, 200, sentinelTrio(7)],
  ['with a client that writes all the time', true, 20, null, null, sentinelTrio(7)],
  ['six nodes of a cluster and three Sentinels, idle', false, 120, 50, 200, clusterAndSentinels()],
] as const) {
  let best = 0
  let events = 0
  for (let i = 0; i < 3; i++) {
    const w = world(traffic, scenario)
    const from = w.eventCount
    const before = cpuMs()
    w.runFor(seconds * 1e6)
    best = Math.max(best, (seconds * 1000) / (cpuMs() - before))
    events = w.eventCount - from
  }
  row('G17', `virtual seconds per CPU second, ${what}`, best, must, reach)
  note(`${Math.round(events / seconds)} events a virtual second`)
}
