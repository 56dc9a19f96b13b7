import { expect, test } from 'vitest'
import { bench } from './rig.ts'

/** A server and one connection to it. */
function boot() {
  const b = bench()
  return { ...b, say: b.connect() }
}

test('a pipeline is answered in order, however the bytes are cut', () => {
  const { say } = boot()
  expect(say('*1\r\n$4\r\nPI')).toBe('')
  expect(say('NG\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING x\r\n')).toBe('+PONG\r\n$2\r\nhi\r\n$1\r\nx\r\n')
})
test('boot ends with the line that every script waits for', () => {
  expect(boot().logs.at(-1)).toMatch(/^1:M \d\d \w{3} \d{4} [\d:.]+ \* Ready to accept connections$/)
})
test('unknown commands, wrong arity and protocol errors have the texts of 7.0.15', () => {
  const { say } = boot()
  expect(say('foo a b\r\n')).toBe("-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n")
  expect(say('echo\r\n')).toBe("-ERR wrong number of arguments for 'echo' command\r\n")
  expect(say('client foo\r\n')).toBe("-ERR unknown subcommand 'foo'. Try CLIENT HELP.\r\n")
  expect(say('*1\r\nfoo\r\n')).toBe("-ERR Protocol error: expected '$', got 'f'\r\n")
})
test('a transaction queues, runs, and is refused after an error', () => {
  const { say } = boot()
  expect(say('MULTI\r\nSET a 1\r\nGET a\r\nEXEC\r\n')).toBe('+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n')
  expect(say('MULTI\r\nnope\r\nEXEC\r\n')).toContain('-EXECABORT Transaction discarded because of previous errors.\r\n')
})
test('a watched key that somebody changed makes EXEC answer nil', () => {
  const { say } = boot()
  expect(say('WATCH a\r\nSET a 2\r\nMULTI\r\nPING\r\nEXEC\r\n')).toBe('+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n')
})
test('the active cycle removes what has expired without anybody looking', () => {
  const { say, wait, server } = boot()
  say('SET a 1 PX 500\r\nSET b 1\r\n')
  wait(1500)
  expect(server.dbs[0]?.size).toBe(1)
  expect(server.stat.expiredKeys).toBe(1)
})
test('subscribers hear what is published, and RESP2 subscribers may say little else', () => {
  const { say } = boot()
  expect(say('SUBSCRIBE c\r\n')).toBe('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n')
  expect(say('GET a\r\n')).toBe(
    "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n",
  )
})
