/** Rows of 1.14 to 1.16 that need a whole cluster, redis-cli and applications: what a move costs, what its clients see, what is lost. */
import { expect, test } from 'vitest'
import { keyHashSlot } from '../src/engine/bytes/crc16.ts'
import type { Machine } from '../src/engine/machine.ts'
import { type ClusterPreset, clusterPreset } from '../src/world/cluster-presets.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld, EPOCH_MS, type World } from '../src/world/world.ts'
import { readyCluster, SECOND } from './cluster-deploy.ts'

interface AppView {
  readonly acknowledged: number
  readonly lost: number
  readonly refused: number
  readonly unanswered: number
  readonly total: { ok: number; redirected: number; error: number; hops: number; moved: number; ask: number }
}
const hostOf = (node: number): string => `10.0.0.${11 + node}`
const addressOf = (node: number): string => `${hostOf(node)}:6379`

/** A cluster, and redis-cli and applications beside it. What leaves a node is written down by who hears it. */
class Lab {
  readonly w: World
  readonly sent: { from: string; to: string; bytes: string }[] = []
  private count = 0
  constructor(preset: ClusterPreset, seed = 1) {
    this.w = createWorld(
      clusterPreset(preset, seed),
      (kind) => (env, tap) => this.overheard(createProgram(kind, env, tap), env.host),
      {},
    )
    this.w.runFor(3 * SECOND)
  }
  private overheard(m: Machine, host: string): Machine {
    const to = new Map<number, string>()
    return {
      handle: (input, now) => {
        if (input.type === 'accept') to.set(input.conn, `client ${input.remoteHost}`)
        const out = m.handle(input, now)
        for (const o of out) {
          if (o.type === 'connect') to.set(o.conn, `${o.host}:${o.port}`)
          else if (o.type === 'send') this.sent.push({ from: host, to: to.get(o.conn) ?? '', bytes: o.bytes })
        }
        return out
      },
      get workMicros() {
        return m.workMicros
      },
      view: (name, args) => m.view(name, args),
    }
  }
  start(...argv: string[]): string {
    const name = `cli-${++this.count}`
    this.w.spawn({ name, kind: 'client', box: 'box-3', port: 0, argv })
    return name
  }
  until(what: () => boolean, seconds = 60): void {
    for (let i = 0; i < seconds * 50 && !what(); i++) this.w.runFor(SECOND / 50)
    expect(what()).toBe(true)
  }
  ended(name: string): boolean {
    return this.w.status(name).exitCode !== null
  }
  text(name: string): string {
    return this.w.output(name).replaceAll('\r\n', '\n')
  }
  /** redis-cli with these arguments, to its end. */
  run(...argv: string[]): { text: string; code: number | null } {
    const name = this.start(...argv)
    this.until(() => this.ended(name), 300)
    return { text: this.text(name), code: this.w.status(name).exitCode }
  }
  ask(node: number, ...words: string[]): string {
    return this.run('--raw', '-h', hostOf(node), ...words).text.trim()
  }
  id(node: number): string {
    return this.ask(node, 'CLUSTER', 'MYID')
  }
  app(name: string, box: number, ...argv: string[]): void {
    const seeds = [addressOf(0), addressOf(1)]
    this.w.spawn({ name, kind: 'app', box: `box-${box + 1}`, port: 0, argv: [...seeds, ...argv] })
  }
  of(name: string): AppView {
    return this.w.view(name, 'app') as AppView
  }
  /** Opens `slot` on both sides of its move from node 0 to node 1. */
  open(slot: number): readonly [source: string, target: string] {
    const [source, target] = [this.id(0), this.id(1)]
    expect(this.ask(1, 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source)).toBe('OK')
    expect(this.ask(0, 'CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target)).toBe('OK')
    return [source, target]
  }
}
/** Slots that the nodes have by the first node's belief. */
const slotsOf = (nodes: string): number[] =>
  nodes
    .split('\n')
    .filter((l) => l.includes('master'))
    .map((l) =>
      l
        .split(' ')
        .slice(8)
        .filter((r) => !r.startsWith('['))
        .reduce((sum, r) => {
          const [a = 0, b = a] = r.split('-').map(Number)
          return sum + b - a + 1
        }, 0),
    )

test('C06: a fourth master is added and the slots are rebalanced: 4096 each', () => {
  const lab = new Lab('cluster-3')
  expect(lab.run('--cluster', 'add-node', addressOf(3), addressOf(0)).code).toBe(0)
  lab.w.runFor(3 * SECOND)
  expect(slotsOf(lab.ask(0, 'CLUSTER', 'NODES')).sort()).toEqual([0, 5461, 5461, 5462])
  // Most of what it will have is handed over in one piece: redis-cli would need a minute.
  const ranges = [0, 5461, 10923].flatMap((from) => [`${from}`, `${from + 1349}`])
  for (const node of [0, 1, 2, 3]) expect(lab.ask(node, 'CLUSTER', 'DELSLOTSRANGE', ...ranges)).toBe('OK')
  expect(lab.ask(3, 'CLUSTER', 'ADDSLOTSRANGE', ...ranges)).toBe('OK')
  lab.w.runFor(3 * SECOND)
  expect(slotsOf(lab.ask(0, 'CLUSTER', 'NODES')).sort()).toEqual([4050, 4111, 4111, 4112])
  const moved = lab.run('--cluster', 'rebalance', addressOf(0), '--cluster-threshold', '1')
  expect(moved.code).toBe(0)
  lab.w.runFor(3 * SECOND)
  for (const node of [0, 3]) expect(slotsOf(lab.ask(node, 'CLUSTER', 'NODES'))).toEqual([4096, 4096, 4096, 4096])
})

test('C07, MG32: the owner of a slot changes at no cost; its keys cost time by their bytes', () => {
  const kit = readyCluster({ seed: 7, preset: 'cluster-3' })
  const { world } = kit
  world.inject({
    type: 'latency',
    a: 'box-1',
    b: 'box-2',
    latencyMicros: 500,
    jitterMicros: 0,
    bytesPerSecond: 10_000_000,
  })
  kit.call('n0', 'CONFIG', 'SET', 'rdbcompression', 'no')
  const slot = keyHashSlot('{b}')
  const timed = (...words: string[]): number => {
    const from = world.now
    expect(kit.call('n0', ...words)).toBe('OK')
    return world.now - from
  }
  const [source, target] = [kit.id('n0'), kit.id('n1')]
  const load = (keys: number, bytes: number): string[] =>
    Array.from({ length: keys }, (_, i) => {
      expect(kit.call('n0', 'SET', `{b}${keys}:${bytes}:${i}`, 'x'.repeat(bytes))).toBe('OK')
      return `{b}${keys}:${bytes}:${i}`
    })
  const loads = [load(1, 1), load(10, 10_000), load(100, 10_000), load(10, 100_000)]
  kit.call('n1', 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source)
  expect(timed('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target)).toBeLessThan(1000)
  // The first one pays for the connection too.
  const [, few = 0, many = 0, large = 0] = loads.map((names) =>
    timed('MIGRATE', kit.address('n1'), '6379', '', '0', '5000', 'KEYS', ...names),
  )
  expect(few).toBeGreaterThan(10_000)
  expect(many / few).toBeGreaterThan(7)
  expect(many / few).toBeLessThan(11)
  expect(large / many).toBeGreaterThan(0.8)
  expect(large / many).toBeLessThan(1.2)
  // The last key is gone: the new owner is named, and nothing is carried.
  kit.call('n1', 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
  expect(timed('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)).toBeLessThan(1000)
})

test('MG32: a big key holds up everybody at its source while it is serialised and sent, and at its target while it is restored', () => {
  const stalls = [5_000, 50_000].map((fields) => {
    const kit = readyCluster({ seed: 32, preset: 'cluster-3' })
    const { world } = kit
    const band = { latencyMicros: 500, jitterMicros: 0, bytesPerSecond: 10_000_000 }
    world.inject({ type: 'latency', a: 'box-1', b: 'box-2', ...band })
    for (let at = 0; at < fields; at += 5000) {
      const pairs = Array.from({ length: 5000 }, (_, i) => [`field:${at + i}`, `value:${at + i}`]).flat()
      expect(kit.call('n0', 'HSET', '{b}h', ...pairs)).toBe(5000)
    }
    const slot = `${keyHashSlot('{b}h')}`
    kit.call('n1', 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', kit.id('n0'))
    kit.call('n0', 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', kit.id('n1'))
    const bytes = String(kit.call('n0', 'DUMP', '{b}h')).length
    const spawn = (name: string, node: string, ...words: string[]): void =>
      world.spawn({
        name,
        kind: 'client',
        box: kit.box(node),
        port: 0,
        argv: [kit.address(node), '6379', '0', ...words],
      })
    const began = world.now
    spawn('mover', 'n0', 'MIGRATE', kit.address('n1'), '6379', '{b}h', '0', '5000')
    world.runFor(300)
    spawn('other', 'n0', 'PING')
    expect(kit.until(() => world.output('mover') !== '' && world.output('other') !== '', 5 * SECOND, 100)).toBe(true)
    const answered = (name: string): number => (JSON.parse(world.output(name)) as { at: number }).at - EPOCH_MS * 1000
    expect(world.output('mover')).toContain('OK')
    expect(kit.call('n1', 'HLEN', '{b}h')).toEqual({ error: expect.stringContaining('MOVED') })
    // Whoever came in the meantime waited for as long as the move took.
    expect(answered('other')).toBeGreaterThanOrEqual(answered('mover') - 1000)
    const transfer = bytes / 10
    const took = answered('other') - began
    expect(took).toBeGreaterThan(transfer)
    expect(took).toBeLessThan(transfer * 2 + 10_000)
    return took
  })
  expect((stalls[1] as number) / (stalls[0] as number)).toBeGreaterThan(5)
})

test('C09: key, CRC16, slot, node: every step agrees with what a node says', () => {
  const lab = new Lab('cluster')
  const first = [0, 5461, 10923]
  const keys = ['foo', 'user:1000', '{user1000}.following', 'a{}b', 'a{{b}}c', '{}x', '\u00e9t\u00e9', ...'abcdefgh']
  const name = lab.start('--raw', '-h', hostOf(0))
  const utf8 = (key: string): string => String.fromCharCode(...new TextEncoder().encode(key))
  for (const key of keys) lab.w.stdin(name, `CLUSTER KEYSLOT "${utf8(key)}"\rGET "${utf8(key)}"\r`)
  lab.w.runFor(SECOND)
  const said = lab.text(name)
  const slots = [...said.matchAll(/> CLUSTER KEYSLOT [^\n]*\n(\d+)\n/g)].map((m) => Number(m[1]))
  // By a real server.
  expect(slots.slice(0, 7)).toEqual([12182, 1649, 3443, 13694, 6215, 10595, 10087])
  expect(slots).toEqual(keys.map((k) => keyHashSlot(utf8(k))))
  for (const slot of slots) {
    const owner = first.findLastIndex((from) => slot >= from)
    if (owner !== 0) expect(said).toContain(`MOVED ${slot} ${addressOf(owner)}`)
  }
})

test('C18: a node never asks another for its client: it answers MOVED or ASK, and the client goes there itself', () => {
  const lab = new Lab('cluster')
  const there = () => lab.sent.filter((s) => s.bytes.includes('wanted')).map((s) => `${s.from} to ${s.to}`)
  const slot = keyHashSlot('{06S}wanted')
  const [, target] = lab.open(slot)
  lab.sent.length = 0
  expect(lab.run('--raw', '-c', '-h', hostOf(0), 'SET', '{06S}wanted', 'v').text).toBe('OK\n')
  // redis-cli runs at box-3: both requests are its own. The rest is the new owner's replica.
  const client = there().filter((way) => !way.endsWith('client 10.0.0.15'))
  expect(client).toEqual([`10.0.0.13 to ${addressOf(0)}`, `10.0.0.13 to ${addressOf(1)}`])
  lab.ask(1, 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
  lab.ask(0, 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
  lab.sent.length = 0
  expect(lab.run('--raw', '-c', '-h', hostOf(0), 'EXISTS', '{06S}wanted').text).toBe('1\n')
  expect(there()).toEqual([`10.0.0.13 to ${addressOf(0)}`, `10.0.0.13 to ${addressOf(1)}`])
})

test('C27: acknowledged writes are lost with a master that had not replicated them, and those that a minority took', () => {
  const unreplicated = new Lab('cluster', 27)
  unreplicated.app('app-1', 5, '--rate', '100', '--keys', '40', '--writes', '0.8')
  unreplicated.w.runFor(3 * SECOND)
  unreplicated.w.inject({ type: 'cut', groupA: ['box-1'], groupB: ['box-4'] })
  unreplicated.w.runFor(SECOND / 2)
  unreplicated.w.inject({ type: 'kill', process: 'n0' })
  unreplicated.w.runFor(12 * SECOND)
  expect(unreplicated.of('app-1').lost).toBeGreaterThan(0)
  const minority = new Lab('cluster', 28)
  minority.app('app-1', 0, '--rate', '100', '--keys', '40', '--writes', '0.8')
  minority.w.runFor(2 * SECOND)
  const before = minority.of('app-1')
  expect(before.lost).toBe(0)
  const others = [2, 3, 4, 5, 6].map((i) => `box-${i}`)
  minority.w.inject({ type: 'cut', groupA: ['box-1'], groupB: others })
  minority.w.runFor(1.5 * SECOND)
  // It goes on beside its client until it knows that it is alone.
  expect(minority.of('app-1').acknowledged).toBeGreaterThan(before.acknowledged)
  minority.w.runFor(8 * SECOND)
  minority.w.inject({ type: 'heal', cut: -1 })
  minority.w.runFor(10 * SECOND)
  expect(minority.of('app-1').lost).toBeGreaterThan(0)
})

test('G01: no node keeps the register: whichever is gone, news still reaches all the others', () => {
  const kit = readyCluster({ seed: 1 })
  for (const [victim, teller] of [
    ['n1', 'n0'],
    ['n4', 'n2'],
    ['n0', 'n5'],
  ] as const) {
    kit.kill(victim)
    const name = `told-without-${victim}.example.com`
    expect(kit.call(teller, 'CONFIG', 'SET', 'cluster-announce-hostname', name)).toBe('OK')
    const alive = kit.names.filter((n) => n !== victim && n !== teller)
    const known = (): boolean => alive.every((n) => kit.seen(n, teller).hostname === name)
    expect(kit.until(known, 3 * SECOND, 20_000), victim).toBe(true)
    kit.restart(victim)
    expect(
      kit.until(() => kit.settled() === null, 30 * SECOND, 100_000),
      String(kit.settled()),
    ).toBe(true)
  }
})

test('MG29: clients read and write all through a reshard: redirected, never refused, nothing lost', () => {
  const lab = new Lab('cluster', 29)
  lab.app('app-1', 5, '--rate', '400', '--keys', '2000')
  lab.w.runFor(2 * SECOND)
  const argv = ['--cluster-from', lab.id(0), '--cluster-to', lab.id(1), '--cluster-slots', '100', '--cluster-yes']
  const before = lab.of('app-1').acknowledged
  expect(lab.run('--cluster', 'reshard', addressOf(0), ...argv).code).toBe(0)
  lab.w.runFor(3 * SECOND)
  const after = lab.of('app-1')
  expect(slotsOf(lab.ask(0, 'CLUSTER', 'NODES')).sort()).toEqual([5361, 5461, 5562])
  expect(after.acknowledged).toBeGreaterThan(before + 100)
  expect(after.total.moved + after.total.ask).toBeGreaterThan(0)
  expect([after.total.error, after.refused, after.unanswered, after.lost]).toEqual([0, 0, 0, 0])
})

test('MG30: ASK while the slot moves, from its source alone; afterwards one MOVED for each client with an old map', () => {
  const lab = new Lab('cluster', 30)
  lab.w.inject({ type: 'latency', a: 'box-1', b: 'box-2', latencyMicros: 500, jitterMicros: 0 })
  const slot = keyHashSlot('hot')
  const owner = Math.floor((slot * 3) / 16384)
  // 'hot' is of the second node: the move goes the other way.
  expect(owner).toBe(1)
  const [source, target] = [lab.id(1), lab.id(0)]
  for (const name of ['app-1', 'app-2']) lab.app(name, 4, '--rate', '0', '--hot', '1')
  lab.w.runFor(SECOND)
  lab.ask(0, 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source)
  lab.ask(1, 'CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target)
  lab.w.stdin('app-1', '--rate 50\n')
  lab.w.runFor(2 * SECOND)
  const during = lab.of('app-1').total
  expect(during.ask).toBeGreaterThan(20)
  expect(during.moved).toBe(0)
  lab.w.stdin('app-1', '--rate 0\n')
  lab.w.runFor(SECOND)
  const asked = lab.of('app-1').total.ask
  for (const node of [0, 1]) expect(lab.ask(node, 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)).toBe('OK')
  for (const name of ['app-1', 'app-2']) lab.w.stdin(name, '--rate 50\n')
  lab.w.runFor(2 * SECOND)
  const [one, two] = [lab.of('app-1').total, lab.of('app-2').total]
  expect([one.ask - asked, one.moved]).toEqual([0, 1])
  expect([two.ask, two.moved]).toEqual([0, 1])
  expect(one.error + two.error).toBe(0)
})

test('MG31: keys are lost with a target that had not replicated them', () => {
  const lab = new Lab('cluster', 31)
  for (let i = 0; i < 10; i++) lab.ask(0, 'SET', `{06S}${i}`, 'v')
  lab.open(keyHashSlot('{06S}'))
  lab.w.inject({ type: 'cut', groupA: ['box-2'], groupB: ['box-5'] })
  const keys = Array.from({ length: 10 }, (_, i) => `{06S}${i}`)
  expect(lab.ask(0, 'MIGRATE', hostOf(1), '6379', '', '0', '1000', 'KEYS', ...keys)).toBe('OK')
  lab.w.inject({ type: 'kill', process: 'n1' })
  lab.w.runFor(8 * SECOND)
  expect(lab.ask(4, 'ROLE')).toMatch(/^master/)
  expect(lab.ask(0, 'EXISTS', ...keys)).toMatch(/^ASK|^TRYAGAIN/)
  expect(lab.ask(0, 'CLUSTER', 'COUNTKEYSINSLOT', '0')).toBe('0')
  expect(lab.ask(4, 'CLUSTER', 'COUNTKEYSINSLOT', '0')).toBe('0')
})

test('MG31: a source that fails over in the middle of a move leaves the slot open at the target; fix closes it, no key is lost', () => {
  const lab = new Lab('cluster', 33)
  for (let i = 0; i < 10; i++) lab.ask(0, 'SET', `{06S}${i}`, 'v')
  lab.open(0)
  const half = Array.from({ length: 5 }, (_, i) => `{06S}${i}`)
  expect(lab.ask(0, 'MIGRATE', hostOf(1), '6379', '', '0', '1000', 'KEYS', ...half)).toBe('OK')
  lab.w.runFor(SECOND)
  lab.w.inject({ type: 'kill', process: 'n0' })
  lab.w.runFor(8 * SECOND)
  // Its replica never heard that the slot was on its way.
  const own = lab
    .ask(3, 'CLUSTER', 'NODES')
    .split('\n')
    .find((l) => l.includes('myself'))
  expect(own).toMatch(/master .* connected 0-5460$/)
  const check = lab.run('--cluster', 'check', addressOf(3))
  expect(check.code).toBe(1)
  expect(check.text).toContain(`[WARNING] Node ${addressOf(1)} has slots in importing state 0.`)
  expect(check.text).not.toContain('in migrating state')
  // While a master is out of reach, fix refuses.
  expect(lab.run('--cluster', 'fix', addressOf(3)).text).toContain('Fixing open slots with 1 unreachable masters')
  lab.w.inject({ type: 'restart', process: 'n0' })
  lab.w.runFor(5 * SECOND)
  const fix = lab.run('--cluster', 'fix', addressOf(3))
  expect(fix.text).toContain('>>> Fixing open slot 0')
  lab.w.runFor(3 * SECOND)
  expect(lab.run('--cluster', 'check', addressOf(3)).text).toContain('[OK] All 16384 slots covered.')
  expect(lab.run('--cluster', 'check', addressOf(3)).text).not.toContain('importing state')
  for (let i = 0; i < 10; i++) expect(lab.run('--raw', '-c', '-h', hostOf(3), 'GET', `{06S}${i}`).text).toBe('v\n')
})

test('MG35: a master whose last slot goes follows the one that took it, unless cluster-allow-replica-migration is no', () => {
  for (const allowed of ['yes', 'no']) {
    const kit = readyCluster({ seed: 35, blank: 3, lines: [`cluster-allow-replica-migration ${allowed}`] })
    const move = (slot: number): void => {
      for (const [node, ...words] of [
        ['n0', 'IMPORTING', kit.id('n2')],
        ['n2', 'MIGRATING', kit.id('n0')],
        ['n0', 'NODE', kit.id('n0')],
        ['n2', 'NODE', kit.id('n0')],
      ] as const)
        expect(kit.call(node, 'CLUSTER', 'SETSLOT', `${slot}`, ...words)).toBe('OK')
    }
    // All but one are let go at once: nobody has keys.
    expect(kit.call('n2', 'CLUSTER', 'DELSLOTSRANGE', '10923', '16382')).toBe('OK')
    expect(kit.cluster('n2').myself.numslots).toBe(1)
    move(16383)
    kit.world.runFor(3 * SECOND)
    expect([allowed, kit.cluster('n2').myself.isSlave]).toEqual([allowed, allowed === 'yes'])
    const said = `Configuration change detected. Reconfiguring myself as a replica of ${kit.id('n0')}`
    expect(kit.lines('n2').some((l) => l.text === said)).toBe(allowed === 'yes')
    if (allowed === 'yes') expect(kit.cluster('n2').myself.slaveof?.name).toBe(kit.id('n0'))
  }
})

test('MG38: FORGET holds for 60 s at the node that was told; gossip of the others brings the name back, unless all were told', () => {
  const kit = readyCluster({ seed: 38 })
  const forgotten = kit.id('n5')
  const knows = (n: string): boolean => kit.cluster(n).nodes.has(forgotten)
  const from = kit.world.now
  expect(kit.call('n0', 'CLUSTER', 'FORGET', forgotten)).toBe('OK')
  kit.world.runFor(55 * SECOND)
  expect(['n0', 'n1', 'n2'].map(knows)).toEqual([false, true, true])
  expect(kit.until(() => knows('n0'), 15 * SECOND, 100_000)).toBe(true)
  expect(kit.world.now - from).toBeGreaterThan(60 * SECOND)
  // Told to every node, and the node itself leaves: nobody is left to bring it back.
  const rest = kit.names.filter((n) => n !== 'n5')
  for (const n of rest) expect(kit.call(n, 'CLUSTER', 'FORGET', forgotten)).toBe('OK')
  kit.kill('n5')
  kit.world.runFor(70 * SECOND)
  expect(rest.map(knows)).toEqual([false, false, false, false, false])
})
