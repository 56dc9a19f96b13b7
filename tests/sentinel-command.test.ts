import { expect, test } from 'vitest'
import { ctime, isIpAddress } from '../src/engine/sentinel/address.ts'
import { readReply } from '../src/engine/sentinel/connection.ts'
import type { SentinelServer } from '../src/engine/sentinel/ports.ts'
import type { Server } from '../src/engine/server/server.ts'
import { deployment, killMaster, MASTER, type SentinelProc, whole } from './sentinel-rig.ts'

/** The compiler's check that a Server is what Sentinel asks for. */
export const fits = (server: Server): SentinelServer => server

function ready(seed: number, downAfter = 5000) {
  const d = deployment(seed, downAfter)
  d.rig.runUntilTrue(() => whole(d.sentinels), 5000)
  d.rig.runUntil(d.rig.now + 300_000)
  return { ...d, s: d.sentinels[0] as SentinelProc }
}
const fields = (reply: unknown): [string, string][] => {
  const pairs = (reply as { pairs: string[] }).pairs
  return Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i] ?? '', pairs[2 * i + 1] ?? ''])
}
const names = (reply: unknown): string =>
  fields(reply)
    .map(([n]) => n)
    .join(' ')

// The three lists are recorded from redis-sentinel 7.0.15.
test('SENTINEL MASTER, REPLICAS and SENTINELS give 7.0.15 fields in order (S06, S07)', () => {
  const { s } = ready(11)
  const common =
    'name ip port runid flags link-pending-commands link-refcount last-ping-sent last-ok-ping-reply last-ping-reply down-after-milliseconds'
  expect(names(s.call('master', 'mymaster'))).toBe(
    `${common} info-refresh role-reported role-reported-time config-epoch num-slaves num-other-sentinels quorum failover-timeout parallel-syncs`,
  )
  const replicas = s.call('replicas', 'mymaster') as unknown[]
  expect(replicas).toHaveLength(2)
  expect(names(replicas[0])).toBe(
    `${common} info-refresh role-reported role-reported-time master-link-down-time master-link-status master-host master-port slave-priority slave-repl-offset replica-announced`,
  )
  const others = s.call('sentinels', 'mymaster') as unknown[]
  expect(others).toHaveLength(2)
  expect(names(others[0])).toBe(`${common} last-hello-message voted-leader voted-leader-epoch`)
  expect(Object.fromEntries(fields(others[0]))).toMatchObject({
    flags: 'sentinel',
    'voted-leader': '?',
    'link-refcount': '1',
  })
})

test('errors of the SENTINEL commands are those of 7.0.15 (S32)', () => {
  const { s } = ready(12)
  const error = (...argv: string[]): string => (s.call(...argv) as { text: string }).text
  expect(error('master', 'nope')).toBe('ERR No such master with that name')
  expect(s.call('get-master-addr-by-name', 'nope')).toEqual({ t: 'nullArray' })
  expect(error('set', 'mymaster', 'quorum', '0')).toBe("ERR Invalid argument '0' for SENTINEL SET 'quorum'")
  expect(error('set', 'mymaster', 'rename-command', 'a')).toBe(
    "ERR Unknown option or number of arguments for SENTINEL SET 'rename-command'",
  )
  expect(error('set', 'mymaster', 'rename-command', 'a', '')).toBe(
    "ERR Invalid argument '' for SENTINEL SET 'rename-command'",
  )
  expect(error('set', 'mymaster', 'notification-script', '/x')).toMatch(
    /^ERR Reconfiguration of scripts path is denied for security reasons\./,
  )
  expect(error('monitor', 'a', 'b', 'c', 'd')).toBe('ERR Invalid quorum')
  expect(error('monitor', 'a', 'b', '1', '1')).toBe('ERR Invalid IP address or hostname specified')
  expect(error('monitor', 'mymaster', '127.0.0.1', '1', '1')).toBe('ERR Duplicate master name.')
  expect(error('monitor', 'm2', '127.0.0.1', '99999', '1')).toBe('ERR Invalid port number.')
  expect(error('is-master-down-by-addr', MASTER, 'x', '0', '*')).toBe('ERR value is not an integer or out of range')
  expect(error('debug', 'foo', 'bar')).toBe("ERR Unknown option or number of arguments for SENTINEL DEBUG 'foo'")
  expect(error('simulate-failure', 'x')).toBe('ERR Unknown failure simulation specified')
  expect(error('config', 'foo', 'bar')).toBe(
    'ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.',
  )
  expect(() => s.sentinel.publish(null, 'a', 'b')).toThrow(
    'ERR Only HELLO messages are accepted by Sentinel instances.',
  )
})

