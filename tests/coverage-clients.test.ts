/** The coverage list's rows about threads and network, expiry, eviction, transactions and operations that a machine can check. */
import { expect, test } from 'vitest'
import { bench } from '../src/engine/server/rig.ts'

const bulk = (reply: string): string => reply.replace(/^[$=]\d+\r\n(txt:)?/, '').replace(/\r\n$/, '')
const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
const config = (say: (b: string) => string, name: string): string =>
  say(`CONFIG GET ${name}\r\n`).split('\r\n').at(-2) ?? ''
function rig(argv: readonly string[] = []) {
  const r = bench(argv)
  const a = r.connect()
  return { r, a, b: r.connect(), info: (section: string) => bulk(a(`INFO ${section}\r\n`)) }
}
/** Fill until the server says that it is full: the number of keys that fitted. */
function fill(say: (b: string) => string, from: number, n: number, extra = ''): string[] {
  const replies: string[] = []
  for (let i = from; i < from + n; i++) replies.push(say(`SET key:${i} ${'v'.repeat(200)}${extra}\r\n`))
  return replies
}
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"

test('E02 UNLINK takes a big key away at once', () => {
  const { a } = rig()
  a(`SADD large ${Array.from({ length: 1000 }, (_, i) => `m${i}`).join(' ')}\r\n`)
  expect(a('UNLINK large nosuch\r\nEXISTS large\r\n')).toBe(':1\r\n:0\r\n')
})
test('E03 E04 FLUSHALL ASYNC empties every database, FLUSHDB ASYNC one', () => {
  const { a } = rig()
  a('SET a 1\r\nSELECT 1\r\nSET b 1\r\nSELECT 2\r\nSET c 1\r\n')
  expect(a('FLUSHDB ASYNC\r\nDBSIZE\r\nSELECT 1\r\nDBSIZE\r\n')).toBe('+OK\r\n:0\r\n+OK\r\n:1\r\n')
  expect(a('FLUSHALL ASYNC\r\nDBSIZE\r\nSELECT 0\r\nDBSIZE\r\n')).toBe('+OK\r\n:0\r\n+OK\r\n:0\r\n')
})
test('E05 I/O threads are off and cannot be switched on at run time', () => {
  const { a } = rig()
  expect(config(a, 'io-threads')).toBe('1')
  expect(a('CONFIG SET io-threads 4\r\n')).toBe(
    "-ERR CONFIG SET failed (possibly related to argument 'io-threads') - can't set immutable config\r\n",
  )
})
test('E10 a pipeline is answered with one write', () => {
  const { a, info } = rig()
  const writes = (): number => Number(field(info('stats'), 'total_writes_processed'))
  const before = writes()
  a('SET k 1\r\n'.repeat(16))
  expect(writes() - before).toBe(2)
})
test('E15 hz is 10, and the cron follows it', () => {
  const { r, a } = rig()
  expect(config(a, 'hz')).toBe('10')
  const ticks = (): number => {
    const before = r.server.cronLoops
    r.wait(1000)
    return r.server.cronLoops - before
  }
  expect(ticks()).toBe(10)
  a('CONFIG SET hz 100\r\n')
  r.wait(200)
  expect(ticks()).toBe(100)
})

