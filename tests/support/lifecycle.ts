/** One start and end of a server program, from its command line to its exit code, in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cli, OURS, type Program, sleep } from './processes.ts'

export interface Life {
  readonly dir: string
  readonly port: number
  readonly child: ChildProcess
  readonly cli: (...args: string[]) => string
  readonly output: () => string
}
export interface LifeCase {
  /** "@DIR" and "@PORT" stand for the case's own, here and in the files. */
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly setup?: (at: { readonly dir: string; readonly port: number }) => void
  /** What is done once it serves; what it returns is compared. */
  readonly steps?: (life: Life) => string | Promise<string>
  readonly signal?: NodeJS.Signals
  /** Files whose text is compared. */
  readonly show?: readonly string[]
  /** The text that says that it serves. */
  readonly ready?: RegExp
  /** Lines of the log before the first like this one are not compared. */
  readonly since?: RegExp
}
/** Below the ports that the system gives to whoever connects. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000)
    const free = await new Promise<boolean>((resolve) => {
      const s = createServer()
      s.once('error', () => resolve(false))
      s.listen(port, () => s.close(() => resolve(true)))
    })
    if (free) return port
  }
}

export interface LifeResult {
  readonly code: number | string | null
  readonly out: readonly string[]
  readonly err: string
  readonly steps: string
  readonly files: Readonly<Record<string, string>>
  readonly left: readonly string[]
}

/** What the kernel is told to be, which only a program that forks and asks jemalloc says. */
export const OF_THE_MACHINE = /overcommit|Transparent Huge|open files|maxclients of|Increased maximum/

export async function live(program: Program, c: LifeCase): Promise<LifeResult> {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-l-'))
  const port = await quietPort()
  const sub = (s: string): string => s.replaceAll('@DIR', dir).replaceAll('@PORT', String(port))
  for (const [name, text] of Object.entries(c.files ?? {})) writeFileSync(join(dir, name), sub(text), 'latin1')
  c.setup?.({ dir, port })
  const args = c.args.map(sub)
  const [command, argv] = program === 'real' ? ['redis-server', args] : [process.execPath, [OURS, ...args]]
  const child = spawn(command, argv, { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {})
  child.stdin.end(sub(c.stdin ?? ''))
  let [out, err, over] = ['', '', false]
  let code: number | string | null = null
  child.stdout.on('data', (d) => {
    out += d
  })
  child.stderr.on('data', (d) => {
    err += d
  })
  const closed = new Promise<void>((resolve) =>
    child.once('close', (status, signal) => {
      over = true
      code = status ?? signal
      resolve()
    }),
  )
  const ready = c.ready ?? /eady to accept connections/
  const end = Date.now() + 40_000
  while (!over && !ready.test(out) && Date.now() < end) await sleep(20)
  let steps = ''
  if (!over) {
    steps = (await c.steps?.({ dir, port, child, cli: (...a) => cli(port, ...a), output: () => out })) ?? ''
    if (!over) child.kill(c.signal ?? 'SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 40_000)
    await closed
    clearTimeout(late)
  }
  const plain = (s: string): string =>
    s
      .replaceAll(dir, '@DIR')
      .replaceAll(String(port), '@PORT')
      .replaceAll(/\b\d+:([XCSM]) \d\d \w{3} \d{4} [\d:.]{12} /g, 'pid:$1 time ')
      .replaceAll(/\b\d+:signal-handler \(\d+\)/g, 'pid:signal-handler (time)')
      .replaceAll(/pid=\d+/g, 'pid=pid')
      .replaceAll(/, lag=\d,/g, ', lag=n,')
      .replaceAll(/temp-\d+\.rdb/g, 'temp-pid.rdb')
      .replaceAll(/started by pid \d+/g, 'started by pid')
      .replaceAll('rehash-server', 'redis-server')
  const text = (name: string): string =>
    existsSync(join(dir, name)) ? plain(readFileSync(join(dir, name), 'latin1')) : '(absent)'
  const files = Object.fromEntries((c.show ?? []).map((name) => [name, text(name)]))
  const left = readdirSync(dir).sort()
  rmSync(dir, { recursive: true, force: true })
  const whole = plain(out)
    .split('\n')
    .filter((l) => !OF_THE_MACHINE.test(l))
  const { since } = c
  const lines = since === undefined ? whole : whole.slice(whole.findIndex((l) => since.test(l)))
  return { code, out: lines, err: plain(err), steps: plain(steps), files, left }
}
