import { expect, test } from 'vitest'
import { Obj } from '../objects/object.ts'
import type { Input, Output } from '../machine.ts'
import { datasetDigest } from '../keyspace/digest.ts'
import { RdbPersistence } from '../persistence/rdb-save.ts'
import { OK, PONG } from '../protocol/reply.ts'
import { Server } from '../server/server.ts'
import { Replication } from './replication.ts'

/** Two servers joined by a network without delay, memory for disks, and a clock that is moved by hand. */
class Net {
  now = 1_700_000_000_000_000
  readonly logs: string[][] = [[], []]
  readonly servers: Server[] = []
  private readonly peer = new Map<string, string>()
  private readonly timers: { m: number; id: number; at: number }[] = []
  private next = 2
  private readonly queue: { m: number; input: Input }[] = []
  constructor() {
    for (const i of [0, 1]) {
      const env = { pid: 100 + i, seed: i + 1, host: `10.0.0.${i + 1}`, argv: ['--port', '6379'], cwd: '/data' }
      const s = new Server(env, undefined, { mode: 'server' })
      s.repl = new Replication(s)
      s.rdb = new RdbPersistence(s)
      s.useCommands([
        s.repl.commands,
        s.rdb.commands,
        [
          { name: 'ping', handler: () => PONG },
          { name: 'select', handler: () => OK },
        ],
      ])
      this.servers.push(s)
      this.put(i, { type: 'start' })
    }
    this.drain()
  }
  put(m: number, input: Input): void {
    this.queue.push({ m, input })
  }
  drain(): void {
    for (let e = this.queue.shift(); e !== undefined; e = this.queue.shift())
      for (const o of this.servers[e.m]!.handle(e.input, this.now)) this.out(e.m, o)
  }
  private out(m: number, o: Output): void {
    if (o.type === 'log') this.logs[m]!.push(o.line)
    else if (o.type === 'listen') this.put(m, { type: 'listening', port: o.port })
    else if (o.type === 'setTimer') this.timers.push({ m, id: o.id, at: o.at })
    else if (o.type === 'file')
      this.put(m, {
        type: 'fileDone',
        id: o.id,
        result: o.op.op === 'read' ? { ok: false, error: 'ENOENT' } : { ok: true },
      })
    else if (o.type === 'connect') {
      const other = 1 - m
      const conn = this.next
      this.next += 2
      this.peer.set(`${m}:${o.conn}`, `${other}:${conn}`)
      this.peer.set(`${other}:${conn}`, `${m}:${o.conn}`)
      this.put(other, {
        type: 'accept',
        conn,
        port: 6379,
        remoteHost: `10.0.0.${m + 1}`,
        remotePort: 5000,
        localHost: o.host,
      })
      this.put(m, { type: 'opened', conn: o.conn, localHost: `10.0.0.${m + 1}`, localPort: 5000 })
    } else if (o.type === 'send' || o.type === 'close') {
      const [pm, pc] = (this.peer.get(`${m}:${o.conn}`) ?? '-1:0').split(':').map(Number)
      if (pm === undefined || pm < 0 || pc === undefined) return
      this.put(
        pm,
        o.type === 'send' ? { type: 'data', conn: pc, bytes: o.bytes } : { type: 'closed', conn: pc, reason: 'eof' },
      )
    }
  }
  run(seconds: number): void {
    const end = this.now + seconds * 1e6
    for (;;) {
      this.timers.sort((a, b) => b.at - a.at)
      const t = this.timers[this.timers.length - 1]
      if (t === undefined || t.at > end) break
      this.timers.pop()
      this.now = Math.max(this.now, t.at)
      this.put(t.m, { type: 'timer', id: t.id })
      this.drain()
    }
    this.now = end
  }
  repl(i: number): Replication {
    return this.servers[i]!.repl as Replication
  }
}

test('R04, R20: a replica gets the data set, then the stream; R41: and may be promoted', () => {
  const net = new Net()
  const [m, r] = net.servers as [Server, Server]
  m.dbs[0]!.put('k', new Obj('string', 'embstr', 'v'))
  net.repl(1).r.setMaster('10.0.0.1', 6379)
  r.handle({ type: 'timer', id: 999999 }, net.now).forEach((o) =>
    (net as unknown as { out(m: number, o: Output): void }).out(1, o),
  )
  net.drain()
  net.run(10)
  expect(net.logs[1]!.join('\n')).toContain('MASTER <-> REPLICA sync: Finished with success')
  expect(net.logs[0]!.join('\n')).toContain('Synchronization with replica 10.0.0.2:6379 succeeded')
  expect(datasetDigest(r.dbs)).toBe(datasetDigest(m.dbs))
  expect(net.repl(1).infoSection()).toContain('master_link_status:up')
  expect(net.repl(1).masterReplOffset).toBe(net.repl(0).masterReplOffset)
  const old = net.repl(0).replid
  net.repl(1).r.unset()
  expect(net.repl(1).m.replid2).toBe(old)
  expect(net.repl(1).m.secondReplidOffset).toBe(net.repl(1).masterReplOffset + 1)
})
