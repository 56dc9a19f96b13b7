/** RESTORE of damaged payloads: what the real server takes and refuses, and never an exception. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import type { ParsedReply } from '../src/engine/protocol/reply-parser.ts'
import { AskOurs, AskReal, escaped, printed, spoil, wholeValues, withFooter } from './hostile-rig.ts'
import { haveRedis, start, stopAll } from './support/processes.ts'

const SEED = Number(process.env['HOSTILE_SEED'] ?? 1)
const EACH = Number(process.env['HOSTILE_EACH'] ?? 150)
const BATCH = 150
const MODE = ['--sanitize-dump-payload', 'yes', '--enable-debug-command', 'yes']

/** What is known of a value: enough to see that both made the same of a payload. */
const LOOK: readonly (readonly string[])[] = [
  ['type', 'k'],
  ['object', 'encoding', 'k'],
  ['debug', 'digest-value', 'k'],
  ['dump', 'k'],
]

const numbered = (n: number, f: (i: number) => string[]): string[] => Array.from({ length: n }, (_, i) => f(i)).flat()
/** Commands that walk, change and convert a value of each type. */
const USES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  string: [
    ['get', 'k'],
    ['append', 'k', 'x'],
    ['setrange', 'k', '3', 'abc'],
    ['incr', 'k'],
    ['bitcount', 'k'],
    ['pfcount', 'k'],
    ['pfadd', 'k', 'x'],
    ['pfmerge', 'k', 'k'],
  ],
  list: [
    ['lrange', 'k', '0', '-1'],
    ['lset', 'k', '-1', 'x'],
    ['linsert', 'k', 'before', 'x', 'y'],
    ['lpos', 'k', 'x', 'rank', '-1'],
    ['lpush', 'k', 'z'.repeat(9000)],
    ['lrem', 'k', '0', 'y'],
    ['ltrim', 'k', '1', '-1'],
    ['rpop', 'k', '2'],
  ],
  set: [
    ['smembers', 'k'],
    ['srandmember', 'k', '-9'],
    ['sscan', 'k', '0'],
    ['sinter', 'k', 'k'],
    ['sadd', 'k', '5', '-99999999999', 'word'],
    ['srem', 'k', '1'],
    ['spop', 'k', '2'],
  ],
  hash: [
    ['hgetall', 'k'],
    ['hrandfield', 'k', '-9', 'withvalues'],
    ['hscan', 'k', '0'],
    ['hincrby', 'k', 'f', '1'],
    ['hset', 'k', 'f', '1', 'new', 'x'.repeat(70)],
    ['hset', 'k', ...numbered(130, (i) => [`m${i}`, 'v'])],
    ['hdel', 'k', 'f', 'g'],
  ],
  zset: [
    ['zrange', 'k', '0', '-1', 'withscores'],
    ['zrange', 'k', '(1', '5', 'byscore'],
    ['zrange', 'k', '+', '-', 'bylex', 'rev'],
    ['zrank', 'k', 'b'],
    ['zincrby', 'k', '1', 'b'],
    ['zunion', '2', 'k', 'k'],
    ['geosearch', 'k', 'fromlonlat', '1', '1', 'byradius', '100', 'km'],
    ['zadd', 'k', ...numbered(130, (i) => [`${i}`, `m${i}`])],
    ['zadd', 'k', '-7', 'b'],
    ['zremrangebyscore', 'k', '-inf', '3'],
    ['zrem', 'k', 'a', 'z'],
    ['zpopmax', 'k', '2'],
    ['zrange', 'k', '0', '-1', 'withscores'],
  ],
  stream: [
    ['xrange', 'k', '-', '+'],
    ['xrevrange', 'k', '+', '-'],
    ['xinfo', 'stream', 'k', 'full', 'count', '0'],
    ['xreadgroup', 'group', 'grp', 'carol', 'count', '3', 'streams', 'k', '>'],
    ['xpending', 'k', 'grp', '-', '+', '10'],
    ['xautoclaim', 'k', 'grp', 'dave', '0', '0'],
    ['xack', 'k', 'grp', '1-1', '3-1'],
    ['xadd', 'k', '*', 'f', 'v'],
    ['xdel', 'k', '1-1', '3-1'],
    ['xadd', 'k', '*', 'f', 'v', 'g', 'w'],
    ['xtrim', 'k', 'maxlen', '1'],
    ['xsetid', 'k', '99999999999999-1'],
    ['xgroup', 'destroy', 'k', 'grp'],
  ],
}
const ANY_USE: readonly (readonly string[])[] = [
  ['sort', 'k', 'alpha'],
  ['copy', 'k', 'k2', 'replace'],
  ['memory', 'usage', 'k'],
  ['debug', 'object', 'k'],
  ['debug', 'digest'],
  ['dump', 'k'],
  ['debug', 'reload'],
  ['unlink', 'k', 'k2'],
]

