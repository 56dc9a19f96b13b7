/**
 * One process of the world: its machine, and what the kernel of its box does for it. The single-thread world and a
 * worker use this same class, which is why a history comes out the same in both.
 *
 *      packets, timers, disk, world inputs ──▶ heap (time, source, sequence) ──▶ kernel ──▶ queue ──▶ machine
 *      machine ──▶ outputs ──▶ kernel ──▶ packets with arrival times ──▶ `emit`
 *
 * The kernel acts at the time of an event even when the machine is busy or stopped (SIGSTOP): connections are accepted
 * and bytes are kept, and the machine finds them in its queue when it gets the processor again. A machine that did w
 * microseconds of work is busy for w, and what it sent leaves when the work is done.
 *
 * A dead process keeps its runner: someone has to refuse connections at its port, and a restart needs its disk.
 */
import type { Input, Machine, MachineFactory, Output, Tap } from '../engine/machine.ts'
import { type DigestState, digestHex, digestNumber, digestText, digestValue, newDigest } from './digest.ts'
import { applyFileOp, type DiskState, fileOpMicros, limitDisk, losePower, newDisk, placeFile } from './disk.ts'
import { before, EventHeap } from './heap.ts'
import { applyToLinks, isCut, type LinksState } from './links.ts'
import { breakpointOf, Marks, type Mark } from './marks.ts'
import type { LocalEvent, Packet, Peer, Pending, Queued, WorldInput } from './packet.ts'
import { isPacket } from './packet.ts'
import { seedFrom } from './random.ts'
import { Sockets, type SocketsState } from './sockets.ts'
import type { ProcessSpec, ProcessState } from './types.ts'

export interface TraceRecord {
  readonly seq: number
  readonly at: number
  readonly process: string
  /** "source:sequence" of the event that led to it. */
  readonly cause: string
  readonly entry: { readonly input: Input; readonly outputs: readonly Output[] } | { readonly world: WorldInput }
}

/** Who watches a process. None of it may change what happens. */
export interface RunnerObserver {
  trace?(record: TraceRecord): void
  log?(at: number, line: string): void
  /** Output to the process's terminal. */
  output?(stream: 'stdout' | 'stderr', at: number, bytes: string): void
}

/** Everything of a process that outlives its machine; can be cloned from thread to thread. */
export interface RunnerState {
  readonly index: number
  readonly spec: ProcessSpec
  readonly worldSeed: number
  readonly epochMs: number
  readonly peers: Peer[]
  readonly links: LinksState
  readonly disk: DiskState
  readonly sockets: SocketsState
  readonly digest: DigestState
  pending: Pending[]
  held: Packet[]
  seq: number
  traceSeq: number
  eventCount: number
  incarnation: number
  clockOffset: number
  diskFreeAt: number
  status: { state: ProcessState; exitCode: number | null; crash: string | null; poweredOff: boolean }
  /** What the machine's view 'remains' showed in the last moment of its last life; null before, or when nobody watches. */
  remains: unknown
}

export function newRunnerState(
  init: Pick<RunnerState, 'index' | 'spec' | 'worldSeed' | 'epochMs' | 'peers' | 'links'>,
): RunnerState {
  const disk = newDisk()
  for (const [path, text] of Object.entries(init.spec.files ?? {})) placeFile(disk, path, text)
  return {
    ...init,
    disk,
    sockets: { nextStream: 1, nextConn: 2, nextPort: 0, listens: new Map(), routes: new Map(), wires: new Map() },
    digest: newDigest(),
    pending: [],
    held: [],
    seq: 0,
    traceSeq: 0,
    eventCount: 0,
    incarnation: 0,
    clockOffset: 0,
    diskFreeAt: 0,
    status: { state: 'exited', exitCode: null, crash: null, poweredOff: false },
    remains: null,
  }
}

const INPUTS_IN_REPORT = 12

export class ProcessRunner {
  readonly state: RunnerState
  readonly me: Peer
  readonly marks: Marks
  readonly sockets: Sockets
  machine: Machine | null = null
  private readonly factory: MachineFactory
  private readonly observer: RunnerObserver
  private readonly emit: (packet: Packet) => void
  private readonly heap: EventHeap<Pending>
  private readonly tapped: boolean
  private queue: Queued[] = []
  private queueHead = 0
  private readonly timers = new Map<number, number>()
  private recent: Input[] = []
  private busyUntil = 0
  private at = 0

