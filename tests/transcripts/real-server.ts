/** A redis-server of one's own on a free port, for recording and for checking the recordings. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const SERVER_ARGV: readonly string[] = ['--save', '', '--enable-debug-command', 'yes']

export function redisVersion(): string | null {
  const out = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  return out.status === 0 ? (/v=([\d.]+)/.exec(out.stdout)?.[1] ?? null) : null
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

/** A redis-server that is ready to accept connections. */
export async function spawnRedis(argv: readonly string[]): Promise<ChildProcess> {
  const child: ChildProcess = spawn('redis-server', argv, { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>((resolve, reject) => {
    let log = ''
    child.once('exit', () => reject(new Error(`redis-server did not start:\n${log}`)))
    child.stdout!.on('data', (data: Buffer) => {
      log += data.toString()
      if (log.includes('Ready to accept connections')) resolve()
    })
  })
  return child
}

export async function startRedis(): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'transcripts-'))
  const child = await spawnRedis(['--port', String(port), '--dir', dir, ...SERVER_ARGV])
  const stop = async (): Promise<void> => {
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    await gone
    rmSync(dir, { recursive: true, force: true })
  }
  return { port, stop }
}
