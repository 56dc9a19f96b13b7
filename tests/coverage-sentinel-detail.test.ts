/** Rows of the coverage list on Sentinel's connections, periods, events, configuration and commands; and the trace of a split vote. */
import { expect, test } from 'vitest'
import { createServer } from '../src/engine/index.ts'
import {
  answers,
  box,
  callEvery,
  type Deployment,
  deploy,
  fields,
  kill,
  masterSeenBy,
  type Plain,
  ready,
  SECOND,
  switched,
} from './sentinel-world.ts'

const CONF = '/etc/sentinel.conf'
const file = (d: Deployment, s: string): string => d.world.files(s).get(CONF) ?? ''
/** What MONITOR at a server shows from now on of one Sentinel's commands: when, and which. */
function watch(d: Deployment, server: string, sentinel: string): () => { at: number; words: string }[] {
  const c = callEvery(d, server, 0, 'MONITOR')
  const from = ` ${d.address(sentinel)}:`
  return () =>
    answers(d.world, c).flatMap(({ at, reply }) => {
      const line = String(reply)
      return line.includes(from) ? [{ at, words: line.slice(line.indexOf('] ') + 2) }] : []
    })
}
const gaps = (at: readonly number[]): number[] => at.slice(1).map((t, i) => (t - (at[i] as number)) / 1000)

test('S03 a Sentinel holds no data', () => {
  const d = ready({ seed: 1 })
  expect(d.call('s1', 'DBSIZE')).toMatchObject({ error: expect.stringMatching(/^ERR unknown command 'DBSIZE'/) })
  expect(String(d.call('s1', 'INFO', 'everything'))).not.toContain('# Keyspace')
  expect(d.world.status('s1').summary?.role).toBe('sentinel')
})

test('S05 the same program with --sentinel and a config file is a Sentinel; without a file it refuses to start', () => {
  const start = (argv: string[]): string => {
    const env = { pid: 7, seed: 1, host: '10.0.0.1', argv, cwd: '/' }
    const server = createServer(env, undefined, { mode: 'sentinel' })
    return JSON.stringify(server.handle({ type: 'start' }, 1e15))
  }
  expect(start([])).toContain('Sentinel needs config file on disk to save state. Exiting...')
  expect(start(['/etc/sentinel.conf'])).toContain('"op":"read","path":"/etc/sentinel.conf"')
  const d = ready({ seed: 1 })
  expect(String(d.call('s1', 'INFO', 'server'))).toContain('redis_mode:sentinel')
})

test('S08 a fourth Sentinel with the same monitor line is known to all, and knows all', () => {
  const d = ready({ seed: 2, extraBoxes: 1 })
  d.addSentinel(4)
  d.world.runFor(15 * SECOND)
  for (const s of ['s1', 's2', 's3', 's4'])
    expect(fields(d.call(s, 'SENTINEL', 'MASTER', 'mymaster'))).toMatchObject({
      'num-other-sentinels': '3',
      'num-slaves': '2',
    })
  expect(file(d, 's1').match(/^sentinel known-sentinel /gm)).toHaveLength(3)
})

test('S11 INFO every ten seconds finds a new replica; every second while the master is down', () => {
  const d = ready({ seed: 3, extraBoxes: 1 })
  const t0 = d.world.now
  d.addServer(4, ['replicaof 10.0.0.11 6379'])
  expect(
    d.until(
      () => d.sentinels.every((s) => d.lines(s, t0).some((l) => l.text.startsWith('+slave slave 10.0.0.14:6379'))),
      12 * SECOND,
    ),
  ).toBe(true)
  for (const r of ['redis-2', 'redis-3', 'redis-4']) d.call(r, 'CONFIG', 'SET', 'replica-priority', '0')
  const seen = watch(d, 'redis-2', 's1')
  d.world.runFor(35 * SECOND)
  const infos = (from = 0): number[] =>
    seen()
      .filter((m) => m.at > from && m.words === '"INFO"')
      .map((m) => m.at)
  for (const gap of gaps(infos())) {
    expect(gap).toBeGreaterThan(10_000)
    expect(gap).toBeLessThan(10_300)
  }
  const t1 = kill(d, 'redis-1')
  d.world.runFor(12 * SECOND)
  const fast = gaps(infos(t1 + 4 * SECOND))
  expect(fast.length).toBeGreaterThanOrEqual(6)
  for (const gap of fast) expect(gap).toBeLessThan(1300)
})

