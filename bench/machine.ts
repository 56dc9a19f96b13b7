// A server inside this thread: bytes in, bytes out.
import { createServer } from '../src/engine/index.ts'
import type { Input, Machine, Output } from '../src/engine/machine.ts'

const START = 1_767_225_600_000_000

/** A server with an empty disk and one client; the clock moves a millisecond an input, and the timers keep ticking. */
export class Bench {
  private readonly machine: Machine
  private now = START
  private timers = new Map<number, number>()
  constructor() {
    this.machine = createServer({ pid: 1, seed: 7, host: '10.0.0.1', argv: ['--save', ''], cwd: '/' }, undefined, { mode: 'server' })
    this.give({ type: 'start' })
    this.give({ type: 'accept', conn: 2, port: 6379, remoteHost: '10.0.0.2', remotePort: 40_000, localHost: '10.0.0.1' })
  }
  private give(input: Input): readonly Output[] {
    const outputs = [...this.machine.handle(input, this.now)]
    for (const o of outputs) {
      if (o.type === 'setTimer') this.timers.set(o.id, o.at)
      else if (o.type === 'clearTimer') this.timers.delete(o.id)
      else if (o.type === 'listen') this.give({ type: 'listening', port: o.port })
      else if (o.type === 'file') {
        const result = o.op.op === 'read' || o.op.op === 'stat' || o.op.op === 'list' ? ({ ok: false, error: 'ENOENT' } as const) : ({ ok: true } as const)
        this.give({ type: 'fileDone', id: o.id, result })
      }
    }
    return outputs
  }
  /** Bytes that the client sends; the first bytes of the answer. */
  say(bytes: string): string {
    this.now += 1000
    for (const [id, at] of this.timers) {
      if (at > this.now) continue
      this.timers.delete(id)
      this.give({ type: 'timer', id })
    }
    let reply = ''
    for (const o of this.give({ type: 'data', conn: 2, bytes })) if (o.type === 'send') reply = o.bytes
    return reply
  }
}

export const encode = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const PIPELINE = 16
export function batches(n: number, command: (i: number) => string[]): string[] {
  const list: string[] = []
  for (let i = 0; i < n; i += PIPELINE) {
    let batch = ''
    for (let k = 0; k < PIPELINE; k++) batch += encode(...command(i + k))
    // As it comes from a socket: flat.
    list.push(Buffer.from(batch, 'latin1').latin1Slice())
  }
  return list
}
export const key = (i: number): string => `key:${String(i).padStart(12, '0')}`

