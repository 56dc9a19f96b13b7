/**
 * Clients that take too much, or do nothing: limits on query buffers, on output buffers (hard, and soft for some seconds), on
 * the memory of all clients, and on idleness. The same steps go to our server and to a real one; what each connection has
 * heard in the end, and who was hung up on, must be the same.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { encode, type Heard, Ours, Real, startReal } from './oracle/servers.ts'
import { haveRedis, stopAll } from './support/processes.ts'

afterAll(stopAll)
type Step = readonly [conn: number, request: readonly string[] | string] | number
interface Side {
  readonly closed: ReadonlySet<number>
  send(conn: number, bytes: string): Promise<Heard>
  wait(ms: number): Promise<Heard>
}

/** What everybody heard, a line each, and who is gone. */
async function play(side: Side, steps: readonly Step[]): Promise<string[]> {
  const all = new Map<number, string>()
  const keep = (heard: Heard): void => {
    for (const [c, text] of heard) all.set(c, (all.get(c) ?? '') + text)
  }
  for (const step of steps) {
    if (typeof step === 'number') keep(await side.wait(step))
    else if (!side.closed.has(step[0]))
      keep(await side.send(step[0], typeof step[1] === 'string' ? step[1] : encode(step[1])))
    keep(await side.wait(20))
  }
  keep(await side.wait(300))
  const short = (text: string): string => text.replace(/x{100,}/g, (x) => `<${x.length} x>`)
  return [...all.keys(), ...side.closed]
    .filter((c, i, list) => c !== 9 && list.indexOf(c) === i)
    .sort((a, b) => a - b)
    .map((c) => `${c}: ${short(all.get(c) ?? '')}${side.closed.has(c) ? '<closed>' : ''}`)
}

const big = (n: number): string => 'x'.repeat(n)
const CASES: Readonly<Record<string, readonly Step[]>> = {
  'a hard limit closes before anything is sent': [
    [9, ['config', 'set', 'client-output-buffer-limit', 'normal 100000 0 0']],
    [1, ['set', 'small', big(20_000)]],
    [1, ['set', 'big', big(300_000)]],
    [1, ['get', 'small']],
    [1, ['get', 'big']],
    [2, ['ping']],
  ],
  'many replies in one turn count together': [
    [9, ['config', 'set', 'client-output-buffer-limit', 'normal 100000 0 0']],
    [1, ['set', 'k', big(30_000)]],
    [1, encode(['get', 'k']).repeat(2)],
    [1, encode(['get', 'k']).repeat(12)],
  ],
  'listeners have limits of their own': [
    [9, ['config', 'set', 'client-output-buffer-limit', 'normal 0 0 0 pubsub 100000 0 0']],
    [1, ['subscribe', 'c']],
    [2, ['publish', 'c', big(1000)]],
    [2, ['publish', 'c', big(200_000)]],
    [2, ['publish', 'c', 'late']],
    [2, ['set', 'k', big(300_000)]],
    [2, ['strlen', 'k']],
  ],
  'a soft limit counts from the first time, even when all was read since': [
    [9, ['config', 'set', 'client-output-buffer-limit', 'normal 0 100000 1']],
    [1, ['set', 'k', big(200_000)]],
    [1, ['get', 'k']],
    300,
    [1, ['get', 'k']],
    [1, ['ping']],
    2500,
    [1, ['get', 'k']],
    [1, ['ping']],
  ],
  'a query that grows beyond its limit': [
    [9, ['config', 'set', 'client-query-buffer-limit', '1048576']],
    [1, `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900000\r\n${big(900_000)}\r\n`],
    [1, `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1500000\r\n${big(1_400_000)}`],
    [2, ['strlen', 'k']],
  ],
  'the largest client goes when clients hold too much': [
    [2, ['ping']],
    [1, `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1500000\r\n${big(900_000)}`],
    [9, ['client', 'no-evict', 'on']],
    [9, ['config', 'set', 'maxmemory-clients', '500000']],
    [2, ['ping']],
    [2, ['exists', 'k']],
  ],
  'no-evict saves a large client': [
    [1, ['client', 'no-evict', 'on']],
    [1, `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900000\r\n${big(800_000)}`],
    [2, `*3\r\n$3\r\nSET\r\n$1\r\nq\r\n$900000\r\n${big(800_000)}`],
    [9, ['config', 'set', 'maxmemory-clients', '1500000']],
    200,
    [1, `${big(100_000)}\r\n`],
    [1, ['strlen', 'k']],
  ],
  'a transaction that is queued counts': [
    [1, ['multi']],
    [1, ['set', 'k', big(400_000)]],
    [1, ['set', 'k', big(400_000)]],
    [9, ['client', 'no-evict', 'on']],
    [9, ['config', 'set', 'maxmemory-clients', '500000']],
    [2, ['ping']],
  ],
  'idle clients are closed, those that wait or listen are not': [
    [9, ['subscribe', 'keep']],
    [1, ['ping']],
    [2, ['subscribe', 'c']],
    [3, ['blpop', 'l', '0']],
    [4, ['config', 'set', 'timeout', '1']],
    300,
    300,
    [4, ['ping']],
    ...Array.from({ length: 8 }, () => 300),
    [5, ['rpush', 'l', 'a']],
    [5, ['publish', 'c', 'm']],
  ],
}

describe.skipIf(!haveRedis())('limits of clients, beside a real server', () => {
  test.concurrent.each(Object.entries(CASES))(
    '%s',
    // On a busy machine a second of the real server's clock may be over between two steps: then once more.
    { timeout: 60_000, retry: 2 },
    async (_name, steps) => {
      const { port } = await startReal()
      const real = new Real(port)
      const theirs = await play(real, steps)
      real.close()
      const ours = await play(new Ours(), steps)
      expect(ours).toEqual(theirs)
      expect(theirs.length).toBeGreaterThan(0)
    },
  )
})
