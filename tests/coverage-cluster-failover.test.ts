/** The rows of 1.15 (gossip, failure detection, failover) and the trace B.2, in worlds of real nodes. */
import { expect, test } from 'vitest'
import { onAuthRequest } from '../src/engine/cluster/election.ts'
import { buildHeader } from '../src/engine/cluster/bus.ts'
import { type ClusterMessage, MSG_FAILOVER_AUTH_REQUEST, MSGFLAG0_FORCEACK } from '../src/engine/cluster/message.ts'
import { MESSAGE_TYPES } from '../src/engine/cluster/cluster.ts'
import { type ClusterKit, deployCluster, type Plain, readyCluster, SECOND } from './cluster-deploy.ts'
import { answers } from './sentinel-world.ts'

const errorOf = (r: Plain): string => (r !== null && typeof r === 'object' && 'error' in r ? r.error : String(r))
const at = (kit: ClusterKit, node: string, what: RegExp, from: number): number => {
  const line = kit.lines(node, from).find((l) => what.test(l.text))
  return line === undefined ? Number.NaN : (line.at - from) / 1000
}
const failed = (kit: ClusterKit, about: string, by: readonly string[]): boolean =>
  by.every((n) => kit.seen(n, about).failed)
const sent = (kit: ClusterKit, node: string, type: (typeof MESSAGE_TYPES)[number]): number =>
  kit.cluster(node).messagesSent[MESSAGE_TYPES.indexOf(type)] as number
const infoOf = (kit: ClusterKit, node: string): Record<string, string> =>
  Object.fromEntries(
    String(kit.call(node, 'CLUSTER', 'INFO'))
      .split('\r\n')
      .map((l) => l.split(':') as [string, string]),
  )
/** Asks every `micros`; the replies so far with their times. */
function ask(kit: ClusterKit, node: string, micros: number, ...words: string[]) {
  const name = `asker-${kit.world.eventCount}-${node}`
  const argv = [kit.address(node), `${kit.port(node)}`, `${micros}`, ...words]
  kit.world.spawn({ name, kind: 'client', box: kit.box(node), port: 0, argv })
  return {
    replies: () => answers(kit.world, name).filter((a) => a.reply !== undefined) as { at: number; reply: Plain }[],
    stop: () => kit.world.inject({ type: 'kill', process: name }),
  }
}
const OTHERS = ['n1', 'n2', 'n3', 'n4', 'n5']

