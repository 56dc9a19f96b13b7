import { expect, test } from 'vitest'
import type { FileResult, Output } from '../machine.ts'
import { createServer } from '../server/create.ts'
import {
  type ClusterMessage,
  decodeMessage,
  encodeMessage,
  MSG_FAILOVER_AUTH_REQUEST,
  MSG_MEET,
  MSG_PING,
} from './message.ts'
import { NODE_FAIL, NODE_MASTER, NODE_SLAVE, SLOT_BYTES } from './node.ts'
import { normalizeIp } from './ip.ts'

const MASTER = 'a'.repeat(40)
const REPLICA = 'b'.repeat(40)
const ME = 'c'.repeat(40)
const FILE = [
  `${ME} 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-99`,
  `${MASTER} 10.0.0.2:6379@16379 master,fail - 0 0 2 connected 100-16383`,
  `${REPLICA} 10.0.0.3:6379@16379 slave ${MASTER} 0 0 2 connected`,
  'vars currentEpoch 2 lastVoteEpoch 0',
  '',
].join('\n')

/** A node whose disk answers when it is told to. */
function node(file: string) {
  const server = createServer(
    { pid: 1, seed: 3, host: '10.0.0.1', argv: ['--save', '', '--cluster-enabled', 'yes'], cwd: '/' },
    undefined,
    { mode: 'server' },
  )
  let now = 1_700_000_000_000_000
  const timers = new Map<number, number>()
  const disk: { id: number; op: string; bytes: string; path: string }[] = []
  const sent: { conn: number; m: ClusterMessage }[] = []
  const connects: { host: string; port: number }[] = []
  const logs: string[] = []
  let content = file
  let exit: number | null = null
  const take = (outputs: readonly Output[]): void => {
    for (const o of outputs) {
      if (o.type === 'listen') take(server.handle({ type: 'listening', port: o.port }, now))
      else if (o.type === 'file') {
        disk.push({ id: o.id, op: o.op.op, bytes: 'bytes' in o.op ? o.op.bytes : '', path: o.op.path })
      } else if (o.type === 'setTimer') timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') timers.delete(o.id)
      else if (o.type === 'connect') connects.push({ host: o.host, port: o.port })
      else if (o.type === 'log') logs.push(o.line.replace(/^1:[MCS] .{24} . /, ''))
      else if (o.type === 'exit') exit = o.code
      else if (o.type === 'send') {
        const m = decodeMessage(o.bytes)
        if (m !== null) sent.push({ conn: o.conn, m })
      }
    }
  }
  /** The disk does one thing. */
  const turn = (error?: string): string | undefined => {
    const next = disk.shift()
    if (next === undefined) return undefined
    if (next.op === 'pwrite' && error === undefined) content = next.bytes
    const result: FileResult =
      error !== undefined || !next.path.endsWith('nodes.conf')
        ? { ok: false, error: error ?? 'ENOENT' }
        : next.op === 'read'
          ? { ok: true, bytes: content }
          : { ok: true }
    take(server.handle({ type: 'fileDone', id: next.id, result }, now))
    return next.op
  }
  const settle = (): void => {
    while (turn() !== undefined);
  }
  const wait = (ms: number): void => {
    const end = now + ms * 1000
    for (;;) {
      const due = [...timers].filter(([, at]) => at <= end).sort((x, y) => x[1] - y[1])[0]
      if (due === undefined) break
      timers.delete(due[0])
      now = Math.max(now, due[1])
      take(server.handle({ type: 'timer', id: due[0] }, now))
      settle()
    }
    now = end
  }
  const accept = (conn: number): void =>
    take(
      server.handle(
        { type: 'accept', conn, port: 16379, remoteHost: '10.0.0.3', remotePort: 5000, localHost: '10.0.0.1' },
        now,
      ),
    )
  const say = (conn: number, m: ClusterMessage): void =>
    take(server.handle({ type: 'data', conn, bytes: encodeMessage(m) }, now))
  take(server.handle({ type: 'start' }, now))
  return { server, turn, settle, wait, accept, say, disk, sent, connects, logs, file: () => content, exit: () => exit }
}
const message = (type: number, sender: string, more: Partial<ClusterMessage>): ClusterMessage => ({
  type,
  port: 6379,
  currentEpoch: 0,
  configEpoch: 0,
  offset: 0,
  sender,
  slots: new Uint8Array(SLOT_BYTES),
  slaveof: '',
  ip: '',
  pport: 0,
  cport: 16379,
  flags: NODE_MASTER,
  state: 0,
  mflags: 0,
  body: type === MSG_PING || type === MSG_MEET ? { kind: 'ping', gossip: [], extensions: [] } : { kind: 'none' },
  ...more,
})

