/** Rows E02, E03, E04, E14 and X10: who frees what, and what INFO tells of it. */
import { expect, test } from 'vitest'
import { encode, Ours } from './oracle/servers.ts'

function boot() {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  const field = (name: string): number => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(ask('INFO'))?.[1])
  const freed = (): number => {
    ours.advance(100)
    return field('lazyfreed_objects')
  }
  return { ours, ask, field, freed }
}
const members = (n: number): string[] => Array.from({ length: n }, (_, i) => `m${i}`)

test('E02: UNLINK frees a set of 64 on the spot, one of 65 in the background', () => {
  const { ask, freed } = boot()
  ask('SADD', 'small', ...members(64))
  ask('SADD', 'big', ...members(65))
  expect([ask('UNLINK', 'small'), freed()]).toEqual([':1\r\n', 0])
  expect([ask('UNLINK', 'big'), freed()]).toEqual([':1\r\n', 1])
  ask('SADD', 'big', ...members(65))
  expect([ask('DEL', 'big'), freed()]).toEqual([':1\r\n', 1])
  ask('CONFIG', 'RESETSTAT')
  expect(freed()).toBe(0)
})
test('E02, E14: what a value is made of decides, not its size in bytes', () => {
  const { ask, freed } = boot()
  ask('SET', 's', 'x'.repeat(1_000_000))
  ask('RPUSH', 'l', ...members(1000))
  ask('HSET', 'h', ...members(130))
  ask('XADD', 'x', '*', ...members(200))
  expect([ask('UNLINK', 's', 'l', 'h', 'x'), freed()]).toEqual([':4\r\n', 0])
  ask('CONFIG', 'SET', 'hash-max-listpack-entries', '0', 'zset-max-listpack-entries', '0')
  ask('CONFIG', 'SET', 'list-max-listpack-size', '1')
  ask('HSET', 'h', ...members(130))
  ask('ZADD', 'z', ...members(130).map((m, i) => (i % 2 === 0 ? String(i) : m)))
  ask('RPUSH', 'l', ...members(65))
  expect([ask('UNLINK', 'h', 'z', 'l'), freed()]).toEqual([':3\r\n', 3])
})
test('E14: the thread takes its time, and objects wait for it', () => {
  const { ask, field, freed } = boot()
  for (let i = 0; i < 20; i++) ask('SADD', 'big', ...members(20_000).map((m) => `${i}${m}`))
  ask('UNLINK', 'big')
  expect([field('lazyfree_pending_objects'), field('lazyfreed_objects')]).toEqual([1, 0])
  expect([freed(), field('lazyfree_pending_objects')]).toEqual([1, 0])
})
test('E03, E04: a flush in the background counts every key', () => {
  const { ask, freed } = boot()
  for (let i = 0; i < 10; i++) ask('SET', `k${i}`, 'v')
  ask('FLUSHDB')
  expect(freed()).toBe(0)
  for (let i = 0; i < 10; i++) ask('SET', `k${i}`, 'v')
  ask('SELECT', '1')
  for (let i = 0; i < 5; i++) ask('SET', `k${i}`, 'v')
  expect([ask('FLUSHDB', 'ASYNC'), ask('DBSIZE'), freed()]).toEqual(['+OK\r\n', ':0\r\n', 5])
  expect([ask('FLUSHALL', 'ASYNC'), freed()]).toEqual(['+OK\r\n', 15])
  ask('CONFIG', 'SET', 'lazyfree-lazy-user-flush', 'yes')
  ask('SET', 'k', 'v')
  expect([ask('FLUSHALL'), freed()]).toEqual(['+OK\r\n', 16])
  ask('SET', 'k', 'v')
  expect([ask('FLUSHALL', 'SYNC'), freed()]).toEqual(['+OK\r\n', 16])
  for (let i = 0; i < 65; i++) ask('EVAL', `return ${i}`, '0')
  expect([ask('SCRIPT', 'FLUSH', 'ASYNC'), freed()]).toEqual(['+OK\r\n', 81])
})
test('X10: each lazyfree-lazy directive moves its own kind of removal to the background', () => {
  const { ours, ask, freed } = boot()
  const big = (): string => ask('SADD', 'big', ...members(100))
  const removals: Record<string, () => void> = {
    'lazyfree-lazy-user-del': () => ask('DEL', 'big'),
    'lazyfree-lazy-server-del': () => ask('SET', 'big', 'small'),
    'lazyfree-lazy-expire': () => {
      ask('PEXPIRE', 'big', '50')
      ours.advance(500)
    },
    'lazyfree-lazy-eviction': () => {
      ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1')
      ask('SET', 'other', '1')
      ask('CONFIG', 'SET', 'maxmemory', '0')
    },
  }
  let expected = 0
  for (const [directive, remove] of Object.entries(removals)) {
    for (const setting of ['no', 'yes']) {
      ask('FLUSHALL', 'SYNC')
      big()
      ask('CONFIG', 'SET', directive, setting)
      remove()
      if (setting === 'yes') expected++
      expect([directive, setting, freed()]).toEqual([directive, setting, expected])
    }
    ask('CONFIG', 'SET', directive, 'no')
  }
})
