/** Starts and ends of a server program that ours and redis-server go through alike. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Life, LifeCase } from './lifecycle.ts'
import { sleep, until } from './processes.ts'

const P = ['--port', '@PORT']
const NOSAVE = [...P, '--save', '']
export const conf = (text: string): LifeCase => ({ files: { 'a.conf': text }, args: ['a.conf'] })
const good = (text: string, steps: NonNullable<LifeCase['steps']> = () => ''): LifeCase => ({
  files: { 'a.conf': `port @PORT\nsave ""\n${text}` },
  args: ['a.conf'],
  steps,
})

/** What the server at a port says before it is asked anything, and hangs up. */
const greeting = (port: number): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    const s = connect(port, '127.0.0.1')
    s.on('error', () => {})
    s.on('data', (d) => {
      text += d
    })
    s.on('close', () => resolve(text))
    setTimeout(() => s.destroy(), 20_000).unref()
  })

/** Sends one inline command; its reply of one line, or what came before the server hung up. */
const request = (port: number, line: string): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    const s = connect(port, '127.0.0.1', () => s.write(`${line}\r\n`))
    s.on('error', () => {})
    s.on('data', (d) => {
      text += d
      if (text.endsWith('\r\n')) s.destroy()
    })
    s.on('close', () => resolve(text))
    setTimeout(() => s.destroy(), 20_000).unref()
  })
const ended = (x: Life): Promise<unknown> =>
  until('its end', () => x.child.exitCode !== null || x.child.signalCode !== null)
/** A PING to the replica would be a part of its lag. */
const LAGGING = `--shutdown-timeout 1 --repl-diskless-sync no --repl-ping-replica-period 3600`.split(' ')
/** A replica that takes its copy and never acknowledges anything. */
async function silentReplica(x: { readonly port: number; readonly cli: (...args: string[]) => string }): Promise<void> {
  const s = connect(x.port, '127.0.0.1', () => s.write('REPLCONF listening-port 7\r\n'))
  s.on('error', () => {})
  s.once('data', () => s.write('PSYNC ? -1\r\n'))
  s.resume()
  await until('the replica', () => x.cli('info', 'replication').includes('state=online'))
  x.cli('set', 'a', 'b')
}

export const commandLine: Readonly<Record<string, LifeCase>> = {
  'no options but a port': { args: P },
  '-h': { args: ['-h'] },
  '--help': { args: ['--help'] },
  '--test-memory without megabytes': { args: ['--test-memory'] },
  'an unknown short option': { args: ['-x'] },
  'a configuration on standard input': { args: ['-'], stdin: 'port @PORT\nsave ""\n' },
  'a bad line on standard input': { args: [...P, '-'], stdin: 'maxclients abc\n' },
  'file, options and standard input in one': {
    files: { 'a.conf': 'port @PORT\n' },
    args: ['a.conf', '--loglevel', 'verbose', '-'],
    stdin: 'databases 3\nfoo',
  },
  'a file that is not there': { args: ['nosuch.conf'] },
  'a directory as a file': { args: ['@DIR', ...NOSAVE] },
  'an unknown option after a file': { files: { 'a.conf': 'port @PORT\n' }, args: ['a.conf', '--nosuch', '1'] },
  'an option without its value': { args: ['--port'] },
  'two dashes': { args: [...NOSAVE, '--'] },
  'options of several values': {
    args: [...P, '--save', '900 1', '--save', '300', '10', '--bind', '127.0.0.1', '-::1'],
    steps: (x) => x.cli('config', 'get', 'save'),
  },
  'a name and its value in one argument': { args: ['--port @PORT', '--save ""'] },
  'a value with quotes and spaces': {
    args: [...NOSAVE, '--requirepass', 'a"b c'],
    steps: (x) => x.cli('-a', 'a"b c', '--no-auth-warning', 'config', 'get', 'requirepass'),
  },
  'a value that begins with dashes': {
    args: [...NOSAVE, '--requirepass', '--foo'],
    steps: (x) => x.cli('-a', '--foo', '--no-auth-warning', 'config', 'get', 'requirepass'),
  },
  'replicaof as one argument': {
    args: [...NOSAVE, '--replicaof', '127.0.0.1 1', '--loglevel', 'warning'],
    ready: /initialized/,
    since: /signal-handler/,
    steps: (x) => x.cli('config', 'get', 'replicaof'),
  },
  '--sentinel without a file': { args: ['--sentinel'] },
  '--sentinel with a file that is not there': { args: ['s.conf', '--sentinel'] },
  'a bad sentinel line': { files: { 's.conf': 'port @PORT\nsentinel foo bar\n' }, args: ['s.conf', '--sentinel'] },
}

