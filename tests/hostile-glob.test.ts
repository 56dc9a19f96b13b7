/** Glob patterns made to hurt: the real server's answers, in bounded time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { globMatch } from '../src/engine/bytes/glob.ts'
import { Prng } from '../src/engine/bytes/prng.ts'
import type { ParsedReply } from '../src/engine/protocol/reply-parser.ts'
import { AskOurs, AskReal, escaped, printed } from './hostile-rig.ts'
import { encode, Ours } from './oracle/servers.ts'
import { haveRedis, start, stopAll } from './support/processes.ts'

const KEYS = [
  '',
  'a',
  'b',
  'ab',
  'ba',
  'aab',
  'abc',
  'a-b',
  'a*b',
  'a?c',
  '[ab]',
  '\\',
  'a\\',
  ']',
  '-',
  '^',
  '\0',
  '\xff',
  'aaaa',
  'A',
  'Ab',
  'zzz',
  'a]',
  '[',
  'b-d',
  '*',
]
const ALPHABET = 'aab*?[]^-\\cz\0\xff'

describe.skipIf(!haveRedis())('patterns beside redis-server', () => {
  let real: AskReal
  const ours = new AskOurs()
  beforeAll(async () => {
    real = new AskReal((await start('real', { args: ['--enable-debug-command', 'yes'] })).port)
    const fill = [['mset', ...KEYS.flatMap((k) => [k, '1'])]]
    await ours.ask(fill)
    await real.ask(fill)
  })
  afterAll(() => {
    real.close()
    stopAll()
  })

  test('KEYS with thousands of odd patterns', { timeout: 120_000 }, async () => {
    const rng = new Prng(Number(process.env['HOSTILE_SEED'] ?? 4))
    const patterns = [
      '[',
      '[^',
      '[]',
      '[^]',
      '[a',
      '[a-',
      '[a-c',
      '[a-]',
      '[-a]',
      '[]-a]',
      '[\\',
      '[\\]',
      '[\\]]',
      '[a\\-c]',
      '\\',
      'a\\',
      '**',
      '*?*',
      '[z-a]',
      '[^a-b]*',
      '[\\a-c]',
      ...Array.from({ length: Number(process.env['HOSTILE_EACH'] ?? 3000) }, () =>
        Array.from({ length: rng.below(9) }, () => ALPHABET.charAt(rng.below(ALPHABET.length))).join(''),
      ),
    ]
    const requests = patterns.map((p) => ['keys', p])
    const lines = (r: unknown): string => JSON.stringify([...(r as string[])].sort())
    const [mine, wanted] = [await ours.ask(requests), await real.ask(requests)]
    const bad = patterns.flatMap((p, i) =>
      lines(mine[i]) === lines(wanted[i])
        ? []
        : [`${escaped(p)}\n  redis ${lines(wanted[i])}\n  ours  ${lines(mine[i])}`],
    )
    expect(bad.slice(0, 10).join('\n')).toBe('')
  })

  test('nested stars, wherever a pattern is taken', { timeout: 120_000 }, async () => {
    const text = 'a'.repeat(2000)
    const hard = [
      `${'a*'.repeat(1000)}b`,
      `${'*a'.repeat(900)}*b*`,
      `${'*'.repeat(5000)}b`,
      `${'?*'.repeat(1000)}b`,
      `${'[a]*'.repeat(1100)}b`,
      `${'*a'.repeat(1002)}`,
      `${'*a'.repeat(998)}`,
      `${'a*'.repeat(1001)}`,
    ]
    const requests = [
      ['set', text, '1'],
      ...hard.flatMap((p) => [
        ['keys', p],
        ['scan', '0', 'match', p, 'count', '100'],
        ['config', 'get', p],
        ['pubsub', 'channels', p],
      ]),
      ['del', text],
    ]
    const startedAt = performance.now()
    const mine = await ours.ask(requests)
    expect(performance.now() - startedAt).toBeLessThan(20_000)
    const lines = (r: ParsedReply): string[] =>
      printed(r)
        .replace(/^[\d) ]+/gm, '')
        .split('\n')
        .sort()
    expect(mine.map(lines)).toEqual((await real.ask(requests)).map(lines))
  })
})

test('the work is bounded: no pattern is tried exponentially', () => {
  const startedAt = performance.now()
  expect(globMatch(`${'a*'.repeat(40)}b`, 'a'.repeat(3000))).toBe(false)
  expect(globMatch(`${'*a'.repeat(40)}`, 'a'.repeat(3000))).toBe(true)
  expect(globMatch(`${'*a'.repeat(999)}`, 'a'.repeat(1500))).toBe(true)
  // More than 1000 stars deep nothing matches, as in 7.0.15.
  expect(globMatch(`${'*a'.repeat(1002)}`, 'a'.repeat(1500))).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

test('DEBUG STRINGMATCH-TEST passes', () => {
  const said = new Ours().say(1, encode(['debug', 'stringmatch-test'])).get(1)
  expect(said).toBe('+Apparently Redis did not crash: test passed\r\n')
})
