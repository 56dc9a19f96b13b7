/** Drives a mode: carries out the step that it waits for and resumes it with the answer. */
import type { Bytes } from '../../../bytes/bytes.ts'
import type { Host, Link, TimerId } from '../../../server/host.ts'
import { ReplyParser } from '../../../protocol/reply-parser.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { CookedLine } from '../cooked-line.ts'
import type { CliOptions } from '../options.ts'
import { encodeCommands } from './encode.ts'
import { Peers } from './peers.ts'
import { type Mode, type ModeContext, type ModeEvent, ModeExit, type Step, type StepResult } from './step.ts'

const RECONNECT_PAUSE_MS = 1000
/** Modes that sum up what they have on Ctrl-C; the others just end. */
const SUMS_UP: readonly (string | null)[] = ['bigkeys', 'memkeys', 'hotkeys', 'scan']

const LISTENING: readonly Step['do'][] = ['event', 'stdin', 'line']

export interface RunnerHost {
  readonly host: Host
  readonly options: CliOptions
  readonly print: (text: Bytes) => void
  readonly complain: (text: Bytes) => void
  readonly exit: (code: number) => void
  readonly below: (n: number) => number
}

export class ModeRunner {
  private readonly to: RunnerHost
  private readonly context: ModeContext
  private readonly cooked: CookedLine
  private readonly peers: Peers
  private mode: Mode | null = null
  private step: Step | null = null
  private link: Link | null
  private parser = new ReplyParser()
  private replies: Reply[] = []
  private events: ModeEvent[] = []
  private stdinText: Bytes = ''
  private stdinEnded = false
  private timer: TimerId | null = null
  private tries = 0

  constructor(to: RunnerHost, link: Link | null) {
    this.to = to
    this.link = link
    if (link) link.handlers = this.handlers()
    this.context = {
      options: to.options,
      print: to.print,
      complain: to.complain,
      now: () => to.host.now,
      below: to.below,
      send: (bytes) => this.link?.send(bytes),
      cancelled: false,
    }
    this.cooked = new CookedLine(to.print)
    this.peers = new Peers(to.host, (answer) => this.resume(answer))
  }

  run(make: (c: ModeContext) => Mode): void {
    this.mode = make(this.context)
    this.resume(undefined)
  }

  /** Keys of the terminal; '' is the end of the input. */
  stdin(bytes: Bytes): void {
    if (this.mode === null) return
    for (const event of this.cooked.feed(bytes, this.newline())) {
      if (event.type === 'interrupt') return this.interrupt()
      this.events.push({ type: 'stdin', bytes: event.type === 'end' ? '' : event.bytes })
    }
    this.pump()
  }

  private newline(): Bytes {
    // The protocol wants both; a text wants one.
    return this.to.options.mode === 'pipe' ? '\r\n' : '\n'
  }

  private interrupt(): void {
    this.to.print('^C\n')
    if (!SUMS_UP.includes(this.to.options.mode) || this.context.cancelled) return this.end(130)
    this.context.cancelled = true
    if (this.step?.do !== 'sleep' || this.timer === null) return
    // A signal ends a sleep.
    this.to.host.cancel(this.timer)
    this.timer = null
    this.resume(undefined)
  }

  private end(code: number): void {
    this.mode = null
    this.step = null
    this.peers.closeAll()
    this.to.exit(code)
  }

  private resume(answer: StepResult): void {
    let result: StepResult = answer
    while (this.mode !== null) {
      try {
        const next = this.mode.next(result)
        if (next.done) return this.end(next.value)
        this.step = next.value
      } catch (error) {
        if (!(error instanceof ModeExit)) throw error
        return this.end(error.code)
      }
      const ready = this.begin(this.step)
      if (ready === null) return
      result = ready.value
    }
  }

