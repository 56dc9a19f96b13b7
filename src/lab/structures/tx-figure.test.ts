import { expect, test } from 'vitest'
import { figureOf, runsOf, type TxStep } from './tx-figure.ts'

let seq = 0
const step = (id: number, kind: TxStep['kind'], line: string, reply = 'OK', more: Partial<TxStep> = {}): TxStep => {
  const argv = line.split(' ')
  seq++
  return {
    seq,
    at: seq * 10,
    id,
    client: `10.0.0.2:${id}`,
    name: '',
    db: 0,
    kind,
    what: (argv[0] as string).toLowerCase(),
    argv,
    reply,
    ok: !reply.startsWith('(error)'),
    spoils: [],
    keys: [],
    ...more,
  }
}

const steps = [
  step(1, 'own', 'WATCH stock'),
  step(1, 'own', 'MULTI'),
  step(1, 'queued', 'DECR stock', 'QUEUED'),
  step(2, 'rival', 'SET stock 0', 'OK', { spoils: [1], keys: ['stock'] }),
  step(1, 'own', 'EXEC', '(nil)'),
  step(1, 'own', 'MULTI'),
  step(1, 'queued', 'INCR a', 'QUEUED'),
  step(1, 'queued', 'INCR b', 'QUEUED'),
  step(1, 'ran', 'INCR a', '(integer) 1'),
  step(1, 'ran', 'INCR b', '(integer) 1'),
  step(1, 'own', 'EXEC', '2 replies'),
  step(2, 'own', 'MULTI'),
]

test('T16: the rows of the figure are the recorded steps, in their order', () => {
  const runs = runsOf(steps)
  expect(runs.map((r) => [r.id, r.outcome, r.steps.length])).toEqual([
    [1, 'nil', 5],
    [1, 'done', 6],
    [2, 'open', 1],
  ])
  for (const run of runs) {
    const { rows } = figureOf(run)
    expect(rows.map((r) => r.step.seq)).toEqual(run.steps.map((s) => s.seq))
    for (let i = 1; i < rows.length; i++) {
      expect((rows[i] as { y: number }).y).toBeGreaterThan((rows[i - 1] as { y: number }).y)
      expect(rows[i]?.step.seq).toBeGreaterThan(rows[i - 1]?.step.seq ?? 0)
    }
  }
})

test('V26: a watch ends at the write that spoils it, and EXEC is one block', () => {
  const [spoiled, done] = runsOf(steps).map(figureOf)
  expect(spoiled?.watches).toEqual([
    { column: 0, key: 'stock', from: spoiled?.rows[0]?.y, to: spoiled?.rows[3]?.y, spoiledBy: 1 },
  ])
  expect(spoiled?.columns.map((c) => c.id)).toEqual([1, 2])
  expect(done?.blocks).toHaveLength(1)
  expect(done?.columns).toHaveLength(1)
})
