/**
 * Virtual time against the wall clock: play, pause, step, speed, breakpoints; and what the page is told, at most once a
 * frame. Everything that touches the world goes through one queue, so that an input never lands inside a window.
 */
import { breakpointOf, type Mark } from '../world/marks.ts'
import type { EventView, Scenario, SessionState } from '../world/types.ts'
import { EPOCH_MS, type ProgramFactory } from '../world/world.ts'
import { Conductor, type ConductorListener, type Threads } from './conductor.ts'
import type { FromPage, ToPage } from './page-protocol.ts'
import type { ViewRequest } from './worker-protocol.ts'

export interface SessionHost {
  readonly threads: Threads
  readonly programs: ProgramFactory
  readonly post: (message: ToPage) => void
  /** Wall clock, milliseconds. */
  readonly clock: () => number
  /** Calls back soon (0) or after some milliseconds. */
  readonly later: (ms: number, fn: () => void) => void
}

const SLICE_MS = 10
const FRAME_MS = 16
/** How long a worker may go on with its window after a kill. */
const KILL_MS = 120
const MAX_EVENTS = 4000
const MAX_PACKETS = 200

export class ConductorSession {
  private readonly host: SessionHost
  private conductor: Conductor
  private scenario: Scenario
  private queue: Promise<void> = Promise.resolve()
  private playing = false
  private speed = 1
  private base = { wall: 0, at: 0 }
  private meter = { wall: 0, at: 0, reached: 0 }
  private breakpoints: readonly string[] = []
  private events: EventView[] = []
  private eventSeq = 0
  private fresh: EventView[] = []
  private hit: SessionState['hit'] = null
  private readonly views = new Map<number, { process: string; request: ViewRequest }>()
  private lastPush = -1000
  private dirty = true

  constructor(host: SessionHost, scenario: Scenario) {
    this.host = host
    this.scenario = scenario
    this.conductor = this.begin(scenario)
    this.loop()
  }

  receive(message: FromPage): void {
    if (message.type === 'fault' && message.fault.type === 'kill') this.killHard(message.fault.process)
    if (message.type === 'end') this.killHard(message.process)
    this.queue = this.queue
      .then(() => this.perform(message))
      .catch((error: unknown) => {
        this.host.post({ type: 'error', message: error instanceof Error ? error.message : String(error) })
        if ('id' in message) this.done(message.id, false)
      })
  }

  /** A kill waits in the queue like any input, unless the process is what the queue waits for. */
  private killHard(process: string): void {
    const { conductor } = this
    const owed = conductor.owesAnswer(process)
    if (!owed) return
    this.host.later(KILL_MS, () => {
      if (conductor === this.conductor && conductor.owesAnswer(process) === owed) conductor.abandon(process)
    })
  }

  private begin(scenario: Scenario): Conductor {
    const listener: ConductorListener = {
      marks: (marks) => this.addMarks(marks),
      logs: (process, lines) => this.host.post({ type: 'logs', process, lines }),
      output: (process, bytes) => this.host.post({ type: 'output', process, bytes }),
      status: (process, status) => {
        if (status.state === 'running' || status.state === 'paused') return
        this.host.post({ type: 'exit', process, code: status.exitCode ?? 137 })
      },
    }
    return new Conductor(scenario, this.host.programs, this.host.threads, listener)
  }

  private addMarks(marks: readonly Mark[]): void {
    for (const mark of marks) {
      const event = { seq: ++this.eventSeq, ...mark }
      this.events.push(event)
      this.fresh.push(event)
      const breakpoint = this.hit ? null : breakpointOf(this.breakpoints, event)
      if (breakpoint === null) continue
      this.hit = { breakpoint, event }
      this.playing = false
    }
    if (this.events.length > MAX_EVENTS) {
      let excess = this.events.length - MAX_EVENTS / 2
      this.events = this.events.filter((e) => e.weight > 1 || excess-- <= 0)
      this.events = this.events.slice(-MAX_EVENTS)
    }
  }

  private async perform(message: FromPage): Promise<void> {
    this.dirty = true
    const { conductor } = this
    switch (message.type) {
      case 'open':
        return
      case 'play':
        this.hit = null
        this.playing = true
        this.rebase()
        return
      case 'pause':
        this.playing = false
        return
      case 'step':
        this.playing = false
        this.hit = null
        await conductor.step()
        await this.push()
        this.done(message.id)
        return
      case 'runTo':
        if (message.standing && this.playing) {
          this.done(message.id, false)
          return
        }
        this.playing = false
        this.hit = null
        await this.runTo(message.at)
        // The pushes on the way were of earlier moments.
        await this.push()
        this.done(message.id)
        return
      case 'restart':
        await this.restart(message.seed)
        this.done(message.id)
        return
      case 'speed':
        this.speed = Math.min(1000, Math.max(0.0001, message.speed))
        this.rebase()
        return
      case 'breakpoints':
        this.breakpoints = message.kinds
        return
      case 'subscribe': {
        const { id, process, view, args } = message
        this.views.set(id, { process, request: { id, view, args } })
        this.lastPush = -1000
        return
      }
      case 'unsubscribe':
        this.views.delete(message.id)
        return
      default:
        await this.input(message)
    }
  }

