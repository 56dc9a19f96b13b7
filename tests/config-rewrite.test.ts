/** CONFIG REWRITE: the file that ours writes is the one that a real redis-server writes, and reading it gives what was set. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FileOp, FileResult, Output } from '../src/engine/machine.ts'
import { directives } from '../src/engine/server/config-table.ts'
import { createServer } from '../src/engine/server/create.ts'
import { encode, Real } from './oracle/servers.ts'
import { freePort, haveRedis, until } from './support/processes.ts'

/** A server that starts from a file. */
function boot(files: Map<string, string>, cwd: string) {
  const server = createServer({ pid: 1, seed: 7, host: '127.0.0.1', argv: ['redis.conf'], cwd }, undefined, {
    mode: 'server',
  })
  let heard = ''
  const file = (op: FileOp): FileResult => {
    const bytes = files.get(op.path)
    if (op.op === 'write') files.set(op.path, op.bytes)
    else if (op.op === 'rename') files.set(op.to, bytes ?? '')
    else if (op.op === 'stat' && !op.path.includes('.')) return { ok: true, isDirectory: true }
    else if (bytes === undefined && op.op !== 'fsync') return { ok: false, error: 'ENOENT' }
    return bytes === undefined ? { ok: true } : { ok: true, bytes, size: bytes.length }
  }
  const take = (outputs: readonly Output[]): void => {
    const queue = [...outputs]
    for (let o = queue.shift(); o !== undefined; o = queue.shift()) {
      if (o.type === 'listen') queue.push(...server.handle({ type: 'listening', port: o.port }, 1e15))
      else if (o.type === 'send') heard += o.bytes
      else if (o.type === 'file') queue.push(...server.handle({ type: 'fileDone', id: o.id, result: file(o.op) }, 1e15))
      else if (o.type === 'exit') throw new Error(`exit ${o.code}`)
    }
  }
  take(server.handle({ type: 'start' }, 1e15))
  const peer = { remoteHost: '127.0.0.1', remotePort: 4, localHost: '127.0.0.1' }
  take(server.handle({ type: 'accept', conn: 2, port: server.config.port, ...peer }, 1e15))
  return (...argv: string[]): string => {
    heard = ''
    take(server.handle({ type: 'data', conn: 2, bytes: encode(argv) }, 1e15))
    return heard
  }
}

/** Another value than the one that a directive starts with, where there is one that every machine takes. */
function other(name: string): string | null {
  const d = directives.find((x) => x.name === name)!
  if (d.flags.includes('immutable') || d.flags.includes('protected')) return null
  const special: Readonly<Record<string, string | null>> = {
    ...{ port: null, bind: null, appendonly: null, activedefrag: null, 'oom-score-adj': null, maxclients: null },
    ...{ 'tls-port': null, 'tls-cluster': null, 'tls-replication': null, 'watchdog-period': null },
    ...{ 'tls-auth-clients': 'optional', 'oom-score-adj-values': '1 2 3', 'notify-keyspace-events': 'KEA' },
    ...{ save: '100 1 200 2', 'client-output-buffer-limit': 'normal 1mb 5kb 7 pubsub 1gb 1000 8' },
    ...{ 'latency-tracking-info-percentiles': '50 99.99 100', 'shutdown-on-sigint': 'nosave now' },
    ...{ 'shutdown-on-sigterm': 'save force', 'proc-title-template': '{title} {port}', hz: '50' },
    ...{ 'cluster-announce-hostname': 'a.b', 'list-max-listpack-size': '64', 'repl-backlog-size': '2mb' },
    ...{ 'maxmemory-clients': '5%', 'proto-max-bulk-len': '2mb', 'client-query-buffer-limit': '3mb', umask: null },
    ...{ 'cluster-announce-ip': '10.1.1.1', requirepass: null, masterauth: 'a "b" c', masteruser: 'me too' },
    ...{ 'bind-source-addr': '127.0.0.1', unixsocketperm: null, 'active-defrag-threshold-lower': '11' },
  }
  if (name in special) return special[name] ?? null
  if (d.kind === 'bool') return d.def ? 'no' : 'yes'
  if (d.kind === 'enum') return d.values?.find((v) => v !== d.def) ?? null
  if (d.kind === 'string') return 'some text'
  if (d.kind === 'number') return String(Number(d.def) + (BigInt(Number(d.def)) < (d.max ?? 0n) ? 1 : -1))
  return null
}

const conf = (port: number, dir: string): string => `# My server
port ${port}
dir ${dir}

bind 127.0.0.1
  Timeout   7
# two lines of one directive, and an alias
save 3600 1
save 300 100 60 10000
hash-max-ziplist-entries 9
slave-read-only yes
client-output-buffer-limit pubsub 1mb 1kb 1
client-output-buffer-limit replica 9mb 0 0
maxmemory 100mb
loglevel notice
loglevel notice
user bob on nopass ~* +@all

# the end
`

/** A real server from the file, for as long as `use` lasts. */
async function withReal(path: string, port: number, use: (real: Real) => Promise<void>): Promise<void> {
  const child = spawn('redis-server', [path], { stdio: 'ignore' })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  try {
    const real = await until('the real server', async () => {
      const r = new Real(port)
      return (await r.send(1, 'PING\r\n')).get(1) ? r : null
    })
    await use(real)
    real.close()
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}

interface Texts {
  readonly theirs: string
  readonly ours: string
}
/** The file after CONFIG REWRITE, and after another one by a server that started from that. */
async function rewritten(change: boolean): Promise<readonly [Texts, Texts]> {
  const dir = mkdtempSync(join(tmpdir(), 'rewrite-'))
  const path = join(dir, 'redis.conf')
  const port = await freePort()
  writeFileSync(path, conf(port, dir))
  const files = new Map([[path, conf(port, dir)]])
  const texts = (): Texts => ({ theirs: readFileSync(path, 'utf8'), ours: files.get(path) ?? '' })
  const pairs = change ? directives.map((d) => [d.name, other(d.name)] as const).filter(([, v]) => v !== null) : []
  const values = new Map<string, string>()
  try {
    await withReal(path, port, async (real) => {
      const say = boot(files, dir)
      for (const [name, value] of pairs) {
        const request = ['CONFIG', 'SET', name, value!]
        expect([name, say(...request)]).toEqual([name, (await real.send(1, encode(request))).get(1)])
      }
      for (const { name } of directives) values.set(name, say('CONFIG', 'GET', name))
      expect(say('CONFIG', 'REWRITE')).toBe('+OK\r\n')
      expect((await real.send(1, encode(['CONFIG', 'REWRITE']))).get(1)).toBe('+OK\r\n')
    })
    const first = texts()
    const say = boot(files, dir)
    for (const [name, value] of values) expect(say('CONFIG', 'GET', name)).toBe(value)
    expect(say('CONFIG', 'REWRITE')).toBe('+OK\r\n')
    await withReal(path, port, async (real) => {
      expect((await real.send(1, encode(['CONFIG', 'REWRITE']))).get(1)).toBe('+OK\r\n')
    })
    return [first, texts()]
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
/** What stands below the signature comes in the order of a hash table. */
const parts = (text: string): string[] => {
  const [head = '', tail = ''] = text.split('# Generated by CONFIG REWRITE\n')
  return [head, ...tail.split('\n').sort()]
}

test.runIf(haveRedis()).each([
  ['nothing was changed', false],
  ['every directive that can be set has another value', true],
])(
  '%s',
  async (_what, change) => {
    for (const { theirs, ours } of await rewritten(change)) expect(parts(ours)).toEqual(parts(theirs))
  },
  30_000,
)