  /** Starts a step; an answer that is there at once, or null. */
  private begin(step: Step): { readonly value: StepResult } | null {
    switch (step.do) {
      case 'ask':
        this.replies = []
        if (step.commands.length === 0) return { value: [] }
        if (this.link?.open) this.link.send(encodeCommands(step.commands))
        else this.lost()
        return null
      case 'sleep':
        this.timer = this.to.host.after(step.micros / 1000, () => this.resume(undefined))
        return null
      case 'file':
        this.to.host.file(step.op, (result) => this.resume(result))
        return null
      case 'dial':
        this.peers.dial(step.host, step.port)
        return null
      case 'talk':
        return this.peers.talk(step.peer, step.argv) ? null : { value: null }
      case 'raw':
        return this.peers.raw(step.peer, step.send, step.take)
      case 'hangUp':
        this.peers.hangUp(step.peer)
        return { value: undefined }
      default: {
        if (step.do === 'event' && step.timeoutMs > 0 && this.events.length === 0) {
          this.timer = this.to.host.after(step.timeoutMs, () => {
            this.timer = null
            this.resume({ type: 'timeout' })
          })
        }
        return this.take(step)
      }
    }
  }

  /** What waits already for a step that listens. */
  private take(step: Step): { readonly value: StepResult } | null {
    if (step.do === 'event') {
      const event = this.events.shift()
      return event ? { value: event } : null
    }
    if (step.do !== 'stdin' && step.do !== 'line') return null
    for (const event of this.events.splice(0)) {
      if (event.type !== 'stdin') continue
      if (event.bytes === '') this.stdinEnded = true
      else this.stdinText += event.bytes
    }
    if (step.do === 'line') return this.takeLine(step)
    return this.stdinEnded ? { value: this.stdinText } : null
  }

  private takeLine(step: Extract<Step, { do: 'line' }>): { readonly value: StepResult } | null {
    const text = this.stdinText
    this.cooked.masked = step.masked
    if (text === '' && !this.stdinEnded) return null
    const newline = text.indexOf('\n')
    const whole = newline < 0 ? text.length : newline + 1
    const line = text.slice(0, Math.min(whole, step.max))
    this.stdinText = text.slice(step.rest ? whole : line.length)
    this.cooked.masked = false
    return { value: line }
  }

  private pump(): void {
    if (this.step === null || !LISTENING.includes(this.step.do)) return
    const ready = this.take(this.step)
    if (ready === null) return
    if (this.timer !== null) {
      this.to.host.cancel(this.timer)
      this.timer = null
    }
    this.resume(ready.value)
  }

  private handlers() {
    return {
      opened: () => this.reopened(),
      refused: () => this.lost(),
      data: (bytes: Bytes) => this.received(bytes),
      closed: () => this.lost(),
    }
  }

  private received(bytes: Bytes): void {
    this.parser.feed(bytes)
    for (;;) {
      const reply = this.parser.next()
      if (reply === undefined) break
      if (this.step?.do === 'ask') this.replies.push(reply)
      else this.events.push({ type: 'reply', reply })
    }
    if (this.parser.error !== null) {
      this.to.complain(`Error: ${this.parser.error}\n`)
      return this.end(1)
    }
    if (this.step?.do === 'ask' && this.replies.length >= this.step.commands.length) {
      if (this.tries > 0) this.to.print('\r\x1b[0K')
      this.tries = 0
      this.resume(this.replies)
    } else this.pump()
  }

  /** The connection is gone: modes that measure open it again, the others end. */
  private lost(): void {
    const { step } = this
    this.link = null
    if (step === null || this.mode === null) return
    if (step.do === 'sleep') return
    if (step.do === 'ask' && step.reconnect) {
      this.to.print(`\r\x1b[0KReconnecting... ${++this.tries}\r`)
      const { options, host } = this.to
      this.parser = new ReplyParser()
      const dial = (): void => {
        this.link = host.connect(options.host, options.port, this.handlers())
      }
      // The first try follows at once, the others a second later.
      if (this.tries === 1) dial()
      else this.timer = host.after(RECONNECT_PAUSE_MS, dial)
      return
    }
    this.to.complain('Error: Server closed the connection\n')
    this.end(1)
  }

  private reopened(): void {
    if (this.step?.do === 'ask') this.link?.send(encodeCommands(this.step.commands))
  }
}
