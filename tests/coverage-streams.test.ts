/** Rows of the coverage list about streams. */
import { afterAll, expect, test } from 'vitest'
import { bench } from '../src/engine/server/rig.ts'
import { following, ReplicationRig } from './replication-rig.ts'
import { cli, haveRedis, start, stopAll } from './support/processes.ts'

afterAll(stopAll)

const inline = (line: string): string => `${line}\r\n`
const words = (reply: string): string[] => reply.split('\r\n').filter((l) => l !== '' && !/^[$*]/.test(l))

test('B06, M14: XADD makes a stream; B07: its encoding is stream', () => {
  const say = bench().connect()
  expect(say(inline('XADD x * f v'))).toMatch(/^\$15\r\n\d{13}-0\r\n$/)
  expect(say(inline('TYPE x'))).toBe('+stream\r\n')
  expect(say(inline('OBJECT ENCODING x'))).toBe('$6\r\nstream\r\n')
})

test('B09: readers of a stream all get the entry; of a group the first that waited; limits hold; in MULTI nobody waits', () => {
  const b = bench()
  const [writer, one, two] = [b.connect(), b.connect(), b.connect()]
  const entry = (key: string, id: string): string =>
    `*1\r\n*2\r\n$${key.length}\r\n${key}\r\n*1\r\n*2\r\n$3\r\n${id}\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n`
  expect(one(inline('XREAD BLOCK 0 STREAMS s $'))).toBe('')
  expect(two(inline('XREAD BLOCK 500 STREAMS none s $ $'))).toBe('')
  writer(inline('XADD s 1-1 f v'))
  expect([b.read(one), b.read(two)]).toEqual([entry('s', '1-1'), entry('s', '1-1')])
  writer(inline('XGROUP CREATE s g $'))
  one(inline('XREADGROUP GROUP g a BLOCK 0 STREAMS s >'))
  two(inline('XREADGROUP GROUP g b BLOCK 0 STREAMS s >'))
  writer(inline('XADD s 2-1 f v'))
  expect([b.read(one), b.read(two)]).toEqual([entry('s', '2-1'), ''])
  writer(inline('XADD s 3-1 f v'))
  expect(b.read(two)).toBe(entry('s', '3-1'))
  expect(one(inline('XREAD BLOCK 300 STREAMS s $'))).toBe('')
  b.wait(299)
  expect(b.read(one)).toBe('')
  b.wait(2)
  expect(b.read(one)).toBe('*-1\r\n')
  for (const line of ['MULTI', 'XREAD BLOCK 0 STREAMS s $']) writer(inline(line))
  expect(writer(inline('EXEC'))).toBe('*1\r\n*-1\r\n')
})

test('D26: three entries are one key and two nodes; a node takes 100 entries or 4096 bytes', () => {
  const say = bench().connect()
  const info = (key: string): string[] => words(say(inline(`XINFO STREAM ${key}`))).slice(0, 6)
  for (const id of ['1-1', '1-2', '1-3']) say(inline(`XADD s ${id} f v`))
  expect(info('s')).toEqual(['length', ':3', 'radix-tree-keys', ':1', 'radix-tree-nodes', ':2'])
  for (let i = 1; i <= 100; i++) say(inline(`XADD n ${i}-0 f v`))
  expect(info('n')[3]).toBe(':1')
  say(inline('XADD n 101-0 f v'))
  expect(info('n')[3]).toBe(':2')
  for (let i = 1; i <= 4; i++) say(inline(`XADD b ${i}-0 f ${'v'.repeat(1000)}`))
  expect(info('b')[3]).toBe(':1')
  say(inline(`XADD b 5-0 f ${'v'.repeat(1000)}`))
  expect(info('b')[3]).toBe(':2')
  // Trimming goes by whole nodes when it may.
  say(inline('XTRIM n MAXLEN ~ 1'))
  expect(info('n').slice(1, 4)).toEqual([':1', 'radix-tree-keys', ':1'])
})

test('D26: what is delivered is pending until acknowledged, can be claimed by another, and lag counts what is left', () => {
  const say = bench().connect()
  for (let i = 1; i <= 5; i++) say(inline(`XADD s ${i}-0 f ${i}`))
  say(inline('XGROUP CREATE s g 0'))
  say(inline('XREADGROUP GROUP g alice COUNT 3 STREAMS s >'))
  const group = (): string => words(say(inline('XINFO GROUPS s'))).join(' ')
  expect(group()).toBe('name g consumers :1 pending :3 last-delivered-id 3-0 entries-read :3 lag :2')
  expect(say(inline('XACK s g 1-0'))).toBe(':1\r\n')
  expect(words(say(inline('XPENDING s g')))).toEqual([':2', '2-0', '3-0', 'alice', '2'])
  say(inline('XDEL s 2-0'))
  // The deleted one goes out of the list, the other changes hands.
  expect(words(say(inline('XAUTOCLAIM s g bob 0 0 JUSTID')))).toEqual(['0-0', '3-0', '2-0'])
  expect(words(say(inline('XPENDING s g')))).toEqual([':1', '3-0', '3-0', 'bob', '1'])
  expect(group()).toBe('name g consumers :2 pending :1 last-delivered-id 3-0 entries-read :3 lag :2')
  // A hole in front of what is still to be read: nobody can tell how many are left.
  say(inline('XDEL s 4-0'))
  expect(group()).toBe('name g consumers :2 pending :1 last-delivered-id 3-0 entries-read :3 lag')
})

