/** Rows of section 1.18 about tools: redis-cli on a server in this process, the slow log's neighbours, figures of latency. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Output } from '../src/engine/machine.ts'
import { RedisCli } from '../src/engine/programs/redis-cli/redis-cli.ts'
import { RdbLoader, type RdbSink } from '../src/engine/persistence/rdb-decode.ts'
import { encodeValue } from '../src/engine/persistence/rdb-encode.ts'
import { loadLimits } from '../src/engine/persistence/rdb-build.ts'
import { encode, Ours } from './oracle/servers.ts'

function boot() {
  const ours = new Ours()
  const ask = (...argv: string[]): string => ours.say(1, encode(argv)).get(1) ?? ''
  return { ours, ask }
}
/** What redis-cli prints until it ends, or until it was woken so often. */
function cli(ours: Ours, argv: readonly string[], wakes = 200): string {
  const machine = new RedisCli({ pid: 1, seed: 1, host: '10.0.0.1', argv, cwd: '/' })
  const timers = new Map<number, number>()
  let [now, text, ended] = [1e15, '', false]
  const take = (first: readonly Output[]): void => {
    const queue = [...first]
    for (let o = queue.shift(); o !== undefined && !ended; o = queue.shift()) {
      if (o.type === 'connect')
        queue.push(...machine.handle({ type: 'opened', conn: o.conn, localHost: '10.0.0.1', localPort: 1 }, now))
      else if (o.type === 'send') {
        const conn = o.conn + 10
        const bytes = ours.say(conn, o.bytes).get(conn) ?? ''
        now += 100
        if (bytes !== '') queue.push(...machine.handle({ type: 'data', conn: o.conn, bytes }, now))
      } else if (o.type === 'setTimer') timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') timers.delete(o.id)
      else if (o.type === 'stdout' || o.type === 'stderr') text += o.bytes
      else if (o.type === 'exit') ended = true
    }
  }
  take(machine.handle({ type: 'start' }, now))
  for (let i = 0; i < wakes && !ended; i++) {
    const next = [...timers].sort((a, b) => a[1] - b[1])[0]
    if (next === undefined) break
    timers.delete(next[0])
    ours.advance(Math.max(0, next[1] - now) / 1000)
    now = Math.max(now, next[1])
    take(machine.handle({ type: 'timer', id: next[0] }, now))
  }
  return text.replaceAll('\r\n', '\n')
}
/** Many short elements against few long ones. */
function dataset(): Ours {
  const { ours, ask } = boot()
  for (let i = 0; i < 300; i++) ask('SET', `key:${i}`, 'x'.repeat(i % 30))
  ask('SET', 'longest', 'x'.repeat(5000))
  ask('RPUSH', 'many', ...Array.from({ length: 2000 }, (_, i) => String(i % 10)))
  ask('RPUSH', 'heavy', ...Array.from({ length: 20 }, () => 'x'.repeat(4000)))
  ask('HSET', 'h', 'a', '1', 'b', '2')
  ask('SADD', 's', 'a')
  ask('ZADD', 'z', '1', 'a')
  ask('XADD', 'x', '*', 'f', 'v')
  return ours
}

