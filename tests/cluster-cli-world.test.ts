/** redis-cli's cluster side in the world: what a learner types in the lab's terminal. */
import { expect, test } from 'vitest'
import { clusterPreset } from '../src/world/cluster-presets.ts'
import type { Machine } from '../src/engine/machine.ts'
import { createProgram } from '../src/world/programs.ts'
import { createWorld, type ProgramFactory, type World } from '../src/world/world.ts'

const SECOND = 1_000_000
const NODES = [11, 12, 13, 14, 15, 16].map((n) => `10.0.0.${n}:6379`)

/** What machines send on connections that they opened. */
interface Sent {
  readonly from: string
  readonly to: string
  readonly bytes: string
}
const sent: Sent[] = []

/** The machine, and what it sends written down. */
function overheard(m: Machine, host: string): Machine {
  const to = new Map<number, string>()
  return {
    handle(input, now) {
      const out = m.handle(input, now)
      for (const o of out) {
        if (o.type === 'connect') to.set(o.conn, `${o.host}:${o.port}`)
        else if (o.type === 'send' && to.has(o.conn))
          sent.push({ from: host, to: to.get(o.conn) ?? '', bytes: o.bytes })
      }
      return out
    },
    get workMicros() {
      return m.workMicros
    },
    view: (name, args) => m.view(name, args),
  }
}
const blank = (seed = 1): World => {
  sent.length = 0
  const make: ProgramFactory = (kind) => (env, tap) => overheard(createProgram(kind, env, tap), env.host)
  return createWorld(clusterPreset('cluster-blank', seed), make, {})
}
/** Requests of a client, word by word. */
const requests = (bytes: string): string[][] =>
  bytes
    .split(/\*\d+\r\n(?=\$)/)
    .slice(1)
    .map((r) =>
      r
        .split(/(?:^|\r\n)\$\d+\r\n/)
        .slice(1)
        .map((word) => word.replace(/\r\n$/, '')),
    )

let count = 0
const start = (w: World, ...argv: string[]): string => {
  const name = `cli-${++count}`
  w.spawn({ name, kind: 'client', box: 'box-1', port: 0, argv })
  return name
}
const until = (w: World, what: () => boolean, seconds = 60): void => {
  for (let i = 0; i < seconds * 20 && !what(); i++) w.runFor(SECOND / 20)
  expect(what()).toBe(true)
}
const ended = (w: World, name: string): boolean => w.status(name).exitCode !== null
const text = (w: World, name: string): string => w.output(name).replaceAll('\r\n', '\n')
/** Runs it to its end. */
const run = (w: World, ...argv: string[]): { text: string; code: number | null } => {
  const name = start(w, ...argv)
  until(w, () => ended(w, name), 200)
  return { text: text(w, name), code: w.status(name).exitCode }
}
const idOf = (w: World, at: number): string => run(w, '--raw', '-h', `10.0.0.${at}`, 'cluster', 'myid').text.trim()

const created = (seed = 1): World => {
  const w = blank(seed)
  w.runFor(SECOND)
  expect(run(w, '--cluster', 'create', ...NODES, '--cluster-replicas', '1', '--cluster-yes').code).toBe(0)
  w.runFor(5 * SECOND)
  return w
}

test('C10: six empty nodes, one command and a yes: a cluster', () => {
  const w = blank()
  w.runFor(SECOND)
  const name = start(w, '-h', '10.0.0.11', '-p', '6379', '--cluster', 'create', ...NODES, '--cluster-replicas', '1')
  until(w, () => text(w, name).endsWith("(type 'yes' to accept): "))
  expect(text(w, name)).toContain('Adding replica 10.0.0.15:6379 to 10.0.0.11:6379\n')
  // It waits for as long as it takes.
  w.runFor(30 * SECOND)
  expect(ended(w, name)).toBe(false)
  w.stdin(name, 'yes\r')
  until(w, () => ended(w, name))
  expect(text(w, name)).toContain('Waiting for the cluster to join\n')
  expect(text(w, name)).toContain('\x1b[32;1m[OK] All 16384 slots covered.\n\x1b[0m')
  expect(w.status(name).exitCode).toBe(0)
  w.runFor(5 * SECOND)
  expect(run(w, '-h', '10.0.0.14', 'cluster', 'info').text).toContain('cluster_state:ok')
  const check = run(w, '--cluster', 'check', '10.0.0.16', '6379')
  expect(check.code).toBe(0)
  expect(check.text.match(/1 additional replica\(s\)/g)).toHaveLength(3)
})

