/** What the pictures of a cluster remember: epochs, claims, votes, verdicts, packets; and what gossip costs. */
import { expect, test } from 'vitest'
import { decodeMessage, messageType, MSG_PING } from '../src/engine/cluster/message.ts'
import type { viewRoute } from '../src/engine/inspect/cluster-route.ts'
import type { PacketRow, viewBus, viewEpochs, viewPacket } from '../src/engine/inspect/cluster-log.ts'
import { busBytesPerSecond, pingsPerSecond } from '../src/lab/slots/traffic.ts'
import { type ClusterKit, deployCluster, readyCluster, SECOND } from './cluster-deploy.ts'

const epochs = (kit: ClusterKit, n: string) => kit.world.view(n, 'cluster', ['epochs']) as ReturnType<typeof viewEpochs>
const bus = (kit: ClusterKit, n: string, ...args: string[]) =>
  Object.values((kit.world.view(n, 'cluster', ['bus', ...args]) as ReturnType<typeof viewBus>).packets).map(
    (text) => JSON.parse(text) as PacketRow,
  )

test('V22: an election leaves its epoch, its votes, its claim; each other node hears of them', () => {
  const kit = readyCluster({ seed: 71, tap: true })
  const before = kit.cluster('n3').currentEpoch
  kit.kill('n0')
  expect(kit.until(() => kit.cluster('n3').myself.isMaster, 60 * SECOND)).toBe(true)
  kit.world.runFor(2 * SECOND)
  const won = epochs(kit, 'n3').changes
  const epoch = before + 1
  expect(won.find((c) => c.kind === 'current epoch')).toMatchObject({ epoch, by: '', why: 'election' })
  expect(
    won
      .filter((c) => c.kind === 'vote counted')
      .map((c) => kit.nameOf(c.by))
      .sort(),
  ).toEqual(['n1', 'n2'])
  expect(won.find((c) => c.kind === 'claim')).toMatchObject({
    node: kit.id('n3'),
    from: kit.id('n0'),
    epoch,
    count: 5461,
    ranges: [[0, 5460]],
    why: 'election won',
  })
  const voter = epochs(kit, 'n1').changes
  expect(voter.find((c) => c.kind === 'vote')).toMatchObject({ candidate: kit.id('n3'), epoch, denied: null })
  expect(voter.find((c) => c.kind === 'claim')).toMatchObject({ node: kit.id('n3'), epoch, why: 'heard' })
  const verdicts = voter.filter((c) => c.kind === 'flag').map((c) => c.flag)
  expect(verdicts.slice(-1)).toEqual(['FAIL'])
  // Promotion begins a history of its own.
  const { replids } = epochs(kit, 'n3')
  expect(replids.length).toBeGreaterThan(1)
  expect(replids.at(-1)?.before).toBe(replids.at(-2)?.id)
})

test('V22: TAKEOVER takes an epoch without a vote, and says so', () => {
  const kit = readyCluster({ seed: 72, tap: true })
  expect(kit.call('n4', 'CLUSTER', 'FAILOVER', 'TAKEOVER')).toBe('OK')
  kit.world.runFor(SECOND)
  const { changes } = epochs(kit, 'n4')
  expect(changes.filter((c) => c.kind === 'claim').map((c) => c.why)).toEqual(['TAKEOVER'])
  expect(changes.some((c) => c.kind === 'vote counted')).toBe(false)
})

test('V22: of two masters with one configEpoch the smaller id moves on, and says whom it met', () => {
  const kit = deployCluster({ seed: 76, preset: 'cluster-blank', tap: true })
  kit.world.runFor(SECOND)
  for (const n of ['n0', 'n1']) expect(kit.call(n, 'CLUSTER', 'SET-CONFIG-EPOCH', '5')).toBe('OK')
  kit.call('n0', 'CLUSTER', 'MEET', kit.address('n1').split(':')[0] ?? '', `${kit.port('n1')}`)
  const of = (n: string) => epochs(kit, n).changes.filter((c) => c.kind === 'collision')
  expect(kit.until(() => of('n0').length + of('n1').length > 0, 20 * SECOND)).toBe(true)
  const [small, great] = kit.id('n0') < kit.id('n1') ? ['n0', 'n1'] : ['n1', 'n0']
  expect(of(small)).toMatchObject([{ other: kit.id(great), epoch: 5, next: 6 }])
  expect(of(great)).toEqual([])
  expect(kit.cluster(small).myself.configEpoch).toBe(6)
})

