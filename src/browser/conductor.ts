/**
 * The conductor: one world, a worker per living process, and conservative windows.
 *
 * With L the least latency of any link, whatever happens in [t, t+L) at one process cannot reach another before t+L.
 * So every worker that has something to do in the window does it in parallel; then each says when its next event is and
 * how many batches it sent to whom; the next window tells each worker how many it must have received. Idle time is
 * skipped, and workers with nothing to do are not woken. The history is that of the one-thread world, event for event.
 *
 * A process that died has no worker: its runner (its port must refuse, its disk waits for a restart) sits here.
 */
import { combineDigests } from '../world/digest.ts'
import { applyToCuts, FaultError, peersOf, planFault } from '../world/faults.ts'
import { before } from '../world/heap.ts'
import { applyToLinks, type LinksState, minLatency, newLinks } from '../world/links.ts'
import { breakpointOf, type Mark } from '../world/marks.ts'
import type { Packet, Peer, Pending, WorldInput } from '../world/packet.ts'
import { newRunnerState, ProcessRunner, type RunnerState } from '../world/process-runner.ts'
import type {
  CutView,
  Fault,
  LatencyView,
  LinkView,
  PacketView,
  ProcessSpec,
  ProcessStatus,
  ProcessSummary,
  Scenario,
} from '../world/types.ts'
import { EPOCH_MS, type LoggedInput, type ProgramFactory, WORLD_SOURCE } from '../world/world.ts'
import { keyOf, reportOf, trafficOf } from './process-host.ts'
import type {
  EventKey,
  Expect,
  FromWorker,
  PortLike,
  ProcessReport,
  RanReport,
  ToWorker,
  ViewRequest,
  WorkerHandle,
} from './worker-protocol.ts'

export interface Threads {
  spawn(process: string): WorkerHandle
  channel(): readonly [PortLike, PortLike]
}
export interface ConductorListener {
  marks(marks: readonly Mark[]): void
  logs(process: string, lines: readonly { at: number; line: string }[]): void
  output(process: string, bytes: string): void
  status(process: string, status: RunnerState['status']): void
}
export interface Inspection {
  readonly statuses: ProcessStatus[]
  readonly packets: PacketView[]
  readonly links: LinkView[]
  readonly views: [id: number, data: unknown][]
}

interface Seat {
  readonly peer: Peer
  readonly spec: ProcessSpec
  worker: WorkerHandle | null
  /** The runner of a process without a worker. */
  here: ProcessRunner | null
  report: ProcessReport
  key: EventKey | null
  inbox: Pending[]
  /** Batches that other workers sent to this one, by sender. */
  expect: Map<number, number>
  answer: ((message: FromWorker) => void) | null
  /** Why its worker will never answer again. */
  dead: string | null
  /** It was killed while its machine did not come back. */
  abandoned: boolean
}

export class Conductor {
  readonly scenario: Scenario
  now = 0
  cuts: readonly CutView[] = []
  readonly inputLog: LoggedInput[] = []
  /** Whose event the last step was; null when a window came after it. */
  stepped: string | null = null
  /** The first time at which an input can still be given. */
  horizon = 0
  private readonly programs: ProgramFactory
  private readonly threads: Threads
  private readonly listener: ConductorListener
  private readonly seats: Seat[] = []
  private readonly peers: Peer[]
  private readonly links: LinksState
  private readonly tap: boolean
  private inputSeq = 0
  private nextCutId = 1
  private marks: Mark[] = []

  constructor(scenario: Scenario, programs: ProgramFactory, threads: Threads, listener: ConductorListener, tap = true) {
    this.scenario = scenario
    this.programs = programs
    this.threads = threads
    this.listener = listener
    this.tap = tap
    this.links = newLinks(scenario.seed, scenario.topology.link)
    this.peers = peersOf(scenario.topology.boxes, scenario.topology.processes)
    for (const [index, spec] of scenario.topology.processes.entries()) this.addSeat(index, spec)
    for (const seat of this.seats) this.tell(seat.peer.index, { type: 'start' }, 0)
  }

  /** Links whose latency a fault has changed. */
  get latencies(): LatencyView[] {
    const boxes = this.scenario.topology.boxes
    return [...this.links.overrides].map(([pair, { latencyMicros, jitterMicros }]) => {
      const [a = 0, b = 0] = pair.split('-').map(Number)
      return { a: boxes[a]?.name ?? '', b: boxes[b]?.name ?? '', latencyMicros, jitterMicros }
    })
  }
  get workers(): number {
    return this.seats.filter((s) => s.worker).length
  }
  get eventCount(): number {
    return this.seats.reduce((n, s) => n + s.report.eventCount, 0)
  }
  digest(): string {
    return combineDigests(this.seats.map((s) => s.report.digest))
  }
  nextTime(): number {
    return this.first()?.key?.time ?? Infinity
  }
  dispose(): void {
    for (const seat of this.seats) seat.worker?.terminate()
  }