test('C10: a no changes nothing, Ctrl-C ends it', () => {
  const w = blank()
  w.runFor(SECOND)
  for (const [keys, code] of [
    ['no\r', 0],
    ['\x03', 130],
  ] as const) {
    const name = start(w, '--cluster', 'create', ...NODES)
    until(w, () => text(w, name).endsWith("(type 'yes' to accept): "))
    w.stdin(name, keys)
    until(w, () => ended(w, name), 5)
    expect(w.status(name).exitCode).toBe(code)
  }
  expect(run(w, '-h', '10.0.0.11', 'cluster', 'info').text).toContain('cluster_known_nodes:1')
})

test('C19: -c goes where the slot is, the prompt with it; without -c the redirection is shown', () => {
  const w = created()
  const name = start(w, '-c', '-h', '10.0.0.11')
  w.stdin(name, 'set a 1\r')
  until(w, () => text(w, name).includes('OK'), 5)
  expect(text(w, name)).toContain('-> Redirected to slot [15495] located at 10.0.0.13:6379\nOK\n')
  w.runFor(SECOND)
  expect(text(w, name)).toContain('10.0.0.13:6379> ')
  expect(run(w, '--raw', '-h', '10.0.0.11', 'get', 'a').text).toBe('MOVED 15495 10.0.0.13:6379\n\n')
  expect(run(w, '--raw', '-c', '-h', '10.0.0.12', 'get', 'a').text).toBe('1\n')
})

test('C19: the address that -c was sent to is gone: said, and the prompt stays there', () => {
  const w = created()
  const name = start(w, '-c', '-h', '10.0.0.11')
  w.runFor(SECOND)
  w.inject({ type: 'kill', process: 'n2' })
  w.stdin(name, 'get a\r')
  until(w, () => text(w, name).includes('Could not connect'), 5)
  expect(text(w, name)).toMatch(/Redirected to slot \[15495\] .*\nCould not connect to Redis at 10.0.0.13:6379: .*\n/)
  expect(text(w, name)).toContain('not connected> ')
})

test('MG01, MG19, MG20, MG33: reshard is the five steps by hand, ten keys at a time, without MULTI', () => {
  const w = created()
  for (let i = 0; i < 25; i++) run(w, '-c', '-h', '10.0.0.11', 'set', `{06S}${i}`, String(i))
  const [a, b] = [idOf(w, 11), idOf(w, 12)]
  const [first, second, third] = ['10.0.0.11:6379', '10.0.0.12:6379', '10.0.0.13:6379']
  const argv = (from: string, to: string, ...more: string[]): string[] => [
    ...['--cluster', 'reshard', first as string, '--cluster-from', from, '--cluster-to', to],
    ...['--cluster-slots', '1', '--cluster-yes', ...more],
  ]
  sent.length = 0
  expect(run(w, ...argv(a, b)).text).toMatch(/Moving slot 0 from \S+ to \S+: \.{25}\n$/)
  const told = (): string[] =>
    sent
      .flatMap((s) => requests(s.bytes).map((words) => ({ to: s.to, words })))
      .filter(({ words }) => /SETSLOT|GETKEYSINSLOT|^MIGRATE/.test(words.join(' ')))
      .map(({ to, words: [name, ...words] }) =>
        name === 'MIGRATE'
          ? `${to} MIGRATE ${words.slice(0, 6).join(' ')} of ${words.length - 6}`
          : `${to} ${words.join(' ')}`,
      )
  const migrate = `${first} MIGRATE 10.0.0.12 6379  0 60000 KEYS of`
  const keys = `${first} GETKEYSINSLOT 0 10`
  expect(told()).toEqual([
    `${second} SETSLOT 0 importing ${a}`,
    `${first} SETSLOT 0 migrating ${b}`,
    ...[keys, `${migrate} 10`, keys, `${migrate} 10`, keys, `${migrate} 5`, keys],
    ...[second, first, third].map((to) => `${to} SETSLOT 0 node ${b}`),
  ])
  // What the source sends the target: each key by itself, each with its own answer.
  const between = sent.filter((s) => s.from === '10.0.0.11' && s.to === second).flatMap((s) => requests(s.bytes))
  expect(between.filter(([name]) => name === 'RESTORE-ASKING')).toHaveLength(25)
  expect(between.map(([name]) => name)).not.toContain('MULTI')
  sent.length = 0
  run(w, ...argv(b, a, '--cluster-pipeline', '100'))
  expect(told().filter((t) => t.includes('MIGRATE'))).toEqual([`${second} MIGRATE 10.0.0.11 6379  0 60000 KEYS of 25`])
})

