/** nodes.conf, read by a real node and by ours: what each makes of it, says of it, and writes in its place. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, freeClusterPort, haveRedis, OURS, type Program, until } from './support/processes.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const C = 'c'.repeat(40)
const me = `${A} 127.0.0.1:PORT@BUS myself,master - 0 0 3 connected`
const vars = 'vars currentEpoch 5 lastVoteEpoch 2\n'

const FILES: Readonly<Record<string, string>> = {
  'nothing in it': '',
  'only blank lines': '\n\n',
  garbage: 'garbage\n',
  'an ordinary one': `${me} 0-5 7 100-16383\n${B} 127.0.0.1:1@2 slave ${A} 0 5 3 connected\n${vars}`,
  'blank lines after it': `${me} 0-5\n${vars}\n\n\n`,
  'no newline at the end': `${me} 0-5\nvars currentEpoch 5 lastVoteEpoch 2`,
  'vars first': `${vars}${me}\n`,
  'no vars': `${me}\n`,
  'an unknown variable': `${me}\nvars currentEpoch 5 colour 7 lastVoteEpoch 2\n`,
  'a variable without value': `${me}\nvars currentEpoch 5 lastVoteEpoch\n`,
  'VARS in capitals': `${me}\nVARS CURRENTEPOCH 9 LASTVOTEEPOCH 4\n`,
  'currentEpoch below a configEpoch': `${me}\nvars currentEpoch 1 lastVoteEpoch 0\n`,
  'nobody is myself': `${B} 127.0.0.1:1@2 master - 0 0 1 connected\n${vars}`,
  'too few words': `${A} 127.0.0.1:PORT@BUS myself,master - 0 0 1\n${vars}`,
  'a name too short': `${A.slice(1)} 127.0.0.1:PORT@BUS myself,master - 0 0 1 connected\n`,
  'a name in capitals': `${A.toUpperCase()} 127.0.0.1:PORT@BUS myself,master - 0 0 1 connected\n`,
  'no colon': `${A} localhost myself,master - 0 0 1 connected\n`,
  'no bus port': `${A} 127.0.0.1:PORT myself,master - 0 0 1 connected\n${B} 10.0.0.1:7000 master - 0 0 1 connected\n`,
  'an IPv6 address': `${me}\n${B} ::1:7000@17000 master - 0 0 1 connected\n`,
  'a hostname': `${me}\n${B} 10.0.0.1:7000@17000,b.example.com master - 0 0 1 connected\n`,
  'an empty hostname': `${me}\n${B} 10.0.0.1:7000@17000, master - 0 0 1 connected\n`,
  'all flags': `${me}\n${B} 10.0.0.1:1@2 master,fail?,fail,handshake,noaddr,nofailover - 0 0 1 connected\n`,
  noflags: `${me}\n${B} 10.0.0.1:1@2 noflags - 0 0 1 connected\n`,
  'a master named nowhere else': `${A} 127.0.0.1:PORT@BUS myself,slave ${C} 0 0 1 connected\n`,
  'a bad master': `${A} 127.0.0.1:PORT@BUS myself,slave xyz 0 0 1 connected\n`,
  'migrating and importing': `${me} 0-5 [3->-${B}] [900-<-${C}]\n${B} 10.0.0.1:1@2 master - 0 0 1 connected\n`,
  'an open slot that is none': `${me} [16384->-${B}]\n`,
  'an open slot without end': `${me} [3->-${B}\n`,
  'an open slot of nobody': `${me} [3->-xyz]\n`,
  'a slot that is none': `${me} 16384\n`,
  'a negative slot': `${me} -5\n`,
  'a range beyond': `${me} 5-16384\n`,
  'a range backwards': `${me} 9-5\n`,
  'a slot of two': `${me} 0-5\n${B} 10.0.0.1:1@2 master - 0 0 9 connected 4-8\n`,
  'words for slots': `${me} abc\n`,
  quotes: `"${A}" 127.0.0.1:PORT@BUS myself,master - 0 0 3 connected\n`,
  'unbalanced quotes': `"${A} 127.0.0.1:PORT@BUS myself,master - 0 0 3 connected\n`,
}

/** What the node says of the file, knows from it, and has written when it is gone. */
async function outcome(program: Program, port: number, text: string): Promise<unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-nc-'))
  const path = join(dir, 'nodes.conf')
  const mask = (s: string): string => s.replaceAll(String(port + 10000), 'BUS').replaceAll(String(port), 'PORT')
  writeFileSync(path, text.replaceAll('PORT', String(port)).replaceAll('BUS', String(port + 10000)))
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--cluster-enabled', 'yes']
  const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  child.stdout.on('data', (d) => {
    out += d
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let code: number | null | undefined
  exit.then((c) => {
    code = c
  })
  await until('it to be up or gone', () => code !== undefined || out.includes('Ready to accept connections'))
  let known: string[] = []
  if (code === undefined) {
    known = cli(port, 'CLUSTER', 'NODES').split('\n')
    cli(port, 'CLUSTER', 'SAVECONFIG')
    child.kill('SIGTERM')
    await exit
  }
  const file = readFileSync(path, 'latin1').split('\n')
  rmSync(dir, { recursive: true })
  // Times, links that are tried, names drawn by lot.
  const line = (l: string): string => {
    const words = mask(l).split(' ')
    if (words.length > 7) {
      words[4] = words[4] === '0' ? '0' : 'T'
      words[5] = words[5] === '0' ? '0' : 'T'
      words[7] = '*'
    }
    return words.join(' ').replaceAll(/[0-9a-f]{40}/g, (n) => (/^(.)\1+$/.test(n) ? n : 'LOT'))
  }
  const log = out
    .split('\n')
    .filter((l) => /cluster c|Node conf|Skipping|Guru/i.test(l))
    .map((l) => line(l.replace(/^\d+:[MCS] .{24} /, '')))
  return { code: code ?? 0, log, known: known.map(line).sort(), file: file.map(line).sort() }
}

describe.skipIf(!haveRedis())('nodes.conf', () => {
  beforeAll(ensureServerBuilt)
  for (const [name, text] of Object.entries(FILES))
    test(name, { timeout: 120_000 }, async () => {
      const port = await freeClusterPort()
      const real = await outcome('real', port, text)
      expect(await outcome('ours', port, text)).toEqual(real)
    })

  test("a file that can not be, or is another node's", { timeout: 120_000 }, async () => {
    const port = await freeClusterPort()
    const run = (program: Program, ...more: string[]): unknown => {
      const args = ['--port', String(port), '--save', '', '--cluster-enabled', 'yes', ...more]
      const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
      const r = spawnSync(command, argv, { encoding: 'latin1', timeout: 10_000, cwd: tmpdir() })
      return {
        code: r.status,
        last: r.stdout
          .trim()
          .split('\n')
          .at(-1)
          ?.replace(/^\d+:[MCS] .{24} /, ''),
      }
    }
    for (const more of [
      ['--cluster-config-file', '/nonexistent/nodes.conf'],
      ['--cluster-config-file', '/tmp'],
    ])
      expect(run('ours', ...more)).toEqual(run('real', ...more))
    const dir = mkdtempSync(join(tmpdir(), 'rehash-nc-'))
    const theirs = String(await freeClusterPort())
    const other = spawn('redis-server', ['--port', theirs, '--dir', dir, '--save', '', '--cluster-enabled', 'yes'])
    const gone = new Promise((resolve) => other.once('exit', resolve))
    await until('the file to be there', () => existsSync(join(dir, 'nodes.conf')))
    expect(run('ours', '--dir', dir)).toEqual(run('real', '--dir', dir))
    other.kill('SIGKILL')
    await gone
    const tooHigh = ['--dir', dir, '--port', '55536']
    expect(run('ours', ...tooHigh)).toEqual(run('real', ...tooHigh))
    rmSync(dir, { recursive: true })
  })
})
