/** redis-cli --cluster on Rehash nodes: what the real program says of them is what it says of real nodes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, idOf, mask, type Node, ours, real, settled, startNode } from './support/cluster-cli.ts'
import { ensureServerBuilt, haveRedis, type Program, stopAll } from './support/processes.ts'

const LONG = 240_000
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1', '127.0.0.2']

type Step = readonly [
  what: string,
  argv: (n: (i: number) => Node) => readonly string[],
  /** Of how many nodes the cluster is then, and how many are replicas. */
  size: readonly [number, number],
  before?: (n: (i: number) => Node) => void,
]

const at = (n: (i: number) => Node): string => n(0).address
/** Of 1024, so that each gets 16 slots for a weight of 1 and no rest is left to the order of a hash table. */
const weights = (n: (i: number) => Node, ...w: number[]): string[] =>
  w.map((weight, i) => `${idOf(n(i === 3 ? 6 : i))}=${weight}`)
/** Those of {06S} are all in slot 0. */
const fill = (n: (i: number) => Node): void => {
  for (let i = 0; i < 40; i++) ask(n(0), '-c', 'set', `key:${i}`, String(i))
  for (let i = 0; i < 5; i++) ask(n(0), '-c', 'rpush', `{06S}${i}`, 'a', 'b')
}
const STEPS: readonly Step[] = [
  [
    'C10: create',
    (n) => ['create', ...[0, 1, 2, 3, 4, 5].map((i) => n(i).address), '--cluster-replicas', '1', '--cluster-yes'],
    [6, 3],
  ],
  ['check', (n) => ['check', at(n)], [6, 3], fill],
  ['info', (n) => ['info', at(n)], [6, 3]],
  [
    'MG02: reshard',
    (n) => [
      'reshard',
      at(n),
      '--cluster-from',
      idOf(n(0)),
      '--cluster-to',
      idOf(n(1)),
      '--cluster-slots',
      '100',
      '--cluster-yes',
    ],
    [6, 3],
  ],
  ['check --cluster-search-multiple-owners', (n) => ['check', at(n), '--cluster-search-multiple-owners'], [6, 3]],
  ['MG34: add-node', (n) => ['add-node', n(6).address, at(n)], [7, 3]],
  [
    'MG34: add-node as replica',
    (n) => ['add-node', n(7).address, at(n), '--cluster-slave', '--cluster-master-id', idOf(n(6))],
    [8, 4],
  ],
  [
    'MG34: rebalance',
    (n) => ['rebalance', at(n), '--cluster-use-empty-masters', '--cluster-weight', ...weights(n, 335, 347, 341, 1)],
    [8, 4],
  ],
  [
    'MG34: rebalance to nothing',
    (n) => ['rebalance', at(n), '--cluster-weight', ...weights(n, 335, 347, 342, 0)],
    // A master that lost its last slot becomes a replica of the one that got it.
    [8, 5],
  ],
  ['MG34: del-node of a replica', (n) => ['del-node', at(n), idOf(n(7))], [7, 4]],
  ['MG34: del-node of a master with slots', (n) => ['del-node', at(n), idOf(n(1))], [7, 4]],
  ['MG34: del-node', (n) => ['del-node', at(n), idOf(n(6))], [6, 3]],
  [
    'fix of a slot half moved',
    (n) => ['fix', at(n)],
    [6, 3],
    (n) => {
      ask(n(1), 'cluster', 'setslot', '5000', 'importing', idOf(n(0)))
      ask(n(0), 'cluster', 'setslot', '5000', 'migrating', idOf(n(1)))
      ask(n(2), 'cluster', 'setslot', '16383', 'migrating', idOf(n(0)))
    },
  ],
  ['set-timeout', (n) => ['set-timeout', at(n), '4000'], [6, 3]],
  ['call', (n) => ['call', at(n), 'cluster', 'countkeysinslot', '0'], [6, 3]],
  ['check at the end', (n) => ['check', at(n)], [6, 3]],
]

describe.skipIf(!haveRedis())('redis-cli --cluster on Rehash nodes', () => {
  const clusters = new Map<Program, Node[]>()
  beforeAll(async () => {
    ensureServerBuilt()
    for (const program of ['real', 'ours'] as const) {
      const nodes: Node[] = []
      for (const host of HOSTS) nodes.push(await startNode(program, host, ['--cluster-announce-ip', host]))
      clusters.set(program, nodes)
    }
  }, LONG)
  afterAll(stopAll)

  const run = async (nodes: readonly Node[], cli: typeof real, [what, argv, [size, replicas], before]: Step) => {
    const n = (i: number): Node => nodes[i] as Node
    before?.(n)
    const result = mask(await cli(['--cluster', ...argv(n)]), nodes)
    await settled(nodes.slice(0, size), replicas).catch((error: unknown) => {
      throw new Error(`${what}: ${String(error)}\n${result.text}`)
    })
    return result
  }
  const keys = (nodes: readonly Node[]): string[] =>
    Array.from({ length: 40 }, (_, i) => ask(nodes[3] as Node, '-c', 'get', `key:${i}`))

  test.each(STEPS.map((step) => [step[0], step] as const))(
    '%s by the real redis-cli',
    async (_, step) => {
      const theirs = await run(clusters.get('real') as Node[], real, step)
      expect(await run(clusters.get('ours') as Node[], real, step)).toEqual(theirs)
    },
    LONG,
  )

  test(
    'the keys are all there, and our redis-cli says the same of Rehash nodes',
    async () => {
      const nodes = clusters.get('ours') as Node[]
      expect(keys(nodes)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)))
      expect(keys(clusters.get('real') as Node[])).toEqual(keys(nodes))
      const address = (nodes[0] as Node).address
      for (const argv of [
        ['check', address],
        ['info', address],
        ['rebalance', address, '--cluster-simulate'],
      ]) {
        const theirs = mask(await real(['--cluster', ...argv]), nodes)
        expect(mask(await ours(['--cluster', ...argv]), nodes)).toEqual(theirs)
      }
    },
    LONG,
  )
})
