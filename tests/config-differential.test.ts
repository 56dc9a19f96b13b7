/** CONFIG SET and GET of every directive, put to ours and to a real redis-server: limits, units, words, aliases, many at once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { directives } from '../src/engine/server/config-table.ts'
import { encode, Ours, Real } from './oracle/servers.ts'
import { haveRedis, type Running, start } from './support/processes.ts'

/** What belongs to the machine that the process runs on: other answers, or none that may be asked for in a test. */
const OF_THE_MACHINE = new Set([
  'dir',
  'port',
  'bind',
  'maxclients',
  'unixsocket',
  'pidfile',
  'logfile',
  'oom-score-adj',
  'appendonly',
])
/** Where a double can't tell two values apart. */
const INEXACT = new Set(['cluster-link-sendbuf-limit', 'maxmemory'])

const NUMBERS = [
  ...[
    '0',
    '1',
    '-1',
    '2',
    '7',
    '10',
    '11',
    '64',
    '100',
    '101',
    '128',
    '129',
    '255',
    '256',
    '500',
    '501',
    '999',
    '1000',
  ],
  ...['65535', '65536', '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967295', '4294967296'],
  ...['9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616'],
]
const WORDS = [
  ...[
    '',
    'yes',
    'no',
    'YES',
    'nope',
    ' 1',
    '1 ',
    '1.5',
    '0x10',
    '+1',
    '-0',
    '007',
    '1b',
    '1k',
    '1kb',
    '1KB',
    '1m',
    '1mb',
  ],
  ...['1g', '1gb', '1GB', '1t', 'kb', '-1kb', '5%', '-5%', '101%', '0777', '888', 'a b', 'two\nlines', 'nul\0in'],
]
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  save: ['', '1 2', '1 2 3 4', '1', '0 1', '1 -1', 'a b', '"" 1', '900 1 900 1', '  60   5 '],
  'client-output-buffer-limit': [
    ...['normal 1 2 3', 'normal 1mb 2kb 3 pubsub 5 6 7', 'slave 1 2 3', 'replica 9 9 9', 'normal 1 2', 'nobody 1 2 3'],
    ...[
      'master 1 2 3',
      'normal a 1 1',
      'normal 1 1 -1',
      'normal 1 a 1',
      'normal -1 1 1',
      'PUBSUB 1 1 1',
      'normal 0 0 0',
    ],
  ],
  'notify-keyspace-events': ['KEA', 'AKE', 'g$lshzxetdmn', 'Kx', 'q', 'K', 'EKg$', 'KEAm', 'KEAn', 'KEgg', 'dE'],
  'latency-tracking-info-percentiles': ['50', '50 99', '0 100', '100.1', '-1', '99.99 50 1', 'x', '50 50', '0.001'],
  'oom-score-adj-values': ['0 100 200', '1 2', '0 0 0', '-2000 0 0', '0 2001 0', '200 100 50', '1 2 3 4', 'a b c'],
  'shutdown-on-sigint': ['save now', 'nosave force', 'save nosave', 'default now', 'now now', 'NOW', 'force save'],
  'shutdown-on-sigterm': ['save now', 'nosave force', 'save nosave', 'default', 'save default'],
  'proc-title-template': ['{title}', '{nope}', '{title} {listen-addr}', '{', 'plain', '{config-file}{port}'],
  replicaof: ['no one', '127.0.0.1 1'],
  'cluster-announce-hostname': ['a.b', 'A_B', 'under_score', 'x'.repeat(256), 'a-b.c', 'spa ce'],
  'cluster-announce-ip': ['1.2.3.4', 'host'],
  user: ['x on'],
  rename: ['GET x'],
  include: ['x'],
  loadmodule: ['x'],
}
function values(name: string, words: readonly string[] | undefined): readonly string[] {
  return [
    ...NUMBERS,
    ...WORDS,
    ...(words ?? []),
    ...(words ?? []).map((w) => w.toUpperCase()),
    ...(SPECIAL[name] ?? []),
  ]
}

const real = haveRedis()
let running: Running
let theirs: Real
const ours = new Ours()
beforeAll(async () => {
  if (!real) return
  running = await start('real', { args: ['--enable-debug-command', 'yes'] })
  theirs = new Real(running.port)
}, 30_000)
afterAll(() => {
  theirs?.close()
  running?.child.kill()
})

