import { expect, test } from 'vitest'
import type { Output } from '../machine.ts'
import { createServer } from './create.ts'

function boot() {
  const server = createServer({ pid: 1, seed: 7, host: '10.0.0.1', argv: ['--save', ''], cwd: '/' }, undefined, {
    mode: 'server',
  })
  let now = 1_700_000_000_000_000
  const queue: Output[] = []
  const timers = new Map<number, number>()
  let sent = ''
  const logs: string[] = []
  const take = (outputs: readonly Output[]) => {
    queue.push(...outputs)
    while (queue.length > 0) {
      const o = queue.shift() as Output
      if (o.type === 'listen') queue.push(...server.handle({ type: 'listening', port: o.port }, now))
      else if (o.type === 'file')
        queue.push(...server.handle({ type: 'fileDone', id: o.id, result: { ok: false, error: 'ENOENT' } }, now))
      else if (o.type === 'setTimer') timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') timers.delete(o.id)
      else if (o.type === 'send') sent += o.bytes
      else if (o.type === 'log') logs.push(o.line)
    }
  }
  take(server.handle({ type: 'start' }, now))
  take(
    server.handle(
      { type: 'accept', conn: 2, port: 6379, remoteHost: '10.0.0.2', remotePort: 5, localHost: '10.0.0.1' },
      now,
    ),
  )
  const say = (bytes: string) => {
    sent = ''
    take(server.handle({ type: 'data', conn: 2, bytes }, now))
    return sent
  }
  const wait = (ms: number) => {
    const end = now + ms * 1000
    for (;;) {
      let next: [number, number] | null = null
      for (const t of timers) if (t[1] <= end && (next === null || t[1] < next[1])) next = t
      if (next === null) break
      timers.delete(next[0])
      now = Math.max(now, next[1])
      take(server.handle({ type: 'timer', id: next[0] }, now))
    }
    now = end
  }
  return { server, say, wait, logs, last: () => sent }
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