  /** One window of what happens before `limit`. True when a mark of `breakpoints` was made. */
  async window(limit: number, breakpoints: readonly string[] = []): Promise<boolean> {
    const start = this.nextTime()
    if (start >= limit) return false
    const end = Math.min(start + minLatency(this.links), limit)
    this.stepped = null
    const ready = this.seats.filter((s) => s.key && s.key.time < end)
    await Promise.all(ready.map((seat) => this.run(seat, { end, step: false, breakpoints })))
    this.now = Math.max(this.now, end)
    this.horizon = Math.max(this.horizon, end)
    await this.settle()
    return this.publish(breakpoints)
  }
  /** The earliest event of the world. */
  async step(): Promise<boolean> {
    const seat = this.first()
    if (!seat?.key) return false
    this.now = Math.max(this.now, seat.key.time)
    this.horizon = Math.max(this.horizon, this.now + 1)
    this.stepped = seat.spec.name
    await this.run(seat, { end: 0, step: true, breakpoints: [] })
    await this.settle()
    this.publish([])
    return true
  }
  async runUntil(at: number): Promise<void> {
    while (this.nextTime() < at) await this.window(at)
    this.reach(at)
  }
  /** Nothing happens before `at`. */
  reach(at: number): void {
    this.now = Math.max(this.now, at)
    this.horizon = Math.max(this.horizon, at)
  }

  inject(fault: Fault): void {
    const at = Math.ceil(this.horizon)
    const plan = planFault(fault, this.scenario.topology.boxes, this.peers, this.nextCutId)
    this.cuts = applyToCuts(this.cuts, fault, this.nextCutId, at)
    if (fault.type === 'cut') this.nextCutId++
    for (const { target, input } of plan.inputs) {
      if (target !== 'all') this.tell(target, input, at)
      else {
        applyToLinks(this.links, input)
        for (const seat of this.seats) this.tell(seat.peer.index, input, at)
      }
    }
    const { kind, process, text, weight } = plan
    this.listener.marks([{ at, kind, process, text, weight }])
    this.inputLog.push({ at, input: { type: 'fault', fault } })
  }
  spawn(spec: ProcessSpec): void {
    const at = Math.ceil(this.horizon)
    if (this.peers.some((p) => p.name === spec.name)) throw new FaultError(`A process is already called "${spec.name}"`)
    const index = this.seats.length
    const known = this.peers.map((p) => ({ ...p, box: p.boxName }))
    const peer = peersOf(this.scenario.topology.boxes, [...known, spec])[index] as Peer
    this.peers.push(peer)
    this.addSeat(index, spec)
    for (const seat of this.seats) if (seat.peer.index !== index) this.tell(seat.peer.index, { type: 'peer', peer }, at)
    this.tell(index, { type: 'start' }, at)
    this.inputLog.push({ at, input: { type: 'spawn', spec } })
  }
  /** Keys typed, the size of a terminal, a kill of a terminal's program. */
  input(process: string, input: WorldInput): void {
    const seat = this.seats.find((s) => s.spec.name === process)
    if (!seat) throw new FaultError(`No process is called "${process}"`)
    const at = Math.ceil(this.horizon)
    this.tell(seat.peer.index, input, at)
    this.inputLog.push({ at, input: { type: 'process', process, input } })
  }

  async inspect(requests: ReadonlyMap<string, readonly ViewRequest[]>): Promise<Inspection> {
    const result: Inspection = { statuses: [], packets: [], links: [], views: [] }
    const parts = await Promise.all(
      this.seats.map((seat) => this.inspectSeat(seat, requests.get(seat.spec.name) ?? [])),
    )
    for (const [i, part] of parts.entries()) {
      const { spec, report, inbox } = this.seats[i] as Seat
      const { state, exitCode, crash } = report.status
      result.statuses.push({
        name: spec.name,
        state,
        pid: report.pid,
        exitCode,
        crash,
        summary: part.summary as ProcessSummary | null,
      })
      result.packets.push(...part.packets, ...inbox.filter((e): e is Packet => 'dst' in e).map((p) => this.viewOf(p)))
      result.links.push(...part.links)
      result.views.push(...part.views)
    }
    return result
  }

  private viewOf(packet: Packet): PacketView {
    const name = (index: number) => (this.peers[index] as Peer).name
    const ends = { from: name(packet.src), to: name(packet.dst), sentAt: packet.sentAt, dueAt: packet.time }
    return {
      id: packet.src * 4294967296 + packet.seq,
      ...ends,
      bytes: 0,
      label: packet.kind,
      channel: 'command',
      held: false,
    }
  }

