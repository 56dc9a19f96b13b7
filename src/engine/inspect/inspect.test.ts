import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { record } from './recorder.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
type View = Record<string, never>

function rig(recording = true) {
  const b = bench(['--activerehashing', 'no', '--enable-debug-command', 'yes'])
  if (recording) record(b.server)
  const say = b.connect()
  const run = (line: string): string => say(resp(...line.split(' ')))
  const see = (name: string, ...args: string[]): View => b.server.view(name, args) as View
  return { ...b, run, see }
}

test('looking changes nothing: not a bucket moves, not a random draw is made', () => {
  const [seen, blind] = [rig(true), rig(false)]
  const lines = [
    ...Array.from({ length: 40 }, (_, i) => `set k${i} ${i}`),
    ...Array.from({ length: 20 }, (_, i) => `expire k${i} ${100 + i}`),
    'config set hash-max-listpack-entries 4',
    'config set zset-max-listpack-entries 4',
    ...Array.from({ length: 30 }, (_, i) => `hset h f${i} v${i}`),
    ...Array.from({ length: 30 }, (_, i) => `zadd z ${i} m${i}`),
    ...Array.from({ length: 30 }, (_, i) => `sadd s m${i}`),
    ...Array.from({ length: 300 }, (_, i) => `rpush l element-${i}`),
    'sadd i 1 2 3',
    'append a hello',
    'pfadd hll a b c',
    'xadd x 1-1 f v',
    'xadd x 2-1 f w g x',
    'xgroup create x g 0',
    'xreadgroup group g c streams x >',
    'xdel x 1-1',
    ...['randomkey', 'spop s', 'srandmember s', 'hrandfield h', 'scan 0', 'hscan h 0', 'keys *', 'object freq k1'],
    'debug htstats 0',
    'debug htstats-key h',
    'config set maxmemory-policy allkeys-lfu',
    'object freq k1',
    'publish c m',
    'debug digest',
    'debug digest-value h s z',
  ]
  for (const line of lines) {
    const replies = [seen.run(line), blind.run(line)]
    expect(replies[0], line).toBe(replies[1])
    for (const key of ['k1', 'h', 'z', 's', 'l', 'i', 'a', 'hll', 'x'])
      expect(seen.see('object', '0', key, 'm3', '', '', 'bits') ?? {}).not.toHaveProperty('failed')
    for (const name of [
      'dict',
      'keys',
      'state',
      'summary',
      'memory',
      'databases',
      'expiry',
      'eviction',
      'commands',
      'loop',
      'transactions',
      'pubsub',
    ])
      expect(seen.see(name, '0', 'k1') ?? {}).not.toHaveProperty('failed')
    for (const [name, ...args] of [
      ['range walk', 'x', '1-1', '+', '5'],
      ['trim', 'x', 'MAXLEN', '1'],
      ['rax insert', 'x', '3-1'],
      ['collisions'],
    ] as const)
      expect(seen.see(name, '0', ...args) ?? {}).not.toHaveProperty('failed')
  }
})

test('a table that rehashes shows both halves, and one command moves one bucket', () => {
  const { run, see } = rig()
  for (let i = 0; i < 9; i++) run(`set key:${i} v`)
  const view = () =>
    see('dict', '0') as unknown as { dict: { rehashidx: number; tables: { size: number; used: number }[] } }
  const first = view().dict
  expect(first.tables.map((t) => t.size)).toEqual([8, 16])
  expect(first.tables.reduce((n, t) => n + t.used, 0)).toBe(9)
  const before = first.rehashidx
  for (let i = 0; i < 5; i++) expect(view().dict.rehashidx).toBe(before)
  run('get key:1')
  expect(view().dict.rehashidx).toBeGreaterThan(before)
})

test('the encoding history names the command that turned a listpack into a hash table', () => {
  const { run, see } = rig()
  for (let i = 0; i < 513; i++) run(`hset h f${i} v`)
  const view = see('object', '0', 'h') as unknown as {
    encoding: string
    events: Record<string, unknown>[]
    samples: unknown[]
  }
  expect(view.encoding).toBe('hashtable')
  expect(view.events.map((e) => [e['from'], e['to'], (e['command'] as string[]).join(' '), e['length']])).toEqual([
    [null, 'listpack', 'hset h f0 v', 1],
    ['listpack', 'hashtable', 'hset h f512 v', 513],
  ])
  expect(view.samples.length).toBeGreaterThan(50)
})

test('a widened intset is a step of its history', () => {
  const { run, see } = rig()
  run('sadd s 1 2 3')
  run('sadd s 70000')
  const view = see('object', '0', 's') as unknown as {
    events: Record<string, unknown>[]
    path: Record<string, unknown>
  }
  expect(view.events.map((e) => e['to'])).toEqual(['intset int16', 'intset int32'])
  run('sismember s 2')
  expect((see('object', '0', 's') as unknown as typeof view).path).toMatchObject({
    kind: 'probes',
    found: true,
    probes: [{ lo: 0, mid: 1, hi: 3 }],
  })
})

test('the path of ZRANK adds up to the rank', () => {
  const { run, see } = rig()
  for (let i = 0; i < 200; i++) run(`zadd z ${i} m${String(i).padStart(3, '0')}`)
  run('zrank z m150')
  const view = see('object', '0', 'z') as unknown as {
    path: { hops: { span: number; next: number }[]; rank: number }
    structure: { header: { span: number; forward: number }[]; length: number }
  }
  expect(view.path.rank).toBe(151)
  expect(view.path.hops.reduce((n, h) => n + h.span, 0)).toBe(151)
  run('zscore z m150')
  expect((see('object', '0', 'z') as unknown as typeof view).path.hops).toEqual([])
})