test('X02 X14 a key that has expired is gone at its first access, which is notified', () => {
  const { r, a, b, info } = rig()
  a('DEBUG SET-ACTIVE-EXPIRE 0\r\nCONFIG SET notify-keyspace-events KEA\r\n')
  r.server.activeExpireEnabled = false
  b('PSUBSCRIBE __keyevent@0__:*\r\n')
  a('SET k v PX 200\r\n')
  r.wait(500)
  expect(field(info('stats'), 'expired_keys')).toBe('0')
  expect(a('GET k\r\n')).toBe('$-1\r\n')
  expect(field(info('stats'), 'expired_keys')).toBe('1')
  a('RPUSH l x\r\nLPOP l\r\n')
  expect([...r.read(b).matchAll(/__keyevent@0__:(\w+)\r\n\$/g)].map((m) => m[1])).toEqual([
    'set',
    'expire',
    'expired',
    'rpush',
    'lpop',
    'del',
  ])
})
test('X03 the active cycle clears expired keys that nobody asks for', () => {
  const { r, a } = rig()
  r.server.activeExpireEnabled = false
  for (let i = 0; i < 2000; i++) a(`SET stay:${i} 1\r\nSET go:${i} 1 PX 1\r\n`)
  r.wait(300)
  expect(a('DBSIZE\r\n')).toBe(':4000\r\n')
  r.server.activeExpireEnabled = true
  r.wait(1000)
  expect(a('DBSIZE\r\n')).toBe(':2000\r\n')
  expect(a('CONFIG SET active-expire-effort 11\r\n')).toContain('argument must be between 1 and 10 inclusive')
})
test('X04 INFO tells the share of stale keys', () => {
  expect(rig().info('stats')).toContain('expired_stale_perc:0.00')
})
test('X10 lazy freeing is off unless asked for', () => {
  const { a } = rig()
  for (const what of ['eviction', 'expire', 'server-del', 'user-del', 'user-flush'])
    expect(config(a, `lazyfree-lazy-${what}`)).toBe('no')
  expect(config(a, 'replica-lazy-flush')).toBe('no')
})
test('X11 conditions of EXPIRE, codes of TTL, expiry in the past', () => {
  const { a } = rig()
  a('SET a 1 EX 50\r\n')
  expect(a('EXPIRE a 100 NX\r\nTTL nokey\r\nEXPIRE a 10 GT\r\nEXPIRE a 10 LT\r\nTTL a\r\n')).toBe(
    ':0\r\n:-2\r\n:0\r\n:1\r\n:10\r\n',
  )
  expect(a('PERSIST a\r\nTTL a\r\nEXPIRE a 5 XX\r\nEXPIRE a -1\r\nEXISTS a\r\n')).toBe(
    ':1\r\n:-1\r\n:0\r\n:1\r\n:0\r\n',
  )
  expect(a('SET k v EX 0\r\n')).toBe("-ERR invalid expire time in 'set' command\r\n")
  a('SET k v EX 100\r\nSET k w KEEPTTL\r\n')
  expect(a('TTL k\r\nGETEX k PERSIST\r\nTTL k\r\n')).toBe(':100\r\n$1\r\nw\r\n:-1\r\n')
})

test('EV01 EV02 noeviction: writing is refused, reading and removing go on', () => {
  const { a, info } = rig()
  expect(config(a, 'maxmemory-policy')).toBe('noeviction')
  a(`SET k 1\r\nCONFIG SET maxmemory ${field(info('memory'), 'used_memory')}\r\n`)
  expect(fill(a, 0, 50)).toContain(OOM)
  expect(a('GET k\r\nDEL k\r\n')).toBe('$1\r\n1\r\n:1\r\n')
  expect(field(info('stats'), 'evicted_keys')).toBe('0')
})
test('EV05 EV06 EV11 volatile policies: nothing without a TTL goes; with no TTL at all they refuse as noeviction does', () => {
  for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']) {
    const { a, info } = rig()
    a(`CONFIG SET maxmemory-policy ${policy}\r\n`)
    fill(a, 0, 50)
    a(`CONFIG SET maxmemory ${field(info('memory'), 'used_memory')}\r\n`)
    expect(fill(a, 100, 50), policy).toContain(OOM)
    a('CONFIG SET maxmemory 0\r\n')
    a('FLUSHALL\r\n')
    fill(a, 0, 50)
    fill(a, 1000, 100, ' EX 1000')
    a(`CONFIG SET maxmemory ${field(info('memory'), 'used_memory')}\r\n`)
    fill(a, 2000, 30, ' EX 1000')
    expect(Number(field(info('stats'), 'evicted_keys')), policy).toBeGreaterThan(10)
    for (let i = 0; i < 50; i++) expect(a(`EXISTS key:${i}\r\n`), policy).toBe(':1\r\n')
  }
})
test('EV14 evictions are counted one by one and notified', () => {
  const { r, a, b, info } = rig()
  a('CONFIG SET maxmemory-policy allkeys-random notify-keyspace-events Ee\r\n')
  fill(a, 0, 200)
  b('SUBSCRIBE __keyevent@0__:evicted\r\n')
  a(`CONFIG SET maxmemory ${field(info('memory'), 'used_memory')}\r\n`)
  fill(a, 1000, 60)
  const evicted = Number(field(info('stats'), 'evicted_keys'))
  expect(evicted).toBeGreaterThan(20)
  expect(r.read(b).match(/evicted\r\n\$/g)?.length).toBe(evicted)
  expect(a('DBSIZE\r\n')).toBe(`:${260 - evicted}\r\n`)
})