  private async inspectSeat(seat: Seat, views: readonly ViewRequest[]) {
    if (seat.here || !seat.worker) {
      const traffic = seat.here ? trafficOf(seat.here) : { packets: [], links: [] }
      return {
        summary: null,
        views: views.map((v) => [v.id, seat.here?.view(v.view, v.args) ?? null] as [number, unknown]),
        ...traffic,
      }
    }
    const answer = await this.ask(seat, { type: 'inspect', views, expect: expectOf(seat) })
    if (answer.type === 'failed' && seat.dead !== null) this.lost(seat, answer.message)
    if (answer.type !== 'inspected') return { summary: null, views: [], packets: [], links: [] }
    return { ...answer, views: answer.views.map(([id, data]) => [id, data] as [number, unknown]) }
  }

  private first(): Seat | null {
    let first: Seat | null = null
    for (const seat of this.seats) {
      if (seat.key && (!first?.key || before(seat.key, first.key))) first = seat
    }
    return first
  }

  private async run(seat: Seat, order: { end: number; step: boolean; breakpoints: readonly string[] }): Promise<void> {
    const events = seat.inbox
    const starts = events.some((e) => 'input' in e && e.kind === 'world' && e.input.type === 'start')
    if (starts && !seat.worker) this.giveWorker(seat)
    seat.inbox = []
    if (seat.here) {
      for (const event of events) seat.here.receive(event)
      if (order.step) seat.here.step()
      else seat.here.runBefore(order.end)
      this.ran(seat, {
        type: 'ran',
        ...reportOf(seat.here),
        sent: [],
        packets: [],
        marks: seat.here.takeMarks(),
        logs: [],
        output: '',
      })
      return
    }
    const answer = await this.ask(seat, { type: 'run', ...order, events, expect: expectOf(seat) })
    if (answer.type === 'ran') this.ran(seat, answer)
    else if (answer.type === 'failed') this.lost(seat, answer.message)
  }

  private readonly arrivals: [number, EventKey][] = []
  private ran(seat: Seat, report: RanReport): void {
    const old = seat.report.status.state
    const { type: _type, sent, packets, marks, logs, output, ...rest } = report
    seat.report = rest
    seat.key = rest.key
    for (const event of seat.inbox) if (!seat.key || before(event, seat.key)) seat.key = keyOf(event)
    for (const [peer, earliest] of sent) {
      const to = this.seats[peer] as Seat
      to.expect.set(seat.peer.index, (to.expect.get(seat.peer.index) ?? 0) + 1)
      this.arrivals.push([peer, earliest])
    }
    for (const packet of packets) this.deliver(packet)
    this.marks.push(...marks)
    if (logs.length > 0) this.listener.logs(seat.spec.name, logs)
    if (output.length > 0) this.listener.output(seat.spec.name, output)
    if (rest.status.state !== old) this.listener.status(seat.spec.name, rest.status)
  }

  /** After everybody ran: who has something earlier to do now, and who died. */
  private async settle(): Promise<void> {
    for (const [peer, key] of this.arrivals) this.dueAt(this.seats[peer] as Seat, key)
    this.arrivals.length = 0
    for (const seat of this.seats) {
      const { state } = seat.report.status
      if (seat.worker && state !== 'running' && state !== 'paused') await this.bury(seat)
      for (const event of seat.inbox) this.dueAt(seat, event)
    }
  }
  private dueAt(seat: Seat, key: EventKey): void {
    if (!seat.key || before(key, seat.key)) seat.key = keyOf(key)
  }
  private deliver(packet: Pending & { dst: number }): void {
    const seat = this.seats[packet.dst] as Seat
    seat.inbox.push(packet)
    this.arrivals.push([packet.dst, keyOf(packet)])
  }
  private tell(index: number, input: WorldInput, at: number): void {
    const seat = this.seats[index] as Seat
    const event: Pending = { kind: 'world', time: at, src: WORLD_SOURCE, seq: ++this.inputSeq, input }
    seat.inbox.push(event)
    this.dueAt(seat, event)
  }

  private publish(breakpoints: readonly string[]): boolean {
    if (this.marks.length === 0) return false
    const marks = this.marks
    this.marks = []
    marks.sort((a, b) => a.at - b.at)
    this.listener.marks(marks)
    return marks.some((m) => breakpointOf(breakpoints, m))
  }

  private addSeat(index: number, spec: ProcessSpec): void {
    const links: LinksState = {
      ...newLinks(this.scenario.seed, this.links.model),
      overrides: new Map(this.links.overrides),
      cuts: this.links.cuts,
    }
    const init = { index, spec, worldSeed: this.scenario.seed, epochMs: EPOCH_MS, peers: [...this.peers], links }
    const here = this.runnerHere(newRunnerState(init))
    const peer = this.peers[index] as Peer
    this.seats.push({
      peer,
      spec,
      worker: null,
      here,
      report: reportOf(here),
      key: null,
      inbox: [],
      expect: new Map(),
      answer: null,
      dead: null,
      abandoned: false,
    })
  }
  private runnerHere(state: RunnerState): ProcessRunner {
    return new ProcessRunner(state, this.programs(state.spec.kind), (packet) => this.deliver(packet), {}, this.tap)
  }

