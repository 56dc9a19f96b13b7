/** redis-cli's modes and options beside the real redis-cli, both on one real server. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runCli } from './support/cli-program.ts'
import { cli, haveRedis, type Running, start, stopAll, until } from './support/processes.ts'

describe.skipIf(!haveRedis())('redis-cli, mode by mode', () => {
  let real: Running
  let dir = ''
  beforeAll(async () => {
    real = await start('real', { args: ['--enable-debug-command', 'yes'] })
    dir = mkdtempSync(join(tmpdir(), 'rehash-cli-'))
    const run = (...argv: string[]) => cli(real.port, ...argv)
    run('mset', 'a', '1', 'bb', '22', 'ccc', '333', 'we"ird key', 'hello', 'gone?', '')
    run('rpush', 'l', '1', '2', '3')
    run('sadd', 's', 'a', 'b')
    run('hset', 'h', 'f', 'v', 'g', 'wé')
    run('zadd', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd')
    run('xadd', 'x', '*', 'f', 'v')
    for (let i = 0; i < 60; i++) run('set', `key:${i}`, 'x'.repeat(i))
    // While keys move from table to table, two walks show them in different orders.
    await until('the rehash to end', () => !run('debug', 'htstats', '0').includes('rehashing target'))
    writeFileSync(join(dir, 'good.lua'), 'return {KEYS[1],ARGV[1],#KEYS,#ARGV}')
    writeFileSync(join(dir, 'bad.lua'), "return redis.error_reply('ERR boo')")
  })
  afterAll(stopAll)

  const real1 = (argv: readonly string[], stdin?: string): CliResult => {
    const r = spawnSync('redis-cli', ['-p', String(real.port), ...argv], {
      encoding: 'latin1',
      input: stdin ?? '',
      cwd: dir,
    })
    return { text: r.stdout + r.stderr, code: r.status ?? -1 }
  }
  /** Without what the terminal shows of the typing. */
  const ours = async (argv: readonly string[], stdin?: string): Promise<CliResult> => {
    const r = await runCli(['-p', String(real.port), ...argv], stdin === undefined ? {} : { stdin })
    const echo = (stdin ?? '').replaceAll('\r\n', '\n')
    return { ...r, text: r.text.startsWith(echo) ? r.text.slice(echo.length) : r.text }
  }

  const same: readonly (readonly [readonly string[], string?])[] = [
    [['--no-raw', '--bigkeys']],
    [['--no-raw', '--bigkeys', '--pattern', 'key:*']],
    [['--no-raw', '--bigkeys', '-i', '0.01']],
    [['--no-raw', '--bigkeys', '-n', '3']],
    [['--no-raw', '--memkeys']],
    [['--no-raw', '--memkeys-samples', '2']],
    [['--no-raw', '--hotkeys']],
    [['--no-raw', '--scan']],
    [['--raw', '--scan', '--pattern', '*[lz]*']],
    [['--no-raw', '--scan', '--quoted-pattern', '"we*"']],
    [['--scan', '--quoted-pattern', '"we*']],
    [['--raw', '-x', 'set', 'typed'], 'some text\nof two lines'],
    [['--raw', '-X', 'TAG', 'set', 'TAG', 'tagged'], 'from-tag'],
    [['--raw', '-X', 'TAG', 'set', 'k', 'v'], 'from-tag'],
    [['--raw', '-x', '-X', 'TAG', 'set', 'k', 'v'], 'v'],
    [['--raw', '-r', '3', '-x', 'echo'], 'ab'],
    [['--raw', 'get', 'typed']],
    [['--raw', '--quoted-input', 'set', '"q\\x00r"', '"a b"']],
    [['--no-raw', '--quoted-input', 'get', '"q\\x00r"']],
    [['--raw', '--quoted-input', 'get', '"bad']],
    [['--raw', '-d', ':', 'lrange', 'l', '0', '-1']],
    [['--raw', '-d', ':', '-D', ';', '-r', '2', 'lrange', 'l', '0', '-1']],
    [['--json', 'hgetall', 'h']],
    [['--quoted-json', 'hgetall', 'h']],
    [['--json', '-2', 'hgetall', 'h']],
    [['--csv', 'hgetall', 'h']],
    [['--raw', '-r', '2', '-i', '0.05', 'ping']],
    [['--raw', '-r', '0', 'ping']],
    [['--raw', '-e', 'incr', 'l']],
    [['--raw', '--show-pushes', 'foo', 'ping']],
    [['--raw', '--show-pushes', 'no', '-3', 'ping']],
    [['--nosuch']],
    [['-p']],
    [['--eval']],
    [['--ldb']],
    [['-u', 'http://x', 'ping']],
    [['--raw', '-n', '99', 'ping']],
    [['--raw', '-u', 'redis://u:p@127.0.0.1/2', '-p', '1', 'ping']],
    [['--pipe'], '*3\r\n$3\r\nSET\r\n$1\r\np\r\n$1\r\n1\r\nSET q 2\r\nNOSUCH\r\nINCR l\r\n'],
    [['--pipe'], ''],
    [['--version']],
  ]
  const sorted = (r: CliResult): CliResult => ({ ...r, text: r.text.split('\n').sort().join('\n').trim() })
  test.each(same.map(([argv, stdin]) => [argv.join(' '), argv, stdin] as const))('%s', async (_, argv, stdin) => {
    // The two streams of the real program are caught apart: the lines are compared without their order.
    expect(sorted(await ours(argv, stdin))).toEqual(sorted(real1(argv, stdin)))
  })

  test('--hotkeys under an LFU policy', async () => {
    cli(real.port, 'config', 'set', 'maxmemory-policy', 'allkeys-lfu', 'lfu-log-factor', '0')
    cli(real.port, 'set', 'hot', '1')
    for (let i = 0; i < 5; i++) cli(real.port, '-r', '20', 'get', 'hot')
    // LFU counters move with every access; both programs only look.
    expect(await ours(['--no-raw', '--hotkeys'])).toEqual(real1(['--no-raw', '--hotkeys']))
    cli(real.port, 'config', 'set', 'maxmemory-policy', 'noeviction')
  })

  test('--eval takes keys up to the comma, and says what is wrong with the file', async () => {
    for (const argv of [
      ['--raw', '--eval', join(dir, 'good.lua'), 'k1', 'k2', ',', 'a1', 'a2'],
      ['--raw', '--eval', join(dir, 'good.lua')],
      ['--raw', '--eval', join(dir, 'good.lua'), 'a', ',', 'b', ',', 'c'],
      ['--raw', '--eval', join(dir, 'bad.lua')],
      ['--raw', '-e', '--eval', join(dir, 'bad.lua')],
      ['--raw', '--eval', 'nofile.lua'],
    ])
      expect(sorted(await ours(argv)), argv.join(' ')).toEqual(sorted(real1(argv)))
    const refused = await ours(['--ldb', '--eval', join(dir, 'good.lua')])
    expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('Lua debugger is not available') })
  })

  /** Digits differ from run to run: what stands around them must not. */
  const shape = (text: string): string => text.replace(/\d+(\.\d+)?/g, 'N').replace(/(N +)+/g, 'N ')
  test('--latency in its outputs', async () => {
    for (const output of ['--raw', '--csv', '--json']) {
      const argv = [output, '--latency', '-i', '0.15']
      const mine = await ours(argv)
      expect(mine.code).toBe(0)
      expect(shape(mine.text)).toBe(shape(real1(argv).text))
    }
    const tty = await runCli(['-p', String(real.port), '--no-raw', '--latency'], {
      stopWhen: (text) => text.includes('samples)'),
    })
    expect(tty.text).toMatch(/\x1b\[0G\x1b\[2Kmin: \d+, max: \d+, avg: \d+\.\d\d \(\d+ samples\)/)
    expect(tty.code).toBe(130)
  })

  test('--latency-history, --latency-dist and --stat print their lines', async () => {
    const enough = (text: string, lines: number): boolean => text.split('\n').length > lines
    const run = (lines: number, ...argv: string[]) =>
      runCli(['-p', String(real.port), '--no-raw', ...argv], { stopWhen: (text) => enough(text, lines) })
    const theirs = (lines: number, ...argv: string[]): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn('stdbuf', ['-oL', 'redis-cli', '-p', String(real.port), ...argv])
        let text = ''
        child.stdout.setEncoding('latin1').on('data', (d) => {
          text += d
          if (enough(text, lines)) child.kill('SIGKILL')
        })
        child.once('close', () => resolve(text))
      })
    expect((await run(1, '--latency-history', '-i', '0.1')).text).toMatch(/\(\d+ samples\) -- 0\.\d\d seconds range\n/)
    const ofColours = (text: string): string =>
      text
        .replace(/\x1b\[48;5;\d+m/g, '<c>')
        .split('\n')
        .slice(0, 9)
        .join('\n')
    const dist = ['--latency-dist', '-i', '0.1']
    expect(ofColours((await run(10, ...dist)).text)).toBe(ofColours(await theirs(10, ...dist)))
    const stat = (await run(4, '--stat', '-i', '0.1')).text
    const lines = (text: string): string => text.split('\n').slice(0, 4).map(shape).join('\n')
    expect(lines(stat)).toBe(lines(await theirs(4, '--stat', '-i', '0.1')))
    expect(stat.split('\n')[3]).toMatch(/^\d+ +\d+\.\d\dM {4}1 {7}0 {7}\d+ \(\+1\) +\d+ +$/)
  })

  test('Ctrl-C ends a walk with its summary', async () => {
    for (let i = 0; i < 40; i++)
      cli(real.port, '-n', '5', 'mset', ...Array.from({ length: 100 }, (_, k) => [`k${i}:${k}`, 'v']).flat())
    const argv = ['-p', String(real.port), '-n', '5', '--no-raw', '--bigkeys', '-i', '30']
    cli(real.port, 'config', 'resetstat')
    let before = ''
    // It sleeps after a hundred pages.
    const asleep = until('it to sleep', () => {
      const last = before
      before =
        cli(real.port, 'info', 'commandstats')
          .match(/cmdstat_strlen:calls=\d+|cmdstat_scan:calls=100\b/g)
          ?.join() ?? ''
      return before.includes('=100') && before.includes('strlen') && before === last
    })
    const r = await runCli(argv, { stopAfter: asleep })
    expect(r.text).toMatch(/\^C\n\n-------- summary -------\n\n\[\d\d\.\d\d%\] Sampled 1\d\d\d keys/)
    expect(r.code).toBe(0)
  })

  test('--stat opens a lost connection again', async () => {
    const other = await start('real')
    let killed = false
    const r = await runCli(['-p', String(other.port), '--no-raw', '--stat', '-i', '0.05'], {
      stopWhen: (text) => {
        if (!killed && /\(\+\d+\)/.test(text)) killed = other.child.kill('SIGKILL')
        return text.includes('Reconnecting... 2')
      },
    })
    expect(r.text).toMatch(/\r\x1b\[0KReconnecting\.\.\. 1\r\r\x1b\[0KReconnecting\.\.\. 2\r/)
  })
})