export const lines: Readonly<Record<string, LifeCase>> = {
  'an included file that is not there': conf('port @PORT\ninclude nosuch.conf\n'),
  'an include that matches nothing': good('include nosuch*.conf\n'),
  'an include that matches two': {
    files: { 'a.conf': 'include c*.conf\nport @PORT\nsave ""\n', 'c1.conf': 'databases 7\n', 'c2.conf': 'databases 8' },
    args: ['a.conf'],
    steps: (x) => x.cli('config', 'get', 'databases'),
  },
  'a bad line in an included file': {
    files: { 'a.conf': 'include b.conf\n', 'b.conf': '\n\nfoo 7\n' },
    args: ['a.conf'],
  },
  'tabs, comments, capitals, a line twice': good('\tPORT   @PORT  \n   #c\nDataBases 3\ndatabases 4', (x) =>
    x.cli('config', 'get', 'databases'),
  ),
  'escapes in quotes': good('requirepass "\\x41\\n\\"b"\n', (x) =>
    x.cli('--no-auth-warning', '-a', 'A\n"b', 'config', 'get', 'requirepass'),
  ),
  'a renamed and a removed command': good('rename-command get ""\nrename-command set put\n', (x) =>
    [x.cli('get', 'a'), x.cli('put', 'a', 'b'), x.cli('set', 'a', 'b')].join('|'),
  ),
  'names that mean nothing any more': good('list-max-ziplist-entries 3\nlua-replicate-commands yes\n'),
}
export const badLines = `foo bar
""
port
port 1 2
port abc
port 70000
databases 0
appendonly maybe
loglevel loud
maxmemory 10zb
save 900
save -1 1
save a b
bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17
client-output-buffer-limit foo 1 1 1
client-output-buffer-limit normal 1 1
client-output-buffer-limit normal x 1 1
oom-score-adj-values 1 2
oom-score-adj-values 1 2 9999
notify-keyspace-events KZ?
dir /nosuch/dir
dir @DIR/a.conf
rename-command foo bar
rename-command get set
rename-command get
replicaof 127.0.0.1 abc
replicaof 127.0.0.1 70000
replicaof 127.0.0.1
user
user bob +foo
sentinel monitor a b 1 1
requirepass "abc
requirepass 'a'b
syslog-facility foo
unixsocketperm 999
unixsocketperm 1777
latency-tracking-info-percentiles 101
latency-tracking-info-percentiles a
shutdown-on-sigterm foo
shutdown-on-sigterm save nosave
maxmemory-clients 101%
proc-title-template {foo}
dbfilename a/b
appendfilename a/b
appendfilename ""
appenddirname a/b
logfile /nosuch/dir/x.log
aclfile /nosuch.acl
tls-port 7`.split('\n')

