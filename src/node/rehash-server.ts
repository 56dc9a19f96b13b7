#!/usr/bin/env node
/**
 * `rehash-server [redis.conf] [--port N] [--sentinel] [directive ...]`: the engine on real TCP, files, clock and signals.
 * The command line is redis-server's own; when started under a name that ends in "sentinel" it is a Sentinel.
 */
import { closeSync, openSync, readSync, realpathSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createServer, type RealSystem } from '../engine/index.ts'
import { readStdin, STDIN_VARIABLE } from './files.ts'
import { provideLuaFrom } from './lua.ts'
import { Runtime } from './runtime.ts'

const argv = process.argv.slice(2)
const name = basename(process.argv[1] ?? '')
const sentinel = name.includes('sentinel') || argv.includes('--sentinel')

const USAGE = `Usage: ./redis-server [/path/to/redis.conf] [options] [-]
       ./redis-server - (read config from stdin)
       ./redis-server -v or --version
       ./redis-server -h or --help
       ./redis-server --test-memory <megabytes>
       ./redis-server --check-system

Examples:
       ./redis-server (run the server with default conf)
       echo 'maxmemory 128mb' | ./redis-server -
       ./redis-server /etc/redis/6379.conf
       ./redis-server --port 7777
       ./redis-server --port 7777 --replicaof 127.0.0.1 8888
       ./redis-server /etc/myredis.conf --loglevel verbose -
       ./redis-server /etc/myredis.conf --loglevel verbose

Sentinel mode:
       ./redis-server /etc/sentinel.conf --sentinel
`.replaceAll('redis-server', 'rehash-server')

/** What stands alone as the first argument, before any configuration is read. */
function standsAlone(first: string | undefined): void {
  const say = (fd: 1 | 2, text: string, code: number): never => {
    writeSync(fd, text)
    process.exit(code)
  }
  if (first === '-v' || first === '--version')
    say(1, 'Redis server v=7.0.15 sha=00000000:0 malloc=rehash bits=64 build=rehash\n', 0)
  if (first === '-h' || first === '--help') say(2, USAGE, 1)
  if (first === '--test-memory' && argv.length !== 2)
    say(
      2,
      'Please specify the amount of memory to test in megabytes.\nExample: ./rehash-server --test-memory 4096\n\n',
      1,
    )
  if (first === '--test-memory' || first === '--check-system')
    say(2, `rehash-server does not test the machine that it runs on: ${first} is redis-server's.\n`, 1)
}
standsAlone(argv[0])

/** daemonize: the same command line once more, without a terminal; its variable tells the second not to do it again. */
const DETACHED = 'REHASH_DETACHED'
function detach(): void {
  // Only now: who stays in the foreground need not wait for this module.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const stdin = argv.at(-1) === '-' ? { [STDIN_VARIABLE]: readStdin().toString('base64') } : {}
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...stdin, [DETACHED]: '1' },
  })
  child.unref()
}

/** 32 bits nobody can guess, from the system; Node's crypto would cost a tenth of the start. */
function randomSeed(): number {
  const bytes = Buffer.alloc(4)
  try {
    const fd = openSync('/dev/urandom', 'r')
    readSync(fd, bytes)
    closeSync(fd)
  } catch {
    return crypto.getRandomValues(new Uint32Array(1))[0] as number
  }
  return bytes.readUInt32LE(0)
}

function realSystem(): RealSystem {
  const { machine, release, totalmem, type } = process.getBuiltinModule('node:os')
  return {
    os: `${type()} ${release()} ${machine()}`,
    memoryBytes: totalmem(),
    setTitle(text) {
      process.title = text
    },
    usage() {
      const { user, system } = process.cpuUsage()
      return { user: user / 1e6, system: system / 1e6, residentBytes: process.memoryUsage.rss() }
    },
  }
}

provideLuaFrom(join(dirname(realpathSync(process.argv[1] as string)), 'lua51.wasm'))
const server = createServer(
  {
    pid: process.pid,
    seed: randomSeed(),
    host: '127.0.0.1',
    argv: argv.filter((a) => a !== '--sentinel'),
    cwd: process.cwd(),
    real: true,
    system: realSystem(),
    clock: () => performance.now() * 1000,
    ...(process.env[DETACHED] ? {} : { detach }),
  },
  undefined,
  { mode: sentinel ? 'sentinel' : 'server' },
)
const runtime = new Runtime(server, {
  logfile: () => (server.config.logfile === '' ? '' : server.host.resolve(server.config.logfile)),
  backlog: () => server.config.tcpBacklog,
  keepalive: () => server.config.tcpKeepalive,
  onExit: (code) => process.exit(code),
})
process.on('uncaughtException', (e) => {
  process.stderr.write(`\n=== REHASH BUG REPORT START ===\n${e.stack ?? e}\n=== REHASH BUG REPORT END ===\n`)
  process.exit(1)
})
runtime.start()
