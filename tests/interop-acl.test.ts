/** Users in redis.conf and in a file of their own, and ACL LOG: rehash-server beside redis-server, from the same files. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, freePort, haveRedis, OURS, type Program, start, stopAll } from './support/processes.ts'

const BOTH: readonly Program[] = ['ours', 'real']
const folders: string[] = []
function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-acl-'))
  folders.push(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}
/** What a server that does not start says last, and its exit code. */
async function refusal(program: Program, files: Readonly<Record<string, string>>): Promise<[number | null, string]> {
  const dir = folder(files)
  const args = [join(dir, 'redis.conf'), '--port', String(await freePort()), '--dir', dir, '--save', '']
  const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
  const r = spawnSync(command, argv, { encoding: 'utf8', timeout: 10_000, cwd: dir })
  const lines = (r.stdout + r.stderr).split('\n').filter((l) => l.trim() !== '')
  const text = lines.at(-1) ?? ''
  return [r.status, text.replace(/^\d+:\w [^#*]*[#*] /, '').replaceAll(dir, '<dir>')]
}
/** Buffers shrink with time. */
const fields = (log: string): string =>
  log
    .replace(/age-seconds(\s)[\d.e-]+/g, 'age-seconds$1<age>')
    .replace(/ (addr|laddr|fd|age|idle|rbs|rbp|tot-mem)=\S*/g, ' $1=')

describe.skipIf(!haveRedis())('users beside redis-server', () => {
  beforeAll(ensureServerBuilt, 60_000)
  afterAll(() => {
    stopAll()
    for (const f of folders) rmSync(f, { recursive: true, force: true })
  })

  test('user lines of redis.conf are loaded, changed and written back', async () => {
    const said: string[][] = []
    for (const p of BOTH) {
      const conf =
        'acllog-max-len 3\nuser ann on >pw ~a:* &ch +@read (+set ~s)\nuser default on nopass ~* &* +@all -debug\nuser off1 +get\n'
      const dir = folder({ 'redis.conf': conf })
      const port = await freePort()
      const file = join(dir, 'redis.conf')
      const child = await startWith(p, file, port, dir)
      const out = [cli(port, 'ACL', 'LIST'), cli(port, 'ACL', 'GETUSER', 'ann')]
      cli(port, 'ACL', 'SETUSER', 'ann', 'off', 'resetkeys')
      cli(port, 'ACL', 'SETUSER', 'new', 'on', 'nopass', '~*', '+@all', '-@dangerous')
      cli(port, 'ACL', 'DELUSER', 'off1')
      out.push(cli(port, 'CONFIG', 'REWRITE'))
      out.push(
        readFileSync(file, 'utf8')
          .split('\n')
          .filter((l) => l.startsWith('user ') || l.includes('acllog'))
          .join('\n'),
      )
      child.kill('SIGKILL')
      said.push(out)
    }
    expect(said[0]).toEqual(said[1])
    expect(said[0]?.[3]).toContain('user new on nopass ~* resetchannels +@all -@dangerous')
  })

  test('an ACL file: loaded at start, saved, loaded again, and refused whole when a line is wrong', async () => {
    const said: string[][] = []
    for (const p of BOTH) {
      const acl = 'user ann on >pw ~* +@all\nuser bob on nopass allkeys +get\n\nuser default on nopass ~* &* +@all\n'
      const dir = folder({ 'redis.conf': 'aclfile users.acl\n', 'users.acl': acl })
      const port = await freePort()
      const child = await startWith(p, join(dir, 'redis.conf'), port, dir)
      const users = join(dir, 'users.acl')
      const out = [cli(port, 'ACL', 'LIST')]
      cli(port, 'ACL', 'SETUSER', 'eve', 'on', '>x', '~e', '+@string')
      out.push(cli(port, 'ACL', 'SAVE'), readFileSync(users, 'utf8'))
      for (const text of [
        'user x on\nuser x off\n',
        'usr x on\n',
        'user\n',
        'user a\tb on\n',
        '  user q on  +get  ~x \t\n',
        'user a +nosuch +@bogus\n',
        'user a bogus other\nuser b ~* ~x\n',
        'user a (+get\n',
        'user a on (+get ~x) >p\nuser b nopass on &c +@all\n',
        'user default on >secret ~* &* +@all\n',
      ]) {
        writeFileSync(users, text)
        out.push(`${text}=> ${cli(port, '-a', 'secret', '--no-auth-warning', 'ACL', 'LOAD')}`.replaceAll('\n', '|'))
        out.push(cli(port, '-a', 'secret', '--no-auth-warning', 'ACL', 'LIST'))
      }
      rmSync(users)
      out.push(cli(port, '-a', 'secret', '--no-auth-warning', 'ACL', 'LOAD'))
      out.push(cli(port, '-a', 'secret', '--no-auth-warning', 'CONFIG', 'GET', 'aclfile'))
      child.kill('SIGKILL')
      said.push(out.map((o) => o.replaceAll(dir, '<dir>')))
    }
    expect(said[0]).toEqual(said[1])
  })

  test('a configuration with a mistake in its users does not start', async () => {
    for (const files of [
      { 'redis.conf': 'user ann on bogus\n' },
      { 'redis.conf': 'user ann on +get ~x bogus\n' },
      { 'redis.conf': 'user ann on +nosuch\n' },
      { 'redis.conf': 'user ann on\nuser ann off\n' },
      { 'redis.conf': 'user ann #12\n' },
      { 'redis.conf': 'user\n' },
      { 'redis.conf': 'user "a b" on\n' },
      { 'redis.conf': 'aclfile users.acl\nuser ann on\n', 'users.acl': '' },
      { 'redis.conf': 'aclfile nosuch.acl\n' },
      { 'redis.conf': 'aclfile users.acl\n', 'users.acl': 'user ann on +nosuch bogus\nfoo\n' },
    ]) {
      expect(await refusal('ours', files), JSON.stringify(files)).toEqual(await refusal('real', files))
    }
  }, 60_000)

  test('ACL LOG: reason, context, object, user, grouping', async () => {
    const said: string[][] = []
    for (const p of BOTH) {
      const { port } = await start(p)
      const as = (...a: string[]): string => cli(port, '--user', 'u', '--pass', 'x', '--no-auth-warning', ...a)
      cli(
        port,
        'ACL',
        'SETUSER',
        'u',
        'on',
        '>x',
        '~a*',
        '&c',
        '-@all',
        '+get',
        '+publish',
        '+multi',
        '+exec',
        '+config|get',
      )
      as('GET', 'b')
      as('GET', 'b')
      as('GET', 'bb')
      as('SET', 'a', '1')
      as('PUBLISH', 'd', 'x')
      as('CONFIG', 'SET', 'x', 'y')
      cli(port, '--user', 'u', '--pass', 'wrong', '--no-auth-warning', 'PING')
      cli(port, 'AUTH', 'nobody', 'x')
      cli(port, 'HELLO', '3', 'AUTH', 'u', 'no')
      as('GET', 'b')
      const out = [cli(port, 'ACL', 'LOG'), cli(port, 'ACL', 'LOG', '2'), cli(port, '-3', 'ACL', 'LOG', '1')].map(
        fields,
      )
      out.push(cli(port, 'CONFIG', 'SET', 'acllog-max-len', '2'))
      as('GET', 'zzz')
      out.push(fields(cli(port, 'ACL', 'LOG')), cli(port, 'ACL', 'LOG', 'RESET'), cli(port, 'ACL', 'LOG'))
      said.push(out)
    }
    // Connections have the same numbers on both.
    expect(said[0]).toEqual(said[1])
  })
})

async function startWith(program: Program, file: string, port: number, dir: string): Promise<ChildProcess> {
  const args = [file, '--port', String(port), '--dir', dir, '--save', '']
  const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
  const child = spawn(command, argv, { cwd: dir, stdio: 'ignore' })
  for (let i = 0; i < 200 && cli(port, 'PING') !== 'PONG'; i++) await new Promise((r) => setTimeout(r, 50))
  return child
}