test('a vote is on disk before the packet that gives it leaves, and nothing is done meanwhile', () => {
  const n = node(FILE)
  n.settle()
  expect(n.server.cluster?.myself.name).toBe(ME)
  expect(n.server.cluster?.lookup(MASTER)?.flags).toBe(NODE_MASTER | NODE_FAIL | 256)
  n.wait(200)
  // The link to the replica is open: there its vote goes.
  const link = n.server.cluster?.lookup(REPLICA)?.link?.link
  expect(link).toBeDefined()
  const conn = link?.conn as number
  n.server.handle({ type: 'opened', conn, localHost: '10.0.0.1', localPort: 1 }, 1_700_000_001_000_000)
  n.accept(2)
  const before = n.sent.length
  n.say(
    2,
    message(MSG_FAILOVER_AUTH_REQUEST, REPLICA, {
      slaveof: MASTER,
      flags: NODE_SLAVE,
      currentEpoch: 3,
      configEpoch: 2,
    }),
  )
  expect(n.server.cluster?.lastVoteEpoch).toBe(3)
  expect(n.sent.length).toBe(before)
  expect(n.disk.map((d) => d.op)).toEqual(['pwrite'])
  // It is deaf until the disk has answered.
  n.say(2, message(MSG_PING, REPLICA, { slaveof: MASTER, flags: NODE_SLAVE, currentEpoch: 9, configEpoch: 2 }))
  expect(n.server.cluster?.currentEpoch).toBe(3)
  expect(n.turn()).toBe('pwrite')
  expect(n.file()).toContain('vars currentEpoch 3 lastVoteEpoch 3')
  expect(n.sent.length).toBe(before)
  expect(n.turn()).toBe('fsync')
  expect(n.sent.slice(before).map((s) => s.m.type)).toContain(6)
  expect(n.server.cluster?.currentEpoch).toBe(9)
})

test('a nodes.conf that can not be written ends the process', () => {
  const n = node('')
  while (n.disk[0]?.op !== 'pwrite') n.turn()
  expect(n.disk[0]?.bytes).toMatch(
    /^[0-9a-f]{40} :0@0 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n$/,
  )
  n.turn('ENOSPC')
  expect(n.exit()).toBe(1)
  expect(n.logs.at(-1)).toBe("Fatal: can't update cluster config file.")
})

test('who says MEET is connected to; who is not heard of for node timeout is in doubt; a handshake is given up', () => {
  const n = node('')
  n.settle()
  n.wait(200)
  n.accept(2)
  n.say(2, message(MSG_MEET, REPLICA, { currentEpoch: 7 }))
  n.settle()
  expect(n.server.cluster?.myself.ip).toBe('10.0.0.1')
  expect(n.sent.map((s) => [s.conn, s.m.type])).toEqual([[2, 1]])
  n.wait(200)
  expect(n.connects).toEqual([{ host: '10.0.0.3', port: 16379 }])
  // A stranger's epoch is not believed.
  expect(n.server.cluster?.currentEpoch).toBe(0)
  expect(n.server.cluster?.nodes.size).toBe(2)
  n.wait(15_200)
  expect(n.server.cluster?.nodes.size).toBe(1)
})

test('addresses are kept as inet_ntop writes them', () => {
  const cases: Readonly<Record<string, string | null>> = {
    '127.0.0.1': '127.0.0.1',
    '1.2.3': null,
    '01.2.3.4': null,
    '256.1.1.1': null,
    localhost: null,
    '': null,
    '0:0:0:0:0:0:0:1': '::1',
    '::': '::',
    '2001:DB8::00ff': '2001:db8::ff',
    '1:0:0:2:0:0:0:3': '1:0:0:2::3',
    '1:0:2:3:4:5:6:7': '1:0:2:3:4:5:6:7',
    '::ffff:1.2.3.4': '::ffff:1.2.3.4',
    '::ffff:102:304': '::ffff:1.2.3.4',
    '::1.2.3.4': '::1.2.3.4',
    '1::2::3': null,
    '1:2:3:4:5:6:7': null,
    '1:2:3:4:5:6:7:8:9': null,
    '12345::': null,
  }
  for (const [text, normal] of Object.entries(cases)) expect(normalizeIp(text), text).toBe(normal)
})
