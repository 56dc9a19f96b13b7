/** Real processes for the interoperation tests: ours from dist-node, Redis's own from the PATH. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const OURS = join(process.cwd(), 'dist-node', 'rehash-server.js')

/** True when the real programs are here. Says loudly when they are not; in CI that is a failure. */
export function haveRedis(): boolean {
  const ok = spawnSync('redis-server', ['--version']).status === 0 && spawnSync('redis-cli', ['--version']).status === 0
  if (!ok) {
    if (process.env['CI']) throw new Error('redis-server is not installed, and CI must not skip the tests against it')
    console.warn('******** redis-server is not installed: tests against the real Redis are SKIPPED ********')
  }
  return ok
}

/** The file that the tests run must be built from the sources that are here. */
export function ensureServerBuilt(): void {
  if (existsSync(OURS) && process.env['REHASH_BUILT']) return
  execFileSync(process.execPath, [
    join('node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--logLevel',
    'error',
    '-c',
    'vite.node.config.ts',
  ])
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const s = createServer()
    s.once('error', reject)
    s.listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number }
      s.close(() => resolve(port))
    })
  })
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const s = createServer()
    s.once('error', () => resolve(false))
    s.listen(port, '0.0.0.0', () => s.close(() => resolve(true)))
  })
/** A port whose bus port (10000 more) is free too. Both lie below those that the system gives to outgoing connections. */
export async function freeClusterPort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 9000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

export async function freeClusterPorts(n: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < n) ports.add(await freeClusterPort())
  return [...ports]
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function until<T>(what: string, probe: () => T | Promise<T>, timeoutMs = 20_000): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < end) {
    try {
      const r = await probe()
      if (r) return r as NonNullable<T>
    } catch (e) {
      last = e
    }
    await sleep(50)
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}${last ? `: ${last}` : ''}`)
}

export interface Running {
  readonly port: number
  readonly dir: string
  readonly child: ChildProcess
  output(): string
  exited: Promise<number | null>
}

const started: Running[] = []

export type Program = 'real' | 'ours'

/** Start a server or a Sentinel; resolves when it accepts connections. */
export async function start(
  program: Program,
  options: { args?: readonly string[]; sentinel?: string; port?: number; dir?: string } = {},
): Promise<Running> {
  const port = options.port ?? (await freePort())
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'rehash-t-'))
  let args = ['--port', String(port), '--dir', dir, '--save', '', ...(options.args ?? [])]
  if (options.sentinel !== undefined) {
    const conf = join(dir, 'sentinel.conf')
    if (!existsSync(conf)) writeFileSync(conf, `port ${port}\ndir ${dir}\n${options.sentinel}`)
    args = [conf, '--sentinel']
  }
  const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
  const child = spawn(command, argv, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout?.on('data', (d) => {
    text += d
  })
  child.stderr?.on('data', (d) => {
    text += d
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const running: Running = { port, dir, child, output: () => text, exited }
  started.push(running)
  await until(
    `${program} to listen on ${port}\n${text}`,
    () =>
      new Promise<boolean>((resolve) => {
        const s = connect(port, '127.0.0.1', () => {
          s.destroy()
          resolve(true)
        })
        s.once('error', () => resolve(false))
      }),
  )
  return running
}

export function stopAll(): void {
  for (const r of started.splice(0)) {
    r.child.kill('SIGKILL')
    rmSync(r.dir, { recursive: true, force: true })
  }
}

/** What the real redis-cli prints for a command. */
export function cli(port: number, ...args: string[]): string {
  const r = spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'latin1', timeout: 20_000 })
  return (r.stdout + r.stderr).replace(/\n$/, '')
}
