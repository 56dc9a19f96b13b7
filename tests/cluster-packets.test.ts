/** The bus, packet by packet: against packets of real nodes, and against what a real node does with broken and odd ones. */
import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterMessage, decodeMessage, encodeMessage, messageLength } from '../src/engine/cluster/message.ts'
import { NODE_FAIL, NODE_MASTER, NODE_NOADDR, NODE_PFAIL, NODE_SLAVE } from '../src/engine/cluster/node.ts'
import { BusLink, FakeNode, message, slotBits } from './support/fake-node.ts'
import {
  cli,
  ensureServerBuilt,
  freeClusterPort,
  haveRedis,
  type Program,
  type Running,
  sleep,
  start,
  stopAll,
  until,
} from './support/processes.ts'

interface Recorded {
  readonly type: string
  readonly length: number
  readonly gossip: number
  readonly deflated: string
}
const recorded = JSON.parse(readFileSync('tests/data/cluster-bus.json', 'utf8')) as Recorded[]
const packets = recorded.map((r) => ({
  ...r,
  bytes: inflateRawSync(Buffer.from(r.deflated, 'base64')).toString('latin1'),
}))

test('every packet that real nodes sent is read, and written again byte for byte', () => {
  const types = new Set(packets.map((p) => p.type))
  expect([...types].sort()).toEqual(
    ['auth-ack', 'auth-req', 'fail', 'meet', 'mfstart', 'ping', 'pong', 'publish', 'publishshard', 'update'].sort(),
  )
  for (const p of packets) {
    expect(messageLength(p.bytes)).toBe(p.length)
    const m = decodeMessage(p.bytes)
    expect(m, p.type).not.toBeNull()
    if (m === null) continue
    expect(encodeMessage(m) === p.bytes, p.type).toBe(true)
    if (m.body.kind === 'ping') {
      expect(m.body.gossip.length).toBe(p.gossip)
      for (const g of m.body.gossip) expect(g).toMatchObject({ name: /^[0-9a-f]{40}$/ as unknown, ip: '127.0.0.1' })
    }
  }
  const hostnames = packets.flatMap((p) => {
    const m = decodeMessage(p.bytes)
    return m?.body.kind === 'ping' ? m.body.extensions.map((e) => e.data.split('\0')[0]) : []
  })
  expect(new Set(hostnames)).toEqual(new Set(['one.example.com']))
})

const u16 = (b: string, at: number, n: number): string =>
  b.slice(0, at) + String.fromCharCode((n >> 8) & 255, n & 255) + b.slice(at + 2)
const u32 = (b: string, at: number, n: number): string => u16(u16(b, at, Math.floor(n / 65536)), at + 2, n % 65536)
const byte = (b: string, at: number, n: number): string => b.slice(0, at) + String.fromCharCode(n) + b.slice(at + 1)

test('a packet cut short or with a false length is no packet', () => {
  for (const p of packets) {
    for (const shorter of [2256, p.length - 1, p.length + 1, p.length + 8]) {
      if (shorter === p.length || (shorter < p.length && shorter < 2256)) continue
      const cut = u32(p.bytes, 4, shorter).slice(0, shorter).padEnd(shorter, '\0')
      const type = p.bytes.charCodeAt(13)
      // Nothing but the length: a header alone is a packet of some types.
      if (shorter === 2256 && (p.gossip > 0 || type === 3 || type === 4 || type === 7 || type === 10))
        expect(decodeMessage(cut), `${p.type} ${shorter}`).toBeNull()
      else if (shorter !== 2256) expect(decodeMessage(cut), `${p.type} ${shorter}`).toBeNull()
    }
    expect(decodeMessage(u16(p.bytes, 8, 2))).toBeNull()
    expect(messageLength(`RCmX${p.bytes.slice(4)}`)).toBe(-1)
    expect(messageLength(u32(p.bytes, 4, 2255))).toBe(-1)
    expect(messageLength(p.bytes.slice(0, 7))).toBe(0)
  }
})

// ---- Against a real node

const F = 'f'.repeat(40)
const G = '1'.repeat(40)
const H = '2'.repeat(40)
const servers: Partial<Record<Program, Running>> = {}
const busPort = (r: Running): number => r.port + 10000
async function startNode(program: Program): Promise<Running> {
  for (;;) {
    const port = await freeClusterPort()
    try {
      const r = await start(program, {
        port,
        args: [
          '--cluster-enabled',
          'yes',
          '--cluster-node-timeout',
          '60000',
          '--loglevel',
          'verbose',
          '--bind',
          '127.0.0.1',
        ],
      })
      await until('it to be ready', () => r.output().includes('Ready to accept connections'), 5000)
      return r
    } catch {
      // The port, or the bus's, was taken: another.
    }
  }
}
/** What it logs of the bus from here on. */
const logOf = (r: Running, from: number, me = 'nobody'): string[] =>
  r
    .output()
    .slice(from)
    .replaceAll(me, 'ME')
    .replaceAll(/before \d+ milliseconds/g, 'before * milliseconds')
    .split('\n')
    .map((l) => l.replace(/^\d+:[MS] .{24} /, ''))
    .filter((l) => !l.includes('Connection with Node'))
    .filter((l) =>
      / packet |signature|FAIL|reported|extension|UPDATE|Address|Handshake|slots conf|Reconfig|Failover|IP address/i.test(
        l,
      ),
    )

