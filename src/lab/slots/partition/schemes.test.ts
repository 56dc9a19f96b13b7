import { expect, test } from 'vitest'
import {
  deviation,
  firstTable,
  Keys,
  makeKeys,
  moves,
  type NodeSpec,
  type Plan,
  rebalance,
  type SchemeName,
  SLOTS,
} from './schemes.ts'

const nodes = (n: number): NodeSpec[] => Array.from({ length: n }, (_, i) => ({ name: `n${i}`, weight: 1 }))
const keys = new Keys(makeKeys(10_000))
const plan = (n: number, vnodes = 160): Plan => ({ nodes: nodes(n), vnodes, table: firstTable(nodes(n)) })
const same = (n: number) => Array.from({ length: n }, (_, i) => i)
/** Share of the keys that a change from `from` to `to` nodes moves. */
function movedShare(scheme: SchemeName, from: number, to: number, vnodes = 160): number {
  const before = plan(from, vnodes)
  const renamed = same(from).map((i) => (i < to ? i : -1))
  const after = { ...plan(to, vnodes), table: rebalance(before.table, renamed, nodes(to)) }
  return moves(keys.spread(scheme, before), keys.spread(scheme, after), renamed).moved / 10_000
}

test('Q04: modulo moves about four keys in five when four nodes become five', () => {
  expect(movedShare('modulo', 4, 5)).toBeGreaterThan(0.78)
  expect(movedShare('modulo', 4, 5)).toBeLessThan(0.82)
})

test('Q02: the ring moves about 1/(N+1) of the keys, whether a node comes or goes', () => {
  for (const n of [3, 4, 9]) {
    const part = 1 / (n + 1)
    expect(Math.abs(movedShare('ring', n, n + 1) - part), `${n}`).toBeLessThan(part * 0.3)
    expect(Math.abs(movedShare('ring', n + 1, n) - part), `${n}`).toBeLessThan(part * 0.3)
  }
})

test('Q05: more virtual nodes, more even load', () => {
  const spread = (vnodes: number) => deviation(keys.spread('ring', plan(5, vnodes)).load, nodes(5))
  expect(spread(1)).toBeGreaterThan(0.3)
  expect(spread(16)).toBeLessThan(spread(1))
  expect(spread(160)).toBeLessThan(0.12)
})

test('Q03: what is still found where it lay, when nothing is copied: a fifth, four fifths, four fifths', () => {
  expect(1 - movedShare('modulo', 4, 5)).toBeCloseTo(0.2, 1)
  expect(1 - movedShare('ring', 4, 5)).toBeCloseTo(0.8, 1)
  expect(1 - movedShare('slots', 4, 5)).toBeCloseTo(0.8, 1)
})

test('C08: only the slots that change hands move, and every slot has one owner', () => {
  const old = firstTable(nodes(3))
  expect([0, 5460, 5461, 10922, 10923, 16383].map((s) => old[s])).toEqual([0, 0, 1, 1, 2, 2])
  const grown = rebalance(old, same(3), nodes(4))
  const load = same(4).map((n) => grown.reduce((sum, o) => sum + (o === n ? 1 : 0), 0))
  expect(load.reduce((a, b) => a + b)).toBe(SLOTS)
  // C06: 4096 slots each.
  expect(load.every((n) => Math.abs(n - 4096) <= 3)).toBe(true)
  for (let slot = 0; slot < SLOTS; slot++) if (grown[slot] !== 3) expect(grown[slot]).toBe(old[slot])
  const shrunk = rebalance(grown, [0, -1, 1, 2], nodes(4).toSpliced(1, 1))
  for (let slot = 0; slot < SLOTS; slot++)
    if (grown[slot] !== 1) expect(shrunk[slot], `${slot}`).toBe([0, -1, 1, 2][grown[slot] as number])
})

test('a weight of two takes twice the keys on the ring and with slots, and nothing of a modulo', () => {
  const heavy = nodes(3).map((n, i) => ({ ...n, weight: i === 0 ? 2 : 1 }))
  const weighted: Plan = { nodes: heavy, vnodes: 160, table: rebalance(firstTable(nodes(3)), same(3), heavy) }
  for (const [scheme, share] of [
    ['ring', 0.5],
    ['slots', 0.5],
    ['modulo', 1 / 3],
  ] as const)
    expect(Math.abs((keys.spread(scheme, weighted).load[0] as number) / 10_000 - share), scheme).toBeLessThan(0.05)
})