/** What a real master sent to a replica for these commands; T is the time. */
const SPOKEN = `
CONFIG SET stream-node-max-entries 2
XADD s 1-1 a 1
XADD s 1-* a 2
XADD s 99999999999999-1 a 3
XADD s * a 4
XADD s MAXLEN ~ 2 * a 5
XADD s MINID ~ 99999999999999 99999999999999-7 a 6
XADD s MAXLEN = 2 99999999999999-8 a 7
XTRIM s MAXLEN ~ 0 LIMIT 1
XTRIM s MAXLEN ~ 1 LIMIT 2
XTRIM s MAXLEN 9
XDEL s 5-5
XGROUP CREATE s g 0
XREADGROUP GROUP g al COUNT 1 STREAMS s >
XREADGROUP GROUP g al STREAMS s 0
XREADGROUP GROUP g bo NOACK STREAMS s >
XREADGROUP GROUP g cy STREAMS s >
XADD s 100000000000000-1 a 8
XADD s 100000000000000-2 a 9
XREADGROUP GROUP g cy STREAMS s >
XCLAIM s g di 0 100000000000000-1 JUSTID
XCLAIM s g di 0 100000000000000-9 LASTID 100000000000001-1
XCLAIM s g di 0 100000000000000-2 TIME 1000 RETRYCOUNT 4 LASTID 100000000000002-1
XDEL s 100000000000000-1
XAUTOCLAIM s g ed 0 0 COUNT 10
XACK s g 100000000000000-2
XACK s g 100000000000000-2
XGROUP CREATECONSUMER s g fi
XGROUP CREATECONSUMER s g fi
XGROUP DELCONSUMER s g fi
XGROUP SETID s g $ ENTRIESREAD 5
XSETID s 100000000000009-1
bob XREADGROUP GROUP g wa BLOCK 0 STREAMS s >
XADD s 100000000000009-2 a 10
bob XREADGROUP GROUP g wb NOACK BLOCK 0 STREAMS s >
XADD s 100000000000009-3 a 11
XGROUP DESTROY s g
XGROUP DESTROY s g
XADD none NOMKSTREAM 1-1 a b
XGROUP CREATE m g $ MKSTREAM
`
const SENT = `
XADD s 1-1 a 1
XADD s 1-2 a 2
XADD s 99999999999999-1 a 3
XADD s 99999999999999-2 a 4
XADD s MAXLEN = 3 99999999999999-3 a 5
XADD s MINID = 99999999999999-1 99999999999999-7 a 6
XADD s MAXLEN = 2 99999999999999-8 a 7
XTRIM s MAXLEN = 1 LIMIT 1
XGROUP CREATE s g 0
XCLAIM s g al 0 99999999999999-8 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 99999999999999-8
XADD s 100000000000000-1 a 8
XADD s 100000000000000-2 a 9
MULTI
XCLAIM s g cy 0 100000000000000-1 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 100000000000000-1
XCLAIM s g cy 0 100000000000000-2 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 100000000000000-2
EXEC
XCLAIM s g di 0 100000000000000-1 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 100000000000000-2
XGROUP SETID s g 100000000000001-1 ENTRIESREAD 9
XCLAIM s g di 0 100000000000000-2 TIME 1000 RETRYCOUNT 4 FORCE JUSTID LASTID 100000000000002-1
XDEL s 100000000000000-1
MULTI
XCLAIM s g ed 0 99999999999999-8 TIME T RETRYCOUNT 3 FORCE JUSTID LASTID 100000000000002-1
XCLAIM s g di 0 100000000000000-1 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 100000000000002-1
XCLAIM s g ed 0 100000000000000-2 TIME T RETRYCOUNT 5 FORCE JUSTID LASTID 100000000000002-1
EXEC
XACK s g 100000000000000-2
XGROUP CREATECONSUMER s g fi
XGROUP DELCONSUMER s g fi
XGROUP SETID s g $ ENTRIESREAD 5
XSETID s 100000000000009-1
XADD s 100000000000009-2 a 10
XCLAIM s g wa 0 100000000000009-2 TIME T RETRYCOUNT 1 FORCE JUSTID LASTID 100000000000009-2
XADD s 100000000000009-3 a 11
MULTI
XGROUP CREATECONSUMER s g wb
XGROUP SETID s g 100000000000009-3 ENTRIESREAD 7
EXEC
XGROUP DESTROY s g
XGROUP CREATE m g $ MKSTREAM
`
test('R01: replicas hear what came of a stream command, as a real master says it', () => {
  const b = bench()
  const [say, bob] = [b.connect(), b.connect()]
  const sent: string[] = []
  const repl = b.server.repl
  if (repl === null) throw new Error('no replication')
  repl.feed = (_dbid, argv) => {
    sent.push(argv.join(' ').replace(/\b1[78]\d{11}\b/g, 'T'))
  }
  for (const line of SPOKEN.trim().split('\n')) {
    if (line.startsWith('bob ')) bob(inline(line.slice(4)))
    else say(inline(line))
  }
  expect(sent).toEqual(SENT.trim().split('\n'))
})