test('B.2: a master is killed, its replica wins the election, and everybody says so in Redis words', () => {
  const kit = readyCluster({ seed: 2 })
  const { world } = kit
  expect(kit.call('n0', 'SET', '{b}', 'before')).toBe('OK')
  world.runFor(300_000)
  const offset = kit.server('n3').repl?.slaveOffset
  const epoch = kit.cluster('n1').currentEpoch + 1
  const [n0, n3] = [kit.id('n0'), kit.id('n3')]
  const t = kit.kill('n0')
  expect(kit.until(() => kit.owners(0).includes('n3') && OTHERS.every((n) => kit.cluster(n).state === 'ok'))).toBe(true)
  world.runFor(SECOND)
  const quorum = ['n1', 'n2'].filter((n) =>
    kit.said(n, new RegExp(`^Marking node ${n0} as failing \\(quorum reached\\)\\.$`), t),
  )
  expect(quorum.length).toBeGreaterThan(0)
  const fail = at(kit, quorum[0] as string, /^Marking node/, t)
  expect(fail).toBeGreaterThan(2000)
  expect(fail).toBeLessThan(5000)
  for (const n of ['n1', 'n2']) expect(kit.said(n, /^Cluster state changed: fail$/, t)).toBe(true)
  const own = kit.lines('n3', t).map((l) => l.text)
  const delayed = own.findIndex((l) =>
    new RegExp(`^Start of election delayed for \\d+ milliseconds \\(rank #0, offset ${offset}\\)\\.$`).test(l),
  )
  const delay = Number(/for (\d+)/.exec(own[delayed] ?? '')?.[1])
  expect(delay).toBeGreaterThanOrEqual(500)
  expect(delay).toBeLessThan(1000)
  const order = [
    /^FAIL message received from [0-9a-f]{40} about |^Marking node [0-9a-f]{40} as failing/,
    /^Start of election delayed/,
    new RegExp(`^Starting a failover election for epoch ${epoch}\\.$`),
    /^Failover election won: I'm the new master\.$/,
    new RegExp(`^configEpoch set to ${epoch} after successful failover$`),
    /^Setting secondary replication ID to [0-9a-f]{40}, valid up to offset: \d+\. New replication ID is [0-9a-f]{40}$/,
    /^Cluster state changed: ok$/,
  ].map((re) => own.findIndex((l) => re.test(l)))
  expect(order).not.toContain(-1)
  expect([...order].sort((a, b) => a - b)).toEqual(order)
  for (const n of ['n1', 'n2'])
    expect(kit.said(n, new RegExp(`^Failover auth granted to ${n3} for epoch ${epoch}$`), t)).toBe(true)
  expect(at(kit, 'n3', /^Failover election won/, t) - fail).toBeLessThan(1400)
  // The old master comes back as a replica, within three seconds.
  const back = world.now
  kit.restart('n0')
  expect(kit.until(() => kit.running('n0') && kit.cluster('n0').myself.isSlave, 3 * SECOND)).toBe(true)
  expect(
    kit.said('n0', new RegExp(`^Configuration change detected\\. Reconfiguring myself as a replica of ${n3}$`), back),
  ).toBe(true)
  expect(kit.until(() => kit.settled() === null, 20 * SECOND, 100_000)).toBe(true)
  // And by hand once more: another epoch, and a partial resynchronisation of the other.
  const again = world.now
  expect(kit.call('n0', 'CLUSTER', 'FAILOVER')).toBe('OK')
  expect(kit.until(() => kit.owners(0).join() === 'n0', 5 * SECOND)).toBe(true)
  expect(kit.cluster('n0').myself.configEpoch).toBe(epoch + 1)
  expect(
    kit.until(() => kit.said('n3', /^Successful partial resynchronization with master\.$/, again), 5 * SECOND),
  ).toBe(true)
  expect(kit.call('n0', 'GET', '{b}')).toBe('before')
})

test('G04: PFAIL travels in the gossip of pings, only FAIL has a packet of its own', () => {
  const kit = readyCluster({ seed: 4 })
  const before = OTHERS.map((n) => sent(kit, n, 'fail'))
  kit.kill('n0')
  expect(kit.until(() => kit.seen('n1', 'n0').timedOut || kit.seen('n2', 'n0').timedOut, 10 * SECOND, 5000)).toBe(true)
  expect(OTHERS.map((n) => sent(kit, n, 'fail'))).toEqual(before)
  expect(kit.until(() => failed(kit, 'n0', OTHERS), 10 * SECOND, 5000)).toBe(true)
  const broadcasters = OTHERS.filter((n) => kit.said(n, /^Marking node/))
  expect(broadcasters.length).toBeGreaterThan(0)
  for (const n of OTHERS)
    expect(
      kit.said(n, broadcasters.includes(n) ? /^Marking node/ : /^FAIL message received from [0-9a-f]{40} about /),
    ).toBe(true)
  OTHERS.forEach((n, i) => {
    expect(sent(kit, n, 'fail') - (before[i] as number) > 0).toBe(broadcasters.includes(n))
  })
})

test('G05: only a majority of the masters with slots makes FAIL; replicas do not count and reports grow old', () => {
  const kit = readyCluster({ seed: 5 })
  const { world } = kit
  const cut = (...groupB: string[]): void =>
    world.inject({ type: 'cut', groupA: [kit.box('n0')], groupB: groupB.map(kit.box) })
  // One master of three and three replicas do not reach n0; n2 does.
  cut('n1', 'n3', 'n4', 'n5')
  expect(kit.until(() => ['n1', 'n3', 'n4', 'n5'].every((n) => kit.seen(n, 'n0').timedOut), 20 * SECOND)).toBe(true)
  const reports = (by: string): Plain => kit.call(by, 'CLUSTER', 'COUNT-FAILURE-REPORTS', kit.id('n0'))
  expect(kit.until(() => reports('n2') === 1, 10 * SECOND, 100_000)).toBe(true)
  world.runFor(10 * SECOND)
  expect(['n1', 'n2', 'n3', 'n4', 'n5'].some((n) => kit.seen(n, 'n0').failed)).toBe(false)
  // The reporter dies: its report is worth 2 x node timeout.
  kit.kill('n1')
  world.runFor(1 * SECOND)
  expect(reports('n2')).toBe(1)
  world.runFor(4 * SECOND)
  expect(reports('n2')).toBe(0)
})

