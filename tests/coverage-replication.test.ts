/** Rows of the coverage list that speak of replication: the stream, ids and offsets, the backlog, full and partial copies. */
import { expect, test } from 'vitest'
import { kb, pair, ReplicationRig, trio } from './replication-rig.ts'

test('R01 replicas follow the stream byte for byte; R04, R17, R18, R22 and what is written meanwhile arrives', () => {
  const w = trio()
  w.call('r1', 'MSET', 'a', '1', 'b', '2')
  for (let i = 0; i < 30; i++) {
    w.call('r1', 'RPUSH', 'l', String(i))
    w.run(0.05)
  }
  expect(w.synced('r2', 'r3')).toBe(true)
  w.call('r1', 'SELECT', '3')
  w.call('r1', 'SADD', 's', 'x', 'y')
  w.run(1.5)
  const offset = w.info('r1').master_repl_offset
  for (const r of ['r2', 'r3']) {
    expect(w.info(r).slave_repl_offset).toBe(offset)
    expect(w.info(r).master_repl_offset).toBe(offset)
    expect(w.digest(r)).toBe(w.digest('r1'))
  }
  expect(w.info('r1').slave0).toMatch(new RegExp(`^ip=10.0.0.1[23],port=6379,state=online,offset=${offset},lag=[01]$`))
})

test('R02 a replica refuses writes; R05 REPLICAOF in the conf, old names of directives; R35 replica-ignore-maxmemory', () => {
  const w = pair()
  w.synced('r2')
  expect(w.call('r2', 'SET', 'a', '1')).toBe("(error) READONLY You can't write against a read only replica.")
  expect(w.call('r1', 'CONFIG', 'GET', 'min-*')).toEqual(
    expect.arrayContaining([
      'min-slaves-to-write',
      'min-replicas-to-write',
      'min-slaves-max-lag',
      'min-replicas-max-lag',
    ]),
  )
  expect(w.call('r2', 'CONFIG', 'GET', 'replica-ignore-maxmemory')).toEqual(['replica-ignore-maxmemory', 'yes'])
  expect(w.call('r2', 'SLAVEOF', '10.0.0.11', '6379')).toBe('OK Already connected to specified master')
  expect(w.call('r2', 'SLAVEOF', 'NO', 'ONE')).toBe('OK')
  expect(w.info('r2').role).toBe('master')
  expect(w.call('r2', 'REPLICAOF', '10.0.0.11', 'x')).toBe('(error) ERR Invalid master port')
})

test('R06 the replication id is not the run id', () => {
  const w = pair()
  const { master_replid = '' } = w.info('r1')
  expect(master_replid).toMatch(/^[0-9a-f]{40}$/)
  expect(w.info('r1', 'server').run_id).not.toBe(master_replid)
})

test('R07 a master restarted from its file takes a new id and keeps the old one as the second', () => {
  const w = pair(['save 3600 1'])
  w.synced('r2')
  w.call('r1', 'SET', 'a', '1')
  w.run(1)
  const before = w.info('r1')
  w.send('r1', ['SHUTDOWN', 'SAVE'])
  w.run(1)
  w.restart('r1')
  const after = w.info('r1')
  expect(after.master_replid).not.toBe(before.master_replid)
  expect(after.master_replid2).toBe(before.master_replid)
  expect(Number(after.second_repl_offset)).toBe(Number(w.info('r2').slave_repl_offset) + 1)
  expect(w.synced('r2')).toBe(true)
  expect(w.info('r1', 'stats').sync_partial_ok).toBe('1')
  expect(w.call('r2', 'GET', 'a')).toBe('1')
})

test('R08 the offset grows by bytes once there is a backlog, and not before', () => {
  const w = new ReplicationRig([[], []])
  w.call('r1', 'SET', 'a', '1')
  expect(w.info('r1').master_repl_offset).toBe('0')
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.synced('r2')
  w.call('r2', 'REPLICAOF', 'NO', 'ONE')
  w.run(0.5)
  const at = (): number => Number(w.info('r1').master_repl_offset)
  const start = at()
  w.call('r1', 'SET', 'a', '2')
  const second = at()
  w.call('r1', 'SET', 'a', '2')
  expect([second - start, at() - second]).toEqual([50, 27])
})