test('T01 T02 a transaction queues and runs; what may not be nested is refused and the transaction goes on', () => {
  const { a } = rig()
  expect(a('MULTI\r\nSET a 1\r\nMULTI\r\nWATCH a\r\nINCR a\r\nEXEC\r\n')).toBe(
    '+OK\r\n+QUEUED\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not allowed\r\n+QUEUED\r\n*2\r\n+OK\r\n:2\r\n',
  )
})
test('T03 an error while queueing spoils the transaction', () => {
  const { a } = rig()
  a('MULTI\r\nSET a 1\r\nNOSUCH\r\n')
  expect(a('EXEC\r\nGET a\r\n')).toBe('-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n')
})
test('T04 T05 T10 an error while running undoes nothing', () => {
  const { a } = rig()
  a('MULTI\r\nSET a 1\r\nLPUSH a x\r\nINCR a\r\n')
  expect(a('EXEC\r\nGET a\r\n')).toBe(
    '*3\r\n+OK\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n:2\r\n$1\r\n2\r\n',
  )
})
test('T06 T07 T08 WATCH fails when another writes, and ends with EXEC, DISCARD, UNWATCH', () => {
  const { a, b } = rig()
  a('WATCH k\r\n')
  b('SET k 1\r\n')
  expect(a('MULTI\r\nPING\r\nEXEC\r\n')).toBe('+OK\r\n+QUEUED\r\n*-1\r\n')
  b('SET k 2\r\n')
  expect(a('MULTI\r\nPING\r\nEXEC\r\n')).toBe('+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n')
  for (const end of ['MULTI\r\nDISCARD\r\n', 'UNWATCH\r\n']) {
    a(`WATCH k\r\n${end}`)
    b('SET k 3\r\n')
    expect(a('MULTI\r\nPING\r\nEXEC\r\n')).toBe('+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n')
  }
  a('WATCH k\r\n')
  b('SET k 3\r\n')
  expect(a('UNWATCH\r\nMULTI\r\nPING\r\nEXEC\r\n')).toBe('+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n')
})
test('T09 any touch fails WATCH: the same value, a key that appears, expiry, one own write', () => {
  const exec = '+OK\r\n+QUEUED\r\n*-1\r\n'
  for (const how of ['same', 'new', 'expiry', 'own']) {
    const { r, a, b } = rig()
    a(how === 'new' ? '' : `SET k v${how === 'expiry' ? ' PX 50' : ''}\r\n`)
    a('WATCH k\r\n')
    if (how === 'own') a('SET k v\r\n')
    else if (how === 'expiry') r.wait(200)
    else b('SET k v\r\n')
    expect(a('MULTI\r\nPING\r\nEXEC\r\n'), how).toBe(exec)
  }
})
test('T11 DISCARD drops the queue', () => {
  const { a } = rig()
  expect(a('DISCARD\r\n')).toBe('-ERR DISCARD without MULTI\r\n')
  expect(a('MULTI\r\nSET k 1\r\nDISCARD\r\nGET k\r\n')).toBe('+OK\r\n+QUEUED\r\n+OK\r\n$-1\r\n')
})
test('T13 nobody comes between the commands of a transaction', () => {
  const { r, a, b } = rig()
  const m = r.connect()
  m('MONITOR\r\n')
  a('MULTI\r\nINCR n\r\nINCR n\r\n')
  b('INCR n\r\n')
  a('EXEC\r\n')
  const said = [...r.read(m).matchAll(/\] "(\w+)"/g)].map((x) => x[1])
  expect(said).toEqual(['MULTI', 'INCR', 'INCR', 'INCR', 'EXEC'])
  expect(a('GET n\r\n')).toBe('$1\r\n3\r\n')
})
test('T18 no memory while queueing: refused there, and EXEC says so', () => {
  const { a, info } = rig()
  a(`SET k 1\r\nCONFIG SET maxmemory ${Math.floor(Number(field(info('memory'), 'used_memory')) / 2)}\r\n`)
  expect(a('MULTI\r\nSET a 1\r\nEXEC\r\n')).toBe(
    `+OK\r\n${OOM}-EXECABORT Transaction discarded because of previous errors.\r\n`,
  )
})

