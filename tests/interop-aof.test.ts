/** BGREWRITEAOF's files, read by Redis's own programs. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, haveRedis, start, stopAll, until } from './support/processes.ts'

describe.skipIf(!haveRedis())('BGREWRITEAOF', () => {
  beforeAll(ensureServerBuilt)
  afterAll(stopAll)

  test('writes a base and a manifest that redis-check-aof and a real server take', async () => {
    const ours = await start('ours')
    cli(ours.port, 'mset', 'a', '1', 'b', '2')
    cli(ours.port, 'rpush', 'l', 'x', 'y')
    const dir = join(ours.dir, 'appendonlydir')
    const rewritten = (n: number) =>
      until(
        'the rewrite',
        () =>
          cli(ours.port, 'info', 'persistence').includes(`aof_rewrites:${n}\r\n`) &&
          existsSync(join(dir, `appendonly.aof.${n}.base.rdb`)),
      )
    expect(cli(ours.port, 'bgrewriteaof')).toBe('Background append only file rewriting started')
    await rewritten(1)
    expect(cli(ours.port, 'bgrewriteaof')).toBe('Background append only file rewriting started')
    await rewritten(2)
    await until('the old base to go', () => readdirSync(dir).length === 2)
    expect(readdirSync(dir).sort()).toEqual(['appendonly.aof.2.base.rdb', 'appendonly.aof.manifest'])
    expect(readFileSync(join(dir, 'appendonly.aof.manifest'), 'utf8')).toBe(
      'file appendonly.aof.2.base.rdb seq 2 type b\n',
    )
    await until('its line in the log', () =>
      ours.output().includes('Removing the history file appendonly.aof.1.base.rdb in the background'),
    )
    const check = spawnSync('redis-check-aof', [join(dir, 'appendonly.aof.manifest')], { encoding: 'utf8' })
    expect(check.stdout + check.stderr).toContain('All AOF files and manifest are valid')
    cli(ours.port, 'shutdown', 'nosave')
    await ours.exited
    const real = await start('real', { dir: ours.dir, args: ['--appendonly', 'yes'] })
    expect(cli(real.port, 'mget', 'a', 'b')).toBe('1\n2')
    expect(cli(real.port, 'lrange', 'l', '0', '-1')).toBe('x\ny')
  })

  test('waits behind a BGSAVE and in a transaction, as the real one says', async () => {
    for (const program of ['real', 'ours'] as const) {
      const { port } = await start(program)
      cli(port, 'set', 'a', '1')
      const said = spawnSync('redis-cli', ['-p', String(port)], {
        encoding: 'utf8',
        input: 'multi\nbgrewriteaof\nexec\n',
      }).stdout
      expect(said, program).toBe('OK\nQUEUED\nBackground append only file rewriting scheduled\n')
      await until('the scheduled one', () => cli(port, 'info', 'persistence').includes('aof_rewrites:1'))
    }
  })
})
