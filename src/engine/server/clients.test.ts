import { expect, test } from 'vitest'
import { bench } from './rig.ts'

const idOf = (say: (b: string) => string): string => say('CLIENT ID\r\n').slice(1).trim()

test('BLPOP is served by LPUSH in order of arrival, times out, and does not block in MULTI', () => {
  const r = bench()
  const [a, b, c] = [r.connect(), r.connect(), r.connect()]
  expect(a('BLPOP k1 k2 0\r\nPING\r\n')).toBe('')
  expect(b('BLPOP k2 1\r\n')).toBe('')
  expect(c('LPUSH k2 v w\r\nLLEN k2\r\n')).toBe(':2\r\n:0\r\n')
  expect(r.read(a)).toBe('*2\r\n$2\r\nk2\r\n$1\r\nw\r\n+PONG\r\n')
  expect(r.read(b)).toBe('*2\r\n$2\r\nk2\r\n$1\r\nv\r\n')
  b('BLPOP k2 0.5\r\n')
  r.wait(600)
  expect(r.read(b)).toBe('*-1\r\n')
  expect(b('MULTI\r\nBLPOP k 0\r\nEXEC\r\n')).toBe('+OK\r\n+QUEUED\r\n*1\r\n*-1\r\n')
})
test('CLIENT UNBLOCK and CLIENT KILL', () => {
  const r = bench()
  const [a, b] = [r.connect(), r.connect()]
  const id = idOf(a)
  a('BLPOP k 0\r\n')
  expect(b(`CLIENT UNBLOCK ${id} ERROR\r\n`)).toBe(':1\r\n')
  expect(r.read(a)).toBe('-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n')
  expect(b(`CLIENT UNBLOCK ${id}\r\nCLIENT KILL ID ${id}\r\nCLIENT KILL ID ${id}\r\n`)).toBe(':0\r\n:1\r\n:0\r\n')
  expect(r.closed.has(a.conn)).toBe(true)
})
test('CLIENT PAUSE holds writes or everything back, CLIENT UNPAUSE included, until it ends', () => {
  const r = bench()
  const [a, b] = [r.connect(), r.connect()]
  a('CLIENT PAUSE 300 WRITE\r\n')
  expect(b('GET z\r\nSET z 1\r\nGET z\r\n')).toBe('$-1\r\n')
  r.wait(500)
  expect(r.read(b)).toBe('+OK\r\n$1\r\n1\r\n')
  a('CLIENT PAUSE 1000\r\n')
  expect(b('PING\r\n') + a('CLIENT UNPAUSE\r\n')).toBe('')
  r.wait(1200)
  expect(r.read(b) + r.read(a)).toBe('+PONG\r\n+OK\r\n')
})
test('tracking tells the client that caused the change after its reply, others at once', () => {
  const r = bench()
  const [a, b] = [r.connect(), r.connect()]
  a('HELLO 3\r\nCLIENT TRACKING on\r\n')
  expect(a('GET k\r\nSET k 1\r\n')).toBe('_\r\n+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n')
  a('GET k\r\n')
  b('SET k 2\r\nSET k 3\r\n')
  expect(r.read(a)).toBe('>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n')
  a('CLIENT TRACKING off\r\n')
  expect(a('CLIENT TRACKING on BCAST PREFIX ab PREFIX a\r\n')).toBe(
    "-ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.\r\n",
  )
  a('CLIENT TRACKING on OPTIN\r\nCLIENT CACHING yes\r\nGET k\r\nGET other\r\n')
  b('SET other 1\r\nSET k 1\r\n')
  expect(r.read(a)).toBe('>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n')
})
test('limits: output buffer, maxclients, idle time', () => {
  const r = bench()
  const [a, b] = [r.connect(), r.connect()]
  b('CONFIG SET maxclients 2\r\n')
  const c = r.connect()
  expect(r.read(c)).toBe('-ERR max number of clients reached\r\n')
  b('CONFIG SET client-output-buffer-limit "pubsub 1000 0 0" timeout 2\r\n')
  r.input({ type: 'sent', conn: a.conn, pendingBytes: 5000 })
  expect(r.closed.has(a.conn)).toBe(false)
  a('SUBSCRIBE c\r\n')
  // What fits the static buffer of 16 KB does not count.
  r.input({ type: 'sent', conn: a.conn, pendingBytes: 16384 })
  expect(r.closed.has(a.conn)).toBe(false)
  r.input({ type: 'sent', conn: a.conn, pendingBytes: 16385 })
  expect(r.closed.has(a.conn)).toBe(true)
  r.wait(4000)
  expect(r.closed.has(b.conn)).toBe(true)
})
test('a browser that says POST is hung up on; a monitor may not read keys; EXEC is monitored once', () => {
  const r = bench()
  const [a, b, m] = [r.connect(), r.connect(), r.connect()]
  expect(a('POST / HTTP/1.1\r\n')).toBe('')
  expect(r.closed.has(a.conn)).toBe(true)
  expect(r.logs.at(-1)).toContain('Possible SECURITY ATTACK')
  m('MONITOR\r\n')
  b('MULTI\r\nGET a\r\nEXEC\r\n')
  expect(r.read(m).match(/"EXEC"/g)?.length).toBe(1)
  expect(m('GET a\r\nRESET\r\n')).toBe("-ERR Replica can't interact with the keyspace\r\n+RESET\r\n")
})
test('costs: KEYS and DEL of big values keep the modelled server busy', () => {
  const r = bench()
  const a = r.connect()
  for (let i = 0; i < 200; i++)
    a(`SADD s ${Array.from({ length: 50 }, (_, j) => `m${i}-${j}`).join(' ')}\r\nSET k${i} 1\r\n`)
  const before = r.server.table.get('keys')?.micros ?? 0
  a('KEYS *\r\nSMEMBERS s\r\nDEL s\r\n')
  expect((r.server.table.get('keys')?.micros ?? 0) - before).toBeGreaterThan(100)
  expect(r.server.table.get('smembers')?.micros).toBeGreaterThan(3900)
  expect(r.server.table.get('del')?.micros).toBeGreaterThan(2400)
})
