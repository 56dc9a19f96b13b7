/**
 * Conversations in every test run: random requests on four connections at once; whatever any of them hears is what it hears
 * from a real redis-server. `npm run oracle -- --conversations --seed N --ops M` runs as many as one likes.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { haveRedis, stopAll } from '../support/processes.ts'
import { runConversations } from './conversations.ts'

const REQUESTS = Number(process.env['CONVERSATIONS'] ?? 3000)
afterAll(stopAll)

describe.skipIf(!haveRedis())('every connection hears what it hears from redis-server', () => {
  test(`${REQUESTS} requests`, async () => {
    const result = await runConversations({ seed: Number(process.env['SEED'] ?? 1), ops: REQUESTS, maxShrunk: 3 })
    expect(result.reports.join('\n\n')).toBe('')
    expect(result.differences).toBe(0)
  }, 240_000)
})