test('a pair before a bad one in SENTINEL SET stays and is saved', () => {
  const { s } = ready(13)
  const before = s.saves
  s.call('set', 'mymaster', 'down-after-milliseconds', '7000', 'quorum', 'x')
  expect(s.saves).toBe(before + 1)
  expect(s.saved).toContain('sentinel down-after-milliseconds mymaster 7000')
  expect(s.lines.map((l) => l.text)).toContain(`+set master mymaster ${MASTER} 6379 down-after-milliseconds 7000`)
  expect([...(s.sentinel.masters.get('mymaster')?.slaves.values() ?? [])].map((r) => r.downAfterPeriod)).toEqual([
    7000, 7000,
  ])
  s.call('set', 'mymaster', 'auth-pass', 'secret')
  expect(s.lines.at(-2)?.text).toBe(`+set master mymaster ${MASTER} 6379 auth-pass ******`)
})

test('SENTINEL FAILOVER promotes without an election; a second one is refused', () => {
  const { s, rig, replicas } = ready(14)
  expect(s.call('failover', 'mymaster')).toEqual({ t: 'status', text: 'OK' })
  expect(s.call('failover', 'mymaster')).toEqual({ t: 'error', text: 'INPROG Failover already in progress' })
  expect(rig.runUntilTrue(() => replicas.some((r) => r.masterIp === null), 3000)).toBe(true)
  expect(rig.runUntilTrue(() => s.lines.some((l) => l.text.startsWith('+switch-master')), 20000)).toBe(true)
})

test('no replica fits: NOGOODSLAVE', () => {
  const { s, rig, replicas } = ready(15)
  for (const r of replicas) r.priority = 0
  rig.runUntil(rig.now + 11_000_000)
  expect(s.call('failover', 'mymaster')).toEqual({ t: 'error', text: 'NOGOODSLAVE No suitable replica to promote' })
})

test('a Sentinel forgets nobody until RESET (S09)', () => {
  const { s, rig, sentinels } = ready(16, 1000)
  sentinels[2]?.kill()
  rig.runUntil(rig.now + 5_000_000)
  expect(
    s.lines.some((l) => l.text.startsWith(`+sdown sentinel ${sentinels[2]?.sentinel.myid} 10.0.0.23 26379 @ mymaster`)),
  ).toBe(true)
  const others = (): string | undefined =>
    Object.fromEntries(fields(s.call('master', 'mymaster')))['num-other-sentinels']
  expect(others()).toBe('2')
  expect(s.call('reset', 'my*')).toBe(1)
  expect(others()).toBe('0')
  rig.runUntil(rig.now + 5_000_000)
  expect(others()).toBe('1')
})

test('a Sentinel seen through two masters is one link and one PING', () => {
  const { s, rig, sentinels } = ready(17)
  for (const x of sentinels) x.call('monitor', 'other', '10.0.0.12', '6379', '2')
  rig.runUntil(rig.now + 5_000_000)
  const si = Object.fromEntries(fields((s.call('sentinels', 'other') as unknown[])[0]))
  expect(si['link-refcount']).toBe('2')
  s.call('remove', 'mymaster')
  expect(s.lines.some((l) => l.text === `-monitor master mymaster ${MASTER} 6379`)).toBe(true)
  rig.runUntil(rig.now + 3_000_000)
  const after = Object.fromEntries(fields((s.call('sentinels', 'other') as unknown[])[0]))
  expect([after['link-refcount'], after.flags]).toEqual(['1', 'sentinel'])
})