test('G06: 500 ms, up to 500 more by chance and 1000 for each rank pass before a replica asks for votes', () => {
  const kit = readyCluster({ seed: 6, preset: 'cluster-7' })
  const t = kit.kill('n0')
  expect(kit.until(() => ['n3', 'n6'].some((n) => kit.owners(0).includes(n)), 20 * SECOND)).toBe(true)
  for (const n of ['n3', 'n6']) {
    const line = kit.lines(n, t).find((l) => l.text.startsWith('Start of election delayed'))
    const [, delay, rank] = /for (\d+) milliseconds \(rank #(\d)/.exec(line?.text ?? '') ?? []
    expect(Number(delay) - Number(rank) * 1000).toBeGreaterThanOrEqual(500)
    expect(Number(delay) - Number(rank) * 1000).toBeLessThan(1000)
    const started = kit.lines(n, t).find((l) => l.text.startsWith('Starting a failover election'))
    if (started && line && !kit.said(n, /^Replica rank updated/, t))
      expect(started.at - line.at).toBeGreaterThanOrEqual(Number(delay) * 1000 - 1000)
  }
})

test('G07: who votes, and every reason not to', () => {
  const kit = readyCluster({ seed: 7 })
  const { world } = kit
  const voter = kit.cluster('n1')
  const timeout = 2000
  const n3 = kit.seen('n1', 'n3')
  const request = (change: Partial<ClusterMessage> = {}): ClusterMessage => ({
    ...buildHeader(kit.cluster('n3'), MSG_FAILOVER_AUTH_REQUEST),
    currentEpoch: voter.currentEpoch,
    ...change,
  })
  const answer = (m: ClusterMessage, sender = n3): string => {
    const from = kit.lines('n1').length
    onAuthRequest(voter, sender, m)
    world.runFor(200_000)
    return kit.lines('n1').slice(from)[0]?.text ?? ''
  }
  const denied = `Failover auth denied to ${n3.name}: `
  expect(answer(request({ currentEpoch: 0 }))).toBe(`${denied}reqEpoch (0) < curEpoch(${voter.currentEpoch})`)
  expect(answer(request())).toBe(`${denied}its master is up`)
  voter.lastVoteEpoch = voter.currentEpoch
  expect(answer(request())).toBe(`${denied}already voted for epoch ${voter.currentEpoch}`)
  voter.lastVoteEpoch = 0
  const n2 = kit.seen('n1', 'n2')
  expect(answer(request(), n2)).toBe(`Failover auth denied to ${n2.name}: it is a master node`)
  const master = n3.slaveof
  n3.slaveof = null
  expect(answer(request())).toBe(`${denied}I don't know its master`)
  n3.slaveof = master
  const forced = { mflags: MSGFLAG0_FORCEACK }
  expect(answer(request({ ...forced, configEpoch: 0 }))).toBe(
    `${denied}slot 0 epoch (${master?.configEpoch}) > reqEpoch (0)`,
  )
  expect(answer(request(forced))).toBe(`Failover auth granted to ${n3.name} for epoch ${voter.currentEpoch}`)
  voter.currentEpoch++
  const wait = Number(/before (\d+) milliseconds$/.exec(answer(request(forced)))?.[1])
  expect(wait).toBeGreaterThan(timeout * 2 - 1000)
  expect(wait).toBeLessThanOrEqual(timeout * 2)
  // A replica does not vote, nor a master without slots: nothing is said at all.
  const from = kit.lines('n4').length
  onAuthRequest(kit.cluster('n4'), kit.seen('n4', 'n3'), request(forced))
  expect(kit.lines('n4').length).toBe(from)
})

test('G07: a vote is on disk before it leaves: whoever loses power having voted does not vote again', () => {
  for (const slowness of [1, 20, 2000]) {
    const kit = readyCluster({ seed: 77 })
    const { world } = kit
    world.inject({ type: 'disk', box: kit.box('n1'), freeBytes: null, slowness })
    kit.kill('n0')
    expect(kit.until(() => kit.said('n1', /^Failover auth granted/), 20 * SECOND, 100)).toBe(true)
    // The line is written, the vote may not be.
    world.inject({ type: 'power', box: kit.box('n1') })
    world.runFor(3_000)
    const { failoverAuthEpoch: epoch, failoverAuthCount: votes } = kit.cluster('n3')
    kit.restart('n1')
    world.runFor(3_000)
    expect(kit.until(() => kit.running('n1') && kit.server('n1').booted, 5 * SECOND)).toBe(true)
    const { lastVoteEpoch } = kit.cluster('n1')
    if (slowness === 2000) expect([votes, lastVoteEpoch < epoch]).toEqual([1, true])
    if (votes === 2) expect(lastVoteEpoch).toBe(epoch)
  }
})

test('G08: of two replicas the one that has more of the stream wins', () => {
  for (const seed of [8, 80, 800]) {
    const kit = readyCluster({ seed, preset: 'cluster-7' })
    const { world } = kit
    const [lagging, better] = seed === 80 ? ['n3', 'n6'] : ['n6', 'n3']
    // Its replication stands still, its bus does not.
    world.inject({ type: 'cut', groupA: [kit.box('n0')], groupB: [kit.box(lagging as string)], layer: 'client' })
    world.runFor(100_000)
    for (let i = 0; i < 20; i++) expect(kit.call('n0', 'SET', '{b}', `${i}`)).toBe('OK')
    world.runFor(3 * SECOND)
    const t = kit.kill('n0')
    expect(kit.until(() => kit.owners(0).includes(better as string), 20 * SECOND)).toBe(true)
    expect(
      kit.said(
        lagging as string,
        /\(rank #1, offset|^Replica rank updated to #1, added 1000 milliseconds of delay\.$/,
        t,
      ),
    ).toBe(true)
    expect(kit.call(better as string, 'GET', '{b}')).toBe('19')
  }
})

test('G08: a replica that has not heard its master for too long does not stand, and says so', () => {
  const kit = readyCluster({
    seed: 88,
    lines: ['cluster-replica-validity-factor 1', 'repl-timeout 3', 'repl-ping-replica-period 1'],
  })
  const { world } = kit
  world.inject({ type: 'cut', groupA: [kit.box('n0')], groupB: [kit.box('n3')], layer: 'client' })
  world.runFor(12 * SECOND)
  const t = kit.kill('n0')
  const why =
    /^Currently unable to failover: Disconnected from master for longer than allowed\. Please check the 'cluster-replica-validity-factor' configuration option\.$/
  expect(kit.until(() => kit.said('n3', why, t), 30 * SECOND)).toBe(true)
  expect(kit.said('n3', /^Start of election/, t)).toBe(false)
  // By hand it may, whatever its age.
  expect(errorOf(kit.call('n3', 'CLUSTER', 'FAILOVER'))).toBe(
    'ERR Master is down or failed, please use CLUSTER FAILOVER FORCE',
  )
  expect(kit.call('n3', 'CLUSTER', 'FAILOVER', 'FORCE')).toBe('OK')
  expect(kit.until(() => kit.owners(0).includes('n3'), 5 * SECOND)).toBe(true)
})

test('G08: with cluster-replica-no-failover a replica stands only by hand', () => {
  const kit = readyCluster({ seed: 89, nodeLines: { n3: ['cluster-replica-no-failover yes'] } })
  const t = kit.kill('n0')
  expect(kit.until(() => failed(kit, 'n0', ['n3']), 10 * SECOND)).toBe(true)
  kit.world.runFor(15 * SECOND)
  expect(kit.said('n3', /^Start of election/, t)).toBe(false)
  expect(kit.call('n3', 'CLUSTER', 'FAILOVER', 'FORCE')).toBe('OK')
  expect(kit.until(() => kit.owners(0).includes('n3'), 5 * SECOND)).toBe(true)
})

test('G09: the winner owns every slot with the epoch of its election, and stale claims are answered with UPDATE', () => {
  const kit = readyCluster({ seed: 9 })
  const epoch = kit.cluster('n1').currentEpoch + 1
  kit.kill('n0')
  expect(kit.until(() => OTHERS.every((n) => kit.cluster(n).slots[5460]?.name === kit.id('n3')), 20 * SECOND)).toBe(
    true,
  )
  for (const n of OTHERS) {
    expect(kit.seen(n, 'n3').configEpoch).toBe(epoch)
    expect(kit.seen(n, 'n3').numslots).toBe(5461)
    expect(kit.seen(n, 'n0').numslots).toBe(0)
  }
  const updates = (): number => OTHERS.reduce((sum, n) => sum + sent(kit, n, 'update'), 0)
  const before = updates()
  // It can't hear the new owner itself.
  kit.world.inject({ type: 'cut', groupA: [kit.box('n0')], groupB: [kit.box('n3')] })
  kit.restart('n0')
  expect(kit.until(() => kit.running('n0') && kit.cluster('n0').myself.isSlave, 10 * SECOND)).toBe(true)
  expect(updates()).toBeGreaterThan(before)
})

test('G10: a master that lost its slots follows the one that has them', () => {
  const kit = readyCluster({ seed: 10 })
  kit.kill('n0')
  expect(kit.until(() => kit.owners(0).includes('n3'), 20 * SECOND)).toBe(true)
  const t = kit.world.now
  kit.restart('n0')
  expect(
    kit.until(() => kit.running('n0') && kit.cluster('n0').myself.slaveof?.name === kit.id('n3'), 3 * SECOND),
  ).toBe(true)
  expect(kit.said('n0', /^Configuration change detected\. Reconfiguring myself as a replica of /, t)).toBe(true)
  expect(kit.until(() => kit.settled() === null, 20 * SECOND, 100_000)).toBe(true)
  expect(errorOf(kit.call('n0', 'SET', '{b}', '1'))).toBe(`MOVED 3300 ${kit.address('n3')}:6379`)
})

test('G11: a write that was acknowledged before it was replicated is lost with its master', () => {
  const kit = readyCluster({ seed: 11 })
  const { world } = kit
  expect(kit.call('n0', 'SET', '{b}', 'on both')).toBe('OK')
  world.runFor(SECOND)
  // The link to the replica has just gone bad; nobody has noticed yet.
  world.inject({ type: 'cut', groupA: [kit.box('n0')], groupB: [kit.box('n3')], layer: 'client' })
  expect(kit.call('n0', 'SET', '{b}', 'on one')).toBe('OK')
  world.runFor(100_000)
  kit.kill('n0')
  expect(kit.until(() => kit.owners(0).includes('n3'), 30 * SECOND)).toBe(true)
  expect(kit.call('n3', 'GET', '{b}')).toBe('on both')
})

test('G12: a master in the minority takes writes for about the node timeout, then CLUSTERDOWN; those writes are lost', () => {
  const kit = readyCluster({ seed: 12 })
  const { world } = kit
  const t = world.now
  kit.isolate('n0')
  const writer = ask(kit, 'n0', 100_000, 'INCR', '{b}')
  const down = (): { at: number; reply: Plain } | undefined =>
    writer.replies().find((a) => errorOf(a.reply) === 'CLUSTERDOWN The cluster is down')
  expect(kit.until(() => down() !== undefined, 10 * SECOND)).toBe(true)
  const after = ((down()?.at ?? 0) - t) / SECOND
  expect(after).toBeGreaterThan(1.5)
  expect(after).toBeLessThan(4.5)
  writer.stop()
  const taken = writer.replies().filter((a) => typeof a.reply === 'number').length
  expect(taken).toBeGreaterThan(10)
  expect(kit.until(() => kit.owners(0).includes('n3'), 20 * SECOND)).toBe(true)
  kit.heal()
  expect(kit.until(() => kit.settled() === null, 30 * SECOND, 100_000)).toBe(true)
  expect(kit.call('n3', 'GET', '{b}')).toBe(null)
})

test('G13: after the heal a master of the minority waits before it serves again', () => {
  const kit = readyCluster({ seed: 13, preset: 'cluster-3' })
  const { world } = kit
  kit.isolate('n0')
  expect(kit.until(() => kit.cluster('n0').state === 'fail', 10 * SECOND)).toBe(true)
  world.runFor(3 * SECOND)
  const t = world.now
  kit.heal()
  expect(kit.until(() => kit.cluster('n0').state === 'ok', 30 * SECOND)).toBe(true)
  const reachable = kit.cluster('n0').minorityTimeMs
  expect(kit.cluster('n0').nowMs - reachable).toBeGreaterThanOrEqual(2000)
  expect((world.now - t) / SECOND).toBeGreaterThanOrEqual(2)
  expect((world.now - t) / SECOND).toBeLessThan(8)
})

test('G14: FAIL is cleared at once for a replica, for a master with slots only when nobody took them', () => {
  const kit = readyCluster({ seed: 14 })
  const t = kit.kill('n3')
  expect(kit.until(() => failed(kit, 'n3', ['n1', 'n2']), 10 * SECOND)).toBe(true)
  kit.restart('n3')
  expect(kit.until(() => !kit.seen('n1', 'n3').failed, 5 * SECOND)).toBe(true)
  expect(
    kit.said('n1', new RegExp(`^Clear FAIL state for node ${kit.id('n3')}: ?replica is reachable again\\.$`), t),
  ).toBe(true)
  const three = readyCluster({ seed: 15, preset: 'cluster-3' })
  const u = three.kill('n1')
  expect(three.until(() => failed(three, 'n1', ['n0', 'n2']), 10 * SECOND)).toBe(true)
  three.restart('n1')
  const restarted = three.world.now
  expect(three.until(() => !three.seen('n0', 'n1').failed, 15 * SECOND)).toBe(true)
  expect(three.world.now - restarted).toBeGreaterThan(2 * SECOND)
  const cleared =
    /^Clear FAIL state for node [0-9a-f]{40}: is reachable again and nobody is serving its slots after some time\.$/
  expect(three.said('n0', cleared, u)).toBe(true)
})

test('G15: CLUSTER FAILOVER: the master pauses, the replica catches up, and no write is lost', () => {
  const kit = readyCluster({ seed: 16 })
  const { world } = kit
  const writer = ask(kit, 'n0', 1000, 'INCR', '{b}')
  world.runFor(SECOND)
  const epoch = kit.cluster('n0').currentEpoch + 1
  const t = world.now
  expect(kit.call('n3', 'CLUSTER', 'FAILOVER')).toBe('OK')
  expect(kit.until(() => kit.owners(0).join() === 'n3', 5 * SECOND, 1000)).toBe(true)
  world.runFor(500_000)
  writer.stop()
  const own = kit.lines('n3', t).map((l) => l.text)
  const order = [
    /^Manual failover user request accepted\.$/,
    /^Received replication offset for paused master manual failover: \d+$/,
    /^All master replication stream processed, manual failover can start\.$/,
    /^Start of election delayed for 0 milliseconds \(rank #0, offset \d+\)\.$/,
    new RegExp(`^Starting a failover election for epoch ${epoch}\\.$`),
    /^Failover election won: I'm the new master\.$/,
  ].map((re) => own.findIndex((l) => re.test(l)))
  expect(order).not.toContain(-1)
  expect([...order].sort((a, b) => a - b)).toEqual(order)
  expect(kit.said('n0', new RegExp(`^Manual failover requested by replica ${kit.id('n3')}\\.$`), t)).toBe(true)
  expect(kit.cluster('n3').myself.configEpoch).toBe(epoch)
  const acknowledged = Math.max(...writer.replies().map((a) => (typeof a.reply === 'number' ? a.reply : 0)))
  expect(acknowledged).toBeGreaterThan(100)
  expect(Number(kit.call('n3', 'GET', '{b}'))).toBe(acknowledged)
  expect(writer.replies().some((a) => errorOf(a.reply).startsWith('MOVED 3300 '))).toBe(true)
  // Writes that were held back were answered, with a redirection; nobody was told CLUSTERDOWN.
  expect(writer.replies().some((a) => errorOf(a.reply).startsWith('CLUSTERDOWN'))).toBe(false)
})

test('G15: a manual failover that its master never hears of times out after 5 s; TAKEOVER needs nobody', () => {
  const kit = readyCluster({ seed: 17 })
  const { world } = kit
  expect(errorOf(kit.call('n0', 'CLUSTER', 'FAILOVER'))).toBe('ERR You should send CLUSTER FAILOVER to a replica')
  world.inject({ type: 'pause', process: 'n0' })
  world.inject({ type: 'pause', process: 'n1' })
  world.inject({ type: 'pause', process: 'n2' })
  const t = world.now
  expect(kit.call('n3', 'CLUSTER', 'FAILOVER')).toBe('OK')
  expect(kit.until(() => kit.said('n3', /^Manual failover timed out\.$/, t), 10 * SECOND)).toBe(true)
  expect((world.now - t) / SECOND).toBeGreaterThanOrEqual(5)
  expect((world.now - t) / SECOND).toBeLessThan(5.3)
  const epoch = kit.cluster('n3').currentEpoch
  expect(kit.call('n3', 'CLUSTER', 'FAILOVER', 'TAKEOVER')).toBe('OK')
  expect(kit.said('n3', /^Taking over the master \(user request\)\.$/, t)).toBe(true)
  expect(kit.cluster('n3').myself.isMaster).toBe(true)
  expect(kit.cluster('n3').myself.configEpoch).toBe(epoch + 1)
  for (const process of ['n0', 'n1', 'n2']) world.inject({ type: 'continue', process })
  expect(kit.until(() => kit.settled() === null, 30 * SECOND, 100_000)).toBe(true)
  expect(kit.owners(0)).toEqual(['n3'])
})

test('G16: seven fresh masters meet, and their epochs all become different', () => {
  const kit = readyFresh(7)
  const first = kit.names[0] as string
  for (const n of kit.names.slice(1)) kit.call(first, 'CLUSTER', 'MEET', kit.address(n), '6379')
  const epochs = (): number[] => kit.names.map((n) => kit.cluster(n).myself.configEpoch).sort((a, b) => a - b)
  expect(kit.until(() => new Set(epochs()).size === 7, 60 * SECOND, 100_000)).toBe(true)
  expect(epochs()).toEqual([0, 1, 2, 3, 4, 5, 6])
  const sorted = [...kit.names].sort((a, b) => (kit.id(a) < kit.id(b) ? -1 : 1))
  expect(
    kit.said(sorted[0] as string, /^WARNING: configEpoch collision with node [0-9a-f]{40}\. configEpoch set to \d+$/),
  ).toBe(true)
  // The one with the greatest name never has to give way.
  expect(kit.cluster(sorted[6] as string).myself.configEpoch).toBe(0)
})
function readyFresh(blank: number): ClusterKit {
  const kit = deployCluster({ seed: 18, blank, lines: ['loglevel verbose'] })
  kit.world.runFor(SECOND)
  return kit
}

test('G17: a replica of the master with most of them moves to one that lost its last, after 5 s', () => {
  const kit = readyCluster({ seed: 19, preset: 'cluster-7' })
  const t = kit.kill('n4')
  const smaller = kit.id('n3') < kit.id('n6') ? 'n3' : 'n6'
  const moved = new RegExp(`^Migrating to orphaned master ${kit.id('n1')}$`)
  expect(kit.until(() => kit.said(smaller, moved, t), 20 * SECOND)).toBe(true)
  expect(at(kit, smaller, moved, t) / 1000).toBeGreaterThan(6.5)
  expect(at(kit, smaller, moved, t) / 1000).toBeLessThan(10)
  expect(kit.said(smaller === 'n3' ? 'n6' : 'n3', /^Migrating/, t)).toBe(false)
  expect(kit.until(() => kit.server('n1').repl?.ackedReplicas(0) === 1, 20 * SECOND)).toBe(true)
  const still = readyCluster({ seed: 19, preset: 'cluster-7', lines: ['cluster-migration-barrier 2'] })
  still.kill('n4')
  still.world.runFor(15 * SECOND)
  const forbidden = readyCluster({ seed: 19, preset: 'cluster-7', lines: ['cluster-allow-replica-migration no'] })
  forbidden.kill('n4')
  forbidden.world.runFor(15 * SECOND)
  for (const k of [still, forbidden]) for (const n of ['n3', 'n6']) expect(k.said(n, /^Migrating/)).toBe(false)
})

test('G18: the state is ok with a majority of masters and, if so configured, every slot covered', () => {
  const kit = readyCluster({ seed: 20, preset: 'cluster-3' })
  expect(infoOf(kit, 'n0').cluster_state).toBe('ok')
  expect(kit.call('n1', 'CLUSTER', 'DELSLOTS', '5461')).toBe('OK')
  expect(infoOf(kit, 'n1').cluster_state).toBe('fail')
  expect(errorOf(kit.call('n1', 'GET', '{b}'))).toBe('CLUSTERDOWN The cluster is down')
  expect(kit.call('n1', 'CONFIG', 'SET', 'cluster-require-full-coverage', 'no')).toBe('OK')
  expect(kit.until(() => kit.cluster('n1').state === 'ok', 5 * SECOND)).toBe(true)
  expect(infoOf(kit, 'n1')).toMatchObject({ cluster_slots_assigned: '16383', cluster_size: '3' })
  // A majority must be there all the same.
  kit.isolate('n1')
  expect(kit.until(() => kit.cluster('n1').state === 'fail', 10 * SECOND)).toBe(true)
  // On the other side its slots are missed, once it is FAIL.
  expect(kit.until(() => kit.cluster('n0').state === 'fail', 10 * SECOND)).toBe(true)
  expect(kit.seen('n0', 'n1').failed).toBe(true)
})

test('G19: of two masters one is no majority: nobody fails over', () => {
  const kit = readyCluster({ seed: 21, blank: 4, nodeTimeout: 2000 }, 2)
  const t = kit.kill('n0')
  kit.world.runFor(20 * SECOND)
  expect(kit.seen('n1', 'n0').timedOut).toBe(true)
  expect(['n1', 'n2', 'n3'].some((n) => kit.seen(n, 'n0').failed)).toBe(false)
  expect(kit.said('n2', /^Start of election/, t)).toBe(false)
  expect(infoOf(kit, 'n1').cluster_state).toBe('fail')
})

test('G20: clients hear CLUSTERDOWN from FAIL until the election is won, and nothing else is lost to them', () => {
  const kit = readyCluster({ seed: 22 })
  const t = kit.world.now
  const reader = ask(kit, 'n1', 10_000, 'SET', 'a', '1')
  kit.kill('n0')
  expect(kit.until(() => kit.owners(0).includes('n3') && kit.cluster('n1').state === 'ok', 20 * SECOND)).toBe(true)
  kit.world.runFor(500_000)
  const owner = kit.call('n1', 'CLUSTER', 'KEYSLOT', 'a')
  expect(owner).toBe(15495)
  const texts = [...new Set(reader.replies().map((a) => errorOf(a.reply)))]
  expect(texts.sort()).toEqual([`CLUSTERDOWN The cluster is down`, `MOVED 15495 ${kit.address('n2')}:6379`])
  const down = reader.replies().filter((a) => errorOf(a.reply).startsWith('CLUSTERDOWN'))
  const [first, last] = [down[0]?.at ?? 0, down.at(-1)?.at ?? 0]
  expect(Math.abs((first - t) / 1000 - at(kit, 'n1', /^Cluster state changed: fail$/, t))).toBeLessThan(30)
  expect((last - first) / 1000).toBeGreaterThan(300)
  expect((last - first) / 1000).toBeLessThan(1500)
})
