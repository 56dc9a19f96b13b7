/** The page's end of a session: turns calls into messages to the conductor's worker, and its news into callbacks. */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { EventView, Fault, LogLine, Scenario, SessionState } from '../world/types.ts'
import type { FromPage, ToPage } from './page-protocol.ts'
import type { Session, Terminal } from './session.ts'

const MAX_LOG_LINES = 5000
const MAX_EVENTS = 4000

type Listeners<T> = Set<(value: T) => void>

class ClientTerminal implements Terminal {
  readonly process: string
  readonly outputs: Listeners<Bytes> = new Set()
  readonly exits: Listeners<number> = new Set()
  /** What came before anybody listened. */
  early: Bytes = ''
  exitCode: number | null = null
  private readonly post: (message: FromPage) => void
  constructor(process: string, post: (message: FromPage) => void) {
    this.process = process
    this.post = post
  }
  write(bytes: Bytes): void {
    this.post({ type: 'stdin', process: this.process, bytes })
  }
  resize(columns: number, rows: number): void {
    this.post({ type: 'winsize', process: this.process, columns, rows })
  }
  onOutput(fn: (bytes: Bytes) => void): () => void {
    if (this.early !== '') {
      const { early } = this
      this.early = ''
      fn(early)
    }
    return subscribe(this.outputs, fn)
  }
  onExit(fn: (code: number) => void): () => void {
    if (this.exitCode !== null) fn(this.exitCode)
    return subscribe(this.exits, fn)
  }
  close(): void {
    if (this.exitCode === null) this.post({ type: 'end', process: this.process })
  }
}

function subscribe<T>(set: Listeners<T>, fn: (value: T) => void): () => void {
  set.add(fn)
  return () => void set.delete(fn)
}

class ClientSession implements Session {
  scenario: Scenario
  private readonly worker: Worker
  private current: SessionState | null = null
  private events: EventView[] = []
  private readonly logs = new Map<string, LogLine[]>()
  private readonly stateListeners: Listeners<SessionState> = new Set()
  private readonly eventListeners: Listeners<readonly EventView[]> = new Set()
  private readonly logListeners = new Map<string, Listeners<readonly LogLine[]>>()
  private readonly viewListeners = new Map<number, (data: unknown) => void>()
  private readonly terminals = new Map<string, ClientTerminal>()
  private readonly waiting = new Map<number, (ran: boolean) => void>()
  private readonly opened: (session: Session) => void
  private readonly failed: (error: Error) => void
  private nextId = 1
  private nextTerminal = 1

  constructor(scenario: Scenario, opened: (session: Session) => void, failed: (error: Error) => void) {
    this.scenario = scenario
    this.opened = opened
    this.failed = failed
    this.worker = new Worker(new URL('./conductor-worker.ts', import.meta.url), { type: 'module', name: 'conductor' })
    this.worker.onmessage = (event: MessageEvent<ToPage>) => this.receive(event.data)
    this.worker.onerror = (event) => this.failed(new Error(event.message || 'The conductor could not start'))
    this.post({ type: 'open', scenario })
  }