  constructor(
    state: RunnerState,
    factory: MachineFactory,
    emit: (packet: Packet) => void,
    observer: RunnerObserver = {},
    tapped = true,
  ) {
    this.state = state
    this.factory = factory
    this.emit = emit
    this.observer = observer
    this.tapped = tapped
    this.me = state.peers[state.index] as Peer
    this.heap = new EventHeap(state.pending)
    this.marks = new Marks(state.spec.name)
    this.sockets = new Sockets(this)
  }

  get name(): string {
    return this.state.spec.name
  }
  get eventCount(): number {
    return this.state.eventCount
  }
  get pid(): number {
    return 1000 + this.state.index * 7 + this.state.incarnation * 211
  }
  digest(): string {
    return digestHex(this.state.digest)
  }

  /** When the next thing happens here; Infinity when nothing will. */
  nextTime(): number {
    return Math.min(this.peek()?.time ?? Infinity, this.machineTime())
  }
  /** The key of the next event in the world's total order. */
  nextKey(): { time: number; src: number; seq: number } | null {
    const top = this.peek()
    const machineTime = this.machineTime()
    if (top && top.time <= machineTime) return { time: top.time, src: top.src, seq: top.seq }
    return machineTime === Infinity ? null : { time: machineTime, src: this.state.index, seq: -1 }
  }
  receive(event: Pending): void {
    this.heap.push(event)
  }
  /** Runs what happens before `end`; stops early after an event that marks one of `breakpoints`. */
  runBefore(end: number, breakpoints?: ReadonlySet<string>): void {
    while (this.nextTime() < end) {
      this.step()
      if (breakpoints && breakpoints.size > 0 && this.marks.list.some((m) => breakpointOf(breakpoints, m))) return
    }
  }
  /** The earliest event of this process. */
  step(): void {
    const top = this.peek()
    const machineTime = this.machineTime()
    this.state.eventCount++
    if (top && top.time <= machineTime) {
      this.heap.pop()
      this.at = top.time
      this.happen(top)
      if (this.machineTime() <= this.at) this.runMachine(this.at)
    } else if (machineTime !== Infinity) {
      this.runMachine(machineTime)
    }
  }
  /** What has to travel when another thread takes the process over. The machine must be dead. */
  export(): RunnerState {
    this.state.pending = [...this.heap.items].sort((a, b) => (before(a, b) ? -1 : 1))
    return this.state
  }
  takeMarks(): Mark[] {
    return this.marks.take()
  }
  /** Packets on their way to this process, and those that a cut holds; not the kernels' own acknowledgements. */
  inbound(): { packet: Packet; held: boolean }[] {
    const list = this.heap.items.filter(isPacket).map((packet) => ({ packet, held: false }))
    return [...list, ...this.state.held.map((packet) => ({ packet, held: true }))].filter(
      (p) => p.packet.kind !== 'ack',
    )
  }
  view(name: string, args: readonly string[]): unknown {
    if (name === 'remains') return this.state.remains
    return this.machine?.view(name, args) ?? null
  }

  // For Sockets -------------------------------------------------------------------------------------------------------
  nextSeq(): number {
    return ++this.state.seq
  }
  transmit(packet: Packet): void {
    if (packet.dst === this.state.index) this.heap.push(packet)
    else this.emit(packet)
  }
  schedule(event: LocalEvent): void {
    this.heap.push(event)
  }
  enqueue(input: Input, cause: string, sent: number = this.at): void {
    if (this.machine) this.queue.push({ at: this.at, sent, cause, input })
  }
  /** Bytes of this connection that the machine has not read yet. */
  hasUnread(conn: number): boolean {
    for (let i = this.queueHead; i < this.queue.length; i++) {
      const input = (this.queue[i] as Queued).input
      if (input.type === 'data' && input.conn === conn) return true
    }
    return false
  }

  // -------------------------------------------------------------------------------------------------------------------
  private peek(): Pending | undefined {
    for (;;) {
      const top = this.heap.peek()
      if (top === undefined || isPacket(top) || top.kind === 'world') return top
      if (top.kind === 'connectTimeout') {
        if (this.sockets.isOpening(top.stream)) return top
      } else {
        const stale = top.incarnation !== this.state.incarnation || this.machine === null
        if (!stale && (top.kind !== 'timer' || this.timers.get(top.id) === top.seq)) return top
      }
      this.heap.pop()
    }
  }
  private machineTime(): number {
    if (this.machine === null || this.state.status.state === 'paused') return Infinity
    const head = this.queue[this.queueHead]
    return head === undefined ? Infinity : Math.max(this.busyUntil, head.at, this.at)
  }