test('S12 two connections to each server, one to each other Sentinel', () => {
  const d = ready({ seed: 4 })
  const names = (process: string): string[] =>
    [...String(d.call(process, 'CLIENT', 'LIST')).matchAll(/ name=(sentinel-[0-9a-f]{8}-\w+) /g)]
      .map((m) => m[1] ?? '')
      .sort()
  const id = (s: string): string => String(d.call(s, 'SENTINEL', 'MYID')).slice(0, 8)
  const [a, b, c] = ['s1', 's2', 's3'].map(id)
  expect(names('redis-1')).toEqual([a, b, c].flatMap((i) => [`sentinel-${i}-cmd`, `sentinel-${i}-pubsub`]).sort())
  expect(names('s2')).toEqual([`sentinel-${a}-cmd`, `sentinel-${c}-cmd`].sort())
})

test('S13 PING every second, or every down-after-milliseconds when that is less', () => {
  for (const [downAfter, period] of [
    [5000, 1000],
    [500, 500],
  ] as const) {
    const d = ready({ seed: 5, downAfter })
    const seen = watch(d, 'redis-1', 's1')
    d.world.runFor(10 * SECOND)
    const pings = gaps(
      seen()
        .filter((m) => m.words === '"PING"')
        .map((m) => m.at),
    )
    expect(pings.length).toBeGreaterThanOrEqual(7)
    for (const gap of pings) {
      expect(gap).toBeGreaterThanOrEqual(period - 5)
      expect(gap).toBeLessThan(period + 250)
    }
  }
})

test('S18 parallel-syncs: no more replicas than that are reconfigured at once', () => {
  const most = (parallelSyncs: number): number => {
    const d = ready({ seed: 6, replicas: 5, parallelSyncs })
    const t0 = kill(d, 'redis-1')
    expect(d.until(() => switched(d, t0), 90 * SECOND, 50_000)).toBe(true)
    const leader = d.sentinels.find((s) => d.names(s, t0).includes('+elected-leader')) as string
    let now = 0
    let max = 0
    for (const name of d.names(leader, t0)) {
      if (name === '+slave-reconf-sent') max = Math.max(max, ++now)
      else if (name === '+slave-reconf-done') now--
    }
    expect(d.names(leader, t0).filter((n) => n === '+slave-reconf-done')).toHaveLength(4)
    return max
  }
  expect(most(1)).toBe(1)
  expect(most(3)).toBe(3)
})

test('S30 the events are messages on channels of their names', () => {
  const d = ready({ seed: 7 })
  const listeners = d.sentinels.map((s) => callEvery(d, s, 0, 'PSUBSCRIBE', '*'))
  d.world.runFor(SECOND)
  const t0 = kill(d, 'redis-1')
  expect(d.until(() => switched(d, t0))).toBe(true)
  d.world.runFor(SECOND)
  const heard = listeners.map((c) =>
    answers(d.world, c).flatMap((a) =>
      (a.reply as Plain[])[0] === 'pmessage' ? [(a.reply as Plain[]).slice(2).join(' ')] : [],
    ),
  )
  const channels = new Set(heard.flat().map((m) => m.split(' ')[0]))
  for (const name of [
    '+sdown',
    '+odown',
    '+new-epoch',
    '+try-failover',
    '+vote-for-leader',
    '+config-update-from',
    '+switch-master',
    '+slave',
  ])
    expect([name, channels.has(name)]).toEqual([name, true])
  for (const [i, s] of d.sentinels.entries()) {
    const logged = d.lines(s, t0).filter((l) => /^[+-]/.test(l.text) && l.at < d.world.now - SECOND / 2)
    for (const line of logged) expect(heard[i]).toContain(line.text)
  }
})