  state(): SessionState {
    return this.current as SessionState
  }
  onState(fn: (s: SessionState) => void): () => void {
    if (this.current) fn(this.current)
    return subscribe(this.stateListeners, fn)
  }
  onEvents(fn: (all: readonly EventView[]) => void): () => void {
    fn(this.events)
    return subscribe(this.eventListeners, fn)
  }
  play(): void {
    this.post({ type: 'play' })
  }
  pause(): void {
    this.post({ type: 'pause' })
  }
  step(): Promise<void> {
    return this.order((id) => ({ type: 'step', id }))
  }
  runTo(at: number): Promise<void> {
    return this.order((id) => ({ type: 'runTo', id, at, standing: false }))
  }
  runWhileStanding(at: number): Promise<boolean> {
    return this.ask((id) => ({ type: 'runTo', id, at, standing: true }))
  }
  setSpeed(speed: number): void {
    this.post({ type: 'speed', speed })
  }
  setBreakpoints(kinds: readonly string[]): void {
    this.post({ type: 'breakpoints', kinds })
  }
  fault(fault: Fault): void {
    this.post({ type: 'fault', fault })
  }
  restart(seed = this.scenario.seed): Promise<void> {
    this.scenario = { ...this.scenario, seed }
    return this.order((id) => ({ type: 'restart', id, seed }))
  }
  subscribeView(process: string, view: string, args: readonly string[], fn: (data: unknown) => void): () => void {
    const id = this.nextId++
    this.viewListeners.set(id, fn)
    this.post({ type: 'subscribe', id, process, view, args })
    return () => {
      if (this.viewListeners.delete(id)) this.post({ type: 'unsubscribe', id })
    }
  }
  log(process: string, fn: (lines: readonly LogLine[]) => void): () => void {
    fn(this.logs.get(process) ?? [])
    const set = this.logListeners.get(process) ?? new Set()
    this.logListeners.set(process, set)
    return subscribe(set, fn)
  }
  openTerminal(box: string, argv: readonly string[]): Terminal {
    return this.spawn(`cli-${this.nextTerminal++}`, 'client', box, argv)
  }
  openApp(box: string, argv: readonly string[]): Terminal {
    return this.spawn(`app-${this.nextTerminal++}`, 'app', box, argv)
  }
  tell(process: string, order: string): void {
    this.post({ type: 'stdin', process, bytes: `${order}\n` })
  }
  private spawn(name: string, kind: 'client' | 'app', box: string, argv: readonly string[]): Terminal {
    const terminal = new ClientTerminal(name, (message) => this.post(message))
    this.terminals.set(name, terminal)
    this.post({ type: 'spawn', spec: { name, kind, box, port: 0, argv } })
    return terminal
  }
  dispose(): void {
    this.worker.terminate()
    for (const done of this.waiting.values()) done(false)
    this.waiting.clear()
  }

  private post(message: FromPage): void {
    this.worker.postMessage(message)
  }
  private async order(message: (id: number) => FromPage): Promise<void> {
    await this.ask(message)
  }
  private ask(message: (id: number) => FromPage): Promise<boolean> {
    const id = this.nextId++
    return new Promise((resolve) => {
      this.waiting.set(id, resolve)
      this.post(message(id))
    })
  }

  private receive(message: ToPage): void {
    switch (message.type) {
      case 'state':
        this.current = message.state
        this.opened(this)
        for (const [id, data] of message.views) this.viewListeners.get(id)?.(data)
        for (const fn of this.stateListeners) fn(message.state)
        return
      case 'events':
        this.events = [...this.events, ...message.events]
        if (this.events.length > MAX_EVENTS) {
          let excess = this.events.length - MAX_EVENTS / 2
          this.events = this.events.filter((e) => e.weight > 1 || excess-- <= 0).slice(-MAX_EVENTS)
        }
        for (const fn of this.eventListeners) fn(this.events)
        return
      case 'logs': {
        const lines = [...(this.logs.get(message.process) ?? []), ...message.lines].slice(-MAX_LOG_LINES)
        this.logs.set(message.process, lines)
        for (const fn of this.logListeners.get(message.process) ?? []) fn(lines)
        return
      }
      case 'output': {
        const terminal = this.terminals.get(message.process)
        if (!terminal) return
        if (terminal.outputs.size === 0) terminal.early += message.bytes
        for (const fn of terminal.outputs) fn(message.bytes)
        return
      }
      case 'exit': {
        const terminal = this.terminals.get(message.process)
        if (!terminal) return
        terminal.exitCode = message.code
        for (const fn of terminal.exits) fn(message.code)
        return
      }
      case 'reset':
        this.reset()
        return
      case 'done':
        this.waiting.get(message.id)?.(message.ran)
        this.waiting.delete(message.id)
        return
      case 'error':
        if (!this.current) this.failed(new Error(message.message))
        else console.error(message.message)
    }
  }

  /** The world starts from zero: its terminals are gone with it. */
  private reset(): void {
    this.events = []
    for (const fn of this.eventListeners) fn(this.events)
    for (const process of this.logs.keys()) for (const fn of this.logListeners.get(process) ?? []) fn([])
    this.logs.clear()
    for (const terminal of this.terminals.values()) {
      if (terminal.exitCode !== null) continue
      terminal.exitCode = 137
      for (const fn of terminal.exits) fn(137)
    }
    this.terminals.clear()
  }
}

/** Starts the world of a scenario in workers of its own. It stands at time zero until `play`. */
export function openSession(scenario: Scenario): Promise<Session> {
  return new Promise((resolve, reject) => {
    new ClientSession(scenario, resolve, reject)
  })
}
