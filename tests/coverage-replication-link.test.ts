/** Rows of the coverage list that speak of the link between master and replica: logs, acknowledgements, expiry, timeouts, FAILOVER. */
import { expect, test } from 'vitest'
import { following, pair, ReplicationRig, trio } from './replication-rig.ts'

test('R24 the reply does not wait for the replica; R44 a read may be stale until WAIT', () => {
  const w = pair()
  w.synced('r2')
  w.fault({ type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 500_000, jitterMicros: 0 })
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r2', 'GET', 'a')).toBe(null)
  expect(w.call('r1', 'WAIT', '1', '5000')).toBe(1)
  expect(w.call('r2', 'GET', 'a')).toBe('1')
})

test('R25 acknowledgements each second; R38 pings each repl-ping-replica-period, from the master only', () => {
  const w = pair(['repl-ping-replica-period 2'])
  w.synced('r2')
  w.run(2)
  const a = Number(w.info('r1').master_repl_offset)
  w.run(8)
  const b = Number(w.info('r1').master_repl_offset)
  expect(b - a).toBe(4 * '*1\r\n$4\r\nPING\r\n'.length)
  expect(w.info('r1').slave0).toMatch(/lag=[01]$/)
})

test('R26 WAIT blocks until enough replicas have acknowledged, or the timeout', () => {
  const w = trio()
  w.synced('r2', 'r3')
  w.call('r1', 'SET', 'a', '1')
  let t = w.world.now
  expect(w.call('r1', 'WAIT', '2', '1000')).toBe(2)
  expect(w.world.now - t).toBeLessThan(50_000)
  w.call('r1', 'SET', 'a', '2')
  t = w.world.now
  expect(w.call('r1', 'WAIT', '3', '200')).toBe(2)
  expect(w.world.now - t).toBeGreaterThanOrEqual(200_000)
  w.fault({ type: 'pause', process: 'r3' })
  w.call('r1', 'SET', 'a', '3')
  expect(w.call('r1', 'WAIT', '2', '300')).toBe(1)
  expect(String(w.call('r2', 'WAIT', '1', '0'))).toMatch(/^\(error\) ERR WAIT cannot be used with replica instances\./)
})

test('R27 a replica waits for the DEL; R28 but hides a key that is logically gone', () => {
  const w = pair()
  w.synced('r2')
  w.call('r1', 'DEBUG', 'SET-ACTIVE-EXPIRE', '0')
  w.call('r1', 'SET', 'k', 'v', 'PX', '100')
  w.run(1)
  expect(w.call('r2', 'GET', 'k')).toBe(null)
  expect(w.call('r2', 'EXISTS', 'k')).toBe(0)
  expect(w.call('r2', 'KEYS', '*')).toEqual([])
  expect(w.call('r2', 'DBSIZE')).toBe(1)
  w.call('r1', 'GET', 'k')
  w.run(0.1)
  expect(w.call('r2', 'DBSIZE')).toBe(0)
})

test('R30, R31 a master that restarts without its data makes its replicas empty', () => {
  const w = new ReplicationRig([['save ""'], [following(1)]])
  w.synced('r2')
  w.call('r1', 'SET', 'a', '1')
  w.run(0.5)
  expect(w.call('r2', 'DBSIZE')).toBe(1)
  w.fault({ type: 'kill', process: 'r1' })
  w.run(0.1)
  w.restart('r1')
  expect(w.synced('r2')).toBe(true)
  expect(w.call('r2', 'DBSIZE')).toBe(0)
})

test('R33 too few good replicas: writes are refused', () => {
  const w = trio(['min-replicas-to-write 3'])
  w.synced('r2', 'r3')
  expect(w.call('r1', 'SET', 'a', '1')).toBe('(error) NOREPLICAS Not enough good replicas to write.')
  expect(w.info('r1').min_slaves_good_slaves).toBe('2')
  w.call('r1', 'CONFIG', 'SET', 'min-replicas-to-write', '2')
  expect(w.call('r1', 'SET', 'a', '1')).toBe('OK')
  w.fault({ type: 'pause', process: 'r3' })
  w.run(12)
  expect(w.call('r1', 'SET', 'a', '1')).toBe('(error) NOREPLICAS Not enough good replicas to write.')
})