test('S30 notification-script and client-reconfig-script: run for each event, retried after 30 s and a minute when they exit with 1', () => {
  const files = {
    '/opt/notify.sh': 'sleep 1\nexit 1\n',
    '/opt/reconfig.sh': 'exit 3\n',
  }
  const sentinelLines = [
    'sentinel notification-script mymaster /opt/notify.sh',
    'sentinel client-reconfig-script mymaster /opt/reconfig.sh',
  ]
  const d = ready({ seed: 8, sentinelLines, files })
  const t0 = kill(d, 'redis-1')
  d.world.runFor(2.5 * SECOND)
  const jobs = (): Record<string, Plain>[] => (d.call('s1', 'SENTINEL', 'PENDING-SCRIPTS') as Plain[]).map(fields)
  const sdown = jobs().find((j) => (j.argv as Plain[])[1] === '+sdown')
  expect(sdown).toMatchObject({ flags: 'running', 'retry-num': '1' })
  expect((sdown as Record<string, Plain[]>).argv?.[2]).toBe('master mymaster 10.0.0.11 6379')
  expect(String(d.call('s1', 'INFO', 'sentinel'))).toMatch(/sentinel_running_scripts:[1-9]/)
  d.world.runFor(5 * SECOND)
  expect(jobs().find((j) => (j.argv as Plain[])[1] === '+sdown')).toMatchObject({
    flags: 'scheduled',
    pid: '0',
    'retry-num': '1',
  })
  d.world.runFor(30 * SECOND)
  expect(jobs().find((j) => (j.argv as Plain[])[1] === '+sdown')).toMatchObject({ 'retry-num': '2' })
  expect(switched(d, t0)).toBe(true)
  const failed = d.sentinels
    .flatMap((s) => d.lines(s, t0))
    .filter((l) => l.text === '-script-error /opt/reconfig.sh 0 3')
  expect(failed.length).toBeGreaterThanOrEqual(1)
})

test('S30 a script that does not end is killed after a minute; one that is not there is an error', () => {
  const run = (files: Record<string, string>): string[] => {
    const d = ready({ seed: 9, files, sentinelLines: ['sentinel notification-script mymaster /opt/notify.sh'] })
    d.world.inject({ type: 'pause', process: 'redis-3' })
    const t0 = d.world.now
    d.world.runFor(70 * SECOND)
    return d.names('s1', t0)
  }
  expect(run({ '/opt/notify.sh': 'sleep 1000\n' })).toContain('-script-timeout')
  expect(run({})).toContain('-script-error')
})

test('S32 RESET, MYID, INFO-CACHE, CONFIG, DEBUG, PENDING-SCRIPTS, FLUSHCONFIG, REMOVE and what too few Sentinels answer', () => {
  const d = ready({ seed: 10 })
  expect(String(d.call('s1', 'SENTINEL', 'MYID'))).toMatch(/^[0-9a-f]{40}$/)
  const cache = d.call('s1', 'SENTINEL', 'INFO-CACHE', 'mymaster') as Plain[]
  expect(cache[0]).toBe('mymaster')
  expect((cache[1] as Plain[]).length).toBe(3)
  expect(String(((cache[1] as Plain[])[0] as Plain[])[1])).toContain('role:master')
  expect(d.call('s1', 'SENTINEL', 'CONFIG', 'SET', 'announce-port', '26380')).toBe('OK')
  expect(d.call('s1', 'SENTINEL', 'CONFIG', 'GET', 'announce-port')).toEqual(['announce-port', '26380'])
  expect(file(d, 's1')).toContain('sentinel announce-port 26380')
  expect(d.call('s1', 'SENTINEL', 'DEBUG', 'ping-period', '200')).toBe('OK')
  expect(fields(d.call('s1', 'SENTINEL', 'DEBUG'))['PING-PERIOD']).toBe('200')
  expect(d.call('s1', 'SENTINEL', 'PENDING-SCRIPTS')).toEqual([])
  expect(d.call('s1', 'SENTINEL', 'FLUSHCONFIG')).toBe('OK')
  kill(d, 's2')
  kill(d, 's3')
  d.world.runFor(4 * SECOND)
  expect(d.call('s1', 'SENTINEL', 'CKQUORUM', 'mymaster')).toEqual({
    error:
      'NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. Not enough available Sentinels to reach the majority and authorize a failover',
  })
  for (const r of ['redis-2', 'redis-3']) kill(d, r)
  d.world.runFor(4 * SECOND)
  expect(d.call('s1', 'SENTINEL', 'FAILOVER', 'mymaster')).toEqual({
    error: 'NOGOODSLAVE No suitable replica to promote',
  })
})

