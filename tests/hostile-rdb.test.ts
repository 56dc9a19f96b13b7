/** RDB files: ours in the real server and its in ours; files cut short or spoiled end as they do with Redis, with exit code 1. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import type { Output } from '../src/engine/machine.ts'
import { loadLimits } from '../src/engine/persistence/rdb-build.ts'
import { RdbLoader } from '../src/engine/persistence/rdb-decode.ts'
import { RdbError } from '../src/engine/persistence/rdb-format.ts'
import { Config } from '../src/engine/server/config.ts'
import { createServer } from '../src/engine/server/create.ts'
import type { Server } from '../src/engine/server/server.ts'
import { AskOurs, AskReal, printed, wholeValues, withFooter } from './hostile-rig.ts'
import { freePort, haveRedis, start, stopAll } from './support/processes.ts'

interface Outcome {
  /** Warnings, without pid, time and place in the sources. */
  readonly lines: string[]
  readonly exit: number | null
  readonly server?: Server
}
const WARNING = /^\d+:[MCS] \S+ \S+ \S+ \S+ # (.*)$/
function warnings(log: string): string[] {
  return log
    .split('\n')
    .flatMap((l) => WARNING.exec(l)?.[1] ?? [])
    .filter((l) => !/^(WARNING |oO0|Redis (version|is starting)|Configuration|Server initialized|Warning:)/.test(l))
    .map((l) => l.replace(/function at \S+/, 'function at *').replace(/\b\d+\.\d+ seconds/, 'n seconds'))
}

/** Our server started on this file, until it has loaded it or has gone. */
function loadOurs(file: string): Outcome {
  const log: string[] = []
  let exit: number | null = null
  const server = createServer(
    { pid: 1, seed: 7, host: '127.0.0.1', argv: ['--save', '', '--enable-debug-command', 'yes'], cwd: '/' },
    undefined,
    { mode: 'server' },
  )
  const now = 1_790_000_000_000_000
  const timers: number[] = []
  const take = (outputs: readonly Output[]): void => {
    const queue = [...outputs]
    for (let o = queue.shift(); o !== undefined && exit === null; o = queue.shift()) {
      if (o.type === 'listen') queue.push(...server.handle({ type: 'listening', port: o.port }, now))
      else if (o.type === 'log') log.push(o.line)
      else if (o.type === 'exit') exit = o.code
      else if (o.type === 'setTimer' && o.at <= now) timers.push(o.id)
      else if (o.type === 'file') {
        const rdb = o.op.path.endsWith('.rdb')
        const result = rdb
          ? { ok: true as const, bytes: file, size: file.length }
          : { ok: false as const, error: 'ENOENT' }
        queue.push(...server.handle({ type: 'fileDone', id: o.id, result }, now))
      }
    }
  }
  take(server.handle({ type: 'start' }, now))
  for (let id = timers.shift(); id !== undefined && exit === null; id = timers.shift())
    take(server.handle({ type: 'timer', id }, now))
  return { lines: warnings(log.join('\n')), exit, server }
}

async function loadReal(file: string, dir: string): Promise<Outcome> {
  writeFileSync(join(dir, 'x.rdb'), file, 'latin1')
  const args = ['--port', String(await freePort()), '--dir', dir, '--dbfilename', 'x.rdb', '--save', '']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.setEncoding('latin1')
  child.stdout.on('data', (d) => {
    text += d
    if (text.includes('Ready to accept')) child.kill('SIGKILL')
  })
  const exit = await new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { lines: warnings(text), exit }
}

const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"