test('R09 after a cut only the missing bytes are sent', () => {
  const w = pair(['repl-timeout 3', 'repl-ping-replica-period 1'], ['repl-timeout 3'])
  w.synced('r2')
  w.run(1)
  w.cut('r1', 'r2')
  w.run(6)
  const from = Number(w.info('r2').slave_repl_offset) + 1
  for (let i = 0; i < 20; i++) w.call('r1', 'SET', `k${i}`, kb(1))
  w.heal()
  expect(w.synced('r2')).toBe(true)
  w.run(1)
  const line =
    w.log('r1').find((l) => l.startsWith('Partial resynchronization request from 10.0.0.12:6379 accepted. Sending')) ??
    ''
  const [, bytes, offset] = /Sending (\d+) bytes of backlog starting from offset (\d+)\.$/.exec(line) ?? []
  expect(Number(offset)).toBe(from)
  expect(Number(bytes)).toBeGreaterThan(20 * 1024)
  expect(w.digest('r2')).toBe(w.digest('r1'))
})

test('R10 one big write stays in the backlog beyond its size; R12 many small ones do not, and the sync is full', () => {
  const run = (writes: number, size: number): [histlen: number, partial: string | undefined, lack: boolean] => {
    const w = pair(['repl-backlog-size 16kb', 'repl-timeout 3'], ['repl-timeout 3'])
    w.synced('r2')
    w.run(1)
    w.cut('r1', 'r2')
    w.run(7)
    for (let i = 0; i < writes; i++) w.call('r1', 'SET', `k${i}`, 'x'.repeat(size))
    const histlen = Number(w.info('r1').repl_backlog_histlen)
    w.heal()
    w.synced('r2')
    return [
      histlen,
      w.info('r1', 'stats').sync_partial_ok,
      w.logged('r1', 'Unable to partial resync with replica 10.0.0.12:6379 for lack of backlog (Replica request was: '),
    ]
  }
  const big = run(1, 30000)
  expect(big[0]).toBeGreaterThan(30000)
  expect(big.slice(1)).toEqual(['1', false])
  const small = run(60, 1024)
  expect(small[0]).toBeGreaterThan(16384)
  expect(small[0]).toBeLessThan(36864)
  expect(small.slice(1)).toEqual(['0', true])
})

test('R11 the backlog is freed when the last replica has been gone for repl-backlog-ttl', () => {
  const w = pair(['repl-backlog-ttl 5'])
  w.synced('r2')
  const id = w.info('r1').master_replid
  w.fault({ type: 'kill', process: 'r2' })
  w.run(3)
  expect(w.info('r1').repl_backlog_active).toBe('1')
  w.run(5)
  expect(w.info('r1').repl_backlog_active).toBe('0')
  expect(w.info('r1').master_replid).not.toBe(id)
  expect(w.logged('r1', 'Replication backlog freed after 5 seconds without connected replicas.')).toBe(true)
})

test('R13 a promoted replica answers for the old id: the other replica and the old master resynchronise partially; R41 ids shift', () => {
  const w = trio()
  w.synced('r2', 'r3')
  w.call('r1', 'SET', 'a', '1')
  w.run(1.5)
  const id = w.info('r1').master_replid
  const offset = Number(w.info('r2').slave_repl_offset)
  w.call('r2', 'REPLICAOF', 'NO', 'ONE')
  const promoted = w.info('r2')
  expect([promoted.role, promoted.master_replid2, promoted.second_repl_offset]).toEqual([
    'master',
    id,
    String(offset + 1),
  ])
  expect(w.call('r2', 'GET', 'a')).toBe('1')
  w.call('r3', 'REPLICAOF', '10.0.0.12', '6379')
  w.call('r1', 'REPLICAOF', '10.0.0.12', '6379')
  w.synced('r1', 'r3')
  expect(w.info('r2', 'stats')).toMatchObject({ sync_partial_ok: '2', sync_full: '0' })
  expect(w.info('r3').master_replid).toBe(promoted.master_replid)
})

