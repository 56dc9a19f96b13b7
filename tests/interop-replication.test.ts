import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const real = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync)
const ours = resolve('dist-node/rehash-server.js')
const ready = real !== undefined && existsSync(ours)
if (!ready) console.warn('INTEROP SKIPPED: redis-server or dist-node/rehash-server.js is not there')

const children: ChildProcess[] = []
afterAll(() => {
  for (const c of children) c.kill('SIGKILL')
})
const base = 20000 + (process.pid % 9000)
const cli = (port: number, ...args: string[]): string =>
  execFileSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).trim()
function start(program: string, args: string[], port: number): void {
  const rest = [
    '--port',
    String(port),
    '--save',
    '',
    '--repl-diskless-sync-delay',
    '0',
    '--enable-debug-command',
    'yes',
  ]
  children.push(spawn(program, [...args, ...rest], { cwd: mkdtempSync(join(tmpdir(), 'interop-')), stdio: 'ignore' }))
}
async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      if (check()) return
    } catch {
      // not up yet
    }
    await new Promise((r) => setTimeout(r, 100))
  }
  throw new Error('did not happen within 10 s')
}
const same = (a: number, b: number): boolean => cli(a, 'debug', 'digest') === cli(b, 'debug', 'digest')

test.skipIf(!ready)(
  'R01, R13: we replicate from a real server (full), and it from us after promotion (partial)',
  { timeout: 40000 },
  async () => {
    const [a, b] = [base, base + 1]
    start(real ?? '', [], a)
    start(process.execPath, [ours], b)
    await until(() => cli(a, 'ping') === 'PONG' && cli(b, 'ping') === 'PONG')
    cli(a, 'rpush', 'l', '1', '2', 'x')
    cli(b, 'replicaof', '127.0.0.1', String(a))
    await until(() => cli(b, 'info', 'replication').includes('master_link_status:up'))
    cli(a, 'zadd', 'z', '1', 'a', '2.5', 'b')
    await until(() => same(a, b) && cli(b, 'zcard', 'z') === '2')
    cli(b, 'replicaof', 'no', 'one')
    cli(a, 'replicaof', '127.0.0.1', String(b))
    await until(() => cli(a, 'info', 'replication').includes('master_link_status:up'))
    cli(b, 'set', 'fromours', '1')
    await until(() => cli(a, 'get', 'fromours') === '1' && same(a, b))
    expect(cli(b, 'info', 'stats')).toContain('sync_partial_ok:1')
  },
)

test.skipIf(!ready)(
  'R01, R20: a real server takes a full copy of every type from us, from a socket and from a file',
  { timeout: 60000 },
  async () => {
    const [a, socket, file] = [base + 2, base + 3, base + 4]
    start(process.execPath, [ours], a)
    start(real ?? '', [], socket)
    start(real ?? '', [], file)
    await until(() => [a, socket, file].every((p) => cli(p, 'ping') === 'PONG'))
    cli(a, 'set', 's', 'x'.repeat(3000))
    cli(a, 'set', 'n', '12345', 'ex', '1000')
    cli(a, 'rpush', 'l', '1', '2', 'x', 'y'.repeat(9000))
    cli(a, 'sadd', 'is', '1', '2', '70000')
    cli(a, 'sadd', 'ss', 'a', 'b')
    cli(a, 'hset', 'h', 'f', 'v', 'g', 'z'.repeat(100))
    cli(a, 'zadd', 'z', '1', 'a', '2.5', 'b', '-inf', 'c')
    cli(a, '-n', '3', 'set', 'other', 'db')
    cli(socket, 'replicaof', '127.0.0.1', String(a))
    await until(() => cli(socket, 'info', 'replication').includes('master_link_status:up') && same(a, socket))
    cli(a, 'config', 'set', 'repl-diskless-sync', 'no')
    cli(file, 'replicaof', '127.0.0.1', String(a))
    await until(() => cli(file, 'info', 'replication').includes('master_link_status:up') && same(a, file))
    cli(a, 'incr', 'n')
    await until(() => cli(a, 'wait', '2', '1000') === '2' && same(a, socket) && same(a, file))
    expect(cli(a, 'info', 'stats')).toContain('sync_full:2')
    cli(a, 'failover', 'to', '127.0.0.1', String(socket))
    await until(
      () =>
        cli(a, 'info', 'replication').includes('role:slave') &&
        cli(a, 'info', 'replication').includes('master_link_status:up'),
    )
    cli(socket, 'set', 'after', '1')
    await until(() => cli(a, 'get', 'after') === '1' && same(a, socket))
  },
)