test('the bytes of a listpack are those of the structure', () => {
  const { run, see } = rig()
  run('hset prefs theme dark size 14')
  const { structure } = see('object', '0', 'prefs') as unknown as {
    structure: { bytes: string; totalBytes: number; entries: { offset: number; value: unknown }[] }
  }
  const hex = [...structure.bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
  expect(hex).toBe('1c 00 00 00 04 00 85 74 68 65 6d 65 06 84 64 61 72 6b 05 84 73 69 7a 65 05 0e 01 ff')
  expect(structure.entries.map((e) => e.offset)).toEqual([6, 13, 19, 25])
})

test('a key that was deleted keeps its story until it is forgotten', () => {
  const { run, see } = rig()
  run('set a 1')
  run('append a x')
  run('del a')
  const view = see('object', '0', 'a') as unknown as { gone: boolean; story: Record<string, unknown>[] }
  expect(view.gone).toBe(true)
  expect(view.story.map((e) => e['to'])).toEqual(['int', 'raw', null])
  expect(see('object', '0', 'never')).toBeNull()
})

test('a huge table is shown as a window and a strip of bounded size', () => {
  const { run, see } = rig()
  for (let i = 0; i < 3000; i++) run(`set key:${i} v`)
  for (let i = 0; i < 3000; i++) run('exists key:1')
  const { dict } = see('dict', '0', '', 'key:77') as unknown as {
    dict: { tables: { size: number; buckets: { keys: string[] }[]; strip: number[]; histogram: number[] }[] }
  }
  const table = dict.tables[0] as (typeof dict.tables)[0]
  expect(table.strip.length).toBeLessThanOrEqual(256)
  expect(table.histogram.reduce((a, b) => a + b, 0)).toBe(table.size)
  expect(dict.tables.flatMap((t) => t.buckets.flatMap((b) => b.keys))).toContain('key:77')
})

test('a stream shows its tree, the differences to the master entry, and what a group owes', () => {
  const { run, see } = rig()
  run('config set stream-node-max-entries 2')
  for (let i = 1; i <= 5; i++) run(`xadd s ${i}-0 item book qty ${i}`)
  run('xdel s 2-0')
  run('xgroup create s g 0')
  run('xreadgroup group g ann count 2 streams s >')
  const { structure } = see('object', '0', 's') as unknown as {
    structure: {
      keys: number
      blocks: { id: string; count: number; deleted: number }[]
      open: { fields: string[]; entries: { id: string; deleted: boolean; same: boolean; msDelta: string }[] }
      groups: { pel: number; pending: { id: string; consumer: string; times: string }[] }[]
    }
  }
  expect(structure.blocks.map((b) => [b.id, b.count, b.deleted])).toEqual([
    ['1-0', 1, 1],
    ['3-0', 2, 0],
    ['5-0', 1, 0],
  ])
  expect(structure.open.fields).toEqual(['item', 'qty'])
  expect(structure.open.entries.map((e) => [e.id, e.msDelta, e.deleted, e.same])).toEqual([
    ['1-0', '0', false, true],
    ['2-0', '1', true, true],
  ])
  expect(structure.groups[0]?.pending.map((p) => [p.id, p.consumer, p.times])).toEqual([
    ['1-0', 'ann', '1'],
    ['3-0', 'ann', '1'],
  ])
})

test('the registers of a HyperLogLog, sparse and dense, and the truth beside the estimate', () => {
  const { run, see } = rig()
  for (let i = 0; i < 50; i++) run(`pfadd h ${Array.from({ length: 40 }, (_, k) => `e${i * 40 + k}`).join(' ')}`)
  const view = see('object', '0', 'h', 'e7') as unknown as {
    hll: { dense: boolean; registers: string; count: string; exact: number; element: { index: number; count: number } }
  }
  expect(view.hll.dense).toBe(true)
  expect(view.hll.registers.length).toBe(16384)
  expect(view.hll.exact).toBe(2000)
  expect(`:${view.hll.count}\r\n`).toBe(run('pfcount h'))
  expect(view.hll.registers.charCodeAt(view.hll.element.index)).toBeGreaterThanOrEqual(view.hll.element.count)
})

test('an eviction tells what was sampled and how good the choice was', () => {
  const { run, see } = rig()
  for (let i = 0; i < 200; i++) run(`set k${i} ${'x'.repeat(500)}`)
  run('config set maxmemory-policy allkeys-lru')
  run('config set maxmemory 900000')
  run('set one more')
  const view = see('eviction') as unknown as {
    victims: { key: string; sampled: string[]; rank: number; of: number }[]
    evictedKeys: number
  }
  expect(view.evictedKeys).toBeGreaterThan(0)
  expect(view.victims.length).toBeGreaterThan(0)
  expect(view.victims.at(-1)?.sampled.length).toBeGreaterThan(0)
  expect(view.victims.at(-1)?.rank).toBeLessThanOrEqual(view.victims.at(-1)?.of ?? 0)
})

test('V31: keys are filtered by type and by encoding, and looking touches none', () => {
  const { run, see, server } = rig()
  run('set n 5')
  run('set s abc')
  run('hset h f v')
  run('zadd z 1 a')
  const names = (type: string, encoding: string): string[] =>
    (see('keys', '0', '0', '', type, encoding) as unknown as { keys: { key: string }[] }).keys.map((k) => k.key).sort()
  const lru = server.dbs[0]!.dict.peek('s')!.lru
  expect(names('', '')).toEqual(['h', 'n', 's', 'z'])
  expect(names('string', '')).toEqual(['n', 's'])
  expect(names('string', 'int')).toEqual(['n'])
  expect(names('', 'listpack')).toEqual(['h', 'z'])
  expect(server.dbs[0]!.dict.peek('s')!.lru).toBe(lru)
})