  private happen(event: Pending): void {
    if (isPacket(event)) {
      const from = this.state.peers[event.src] as Peer
      if (isCut(this.state.links.cuts, from.boxIndex, this.me.boxIndex, event.bus === true)) this.state.held.push(event)
      else this.sockets.arrive(event, this.at)
      return
    }
    const cause = `${event.src}:${event.seq}`
    switch (event.kind) {
      case 'timer':
        this.timers.delete(event.id)
        this.enqueue({ type: 'timer', id: event.id }, cause)
        return
      case 'input':
        this.enqueue(event.input, cause)
        return
      case 'file': {
        const result = event.op ? applyFileOp(this.state.disk, event.op) : event.result
        if (result) this.enqueue({ type: 'fileDone', id: event.id, result }, cause)
        return
      }
      case 'connectTimeout':
        this.sockets.connectTimeout(event.stream, event.error, cause)
        return
      case 'world':
        this.worldInput(event.input, cause)
        return
    }
  }

  private worldInput(input: WorldInput, cause: string): void {
    this.record(this.at, cause, { world: input })
    const { status } = this.state
    switch (input.type) {
      case 'start':
        if (this.machine === null) this.start(cause)
        return
      case 'kill':
        if (this.machine) this.die('killed', null, true)
        return
      case 'powerLoss':
        if (this.machine) this.die('killed', null, false)
        losePower(this.state.disk)
        this.sockets.forgetAll()
        status.poweredOff = true
        return
      case 'pause':
        if (this.machine) status.state = 'paused'
        return
      case 'continue':
        if (status.state === 'paused') status.state = 'running'
        return
      case 'signal':
      case 'stdin':
      case 'winsize':
        this.enqueue(input, cause)
        return
      case 'clock':
        this.state.clockOffset += input.offsetMicros
        return
      case 'disk':
        this.state.disk.slowness = input.slowness
        limitDisk(this.state.disk, input.freeBytes)
        return
      case 'peer':
        this.state.peers[input.peer.index] = input.peer
        this.sockets.greet(input.peer, this.at)
        return
      case 'lost':
        this.sockets.resetPeer(input.index, cause)
        return
      default:
        applyToLinks(this.state.links, input)
        if (input.type === 'heal') this.releaseHeld()
    }
  }

  /** What waited for a cut to heal goes on in its old order; a connection attempt that was given up does not. */
  private releaseHeld(): void {
    const { held, links, peers } = this.state
    const free = held.filter(
      (p) => !isCut(links.cuts, (peers[p.src] as Peer).boxIndex, this.me.boxIndex, p.bus === true),
    )
    if (free.length === 0) return
    this.state.held = held.filter((p) => !free.includes(p))
    const aborted = new Set(free.filter((p) => p.kind === 'abort').map((p) => p.stream))
    for (const packet of free) {
      if (!aborted.has(packet.stream)) this.heap.push({ ...packet, time: this.at })
    }
  }

  private start(cause: string): void {
    const { state } = this
    state.incarnation++
    state.status = { state: 'running', exitCode: null, crash: null, poweredOff: false }
    state.sockets.nextConn = 2
    this.busyUntil = this.at
    this.queue = []
    this.queueHead = 0
    this.recent = []
    const env = {
      pid: this.pid,
      seed: seedFrom(state.worldSeed, state.spec.name, state.incarnation),
      host: this.me.address,
      argv: state.spec.argv,
      cwd: '/var/lib/redis',
    }
    const tap: Tap | undefined = this.tapped ? (fact) => this.marks.fact(this.at, fact) : undefined
    try {
      this.machine = this.factory(env, tap)
    } catch (error) {
      this.crash(error)
      return
    }
    this.enqueue({ type: 'start' }, cause)
  }