test('R34 a wrong masterauth is told in the log', () => {
  const w = new ReplicationRig([['requirepass right'], [following(1), 'masterauth wrong']])
  w.run(3)
  expect(
    w.logged('r2', 'Unable to AUTH to MASTER: -WRONGPASS invalid username-password pair or user is disabled.'),
  ).toBe(true)
  w.call('r2', 'CONFIG', 'SET', 'masterauth', 'right')
  expect(w.synced('r2')).toBe(true)
})

test('R36 replica-serve-stale-data no', () => {
  const w = pair([], ['replica-serve-stale-data no'])
  w.synced('r2')
  w.fault({ type: 'kill', process: 'r1' })
  w.run(1)
  expect(w.call('r2', 'GET', 'a')).toBe(
    "(error) MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  )
  expect(w.info('r2').master_link_status).toBe('down')
})

test('R37 a silent replica is dropped after repl-timeout, and a silent master too', () => {
  const w = pair(['repl-timeout 3'], ['repl-timeout 3'])
  w.synced('r2')
  w.fault({ type: 'pause', process: 'r2' })
  w.run(6)
  expect(w.log('r1')).toContain('Disconnecting timedout replica (streaming sync): 10.0.0.12:6379')
  w.fault({ type: 'continue', process: 'r2' })
  expect(w.synced('r2')).toBe(true)
  w.fault({ type: 'pause', process: 'r1' })
  w.run(6)
  expect(w.log('r2')).toContain('MASTER timeout: no data nor PING received...')
})

test('R32 a transfer that takes longer than repl-timeout starts again and again', () => {
  const w = pair(['repl-timeout 3', 'repl-diskless-sync-delay 30'], ['repl-timeout 3'])
  w.run(1)
  w.cut('r1', 'r2')
  w.run(10)
  w.heal()
  w.run(5)
  expect(w.info('r2').master_link_status).toBe('down')
  expect(Number(w.info('r1', 'stats').sync_full)).toBeGreaterThanOrEqual(2)
})

test('R39 replicas that come within the delay share one transfer', () => {
  const w = trio(['repl-diskless-sync-delay 5'])
  w.synced('r2', 'r3')
  expect(w.log('r1')).toContain('Diskless rdb transfer, done reading from pipe, 2 replicas still up.')
  expect(w.info('r1', 'stats').sync_full).toBe('2')
})

test('R40 the fields of INFO replication, in order', () => {
  const w = pair()
  w.synced('r2')
  const tail = [
    'master_failover_state',
    'master_replid',
    'master_replid2',
    'master_repl_offset',
    'second_repl_offset',
    'repl_backlog_active',
    'repl_backlog_size',
    'repl_backlog_first_byte_offset',
    'repl_backlog_histlen',
  ]
  expect(Object.keys(w.info('r1'))).toEqual(['role', 'connected_slaves', 'slave0', ...tail])
  const replica = [
    'role',
    'master_host',
    'master_port',
    'master_link_status',
    'master_last_io_seconds_ago',
    'master_sync_in_progress',
    'slave_read_repl_offset',
    'slave_repl_offset',
    'slave_priority',
    'slave_read_only',
    'replica_announced',
    'connected_slaves',
  ]
  expect(Object.keys(w.info('r2'))).toEqual([...replica, ...tail])
})

test('R42 a replica of a replica gets the same bytes', () => {
  const w = new ReplicationRig([[], [following(1)], [following(2)]])
  w.synced('r2', 'r3')
  w.call('r1', 'MULTI')
  w.call('r1', 'SET', 'a', '1')
  w.call('r1', 'INCR', 'a')
  w.call('r1', 'EXEC')
  w.run(1.5)
  const offset = w.info('r1').master_repl_offset
  expect(w.info('r3').slave_repl_offset).toBe(offset)
  expect(w.info('r3').master_replid).toBe(w.info('r1').master_replid)
  expect(w.digest('r3')).toBe(w.digest('r1'))
  expect(w.call('r2', 'ROLE')).toEqual(['slave', '10.0.0.11', 6379, 'connected', Number(offset)])
})

test('R23 the log of a full and of a partial synchronisation, both sides (B.6)', () => {
  const w = new ReplicationRig([['repl-diskless-sync-delay 1'], []])
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.synced('r2')
  w.run(1)
  const shape = (l: string): string =>
    l
      .replace(/[0-9a-f]{40}/g, 'ID')
      .replace(/pid \d+/, 'pid N')
      .replace(/id=\d+ addr=\S+ laddr=\S+/, 'CLIENT')
  const since = (server: string, first: string): string[] => {
    const log = w.log(server).map(shape)
    return log.slice(log.findIndex((l) => l.startsWith(first)))
  }
  expect(since('r2', 'Before turning')).toEqual([
    'Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.',
    'Connecting to MASTER 10.0.0.11:6379',
    'MASTER <-> REPLICA sync started',
    "REPLICAOF 10.0.0.11:6379 enabled (user request from 'CLIENT name=')",
    'Non blocking connect for SYNC fired the event.',
    'Master replied to PING, replication can continue...',
    'Trying a partial resynchronization (request ID:1).',
    'Full resync from master: ID:0',
    'MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk',
    'Discarding previously cached master state.',
    'MASTER <-> REPLICA sync: Flushing old data',
    'MASTER <-> REPLICA sync: Loading DB in memory',
    'Loading RDB produced by version 7.0.15',
    expect.stringMatching(/^RDB age \d+ seconds$/),
    expect.stringMatching(/^RDB memory usage when created \d+\.\d\d Mb$/),
    'Done loading RDB, keys loaded: 0, keys expired: 0.',
    'MASTER <-> REPLICA sync: Finished with success',
  ])
  expect(since('r1', 'Replica ')).toEqual([
    'Replica 10.0.0.12:6379 asks for synchronization',
    "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for 'ID', my replication IDs are 'ID' and 'ID')",
    "Replication backlog created, my new replication IDs are 'ID' and 'ID'",
    'Delay next BGSAVE for diskless SYNC',
    'Starting BGSAVE for SYNC with target: replicas sockets',
    'Background RDB transfer started by pid N',
    'Fork CoW for RDB: current 0 MB, peak 0 MB, average 0 MB',
    'Diskless rdb transfer, done reading from pipe, 1 replicas still up.',
    'Background RDB transfer terminated with success',
    'Streamed RDB transfer with replica 10.0.0.12:6379 succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming',
    'Synchronization with replica 10.0.0.12:6379 succeeded',
  ])
})

test('B.6 the log of a partial resynchronisation with a promoted replica, both sides', () => {
  const w = trio()
  w.synced('r2', 'r3')
  w.call('r1', 'SET', 'a', '1')
  w.run(1.5)
  const shape = (l: string): string =>
    l
      .replace(/[0-9a-f]{40}/g, 'ID')
      .replace(/id=\d+ addr=\S+ laddr=\S+/, 'CLIENT')
      .replace(/\d+ bytes|offset \d+|:\d+\)\.$/g, 'N')
  const last = (server: string, first: string): string[] => {
    const log = w.log(server).map(shape)
    return log.slice(log.findLastIndex((l) => l.startsWith(first)))
  }
  w.call('r2', 'REPLICAOF', 'NO', 'ONE')
  expect(last('r2', 'Connection with master lost').slice(0, 4)).toEqual([
    'Connection with master lost.',
    'Caching the disconnected master state.',
    'Discarding previously cached master state.',
    expect.stringMatching(
      /^Setting secondary replication ID to ID, valid up to offset: \d+\. New replication ID is ID$/,
    ),
  ])
  w.call('r3', 'REPLICAOF', '10.0.0.12', '6379')
  w.synced('r3')
  expect(last('r3', 'Connection with master lost')).toEqual([
    'Connection with master lost.',
    'Caching the disconnected master state.',
    'Connecting to MASTER 10.0.0.12:6379',
    'MASTER <-> REPLICA sync started',
    "REPLICAOF 10.0.0.12:6379 enabled (user request from 'CLIENT name=')",
    'Non blocking connect for SYNC fired the event.',
    'Master replied to PING, replication can continue...',
    'Trying a partial resynchronization (request IDN',
    'Successful partial resynchronization with master.',
    'Master replication ID changed to ID',
    'MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.',
  ])
  expect(last('r2', 'Replica 10.0.0.13')).toEqual([
    'Replica 10.0.0.13:6379 asks for synchronization',
    'Partial resynchronization request from 10.0.0.13:6379 accepted. Sending N of backlog starting from N.',
  ])
})