test('R14 an old master that wrote on must take a full copy', () => {
  const w = pair()
  w.synced('r2')
  w.run(1.5)
  w.call('r2', 'REPLICAOF', 'NO', 'ONE')
  w.run(0.5)
  w.call('r1', 'SET', 'diverged', '1')
  w.call('r1', 'REPLICAOF', '10.0.0.12', '6379')
  w.synced('r1')
  expect(
    w
      .log('r2')
      .some((l) =>
        /^Partial resynchronization not accepted: Requested offset for second ID was \d+, but I can reply up to \d+$/.test(
          l,
        ),
      ),
  ).toBe(true)
  expect(w.call('r1', 'EXISTS', 'diverged')).toBe(0)
  const other = new ReplicationRig([[], []])
  other.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  other.synced('r2')
  const line = other.log('r1').find((l) => l.startsWith('Partial resynchronization not accepted'))
  expect(line).toMatch(
    /^Partial resynchronization not accepted: Replication ID mismatch \(Replica asked for '[0-9a-f]{40}', my replication IDs are '[0-9a-f]{40}' and '0{40}'\)$/,
  )
})

test('R15 a replica stopped with SHUTDOWN SAVE goes on where it was', () => {
  const w = pair()
  w.synced('r2')
  w.call('r1', 'SET', 'a', '1')
  w.run(1)
  w.send('r2', ['SHUTDOWN', 'SAVE'])
  w.run(1)
  w.call('r1', 'SET', 'b', '2')
  w.restart('r2')
  expect(w.synced('r2')).toBe(true)
  expect(w.info('r1', 'stats').sync_partial_ok).toBe('1')
  w.run(1)
  expect(w.digest('r2')).toBe(w.digest('r1'))
})

test('R16 the handshake: PING, AUTH, listening-port, ip-address, capa, PSYNC', () => {
  const w = new ReplicationRig([['requirepass p'], ['masterauth p', 'replica-announce-ip 1.2.3.4']])
  const monitor = w.send('r1', ['AUTH', 'p'], 'watch')
  w.run(0.1)
  w.answer(monitor)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.run(2)
  expect(w.info('r2').master_link_status).toBe('up')
  w.call('r1', 'AUTH', 'p')
  expect(w.info('r1').slave0).toMatch(/^ip=1.2.3.4,port=6379,state=online/)
})

test('R20 without a disk after the delay; with repl-diskless-sync no, a file with its length', () => {
  const w = pair(['repl-diskless-sync-delay 5'])
  w.synced('r2')
  const at = (text: string): number => w.world.log('r1').find((l) => l.line.includes(text))?.at ?? Number.NaN
  const waited =
    (at('Starting BGSAVE for SYNC with target: replicas sockets') - at('Delay next BGSAVE for diskless SYNC')) / 1e6
  expect(waited).toBeGreaterThanOrEqual(5)
  expect(waited).toBeLessThan(7)
  expect(w.log('r2')).toContain('MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk')
  const d = new ReplicationRig([['repl-diskless-sync no'], []])
  d.call('r1', 'SET', 'a', kb(200))
  d.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  expect(d.synced('r2')).toBe(true)
  expect(d.log('r1')).toContain('Starting BGSAVE for SYNC with target: disk')
  expect(d.log('r2').some((l) => /^MASTER <-> REPLICA sync: receiving \d+ bytes from master to disk$/.test(l))).toBe(
    true,
  )
  d.call('r1', 'SET', 'b', '1')
  d.run(1)
  expect(d.digest('r2')).toBe(d.digest('r1'))
})

test('R21 the old data is served during the transfer', () => {
  const w = new ReplicationRig([['repl-diskless-sync-delay 2'], []])
  w.call('r2', 'SET', 'old', '1')
  w.call('r1', 'SET', 'new', '1')
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.run(1)
  expect(w.info('r2').master_sync_in_progress).toBe('0')
  expect(w.call('r2', 'GET', 'old')).toBe('1')
  w.synced('r2')
  expect([w.call('r2', 'GET', 'old'), w.call('r2', 'GET', 'new')]).toEqual([null, '1'])
})
