/** A server on a bench, for tests: any number of connections that speak raw bytes, and a clock that is moved by hand. */
import type { Output } from '../machine.ts'
import { createServer } from './create.ts'

type Say = ((bytes: string) => string) & { readonly conn: number }

export function bench(argv: readonly string[] = []) {
  const server = createServer(
    { pid: 1, seed: 7, host: '10.0.0.1', argv: ['--save', '', ...argv], cwd: '/' },
    undefined,
    { mode: 'server' },
  )
  let now = 1_700_000_000_000_000
  let nextConn = 2
  const timers = new Map<number, number>()
  const inbox = new Map<number, string>()
  const closed = new Set<number>()
  const logs: string[] = []
  let exit: number | null = null
  const take = (outputs: readonly Output[]): void => {
    const queue = [...outputs]
    for (let o = queue.shift(); o !== undefined; o = queue.shift()) {
      if (o.type === 'listen') queue.push(...server.handle({ type: 'listening', port: o.port }, now))
      else if (o.type === 'file')
        queue.push(...server.handle({ type: 'fileDone', id: o.id, result: { ok: false, error: 'ENOENT' } }, now))
      else if (o.type === 'setTimer') timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') timers.delete(o.id)
      else if (o.type === 'send') inbox.set(o.conn, (inbox.get(o.conn) ?? '') + o.bytes)
      else if (o.type === 'close') closed.add(o.conn)
      else if (o.type === 'log') logs.push(o.line)
      else if (o.type === 'exit') exit = o.code
    }
  }
  const wait = (ms: number): void => {
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
  /** What has arrived since the last look. */
  const read = (who: { readonly conn: number }): string => {
    const got = inbox.get(who.conn) ?? ''
    inbox.delete(who.conn)
    return got
  }
  const connect = (): Say => {
    const conn = nextConn
    nextConn += 2
    take(
      server.handle(
        { type: 'accept', conn, port: 6379, remoteHost: '10.0.0.2', remotePort: 50_000 + conn, localHost: '10.0.0.1' },
        now,
      ),
    )
    const say = (bytes: string): string => {
      inbox.delete(conn)
      take(server.handle({ type: 'data', conn, bytes }, now))
      wait(0)
      return read({ conn })
    }
    return Object.assign(say, { conn })
  }
  take(server.handle({ type: 'start' }, now))
  wait(1)
  return {
    server,
    connect,
    read,
    wait,
    logs,
    closed,
    exit: () => exit,
    input: (i: Parameters<typeof server.handle>[0]) => take(server.handle(i, now)),
  }
}
