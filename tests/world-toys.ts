/** Small machines to try the world with: a server that answers, a client that asks, on timers, disks and randomness. */
import type { Input, Machine, MachineFactory, Output, ProcessEnv, Tap } from '../src/engine/machine.ts'
import type { Scenario } from '../src/world/types.ts'

class Toy implements Machine {
  workMicros = 0
  private readonly env: ProcessEnv
  private readonly tap: Tap | undefined
  private conn = 1
  private open = false
  private asked = 0
  private answered = 0
  private x: number
  private readonly master: string | undefined
  private inputs = 0
  constructor(env: ProcessEnv, tap?: Tap) {
    this.env = env
    this.tap = tap
    this.x = env.seed
    this.master = env.argv[0]
  }
  handle(input: Input, now: number): readonly Output[] {
    const out: Output[] = []
    this.workMicros = 3
    this.inputs++
    switch (input.type) {
      case 'start':
        out.push({ type: 'file', id: 1, op: { op: 'read', path: '/var/lib/redis/count' } })
        out.push({ type: 'listen', port: 7000, bind: ['*'] })
        if (this.master) out.push(this.connect())
        out.push({ type: 'setTimer', id: 1, at: now + 100_000 + (this.x % 1000) })
        break
      case 'fileDone':
        if (input.result.ok && input.result.bytes !== undefined) this.answered = Number(input.result.bytes)
        break
      case 'opened':
        this.open = true
        out.push({ type: 'log', line: `1:M 21 Nov 2026 14:00:00.000 # connected from ${input.localPort}` })
        break
      case 'refused':
      case 'closed':
        if ('conn' in input && input.conn % 2 === 1) {
          this.open = false
          out.push({ type: 'stdout', bytes: `${input.type === 'closed' ? input.reason : input.error} ` })
        }
        break
      case 'data':
        if (input.conn % 2 === 0) {
          this.workMicros = input.bytes.length * 10
          out.push({ type: 'send', conn: input.conn, bytes: `+${input.bytes}` })
          if (input.bytes.includes('boom')) throw new Error('boom was said')
        } else {
          this.answered++
          this.tap?.({ kind: 'sentinel.event', event: '+answer', text: `${this.answered}` })
          out.push({
            type: 'file',
            id: 2,
            op: { op: 'write', path: '/var/lib/redis/count', bytes: String(this.answered) },
          })
          if (this.answered % 10 === 0)
            out.push({ type: 'file', id: 3, op: { op: 'fsync', path: '/var/lib/redis/count' } })
        }
        break
      case 'stdin':
        if (this.open) out.push({ type: 'send', conn: this.conn, bytes: input.bytes })
        break
      case 'signal':
        out.push({ type: 'exit', code: 0 })
        break
      case 'timer':
        this.x = (Math.imul(this.x, 1103515245) + 12345) >>> 0
        out.push({ type: 'setTimer', id: 1, at: now + 20_000 + (this.x % 30_000) })
        if (this.open) out.push({ type: 'send', conn: this.conn, bytes: `ping ${++this.asked}` })
        else if (this.master) {
          this.conn += 2
          out.push(this.connect())
        }
        break
      default:
        break
    }
    return out
  }
  private connect(): Output {
    return { type: 'connect', conn: this.conn, host: this.master ?? '', port: 7000 }
  }
  view(name: string): unknown {
    return name === 'count'
      ? { asked: this.asked, answered: this.answered, inputs: this.inputs, pid: this.env.pid }
      : null
  }
}

export const toys = (): MachineFactory => (env, tap) => new Toy(env, tap)

export function toyScenario(seed = 7): Scenario {
  const box = (n: number) => ({ name: `box-${n}`, address: `10.0.0.${10 + n}` })
  const process = (n: number, argv: string[]) => ({
    name: `p${n}`,
    kind: 'server' as const,
    box: `box-${n}`,
    port: 7000,
    argv,
  })
  return {
    id: 'toys',
    title: 'Toys',
    seed,
    topology: {
      boxes: [box(1), box(2), box(3)],
      processes: [process(1, []), process(2, ['10.0.0.11']), process(3, ['10.0.0.11'])],
      link: { latencyMicros: 500, jitterMicros: 200, loopbackMicros: 50 },
    },
  }
}
