import { expect, test } from 'vitest'
import { encode, ReplicationRig } from './replication-rig.ts'

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
test('MIGRATE within a transaction and within a script: the rest goes on with its reply, and all of it travels as one', () => {
  const w = new ReplicationRig([['save ""'], ['save ""', 'protected-mode no'], ['save ""', 'replicaof 10.0.0.11 6379']])
  w.synced('r3')
  w.call('r1', 'MSET', 'a', '1', 'b', '2', 'c', '3')
  w.call('r1', 'MULTI')
  w.call('r1', 'SET', 'x', '1')
  w.call('r1', 'MIGRATE', host, port, 'a', '0', '1000')
  w.call('r1', 'GET', 'a')
  expect(w.call('r1', 'EXEC')).toEqual(['OK', 'OK', null])
  const script = `redis.call('set', 'y', 1)
    local ok, reply = pcall(function() return redis.call('migrate', ARGV[1], ARGV[2], 'b', 0, 1000).ok end)
    local bad = redis.pcall('migrate', ARGV[1], ARGV[2], 'c', 99, 1000)
    redis.call('set', 'z', 1)
    return {reply, bad.err, redis.call('exists', 'b'), redis.call('exists', 'c')}`
  expect(w.call('r1', 'EVAL', script, '0', host, port)).toEqual([
    'OK',
    'ERR Target instance replied with error: ERR DB index is out of range',
    0,
    1,
  ])
  expect(w.call('r1', 'PING')).toBe('PONG')
  // SELECT was refused, and the RESTORE behind it did what it could.
  expect((w.call('r2', 'KEYS', '*') as string[]).sort()).toEqual(['a', 'b', 'c'])
  w.run(0.1)
  expect((w.call('r3', 'KEYS', '*') as string[]).sort()).toEqual(['c', 'x', 'y', 'z'])
  const stream = w.sentToOthers('r1')
  const unit = (...commands: string[][]): string => commands.map((c) => encode(c)).join('')
  expect(stream).toContain(unit(['MULTI'], ['SET', 'x', '1'], ['DEL', 'a'], ['EXEC']))
  expect(stream).toContain(unit(['MULTI'], ['set', 'y', '1'], ['DEL', 'b'], ['set', 'z', '1'], ['EXEC']))
})
test('who is in the way of a MIGRATE is served when it is over, in order', () => {
  const w = two()
  w.slow('r1', 'r2', 200_000)
  w.call('r1', 'SET', 'big', 'x'.repeat(100_000))
  w.call('r1', 'CONFIG', 'SET', 'rdbcompression', 'no')
  const first = w.send('r1', ['MIGRATE', host, port, 'big', '0', '5000'])
  w.send('r1', ['SET', 'after', '1'])
  const other = w.send('r1', ['GET', 'after'], 'other')
  w.run(0.3)
  expect([w.answer(first), w.answer(other)]).toEqual([undefined, undefined])
  w.run(2)
  expect([w.answer(first), w.answer(first), w.answer(other)]).toEqual(['OK', 'OK', '1'])
})
