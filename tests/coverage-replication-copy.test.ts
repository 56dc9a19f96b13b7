/** Rows of the coverage list that speak of the first copy: how it travels, what is answered meanwhile, when it begins anew. */
import { expect, test } from 'vitest'
import { encode, following, kb, ReplicationRig } from './replication-rig.ts'

/** Text that LZF cannot make shorter. */
function noise(n: number, seed: number): string {
  let x = seed + 1
  let out = ''
  while (out.length < n) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    out += String.fromCharCode(33 + ((x >>> 16) % 90))
  }
  return out
}
const fill = (w: ReplicationRig, server: string, keys: number): void => {
  w.call(server, 'DEBUG', 'POPULATE', String(keys))
}

test('R03 reads that go to a replica are no longer the master’s work', () => {
  const w = new ReplicationRig([[], [following(1)]])
  w.synced('r2')
  const work = (reader: string): number => {
    w.call('r1', 'CONFIG', 'RESETSTAT')
    for (let i = 0; i < 50; i++) {
      if (i % 5 === 0) w.call('r1', 'SET', `k${i}`, 'v')
      else w.call(reader, 'GET', `k${i - (i % 5)}`)
    }
    return Number(w.info('r1', 'stats').total_commands_processed)
  }
  const all = work('r1')
  const writes = work('r2')
  expect(all).toBeGreaterThanOrEqual(50)
  expect(writes).toBeLessThan(all * 0.35)
})

test('R04 the states of the link: a first copy, a partial one after a cut, and nothing else', () => {
  const w = new ReplicationRig([['repl-timeout 3'], ['repl-timeout 3']])
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.synced('r2')
  const seen = (): string[] => w.linkStates('r2').map((t) => /\b[a-z_]+$/.exec(t)?.[0] ?? t)
  const handshake = ['connecting', 'receive_ping_reply', 'send_handshake', 'receive_port_reply', 'receive_capa_reply']
  const asked = [...handshake, 'send_psync', 'receive_psync_reply']
  expect(seen()).toEqual(['connect', ...asked, 'transfer', 'connected'])
  w.run(1)
  w.fault({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'] })
  w.run(3.5)
  w.heal()
  const before = seen().lastIndexOf('connect')
  w.synced('r2')
  w.run(1)
  const after = seen().slice(Math.max(before, seen().indexOf('connected') + 1))
  expect(after.slice(after.lastIndexOf('connect'))).toEqual(['connect', ...asked, 'connected'])
})

test('R29 a key does not expire while a script runs, however long; replicas hear what it did and not what it said', () => {
  const w = new ReplicationRig([[], [following(1)]])
  w.synced('r2')
  const script =
    "redis.call('set',KEYS[1],'v','px',10) for i=1,3000000 do end redis.call('incr','n') return redis.call('exists',KEYS[1])"
  expect(w.call('r1', 'EVAL', script, '1', 'k')).toBe(1)
  expect(w.call('r1', 'EXISTS', 'k')).toBe(0)
  w.run(0.5)
  expect(w.call('r2', 'GET', 'n')).toBe('1')
  const stream = w.sentToOthers('r1')
  expect(stream).not.toContain('3000000')
  expect(stream).toMatch(/\*1\r\n\$5\r\nMULTI\r\n.*\$3\r\nset\r\n\$1\r\nk\r\n.*incr.*\$4\r\nEXEC\r\n/is)
})

test('R16 the bytes of the handshake, in order', () => {
  const w = new ReplicationRig([
    ['requirepass p'],
    ['masterauth p', 'masteruser default', 'replica-announce-ip 1.2.3.4', 'replica-announce-port 7777'],
  ])
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.run(2)
  const [, id = ''] =
    /Trying a partial resynchronization \(request ([0-9a-f]{40}):1\)/.exec(w.log('r2').join('\n')) ?? []
  const handshake = [
    ['PING'],
    ['AUTH', 'default', 'p'],
    ['REPLCONF', 'listening-port', '7777'],
    ['REPLCONF', 'ip-address', '1.2.3.4'],
    ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'],
    ['PSYNC', id, '1'],
  ]
  expect(w.sentToMaster('r2').startsWith(handshake.map(encode).join(''))).toBe(true)
})

test('R19 a replica on a slow link, over its output buffer limit, is dropped and begins anew, again and again', () => {
  const w = new ReplicationRig([
    ['client-output-buffer-limit replica 64kb 0 0', 'repl-backlog-size 16kb'],
    [following(1)],
  ])
  w.synced('r2')
  w.slow('r1', 'r2', 30_000)
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 20; i++) w.call('r1', 'SET', `k${i}`, kb(4))
    w.run(1)
  }
  const text =
    /^Client id=\d+ addr=10\.0\.0\.12:\d+ .* scheduled to be closed ASAP for overcoming of output buffer limits\.$/
  expect(w.log('r1').filter((l) => text.test(l)).length).toBeGreaterThanOrEqual(2)
  expect(Number(w.info('r1', 'stats').sync_full)).toBeGreaterThanOrEqual(2)
  expect(w.count('r2', 'Connection with master lost.')).toBeGreaterThanOrEqual(1)
  w.slow('r1', 'r2', 125_000_000)
  w.run(15)
  expect(w.synced('r2')).toBe(true)
  w.run(2)
  expect(w.digest('r2')).toBe(w.digest('r1'))
})