test('S32 SIMULATE-FAILURE: the leader dies after its election, or after the promotion, and another finishes', () => {
  for (const when of ['crash-after-election', 'crash-after-promotion']) {
    const d = ready({ seed: 11, failoverTimeout: 6000 })
    d.call('s1', 'SENTINEL', 'SIMULATE-FAILURE', when)
    expect(d.call('s1', 'SENTINEL', 'FAILOVER', 'mymaster')).toBe('OK')
    expect(d.until(() => d.world.status('s1').state !== 'running', 30 * SECOND)).toBe(true)
    expect(d.world.status('s1')).toMatchObject({ state: 'exited', exitCode: 99 })
    const text = d.lines('s1').map((l) => l.text)
    expect(text).toContain('Sentinel CRASH because of SENTINEL simulate-failure')
    expect(text.some((l) => l.startsWith('+promoted-slave'))).toBe(when === 'crash-after-promotion')
    // Somebody becomes the only master in the end, whatever state the dead leader left behind.
    const t1 = kill(d, 'redis-1')
    expect(
      d.until(() => switched(d, t1, ['s2', 's3']) || masterSeenBy(d, 's2') !== '10.0.0.11', 120 * SECOND, 100_000),
    ).toBe(true)
    expect(d.until(() => masterSeenBy(d, 's2') === masterSeenBy(d, 's3'), 60 * SECOND, 100_000)).toBe(true)
    const now = box(d, masterSeenBy(d, 's2'))
    expect(d.until(() => (d.call(now, 'ROLE') as Plain[])[0] === 'master', 60 * SECOND, 200_000)).toBe(true)
  }
})

test('S04 a vote is on the platter before the answer leaves: after a power cut nobody else gets one in that epoch', () => {
  const d = ready({ seed: 12 })
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
  const ask = (who: string): Plain => d.call('s2', 'SENTINEL', 'IS-MASTER-DOWN-BY-ADDR', '10.0.0.11', '6379', '7', who)
  expect(ask(a)).toEqual([0, a, 7])
  d.world.inject({ type: 'power', box: 'box-2' })
  d.world.runFor(1000)
  expect(file(d, 's2')).toContain('sentinel leader-epoch mymaster 7')
  expect(file(d, 's2')).toContain('sentinel current-epoch 7')
  d.world.inject({ type: 'restart', process: 's2' })
  d.world.runFor(SECOND)
  const [, leader, epoch] = ask(b) as Plain[]
  expect(leader).not.toBe(b)
  expect(epoch).toBe(7)
})

test('S04 a full disk: the answer is an error, the log says why, and what is believed goes on', () => {
  const d = ready({ seed: 13 })
  const before = file(d, 's1')
  d.world.inject({ type: 'disk', box: 'box-1', freeBytes: 0 })
  const failed = { error: 'ERR Failed to save config file. Check server logs.' }
  expect(d.call('s1', 'SENTINEL', 'FLUSHCONFIG')).toEqual(failed)
  expect(d.call('s1', 'SENTINEL', 'SET', 'mymaster', 'quorum', '3')).toEqual(failed)
  expect(fields(d.call('s1', 'SENTINEL', 'MASTER', 'mymaster')).quorum).toBe('3')
  expect(d.lines('s1').map((l) => l.text)).toContain(
    'WARNING: Sentinel was not able to save the new configuration on disk!!!: No space left on device',
  )
  expect(file(d, 's1')).toBe(before)
  d.world.inject({ type: 'disk', box: 'box-1', freeBytes: null })
  expect(d.call('s1', 'SENTINEL', 'FLUSHCONFIG')).toBe('OK')
  expect(file(d, 's1')).toContain('sentinel monitor mymaster 10.0.0.11 6379 3')
})

