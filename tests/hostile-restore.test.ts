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
})