test('O04 SCAN returns what is there all the time, whatever comes and goes meanwhile', () => {
  const { a } = rig()
  for (let i = 0; i < 500; i++) a(`SET stay:${i} 1\r\n`)
  const seen = new Set<string>()
  let cursor = '0'
  let round = 0
  do {
    const words = a(`SCAN ${cursor} COUNT 20\r\n`).split('\r\n')
    cursor = words[2] ?? '0'
    for (const w of words) if (w.startsWith('stay:')) seen.add(w)
    // The table grows, then shrinks, under the cursor.
    for (let i = 0; i < 100; i++) a(round < 10 ? `SET more:${round}:${i} 1\r\n` : `DEL more:${20 - round}:${i}\r\n`)
    round++
  } while (cursor !== '0')
  expect(seen.size).toBe(500)
})
test('O15 MONITOR shows every command, but no password', () => {
  const { r, a } = rig()
  const m = r.connect()
  m('MONITOR\r\n')
  a(
    'SET k "a\\"b\\n"\r\nAUTH secret\r\nAUTH user secret\r\nHELLO 2 AUTH user secret SETNAME me\r\nSELECT 3\r\nGET x\r\n',
  )
  const lines = r
    .read(m)
    .split('\r\n')
    .filter((l) => l !== '')
    .map((l) => l.replace(/^\+\d+\.\d{6} /, ''))
  const from = (db: number): string => `[${db} 10.0.0.2:${50_000 + a.conn}]`
  expect(lines).toEqual([
    `${from(0)} "SET" "k" "a\\"b\\n"`,
    `${from(0)} "AUTH" "(redacted)"`,
    `${from(0)} "AUTH" "(redacted)" "(redacted)"`,
    `${from(0)} "HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "me"`,
    `${from(3)} "SELECT" "3"`,
    `${from(3)} "GET" "x"`,
  ])
})
test('O18 a reader who caches hears of the change', () => {
  const { r, a, b } = rig()
  a('HELLO 3\r\nCLIENT TRACKING ON\r\nGET k\r\n')
  b('SET k 1\r\n')
  expect(r.read(a)).toBe('>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n')
})
test('O19 SLOWLOG: what an entry holds, and its two directives', () => {
  const { r, a } = rig()
  a('CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 2\r\nCLIENT SETNAME me\r\nSLOWLOG RESET\r\n')
  a('GET k\r\nACL SETUSER u >secret\r\n')
  const said = a('SLOWLOG GET\r\n')
  expect(said).toContain(`:${Math.floor(r.server.nowMs / 1000)}\r\n`)
  expect(said).toContain('*4\r\n$3\r\nACL\r\n$7\r\nSETUSER\r\n$10\r\n(redacted)\r\n$10\r\n(redacted)\r\n')
  expect(said).toContain(`$14\r\n10.0.0.2:${50_000 + a.conn}\r\n$2\r\nme\r\n`)
  expect(a('SLOWLOG LEN\r\n')).toBe(':2\r\n')
  a('CONFIG SET slowlog-log-slower-than -1\r\nSLOWLOG RESET\r\nGET k\r\n')
  expect(a('SLOWLOG LEN\r\n')).toBe(':0\r\n')
})
test('O21 INFO has every section, and a line per command', () => {
  const { a } = rig()
  a('SET k 1\r\nGET k\r\nNOSUCH\r\n')
  const all = bulk(a('INFO everything\r\n'))
  expect([...all.matchAll(/^# (\w+)/gm)].map((m) => m[1])).toEqual([
    'Server',
    'Clients',
    'Memory',
    'Persistence',
    'Stats',
    'Replication',
    'CPU',
    'Modules',
    'Commandstats',
    'Errorstats',
    'Latencystats',
    'Cluster',
    'Keyspace',
  ])
  expect(all).toMatch(/^cmdstat_get:calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0\r$/m)
  expect(all).toMatch(/^errorstat_ERR:count=1\r$/m)
})
test('O23 a subscriber who does not read is dropped at the limit, and the log says who', () => {
  const { r, a, b } = rig()
  a('CONFIG SET client-output-buffer-limit "pubsub 100000 50000 2"\r\n')
  b('SUBSCRIBE c\r\n')
  // Above the soft limit, but not for long enough.
  r.input({ type: 'sent', conn: b.conn, pendingBytes: 80_000 })
  r.wait(1000)
  expect(r.closed.has(b.conn)).toBe(false)
  r.wait(2000)
  expect(r.closed.has(b.conn)).toBe(true)
  const c = r.connect()
  c('SUBSCRIBE c\r\n')
  r.input({ type: 'sent', conn: c.conn, pendingBytes: 200_000 })
  expect(r.closed.has(c.conn)).toBe(true)
  expect(r.logs.at(-1)).toMatch(
    /# Client id=\d+ addr=10\.0\.0\.2:\d+ .* omem=\d+ tot-mem=\d+ events=rw cmd=subscribe user=default redir=-1 resp=2 scheduled to be closed ASAP for overcoming of output buffer limits\.$/,
  )
})
test('O23 clients that hold too much together are evicted, the largest first, unless they may not be', () => {
  const { r, a, b, info } = rig()
  const [c, d] = [r.connect(), r.connect()]
  d('CLIENT NO-EVICT ON\r\n')
  a('CONFIG SET maxmemory-clients 1mb\r\n')
  const unfinished = (n: number): string => `*2\r\n$3\r\nGET\r\n$${n}\r\n${'x'.repeat(n)}`
  b(unfinished(200_000))
  c(unfinished(300_000))
  expect([r.closed.has(b.conn), r.closed.has(c.conn)]).toEqual([false, false])
  d(unfinished(900_000))
  expect([r.closed.has(b.conn), r.closed.has(c.conn), r.closed.has(d.conn)]).toEqual([true, true, false])
  expect(field(info('stats'), 'evicted_clients')).toBe('2')
  expect(r.logs.some((l) => /Evicting client: id=\d+ /.test(l))).toBe(true)
})
