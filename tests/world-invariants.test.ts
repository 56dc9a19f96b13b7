/** F6: random faults, then everything is healed. REHASH_STORMS=500 runs more of them. */
import { expect, test } from 'vitest'
import { CONVERGED_WITHIN, storm } from './world-storm.ts'

const RUNS = Number(process.env.REHASH_STORMS ?? 100)

test(`${RUNS} seeds of random faults: invariants hold, and all is well within ${CONVERGED_WITHIN} seconds of the heal`, {
  timeout: 600_000,
}, () => {
  const failed: string[] = []
  let failovers = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const r = storm(seed)
    failovers += r.failovers
    if (r.violations.length > 0) failed.push(`seed ${seed}: ${r.violations.join('; ')}`)
    if (r.seconds === null) failed.push(`seed ${seed}: ${r.why} after ${CONVERGED_WITHIN} s`)
  }
  expect(failed).toEqual([])
  expect(failovers).toBeGreaterThan(RUNS / 4)
})