describe.skipIf(!haveRedis())('RDB files', () => {
  let values = new Map<string, string>()
  let real: AskReal
  let realDir = ''
  let realFile = ''
  let realDigest = ''
  const dir = mkdtempSync(join(tmpdir(), 'rehash-rdb-'))
  const fill = (name: string): string[] => ['restore', name, '0', withFooter(values.get(name) as string), 'replace']
  const requests = (): string[][] => [
    ...[...values.keys()].map(fill),
    ['pexpireat', 'intset', '4102444800000'],
    ['pexpireat', 'stream', '4102444800001'],
    ['set', 'empty', ''],
    ['select', '3'],
    ['set', 'elsewhere', '1'],
    ['select', '0'],
    ['function', 'load', 'replace', LIBRARY],
  ]
  beforeAll(async () => {
    const running = await start('real', { args: ['--enable-debug-command', 'yes'] })
    realDir = running.dir
    real = new AskReal(running.port)
    values = await wholeValues(real)
    for (const r of await real.ask([['flushall'], ...requests(), ['save']])) expect(printed(r)).not.toMatch(/error/)
    realDigest = printed((await real.ask([['debug', 'digest']]))[0])
    realFile = readFileSync(join(realDir, 'dump.rdb'), 'latin1')
  })
  afterAll(() => {
    real.close()
    stopAll()
    rmSync(dir, { recursive: true, force: true })
  })

  test('F3: the real file loads in ours, with the same digest', () => {
    const { server, lines, exit } = loadOurs(realFile)
    expect([lines, exit]).toEqual([[], null])
    expect(`${digestOf(server as Server)}\n`).toBe(realDigest)
  })

  test('F3: our file passes redis-check-rdb and loads in the real server, with the same digest', async () => {
    const ours = new AskOurs()
    for (const policy of ['noeviction', 'allkeys-lru', 'allkeys-lfu']) {
      const wanted = [['flushall'], ['config', 'set', 'maxmemory-policy', policy], ...requests(), ['save']]
      for (const r of await ours.ask(wanted)) expect(printed(r)).not.toMatch(/error/)
      const file = ours.fileBytes('/dump.rdb')
      writeFileSync(join(dir, 'ours.rdb'), file, 'latin1')
      const check = spawnSync('redis-check-rdb', [join(dir, 'ours.rdb')], { encoding: 'utf8' })
      expect(file).toMatch(/^REDIS0010/)
      expect(check.stdout).toContain('\\o/ RDB looks OK! \\o/')
      expect(check.stdout).toContain(`[info] ${values.size + 2} keys read`)
      expect(check.status).toBe(0)
      writeFileSync(join(realDir, 'dump.rdb'), file, 'latin1')
      expect((await real.ask([['debug', 'reload', 'nosave']])).map(printed)).toEqual(['OK\n'])
      expect(printed((await real.ask([['debug', 'digest']]))[0])).toBe(printed(ours.now(['debug', 'digest'])))
      expect(printed((await real.ask([['fcall', 'f', '0']]))[0])).toBe('(integer) 1\n')
    }
  })

  /** What the loader says of a file, without a server around it; anything but an RdbError is thrown. */
  const read = (file: string): string | null => {
    const sink = { aux() {}, select() {}, resize() {}, key() {}, emptyKey() {} }
    try {
      new RdbLoader(file, sink, loadLimits(new Config(), 7)).step()
      return null
    } catch (e) {
      if (e instanceof RdbError) return e.message
      throw e
    }
  }
  test('cut short at any byte: an error of Redis and exit code 1', () => {
    for (let n = 0; n < realFile.length; n++) {
      expect(read(realFile.slice(0, n)), `${n} bytes`).toMatch(/EOF|loading failed|reading|Error/)
      if (n % 24 !== 0) continue
      const { lines, exit } = loadOurs(realFile.slice(0, n))
      expect(exit, `${n} bytes`).toBe(1)
      expect(lines.length, `${n} bytes`).toBeGreaterThan(0)
    }
  })

  const flipped = (rng: Prng, at: number): string =>
    realFile.slice(0, at) + String.fromCharCode(realFile.charCodeAt(at) ^ (1 << rng.below(8))) + realFile.slice(at + 1)

  test('one bit wrong, at any byte: an error and exit code 1', () => {
    const rng = new Prng(5)
    for (let at = 9; at < realFile.length; at++) {
      const file = flipped(rng, at)
      expect(read(file), `byte ${at}`).not.toBe(null)
      if (at % 24 !== 0) continue
      const { lines, exit } = loadOurs(file)
      expect(exit, `byte ${at}`).toBe(1)
      expect(lines.length, `byte ${at}`).toBeGreaterThan(0)
    }
  })

  test('the log of a spoiled file is that of redis-server', { timeout: 300_000 }, async () => {
    const rng = new Prng(Number(process.env['HOSTILE_SEED'] ?? 9))
    const bad: string[] = []
    for (let i = 0; i < Number(process.env['HOSTILE_FILES'] ?? 40); i++) {
      const at = rng.below(realFile.length)
      const file = i % 3 === 0 ? realFile.slice(0, at) : flipped(rng, at)
      const [mine, wanted] = [loadOurs(file), await loadReal(file, dir)]
      // Two keys of one name: redis-server panics.
      if (wanted.lines.some((l) => l.includes('Guru Meditation'))) continue
      const same = mine.exit === (wanted.exit ?? null) && mine.lines.join('\n') === wanted.lines.join('\n')
      if (!same)
        bad.push(
          `${i % 3 === 0 ? 'cut' : 'flipped'} at ${at}\n  redis ${wanted.exit} ${wanted.lines.join(' | ')}\n  ours  ${mine.exit} ${mine.lines.join(' | ')}`,
        )
    }
    expect(bad.join('\n')).toBe('')
  })
})

function digestOf(server: Server): string {
  const now = 1_790_000_000_100_000
  const out: string[] = []
  const conn = 2
  const address = { remoteHost: '127.0.0.1', remotePort: 4000, localHost: '127.0.0.1' }
  server.handle({ type: 'accept', conn, port: 6379, ...address }, now)
  for (const o of server.handle({ type: 'data', conn, bytes: 'DEBUG DIGEST\r\n' }, now))
    if (o.type === 'send') out.push(o.bytes)
  return out.join('').slice(1, 41)
}
