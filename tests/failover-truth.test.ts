/** How long a failover takes, phase by phase: the world's Server machines against recorded runs of real processes (G20). */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import { ksDifference, type Phases, phasesOf } from './sentinel-phases.ts'
import { answers, callEvery, deploy, SECOND } from './sentinel-world.ts'

const RUNS = Number(process.env.FAILOVER_RUNS ?? 200)

/** A client tries to write to both replicas every 10 ms; it is watched only from the moment from which it can succeed. */
function failoverRun(seed: number): Phases {
  const rng = new Prng(seed)
  const d = deploy({ seed, downAfter: 5000, failoverTimeout: 180000, oneBox: true })
  const { world } = d
  if (!d.until(d.whole, 20 * SECOND, 100_000)) throw new Error(`seed ${seed}: the Sentinels never knew all`)
  world.runFor(1_500_000 + rng.below(2_500_000))
  const at = world.now
  world.inject({ type: 'kill', process: 'redis-1' })
  const ms = (micros: number): number => Math.floor(micros / 1000)
  const hits = (re: RegExp): number[] =>
    d.sentinels
      .flatMap((s) =>
        d
          .lines(s, at)
          .filter((l) => re.test(l.text))
          .map((l) => ms(l.at) - ms(at)),
      )
      .sort((a, b) => a - b)
  d.until(() => hits(/^\+selected-slave /).length > 0, 45 * SECOND, 25_000)
  const probes = ['redis-2', 'redis-3'].map((r) => callEvery(d, r, 10_500, 'SET', 'probe', '1'))
  const wrote = (): number | undefined =>
    probes
      .flatMap((p) =>
        answers(world, p)
          .filter((a) => a.reply === 'OK')
          .map((a) => ms(a.at) - ms(at)),
      )
      .sort((a, b) => a - b)[0]
  d.until(() => wrote() !== undefined, 5 * SECOND, 20_000)
  const writable = wrote()
  for (const process of probes) world.inject({ type: 'kill', process })
  d.until(() => hits(/^\+switch-master /).length === 3, 45 * SECOND, 100_000)
  d.until(() => hits(/^\+failover-end /).length > 0, 20 * SECOND, 100_000)
  return phasesOf(hits, writable)
}

/** Recorded from real redis-server and redis-sentinel 7.0.15 processes on one machine: ms after the master's SIGKILL. */
const truth = JSON.parse(readFileSync(new URL('./sentinel-5000-kill.json', import.meta.url), 'utf8')) as {
  runs: Phases[]
}

test('200 failovers in the world take as long, phase by phase, as those of real processes (G20)', {
  timeout: 180_000,
}, () => {
  const ours = Array.from({ length: RUNS }, (_, i) => failoverRun(1000 + i))
  const out = process.env.FAILOVER_OUT
  if (out) writeFileSync(out, JSON.stringify({ kind: 'sentinel', fault: 'kill', timeout: 5000, runs: ours }))
  const verdicts = ksDifference(truth.runs, ours)
  expect(verdicts.filter((v) => v.verdict === 'NO')).toEqual([])
  expect(verdicts.filter((v) => v.verdict === 'weak').length).toBeLessThanOrEqual(1)
})
