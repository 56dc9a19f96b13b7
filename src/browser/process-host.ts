/**
 * One process in a thread of its own: a ProcessRunner, a port to the conductor and one to every other worker. Packets
 * go straight to the peer, one batch per window; a command waits until the batches it expects are here.
 */
import { packetView, linkViews, type ProgramFactory } from '../world/world.ts'
import { before } from '../world/heap.ts'
import type { Packet } from '../world/packet.ts'
import { ProcessRunner, type RunnerState } from '../world/process-runner.ts'
import type { EventKey, Expect, FromWorker, PortLike, ProcessReport, ToWorker } from './worker-protocol.ts'

const MAX_PACKETS = 300

export const keyOf = (k: EventKey): EventKey => ({ time: k.time, src: k.src, seq: k.seq })

export function reportOf(runner: ProcessRunner): ProcessReport {
  const { status } = runner.state
  const key = runner.nextKey()
  return { key: key && keyOf(key), status, pid: runner.pid, digest: runner.digest(), eventCount: runner.eventCount }
}

/** Packets on their way to a process, and its connections, as plain data. */
export function trafficOf(runner: ProcessRunner) {
  const inbound = runner.inbound().slice(0, MAX_PACKETS)
  const { peers } = runner.state
  return { packets: inbound.map((p) => packetView(p.packet, p.held, peers)), links: linkViews(runner, peers) }
}

export class ProcessHost {
  private runner: ProcessRunner | null = null
  private readonly programs: ProgramFactory
  private readonly post: (message: FromWorker) => void
  private readonly ports = new Map<number, PortLike>()
  private readonly received = new Map<number, number>()
  private outbox = new Map<number, Packet[]>()
  private logs: { at: number; line: string }[] = []
  private output = ''
  private waiting: ToWorker[] = []
  /** Something is being fetched that the next message needs. */
  private preparing = false
  private readonly prepare: (message: ToWorker) => Promise<void> | null

  /** `prepare`: fetches what a message needs that is not here yet; null when nothing is missing. */
  constructor(
    programs: ProgramFactory,
    post: (message: FromWorker) => void,
    prepare: (message: ToWorker) => Promise<void> | null = () => null,
  ) {
    this.prepare = prepare
    this.programs = programs
    this.post = post
  }

  receive(message: ToWorker): void {
    this.waiting.push(message)
    this.proceed()
  }

  private proceed(): void {
    for (;;) {
      const message = this.waiting[0]
      if (!message || this.preparing || ('expect' in message && !this.isHere(message.expect))) return
      if (this.fetchFor(message)) return
      this.waiting.shift()
      try {
        this.perform(message)
      } catch (error) {
        this.post({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      }
    }
  }

  /** True while something is missing: what waits goes on when it has come. */
  private fetchFor(message: ToWorker): boolean {
    const missing = this.prepare(message)
    if (missing === null) return false
    this.preparing = true
    const goOn = (): void => {
      this.preparing = false
      this.proceed()
    }
    missing.then(goOn, (error: unknown) => {
      this.waiting.shift()
      this.post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
      goOn()
    })
    return true
  }

  private isHere(expect: Expect): boolean {
    return expect.every(([peer, batches]) => (this.received.get(peer) ?? 0) >= batches)
  }

  private perform(message: ToWorker): void {
    switch (message.type) {
      case 'init':
        this.init(message.state, message.tap)
        return
      case 'port':
        this.openPort(message.peer, message.port)
        return
      case 'unport':
        // What it sent may still be on its way: only sending ends.
        this.ports.delete(message.peer)
        return
      case 'run':
        this.run(message)
        return
      case 'inspect': {
        const runner = this.runner as ProcessRunner
        const views = message.views.map((v) => [v.id, runner.view(v.view, v.args)] as const)
        this.post({ type: 'inspected', views, summary: runner.view('summary', []), ...trafficOf(runner) })
        return
      }
      case 'export':
        this.post({ type: 'exported', state: (this.runner as ProcessRunner).export() })
    }
  }

  private init(state: RunnerState, tap: boolean): void {
    const observer = {
      log: (at: number, line: string) => void this.logs.push({ at, line }),
      output: (_stream: string, _at: number, bytes: string) => {
        this.output += bytes
      },
    }
    const emit = (packet: Packet): void => {
      const list = this.outbox.get(packet.dst)
      if (list) list.push(packet)
      else this.outbox.set(packet.dst, [packet])
    }
    this.runner = new ProcessRunner(state, this.programs(state.spec.kind), emit, observer, tap)
  }

  private openPort(peer: number, port: PortLike): void {
    this.ports.set(peer, port)
    port.onmessage = (event: { data: readonly Packet[] }) => {
      this.received.set(peer, (this.received.get(peer) ?? 0) + 1)
      for (const packet of event.data) this.runner?.receive(packet)
      this.proceed()
    }
  }

  private run(message: ToWorker & { type: 'run' }): void {
    const runner = this.runner as ProcessRunner
    for (const event of message.events) runner.receive(event)
    if (message.step) runner.step()
    else runner.runBefore(message.end, new Set(message.breakpoints))
    const sent: [number, EventKey][] = []
    const packets: Packet[] = []
    for (const [peer, list] of this.outbox) {
      const port = this.ports.get(peer)
      if (!port) {
        packets.push(...list)
        continue
      }
      port.postMessage(list)
      sent.push([peer, keyOf(list.reduce((a, b) => (before(b, a) ? b : a)))])
    }
    this.outbox = new Map()
    const { logs, output } = this
    this.logs = []
    this.output = ''
    this.post({ type: 'ran', ...reportOf(runner), sent, packets, marks: runner.takeMarks(), logs, output })
  }
}
