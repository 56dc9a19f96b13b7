/** The deployments of Sentinel's guide, with their power cuts and partitions: who may fail over, who accepts writes, what is lost. */
import { expect, test } from 'vitest'
import { mastersNow } from '../src/world/checkers.ts'
import {
  answers,
  box,
  callEvery,
  type Deployment,
  kill,
  masterSeenBy,
  type Plain,
  ready,
  SECOND,
  switched,
} from './sentinel-world.ts'

const cutFrom = (d: Deployment, a: readonly string[], b: readonly string[]): number => {
  d.world.inject({ type: 'cut', groupA: a, groupB: b })
  return d.world.now
}
const powerCut = (d: Deployment, name: string): number => {
  d.world.inject({ type: 'power', box: name })
  return d.world.now
}
const heal = (d: Deployment): void => d.world.inject({ type: 'heal', cut: -1 })
const role = (d: Deployment, server: string): Plain => (d.call(server, 'ROLE') as Plain[] | null)?.[0] ?? null
const said = (d: Deployment, name: string, from: number): boolean =>
  d.sentinels.some((s) => d.names(s, from).includes(name))
/** T-SENT2: M1 and S1 on one box, R1 and S2 on the other. */
const two = (seed: number, quorum = 1): Deployment =>
  ready({ seed, replicas: 1, sentinels: 2, quorum, failoverTimeout: 6000 })
/** Example 3: the servers on boxes 1 and 2, a Sentinel on each of the clients' boxes 3, 4, 5. */
const withClients = (seed: number, more = {}): Deployment =>
  ready({ seed, replicas: 1, sentinels: 3, quorum: 2, sentinelBox: (n) => n + 2, ...more })

test('S22 two Sentinels, quorum 1: the box with the master goes dark, and nobody may lead', () => {
  const d = two(1)
  const t0 = powerCut(d, 'box-1')
  expect(d.until(() => d.names('s2', t0).includes('-failover-abort-not-elected'), 20 * SECOND)).toBe(true)
  d.world.runFor(30 * SECOND)
  expect(d.names('s2', t0)).not.toContain('+switch-master')
})

test('S23 a partition of two boxes leaves one master; were the one Sentinel allowed to act alone, there would be two', () => {
  const d = two(2)
  cutFrom(d, ['box-1'], ['box-2'])
  d.world.runFor(30 * SECOND)
  expect(mastersNow(d.world)).toEqual(['redis-1'])
  // Counterfactual: by hand, which asks nobody.
  expect(d.until(() => d.call('s2', 'SENTINEL', 'FAILOVER', 'mymaster') === 'OK', 30 * SECOND, 500_000)).toBe(true)
  d.world.runFor(10 * SECOND)
  expect(mastersNow(d.world).sort()).toEqual(['redis-1', 'redis-2'])
  expect(d.call('redis-1', 'SET', 'a', 'here')).toBe('OK')
  expect(d.call('redis-2', 'SET', 'a', 'there')).toBe('OK')
})

test('S24 three boxes, quorum 2: the master’s box goes dark, and within seconds there is another', () => {
  let inTime = 0
  for (let seed = 1; seed <= 8; seed++) {
    const d = ready({ seed })
    const t0 = powerCut(d, 'box-1')
    expect(d.until(() => switched(d, t0, ['s2', 's3']), 120 * SECOND, 50_000)).toBe(true)
    const first = Math.min(
      ...['s2', 's3'].flatMap((s) =>
        d
          .lines(s, t0)
          .filter((l) => l.text.startsWith('+switch-master'))
          .map((l) => l.at),
      ),
    )
    if (first - t0 < 6 * SECOND) inTime++
  }
  // A vote that is split is tried again only after twice failover-timeout.
  expect(inTime).toBeGreaterThanOrEqual(6)
})

test('S25 the writes that a cut-off master acknowledged are gone after the heal: exactly those', () => {
  const d = ready({ seed: 3 })
  for (let i = 0; i < 5; i++) d.call('redis-1', 'RPUSH', 'ledger', `before-${i}`)
  d.world.runFor(SECOND)
  const t0 = cutFrom(d, ['box-1'], ['box-2', 'box-3'])
  let acknowledged = 0
  for (let i = 0; i < 20; i++) {
    if (typeof d.call('redis-1', 'RPUSH', 'ledger', `after-${i}`) === 'number') acknowledged++
    d.world.runFor(SECOND / 2)
  }
  expect(acknowledged).toBe(20)
  expect(d.until(() => switched(d, t0, ['s2', 's3']))).toBe(true)
  heal(d)
  expect(d.until(() => role(d, 'redis-1') === 'slave', 60 * SECOND, 500_000)).toBe(true)
  const now = box(d, masterSeenBy(d, 's2'))
  expect(d.call(now, 'LRANGE', 'ledger', '0', '-1')).toEqual(Array.from({ length: 5 }, (_, i) => `before-${i}`))
  expect(d.until(() => d.call('redis-1', 'LLEN', 'ledger') === 5, 20 * SECOND, 200_000)).toBe(true)
})

