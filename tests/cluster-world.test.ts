/** Clusters under random faults, then healed. REHASH_STORMS sets how many. */
import { expect, test } from 'vitest'
import { type Accident, CONVERGED_WITHIN, clusterStorm, lossRun, raceRun } from './cluster-storm.ts'

const QUICK = process.env.REHASH_QUICK !== undefined
const RUNS = Number(process.env.REHASH_STORMS ?? (QUICK ? 12 : 500))
const LOSSES = QUICK ? 4 : 20

test(`${RUNS} seeds of random faults: one owner a slot and epoch, epochs never go back, all agree within ${CONVERGED_WITHIN} seconds of the heal`, {
  timeout: 900_000,
}, () => {
  const failed: string[] = []
  let failovers = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const r = clusterStorm(seed)
    failovers += r.failovers
    if (r.violations.length > 0) failed.push(`seed ${seed}: ${r.violations.join('; ')}`)
    if (r.seconds === null) failed.push(`seed ${seed}: ${r.why} after ${CONVERGED_WITHIN} s`)
  }
  expect(failed).toEqual([])
  expect(failovers).toBeGreaterThan(RUNS / 4)
})

test('two replicas that stand in one epoch over a slow net: at most one is elected', { timeout: 300_000 }, () => {
  const violations: string[] = []
  let rivals = 0
  let won = 0
  for (let seed = 1; seed <= LOSSES; seed++) {
    const r = raceRun(seed)
    violations.push(...r.violations)
    if (r.rivals) rivals++
    if (r.won) won++
  }
  expect(violations).toEqual([])
  expect(rivals).toBeGreaterThan(LOSSES / 4)
  expect(won).toBeGreaterThan(LOSSES / 2)
})

test('no acknowledged write is lost but what asynchronous replication and the minority window lose', {
  timeout: 300_000,
}, () => {
  const wrong: string[] = []
  const lost = { kill: 0, power: 0, isolate: 0, pause: 0 }
  for (const accident of ['kill', 'power', 'isolate', 'pause'] as const satisfies readonly Accident[])
    for (let seed = 1; seed <= LOSSES; seed++) {
      const r = lossRun(seed, accident)
      wrong.push(...r.wrong.map((w) => `seed ${seed}: ${w}`))
      if (!r.failedOver) wrong.push(`seed ${seed}: no failover after ${accident}`)
      lost[accident] += r.lost.length
    }
  expect(wrong).toEqual([])
  // The window is real: whoever is cut off with its client goes on acknowledging for a while.
  expect(lost.isolate).toBeGreaterThan(LOSSES)
})