test('MG36: after a move the nodes disagree for a moment: check says so, and a little later that all is well', () => {
  const w = created()
  const [a, b] = [idOf(w, 11), idOf(w, 12)]
  // The replicas hear of it by gossip only.
  const argv = ['--cluster-from', a, '--cluster-to', b, '--cluster-slots', '20', '--cluster-yes']
  const reshard = start(w, '--cluster', 'reshard', NODES[0] as string, ...argv)
  const codes: string[] = []
  while (!ended(w, reshard)) codes.push(run(w, '--cluster', 'check', NODES[0] as string).text)
  expect(codes.some((t) => t.includes("[ERR] Nodes don't agree about configuration!"))).toBe(true)
  w.runFor(2 * SECOND)
  const later = run(w, '--cluster', 'check', NODES[0] as string)
  expect(later.text).toContain('[OK] All nodes agree about slots configuration.')
  expect(later.code).toBe(0)
})

test('redis-cli dies in the middle of a move; check says so, fix mends it, no key is lost', () => {
  const w = created(7)
  for (let i = 0; i < 60; i++) run(w, '-c', '-h', '10.0.0.11', 'set', `{06S}${i}`, String(i))
  const [from, to] = [idOf(w, 11), idOf(w, 12)]
  const argv = ['--cluster-from', from, '--cluster-to', to, '--cluster-slots', '1', '--cluster-yes']
  const name = start(w, '--cluster', 'reshard', NODES[0] as string, ...argv, '--cluster-pipeline', '1')
  for (let i = 0; i < 20_000 && !/Moving slot 0 from \S+ to \S+: \.{5}/.test(text(w, name)); i++) w.runFor(1_000)
  w.inject({ type: 'kill', process: name })
  w.runFor(SECOND)
  const left = Number(run(w, '--raw', '-h', '10.0.0.11', 'cluster', 'countkeysinslot', '0').text)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(60)
  const check = run(w, '--cluster', 'check', NODES[0] as string)
  expect(check.code).toBe(1)
  expect(check.text).toContain('[WARNING] Node 10.0.0.11:6379 has slots in migrating state 0.')
  expect(check.text).toContain('[WARNING] Node 10.0.0.12:6379 has slots in importing state 0.')
  // Half-way every key still answers, behind an ASK or not.
  for (const i of [0, 30, 59]) expect(run(w, '--raw', '-c', '-h', '10.0.0.11', 'get', `{06S}${i}`).text).toBe(`${i}\n`)
  const fix = run(w, '--cluster', 'fix', NODES[0] as string)
  // Both have keys, so it looks for the one with more: the move is taken back.
  expect(fix.text).toContain('*** Configuring 10.0.0.11:6379 as the slot owner')
  expect(fix.text).toContain('>>> Case 2: Moving all the 0 slot keys to its owner 10.0.0.11:6379')
  expect(run(w, '--raw', '-h', '10.0.0.11', 'cluster', 'countkeysinslot', '0').text).toBe('60\n')
  w.runFor(2 * SECOND)
  expect(run(w, '--cluster', 'check', NODES[0] as string).code).toBe(0)
})

test('a backup: an RDB file of each master, and who has which slots', () => {
  const w = created()
  run(w, '-c', '-h', '10.0.0.11', 'set', 'a', '1')
  const backup = run(w, '--cluster', 'backup', NODES[0] as string, '/tmp')
  expect(backup.text).toContain('[OK] Backup created into: /tmp')
  const files = [...w.files(`cli-${count}`)].filter(([path]) => path.startsWith('/tmp/'))
  expect(files.filter(([path, bytes]) => path.endsWith('.rdb') && bytes.startsWith('REDIS0010'))).toHaveLength(3)
  const nodes = files.find(([path]) => path === '/tmp/nodes.json')?.[1] ?? ''
  expect((JSON.parse(nodes) as { slots_count: number }[]).map((n) => n.slots_count).sort()).toEqual([
    0, 0, 0, 5461, 5461, 5462,
  ])
})