test('a master that asks for a password: auth-pass; and announce-ip, which is what the others are told', () => {
  const lines = ['requirepass p', 'masterauth p']
  const d = deploy({
    seed: 14,
    serverLines: { 'redis-1': lines, 'redis-2': lines, 'redis-3': lines },
    sentinelLines: ['sentinel auth-pass mymaster p', 'sentinel announce-ip 203.0.113.7', 'sentinel announce-port 999'],
  })
  d.world.runFor(25 * SECOND)
  expect(String(d.call('s1', 'INFO', 'sentinel'))).toContain('status=ok,address=10.0.0.11:6379,slaves=2')
  const other = fields((d.call('s1', 'SENTINEL', 'SENTINELS', 'mymaster') as Plain[])[0] ?? [])
  expect(other).toMatchObject({ ip: '203.0.113.7', port: '999' })
})

test('B.1 a split vote: two vote for themselves in epoch 1, the third decides; the loser waits', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const d = deploy({ seed, failoverTimeout: 6000 })
    if (!d.until(d.whole, 20 * SECOND, 100_000)) continue
    // A vote is written before it is cast; on the recorded machine that took a third of a second, in which another one began.
    for (const box of ['box-1', 'box-2', 'box-3'])
      d.world.inject({ type: 'disk', box, freeBytes: null, slowness: 1300 })
    const t0 = kill(d, 'redis-1')
    if (!d.until(() => switched(d, t0), 60 * SECOND, 50_000)) continue
    const votes = d.sentinels.map((s) => ({
      s,
      own: String(d.call(s, 'SENTINEL', 'MYID')),
      vote: d.lines(s, t0).flatMap((l) => /^\+vote-for-leader (\w+) 1$/.exec(l.text)?.[1] ?? [])[0],
    }))
    const selfish = votes.filter((v) => v.vote === v.own)
    const leader = votes.find((v) => d.names(v.s, t0).includes('+elected-leader'))
    if (selfish.length !== 2 || leader === undefined || !d.lines(leader.s, t0).some((l) => l.text === '+new-epoch 1'))
      continue
    const loser = selfish.find((v) => v !== leader) as (typeof votes)[number]
    const third = votes.find((v) => !selfish.includes(v)) as (typeof votes)[number]
    expect(third.vote).toBe(leader.own)
    expect(selfish).toContain(leader)
    const texts = d.lines(loser.s, t0).map((l) => l.text)
    expect(texts.some((l) => l.startsWith('+try-failover'))).toBe(true)
    const waits = (v: { s: string }): boolean =>
      d.lines(v.s, t0).some((l) => l.text.startsWith('Next failover delay: I will not start a failover before '))
    expect([loser, third].some(waits)).toBe(true)
    for (const s of [loser, third]) {
      const names = d.names(s.s, t0)
      const update = names.indexOf('+config-update-from')
      expect(names.slice(update, update + 4)).toEqual(['+config-update-from', '+switch-master', '+slave', '+slave'])
    }
    const at = (s: string, name: string): number =>
      d.lines(s, t0).find((l) => l.text.startsWith(name))?.at ?? Number.NaN
    // As recorded: two seconds to +sdown, the vote soon after, promotion within a second or so, the end a second later.
    expect((at(leader.s, '+sdown') - t0) / SECOND).toBeGreaterThan(1.9)
    expect((at(leader.s, '+sdown') - t0) / SECOND).toBeLessThan(3.3)
    expect((at(leader.s, '+promoted-slave') - at(leader.s, '+failover-state-wait-promotion')) / SECOND).toBeLessThan(
      1.2,
    )
    expect((at(leader.s, '+switch-master') - at(leader.s, '+failover-end')) / SECOND).toBeLessThan(0.4)
    d.world.runFor(4 * SECOND)
    expect(d.names(leader.s, at(leader.s, '+switch-master'))).toContain('+sdown')
    return
  }
  throw new Error('no split vote in 60 seeds')
}, 60_000)