test('S26 min-replicas-to-write bounds the loss to about ten seconds, and costs all writes when both replicas are gone', () => {
  const lines = { 'redis-1': ['min-replicas-to-write 1', 'min-replicas-max-lag 10'] }
  const d = ready({ seed: 4, serverLines: lines })
  const t0 = cutFrom(d, ['box-1'], ['box-2', 'box-3'])
  let lastOk = t0
  for (let i = 0; i < 150; i++) {
    if (d.call('redis-1', 'SET', 'a', `${i}`) === 'OK') lastOk = d.world.now
    d.world.runFor(SECOND / 10)
  }
  expect((lastOk - t0) / SECOND).toBeGreaterThan(8)
  expect((lastOk - t0) / SECOND).toBeLessThanOrEqual(11.1)
  const e = ready({ seed: 5, serverLines: lines })
  kill(e, 'redis-2')
  kill(e, 'redis-3')
  e.world.runFor(SECOND)
  expect(e.call('redis-1', 'SET', 'a', '1')).toEqual({ error: 'NOREPLICAS Not enough good replicas to write.' })
})

test('S27 the Sentinels are with the clients, and the clients’ net is cut from the servers: all agree, and nobody can act', () => {
  const d = withClients(6)
  const t0 = cutFrom(d, ['box-3', 'box-4', 'box-5'], ['box-1', 'box-2'])
  d.world.runFor(30 * SECOND)
  expect(said(d, '+odown', t0)).toBe(true)
  expect(said(d, '-failover-abort-no-good-slave', t0)).toBe(true)
  expect(said(d, '+switch-master', t0)).toBe(false)
  expect(role(d, 'redis-2')).toBe('slave')
  heal(d)
  expect(d.until(() => d.sentinels.every((s) => d.names(s, t0).includes('-sdown')), 30 * SECOND, 100_000)).toBe(true)
  expect(masterSeenBy(d, 's1')).toBe('10.0.0.11')
})

test('S28 one client’s box keeps the old master for itself: both masters take writes', () => {
  const d = withClients(7)
  const t0 = cutFrom(d, ['box-1', 'box-5'], ['box-2', 'box-3', 'box-4'])
  expect(d.until(() => switched(d, t0, ['s1', 's2']))).toBe(true)
  expect(mastersNow(d.world).sort()).toEqual(['redis-1', 'redis-2'])
  expect(d.call('redis-1', 'SET', 'a', 'old')).toBe('OK')
  expect(d.call('redis-2', 'SET', 'a', 'new')).toBe('OK')
  // A min-replicas-to-write of 1 that would stop the old one stops the new one as well: it has no replica either.
  for (const r of ['redis-1', 'redis-2']) d.call(r, 'CONFIG', 'SET', 'min-replicas-to-write', '1')
  d.world.runFor(12 * SECOND)
  for (const r of ['redis-1', 'redis-2'])
    expect(d.call(r, 'SET', 'a', 'x')).toEqual({ error: 'NOREPLICAS Not enough good replicas to write.' })
  heal(d)
  expect(d.until(() => mastersNow(d.world).length === 1, 60 * SECOND, 500_000)).toBe(true)
})

test('S29 four Sentinels, quorum 3: the master’s box goes dark and the other three do it; or, one less, quorum 2', () => {
  const d = ready({ seed: 8, replicas: 1, sentinels: 4, quorum: 3 })
  const t0 = powerCut(d, 'box-1')
  expect(d.until(() => switched(d, t0, ['s2', 's3', 's4']), 180 * SECOND, 50_000)).toBe(true)
  const e = ready({ seed: 9, replicas: 1, sentinels: 4, quorum: 3 })
  powerCut(e, 'box-4')
  e.world.runFor(5 * SECOND)
  for (const s of ['s1', 's2', 's3']) {
    expect(e.call(s, 'SENTINEL', 'RESET', 'mymaster')).toBe(1)
    e.world.runFor(30 * SECOND)
    expect(e.call(s, 'SENTINEL', 'SET', 'mymaster', 'quorum', '2')).toBe('OK')
  }
  expect(e.call('s2', 'SENTINEL', 'CKQUORUM', 'mymaster')).toBe(
    'OK 3 usable Sentinels. Quorum and failover authorization can be reached',
  )
  const t1 = powerCut(e, 'box-1')
  expect(e.until(() => switched(e, t1, ['s2', 's3']), 180 * SECOND, 50_000)).toBe(true)
})

