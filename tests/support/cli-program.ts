/** Our redis-cli, run in this process on real sockets and files: what it prints and how it ends. */
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { FileOp, FileResult, Input, Output } from '../../src/engine/machine.ts'
import { RedisCli } from '../../src/engine/programs/redis-cli/redis-cli.ts'

export interface CliResult {
  /** Standard output and error as they came, with newlines as a program writes them. */
  readonly text: string
  readonly code: number
}

export interface CliRun {
  /** Typed, and then the input ends. */
  readonly stdin?: string
  /** Typed at once; the input stays open. */
  readonly typed?: string
  /** Ctrl-C is pressed when this has come. */
  readonly stopAfter?: Promise<unknown>
  /** Told all that was printed so far; true presses Ctrl-C. */
  readonly stopWhen?: (text: string) => boolean
}

export function runCli(argv: readonly string[], options: CliRun = {}): Promise<CliResult> {
  return new Promise((resolve) => {
    const env = { pid: 4242, seed: 1, host: '127.0.0.1', argv, cwd: process.cwd() }
    const machine = new RedisCli(env)
    const sockets = new Map<number, Socket>()
    const timers = new Map<number, NodeJS.Timeout>()
    let text = ''
    let ended = false
    const now = (): number => Math.floor((performance.timeOrigin + performance.now()) * 1000)
    const input = (i: Input): void => {
      if (!ended) for (const out of machine.handle(i, now())) perform(out)
    }
    const later = (i: Input): void => void setImmediate(() => input(i))
    const open = (conn: number, host: string, port: number): void => {
      const socket = connect(port, host === 'localhost' ? '127.0.0.1' : host)
      sockets.set(conn, socket)
      socket.on('connect', () => input({ type: 'opened', conn, localHost: '127.0.0.1', localPort: 1 }))
      socket.on('data', (d) => input({ type: 'data', conn, bytes: d.toString('latin1') }))
      socket.on('error', (e: NodeJS.ErrnoException) => {
        const established = socket.bytesRead > 0
        input(
          established ? { type: 'closed', conn, reason: 'reset' } : { type: 'refused', conn, error: e.code ?? 'EIO' },
        )
      })
      socket.on('end', () => input({ type: 'closed', conn, reason: 'eof' }))
    }
    const file = (op: FileOp): FileResult => {
      try {
        if (op.op === 'read') return { ok: true, bytes: readFileSync(op.path, 'latin1') }
        if (op.op === 'write') writeFileSync(op.path, op.bytes, 'latin1')
        return { ok: true }
      } catch (e) {
        return { ok: false, error: (e as NodeJS.ErrnoException).code ?? 'EIO' }
      }
    }
    const perform = (out: Output): void => {
      if (out.type === 'connect') open(out.conn, out.host, out.port)
      else if (out.type === 'send') sockets.get(out.conn)?.write(out.bytes, 'latin1')
      else if (out.type === 'close') sockets.get(out.conn)?.end()
      else if (out.type === 'stdout' || out.type === 'stderr') {
        text += out.bytes
        if (options.stopWhen?.(text)) later({ type: 'stdin', bytes: '\x03' })
      } else if (out.type === 'setTimer') {
        clearTimeout(timers.get(out.id))
        timers.set(
          out.id,
          setTimeout(() => input({ type: 'timer', id: out.id }), Math.max(0, (out.at - now()) / 1000)),
        )
      } else if (out.type === 'clearTimer') clearTimeout(timers.get(out.id))
      else if (out.type === 'file') later({ type: 'fileDone', id: out.id, result: file(out.op) })
      else if (out.type === 'exit') {
        ended = true
        for (const t of timers.values()) clearTimeout(t)
        for (const s of sockets.values()) s.destroy()
        resolve({ text: text.replaceAll('\r\n', '\n'), code: out.code })
      }
    }
    input({ type: 'start' })
    if (options.stdin !== undefined) {
      if (options.stdin !== '') input({ type: 'stdin', bytes: options.stdin })
      input({ type: 'stdin', bytes: '' })
    }
    if (options.typed !== undefined) input({ type: 'stdin', bytes: options.typed })
    void options.stopAfter?.then(() => input({ type: 'stdin', bytes: '\x03' }))
  })
}