/** The order in a hash table is each server's own. */
const shown = (replies: readonly ParsedReply[]): string[] =>
  replies.map((r, i) => (typeof r === 'string' && replies[i - 2] === 'hashtable' ? `${r.length} bytes` : printed(r)))

describe.skipIf(!haveRedis())('RESTORE of damaged payloads', () => {
  let values = new Map<string, string>()
  let real: AskReal
  beforeAll(async () => {
    real = new AskReal((await start('real', { args: MODE })).port)
    values = await wholeValues(real)
  })
  afterAll(() => {
    real.close()
    stopAll()
  })

  test('whole payloads come back, byte for byte', async () => {
    const ours = new AskOurs()
    for (const [name, body] of values) {
      const requests = [['del', 'k'], ['restore', 'k', '0', withFooter(body)], ...LOOK]
      const [mine, wanted] = [await ours.ask(requests), await real.ask(requests)]
      expect(shown(mine).slice(1), name).toEqual(shown(wanted).slice(1))
      expect(printed(mine[1]), name).toBe('OK\n')
    }
  })

  test('with sanitize-dump-payload yes both take and refuse the same', { timeout: 600_000 }, async () => {
    const ours = new AskOurs()
    await ours.ask([['config', 'set', 'sanitize-dump-payload', 'yes']])
    const bad: string[] = []
    let crashes = 0
    let taken = 0
    let refused = 0
    for (const [name, body] of values) {
      const rng = new Prng(SEED)
      for (let done = 0; done < EACH; done += BATCH) {
        const bodies = Array.from({ length: Math.min(BATCH, EACH - done) }, () => spoil(body, rng))
        const requests = bodies.flatMap((b) => [['del', 'k'], ['restore', 'k', '0', withFooter(b)], ...LOOK])
        if (process.env['HOSTILE_TRACE']) console.log(name, done)
        const mine = await ours.ask(requests)
        let wanted: (typeof mine)[number][]
        try {
          wanted = await real.ask(requests)
        } catch {
          crashes++
          if (process.env['HOSTILE_CRASH']) console.log('the real server died at', name)
          real = new AskReal((await start('real', { args: MODE })).port)
          continue
        }
        const n = 2 + LOOK.length
        bodies.forEach((b, i) => {
          const a = shown(mine.slice(i * n, i * n + n))
          const w = shown(wanted.slice(i * n, i * n + n))
          if (w[1] === 'OK\n') taken++
          else refused++
          for (let j = 1; j < n; j++)
            if (a[j] !== w[j]) {
              bad.push(`${name} ${escaped(b)}\n  request ${j}\n  redis ${w[j]}\n  ours  ${a[j]}`)
              break
            }
        })
      }
    }
    if (process.env['HOSTILE_EACH']) console.log({ taken, refused, crashes })
    expect(Math.min(taken, refused)).toBeGreaterThan(EACH)
    if (crashes > 0) console.warn(`the real server died ${crashes} times`)
    expect(bad.slice(0, Number(process.env['HOSTILE_SHOW'] ?? 10)).join('\n')).toBe('')
  })

  test('whatever was taken can be read, changed and deleted', { timeout: 600_000 }, () => {
    const ours = new AskOurs()
    let used = 0
    for (const mode of ['no', 'yes']) {
      ours.now(['config', 'set', 'sanitize-dump-payload', mode])
      for (const [name, body] of values) {
        const rng = new Prng(SEED + 77)
        for (let i = 0; i < EACH / 3; i++) {
          const spoilt = spoil(body, rng)
          if (printed(ours.now(['restore', 'k', '0', withFooter(spoilt), 'replace'])) !== 'OK\n') continue
          used++
          const type = printed(ours.now(['type', 'k'])).trim()
          for (const request of [...(USES[type] ?? []), ...ANY_USE]) {
            const startedAt = performance.now()
            try {
              ours.now(request)
            } catch (e) {
              throw new Error(`${request.join(' ').slice(0, 80)} after ${name} ${escaped(spoilt)}: ${String(e)}`)
            }
            expect(performance.now() - startedAt, `${request.join(' ')} after ${name} ${escaped(spoilt)}`).toBeLessThan(
              3000,
            )
          }
        }
      }
    }
    expect(used).toBeGreaterThan(EACH / 3)
  })
})
