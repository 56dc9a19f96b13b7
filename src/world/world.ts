/**
 * The world in one thread: every process's runner, and a scheduler that always takes the earliest event. For tests,
 * grading and fast-forward; a worker per process gives the same history.
 *
 * A history is a function of (scenario, seed, input log). An input given from outside is stamped with the first time
 * that is still untouched, and written to the log; `createWorld(scenario, factory, { inputs })` lives it again.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { MachineFactory } from '../engine/machine.ts'
import { combineDigests } from './digest.ts'
import { applyToCuts, FaultError, peersOf, planFault } from './faults.ts'
import { before } from './heap.ts'
import { packetChannel, packetLabel } from './labels.ts'
import { applyToLinks, type LinksState, newLinks } from './links.ts'
import type { Packet, Peer, WorldInput } from './packet.ts'
import { newRunnerState, ProcessRunner, type TraceRecord } from './process-runner.ts'
import type {
  CutView,
  EventView,
  Fault,
  LinkView,
  LogLine,
  PacketView,
  ProcessSpec,
  ProcessState,
  ProcessStatus,
  ProcessSummary,
  Scenario,
} from './types.ts'

/** Which program a process runs. The world knows no program itself. */
export type ProgramFactory = (kind: ProcessSpec['kind']) => MachineFactory

export interface LoggedInput {
  readonly at: number
  readonly input:
    | { readonly type: 'fault'; readonly fault: Fault }
    | { readonly type: 'spawn'; readonly spec: ProcessSpec }
    | { readonly type: 'process'; readonly process: string; readonly input: WorldInput }
}

export interface WorldOptions {
  /** Without it, machines get no tap. The history must be the same. */
  readonly tap?: boolean
  readonly trace?: (record: TraceRecord) => void
  /** An input log to live again. */
  readonly inputs?: readonly LoggedInput[]
}

export const EPOCH_MS = 1767225600000
/** The world is the source of its inputs: at one time they come before everything else. */
export const WORLD_SOURCE = -1

export interface World {
  readonly scenario: Scenario
  readonly now: number
  readonly eventCount: number
  readonly events: readonly EventView[]
  readonly inputLog: readonly LoggedInput[]
  readonly cuts: readonly CutView[]
  /** Handles every event before `at`; then now is `at`. */
  runUntil(at: number): void
  runFor(micros: number): void
  /** Handles the earliest event. False when nothing will ever happen. */
  step(): boolean
  /** Runs until a marked event of this kind (or one for which the test is true), stopping right after it; null at `limit`. */
  runUntilEvent(kind: string | ((e: EventView) => boolean), limit: number): EventView | null
  inject(fault: Fault): void
  /** Starts one more process, e.g. a redis-cli. */
  spawn(spec: ProcessSpec): void
  stdin(process: string, bytes: Bytes): void
  resize(process: string, columns: number, rows: number): void
  view(process: string, name: string, args?: readonly string[]): unknown
  status(process: string): ProcessStatus
  /** `status().state`, without looking into the machine. */
  state(process: string): ProcessState
  statuses(): ProcessStatus[]
  log(process: string): readonly LogLine[]
  /** All that the process printed to its terminal, stdout and stderr as they came. */
  output(process: string): Bytes
  /** The process's disk as it is now: path to bytes. */
  files(process: string): ReadonlyMap<string, Bytes>
  packets(): PacketView[]
  links(): LinkView[]
  digest(): string
  nextEventAt(): number | null
}

class OneThreadWorld implements World {
  readonly scenario: Scenario
  now = 0
  events: EventView[] = []
  inputLog: LoggedInput[] = []
  cuts: readonly CutView[] = []
  private readonly programs: ProgramFactory
  private readonly options: WorldOptions
  private readonly runners: ProcessRunner[] = []
  private readonly peers: Peer[]
  /** What a process that is born now must know of the links. */
  private readonly linksNow: LinksState
  private readonly logs = new Map<string, LogLine[]>()
  private readonly outputs = new Map<string, string[]>()
  private replay: LoggedInput[]
  /** Everything before it is done: the first time at which an input can still be given. */
  private horizon = 0
  private inputSeq = 0
  private nextCutId = 1