test('R19 what is written during the first copy counts too', () => {
  const w = new ReplicationRig([['client-output-buffer-limit replica 64kb 0 0', 'repl-backlog-size 16kb'], []])
  for (let i = 0; i < 100; i++) w.call('r1', 'SET', `base${i}`, noise(5000, i))
  w.slow('r1', 'r2', 20_000)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.run(2)
  expect(w.info('r1').slave0).toContain('state=wait_bgsave')
  for (let i = 0; i < 20; i++) w.call('r1', 'SET', `new${i}`, kb(5))
  w.run(0.05)
  expect(w.count('r1', 'scheduled to be closed ASAP for overcoming of output buffer limits.')).toBe(1)
  expect(w.count('r1', 'Diskless rdb transfer, last replica dropped, killing fork child.')).toBe(1)
})

test('R19 a stopped replica is dropped as well; a reader that goes on gets all that it was owed', () => {
  const w = new ReplicationRig([
    ['client-output-buffer-limit replica 64kb 0 0', 'repl-backlog-size 16kb'],
    [following(1)],
  ])
  w.synced('r2')
  w.fault({ type: 'pause', process: 'r2' })
  for (let i = 0; i < 30; i++) w.call('r1', 'SET', `k${i}`, kb(8))
  w.run(0.2)
  expect(w.info('r1').connected_slaves).toBe('1')
  for (let i = 0; i < 30; i++) w.call('r1', 'SET', `k${i}`, kb(8))
  w.run(0.2)
  expect(w.info('r1').connected_slaves).toBe('0')
  const big = new ReplicationRig([[]])
  big.call('r1', 'SET', 'big', kb(1500))
  expect(String(big.call('r1', 'GET', 'big')).length).toBe(1500 * 1024)
})

test('R21 old data during the transfer, -LOADING while the copy is read, and new data then', () => {
  const w = new ReplicationRig([['repl-diskless-sync-delay 0'], []])
  w.call('r2', 'SET', 'old', '1')
  fill(w, 'r1', 200_000)
  w.slow('r1', 'r2', 10_000_000)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  expect(w.until(() => w.logged('r2', 'with EOF to disk'), 5, 0.002)).toBe(true)
  expect(w.call('r2', 'GET', 'old')).toBe('1')
  expect(w.info('r2').master_sync_in_progress).toBe('1')
  expect(w.until(() => w.logged('r2', 'Loading DB in memory'), 20, 0.002)).toBe(true)
  expect(w.call('r2', 'GET', 'old')).toBe('(error) LOADING Redis is loading the dataset in memory')
  const loading = w.info('r2', 'persistence')
  expect(loading).toMatchObject({ loading: '1', async_loading: '0' })
  expect(Number(loading.loading_loaded_bytes)).toBeGreaterThan(0)
  expect(Number(loading.loading_total_bytes)).toBeGreaterThan(Number(loading.loading_loaded_bytes))
  expect(w.synced('r2')).toBe(true)
  expect(w.info('r2', 'persistence').loading_total_bytes).toBe(undefined)
  expect([w.call('r2', 'GET', 'old'), w.call('r2', 'DBSIZE')]).toEqual([null, 200_000])
}, 30_000)