test('R43 FAILOVER: roles swap by a partial resynchronisation, and no acknowledged write is lost', () => {
  const w = trio()
  w.synced('r2', 'r3')
  expect(w.call('r2', 'FAILOVER')).toBe('(error) ERR FAILOVER is not valid when server is a replica.')
  expect(w.call('r1', 'FAILOVER', 'ABORT')).toBe('(error) ERR No failover in progress.')
  expect(w.call('r1', 'FAILOVER', 'TO', '10.0.0.99', '6379')).toBe(
    '(error) ERR FAILOVER target HOST and PORT is not a replica.',
  )
  expect(w.call('r1', 'FAILOVER', 'FORCE')).toBe(
    '(error) ERR FAILOVER with force option requires both a timeout and target HOST and IP.',
  )
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r1', 'FAILOVER', 'TO', '10.0.0.12', '6379')).toBe('OK')
  const late = w.send('r1', ['SET', 'a', '2'], 'late')
  expect(w.until(() => w.info('r1').role === 'slave')).toBe(true)
  expect(w.synced('r1')).toBe(true)
  expect(w.answer(late)).toBe("(error) READONLY You can't write against a read only replica.")
  expect(w.info('r2')).toMatchObject({ role: 'master', master_failover_state: 'no-failover' })
  expect(w.info('r2', 'stats')).toMatchObject({ sync_full: '0', sync_partial_ok: '1' })
  w.call('r2', 'SET', 'b', '1')
  w.run(1)
  expect(w.digest('r1')).toBe(w.digest('r2'))
})

