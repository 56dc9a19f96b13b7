/** The rows of 1.14 and 1.15 that are about the bus itself: who meets whom, what a packet carries, how often one is sent. */
import { expect, test } from 'vitest'
import { MESSAGE_TYPES } from '../src/engine/cluster/cluster.ts'
import { type ClusterMessage, decodeMessage, MSG_PING } from '../src/engine/cluster/message.ts'
import { NODE_HANDSHAKE, NODE_MASTER, SLOT_BYTES } from '../src/engine/cluster/node.ts'
import { createNode } from '../src/engine/cluster/nodes.ts'
import { addSlot } from '../src/engine/cluster/slots.ts'
import { type ClusterKit, deployCluster, readyCluster, SECOND } from './cluster-deploy.ts'

const meet = (kit: ClusterKit, by: string, whom: string): unknown =>
  kit.call(by, 'CLUSTER', 'MEET', kit.address(whom), `${kit.port(whom)}`)
const know = (kit: ClusterKit, n: number): boolean =>
  kit.names.every((name) => {
    const nodes = [...kit.cluster(name).nodes.values()]
    return nodes.length === n && nodes.every((x) => (x.flags & NODE_HANDSHAKE) === 0)
  })
/** Every packet of the bus that a node sends from now on. */
function overhear(kit: ClusterKit, node: string): ClusterMessage[] {
  const server = kit.server(node)
  const heard: ClusterMessage[] = []
  const handle = server.handle.bind(server)
  server.handle = (input, now) => {
    const outputs = handle(input, now)
    for (const o of outputs) {
      if (o.type !== 'send' || !o.bytes.startsWith('RCmb')) continue
      const m = decodeMessage(o.bytes)
      if (m !== null) heard.push(m)
    }
    return outputs
  }
  return heard
}
const sent = (kit: ClusterKit, node: string, type: (typeof MESSAGE_TYPES)[number]): number =>
  kit.cluster(node).messagesSent[MESSAGE_TYPES.indexOf(type)] as number
/** So many nodes that know each other. */
function joined(count: number, nodeTimeout: number): ClusterKit {
  const kit = deployCluster({ seed: 5, blank: count, nodeTimeout })
  kit.world.runFor(SECOND)
  for (const n of kit.names.slice(1)) meet(kit, 'n0', n)
  expect(kit.until(() => know(kit, count), 30 * SECOND)).toBe(true)
  return kit
}

test('C11: who is met by one is known to all in about two seconds, a handshake at first', () => {
  const kit = deployCluster({ seed: 3, blank: 7 })
  kit.world.runFor(SECOND)
  for (const n of kit.names.slice(1)) expect(meet(kit, 'n0', n)).toBe('OK')
  const flags = [...kit.cluster('n0').nodes.values()].filter((n) => !n.isMyself).map((n) => n.flags & NODE_HANDSHAKE)
  expect(flags.some((f) => f !== 0)).toBe(true)
  expect(kit.until(() => know(kit, 7), 4 * SECOND)).toBe(true)
  for (const n of kit.names) expect(kit.cluster(n).myself.ip).toBe(kit.address(n))
})

test('C14: each ping and pong has the 2048 bytes of the slots and their configEpoch; one ADDSLOTS is known to all in two seconds', () => {
  const kit = joined(4, 2000)
  const heard = overhear(kit, 'n1')
  expect(kit.call('n1', 'CLUSTER', 'ADDSLOTS', '0', '9', '16383')).toBe('OK')
  const all = (): boolean =>
    kit.names.every((n) => [0, 9, 16383].every((s) => kit.cluster(n).slots[s]?.name === kit.id('n1')))
  expect(kit.until(all, 2 * SECOND)).toBe(true)
  const last = heard.at(-1) as ClusterMessage
  expect(last.slots.length).toBe(SLOT_BYTES)
  expect([last.slots[0], last.slots[1], last.slots[2047]]).toEqual([1, 2, 128])
  expect(last.configEpoch).toBe(kit.cluster('n1').myself.configEpoch)
})