/** One broken packet on a connection of its own, then a sound PING: how many PONGs came, whether it was closed, what was logged. */
async function reaction(r: Running, bytes: string): Promise<unknown> {
  const from = r.output().length
  const link = new BusLink(busPort(r))
  link.send(bytes)
  link.say(message(0, '9'.repeat(40)))
  await until('an answer', () => link.closed || link.got.length > 0, 400).catch(() => null)
  await sleep(60)
  const out = { pongs: link.got.length, closed: link.closed, log: logOf(r, from) }
  link.socket.destroy()
  return out
}
function broken(): Record<string, string> {
  const ping = encodeMessage(message(0, F))
  const gossip = encodeMessage(
    message(0, F, {
      body: {
        kind: 'ping',
        gossip: [{ name: G, pingSent: 0, pongReceived: 0, ip: '127.0.0.1', port: 1, cport: 2, flags: 1, pport: 0 }],
        extensions: [],
      },
    }),
  )
  const hostname = encodeMessage(
    message(0, F, {
      mflags: 4,
      body: { kind: 'ping', gossip: [], extensions: [{ type: 0, data: 'h.example.com\0' }] },
    }),
  )
  const publish = encodeMessage(message(4, F, { body: { kind: 'publish', channel: 'ch', message: 'hello' } }))
  const fail = encodeMessage(message(3, F, { body: { kind: 'fail', name: G } }))
  const update = encodeMessage(message(7, F, { body: { kind: 'update', configEpoch: 3, name: G, slots: slotBits(1) } }))
  return {
    sound: ping,
    'wrong signature': `XCmb${ping.slice(4)}`,
    'length of nothing': u32(ping, 4, 0),
    'length below a header': u32(ping, 4, 2255),
    'length beyond what is sent': u32(ping, 4, 2257),
    'version 0': u16(ping, 8, 0),
    'version 2': u16(ping, 8, 2),
    'unknown type 11': u16(ping, 12, 11),
    'unknown type 65535': u16(ping, 12, 65535),
    'count without entries': u16(ping, 14, 1),
    'entries without count': u16(gossip, 14, 0),
    'count of 65535': u16(ping, 14, 65535),
    'gossip, sound': gossip,
    'extension, sound': hostname,
    'extension without its flag': byte(hostname, 2253, 0),
    'extension length 0': u32(hostname, 2256, 0),
    'extension length 9': u32(hostname, 2256, 9),
    'extension too long': u32(hostname, 2256, 4096),
    'two extensions said, one there': u16(hostname, 2214, 2),
    'extension length of 65560': u32(hostname, 2256, 65536 + 24),
    'extension length of 2 GB': u32(hostname, 2256, 0x80000018),
    'gossip as publish': u16(gossip, 12, 4),
    'gossip as module': u16(gossip, 12, 9),
    'publish, sound': publish,
    'publish, channel too long': u32(publish, 2256, 3),
    'publish, message too long': u32(publish, 2260, 6),
    'publish, lengths that wrap around': u32(u32(publish, 2256, 0xfffffffe), 2260, 9),
    'fail, sound': fail,
    'fail as auth request': u16(fail, 12, 5),
    'ping as fail': u16(ping, 12, 3),
    'update, sound': update,
    'update as fail': u16(update, 12, 3),
    'ping as update': u16(ping, 12, 7),
    'ping as mfstart': u16(ping, 12, 8),
    'ping as module': u16(ping, 12, 9),
    'auth ack of a stranger': u16(ping, 12, 6),
    'sharded publish of a stranger': u16(publish, 12, 10),
  }
}

