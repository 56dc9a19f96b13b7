import { expect, test } from 'vitest'
import { Server } from '../../server/server.ts'
import { setCommands } from '../set/index.ts'
import { sortedSetCommands } from '../sorted-set/index.ts'
import { listCommands } from './index.ts'

/** A server with these commands only; `say` gives the raw reply, `fed` what replicas would hear. */
function start() {
  const server = new Server({ pid: 1, seed: 5, host: '127.0.0.1', argv: [], cwd: '/' }, undefined, { mode: 'server' })
  server.useCommands([listCommands, setCommands, sortedSetCommands])
  const fed: string[] = []
  server.repl = {
    feed: (_db: number, argv: readonly string[]) => fed.push(argv.join(' ')),
    configured() {},
    cron() {},
    onClientFreed() {},
    isReplica: false,
    masterLinkUp: false,
    goodReplicas: () => 0,
    ackedReplicas: () => 0,
  } as never
  const now = 1.7e15
  server.handle({ type: 'start' }, now)
  for (const conn of [2, 4]) {
    server.handle(
      { type: 'accept', conn, port: 6379, remoteHost: '127.0.0.1', remotePort: conn, localHost: '127.0.0.1' },
      now,
    )
  }
  const raw = (line: string, conn = 2) => server.handle({ type: 'data', conn, bytes: `${line}\r\n` }, now)
  const say = (line: string) =>
    raw(line)
      .map((o) => (o.type === 'send' && o.conn === 2 ? o.bytes : ''))
      .join('')
  return { server, say, raw, fed }
}

test('lists answer as Redis does', () => {
  const { say } = start()
  expect(say('rpush l a b c 1 b')).toBe(':5\r\n')
  expect(say('lpos l b rank -1')).toBe(':4\r\n')
  expect(say('lpos l b count 0')).toBe('*2\r\n:1\r\n:4\r\n')
  expect(say('linsert l before 1 x')).toBe(':6\r\n')
  expect(say('lrem l -1 b')).toBe(':1\r\n')
  expect(say('lrange l 0 -1')).toBe('*5\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nx\r\n$1\r\n1\r\n')
  expect(say('rpop l 2')).toBe('*2\r\n$1\r\n1\r\n$1\r\nx\r\n')
  expect(say('lpop nope 2')).toBe('*-1\r\n')
  expect(say('lset l 9 v')).toBe('-ERR index out of range\r\n')
  expect(say('sadd l x')).toBe('-WRONGTYPE Operation against a key holding the wrong kind of value\r\n')
  expect(say('lmove l l left right')).toBe('$1\r\na\r\n')
  expect(say('lrange l 0 -1')).toBe('*3\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\na\r\n')
})

test('a blocked client is served, and replicas hear the plain command', () => {
  const { raw, fed } = start()
  raw('blpop q 0', 4)
  const out = raw('rpush q job')
  expect(
    out.filter((o) => o.type === 'send').map((o) => (o.type === 'send' ? [o.conn, o.bytes] : null)),
  ).toContainEqual([4, '*2\r\n$1\r\nq\r\n$3\r\njob\r\n'])
  expect(fed.join('\n')).toContain('LPOP q')
  raw('bzpopmin z 0', 4)
  const served = raw('zadd z 1.5 m')
  expect(
    served.some((o) => o.type === 'send' && o.conn === 4 && o.bytes === '*3\r\n$1\r\nz\r\n$1\r\nm\r\n$3\r\n1.5\r\n'),
  ).toBe(true)
})

test('SPOP reaches replicas as what it took', () => {
  const { say, fed } = start()
  say('sadd s 1 2 3')
  say('spop s')
  expect(fed.at(-1)).toMatch(/^SREM s [123]$/)
  say('spop s 10')
  expect(fed.at(-1)).toBe('DEL s')
})

test('sets keep integers in order and combine', () => {
  const { say } = start()
  say('sadd a 3 1 2')
  say('sadd b 2 3 x')
  expect(say('smembers a')).toBe('*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n')
  expect(say('sinter a b')).toBe('*2\r\n$1\r\n2\r\n$1\r\n3\r\n')
  expect(say('sdiffstore d a b')).toBe(':1\r\n')
  expect(say('sintercard 2 a b limit 1')).toBe(':1\r\n')
  expect(say('smove a b 1')).toBe(':1\r\n')
  expect(say('scard b')).toBe(':4\r\n')
})

test.each([0, 128])('sorted sets answer the same with zset-max-listpack-entries %i', (entries) => {
  const { server, say } = start()
  server.config.zsetMaxListpackEntries = entries
  expect(say('zadd z 1 a 2 b 3 c 0.1 d')).toBe(':4\r\n')
  expect(say('zadd z gt ch 5 a 1 b')).toBe(':1\r\n')
  expect(say('zadd z nx gt 1 a')).toBe('-ERR GT, LT, and/or NX options at the same time are not compatible\r\n')
  expect(say('zscore z d')).toBe('$19\r\n0.10000000000000001\r\n')
  expect(say('zrange z (0.1 3 byscore rev')).toBe('*0\r\n')
  expect(say('zrange z 3 (0.1 byscore rev limit 0 1 withscores')).toBe('*2\r\n$1\r\nc\r\n$1\r\n3\r\n')
  expect(say('zrevrank z d')).toBe(':3\r\n')
  expect(say('zrange z 0 1 limit 0 1')).toBe(
    '-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX\r\n',
  )
  expect(say('zunion 1 z weights 2 withscores')).toBe(
    '*8\r\n$1\r\nd\r\n$19\r\n0.20000000000000001\r\n$1\r\nb\r\n$1\r\n4\r\n$1\r\nc\r\n$1\r\n6\r\n$1\r\na\r\n$2\r\n10\r\n',
  )
  expect(say('zpopmax z')).toBe('*2\r\n$1\r\na\r\n$1\r\n5\r\n')
  expect(say('zremrangebyrank z 0 0')).toBe(':1\r\n')
  expect(say('zincrby z -inf b')).toBe('$4\r\n-inf\r\n')
  expect(say('zincrby z inf b')).toBe('-ERR resulting score is not a number (NaN)\r\n')
})