test('the bus log shows a packet at both of its ends, decoded, and its bytes', () => {
  const kit = readyCluster({ seed: 73, tap: true })
  kit.world.runFor(3 * SECOND)
  const all = bus(kit, 'n0', '160')
  expect(all.length).toBeGreaterThan(20)
  const got = bus(kit, 'n1', '160', 'received').filter((p) => p.from === kit.id('n0'))
  expect(got.length).toBeGreaterThan(0)
  const p = got.at(-1) as (typeof got)[number]
  expect(p.to).toBe(kit.id('n1'))
  expect(p.about.length).toBeGreaterThan(2)
  const whole = kit.world.view('n1', 'cluster', ['packet', String(p.seq)]) as NonNullable<ReturnType<typeof viewPacket>>
  expect(whole.bytes.length).toBe(p.length)
  expect(decodeMessage(whole.bytes)?.sender).toBe(kit.id('n0'))
  expect(whole.fields.find((f) => f.name === 'myslots')?.text).toBe('5461 slots')
  expect(whole.fields.map((f) => f.at)).toEqual([...whole.fields.map((f) => f.at)].sort((a, b) => a - b))
  for (const f of whole.fields)
    if (f.name === 'type') expect(messageType(whole.bytes)).toBe(Number(f.text.split(' ')[0]))
})

test('V23: the questions lead to what the node then answers', () => {
  const kit = readyCluster({ seed: 75, tap: true })
  kit.world.runFor(SECOND)
  const slot = 5061
  const said = (n: string, command: string, ...keys: string[]): string => {
    const route = kit.world.view(n, 'cluster', ['route', command, '0', ...keys]) as ReturnType<typeof viewRoute>
    const reply = JSON.stringify(kit.call(n, command, ...keys, ...(command === 'SET' ? ['1'] : [])))
    if (route.reply === '') expect(reply).not.toMatch(/MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN/)
    else expect(reply).toContain(route.reply.slice(1))
    return /^-(\w+)/.exec(route.reply)?.[1] ?? 'served'
  }
  const all = () => [
    said('n0', 'GET', '{bar}1'),
    said('n0', 'GET', '{bar}2'),
    said('n0', 'MGET', '{bar}1', '{bar}2'),
    said('n0', 'MGET', '{bar}1', 'other'),
    said('n1', 'GET', '{bar}1'),
    said('n1', 'SET', '{bar}2'),
  ]
  expect(said('n0', 'SET', '{bar}1')).toBe('served')
  expect(all()).toEqual(['served', 'served', 'served', 'CROSSSLOT', 'MOVED', 'MOVED'])
  kit.call('n1', 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', kit.id('n0'))
  kit.call('n0', 'CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', kit.id('n1'))
  expect(all()).toEqual(['served', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'MOVED', 'MOVED'])
  const asking = kit.world.view('n1', 'cluster', ['route', 'MGET', '1', '{bar}1', '{bar}2'])
  expect((asking as ReturnType<typeof viewRoute>).reply).toMatch(/^-TRYAGAIN/)
  kit.call('n0', 'CLUSTER', 'DELSLOTS', '0')
  kit.world.runFor(SECOND)
  expect(said('n0', 'GET', '{bar}1')).toBe('CLUSTERDOWN')
})

test('C24, G02: packets and bytes of the bus are within a tenth of the estimate', () => {
  for (const [preset, nodeTimeout] of [
    ['cluster', 2000],
    ['cluster', 15_000],
  ] as const) {
    const kit = readyCluster({ seed: 74, nodeTimeout, preset })
    kit.world.runFor(20 * SECOND)
    let [bytes, pings] = [0, 0]
    for (const n of kit.names)
      kit.cluster(n).notice = (what) => {
        if (what.kind !== 'packet' || !what.sent) return
        bytes += what.bytes.length
        if (messageType(what.bytes) === MSG_PING) pings++
      }
    kit.world.runFor(30 * SECOND)
    const nodes = kit.names.length
    const near = (measured: number, expected: number) => expect(Math.abs(measured / expected - 1)).toBeLessThan(0.1)
    near(pings / 30 / nodes, pingsPerSecond(nodes, nodeTimeout))
    near(bytes / 30, busBytesPerSecond(nodes, nodeTimeout))
  }
  // Ten times the nodes, far more than ten times the bytes.
  expect(busBytesPerSecond(1000, 15_000) / busBytesPerSecond(100, 15_000)).toBeGreaterThan(100)
})