test('a hello from a new address moves the Sentinel; one at a taken address replaces it', () => {
  const { s, sentinels } = ready(18)
  const [id2, id3] = [sentinels[1]?.sentinel.myid, sentinels[2]?.sentinel.myid]
  const hello = (ip: string, id: string | undefined): string => `${ip},26379,${id},0,mymaster,${MASTER},6379,0`
  s.run(() => s.sentinel.publish(null, '__sentinel__:hello', hello('10.0.0.99', id2)))
  expect(s.lines.map((l) => l.text)).toContain(
    `+sentinel-address-switch master mymaster ${MASTER} 6379 ip 10.0.0.99 port 26379 for ${id2}`,
  )
  s.run(() => s.sentinel.publish(null, '__sentinel__:hello', hello('10.0.0.23', 'f'.repeat(40))))
  expect(s.lines.map((l) => l.text)).toContain(
    `+sentinel-invalid-addr sentinel ${id3} 10.0.0.23 26379 @ mymaster ${MASTER} 6379`,
  )
})

test('LOADING and MASTERDOWN count as alive, other errors do not', () => {
  for (const [reply, down] of [
    ['LOADING Redis is loading', false],
    ['MASTERDOWN Link', false],
    ['BUSY Redis is busy', true],
  ] as const) {
    const { s, rig, master } = ready(19, 1000)
    master.pingReply = reply
    rig.runUntil(rig.now + 3_000_000)
    expect(
      s.lines.some((l) => l.text.startsWith('+sdown master')),
      reply,
    ).toBe(down)
  }
})

test('bad config lines give the messages of 7.0.15; a line may come before the master it is about', () => {
  const { s } = ready(20)
  const line = (text: string): string | null => s.sentinel.handleConfigLine(text.split(' '))
  expect(line('monitor x 127.0.0.1 6379 0')).toBe('Quorum must be 1 or greater.')
  expect(line('monitor mymaster 127.0.0.1 6379 1')).toBe('Duplicate master name.')
  expect(line('down-after-milliseconds mymaster 0')).toBe('negative or zero time parameter.')
  expect(line('bogus')).toBe('Unrecognized sentinel configuration statement.')
  expect(line('myid 123')).toBe('Malformed Sentinel id in myid option.')
  expect(line('parallel-syncs later 3')).toBe(null)
  expect(line('parallel-syncs never 3')).toBe(null)
  expect(line('monitor later 127.0.0.1 6379 1')).toBe(null)
  expect(s.sentinel.finishConfig()).toMatchObject({
    error: 'No such master with specified name.',
    line: 'sentinel parallel-syncs never 3',
  })
  expect(s.sentinel.masters.get('later')?.parallelSyncs).toBe(3)
})

test('the summary shows who waits for whom, and the vote', () => {
  const d = ready(21)
  killMaster(d)
  d.rig.runUntil(d.rig.now + 3_000_000)
  const opinion = (): { waitMicros: number; limitMicros: number; sdown: boolean } | undefined =>
    (
      d.s.sentinel.summary() as {
        opinions: { about: string; waitMicros: number; limitMicros: number; sdown: boolean }[]
      }
    ).opinions.find((o) => o.about === `${MASTER}:6379`)
  expect(opinion()?.limitMicros).toBe(5_000_000)
  expect(opinion()?.waitMicros).toBeGreaterThan(2_500_000)
  expect(opinion()?.sdown).toBe(false)
  d.rig.runUntil(d.rig.now + 2_350_000)
  expect(d.s.sentinel.summary()).toMatchObject({ role: 'sentinel', epoch: 1, vote: { epoch: 1 } })
  expect(structuredClone(d.s.sentinel.view())).toMatchObject({
    currentEpoch: 1,
    masters: [{ quorum: 2, slaves: [{}, {}], candidates: [{}, {}] }],
  })
})

test('small parts: addresses, ctime, replies cut anywhere', () => {
  expect(['1.2.3.4', '256.1.1.1', 'host', '::1', 'a.b'].map(isIpAddress)).toEqual([true, false, false, true, false])
  expect(ctime(1795272958)).toBe('Sat Nov 21 14:55:58 2026')
  expect(ctime(951782400)).toBe('Tue Feb 29 00:00:00 2000')
  const wire = '*3\r\n:1\r\n$3\r\na\r\n\r\n*-1\r\n'
  for (let i = 0; i < wire.length; i++) expect(readReply(wire.slice(0, i), 0)).toBe(null)
  expect(readReply(wire, 0)?.[1]).toBe(wire.length)
})