export const listening: Readonly<Record<string, LifeCase>> = {
  'no port': { args: ['--port', '0', '--save', ''] },
  'an address of somebody else': good('bind 203.0.113.7\n'),
  'one address of two': good('bind 127.0.0.1 203.0.113.7\n'),
  'an address that may be absent': good('bind 127.0.0.1 -203.0.113.7\n', (x) => x.cli('ping')),
  'only addresses that may be absent': good('bind -203.0.113.7\n'),
  'no address': good('bind ""\n'),
  'a name that nobody knows': good('bind nosuchhost.invalid\n'),
  'a unix socket beside the port': {
    args: [...NOSAVE, '--unixsocket', '@DIR/s.sock', '--unixsocketperm', '700'],
    ready: /accept connections at/,
    steps: (x) => {
      const at = (...args: string[]): string =>
        spawnSync('redis-cli', ['-s', join(x.dir, 's.sock'), ...args], { encoding: 'utf8' }).stdout.trim()
      const mode = (statSync(join(x.dir, 's.sock')).mode & 0o777).toString(8)
      const client = /addr=\S+ laddr=\S+|flags=\S+/g
      return [at('ping'), mode, at('client', 'list').match(client)?.join(), x.cli('ping')].join('|')
    },
  },
  'only a unix socket': {
    args: ['--port', '0', '--save', '', '--unixsocket', '@DIR/s.sock'],
    ready: /accept connections at/,
  },
  'a unix socket in a directory that is not there': { args: [...NOSAVE, '--unixsocket', '/nosuch/s.sock'] },
  'a unix socket with too long a name': { args: [...NOSAVE, '--unixsocket', `/tmp/${'x'.repeat(150)}`] },
  'supervised systemd, where there is none': {
    args: [...NOSAVE, '--supervised', 'systemd'],
    ready: /accept connections(.|\n)*NOTIFY(.|\n)*NOTIFY/,
  },
  'supervised upstart, where there is none': { args: [...NOSAVE, '--supervised', 'upstart'] },
  'loglevel warning': {
    args: [...NOSAVE, '--loglevel', 'warning'],
    ready: /initialized/,
    steps: () => sleep(300).then(() => ''),
  },
  'syslog and a title': { args: [...NOSAVE, '--syslog-enabled', 'yes', '--always-show-logo', 'no'] },
  'a longer queue than the system allows': { args: [...NOSAVE, '--tcp-backlog', '100000'] },
  'what loglevel debug says of keys and clients': {
    args: [...NOSAVE, '--loglevel', 'debug'],
    steps: async (x) => {
      x.cli('mset', 'a', '1', 'b', '2', 'c', '3', 'd', '4', 'e', '5')
      x.cli('expire', 'a', '100')
      await until('the lines', () => /DB 0.*/.test(x.output()))
      return x.output().match(/. DB 0.*/)?.[0] ?? ''
    },
    since: /signal-handler/,
  },
  'one client too many': {
    args: [...NOSAVE, '--maxclients', '1'],
    steps: async (x) => {
      const first = connect(x.port, '127.0.0.1')
      await new Promise((resolve) => first.once('connect', resolve))
      const text = await greeting(x.port)
      first.destroy()
      // Until the first is seen to be gone, others are rejected too.
      return text + (await until('room', () => x.cli('info', 'stats').match(/rejected_connections:(?!0)/)?.[0]))
    },
  },
  'CONFIG SET bind to an address of somebody else': {
    args: NOSAVE,
    steps: (x) => [x.cli('config', 'set', 'bind', '203.0.113.9'), x.cli('ping')].join('|'),
  },
}

export const broken = (bytes: string): LifeCase => ({
  args: P,
  setup: ({ dir }) => writeFileSync(join(dir, 'dump.rdb'), bytes, 'latin1'),
})
export const files: Readonly<Record<string, LifeCase>> = {
  'a pid file': {
    args: [...NOSAVE, '--pidfile', '@DIR/x.pid'],
    steps: (x) => String(Number(readFileSync(join(x.dir, 'x.pid'), 'utf8')) === x.child.pid),
  },
  'a pid file that can not be written': { args: [...NOSAVE, '--pidfile', '/nosuch/x.pid'] },
  'a relative dir': {
    setup: ({ dir }) => mkdirSync(join(dir, 'sub')),
    args: [...P, '--dir', 'sub'],
    steps: (x) => x.cli('config', 'get', 'dir'),
  },
  'a log file relative to dir': {
    setup: ({ dir }) => mkdirSync(join(dir, 'sub')),
    args: ['--port', 'x', '--logfile', 'x.log', '--dir', '@DIR/sub'],
    show: ['x.log', 'sub/x.log'],
  },
  'a file that is no RDB': broken('GARBAGE12345'),
  'an RDB of the future': broken('REDIS0099\xff'),
  'SAVE to another name, which redis-check-rdb accepts': {
    args: [...NOSAVE, '--enable-protected-configs', 'yes'],
    steps: (x) =>
      [
        x.cli('config', 'set', 'dbfilename', 'a/b'),
        x.cli('config', 'set', 'dbfilename', 'x.rdb'),
        x.cli('rpush', 'l', 'a', 'b'),
        x.cli('save'),
        spawnSync('redis-check-rdb', [join(x.dir, 'x.rdb')], { encoding: 'utf8' }).stdout.match(/RDB looks OK!/)?.[0],
        x.cli('config', 'set', 'dir', '/nosuch'),
      ].join('|'),
  },
  'a save point fires': {
    args: [...P, '--save', '1', '1'],
    steps: async (x) => {
      x.cli('set', 'a', 'b')
      await until('the save', () => x.cli('info', 'persistence').includes('rdb_changes_since_last_save:0'))
      await sleep(300)
      return (
        readdirSync(x.dir).join() +
        x
          .cli('info', 'persistence')
          .match(/rdb_saves:\d+|bgsave_in_progress:\d/g)
          ?.join()
      )
    },
  },
  'while BGSAVE runs': {
    args: [...NOSAVE, '--rdb-key-save-delay', '1000'],
    steps: async (x) => {
      x.cli('eval', "for i = 1, 2000 do redis.call('set', i, 'v') end", '0')
      const said = ['bgsave', 'bgsave', 'save', 'bgsave schedule'].map((c) => x.cli(...c.split(' ')))
      const status = (): string =>
        x
          .cli('info', 'persistence')
          .match(/rdb_(bgsave_in|saves|last_bgsave_s)\S+/g)
          ?.join() ?? ''
      const during = status()
      await until('its end', () => status().includes('in_progress:0'))
      return [...said, during, status(), readdirSync(x.dir).join()].join('|')
    },
  },
  'CONFIG REWRITE without a file': { args: NOSAVE, steps: (x) => x.cli('config', 'rewrite') },
  'CONFIG REWRITE keeps what was written': {
    files: { 'a.conf': '# mine\nport @PORT\n\nmaxmemory 1mb\nsave 900 1\nsave 100 3\nrename-command get foo\n' },
    args: ['a.conf'],
    steps: (x) => {
      const said = [x.cli('config', 'set', 'maxmemory', '2gb', 'hz', '20'), x.cli('config', 'rewrite')]
      // Below the signature redis-server writes in the order of a hash table.
      const [above = '', below = ''] = readFileSync(join(x.dir, 'a.conf'), 'utf8').split(
        '# Generated by CONFIG REWRITE',
      )
      return [...said, above, ...below.split('\n').sort()].join('|')
    },
  },
}