test('C26: every node is connected to every other, in both directions', () => {
  const kit = readyCluster({ seed: 4 })
  for (const n of kit.names) expect((kit.call(n, 'CLUSTER', 'LINKS') as unknown[]).length).toBe(10)
})

test('G02: a ping tells of three others, or a tenth, and of whoever can not be reached', () => {
  const kit = joined(8, 4000)
  const few = overhear(kit, 'n1')
  kit.world.runFor(5 * SECOND)
  const pings = few.filter((m) => m.type === MSG_PING)
  expect(pings.length).toBeGreaterThan(4)
  const counts = pings.map((m) => (m.body.kind === 'ping' ? m.body.gossip.length : -1))
  expect(Math.max(...counts)).toBe(3)
  for (const m of few) if (m.body.kind === 'ping') expect(m.body.gossip.map((g) => g.name)).not.toContain(m.sender)
  // Five of eight masters die: there is no majority to say FAIL, so they stay in doubt, and every packet tells of all.
  for (const [i, n] of kit.names.entries()) kit.call(n, 'CLUSTER', 'ADDSLOTS', `${i}`)
  kit.world.runFor(3 * SECOND)
  const dead = kit.names.slice(3)
  const ids = dead.map((n) => kit.id(n))
  for (const n of dead) kit.kill(n)
  const doubted = (): boolean => ids.every((id) => kit.cluster('n1').nodes.get(id)?.timedOut === true)
  expect(kit.until(doubted, 20 * SECOND)).toBe(true)
  kit.world.runFor(300_000)
  few.length = 0
  kit.world.runFor(5 * SECOND)
  expect(few.length).toBeGreaterThan(3)
  for (const m of few) {
    const told = m.body.kind === 'ping' ? m.body.gossip.map((g) => g.name) : []
    expect(ids.filter((id) => !told.includes(id))).toEqual([])
  }
})

test('G02: with forty nodes a ping tells of four', () => {
  const kit = joined(2, 15_000)
  const cluster = kit.cluster('n1')
  for (let i = 0; i < 38; i++) {
    const node = createNode(cluster, null, NODE_MASTER)
    node.ip = '10.9.9.9'
    node.port = 6379
    node.cport = 16379
    addSlot(cluster, node, i)
  }
  const heard = overhear(kit, 'n1')
  kit.world.runFor(4 * SECOND)
  expect(heard.length).toBeGreaterThan(2)
  expect(new Set(heard.map((m) => (m.body.kind === 'ping' ? m.body.gossip.length : -1)))).toEqual(new Set([4]))
})

test('G02: one ping a second to one of five; more only to whom nobody heard of for half the node timeout', () => {
  const slow = joined(6, 60_000)
  slow.world.runFor(3 * SECOND)
  const before = slow.names.map((n) => sent(slow, n, 'ping'))
  slow.world.runFor(20 * SECOND)
  for (const [i, n] of slow.names.entries()) {
    const pings = sent(slow, n, 'ping') - (before[i] as number)
    expect(pings).toBeGreaterThanOrEqual(19)
    expect(pings).toBeLessThanOrEqual(21)
  }
  // Each is pinged by each at least every half timeout, unless gossip says that it was heard of.
  const fast = joined(6, 2000)
  fast.world.runFor(5 * SECOND)
  for (const n of fast.names)
    for (const other of fast.cluster(n).nodes.values())
      if (!other.isMyself) expect(fast.cluster(n).nowMs - other.pongReceivedMs).toBeLessThan(1000 + 300)
})

test('G03: who is met by one member only is learnt of by all', () => {
  const kit = deployCluster({ seed: 6, blank: 5 })
  kit.world.runFor(SECOND)
  // A chain: nobody but its neighbour is told of a node.
  for (const [i, n] of kit.names.slice(1).entries()) meet(kit, kit.names[i] as string, n)
  expect(kit.until(() => know(kit, 5), 10 * SECOND)).toBe(true)
})