test('O07: --bigkeys counts elements, --memkeys bytes: they name different winners', () => {
  const big = cli(dataset(), ['--bigkeys'])
  expect(big).toContain('# Scanning the entire keyspace to find biggest keys as well as\n# average sizes per key type.')
  expect(big).toContain(`Biggest   list found '"many"' has 2000 items`)
  expect(big).toContain(`Biggest string found '"longest"' has 5000 bytes`)
  expect(big).toMatch(/Sampled 307 keys in the keyspace!/)
  const mem = cli(dataset(), ['--memkeys'])
  expect(mem).toMatch(/Biggest {3}list found '"heavy"' has \d+ bytes/)
})
test('O09: an RDB file, read by itself, names the same biggest key as --memkeys on the server', () => {
  const ours = dataset()
  expect(ours.say(1, encode(['SAVE'])).get(1)).toBe('+OK\r\n')
  const sizes: [key: string, bytes: number][] = []
  const ignore = (): void => {}
  const sink: RdbSink = {
    aux: ignore,
    select: ignore,
    resize: ignore,
    emptyKey: ignore,
    key: (key, o) => void sizes.push([key, encodeValue(o, false).length]),
  }
  new RdbLoader(ours.fileAt('dump.rdb'), sink, loadLimits(ours.server.config, 1)).step()
  expect(sizes).toHaveLength(307)
  sizes.sort((a, b) => b[1] - a[1])
  expect(sizes[0]).toEqual(['heavy', expect.any(Number)])
  const top = [...cli(ours, ['--memkeys']).matchAll(/Biggest +\w+ found '"(\w+)"' has (\d+) bytes/g)]
    .map(([, key, bytes]) => [key, Number(bytes)] as const)
    .sort((a, b) => b[1] - a[1])
  expect(top[0]?.[0]).toBe(sizes[0]?.[0])
})
test('O14: --hotkeys needs a policy that counts uses', () => {
  const ours = dataset()
  expect(cli(ours, ['--hotkeys'])).toContain(
    'Error: ERR An LFU maxmemory policy is not selected, access frequency not tracked.',
  )
  ours.say(1, encode(['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu']))
  ours.say(1, encode(['SET', 'hot', 'v']))
  for (let i = 0; i < 30; i++) ours.say(1, encode(['GET', 'hot']).repeat(100))
  expect(cli(ours, ['--hotkeys'])).toMatch(/hot key found with counter: \d+\tkeyname: "hot"/)
})
test('O22: the tools of redis-cli speak in their forms', () => {
  const ours = dataset()
  const keys = cli(ours, ['--scan', '--pattern', 'key:*'])
  expect(keys.trimEnd().split('\n')).toHaveLength(300)
  const stat = cli(ours, ['--stat'], 4)
  expect(stat).toContain('------- data ------ --------------------- load -------------------- - child -')
  expect(stat).toMatch(/^307 +\d+\.\d+[KM] +\d+ +0 +\d+ \(\+\d+\)/m)
  expect(cli(ours, ['-r', '3', '-i', '0.1', 'PING'])).toBe('PONG\nPONG\nPONG\n')
  expect(cli(ours, ['--csv', 'LRANGE', 'many', '0', '2'])).toBe('"0","1","2"\n')
  expect(cli(ours, ['--json', 'HGETALL', 'h'])).toBe('{"a":"1","b":"2"}\n')
  expect(cli(ours, ['--ldb', '--eval', 'x.lua'])).toMatch(/ebugg/)
})
test('O20: the latency monitor keeps what took longer than its threshold', () => {
  const { ours, ask } = boot()
  ask('CONFIG', 'SET', 'latency-monitor-threshold', '10')
  ask('DEBUG', 'SLEEP', '0.05')
  ours.advance(10)
  expect(ask('LATENCY', 'LATEST')).toMatch(/^\*1\r\n\*4\r\n\$7\r\ncommand\r\n:\d+\r\n:50\r\n:50\r\n$/)
  expect(ask('LATENCY', 'HISTORY', 'command')).toMatch(/^\*1\r\n\*2\r\n:\d+\r\n:50\r\n$/)
  expect(ask('LATENCY', 'GRAPH', 'command')).toContain('command - high 50 ms, low 50 ms (all time high 50 ms)')
  expect(ask('LATENCY', 'DOCTOR')).toContain('1. command: 1 latency spikes (average 50ms')
  expect(ask('LATENCY', 'HISTOGRAM', 'debug')).toMatch(/calls\r\n:1\r\n\$14\r\nhistogram_usec\r\n\*2\r\n:\d+\r\n:1\r\n/)
  expect(ask('LATENCY', 'RESET', 'command')).toBe(':1\r\n')
  expect(ask('LATENCY', 'LATEST')).toBe('*0\r\n')
  ask('DEBUG', 'SLEEP', '0.005')
  expect(ask('LATENCY', 'LATEST')).toBe('*0\r\n')
})
test('T12: what EXEC promises: all run, none between, none taken back', () => {
  const { ours, ask } = boot()
  const other = (...argv: string[]): string => ours.say(2, encode(argv)).get(2) ?? ''
  ask('MULTI')
  ask('SET', 'a', '1')
  ask('LPUSH', 'a', 'x')
  ask('INCR', 'a')
  expect(other('GET', 'a')).toBe('$-1\r\n')
  expect(ask('EXEC')).toMatch(/^\*3\r\n\+OK\r\n-WRONGTYPE [^\r]*\r\n:2\r\n$/)
  expect(other('GET', 'a')).toBe('$1\r\n2\r\n')
})
test('T15: a reader that asks for the flag first never sees half of what a writer left', () => {
  const steps = [
    ['HSET', 'order', 'lines', '3'],
    ['HSET', 'order', 'total', '30'],
    ['SET', 'order:complete', '1'],
  ]
  for (let crash = 0; crash <= steps.length; crash++) {
    const { ask } = boot()
    for (const step of steps.slice(0, crash)) ask(...step)
    const read = ask('GET', 'order:complete') === '$-1\r\n' ? 0 : Number(ask('HLEN', 'order').slice(1))
    expect([0, 2]).toContain(read)
    expect(read === 2).toBe(crash === steps.length)
  }
})
test('A05: each of the rows about structures has its test', () => {
  const titles = execFileSync(
    'git',
    ['ls-files', 'tests/coverage-*.test.ts', 'src/engine/**/*.test.ts', 'src/lab/structures/*.test.ts'],
    {
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => readFileSync(name, 'utf8'))
    .join('\n')
  const rows = Array.from({ length: 27 }, (_, i) => `D${String(i + 1).padStart(2, '0')}`)
  expect(rows.filter((r) => !new RegExp(`test\\('[^']*\\b${r}\\b`).test(titles))).toEqual([])
})
