import { expect, test } from 'vitest'
import { FAILOVER_EVENTS } from './sentinel-phases.ts'
import { deployment, killMaster, MASTER, type SentinelProc, whole } from './sentinel-rig.ts'

const names = (s: SentinelProc, from: number): string[] =>
  s.lines
    .filter((l) => l.t >= from)
    .map((l) => l.text.split(' ')[0] ?? '')
    .filter((n) => /^[+-]/.test(n))

test('Sentinels discover replicas and each other', () => {
  const d = deployment(1)
  expect(d.rig.runUntilTrue(() => whole(d.sentinels), 5000)).toBe(true)
  const log = d.sentinels[0]?.lines.map((l) => l.text) ?? []
  expect(log).toContain(`+monitor master mymaster ${MASTER} 6379 quorum 2`)
  expect(log).toContain(`+slave slave 10.0.0.12:6379 10.0.0.12 6379 @ mymaster ${MASTER} 6379`)
  const other = d.sentinels[1]?.sentinel.myid
  expect(log).toContain(`+sentinel sentinel ${other} 10.0.0.22 26379 @ mymaster ${MASTER} 6379`)
  expect(d.sentinels[0]?.call('ckquorum', 'mymaster')).toEqual({
    t: 'status',
    text: 'OK 3 usable Sentinels. Quorum and failover authorization can be reached',
  })
})

test('a killed master is replaced and becomes a replica when it comes back (S14-S20, B.1)', () => {
  const d = deployment(2)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  const t0 = killMaster(d)
  const switched = (): boolean => d.sentinels.every((s) => names(s, t0).includes('+switch-master'))
  expect(d.rig.runUntilTrue(switched, 40000)).toBe(true)
  const leader = d.sentinels.find((s) => names(s, t0).includes('+elected-leader')) as SentinelProc
  const order = FAILOVER_EVENTS
  const seen = names(leader, t0)
  expect(order.map((n) => seen.indexOf(n))).toEqual(order.map((n) => seen.indexOf(n)).sort((a, b) => a - b))
  expect(order.filter((n) => !seen.includes(n))).toEqual([])
  const now = d.replicas.find((r) => r.masterIp === null)?.ip
  for (const s of d.sentinels) expect(s.call('get-master-addr-by-name', 'mymaster')).toEqual([now, '6379'])

  d.rig.runUntil(d.rig.now + 8_000_000)
  d.master.boot()
  expect(d.rig.runUntilTrue(() => d.master.masterIp === now, 30000)).toBe(true)
  const text = d.sentinels.flatMap((s) => s.lines.map((l) => l.text)).find((l) => l.startsWith('+convert-to-slave'))
  expect(text).toBe(`+convert-to-slave slave ${MASTER}:6379 ${MASTER} 6379 @ mymaster ${now} 6379`)
})

test('without a majority nobody is elected, and the next try waits twice the failover timeout (S22)', () => {
  const d = deployment(3, 2000, 6000)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  const [s1, s2, s3] = d.sentinels as [SentinelProc, SentinelProc, SentinelProc]
  s1.call('set', 'mymaster', 'quorum', '1')
  s2.kill()
  s3.kill()
  const t0 = killMaster(d)
  expect(d.rig.runUntilTrue(() => names(s1, t0).includes('-failover-abort-not-elected'), 20000)).toBe(true)
  const tries = (): number[] => s1.lines.filter((l) => l.text.startsWith('+try-failover')).map((l) => l.t)
  expect(d.rig.runUntilTrue(() => tries().length === 2, 20000)).toBe(true)
  const [a = 0, b = 0] = tries()
  expect(b - a).toBeGreaterThanOrEqual(12000)
  expect(b - a).toBeLessThan(13200)
  expect(s1.lines.some((l) => l.text.startsWith('Next failover delay: I will not start a failover before '))).toBe(true)
  expect(s1.call('ckquorum', 'mymaster')).toMatchObject({
    text: expect.stringContaining('NOQUORUM 1 usable Sentinels. '),
  })
})

test('the replica with the lower priority number wins, then the one with more data; priority 0 never (S17)', () => {
  for (const [p1, p2, o1, o2, expected] of [
    [10, 100, 5, 900, 0],
    [100, 100, 5, 900, 1],
    [0, 100, 900, 5, 1],
  ] as const) {
    const d = deployment(4)
    const [r1, r2] = d.replicas as [(typeof d.replicas)[0], (typeof d.replicas)[0]]
    Object.assign(r1, { priority: p1, offset: o1 })
    Object.assign(r2, { priority: p2, offset: o2 })
    d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
    killMaster(d)
    d.rig.runUntilTrue(() => d.replicas.some((r) => r.masterIp === null), 30000)
    expect(d.replicas.findIndex((r) => r.masterIp === null)).toBe(expected)
  }
})

test('state survives a restart through the config file (S04)', () => {
  const d = deployment(5)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  const s = d.sentinels[0] as SentinelProc
  const id = s.sentinel.myid
  const t0 = killMaster(d)
  d.rig.runUntilTrue(() => d.sentinels.every((x) => names(x, t0).includes('+switch-master')), 40000)
  const epoch = s.sentinel.currentEpoch
  const saved = s.saved.map((l) => l.slice('sentinel '.length))
  expect(saved).toContain(`myid ${id}`)
  s.kill()
  s.boot([...saved].reverse())
  expect([s.sentinel.myid, s.sentinel.currentEpoch]).toEqual([id, epoch])
  const m = s.sentinel.masters.get('mymaster')
  expect([m?.slaves.size, m?.sentinels.size, m?.leaderEpoch, m?.configEpoch]).toEqual([2, 2, epoch, epoch])
  expect(s.saved.map((l) => l.slice(9)).sort()).toEqual([...saved].sort())
})

test('a Sentinel that stood still enters TILT, acts on nothing for 30 s and recovers (S33)', () => {
  const d = deployment(6)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  const s = d.sentinels[0] as SentinelProc
  s.paused = true
  d.rig.runUntil(d.rig.now + 6_000_000)
  s.resume()
  d.rig.runUntil(d.rig.now + 200_000)
  expect(s.sentinel.infoSection()).toContain('sentinel_tilt:1')
  const text = s.lines.map((l) => l.text)
  expect(text).toContain('+tilt #tilt mode entered')
  expect(text.filter((l) => l.startsWith('+sdown'))).toEqual([])
  d.rig.runUntil(d.rig.now + 31_000_000)
  expect(s.sentinel.infoSection()).toContain('sentinel_tilt:0')
  expect(s.lines.map((l) => l.text)).toContain('-tilt #tilt mode exited')
})

test('one vote in an epoch, for whoever asks first', () => {
  const d = deployment(7)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  const s = d.sentinels[0] as SentinelProc
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
  expect(s.call('is-master-down-by-addr', MASTER, '6379', '1', a)).toEqual([0, a, 1])
  expect(s.call('is-master-down-by-addr', MASTER, '6379', '1', b)).toEqual([0, a, 1])
  expect(s.call('is-master-down-by-addr', MASTER, '6379', '2', b)).toEqual([0, b, 2])
  expect(s.call('is-master-down-by-addr', MASTER, '6379', '1', a)).toEqual([0, b, 2])
  expect(s.call('is-master-down-by-addr', MASTER, '6379', '9', '*')).toEqual([0, '*', 0])
  expect(s.saved).toContain('sentinel leader-epoch mymaster 2')
})