  /** A process is about to live: a worker takes its runner over, with a port to every other worker. */
  private giveWorker(seat: Seat): void {
    const state = (seat.here as ProcessRunner).export()
    const worker = this.threads.spawn(seat.spec.name)
    seat.here = null
    seat.worker = worker
    seat.expect = new Map()
    seat.dead = null
    seat.abandoned = false
    worker.onMessage((message) => {
      const { answer } = seat
      seat.answer = null
      answer?.(message)
    })
    worker.onError((message) => {
      if (seat.worker === worker) this.giveUp(seat, message)
    })
    worker.post({ type: 'init', state, tap: this.tap })
    for (const other of this.seats) {
      if (other === seat || !other.worker) continue
      const [a, b] = this.threads.channel()
      worker.post({ type: 'port', peer: other.peer.index, port: a }, [a])
      other.worker.post({ type: 'port', peer: seat.peer.index, port: b }, [b])
    }
  }

  /** A process died: its worker hands over what outlives it, and is terminated. */
  private async bury(seat: Seat): Promise<void> {
    const answer = await this.ask(seat, { type: 'export', expect: expectOf(seat) })
    if (answer.type !== 'exported') {
      this.lost(seat, 'The worker did not hand over its state')
      return
    }
    // Its last words must have arrived before its thread goes.
    const listeners = this.seats.filter((s) => s !== seat && s.worker && s.expect.has(seat.peer.index))
    await Promise.all(listeners.map((s) => this.ask(s, { type: 'inspect', views: [], expect: expectOf(s) })))
    this.endWorker(seat, answer.state)
  }
  private endWorker(seat: Seat, state: RunnerState): void {
    seat.worker?.terminate()
    seat.worker = null
    seat.here = this.runnerHere(state)
    seat.expect = new Map()
    for (const other of this.seats) {
      if (!other.worker) continue
      other.worker.post({ type: 'unport', peer: seat.peer.index })
    }
    seat.report = reportOf(seat.here)
    seat.key = seat.report.key
  }

  /** A worker failed without a word from its machine: its state is lost, its peers get resets. */
  private lost(seat: Seat, message: string): void {
    const { index } = seat.peer
    const links: LinksState = {
      ...newLinks(this.scenario.seed, this.links.model),
      overrides: new Map(this.links.overrides),
      cuts: this.links.cuts,
    }
    const init = {
      index,
      spec: seat.spec,
      worldSeed: this.scenario.seed,
      epochMs: EPOCH_MS,
      peers: [...this.peers],
      links,
    }
    const state = newRunnerState(init)
    state.incarnation = 1000 + Math.floor(this.now / 1e6)
    state.seq = state.incarnation * 4294967296
    state.sockets.nextStream = state.incarnation * 1e6
    state.status = { state: 'crashed', exitCode: null, crash: message, poweredOff: false }
    if (seat.abandoned) state.status = { state: 'killed', exitCode: null, crash: null, poweredOff: false }
    this.endWorker(seat, state)
    for (const other of this.seats) {
      if (other !== seat) this.tell(other.peer.index, { type: 'lost', index }, Math.ceil(this.horizon))
    }
    this.marks.push({
      at: this.now,
      process: seat.spec.name,
      kind: seat.abandoned ? 'process.killed' : 'process.crash',
      text: message.split('\n')[0] ?? '',
      weight: 3,
    })
    this.listener.status(seat.spec.name, state.status)
  }

  /** Whether a process's worker owes an answer: its machine may be in an endless loop. */
  owesAnswer(process: string): unknown {
    return this.seats.find((s) => s.spec.name === process)?.answer ?? null
  }
  /** Ends the worker of a process that does not come back; the window goes on without it. */
  abandon(process: string): void {
    const seat = this.seats.find((s) => s.spec.name === process)
    if (!seat?.worker || !seat.answer) return
    seat.abandoned = true
    this.giveUp(seat, 'killed while it was busy')
  }
  private giveUp(seat: Seat, message: string): void {
    const { answer } = seat
    seat.dead = message
    seat.answer = null
    seat.worker?.terminate()
    answer?.({ type: 'failed', message })
  }

  private ask(seat: Seat, message: ToWorker): Promise<FromWorker> {
    if (seat.dead !== null) return Promise.resolve({ type: 'failed', message: seat.dead })
    return new Promise((resolve) => {
      seat.answer = resolve
      seat.worker?.post(message)
    })
  }
}

function expectOf(seat: Seat): Expect {
  return [...seat.expect]
}
