#!/usr/bin/env node
/**
 * `rehash-server [redis.conf] [--port N] [--sentinel] [directive ...]`: the engine on real TCP, files, clock and signals.
 * The command line is redis-server's own; when started under a name that ends in "sentinel" it is a Sentinel.
 */
import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createServer } from '../engine/index.ts'
import { provideLuaFrom } from './lua.ts'
import { Runtime } from './runtime.ts'

const argv = process.argv.slice(2)
const name = basename(process.argv[1] ?? '')
const sentinel = name.includes('sentinel') || argv.includes('--sentinel')

// As redis-server: these stand alone, before any configuration is read.
if (argv.length === 1 && (argv[0] === '-v' || argv[0] === '--version')) {
  process.stdout.write('Redis server v=7.0.15 sha=00000000:0 malloc=rehash bits=64 build=rehash\n')
  process.exit(0)
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

provideLuaFrom(join(dirname(realpathSync(process.argv[1] as string)), 'lua51.wasm'))
const server = createServer(
  {
    pid: process.pid,
    seed: randomSeed(),
    host: '127.0.0.1',
    argv: argv.filter((a) => a !== '--sentinel'),
    cwd: process.cwd(),
    real: true,
    clock: () => performance.now() * 1000,
  },
  undefined,
  { mode: sentinel ? 'sentinel' : 'server' },
)
const runtime = new Runtime(server, {
  logfile: () => server.config.logfile,
  onExit: (code) => process.exit(code),
})
process.on('uncaughtException', (e) => {
  process.stderr.write(`\n=== REHASH BUG REPORT START ===\n${e.stack ?? e}\n=== REHASH BUG REPORT END ===\n`)
  process.exit(1)
})
runtime.start()
