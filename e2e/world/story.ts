/**
 * One history, told to whatever runs a world: keys of every kind typed into a redis-cli, a partition, a kill, the failover,
 * the return of the old master. The digests of all tellings must be equal.
 */
import type { Fault } from '../../src/world/types.ts'

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

export async function tell(t: Teller): Promise<void> {
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
