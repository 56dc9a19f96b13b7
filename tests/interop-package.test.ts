/** The packed package, installed where there is nothing else: its program serves. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { quietPort } from './support/lifecycle.ts'
import { ensureServerBuilt, until } from './support/processes.ts'

const ask = (port: number, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const s = connect(port, '127.0.0.1', () => s.write(`${line}\r\n`))
    s.once('error', reject)
    s.once('data', (d) => {
      s.destroy()
      resolve(String(d))
    })
  })

describe('the package', () => {
  test('is installed offline, needs nothing else, and its program serves', async () => {
    await ensureServerBuilt()
    const dir = mkdtempSync(join(tmpdir(), 'rehash-p-'))
    const npm = (...args: string[]): string => {
      const r = spawnSync('npm', [...args, '--offline', '--no-audit', '--no-fund', '--loglevel', 'error'], {
        cwd: args[0] === 'pack' ? process.cwd() : dir,
        encoding: 'utf8',
        shell: process.platform === 'win32',
      })
      expect(r.stderr.replace(/npm warn .*\n/g, '')).toBe('')
      return r.stdout.trim().split('\n').at(-1) ?? ''
    }
    const tarball = npm('pack', '--pack-destination', dir)
    npm('install', join(dir, tarball))
    expect(readdirSync(join(dir, 'node_modules')).filter((n) => !n.startsWith('.'))).toEqual(['rehash'])
    const inside = readdirSync(join(dir, 'node_modules', 'rehash'), { recursive: true }).map(String)
    const programs = inside.filter((f) => f.startsWith('dist-node/'))
    expect(programs.map((f) => f.replace(/-[0-9a-f]{12}/, '')).sort()).toEqual([
      'dist-node/lua51.wasm',
      'dist-node/package.json',
      'dist-node/rehash-server.cjs',
      'dist-node/rehash-server.js',
    ])
    expect(inside.filter((f) => /^(src|tests|e2e|scripts|bench|docs)\b|\.tsx?$|\.map$/.test(f))).toEqual([])
    const port = await quietPort()
    const program = join(dir, 'node_modules', '.bin', 'rehash-server')
    const child = spawn(program, ['--port', String(port), '--save', ''], { cwd: dir, stdio: 'ignore' })
    try {
      const answer = await until('a PONG', () => ask(port, 'PING'))
      expect(answer).toBe('+PONG\r\n')
      expect(await ask(port, 'EVAL "return 6 * 7" 0')).toBe(':42\r\n')
    } finally {
      child.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    }
  }, 60_000)
})
