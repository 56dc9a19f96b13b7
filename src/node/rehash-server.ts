#!/usr/bin/env node
/**
 * `rehash-server [redis.conf] [--port N] [--sentinel] [directive ...]`: the engine on real TCP, files, clock and signals.
 * The command line is redis-server's own; when started under a name that ends in "sentinel" it is a Sentinel.
 */
import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { createServer } from '../engine/index.ts'
import { Runtime } from './runtime.ts'

const argv = process.argv.slice(2)
const name = basename(process.argv[1] ?? '')
const sentinel = name.includes('sentinel') || argv.includes('--sentinel')

// As redis-server: these stand alone, before any configuration is read.
if (argv.length === 1 && (argv[0] === '-v' || argv[0] === '--version')) {
  process.stdout.write('Redis server v=7.0.15 sha=00000000:0 malloc=rehash bits=64 build=rehash\n')
  process.exit(0)
}

const server = createServer(
  {
    pid: process.pid,
    seed: randomBytes(4).readUInt32LE(0),
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