test('R01: a replica has the same streams, groups and pending entries', () => {
  const w = new ReplicationRig([[], [following(1)]])
  expect(w.synced('r2')).toBe(true)
  for (let i = 0; i < 40; i++) w.call('r1', 'XADD', 's', 'MAXLEN', '~', '10', '*', 'f', String(i))
  w.call('r1', 'XGROUP', 'CREATE', 's', 'g', '0')
  w.call('r1', 'XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '5', 'STREAMS', 's', '>')
  w.call('r1', 'XAUTOCLAIM', 's', 'g', 'bob', '0', '0', 'COUNT', '2')
  w.call('r1', 'XREADGROUP', 'GROUP', 'g', 'bob', 'NOACK', 'COUNT', '3', 'STREAMS', 's', '>')
  w.run(1)
  expect(w.synced('r2')).toBe(true)
  expect(w.digest('r2')).toBe(w.digest('r1'))
  for (const ask of [
    ['XPENDING', 's', 'g'],
    ['XINFO', 'GROUPS', 's'],
    ['XINFO', 'STREAM', 's'],
  ])
    expect(w.call('r2', ...ask)).toEqual(w.call('r1', ...ask))
})

test('P01: a stream is type 19 in the file, and comes back with its groups', () => {
  const say = bench(['--enable-debug-command', 'yes']).connect()
  for (let i = 1; i <= 250; i++) say(inline(`XADD s ${i}-0 f ${i} g x`))
  say(inline('XGROUP CREATE s g 0'))
  say(inline('XREADGROUP GROUP g alice COUNT 3 STREAMS s >'))
  const dump = say(inline('DUMP s'))
  expect(dump.charCodeAt(dump.indexOf('\n') + 1)).toBe(19)
  const payload = dump.slice(dump.indexOf('\n') + 1, -2)
  const command = `*4\r\n$7\r\nRESTORE\r\n$1\r\nt\r\n$1\r\n0\r\n$${payload.length}\r\n${payload}\r\n`
  expect(say(command)).toBe('+OK\r\n')
  expect(say(inline('DUMP t'))).toBe(dump)
  expect(words(say(inline('XPENDING t g')))).toEqual([':3', '1-0', '3-0', 'alice', '3'])
  expect(say(inline('DEBUG DIGEST-VALUE s'))).toBe(say(inline('DEBUG DIGEST-VALUE t')))
})

const installed = haveRedis()
if (!installed) console.warn('SKIPPED: streams against a real redis-server, which is not installed')
test.skipIf(!installed)('P01: a real server loads our stream and we load its', { timeout: 30_000 }, async () => {
  const [real, ours] = [await start('real'), await start('ours')]
  const fill = (port: number): void => {
    for (let i = 1; i <= 30; i++) cli(port, 'xadd', 's', `${i}-1`, 'f', String(i), ...(i % 3 ? [] : ['g', 'x']))
    cli(port, 'xdel', 's', '4-1', '30-1')
    cli(port, 'xgroup', 'create', 's', 'g', '0')
    cli(port, 'xclaim', 's', 'g', 'al', '0', '5-1', '6-1', 'time', '1000', 'force', 'justid')
  }
  fill(real.port)
  fill(ours.port)
  for (const [from, to] of [
    [real.port, ours.port],
    [ours.port, real.port],
  ] as const) {
    expect(cli(to, 'del', 's')).toBe('1')
    expect(cli(from, 'migrate', '127.0.0.1', String(to), 's', '0', '5000', 'copy')).toBe('OK')
    for (const ask of ['xinfo stream s', 'xinfo groups s', 'xpending s g', 'xrange s - +'])
      expect(cli(to, ...ask.split(' '))).toBe(cli(from, ...ask.split(' ')))
  }
})