export const ends: Readonly<Record<string, LifeCase>> = {
  SIGINT: { args: P, signal: 'SIGINT' },
  'SIGHUP is nothing': {
    args: NOSAVE,
    steps: async (x) => {
      x.child.kill('SIGHUP')
      await sleep(200)
      return x.cli('ping')
    },
  },
  'SHUTDOWN NOSAVE': { args: P, steps: (x) => x.cli('shutdown', 'nosave') },
  'SHUTDOWN SAVE': { args: NOSAVE, steps: (x) => x.cli('shutdown', 'save') },
  'options of SHUTDOWN that do not go together': {
    args: NOSAVE,
    steps: (x) => ['abort', 'save nosave', 'abort now', 'foo'].map((o) => x.cli('shutdown', ...o.split(' '))).join('|'),
  },
  'shutdown-on-sigterm nosave now': { args: [...P, '--shutdown-on-sigterm', 'nosave', 'now'] },
  'shutdown-on-sigint save force': { args: [...NOSAVE, '--shutdown-on-sigint', 'save force'], signal: 'SIGINT' },
  'a save that fails keeps it alive': {
    args: NOSAVE,
    steps: async (x) => {
      mkdirSync(join(x.dir, 'dump.rdb'))
      const said = [x.cli('shutdown', 'save'), x.cli('set', 'a', 'b'), x.cli('shutdown', 'save', 'force')]
      await ended(x)
      return said.join('|')
    },
  },
  'a lagging replica is waited for, and told of': {
    args: [...NOSAVE, ...LAGGING],
    since: /signal-handler/,
    steps: async (x) => {
      await silentReplica(x)
      return ''
    },
  },
  'a second SIGTERM changes nothing, SIGINT after it ends all': {
    args: [...NOSAVE, ...LAGGING, '--shutdown-timeout', '20'],
    since: /signal-handler/,
    steps: async (x) => {
      await silentReplica(x)
      x.child.kill('SIGTERM')
      await until('it to wait', () => x.output().includes('Waiting for replicas'))
      x.child.kill('SIGTERM')
      await until('the second', () => x.output().split('Received SIGTERM').length === 3)
      x.child.kill('SIGINT')
      await ended(x)
      return ''
    },
  },
  'SHUTDOWN waits with its client, ABORT ends the wait of all, writing goes on': {
    args: [...NOSAVE, ...LAGGING, '--shutdown-timeout', '30'],
    since: /User requested/,
    steps: async (x) => {
      await silentReplica(x)
      const said: Promise<string>[] = []
      for (const line of ['SHUTDOWN NOSAVE', 'SHUTDOWN SAVE', 'SET b c']) {
        said.push(request(x.port, line))
        await until(line, () => x.cli('info', 'clients').includes(`blocked_clients:${said.length}`))
      }
      const aborted = x.cli('shutdown', 'abort')
      const again = x.cli('shutdown', 'abort')
      const texts = await Promise.all(said)
      await request(x.port, 'SHUTDOWN NOW')
      return [aborted, again, ...texts].join('|')
    },
  },
}
