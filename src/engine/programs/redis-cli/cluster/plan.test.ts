import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClusterNode, SLOTS } from './manager.ts'
import { affinity, assignReplicas, balance, distribute, interleave, optimizeAffinity, reshardTable } from './plan.ts'
import { CliDict, siphash } from './siphash.ts'
import { slotsText } from './texts.ts'

const node = (name: string, ip: string, slots = 0): ClusterNode => {
  const n = new ClusterNode(ip, 6379)
  n.name = name
  n.slots.fill(1, 0, slots)
  n.slotsCount = slots
  return n
}

test('C10: every slot goes to exactly one master, in runs of nearly the same length', () => {
  expect(distribute(3)).toEqual([
    { first: 0, last: 5460 },
    { first: 5461, last: 10922 },
    { first: 10923, last: 16383 },
  ])
  for (let masters = 1; masters <= 200; masters++) {
    const ranges = distribute(masters)
    expect(ranges[0]?.first).toBe(0)
    expect(ranges.at(-1)?.last).toBe(SLOTS - 1)
    ranges.forEach((r, i) => {
      if (i > 0) expect(r.first).toBe((ranges[i - 1]?.last ?? -2) + 1)
      expect(Math.abs(r.last - r.first + 1 - SLOTS / masters)).toBeLessThanOrEqual(1)
    })
  }
})

test('masters come from different hosts, and replicas stand elsewhere than their masters', () => {
  const nodes = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'].map((ip, i) => node(`n${i}`, ip))
  const order = interleave(nodes)
  expect(order.map((n) => n.ip).join('')).toBe('abcabcabc')
  const given = assignReplicas(order.slice(0, 3), order.slice(3), 2)
  expect(given).toHaveLength(6)
  for (const a of given) expect(a?.replica.ip).not.toBe(a?.master.ip)
})

test('nodes left over become further replicas, one for a master', () => {
  const nodes = Array.from({ length: 8 }, (_, i) => node(`n${i}`, 'a'))
  const given = assignReplicas(nodes.slice(0, 3), nodes.slice(3), 1)
  expect(given.map((a) => (a === null ? null : [a.replica.name, a.master.name]))).toEqual([
    ['n4', 'n0'],
    ['n5', 'n1'],
    ['n6', 'n2'],
    null,
    ['n7', 'n0'],
    ['n3', 'n1'],
  ])
})

test('swapping replicas never makes the layout worse, and finds the perfect one of two hosts', () => {
  const build = (): ClusterNode[] => {
    const nodes = ['a', 'b', 'a', 'b'].map((ip, i) => node(`n${i}`, ip))
    const [, , third, fourth] = nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode]
    third.replicate = 'n0'
    fourth.replicate = 'n1'
    return nodes
  }
  expect(affinity(build()).score).toBe(20_000)
  expect(optimizeAffinity(build(), () => 0)).toBe(0)
  const alone = ['a', 'a', 'a'].map((ip, i) => node(`n${i}`, ip))
  ;(alone[1] as ClusterNode).replicate = 'n0'
  ;(alone[2] as ClusterNode).replicate = 'n0'
  expect(affinity(alone).score).toBe(20_000)
  expect(affinity([node('n0', 'b'), ...alone.slice(1)]).score).toBe(2)
})

test('MG02: a plan takes from each in proportion, and never more slots than were asked for', () => {
  const [big, small] = [node('big', 'a', 9000), node('small', 'a', 1000)]
  const table = reshardTable([small, big], 100)
  expect(table.filter((m) => m.source === big)).toHaveLength(90)
  expect(table.filter((m) => m.source === small)).toHaveLength(10)
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: SLOTS }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 500 }),
      (sizes, count) => {
        const sources = sizes.map((s, i) => node(`n${i}`, 'a', s))
        const moves = reshardTable(sources, count)
        expect(moves.length).toBeLessThanOrEqual(count)
        expect(new Set(moves.map((m) => `${m.source.name} ${m.slot}`)).size).toBe(moves.length)
      },
    ),
    { numRuns: 50 },
  )
})

test('MG34: what some give others get', () => {
  const nodes = [node('a', 'a', 16384), node('b', 'a'), node('c', 'a')]
  expect(balance(nodes, 3, 2)).toBe(true)
  expect(nodes.map((n) => n.balance)).toEqual([10923, -5462, -5461])
  const even = [node('a', 'a', 5461), node('b', 'a', 5462), node('c', 'a', 5461)]
  expect(balance(even, 3, 2)).toBe(false)
  // Weights of nothing: no number comes of it, and no endless loop.
  expect(balance([node('a', 'a', 10)], 0, 2)).toBe(true)
})

test("SipHash-1-2 without a key, and the order of redis-cli's dict", () => {
  // As redis-cli 7.0.15 named and fixed them.
  const dict = new CliDict<number>()
  for (const slot of ['100', '101', '102', '103', '104']) dict.set(slot, 1)
  expect(dict.keys()).toEqual(['103', '101', '102', '100', '104'])
  expect(siphash('')).not.toBe(siphash('\0'))
})

test('ranges of slots', () => {
  const marks = new Uint8Array(SLOTS)
  for (const s of [0, 1, 2, 5, 16382, 16383]) marks[s] = 1
  expect(slotsText(marks)).toBe('[0-2],[5],[16382-16383]')
  expect(slotsText(new Uint8Array(SLOTS))).toBe('')
})