test('R21 swapdb: the same history is served on while it loads; another one is not', () => {
  const w = new ReplicationRig([['repl-backlog-size 16kb'], ['repl-diskless-load swapdb', 'repl-timeout 3']])
  fill(w, 'r1', 100_000)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.synced('r2')
  w.run(2)
  w.fault({ type: 'cut', groupA: ['box-1'], groupB: ['box-2'] })
  w.run(5)
  for (let i = 0; i < 60; i++) w.call('r1', 'SET', `gap${i}`, kb(1))
  w.call('r1', 'CONFIG', 'SET', 'repl-timeout', '3')
  w.run(5)
  w.heal()
  w.slow('r1', 'r2', 20_000_000)
  expect(w.until(() => w.info('r2', 'persistence').async_loading === '1', 20, 0.005)).toBe(true)
  expect(w.call('r2', 'DBSIZE')).toBe(100_000)
  expect(w.call('r2', 'CONFIG', 'SET', 'repl-diskless-load', 'disabled')).toMatch(/^\(error\)/)
  expect(w.synced('r2')).toBe(true)
  expect(w.call('r2', 'DBSIZE')).toBe(100_060)
  expect(w.log('r2')).toContain('MASTER <-> REPLICA sync: Swapping active DB with loaded DB')
  w.call('r1', 'DEBUG', 'CHANGE-REPL-ID')
  w.call('r2', 'REPLICAOF', 'NO', 'ONE')
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  expect(w.until(() => w.info('r2', 'persistence').loading === '1', 20, 0.005)).toBe(true)
  expect(w.call('r2', 'GET', 'gap1')).toBe('(error) LOADING Redis is loading the dataset in memory')
  expect(w.synced('r2')).toBe(true)
}, 30_000)

test('R20 repl-diskless-load on-empty-db: to the parser when there is nothing, to the disk otherwise', () => {
  const w = new ReplicationRig([[], ['repl-diskless-load on-empty-db', 'save ""'], ['repl-diskless-load on-empty-db']])
  w.call('r1', 'SET', 'a', '1')
  w.call('r3', 'SET', 'b', '1')
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.call('r3', 'REPLICAOF', '10.0.0.11', '6379')
  expect(w.synced('r2', 'r3')).toBe(true)
  expect(w.log('r2')).toContain('MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser')
  expect(w.log('r3')).toContain('MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk')
  expect(w.world.files('r2').has('/var/lib/redis/dump.rdb')).toBe(false)
  expect(w.world.files('r3').has('/var/lib/redis/dump.rdb')).toBe(true)
  w.run(1.5)
  expect(w.digest('r2')).toBe(w.digest('r1'))
  expect(w.digest('r3')).toBe(w.digest('r1'))
})

test('R32 a copy that a slow link cannot bring within repl-timeout never ends', () => {
  const w = new ReplicationRig([['repl-timeout 3'], ['repl-timeout 60']])
  for (let i = 0; i < 100; i++) w.call('r1', 'SET', `k${i}`, noise(5000, i))
  w.slow('r1', 'r2', 15_000)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  let up = 0
  for (let i = 0; i < 120; i++) {
    w.run(0.5)
    if (w.info('r2').master_link_status === 'up') up++
  }
  expect(Number(w.info('r1', 'stats').sync_full)).toBeGreaterThanOrEqual(2)
  expect(w.count('r1', 'Disconnecting timedout replica (full sync): 10.0.0.12:6379')).toBeGreaterThanOrEqual(2)
  expect(up).toBe(0)
  w.call('r1', 'CONFIG', 'SET', 'repl-timeout', '60')
  expect(w.until(() => w.info('r2').master_link_status === 'up', 60, 1)).toBe(true)
})

test('a replica that loads for longer than repl-timeout stays, by its newlines; the master’s death meanwhile is noticed after', () => {
  const w = new ReplicationRig([[], []])
  fill(w, 'r1', 200_000)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  expect(w.until(() => w.logged('r2', 'Loading DB in memory'), 20, 0.002)).toBe(true)
  w.fault({ type: 'kill', process: 'r1' })
  expect(w.until(() => w.logged('r2', 'Finished with success'), 5, 0.01)).toBe(true)
  expect(w.log('r2').slice(-6)).toEqual(
    expect.arrayContaining(['Connection with master lost.', 'Caching the disconnected master state.']),
  )
  expect(w.call('r2', 'DBSIZE')).toBe(200_000)
  expect(w.sentToMaster('r2')).toContain('\r\n\n')
}, 30_000)
