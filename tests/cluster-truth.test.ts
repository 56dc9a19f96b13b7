/** How long a cluster's failover takes, phase by phase: the world's Server machines against recorded runs of real processes (G20). */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import { type ClusterKit, readyCluster } from './cluster-deploy.ts'
import { ksDifference, type Phases } from './sentinel-phases.ts'
import { answers, SECOND } from './sentinel-world.ts'

const RUNS = Number(process.env.FAILOVER_RUNS ?? 200)

/** The phases that failover-truth.mjs reads from the logs of real nodes: n0 is killed, n3 is its replica, n1 and n2 vote. */
function clusterPhases(kit: ClusterKit, at: number, writable: number | undefined): Phases {
  const ms = (micros: number): number => Math.floor(micros / 1000) - Math.floor(at / 1000)
  const hits = (nodes: readonly string[], re: RegExp): number[] =>
    nodes
      .flatMap((n) =>
        kit
          .lines(n, at)
          .filter((l) => re.test(l.text))
          .map((l) => ms(l.at)),
      )
      .sort((a, b) => a - b)
  const rest = ['n1', 'n2', 'n3', 'n4', 'n5']
  const masters = ['n1', 'n2']
  const firsts = (nodes: readonly string[], re: RegExp): (number | undefined)[] =>
    nodes.flatMap((n) => hits([n], re).slice(0, 1)).sort((a, b) => a - b)
  const failing = firsts(masters, /possibly failing/)
  const quorum = hits(rest, /^Marking node .* as failing \(quorum reached\)/)
  const known = [...quorum, ...hits(rest, /^FAIL message received from/)].sort((a, b) => a - b)
  const delay = kit
    .lines('n3', at)
    .map((l) => /^Start of election delayed for (\d+) milliseconds/.exec(l.text))
    .find((m) => m !== null)
  return {
    'pfail.first': firsts(rest, /^\*\*\* NODE .* possibly failing/)[0],
    'pfail.master.first': failing[0],
    'pfail.master.second': failing[1],
    'fail.quorum.first': quorum[0],
    'fail.known.last': known[4] ?? known.at(-1),
    'cluster-down.first': hits(rest, /^Cluster state changed: fail/)[0],
    'election.scheduled': hits(['n3'], /^Start of election delayed for/)[0],
    'election.delay': delay ? Number(delay[1]) : undefined,
    'election.started': hits(['n3'], /^Starting a failover election for epoch/)[0],
    'auth.granted.first': hits(masters, /^Failover auth granted to/)[0],
    'election.won': hits(['n3'], /^Failover election won/)[0],
    'client-write-ok': writable,
    'cluster-up.last': hits(rest, /^Cluster state changed: ok/).at(-1),
    attempts: hits(['n3'], /^Starting a failover election for epoch/).length,
  }
}

function run(seed: number): Phases {
  const rng = new Prng(seed)
  const kit = readyCluster({ seed, blank: 6, oneBox: true, nodeTimeout: 5000, lines: ['loglevel debug'] })
  const { world } = kit
  world.runFor(1_500_000 + rng.below(2_500_000))
  const at = kit.kill('n0')
  const won = (): boolean => kit.said('n3', /^Failover election won/, at)
  // A client that can only succeed once the election is over need not try before.
  if (!kit.until(() => kit.said('n3', /^Start of election delayed/, at), 45 * SECOND, 50_000)) return {}
  const argv = ['127.0.0.1', '7003', '10000', 'SET', '{b}', '1']
  world.spawn({ name: 'writer', kind: 'client', box: 'box-1', port: 0, argv })
  kit.until(won, 45 * SECOND, 20_000)
  const wrote = (): number | undefined => answers(world, 'writer').find((a) => a.reply === 'OK')?.at
  kit.until(() => wrote() !== undefined, 5 * SECOND, 5000)
  const first = wrote()
  world.inject({ type: 'kill', process: 'writer' })
  const others = ['n1', 'n2', 'n3', 'n4', 'n5']
  kit.until(() => others.every((n) => kit.cluster(n).state === 'ok'), 20 * SECOND, 50_000)
  world.runFor(300_000)
  return clusterPhases(kit, at, first === undefined ? undefined : Math.floor(first / 1000) - Math.floor(at / 1000))
}

/** Recorded from real redis-server 7.0.15 processes on one machine: ms after the master's SIGKILL. */
const truth = JSON.parse(readFileSync(new URL('./cluster-5000-kill.json', import.meta.url), 'utf8')) as {
  runs: Phases[]
}

test(`${RUNS} failovers of a cluster in the world take as long, phase by phase, as those of real nodes (G20)`, {
  timeout: 300_000,
}, () => {
  const ours = Array.from({ length: RUNS }, (_, i) => run(1000 + i))
  const out = process.env.FAILOVER_OUT
  if (out) writeFileSync(out, JSON.stringify({ kind: 'cluster', fault: 'kill', timeout: 5000, runs: ours }))
  const verdicts = ksDifference(truth.runs, ours)
  expect(verdicts.filter((v) => v.verdict === 'NO')).toEqual([])
  expect(verdicts.filter((v) => v.verdict === 'weak').length).toBeLessThanOrEqual(1)
})