  private done(id: number, ran = true): void {
    this.host.post({ type: 'done', id, ran })
  }

  /** A paused world takes an input at once: the world runs up to it, and stands again. */
  private async input(message: FromPage & { type: 'fault' | 'spawn' | 'stdin' | 'winsize' | 'end' }): Promise<void> {
    const { conductor } = this
    const at = Math.ceil(conductor.horizon)
    if (message.type === 'fault') conductor.inject(message.fault)
    else if (message.type === 'spawn') conductor.spawn(message.spec)
    else if (message.type === 'end') conductor.input(message.process, { type: 'kill' })
    else {
      const { process, ...input } = message
      conductor.input(process, input)
    }
    if (this.playing) return
    while (conductor.nextTime() <= at) await conductor.step()
    conductor.stepped = null
  }

  private async restart(seed: number): Promise<void> {
    this.conductor.dispose()
    this.playing = false
    this.scenario = { ...this.scenario, seed }
    this.events = []
    this.fresh = []
    this.eventSeq = 0
    this.hit = null
    this.host.post({ type: 'reset' })
    this.conductor = this.begin(this.scenario)
    await this.push()
  }

  private async runTo(at: number): Promise<void> {
    const { conductor } = this
    while (conductor.nextTime() < at) {
      if (await conductor.window(at, this.breakpoints)) return
      if (this.host.clock() - this.lastPush >= FRAME_MS * 3) await this.push()
    }
    conductor.reach(at)
  }

  private rebase(): void {
    this.base = { wall: this.host.clock(), at: this.conductor.now }
    this.meter = { wall: this.base.wall, at: this.base.at, reached: this.meter.reached }
  }

  private loop(): void {
    this.queue = this.queue
      .then(() => this.turn())
      .catch((error: unknown) => {
        this.playing = false
        this.host.post({ type: 'error', message: error instanceof Error ? error.message : String(error) })
        return FRAME_MS
      })
      .then((wait) => this.host.later(wait, () => this.loop()))
  }

  /** A slice of play. Returns how long there is nothing to do, in milliseconds. */
  private async turn(): Promise<number> {
    const { conductor } = this
    let wait = FRAME_MS
    if (this.playing) {
      const started = this.host.clock()
      const perMs = 1000 * this.speed
      const target = Math.floor(this.base.at + (started - this.base.wall) * perMs)
      while (conductor.nextTime() < target && this.host.clock() - started < SLICE_MS) {
        if (await conductor.window(target, this.breakpoints)) {
          this.playing = false
          break
        }
      }
      if (this.playing && conductor.nextTime() >= target) {
        conductor.reach(target)
        wait = Math.min(FRAME_MS, Math.max(1, (conductor.nextTime() - target) / perMs))
      } else {
        wait = 0
        // The machine is too slow for this speed: do not pile up a debt.
        if (target - conductor.now > 200 * perMs) this.base = { wall: this.host.clock(), at: conductor.now }
      }
      this.dirty = true
      this.measure()
    }
    if (this.dirty && this.host.clock() - this.lastPush >= FRAME_MS) await this.push()
    return wait
  }

  private measure(): void {
    const wall = this.host.clock()
    if (wall - this.meter.wall < 500) return
    const reached = (this.conductor.now - this.meter.at) / 1000 / (wall - this.meter.wall)
    this.meter = { wall, at: this.conductor.now, reached }
  }

  private async push(): Promise<void> {
    const { conductor } = this
    this.dirty = false
    this.lastPush = this.host.clock()
    const requests = new Map<string, ViewRequest[]>()
    for (const { process, request } of this.views.values()) {
      const list = requests.get(process)
      if (list) list.push(request)
      else requests.set(process, [request])
    }
    const { statuses, packets, links, views } = await conductor.inspect(requests)
    const next = conductor.nextTime()
    const state: SessionState = {
      now: conductor.now,
      epochMs: EPOCH_MS,
      playing: this.playing,
      speed: this.speed,
      reachedSpeed: this.playing ? this.meter.reached : 0,
      eventCount: conductor.eventCount,
      nextEventAt: next === Infinity ? null : next,
      processes: statuses,
      packets: packets.slice(0, MAX_PACKETS),
      packetsOmitted: Math.max(0, packets.length - MAX_PACKETS),
      links,
      cuts: conductor.cuts,
      latencies: conductor.latencies,
      stepped: conductor.stepped,
      hit: this.hit,
      workers: conductor.workers,
      seed: this.scenario.seed,
      digest: conductor.digest(),
    }
    if (this.fresh.length > 0) {
      this.host.post({ type: 'events', events: this.fresh, reset: false })
      this.fresh = []
    }
    this.host.post({ type: 'state', state, views })
  }
}
