/** A whole run of the oracle: rounds in RESP2 and RESP3 by turns, counted by command; differences are shrunk and told. */

import { describeDifference, duel, makeRound, type Rig, ROUND, shrink } from './duel.ts'
import { rowOf, rows } from './grammar.ts'
import { encode, Ours, Real, startReal } from './servers.ts'

export interface RunOptions {
  readonly seed: number
  readonly ops: number
  /** The first round, to live a reported one again: its seed is seed * 1,000,003 + round. */
  readonly firstRound?: number
  /** Differences that are shrunk and told; the run goes on and counts the others. */
  readonly maxShrunk: number
  readonly onReport?: (report: string) => void
  readonly progress?: (done: number, differences: number) => void
}
export interface Tally {
  requests: number
  differences: number
}
export interface RunResult {
  readonly requests: number
  readonly rows: ReadonlyMap<string, Tally>
  /** Rows of the table that our server does not have. */
  readonly missing: readonly string[]
  readonly reports: readonly string[]
  readonly differences: number
}

async function openRig(resp: string): Promise<Rig> {
  const { port } = await startReal()
  const rig: Rig = { real: new Real(port), ours: new Ours(), resp, clientId: '' }
  // A value that only a person's seed would shrink: payloads are checked, scripts may not be undone by time.
  await rig.real.send(1, encode(['config', 'set', 'sanitize-dump-payload', 'yes']))
  return rig
}

const knows = (rig: Rig, row: string): boolean =>
  !/^\*1\r\n(\$-1|\*-1|_)/.test(rig.ours.say(9, encode(['command', 'info', row])).get(9) ?? '')

export async function run(options: RunOptions): Promise<RunResult> {
  const rigs = [await openRig('2'), await openRig('3')]
  const known = new Set(rows().filter((row) => knows(rigs[0] as Rig, row)))
  // A part of the table cannot be counted like the whole.
  const implemented = (row: string): boolean =>
    known.has(row) && (row !== 'command|count' || known.size === rows().length)
  const counts = new Map<string, number>()
  const failures = new Map<string, number>()
  const reports: string[] = []
  let done = 0
  let differences = 0
  for (let n = options.firstRound ?? 0; done < options.ops; n++) {
    const rig = rigs[n % 2] as Rig
    const round = makeRound(options.seed * 1_000_003 + n, Math.min(ROUND, options.ops - done), { implemented })
    const found = await duel(rig, round, counts)
    done += round.ops.length
    if (found) {
      differences++
      const row = rowOf(found.request)
      const before = failures.get(row) ?? 0
      failures.set(row, before + 1)
      if (before === 0 && reports.length < options.maxShrunk) {
        const least = await shrink(rig, round, found)
        const report = describeDifference(rig.resp, least.round, least.found)
        reports.push(report)
        options.onReport?.(report)
      }
    }
    options.progress?.(done, differences)
  }
  for (const rig of rigs) rig.real.close()
  const tallies = new Map<string, Tally>()
  for (const [row, requests] of [...counts].sort()) tallies.set(row, { requests, differences: failures.get(row) ?? 0 })
  for (const [row, n] of failures) if (!tallies.has(row)) tallies.set(row, { requests: 0, differences: n })
  return { requests: done, rows: tallies, missing: rows().filter((r) => !known.has(r)), reports, differences }
}
