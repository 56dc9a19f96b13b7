/**
 * Random requests to a cluster of ours and to one of real redis-servers: open slots, ASKING, transactions, scripts, MIGRATE.
 * Each reply must be the same. What spreads by gossip (ADDSLOTS and the like) is left out: it takes its time.
 */
import { describe, expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import { splitArgs } from '../src/engine/bytes/quote.ts'
import { formatTty } from '../src/engine/programs/redis-cli/format.ts'
import { engineCluster, realCluster } from './transcripts/cluster-conversations.ts'
import { nodeId, parseLayout } from './transcripts/layout.ts'
import { redisVersion } from './transcripts/real-server.ts'
import type { Conversation } from './transcripts/transcript.ts'

const LAYOUT = parseLayout('a=0-5460 b=5461-10922 c=10923-16383 d>a')
const KEYS = ['bar', '{bar}1', '{bar}2', 'b', '{b}1', 'foo', '{foo}1', '{06S}']
const SLOTS = ['5061', '5061', '5061', '3300', '12182', '0', '16384', 'x']
const NAMES = [nodeId('a'), nodeId('b'), nodeId('c'), nodeId('d'), nodeId('b'), 'abc']

function requests(seed: number, count: number): { readonly client: string; readonly line: string }[] {
  const rng = new Prng(seed)
  const pick = <T>(list: readonly T[]): T => list[rng.below(list.length)]!
  const key = (): string => pick(KEYS)
  const slot = (): string => pick(SLOTS)
  const name = (): string => pick(NAMES)
  const onKeys = (): string =>
    pick([
      `SET ${key()} ${rng.below(9)}`,
      `GET ${key()}`,
      `INCR ${key()}`,
      `MGET ${key()} ${key()}`,
      `MSET ${key()} 1 ${key()} 2`,
      `DEL ${key()}`,
      `EXISTS ${key()} ${key()}`,
      `RENAME ${key()} ${key()}`,
      `COPY ${key()} ${key()}`,
      `TYPE ${key()}`,
      `UNLINK ${key()} ${key()}`,
      `PEXPIRE ${key()} 100000`,
      `PERSIST ${key()}`,
      `BITOP AND ${key()} ${key()}`,
      `ZUNIONSTORE ${key()} 2 ${key()} ${key()}`,
      'RPUSH {bar}l 1',
      'LPOP {bar}l',
      `LMOVE {bar}l ${key()} LEFT RIGHT`,
      `SPUBLISH ${key()} x`,
      `EVAL "return redis.call('get',KEYS[1])" 1 ${key()}`,
      `EVAL "redis.call('set','${key()}',1) return redis.call('get','${key()}')" 0`,
      `EVAL "#!lua\\nredis.call('set','${key()}',1) return redis.call('get','${key()}')" 1 ${key()}`,
      'DBSIZE',
    ])
  const others: readonly (() => string)[] = [
    () => pick(['ASKING', 'ASKING', 'MULTI', 'EXEC', 'EXEC', 'DISCARD', 'READONLY', 'READWRITE', 'RESET']),
    () => pick(['ASKING', 'MULTI', 'EXEC', `WATCH ${key()}`, `SELECT ${rng.below(2)}`, 'CLUSTER REPLICAS abc']),
    () => `CLUSTER SETSLOT ${slot()} MIGRATING ${name()}`,
    () => `CLUSTER SETSLOT ${slot()} IMPORTING ${name()}`,
    () => pick([`CLUSTER SETSLOT ${slot()} STABLE`, `CLUSTER SETSLOT 5061 MIGRATING ${nodeId('b')}`]),
    () => `CLUSTER SETSLOT 5061 IMPORTING ${nodeId('a')}`,
    () => `CLUSTER GETKEYSINSLOT ${slot()} ${rng.below(4)}`,
    () => `CLUSTER COUNTKEYSINSLOT ${slot()}`,
    () => `MIGRATE 127.0.0.1 7001 ${key()} 0 500 ${pick(['', 'COPY', 'REPLACE', 'COPY REPLACE'])}`.trim(),
    () => `MIGRATE 127.0.0.1 7001 "" 0 500 ${pick(['', 'COPY ', 'REPLACE '])}KEYS ${key()} ${key()}`,
  ]
  // A node may not migrate to itself: it would wait for its own answer.
  const client = (line: string): string =>
    pick(line.startsWith('MIGRATE') ? ['a', 'a2', 'c'] : ['a', 'a2', 'b', 'c', 'd'])
  return Array.from({ length: count }, () => {
    const line = rng.below(10) < 4 ? onKeys() : pick(others)()
    return { client: client(line), line }
  })
}
async function ask(conversation: Conversation, client: string, line: string): Promise<string> {
  const { replies } = await conversation.say(client, splitArgs(line) ?? [])
  const lines = replies.flatMap((r) => formatTty(r).split('\n'))
  return (conversation.mask?.(lines) ?? lines).join('\n')
}

describe.runIf(redisVersion() === '7.0.15')('beside real nodes', () => {
  test.each([1, 2, 3])(
    'requests of seed %i are answered alike',
    async (seed) => {
      const real = await realCluster(LAYOUT)
      const ours = engineCluster(LAYOUT)
      const differences: string[] = []
      try {
        for (const [i, { client, line }] of requests(seed, 400).entries()) {
          const theirs = await ask(real, client, line)
          const said = await ask(ours, client, line)
          if (theirs !== said) differences.push(`${i}: ${client}> ${line}\n  redis: ${theirs}\n  ours:  ${said}`)
        }
      } finally {
        real.close()
      }
      expect(differences.slice(0, 5).join('\n')).toBe('')
    },
    90_000,
  )
})
