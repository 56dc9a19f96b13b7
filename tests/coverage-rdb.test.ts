import { expect, test } from 'vitest'
import { ReplicationRig } from './replication-rig.ts'

const one = (...lines: string[]): ReplicationRig => new ReplicationRig([lines])
const DUMP = '/var/lib/redis/dump.rdb'
/** A name that is a directory: the rename at the end fails. */
const spoil = (w: ReplicationRig): void => {
  w.call('r1', 'CONFIG', 'SET', 'dir', '/var/lib')
  w.call('r1', 'CONFIG', 'SET', 'dbfilename', 'redis')
}
const repair = (w: ReplicationRig): void => {
  w.call('r1', 'CONFIG', 'SET', 'dbfilename', 'dump.rdb')
}

test('P01, P09 SAVE answers when the file is on the disk; a power loss afterwards loses nothing', () => {
  const w = one('save ""')
  w.call('r1', 'SET', 'a', '1')
  w.call('r1', 'HSET', 'h', 'f', 'v')
  const digest = w.digest('r1')
  expect(w.call('r1', 'SAVE')).toBe('OK')
  expect(w.world.files('r1').get(DUMP)?.startsWith('REDIS0010\xfa\x09redis-ver\x067.0.15')).toBe(true)
  expect(w.info('r1', 'persistence').rdb_changes_since_last_save).toBe('0')
  w.fault({ type: 'power', box: 'box-1' })
  w.run(1)
  w.restart('r1')
  w.run(1)
  expect(w.digest('r1')).toBe(digest)
})

test('P10 save points start a BGSAVE; P20 a failing one makes writes fail until it succeeds', () => {
  const w = one('save 5 2', 'enable-protected-configs yes')
  w.call('r1', 'MSET', 'a', '1', 'b', '2')
  w.run(8)
  expect(w.log('r1')).toContain('2 changes in 5 seconds. Saving...')
  expect(w.log('r1')).toContain('Background saving terminated with success')
  expect(w.info('r1', 'persistence')).toMatchObject({ rdb_last_bgsave_status: 'ok', rdb_changes_since_last_save: '0' })
  spoil(w)
  w.call('r1', 'MSET', 'a', '2', 'b', '3')
  w.run(8)
  expect(w.info('r1', 'persistence').rdb_last_bgsave_status).toBe('err')
  expect(String(w.call('r1', 'SET', 'a', '3'))).toMatch(/^\(error\) MISCONF Redis is configured to save RDB snapshots/)
  expect(String(w.call('r1', 'PING'))).toMatch(/^\(error\) MISCONF/)
  expect(w.call('r1', 'GET', 'a')).toBe('2')
  expect(w.call('r1', 'SAVE')).toBe('(error) ERR')
  repair(w)
  w.run(8)
  expect(w.call('r1', 'SET', 'a', '3')).toBe('OK')
})

test('P01 BGSAVE is seen while it runs, once; the file is of its beginning', () => {
  const w = one('save ""')
  w.call('r1', 'SET', 'big', 'x'.repeat(5_000_000))
  w.call('r1', 'CONFIG', 'SET', 'rdbcompression', 'no')
  expect(w.call('r1', 'BGSAVE')).toBe('Background saving started')
  expect(w.info('r1', 'persistence').rdb_bgsave_in_progress).toBe('1')
  expect(w.call('r1', 'BGSAVE')).toBe('(error) ERR Background save already in progress')
  expect(w.call('r1', 'SAVE')).toBe('(error) ERR Background save already in progress')
  w.call('r1', 'SET', 'after', '1')
  expect(w.until(() => w.info('r1', 'persistence').rdb_bgsave_in_progress === '0')).toBe(true)
  expect(w.info('r1', 'persistence').rdb_changes_since_last_save).toBe('1')
  w.fault({ type: 'kill', process: 'r1' })
  w.run(0.1)
  w.fault({ type: 'restart', process: 'r1' })
  w.run(0.0025)
  expect(w.until(() => w.call('r1', 'EXISTS', 'big', 'after') === 1)).toBe(true)
})

test('the copy for a replica counts as a BGSAVE', () => {
  const w = new ReplicationRig([['repl-diskless-sync no'], []])
  w.call('r1', 'CONFIG', 'SET', 'rdbcompression', 'no')
  w.call('r1', 'SET', 'big', 'x'.repeat(20_000_000))
  w.call('r2', 'REPLICAOF', '10.0.0.11', '6379')
  expect(w.until(() => w.info('r1', 'persistence').rdb_bgsave_in_progress === '1', 5, 0.001)).toBe(true)
  expect(w.call('r1', 'BGSAVE')).toBe('(error) ERR Background save already in progress')
  expect(w.synced('r2')).toBe(true)
})

test('RESTORE options; DEBUG RELOAD', () => {
  const w = one('save ""')
  w.call('r1', 'RPUSH', 'l', 'a', 'b', 'c')
  const payload = w.call('r1', 'DUMP', 'l') as string
  expect(w.call('r1', 'RESTORE', 'l', '0', payload)).toBe('(error) BUSYKEY Target key name already exists.')
  expect(w.call('r1', 'RESTORE', 'l', '0', payload, 'REPLACE', 'IDLETIME', '100')).toBe('OK')
  expect(w.call('r1', 'OBJECT', 'IDLETIME', 'l')).toBe(100)
  expect(w.call('r1', 'RESTORE', 'm', '5000', payload)).toBe('OK')
  expect(w.call('r1', 'PTTL', 'm')).toBeGreaterThan(4000)
  expect(w.call('r1', 'RESTORE', 'n', '1000', payload, 'ABSTTL')).toBe('OK')
  expect(w.call('r1', 'EXISTS', 'n')).toBe(0)
  expect(w.call('r1', 'RESTORE', 'n', '0', `${payload.slice(0, -1)}!`)).toBe(
    '(error) ERR DUMP payload version or checksum are wrong',
  )
  expect(w.call('r1', 'RESTORE', 'n', '-1', payload)).toBe('(error) ERR Invalid TTL value, must be >= 0')
  const digest = w.digest('r1')
  expect(w.call('r1', 'DEBUG', 'RELOAD')).toBe('OK')
  expect(w.digest('r1')).toBe(digest)
})

test('legacy SYNC: the file and then the stream', () => {
  const w = one('repl-diskless-sync no')
  w.call('r1', 'SET', 'a', '1')
  const name = w.send('r1', ['SYNC'], 'legacy')
  w.run(1)
  w.call('r1', 'SET', 'b', '2')
  w.run(1)
  const out = w.world.output(name).replace(/^\n+/, '')
  expect(out).toMatch(/^\$\d+\r\nREDIS0010/)
  expect(out.endsWith('*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n')).toBe(true)
})