/** The same requests to both, one write; every difference as request, theirs, ours. */
async function differences(requests: readonly (readonly string[])[]): Promise<string[]> {
  const found: string[] = []
  const bytes = requests.map(encode)
  const answers = async (say: (b: string) => Promise<string>): Promise<string[]> => {
    const all: string[] = []
    for (const b of bytes) all.push(await say(b))
    return all
  }
  const a = await answers(async (b) => (await theirs.send(1, b)).get(1) ?? '')
  const b = await answers(async (s) => ours.say(1, s).get(1) ?? '')
  requests.forEach((r, i) => {
    if (a[i] !== b[i])
      found.push(`${JSON.stringify(r)}\n  redis ${JSON.stringify(a[i])}\n  ours  ${JSON.stringify(b[i])}`)
  })
  return found
}
const rows = directives.filter((d) => !OF_THE_MACHINE.has(d.name))

test.runIf(real)(
  'each directive takes, refuses and shows the same values',
  async () => {
    const found: string[] = []
    for (const d of rows) {
      const was = (ours.say(1, encode(['CONFIG', 'GET', d.name])).get(1) ?? '').split('\r\n').at(-2) ?? ''
      const requests: string[][] = [['CONFIG', 'GET', d.name]]
      if (d.alias !== undefined) requests.push(['CONFIG', 'GET', d.alias])
      for (const v of values(d.name, d.values)) {
        if (INEXACT.has(d.name) && v === '9223372036854775808') continue
        requests.push(['CONFIG', 'SET', d.alias !== undefined && v.length % 2 === 1 ? d.alias : d.name, v])
        requests.push(['CONFIG', 'GET', d.name])
      }
      requests.push(['CONFIG', 'SET', d.name, was], ['CONFIG', 'GET', d.name])
      found.push(...(await differences(requests)))
    }
    expect(found.join('\n')).toBe('')
  },
  120_000,
)

test.runIf(real)('every directive and alias is there, and no other', async () => {
  const names = async (pattern: string): Promise<string[]> => {
    const request = encode(['CONFIG', 'GET', pattern])
    const both = [(await theirs.send(1, request)).get(1), ours.say(1, request).get(1)]
    return both.map((reply = '') =>
      reply
        .split('\r\n')
        .filter((_, i) => i % 4 === 2)
        .sort()
        .join(' '),
    )
  }
  for (const pattern of ['*', '*slave*', 'max*', '?ort', '[hl]*-max-*', 'MAXMEMORY', 'use-exit-on-panic', 'nosuch']) {
    const [a, b] = await names(pattern)
    expect(b).toBe(a)
  }
})

test.runIf(real)('many at once: all or nothing, and every way to fail', async () => {
  const set = (...words: string[]): string[] => ['CONFIG', 'SET', ...words]
  const watched = ['maxmemory-policy', 'maxmemory-samples', 'timeout', 'hz', 'tcp-keepalive', 'tls-port', 'databases']
  const get = [...watched, 'hash-max-listpack-entries', 'hash-max-listpack-value'].map((n) => ['CONFIG', 'GET', n])
  const tries: string[][] = [
    set('timeout', '5', 'hz', '20'),
    set('timeout', '6', 'hz', 'abc'),
    set('timeout', '6', 'hz'),
    set('timeout'),
    set(),
    set('timeout', '6', 'nosuch', '1'),
    set('nosuch', '1', 'timeout', 'abc'),
    set('timeout', '6', 'databases', '3'),
    set('databases', '3', 'timeout', 'abc'),
    set('timeout', '6', 'timeout', '7'),
    set('timeout', '6', 'TIMEOUT', '7'),
    set('hash-max-listpack-entries', '5', 'hash-max-ziplist-entries', '6'),
    set('timeout', '6', 'dbfilename', 'x'),
    set('timeout', '6', 'tls-port', '1'),
    set('tls-port', '1', 'timeout', '6'),
    set('timeout', '6', 'maxmemory-samples', '0', 'hz', 'abc'),
    set('timeout', '7', 'maxmemory-policy', 'allkeys-lru', 'hz', '30', 'tcp-keepalive', '9'),
    set('hash-max-ziplist-value', '77', 'Hash-Max-Ziplist-Entries', '78'),
    set('timeout', '0', 'hz', '10', 'tcp-keepalive', '300', 'maxmemory-policy', 'noeviction'),
    ['CONFIG', 'GET'],
    ['CONFIG', 'GET', 'timeout', 'timeout'],
    ['CONFIG', 'NOSUCH'],
    ['CONFIG'],
  ]
  expect((await differences(tries.flatMap((t) => [t, ...get]))).join('\n')).toBe('')
})