  private runMachine(at: number): void {
    const next = this.queue[this.queueHead++] as Queued
    if (this.queueHead > 64 && this.queueHead * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.queueHead)
      this.queueHead = 0
    } else if (this.queueHead === this.queue.length) {
      this.queue.length = 0
      this.queueHead = 0
    }
    const machine = this.machine as Machine
    this.at = at
    if (next.input.type === 'data') this.sockets.read(next.input.conn, next.input.bytes.length, at)
    this.recent.push(next.input)
    if (this.recent.length > INPUTS_IN_REPORT) this.recent.shift()
    let outputs: readonly Output[]
    try {
      outputs = machine.handle(next.input, this.boxTime(at), this.boxTime(next.at), this.boxTime(next.sent))
    } catch (error) {
      this.crash(error)
      return
    }
    this.record(at, next.cause, { input: next.input, outputs })
    this.busyUntil = at + Math.max(0, Math.round(machine.workMicros))
    const leaves = this.busyUntil
    for (const output of outputs) {
      this.act(output, at, leaves)
      if (this.machine === null) return
    }
  }

  private boxTime(at: number): number {
    return this.state.epochMs * 1000 + at + this.state.clockOffset
  }

  private act(output: Output, at: number, leaves: number): void {
    const { state } = this
    const { index, incarnation } = state
    switch (output.type) {
      case 'send':
      case 'connect':
      case 'close':
      case 'listen':
      case 'unlisten':
        this.sockets.act(output, leaves)
        return
      case 'setTimer': {
        const due = Math.max(leaves, at + 1, Math.round(output.at - this.boxTime(at)) + at)
        const seq = this.nextSeq()
        this.timers.set(output.id, seq)
        this.heap.push({ kind: 'timer', time: due, src: index, seq, id: output.id, incarnation })
        return
      }
      case 'clearTimer':
        this.timers.delete(output.id)
        return
      case 'file': {
        const { op } = output
        state.diskFreeAt = Math.max(state.diskFreeAt, leaves) + fileOpMicros(state.disk, op)
        const late = op.op === 'fsync'
        const result = late ? null : applyFileOp(state.disk, op)
        const event = { time: state.diskFreeAt, src: index, seq: this.nextSeq(), id: output.id, incarnation }
        this.heap.push({ kind: 'file', ...event, result, op: late ? op : null })
        return
      }
      case 'log':
        this.marks.logLine(at, output.line)
        this.observer.log?.(at, output.line)
        return
      case 'stdout':
      case 'stderr':
        this.observer.output?.(output.type, at, output.bytes)
        return
      case 'exit':
        this.die('exited', output.code, true)
    }
  }

  private crash(error: unknown): void {
    const e = error instanceof Error ? error : new Error(String(error))
    const inputs = this.recent.map((input) => JSON.stringify(input).slice(0, 300)).join('\n')
    const where = `${this.name} at ${(this.at / 1e6).toFixed(6)} s, seed ${this.state.worldSeed}`
    this.die('crashed', null, true)
    this.state.status.crash = `${e.name}: ${e.message}\n${where}\n\n${e.stack ?? ''}\n\nLast inputs:\n${inputs}`
    this.marks.add(this.at, 'process.crash', `${e.name}: ${e.message}`, 3)
  }

  /** The kernel closes the sockets of a dead process (`speak`); a box without power says nothing. */
  private die(how: 'killed' | 'exited' | 'crashed', exitCode: number | null, speak: boolean): void {
    if (speak) this.sockets.closeAll(this.at)
    else this.sockets.forgetAll()
    if (this.tapped) this.state.remains = this.lastLook()
    this.machine = null
    this.queue = []
    this.queueHead = 0
    this.timers.clear()
    this.state.status = { state: how, exitCode, crash: null, poweredOff: false }
    if (how === 'exited') this.marks.add(this.at, 'process.exit', `exit code ${exitCode}`, 2)
  }

  private lastLook(): unknown {
    try {
      return this.machine?.view('remains', []) ?? null
    } catch {
      // What crashed may be in no state to be looked at.
      return null
    }
  }

  private record(at: number, cause: string, entry: TraceRecord['entry']): void {
    const { digest } = this.state
    digestNumber(digest, at)
    if ('world' in entry) digestValue(digest, entry.world)
    else {
      digestValue(digest, entry.input)
      for (const output of entry.outputs) digestValue(digest, output)
    }
    digestText(digest, cause)
    const seq = ++this.state.traceSeq
    this.observer.trace?.({ seq, at, process: this.name, cause, entry })
  }
}
