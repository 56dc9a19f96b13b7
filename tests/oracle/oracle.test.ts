/**
 * The oracle in every test run: 20,000 random requests over the whole command table, RESP2 and RESP3, in transactions and
 * in scripts, with tiny, large and no thresholds; every reply is that of a real redis-server, byte for byte, and so is the
 * dataset after each round. `npm run oracle -- --seed N --ops M` runs as many as one likes.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { haveRedis, stopAll } from '../support/processes.ts'
import { same } from './compare.ts'
import { run } from './run.ts'

const REQUESTS = 20_000
afterAll(stopAll)

describe.skipIf(!haveRedis())('our replies are those of redis-server', () => {
  test(`${REQUESTS} requests`, async () => {
    const result = await run({ seed: 1, ops: REQUESTS, maxShrunk: 3 })
    expect(result.reports.join('\n\n')).toBe('')
    expect(result.differences).toBe(0)
    expect(result.requests).toBeGreaterThanOrEqual(REQUESTS)
  }, 240_000)
})

test('what may differ is compared as it should be', () => {
  expect(same(['get', 'k'], '$1\r\na\r\n', '$1\r\nb\r\n')).toBe(false)
  expect(same(['SMEMBERS', 'k'], '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*2\r\n$1\r\nb\r\n$1\r\na\r\n')).toBe(true)
  expect(same(['lrange', 'k'], '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*2\r\n$1\r\nb\r\n$1\r\na\r\n')).toBe(false)
  expect(same(['srandmember', 'k'], '$1\r\na\r\n', '$1\r\nb\r\n')).toBe(true)
  expect(same(['srandmember', 'k'], '$1\r\na\r\n', '$-1\r\n')).toBe(false)
  expect(same(['ttl', 'k'], ':100\r\n', ':101\r\n')).toBe(true)
  expect(same(['ttl', 'k'], ':100\r\n', ':-1\r\n')).toBe(false)
  expect(same(['get', 'k'], '-ERR a\r\n', '-ERR b\r\n')).toBe(false)
})

test('times of streams may be a moment apart, their counts not', () => {
  expect(same(['xinfo', 'x'], '*1\r\n:1795279795076\r\n', '*1\r\n:1795279795075\r\n')).toBe(true)
  expect(same(['xinfo', 'x'], '*1\r\n:1795279795076\r\n', '*1\r\n:1795279799999\r\n')).toBe(false)
  expect(same(['xinfo', 'x'], '*1\r\n:1\r\n', '*2\r\n:1\r\n')).toBe(false)
})