/** CLUSTER NODES with what differs by nature taken out. */
function nodesOf(r: Running, fakes: readonly FakeNode[]): string[] {
  const me = cli(r.port, 'CLUSTER', 'MYID')
  return cli(r.port, 'CLUSTER', 'NODES')
    .replaceAll(me, 'ME')
    .replaceAll(String(busPort(r)), 'MYBUS')
    .replaceAll(String(r.port), 'MYPORT')
    .split('\n')
    .map((line) => {
      let out = line
      for (const f of fakes) out = out.replaceAll(`@${f.port}`, `@${f.name[0]}`)
      const words = out.split(' ')
      words[4] = '*'
      words[5] = '*'
      // Those that nobody answers for are being connected to, over and over.
      if (words[0] === G || words[0] === H) words[7] = '*'
      return words.join(' ')
    })
    .sort()
}
const infoOf = (r: Running): string[] =>
  cli(r.port, 'CLUSTER', 'INFO')
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => /^cluster_(state|slots|known|size|current|my)/.test(l))

describe.skipIf(!haveRedis())('what a node does with a packet is what a real node does', () => {
  beforeAll(async () => {
    ensureServerBuilt()
    servers.real = await startNode('real')
    servers.ours = await startNode('ours')
  }, 60_000)
  afterAll(stopAll)

  test('broken packets: dropped, answered or the link closed, with the same words', { timeout: 60_000 }, async () => {
    const seen: Record<Program, Record<string, unknown>> = { real: {}, ours: {} }
    for (const [name, bytes] of Object.entries(broken())) {
      const [real, ours] = await Promise.all([
        reaction(servers.real as Running, bytes),
        reaction(servers.ours as Running, bytes),
      ])
      seen.real[name] = real
      seen.ours[name] = ours
    }
    expect(seen.ours).toEqual(seen.real)
    expect(seen.real['sound']).toMatchObject({ pongs: 2, closed: false })
    expect(seen.real['wrong signature']).toMatchObject({ pongs: 0, closed: true })
  })

  test('a known node speaks: roles, slots, epochs, gossip, addresses', { timeout: 120_000 }, async () => {
    const histories: Record<Program, unknown[]> = { real: [], ours: [] }
    for (const program of ['real', 'ours'] as const)
      histories[program] = await conversation(servers[program] as Running)
    for (const [i, step] of histories.real.entries()) expect(histories.ours[i]).toEqual(step)
  })
})