  constructor(scenario: Scenario, programs: ProgramFactory, options: WorldOptions) {
    this.scenario = scenario
    this.programs = programs
    this.options = options
    this.replay = [...(options.inputs ?? [])]
    this.linksNow = newLinks(scenario.seed, scenario.topology.link)
    this.peers = peersOf(scenario.topology.boxes, scenario.topology.processes)
    for (const [index, spec] of scenario.topology.processes.entries()) this.addRunner(index, spec)
    for (const runner of this.runners) this.tell(runner.me.index, { type: 'start' }, 0)
  }

  get eventCount(): number {
    return this.runners.reduce((n, r) => n + r.eventCount, 0)
  }

  runUntil(at: number): void {
    while (this.nextTime() < at) this.advance()
    this.now = Math.max(this.now, at)
    this.horizon = Math.max(this.horizon, this.now)
  }
  runFor(micros: number): void {
    this.runUntil(this.now + micros)
  }
  step(): boolean {
    if (this.nextTime() === Infinity) return false
    this.advance()
    return true
  }
  runUntilEvent(kind: string | ((e: EventView) => boolean), limit: number): EventView | null {
    const wanted = typeof kind === 'string' ? (e: EventView) => e.kind === kind : kind
    while (this.nextTime() < limit) {
      const seen = this.events.length
      this.advance()
      for (let i = seen; i < this.events.length; i++) {
        const event = this.events[i] as EventView
        if (wanted(event)) return event
      }
    }
    this.runUntil(limit)
    return null
  }

  inject(fault: Fault): void {
    this.logInput({ type: 'fault', fault }, Math.ceil(this.horizon))
  }
  spawn(spec: ProcessSpec): void {
    this.logInput({ type: 'spawn', spec }, Math.ceil(this.horizon))
  }
  stdin(process: string, bytes: Bytes): void {
    this.logInput({ type: 'process', process, input: { type: 'stdin', bytes } }, Math.ceil(this.horizon))
  }
  resize(process: string, columns: number, rows: number): void {
    this.logInput({ type: 'process', process, input: { type: 'winsize', columns, rows } }, Math.ceil(this.horizon))
  }

  view(process: string, name: string, args: readonly string[] = []): unknown {
    return this.runner(process).view(name, args)
  }
  status(process: string): ProcessStatus {
    const runner = this.runner(process)
    const { state, exitCode, crash } = runner.state.status
    const summary = (runner.view('summary', []) ?? null) as ProcessSummary | null
    return { name: process, state, pid: runner.pid, exitCode, crash, summary }
  }
  state(process: string): ProcessState {
    return this.runner(process).state.status.state
  }
  statuses(): ProcessStatus[] {
    return this.runners.map((r) => this.status(r.name))
  }
  log(process: string): readonly LogLine[] {
    return this.logs.get(process) ?? []
  }
  output(process: string): Bytes {
    return (this.outputs.get(process) ?? []).join('')
  }
  files(process: string): ReadonlyMap<string, Bytes> {
    return this.runner(process).state.disk.written
  }
  packets(): PacketView[] {
    return this.runners.flatMap((r) => r.inbound().map(({ packet, held }) => packetView(packet, held, this.peers)))
  }
  links(): LinkView[] {
    return this.runners.flatMap((r) => linkViews(r, this.peers))
  }
  digest(): string {
    return combineDigests(this.runners.map((r) => r.digest()))
  }
  nextEventAt(): number | null {
    const time = this.nextTime()
    return time === Infinity ? null : time
  }

  private nextTime(): number {
    let min = this.replay[0]?.at ?? Infinity
    for (const runner of this.runners) min = Math.min(min, runner.nextTime())
    return min
  }

  private advance(): void {
    let next: ProcessRunner | null = null
    let key: { time: number; src: number; seq: number } | null = null
    for (const runner of this.runners) {
      if (key && runner.nextTime() > key.time) continue
      const k = runner.nextKey()
      if (k && (key === null || before(k, key))) {
        key = k
        next = runner
      }
    }
    const given = this.replay[0]
    if (given && (key === null || given.at <= key.time)) {
      this.replay.shift()
      this.horizon = Math.max(this.horizon, given.at)
      this.logInput(given.input, given.at)
      return
    }
    if (!next || !key) return
    this.now = Math.max(this.now, key.time)
    this.horizon = this.now + 1
    next.step()
    for (const mark of next.takeMarks()) this.events.push({ seq: this.events.length + 1, ...mark })
  }

