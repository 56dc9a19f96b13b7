/** What our redis-cli prints, beside what the real one prints for the same bytes. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatCsv, formatJson, formatRaw, formatTty } from '../src/engine/programs/redis-cli/format.ts'
import { helpEntries, helpText, hint } from '../src/engine/programs/redis-cli/help.ts'
import { ReplyParser } from '../src/engine/protocol/reply-parser.ts'
import type { Reply } from '../src/engine/protocol/reply.ts'
import { cli, haveRedis, type Running, start, stopAll } from './support/processes.ts'

/** The replies of a server to some commands, parsed by our reader. */
function ask(port: number, commands: readonly (readonly string[])[]): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    const parser = new ReplyParser()
    const replies: Reply[] = []
    const s = connect(port, '127.0.0.1', () => {
      for (const c of commands)
        s.write(`*${c.length}\r\n${c.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`, 'latin1')
    })
    s.once('error', reject)
    s.on('data', (d) => {
      parser.feed(d.toString('latin1'))
      for (let r = parser.next(); r !== undefined; r = parser.next()) replies.push(r)
      if (replies.length < commands.length) return
      s.destroy()
      resolve(replies)
    })
  })
}

describe.skipIf(!haveRedis())('redis-cli', () => {
  let real: Running
  beforeAll(async () => {
    real = await start('real')
    await ask(real.port, [
      ['RPUSH', 'l', ...Array.from({ length: 12 }, (_, i) => `item ${i}`)],
      ['SET', 'odd', 'a"b\\c\n\r\t\x07\x08\x00\xff é'],
      ['HSET', 'h', 'f1', 'v1', 'f2', 'v2'],
      ['SADD', 's', 'one'],
      ['ZADD', 'z', '1', 'a', '2.5', 'b', '+inf', 'c', '-inf', 'd', '1e300', 'e'],
      ['SET', 'n', '5'],
    ])
  })
  afterAll(stopAll)

  const commands: readonly (readonly string[])[] = [
    ['LRANGE', 'l', '0', '-1'],
    ['GET', 'odd'],
    ['GET', 'absent'],
    ['LRANGE', 'absent', '0', '-1'],
    ['HGETALL', 'h'],
    ['HGETALL', 'absent'],
    ['SMEMBERS', 's'],
    ['SMEMBERS', 'absent'],
    ['ZRANGE', 'z', '0', '-1', 'WITHSCORES'],
    ['ZSCORE', 'z', 'b'],
    ['INCR', 'n'],
    ['NOSUCH'],
    ['PING'],
    ['SCAN', '0', 'COUNT', '100', 'MATCH', 'h'],
    ['COMMAND', 'INFO', 'get'],
    ['SLOWLOG', 'LEN'],
    ['OBJECT', 'HELP'],
    ['MEMORY', 'STATS'],
  ]
  // What clients take is counted by a cron, and is 0 until it has come by.
  const stable = (text: string): string =>
    text.replace(/("clients\.normal" => \(integer\) )0$/m, '$1N').replace(/\d{4,}|\d+\.\d{6,}/g, 'N')
  test.each([[[]], [['-3']]])('formats replies as the real one does (%s)', async (flags) => {
    for (const c of commands) {
      const greeting = flags.length > 0 ? [['HELLO', '3']] : []
      const reply = (await ask(real.port, [...greeting, c])).at(-1) as Reply
      const named = (mode: string): string => `${mode} ${c.join(' ')}`
      await ask(real.port, [['SET', 'n', '5']])
      expect(stable(formatTty(reply).replace(/\n$/, '')), named('--no-raw')).toBe(
        stable(cli(real.port, ...flags, '--no-raw', ...c)),
      )
      if (c[0] === 'MEMORY' || c[0] === 'INCR') continue
      expect(formatRaw(reply).replace(/\n$/, ''), named('--raw')).toBe(
        cli(real.port, ...flags, '--raw', ...c).replace(/\n$/, ''),
      )
      if (c[0] === 'NOSUCH') continue
      expect(formatCsv(reply), named('--csv')).toBe(cli(real.port, ...flags, '--csv', ...c))
      if (flags.length > 0 && c[1] !== 'odd')
        expect(formatJson(reply), named('--json')).toBe(cli(real.port, '--json', ...c))
    }
  })

  test('prints the help of every command as the real one does', () => {
    const differing: string[] = []
    expect(helpText([])).toBe(`${cli(real.port, 'help')}\n`)
    for (const group of [
      '@hash',
      '@list',
      '@sorted-set',
      '@string',
      '@server',
      '@connection',
      '@generic',
      '@cluster',
      '@stream',
      '@scripting',
    ]) {
      const ours = helpText([group]).split('\r\n\r\n')
      const theirs = `${cli(real.port, 'help', group)}\n`.split('\r\n\r\n')
      theirs.forEach((t, i) => {
        if (t !== ours[i]) differing.push(`${t}\n--- ours\n${ours[i]}`)
      })
    }
    expect(differing).toEqual([])
  })

  test('hints show the arguments that are not typed yet', () => {
    expect(hint(['set'], true)).toBe(
      'key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]',
    )
    expect(hint(['set', 'k'], false)).toMatch(/^ value \[NX\|XX\]/)
    expect(hint(['config', 'get', 'x'], true)).toBe('[parameter ...]')
    expect(hint(['nosuch'], true)).toBe('')
    expect(helpEntries().length).toBeGreaterThan(360)
  })
})