/** What a packet of the server says, but for the gossip, which is chosen by lot. */
function header(m: ClusterMessage, me: string): unknown {
  const { slots, sender, port: _, cport: __, body, ...rest } = m
  const ranges = (bits: Uint8Array): number[] =>
    [...bits.keys()].filter((i) => bits[i] !== 0).flatMap((i) => [i, bits[i] as number])
  const name = (n: string): string => (n === me ? 'ME' : n)
  const more =
    body.kind === 'ping'
      ? body.extensions
      : body.kind === 'update'
        ? { ...body, name: name(body.name), slots: ranges(body.slots) }
        : body
  return { ...rest, sender: name(sender), slots: ranges(slots), more }
}
/** A fake node meets the server, then says one thing after another; after each, what the server knows and logged. */
async function conversation(r: Running): Promise<unknown[]> {
  const f = new FakeNode(F)
  await f.listen()
  const history: unknown[] = []
  const me = cli(r.port, 'CLUSTER', 'MYID')
  const link = new BusLink(busPort(r))
  let from = r.output().length
  const look = async (what: string, done: () => boolean = () => true): Promise<void> => {
    await until(what, done, 5000).catch(() => null)
    await sleep(150)
    const sent = [...link.got.slice(-1), ...f.heard.splice(0).filter((m) => m.body.kind !== 'ping')]
    history.push({
      what,
      sent: [...new Set(sent.map((m) => JSON.stringify(header(m, me))))],
      nodes: nodesOf(r, [f]),
      info: infoOf(r),
      log: [...new Set(logOf(r, from, me))],
      closed: link.closed,
    })
    from = r.output().length
  }
  /** Whatever it says of itself in a PING it repeats in its PONGs. */
  const said = async (what: string, m: ReturnType<FakeNode['ping']>): Promise<void> => {
    const pongs = link.got.length
    if (m.type === 0 && m.body.kind === 'ping') f.answer = { ...m, type: 1, body: { ...m.body, gossip: [] } }
    link.say(m)
    await look(what, () => m.type !== 0 || link.got.length > pongs)
  }
  const gossip = (name: string, flags: number, more: object = {}) =>
    ({
      kind: 'ping',
      gossip: [{ name, pingSent: 0, pongReceived: 0, ip: '127.0.0.1', port: 1, cport: 2, flags, pport: 0, ...more }],
      extensions: [],
    }) as const
  cli(r.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '99')
  await said('an unknown node pings', f.ping({ configEpoch: 4 }))
  // Its handshake goes on by the cron's clock: what is seen before it is over depends on when one looks.
  link.say(f.message(2, { configEpoch: 4 }))
  await look('it meets, and the handshake is over', () => /f{40} .* 4 connected/.test(cli(r.port, 'CLUSTER', 'NODES')))
  await said('it pings again', f.ping())
  await said('it has slots and an epoch', f.ping({ slots: slotBits(200, 201, 202), configEpoch: 5, currentEpoch: 9 }))
  await said('it gives one up', f.ping({ slots: slotBits(200, 201) }))
  await said('it claims one of mine, with a greater epoch', f.ping({ slots: slotBits(5, 200, 201) }))
  await said('and one with epoch 0', f.ping({ slots: slotBits(5, 6, 200, 201), configEpoch: 0 }))
  await said('it tells of another', f.ping({ body: gossip(G, NODE_MASTER) }))
  await said('of one without address', f.ping({ body: gossip(H, NODE_MASTER | NODE_NOADDR) }))
  await said('that the other fails', f.ping({ body: gossip(G, NODE_MASTER | NODE_PFAIL) }))
  await said('that it is well', f.ping({ body: gossip(G, NODE_MASTER) }))
  await said('FAIL of the other', f.message(3, { body: { kind: 'fail', name: G } }))
  await said('FAIL of you', f.message(3, { body: { kind: 'fail', name: cli(r.port, 'CLUSTER', 'MYID') } }))
  await said('it has moved', f.ping({ body: gossip(G, NODE_MASTER, { port: 11, cport: 12 }) }))
  await said(
    'UPDATE about the other',
    f.message(7, {
      body: { kind: 'update', configEpoch: 12, name: G, slots: slotBits(5, 7, 300) },
    }),
  )
  await said(
    'UPDATE that is old',
    f.message(7, {
      body: { kind: 'update', configEpoch: 11, name: G, slots: slotBits(8) },
    }),
  )
  await said(
    'a hostname',
    f.ping({ mflags: 4, body: { kind: 'ping', gossip: [], extensions: [{ type: 0, data: 'f.example.com\0' }] } }),
  )
  await said(
    'an unknown extension',
    f.ping({ mflags: 4, body: { kind: 'ping', gossip: [], extensions: [{ type: 9, data: 'x\0' }] } }),
  )
  await said('same epoch as mine', f.ping({ configEpoch: 0, slots: slotBits(200, 201) }))
  await said('a vote asked by a master', f.message(5, { currentEpoch: 20 }))
  await said('it is a replica of the other', f.ping({ slaveof: G, flags: NODE_SLAVE, slots: slotBits() }))
  await said('a replica of nobody known', f.ping({ slaveof: H, flags: NODE_SLAVE, slots: slotBits() }))
  await said(
    'a vote asked, its master fails',
    f.message(5, { slaveof: G, flags: NODE_SLAVE, currentEpoch: 21, configEpoch: 30, slots: slotBits(5, 7, 300) }),
  )
  await said(
    'asked again',
    f.message(5, { slaveof: G, flags: NODE_SLAVE, currentEpoch: 21, configEpoch: 30, slots: slotBits(5, 7, 300) }),
  )
  await said(
    'asked too soon',
    f.message(5, { slaveof: G, flags: NODE_SLAVE, currentEpoch: 22, configEpoch: 30, slots: slotBits(5, 7, 300) }),
  )
  await said('MFSTART of who is no replica of mine', f.message(8))
  await said('a master again, with the slots of the other', f.ping({ configEpoch: 40, slots: slotBits(5, 7, 300) }))
  await said('nofailover', f.ping({ flags: NODE_MASTER | 512, configEpoch: 40, slots: slotBits(5, 7, 300) }))
  await said(
    'MIGRATE_TO and FAIL in gossip of one that is new',
    f.ping({ configEpoch: 40, slots: slotBits(5, 7, 300), body: gossip(H, NODE_SLAVE | NODE_FAIL | 256) }),
  )
  await said('a replica with an epoch', f.ping({ slaveof: G, flags: NODE_SLAVE, configEpoch: 60, currentEpoch: 45 }))
  await said('a master with a lower one', f.ping({ configEpoch: 41, slots: slotBits(5, 7, 300) }))
  const other = new BusLink(busPort(r))
  other.say(message(0, G, { port: 55, cport: 66, configEpoch: 12 }))
  await look('the other itself pings, from elsewhere', () => other.got.length > 0)
  other.socket.destroy()
  const answer = f.answer
  if (answer !== null) f.answer = { ...answer, sender: 'd'.repeat(40) }
  await look('another answers at its address', () => cli(r.port, 'CLUSTER', 'NODES').includes('noaddr'))
  f.answer = answer
  await said('it speaks itself', f.ping({ configEpoch: 42, slots: slotBits(5, 7, 300) }))
  await said(
    'all of your slots',
    f.ping({ configEpoch: 50, slots: slotBits(...Array.from({ length: 100 }, (_, i) => i), 300) }),
  )
  link.socket.destroy()
  f.close()
  return history
}