test('R43 FAILOVER ABORT and FORCE', () => {
  const w = trio()
  w.synced('r2', 'r3')
  for (const r of ['r2', 'r3']) w.fault({ type: 'pause', process: r })
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r1', 'FAILOVER', 'TO', '10.0.0.12', '6379', 'TIMEOUT', '100000')).toBe('OK')
  const held = w.send('r1', ['SET', 'a', '2'], 'held')
  w.run(0.2)
  expect(w.answer(held)).toBe(undefined)
  expect(w.call('r1', 'FAILOVER')).toBe('(error) ERR FAILOVER already in progress.')
  expect(w.call('r1', 'FAILOVER', 'ABORT')).toBe('OK')
  w.run(0.2)
  expect(w.answer(held)).toBe('OK')
  expect(w.info('r1').master_failover_state).toBe('no-failover')
  expect(w.log('r1')).toContain('FAILOVER requested to 10.0.0.12:6379.')
  w.fault({ type: 'continue', process: 'r3' })
  w.run(1)
  // By force after the time: the replica that lags becomes the master, and what it lacks is lost.
  expect(w.call('r1', 'FAILOVER', 'TO', '10.0.0.12', '6379', 'FORCE', 'TIMEOUT', '500')).toBe('OK')
  w.run(1)
  expect(w.info('r1').role).toBe('slave')
  w.fault({ type: 'continue', process: 'r2' })
  expect(w.until(() => w.info('r2').role === 'master', 20)).toBe(true)
  expect(w.synced('r1')).toBe(true)
})

test('R36 MASTERDOWN also for what EXEC holds; R33 min-replicas in a transaction', () => {
  const w = pair([], ['replica-serve-stale-data no'])
  w.synced('r2')
  w.call('r2', 'MULTI')
  expect(w.call('r2', 'GET', 'a')).toBe('QUEUED')
  w.fault({ type: 'kill', process: 'r1' })
  w.run(0.5)
  expect(w.call('r2', 'EXEC')).toBe(
    "(error) EXECABORT Transaction discarded because of: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  )
  expect(w.call('r2', 'PING')).toBe(
    "(error) MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  )
  const m = pair(['min-replicas-to-write 1'])
  m.synced('r2')
  m.call('r1', 'MULTI')
  m.call('r1', 'SET', 'a', '1')
  m.fault({ type: 'kill', process: 'r2' })
  m.run(0.5)
  expect(m.call('r1', 'EXEC')).toBe(
    '(error) EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.',
  )
})

test('a client that waits on a master that becomes a replica is told so and closed', () => {
  const w = new ReplicationRig([[], []])
  const waiting = w.send('r2', ['BLPOP', 'l', '0'], 'waiting')
  w.run(0.1)
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  w.run(0.1)
  expect(w.answer(waiting)).toBe(
    '(error) UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  )
})

test('R43 FAILOVER gives up after its TIMEOUT', () => {
  const w = pair()
  w.synced('r2')
  w.fault({ type: 'pause', process: 'r2' })
  w.call('r1', 'SET', 'a', '1')
  w.call('r1', 'FAILOVER', 'TIMEOUT', '500')
  expect(w.info('r1').master_failover_state).toBe('waiting-for-sync')
  w.run(1)
  expect(w.log('r1')).toContain('Aborting failover while waiting-for-sync: Replica never caught up before timeout')
  expect(w.call('r1', 'SET', 'a', '2')).toBe('OK')
})
