import { expect, test } from 'vitest'
import { ReplicationRig } from './replication-rig.ts'

const two = (): ReplicationRig => new ReplicationRig([['save ""'], ['save ""', 'protected-mode no']])
const [host, port] = ['10.0.0.12', '6379']

test('MIGRATE carries keys with their values and expiries to another server', () => {
  const w = two()
  w.call('r1', 'SET', 'a', '1')
  w.call('r1', 'RPUSH', 'l', 'x', 'y')
  w.call('r1', 'SET', 'e', '1', 'EX', '100')
  expect(w.call('r1', 'MIGRATE', host, port, '', '3', '1000', 'KEYS', 'a', 'l', 'e', 'nope')).toBe('OK')
  expect(w.call('r1', 'DBSIZE')).toBe(0)
  w.call('r2', 'SELECT', '3')
  expect(w.call('r2', 'LRANGE', 'l', '0', '-1')).toEqual(['x', 'y'])
  expect(Number(w.call('r2', 'TTL', 'e'))).toBeGreaterThan(90)
})
test('MIGRATE COPY leaves the keys; a busy key is refused unless REPLACE', () => {
  const w = two()
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r1', 'MIGRATE', host, port, 'a', '0', '1000', 'COPY')).toBe('OK')
  expect(w.call('r1', 'GET', 'a')).toBe('1')
  w.call('r1', 'SET', 'a', '2')
  expect(w.call('r1', 'MIGRATE', host, port, 'a', '0', '1000')).toBe(
    '(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.',
  )
  expect(w.call('r1', 'GET', 'a')).toBe('2')
  expect(w.call('r1', 'MIGRATE', host, port, 'a', '0', '1000', 'REPLACE')).toBe('OK')
  expect([w.call('r1', 'GET', 'a'), w.call('r2', 'GET', 'a')]).toEqual([null, '2'])
})
test('MIGRATE says so when nobody listens, and keeps the key', () => {
  const w = two()
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r1', 'MIGRATE', host, '1', 'a', '0', '100')).toBe(
    '(error) IOERR error or timeout writing to target instance',
  )
  expect(w.call('r1', 'GET', 'a')).toBe('1')
})