test('S21 S31 a client asks a Sentinel, its old connection is closed, it hears +switch-master, and its writes go on', () => {
  const d = ready({ seed: 10 })
  const ask = (): string => box(d, masterSeenBy(d, 's2'))
  expect(d.call(ask(), 'SET', 'n', '0')).toBe('OK')
  const news = callEvery(d, 's2', 0, 'SUBSCRIBE', '+switch-master')
  const readers = ['redis-2', 'redis-3'].map((r) => callEvery(d, r, 0, 'SUBSCRIBE', 'nothing'))
  d.world.runFor(SECOND)
  const t0 = kill(d, 'redis-1')
  let back = 0
  d.until(
    () => {
      const master = ask()
      if (master !== 'redis-1' && d.call(master, 'INCR', 'n') === 1) back = d.world.now
      return back !== 0
    },
    60 * SECOND,
    100_000,
  )
  const outage = (back - t0) / 1000
  expect(outage).toBeGreaterThan(2000)
  expect(outage).toBeLessThan(10_000)
  expect(d.until(() => switched(d, t0))).toBe(true)
  const heard = answers(d.world, news).flatMap((a) =>
    (a.reply as Plain[])[0] === 'message' ? [String((a.reply as Plain[])[2])] : [],
  )
  expect(heard).toEqual([`mymaster 10.0.0.11 6379 ${masterSeenBy(d, 's2')} 6379`])
  // SLAVEOF comes with CLIENT KILL: whoever talked to the replicas has to ask anew.
  expect(d.until(() => readers.every((r) => d.world.output(r).includes('"closed":true')), 10 * SECOND)).toBe(true)
  const other = ['redis-2', 'redis-3'].find((r) => r !== ask()) as string
  expect(d.until(() => (d.call(other, 'ROLE') as Plain[])[1] === masterSeenBy(d, 's2'), 10 * SECOND, 200_000)).toBe(
    true,
  )
})

test('R31 a master without persistence that is restarted at once: no Sentinel notices, and every copy of the data is gone', () => {
  const d = ready({ seed: 11 })
  expect(d.call('redis-1', 'SET', 'a', '1')).toBe('OK')
  d.world.runFor(SECOND)
  expect(d.call('redis-2', 'DBSIZE')).toBe(1)
  const t0 = kill(d, 'redis-1')
  d.world.runFor(SECOND / 2)
  d.world.inject({ type: 'restart', process: 'redis-1' })
  d.world.runFor(20 * SECOND)
  expect(said(d, '+switch-master', t0)).toBe(false)
  expect(said(d, '+sdown', t0)).toBe(false)
  for (const r of ['redis-1', 'redis-2', 'redis-3']) expect(d.call(r, 'DBSIZE')).toBe(0)
})

test('R31 a rebooted master that loads for long is alive, unless master-reboot-down-after-period says how long it may', () => {
  const reboot = (sentinelLines: string[]): Deployment => {
    const d = ready({ seed: 12, sentinelLines, serverLines: { 'redis-1': ['save 3600 1000'] } })
    d.call('redis-1', 'SET', 'big', 'x'.repeat(3_000_000))
    d.call('redis-1', 'CONFIG', 'SET', 'rdbcompression', 'no')
    d.call('redis-1', 'SAVE')
    d.world.runFor(SECOND)
    kill(d, 'redis-1')
    // Reading three megabytes takes half a minute from now on.
    d.world.inject({ type: 'disk', box: 'box-1', freeBytes: null, slowness: 5000 })
    d.world.inject({ type: 'restart', process: 'redis-1' })
    d.world.runFor(60 * SECOND)
    return d
  }
  const patient = reboot([])
  expect(said(patient, '+switch-master', 0)).toBe(false)
  expect(patient.call('redis-1', 'STRLEN', 'big')).toBe(3_000_000)
  const strict = reboot(['sentinel master-reboot-down-after-period mymaster 1000'])
  expect(said(strict, '+reboot', 0)).toBe(true)
  expect(said(strict, '+switch-master', 0)).toBe(true)
})