  private logInput(input: LoggedInput['input'], at: number): void {
    if (input.type === 'spawn') {
      const index = this.runners.length
      const peer = peersOf(this.scenario.topology.boxes, [
        ...this.peers.map((p) => ({ ...p, box: p.boxName })),
        input.spec,
      ])[index] as Peer
      if (this.peers.some((p) => p.name === peer.name))
        throw new FaultError(`A process is already called "${peer.name}"`)
      this.peers.push(peer)
      this.addRunner(index, input.spec)
      for (const other of this.runners)
        if (other.me.index !== index) this.tell(other.me.index, { type: 'peer', peer }, at)
      this.tell(index, { type: 'start' }, at)
    } else if (input.type === 'process') {
      this.tell(this.runner(input.process).me.index, input.input, at)
    } else {
      const plan = planFault(input.fault, this.scenario.topology.boxes, this.peers, this.nextCutId)
      this.cuts = applyToCuts(this.cuts, input.fault, this.nextCutId, at)
      if (input.fault.type === 'cut') this.nextCutId++
      for (const { target, input: told } of plan.inputs) {
        if (target !== 'all') this.tell(target, told, at)
        else {
          applyToLinks(this.linksNow, told)
          for (const runner of this.runners) this.tell(runner.me.index, told, at)
        }
      }
      const { kind, process, text, weight } = plan
      this.events.push({ seq: this.events.length + 1, at, kind, process, text, weight })
    }
    this.inputLog.push({ at, input })
  }

  private tell(index: number, input: WorldInput, at: number): void {
    const runner = this.runners[index] as ProcessRunner
    runner.receive({ kind: 'world', time: at, src: WORLD_SOURCE, seq: ++this.inputSeq, input })
  }

  private addRunner(index: number, spec: ProcessSpec): void {
    const { seed, topology } = this.scenario
    const links = newLinks(seed, topology.link)
    links.cuts = this.linksNow.cuts
    for (const [pair, link] of this.linksNow.overrides) links.overrides.set(pair, link)
    const state = newRunnerState({ index, spec, worldSeed: seed, epochMs: EPOCH_MS, peers: [...this.peers], links })
    const logs: LogLine[] = []
    const output: string[] = []
    this.logs.set(spec.name, logs)
    this.outputs.set(spec.name, output)
    const { trace } = this.options
    const observer = {
      ...(trace ? { trace } : {}),
      log: (at: number, line: string) => void logs.push({ at, line }),
      output: (_stream: string, _at: number, bytes: string) => void output.push(bytes),
    }
    const emit = (packet: Packet): void => (this.runners[packet.dst] as ProcessRunner).receive(packet)
    this.runners.push(new ProcessRunner(state, this.programs(spec.kind), emit, observer, this.options.tap !== false))
  }

  private runner(process: string): ProcessRunner {
    const runner = this.runners.find((r) => r.name === process)
    if (!runner) throw new FaultError(`No process is called "${process}"`)
    return runner
  }
}

export function createWorld(scenario: Scenario, programs: ProgramFactory, options: WorldOptions = {}): World {
  return new OneThreadWorld(scenario, programs, options)
}

export function packetView(packet: Packet, held: boolean, peers: readonly Peer[]): PacketView {
  const from = peers[packet.src] as Peer
  const to = peers[packet.dst] as Peer
  return {
    id: packet.src * 4294967296 + packet.seq,
    from: from.name,
    to: to.name,
    sentAt: packet.sentAt,
    dueAt: packet.time,
    bytes: packet.kind === 'data' ? packet.bytes.length : 0,
    label: packetLabel(packet),
    channel: packet.bus === true ? 'bus' : packetChannel(from, to),
    held,
  }
}

export function linkViews(runner: ProcessRunner, peers: readonly Peer[]): LinkView[] {
  const views = new Map<string, LinkView>()
  for (const socket of runner.sockets.clientSockets()) {
    const to = peers[socket.peer]
    if (!to) continue
    const channel = runner.sockets.isBus(socket) ? 'bus' : packetChannel(runner.me, to)
    const key = `${to.name} ${channel}`
    if (!views.get(key)?.open) views.set(key, { a: runner.name, b: to.name, channel, open: socket.open })
  }
  return [...views.values()]
}
