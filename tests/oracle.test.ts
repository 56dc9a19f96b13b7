/**
 * The oracle: the same random requests go to our server and to a real redis-server, and the bytes of every reply must be
 * equal. A difference is shrunk to the shortest sequence that still shows it. ORACLE_SEED and ORACLE_OPS choose the run;
 * `npm run oracle -- --seed N --ops M` sets them.
 */
import { afterAll, describe, expect, test } from 'vitest'
import type { ParsedReply } from '../src/engine/protocol/reply-parser.ts'
import { ReplyParser } from '../src/engine/protocol/reply-parser.ts'
import { Requests } from './oracle-commands.ts'
import { encode, Ours, Real, startReal } from './oracle-servers.ts'
import { haveRedis, stopAll } from './support/processes.ts'

const SEED = Number(process.env['ORACLE_SEED'] ?? 1)
const OPS = Number(process.env['ORACLE_OPS'] ?? 10_000)
const installed = haveRedis()
afterAll(stopAll)

const BATCH = 200
/** Small thresholds, so that every encoding is met. */
const SETTINGS = [
  'list-max-listpack-size',
  '3',
  'zset-max-listpack-entries',
  '4',
  'zset-max-listpack-value',
  '8',
  'set-max-intset-entries',
  '5',
  'hash-max-listpack-entries',
  '4',
]

/** Replies whose order the hash seed decides are compared as collections, and so is a transaction that may hold one. */
const UNORDERED = new Set([
  'smembers',
  'sinter',
  'sunion',
  'sdiff',
  'sscan',
  'hscan',
  'hkeys',
  'hvals',
  'hgetall',
  'keys',
  'exec',
  'zscan',
])
function sorted(r: ParsedReply): string {
  if (Array.isArray(r)) return `*${r.length}[${r.map(sorted).sort().join(',')}]`
  if (typeof r === 'object' && r !== null && 'items' in r) return `${r.t}[${r.items.map(sorted).sort().join(',')}]`
  if (typeof r === 'object' && r !== null && 'pairs' in r) return `${r.t}[${r.pairs.map(sorted).sort().join(',')}]`
  return typeof r === 'bigint' ? `${r}n` : JSON.stringify(r)
}
function normal(argv: readonly string[], bytes: string): string {
  // The order inside a hash or a set is in its dump too, and in the checksum.
  if (argv[0]?.toLowerCase() === 'dump') return String(bytes.length)
  if (!UNORDERED.has((argv[0] ?? '').toLowerCase())) return bytes
  const parser = new ReplyParser()
  parser.feed(bytes)
  const r = parser.next()
  return r === undefined ? bytes : sorted(r)
}

interface Rig {
  readonly real: Real
  ours: Ours
  readonly resp: string
}
async function reset(rig: Rig): Promise<void> {
  for (const argv of [
    ['discard'],
    ['unwatch'],
    ['flushall'],
    ['select', '0'],
    ['client', 'setname', ''],
    ['hello', rig.resp],
    ['config', 'set', ...SETTINGS],
  ])
    await rig.real.send(1, encode(argv))
  rig.ours = new Ours()
  for (const argv of [
    ['hello', rig.resp],
    ['config', 'set', ...SETTINGS],
  ])
    rig.ours.say(1, encode(argv))
}

/** Cut one stream into replies with the parser of replies: the bytes of each. */
function cut(bytes: string): string[] {
  const parser = new ReplyParser()
  const out: string[] = []
  parser.feed(bytes)
  let before = parser.buffered
  while (parser.next() !== undefined) {
    out.push(bytes.slice(bytes.length - before, bytes.length - parser.buffered))
    before = parser.buffered
  }
  return out
}

interface Difference {
  readonly index: number
  readonly theirs: string
  readonly ours: string
}
async function firstDifference(rig: Rig, ops: readonly (readonly string[])[]): Promise<Difference | null> {
  await reset(rig)
  for (let at = 0; at < ops.length; at += BATCH) {
    const batch = ops.slice(at, at + BATCH)
    // One connection, one reply each: the real server's stream is whole when a PING on another connection was answered.
    let text = ''
    let theirs: string[] = []
    text = (await rig.real.send(1, batch.map(encode).join(''))).get(1) ?? ''
    theirs = cut(text)
    for (let tries = 0; theirs.length < batch.length && tries < 200; tries++) {
      text += (await rig.real.wait(1)).get(1) ?? ''
      theirs = cut(text)
    }
    for (const [i, argv] of batch.entries()) {
      const ours = rig.ours.say(1, encode(argv)).get(1) ?? ''
      const their = theirs[i] ?? ''
      if (ours !== their && normal(argv, ours) !== normal(argv, their)) return { index: at + i, theirs: their, ours }
    }
  }
  return null
}

/** Greedy: leave out ever smaller stretches as long as the last request still differs. */
async function shrink(rig: Rig, failing: readonly (readonly string[])[]): Promise<readonly (readonly string[])[]> {
  let ops = failing
  for (let size = Math.ceil(ops.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < ops.length - 1; ) {
      const fewer = [...ops.slice(0, at), ...ops.slice(Math.min(at + size, ops.length - 1))]
      const d = await firstDifference(rig, fewer)
      if (d === null) at += size
      else ops = fewer.slice(0, d.index + 1)
    }
  }
  return ops
}

describe.skipIf(!installed)('our replies are those of redis-server', () => {
  test.each(['2', '3'])(
    `RESP%s: ${OPS / 2} requests of seed ${SEED}`,
    async (resp) => {
      const { port } = await startReal()
      const rig: Rig = { real: new Real(port), ours: new Ours(), resp }
      const requests = new Requests(SEED * 2 + Number(resp))
      const ops = Array.from({ length: Math.ceil(OPS / 2) }, () => requests.next())
      const found = await firstDifference(rig, ops)
      let report = ''
      if (found !== null) {
        const short = await shrink(rig, ops.slice(0, found.index + 1))
        const again = (await firstDifference(rig, short)) ?? found
        report = `seed ${SEED}, RESP${resp}, request ${found.index}\n${short.map((a) => `  ${JSON.stringify(a)}`).join('\n')}\n  redis: ${JSON.stringify(again.theirs)}\n  ours:  ${JSON.stringify(again.ours)}`
      }
      rig.real.close()
      expect(report).toBe('')
    },
    120_000,
  )
})
