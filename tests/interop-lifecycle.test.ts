/**
 * rehash-server beside redis-server, from the command line to the exit code. Each case runs both programs in directories of
 * their own and compares what they print, in its order, how they end and which files they leave.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LifeCase, live, OF_THE_MACHINE, quietPort } from './support/lifecycle.ts'
import { badLines, broken, commandLine, conf, ends, files, lines, listening } from './support/lifecycle-cases.ts'
import { cli, ensureServerBuilt, haveRedis, OURS, start, stopAll, until } from './support/processes.ts'

/** Lines of a log without pid and time, and without what only a program that forks says. */
const messages = (log: string): string[] =>
  log
    .split('\n')
    .filter((l) => !OF_THE_MACHINE.test(l))
    .map((l) =>
      l
        .replace(/^\d+:(\w) .*? ([.*#-]) /, '$1 $2 ')
        .replace(/^\d+:signal-handler \(\d+\)/, '')
        .replace(/pid=\d+/, ''),
    )
describe.skipIf(!haveRedis())('from the command line to the exit code', () => {
  beforeAll(ensureServerBuilt, 60_000)
  afterAll(stopAll)

  const both = async (c: LifeCase): Promise<void> => {
    const [real, ours] = await Promise.all([live('real', c), live('ours', c)])
    expect(ours).toEqual(real)
  }
  for (const [title, cases] of Object.entries({ commandLine, lines, listening, files, ends })) {
    describe.concurrent(title, () => {
      for (const [name, c] of Object.entries(cases)) test(name, () => both(c), 120_000)
    })
  }
  describe.concurrent('a bad line', () => {
    for (const line of badLines) test(line, () => both(conf(`port @PORT\n${line}\n`)), 120_000)
  })

  test('daemonize yes: the one that was started ends with 0, another one serves', async () => {
    const [pidOf, logOf] = [(dir: string) => join(dir, 'd.pid'), (dir: string) => join(dir, 'd.log')]
    const daemon = (command: string, first: readonly string[]) => async () => {
      const dir = mkdtempSync(join(tmpdir(), 'rehash-d-'))
      const port = await quietPort()
      const background = ['--daemonize', 'yes', '--pidfile', pidOf(dir), '--logfile', logOf(dir), '--dir', dir]
      const args = [...first, '--port', String(port), '--save', '', ...background]
      const parent = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
      await until('the daemon', () => cli(port, 'ping') === 'PONG')
      const pid = Number(readFileSync(pidOf(dir), 'utf8'))
      const said = cli(port, 'config', 'get', 'daemonize') + cli(port, 'info', 'server').includes(`process_id:${pid}`)
      process.kill(pid, 'SIGTERM')
      await until('its end', () => readFileSync(logOf(dir), 'utf8').includes('bye bye'))
      const lines = messages(readFileSync(logOf(dir), 'utf8')).map((l) => l.replaceAll(String(port), 'port'))
      await until('the pid file to go', () => !existsSync(pidOf(dir)))
      rmSync(dir, { recursive: true, force: true })
      return { status: parent.status, out: parent.stdout + parent.stderr, said, lines }
    }
    const [real, ours] = await Promise.all([daemon('redis-server', [])(), daemon(process.execPath, [OURS])()])
    expect(ours).toEqual(real)
  }, 120_000)

  test('a broken RDB file ends the start with the lines that say why', async () => {
    for (const bytes of ['', 'REDIS0010', 'REDIS0010\xff12345678', 'REDIS0010\xfe\0\x99\x01a\x01b\xff']) {
      const [real, ours] = await Promise.all([live('real', broken(bytes)), live('ours', broken(bytes))])
      // redis-server adds where in its source it was, and what redis-check-rdb finds.
      const told = (out: readonly string[]): string[] =>
        out.filter((l) => l.startsWith('pid:')).map((l) => l.replace(/function at \S+/, 'function'))
      expect(told(ours.out)).toEqual(told(real.out))
      expect([ours.code, ours.left]).toEqual([real.code, real.left])
    }
  }, 120_000)

  test('keys that expire go soon though nobody asks for them', async () => {
    const ours = await start('ours')
    const filled = cli(ours.port, 'eval', "for i = 1, 2000 do redis.call('set', i, 'v', 'px', 300) end", '0')
    expect(filled).toBe('')
    await until('them to go', () => cli(ours.port, 'dbsize') === '0')
    expect(cli(ours.port, 'info', 'stats')).toContain('expired_keys:2000')
  })
})
