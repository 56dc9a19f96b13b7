/**
 * What a replica is sent and what MONITOR prints, beside the real server's: a bare client asks for SYNC, another for
 * MONITOR, and a third sends random requests. Times are compared within two seconds, everything else byte for byte.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { ReplyParser } from '../../src/engine/protocol/reply-parser.ts'
import { haveRedis, stopAll } from '../support/processes.ts'
import { expiresSoon, makeRound } from './duel.ts'
import { encode, type Heard, Ours, Real, startReal } from './servers.ts'

const ROUNDS = Number(process.env['PROPAGATION_ROUNDS'] ?? 6)
const REQUESTS = 400
const REPLICA = 6
const MONITOR = 5
const SELECTED =
  /^(spop|.*rand|select|swapdb|client|debug|config|acl|object|script|function|fcall|evalsha|b[lrz]|wait|copy|move|flush|hello|reset)/i
afterAll(stopAll)

interface Side {
  say(conn: number, bytes: string): Promise<Heard>
}
interface Told {
  readonly stream: string[]
  readonly monitor: string[]
}

/** The requests behind the first copy, a line each; what keeps the link alive is left out. */
function streamed(text: string): string[] {
  const head = /^\n*\$(\d+)\r\n/.exec(text)
  if (head === null) return [`no first copy: ${JSON.stringify(text.slice(0, 80))}`]
  const parser = new ReplyParser()
  parser.feed(text.slice(head[0].length + Number(head[1])))
  const lines: string[] = []
  for (let r = parser.next(); r !== undefined; r = parser.next()) {
    const argv = r as string[]
    if (!/^(ping|replconf)$/i.test(argv[0] ?? '')) lines.push(argv.map((a) => JSON.stringify(a)).join(' '))
  }
  return lines
}

/** `at` is called before each request. */
async function tell(side: Side, ops: readonly (readonly string[])[], at: (index: number) => void): Promise<Told> {
  let stream = ''
  let monitor = ''
  const keep = (heard: Heard): void => {
    stream += heard.get(REPLICA) ?? ''
    monitor += heard.get(MONITOR) ?? ''
  }
  for (const argv of [
    ['select', '0'],
    ['flushall'],
    ['script', 'flush'],
    ['config', 'set', 'repl-diskless-sync', 'no'],
  ])
    await side.say(1, encode(argv))
  keep(await side.say(REPLICA, encode(['sync'])))
  for (let i = 0; i < 400 && !/^\n*\$\d+\r\n/.test(stream); i++) {
    await new Promise((r) => setTimeout(r, 5))
    keep(await side.say(2, encode(['ping'])))
  }
  keep(await side.say(MONITOR, encode(['monitor'])))
  for (const [i, argv] of ops.entries()) {
    at(i)
    keep(await side.say(1, encode(argv)))
  }
  for (let i = 0; i < 5; i++) keep(await side.say(1, encode(['echo', 'end'])))
  const lines = monitor.split('\r\n').filter((l) => !/"ping"|"PING"|^\+OK$|^$/.test(l))
  return {
    stream: streamed(stream),
    monitor: lines.map((l) => l.replace(/^\+\d+\.\d+ \[(\d+) [^\]]*?(lua)?\]/, '[$1 $2]')),
  }
}

/** Absolute times are near each other; all other text is the same. */
function equalLines(a: string, b: string): boolean {
  const time = /\b1[5-9]\d{11}\b/g
  if (a.replace(time, 'T') !== b.replace(time, 'T')) return false
  const times = (text: string): number[] => (text.match(time) ?? []).map(Number)
  const theirs = times(b)
  return times(a).every((t, i) => Math.abs(t - (theirs[i] as number)) < 2000)
}
function firstDifference(what: string, theirs: readonly string[], ours: readonly string[]): string {
  const at = theirs.findIndex((line, i) => !equalLines(line, ours[i] ?? ''))
  const i = at < 0 && ours.length > theirs.length ? theirs.length : at
  if (i < 0) return ''
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, i - 3), i + 2).join('\n    ')
  return `${what}, line ${i}\n  redis:\n    ${around(theirs)}\n  ours:\n    ${around(ours)}`
}

describe.skipIf(!haveRedis())('a replica and MONITOR hear what they hear from redis-server', () => {
  test.each(Array.from({ length: ROUNDS }, (_, i) => i + 1 + Number(process.env['FROM'] ?? 0)))(
    'round %i',
    async (seed) => {
      const round = makeRound(7000 + seed, REQUESTS * 2, { implemented: (row) => row !== 'fcall' })
      const ops = round.ops.filter(
        (op): op is readonly string[] => !('waitMs' in op) && !SELECTED.test(op[0] ?? '') && !expiresSoon(op),
      )
      const { port } = await startReal()
      const real = new Real(port)
      // Ours goes by the times at which the real one was asked.
      const times: number[] = []
      const server = new Ours(undefined, Date.now() * 1000)
      const theirs = await tell({ say: (conn, bytes) => real.send(conn, bytes) }, ops, () => times.push(Date.now()))
      const heard = async (conn: number, bytes: string): Promise<Heard> => {
        const first = server.say(conn, bytes)
        const rest = server.advance(1)
        for (const [c, text] of rest) first.set(c, (first.get(c) ?? '') + text)
        return first
      }
      const ours = await tell({ say: heard }, ops, (i) => server.follow((times[i] as number) * 1000))
      real.close()
      expect(theirs.stream.length).toBeGreaterThan(50)
      expect(firstDifference('to the replica', theirs.stream, ours.stream)).toBe('')
      expect(firstDifference('MONITOR', theirs.monitor, ours.monitor)).toBe('')
    },
  )
})
