/**
 * redis-cli as a program of the world, so that a partition hits it as it hits anybody. One state at a time:
 *
 *   connecting ──▶ greeting (AUTH, HELLO, SELECT) ──▶ editing ──Enter──▶ waiting ──reply──▶ editing
 *                                                                     └▶ streaming (SUBSCRIBE, MONITOR) ──Ctrl-C──▶ connecting
 *
 * The special modes (--bigkeys, --stat ...) take the connection over once it is greeted: see modes/.
 *
 * What is typed while it waits is kept for the next prompt. Kept exactly: prompts, reply formats, reconnecting and
 * re-selecting, the commands whose replies are raw, timing of slow commands, history privacy. Simplified: it knows the
 * commands from the table built in instead of asking with COMMAND DOCS at the start.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { Prng } from '../../bytes/prng.ts'
import { splitArgs } from '../../bytes/quote.ts'
import type { Input, Machine, Micros, Output, ProcessEnv, Tap } from '../../machine.ts'
import { ReplyParser } from '../../protocol/reply-parser.ts'
import type { Reply } from '../../protocol/reply.ts'
import { Host, type Link, type LinkHandlers } from '../../server/host.ts'
import { isSensitive, repliesRaw } from './command-rules.ts'
import { connectError } from './connect-error.ts'
import { formatCsv, formatJson, formatRaw, formatTty, isError, isPush } from './format.ts'
import { completions, helpText, hint } from './help.ts'
import { Linenoise } from './linenoise.ts'
import { encodeCommands } from './modes/encode.ts'
import type { Modes } from './modes/index.ts'
import type { ModeRunner } from './modes/runner.ts'
import type { Mode, ModeContext, Step, StepResult } from './modes/step.ts'
import { type CliOptions, parseOptions } from './options.ts'
import { parseRedirect } from './redirect.ts'

type State = 'start' | 'connecting' | 'greeting' | 'editing' | 'waiting' | 'streaming' | 'sleeping' | 'mode' | 'ended'

/** What not every redis-cli needs: it may be handed in without. */
export interface CliParts {
  /** What `--cluster` runs. */
  readonly manager: ((c: ModeContext) => Mode) | null
  readonly modes: Modes | null
}

interface Pending {
  readonly argv: readonly Bytes[]
  /** Runs left, this one included; -1 is for ever. */
  repeat: number
  /** Runs in all: a redirected command begins anew. */
  readonly runs: number
  retried: boolean
  startedAt: Micros
}

export class RedisCliCore implements Machine {
  private readonly host: Host
  private readonly tap: Tap | undefined
  private options: CliOptions | null = null
  private readonly line: Linenoise
  private state: State = 'start'
  private link: Link | null = null
  private parser = new ReplyParser()
  private greetings: { readonly argv: readonly Bytes[]; readonly failed: (text: Bytes) => Bytes }[] = []
  private pending: Pending | null = null
  private typeahead: Bytes = ''
  private streamKind: 'pubsub' | 'monitor' = 'pubsub'
  private held: Reply[] = []
  private db = 0
  private preMultiDb = 0
  private inMulti = false
  private resp3 = false
  private shuttingDown = false
  /** The next command follows an ASK. */
  private asking = false
  private runner: ModeRunner | null = null
  private readonly early: Bytes[] = []

  private readonly parts: CliParts

  constructor(env: ProcessEnv, tap: Tap | undefined, parts: CliParts) {
    this.parts = parts
    this.host = new Host(env)
    this.tap = tap
    this.line = new Linenoise({ complete: completions, hint: (text) => this.hintFor(text) }, (b) => this.host.stdout(b))
  }

  get workMicros(): number {
    return 1
  }
  private get interactive(): boolean {
    const o = this.options
    return o !== null && o.command.length === 0 && o.mode === null && o.script === null
  }

  handle(input: Input, now: Micros): readonly Output[] {
    this.host.now = now
    if (!this.host.dispatch(input)) {
      if (input.type === 'start') this.start()
      else if (input.type === 'stdin') this.stdin(input.bytes)
      else if (input.type === 'winsize') this.line.columns = Math.max(20, input.columns)
      else if (input.type === 'signal') this.exit(input.signal === 'SIGINT' ? 130 : 143)
    }
    return this.host.take()
  }

  view(name: string): unknown {
    if (name !== 'summary') return null
    const o = this.options
    const at = o === null ? '' : `${o.host}:${o.port}`
    const line = this.link?.open
      ? this.state === 'waiting'
        ? `waits for ${at}`
        : `connected to ${at}`
      : `not connected to ${at}`
    return { role: 'client', line }
  }

  private start(): void {
    const parsed = parseOptions(this.host.env.argv)
    if (!parsed.ok) {
      this.print(parsed.text)
      this.exit(parsed.code)
      return
    }
    if (parsed.notes !== '') this.print(parsed.notes)
    this.options = parsed.options
    this.db = parsed.options.db
    this.resp3 = parsed.options.resp3
    this.line.hintsEnabled = parsed.options.hints
    const { repeat, command, mode, script, stdinLast, stdinTag } = parsed.options
    if (parsed.options.cluster.name !== null) {
      this.startMode(null, this.parts.manager)
      return
    }
    if (repeat === 0 && mode === null && command.length > 0) {
      this.exit(0)
      return
    }
    // What is piped in is read before the server is asked for.
    if (mode === null && script === null && command.length > 0) {
      if (stdinLast || stdinTag !== null) {
        this.startMode(null, (c, modes) => this.readThen(modes.withStdin(c)))
        return
      }
      this.pending = { argv: command, repeat, runs: repeat, retried: true, startedAt: this.host.now }
    }
    this.connect()
  }

  private startMode(link: Link | null, make: ((c: ModeContext, modes: Modes) => Mode) | null): void {
    const { modes } = this.parts
    if (make === null || modes === null) return this.exit(1)
    this.state = 'mode'
    const print = (text: Bytes): void => this.print(text)
    const complain = (text: Bytes): void => this.host.stderr(text.replace(/\r?\n/g, '\r\n'))
    const exit = (code: number): void => {
      // A mode that only reads hands over to the ordinary way of a command.
      if (this.state === 'mode') this.exit(code)
    }
    const dice = new Prng(this.host.env.seed)
    const below = (n: number): number => dice.below(n)
    const options = this.options as CliOptions
    this.runner = new modes.ModeRunner({ host: this.host, options, print, complain, exit, below }, link)
    this.runner.run((c) => make(c, modes))
    for (const bytes of this.early.splice(0)) this.runner?.stdin(bytes)
  }

  /** A command that had to be read first: it goes the way of one that was typed. */
  private *readThen(read: Generator<Step, readonly Bytes[], StepResult>): Mode {
    const argv = yield* read
    const { repeat } = this.options as CliOptions
    this.pending = { argv, repeat, runs: repeat, retried: true, startedAt: this.host.now }
    this.runner = null
    if (this.link?.open) {
      this.link.handlers = this.linkHandlers()
      this.sendPending()
    } else this.connect()
    return 0
  }

  /** Terminal text: the terminal wants a carriage return before each newline. */
  private print(text: Bytes): void {
    this.host.stdout(text.replace(/\r?\n/g, '\r\n'))
  }
  private exit(code: number): void {
    this.state = 'ended'
    this.link?.close()
    this.host.exit(code)
  }

  // ---- connection -------------------------------------------------------------------------------------------------

  private connect(): void {
    const o = this.options as CliOptions
    this.link?.close()
    this.parser = new ReplyParser()
    this.inMulti = false
    this.state = 'connecting'
    this.link = this.host.connect(o.host, o.port, this.linkHandlers())
  }

  private linkHandlers(): LinkHandlers {
    return {
      opened: () => this.greet(),
      refused: (error) => this.refused(error),
      data: (bytes) => this.received(bytes),
      closed: () => this.closed(),
    }
  }

  private greet(): void {
    const o = this.options as CliOptions
    this.greetings = []
    if (o.password !== null) {
      const argv = o.user === null ? ['AUTH', o.password] : ['AUTH', o.user, o.password]
      this.greetings.push({ argv, failed: (text) => `AUTH failed: ${text}\n` })
    }
    if (this.resp3) this.greetings.push({ argv: ['HELLO', '3'], failed: (text) => `HELLO 3 failed: ${text}\n` })
    if (this.db !== 0) {
      this.greetings.push({
        argv: ['SELECT', String(this.db)],
        failed: (text) => `SELECT ${this.db} failed: ${text}\n`,
      })
    }
    if (this.asking) this.greetings.push({ argv: ['ASKING'], failed: (text) => `ASKING failed: ${text}\n` })
    this.asking = false
    this.state = 'greeting'
    for (const g of this.greetings) this.sendArgv(g.argv)
    if (this.greetings.length === 0) this.ready()
  }

  private ready(): void {
    const o = this.options as CliOptions
    if (o.mode !== null) this.startMode(this.link, this.parts.modes?.byName[o.mode] ?? null)
    else if (o.script !== null && this.pending === null)
      this.startMode(this.link, (c, modes) => this.readThen(modes.evalCommand(c, o.script as string, o.command)))
    else if (this.pending !== null) this.sendPending()
    else this.prompt()
  }

  private refused(error: string): void {
    const o = this.options as CliOptions
    this.link = null
    this.asking = false
    this.print(`${connectError(o.host, o.port, error)}\n`)
    this.pending = null
    if (this.interactive) this.prompt()
    else this.exit(1)
  }

  private closed(): void {
    this.link = null
    const p = this.pending
    if (this.state === 'editing' || this.state === 'ended' || this.state === 'sleeping') return
    if (this.shuttingDown || p === null || p.retried || !this.interactive) {
      const quiet = this.shuttingDown && p !== null
      this.shuttingDown = false
      this.pending = null
      if (!quiet) this.print('Error: Server closed the connection\n')
      if (this.interactive) this.prompt()
      else this.exit(quiet ? 0 : 1)
      return
    }
    p.retried = true
    this.connect()
  }

  private sendArgv(argv: readonly Bytes[]): void {
    this.link?.send(encodeCommands([argv]))
  }

  // ---- editing ----------------------------------------------------------------------------------------------------

  private promptText(): string {
    const o = this.options as CliOptions
    if (this.link === null || !this.link.open) return 'not connected> '
    const host = o.host.includes(':') ? `[${o.host}]` : o.host
    return `${host}:${o.port}${this.db !== 0 ? `[${this.db}]` : ''}${this.inMulti ? '(TX)' : ''}> `
  }

  private prompt(): void {
    this.state = 'editing'
    this.line.begin(this.promptText())
    const typed = this.typeahead
    this.typeahead = ''
    if (typed !== '') this.stdin(typed)
  }

  private hintFor(text: Bytes): string {
    const argv = splitArgs(text)
    if (argv === null || argv.length === 0) return ''
    return hint(argv, /\s$/.test(text))
  }

  private stdin(bytes: Bytes): void {
    if (this.state === 'ended') return
    if (this.state === 'mode') {
      this.runner?.stdin(bytes)
      return
    }
    // A mode's input may come before its connection is there.
    if (this.options !== null && (this.options.mode !== null || this.options.script !== null) && this.runner === null) {
      this.early.push(bytes)
      return
    }
    if (bytes === '' && this.interactive) this.exit(0)
    // A single key draws at once; what came together is drawn once.
    const together = bytes.length > 1
    if (together) this.line.hold()
    this.feed(bytes)
    if (together) this.line.flush()
  }

  private feed(bytes: Bytes): void {
    for (let i = 0; i < bytes.length; i++) {
      if (this.state !== 'editing') {
        // What comes before a Ctrl-C waits for the next prompt, all at once: a paste can be long.
        const stop = bytes.indexOf('\x03', i)
        if (stop !== i && this.state !== 'streaming') this.typeahead += bytes.slice(i, stop < 0 ? undefined : stop)
        if (stop < 0) return
        i = stop
        this.interrupt()
        continue
      }
      const event = this.line.feed(bytes[i] as Bytes)
      if (event === null) continue
      this.host.stdout('\r\n')
      if (event.type === 'eof') {
        this.exit(0)
        return
      }
      if (event.type === 'interrupt') {
        this.print('(Ctrl-D or quit leaves)\n')
        this.prompt()
      } else this.entered(event.text)
    }
  }

  /** Ctrl-C while something runs: leave the mode with a fresh connection, as redis-cli does. */
  private interrupt(): void {
    if (!this.interactive) {
      this.exit(130)
      return
    }
    this.host.stdout('^C\r\n')
    this.pending = null
    this.typeahead = ''
    this.connect()
  }

  private entered(text: Bytes): void {
    const argv = splitArgs(text)
    if (!/^\s*$/.test(text) && !(argv !== null && isSensitive(argv))) this.line.addHistory(text)
    if (argv === null) {
      this.print('Invalid argument(s)\n')
      this.prompt()
      return
    }
    if (argv.length === 0) {
      this.prompt()
      return
    }
    let repeat = 1
    let command = argv
    if (argv.length > 1 && /^-?\d+$/.test(argv[0] as string)) {
      repeat = Number(argv[0])
      command = argv.slice(1)
      if (repeat <= 0) {
        this.print('Invalid redis-cli repeat command option value.\n')
        this.prompt()
        return
      }
    }
    if (this.local(command)) return
    this.pending = { argv: command, repeat, runs: repeat, retried: false, startedAt: this.host.now }
    this.shuttingDown = false
    if (this.link === null || !this.link.open) this.connect()
    else this.sendPending()
  }

  /** Commands that never leave the program. */
  private local(argv: readonly Bytes[]): boolean {
    const name = (argv[0] as Bytes).toLowerCase()
    if (name === 'quit' || name === 'exit') {
      this.exit(0)
      return true
    }
    if (name === 'help' || name === '?') this.host.stdout(helpText(argv.slice(1)).replace(/\r?\n/g, '\r\n'))
    else if (name.startsWith(':')) this.preference(argv)
    else if (name === 'clear' && argv.length === 1) this.line.clearScreen()
    else if (name === 'restart' && argv.length === 1) this.print("Use 'restart' only in Lua debugging mode.\n")
    else if (name === 'connect' && argv.length === 3) {
      const o = this.options as CliOptions
      o.host = argv[1] as string
      o.port = Number.parseInt(argv[2] as string, 10) || 0
      this.connect()
      return true
    } else return false
    this.prompt()
    return true
  }

  private preference(argv: readonly Bytes[]): void {
    const what = (argv[1] ?? '').toLowerCase()
    if (argv[0]?.toLowerCase() === ':set' && what === 'hints') this.line.hintsEnabled = true
    else if (argv[0]?.toLowerCase() === ':set' && what === 'nohints') this.line.hintsEnabled = false
    else this.print(`unknown redis-cli preference '${argv[1] ?? ''}'\n`)
  }

  // ---- commands and replies ---------------------------------------------------------------------------------------

  private sendPending(): void {
    const p = this.pending as Pending
    const name = (p.argv[0] as Bytes).toLowerCase()
    p.startedAt = this.host.now
    this.sendArgv(p.argv)
    if (name === 'shutdown') this.shuttingDown = true
    this.state = 'waiting'
    if (['subscribe', 'psubscribe', 'ssubscribe'].includes(name)) {
      this.state = 'streaming'
      this.streamKind = 'pubsub'
      if (this.options?.output !== 'raw') this.print('Reading messages... (press Ctrl-C to quit)\n')
    } else if (name === 'monitor') {
      this.state = 'streaming'
      this.streamKind = 'monitor'
    }
  }

  private received(bytes: Bytes): void {
    this.parser.feed(bytes)
    for (;;) {
      const reply = this.nextReply()
      if (reply === undefined) return
      if (this.state === 'greeting') this.greeted(reply)
      else if (this.state === 'streaming') this.streamed(reply)
      else if (isPush(reply)) {
        if (this.state === 'waiting') this.showPush(reply)
        else this.held.push(reply)
      } else if (this.state === 'waiting') this.answered(reply)
    }
  }

  /** undefined while a reply is not whole; a stream that is not RESP ends the connection. */
  private nextReply(): Reply | undefined {
    const reply = this.parser.next()
    if (reply !== undefined || this.parser.error === null) return reply
    this.print(`Error: ${this.parser.error}\n`)
    this.link?.close()
    this.link = null
    this.pending = null
    if (this.interactive) this.prompt()
    else this.exit(1)
    return undefined
  }

  private greeted(reply: Reply): void {
    const g = this.greetings.shift()
    if (isError(reply) && g !== undefined) this.print(g.failed(reply.text))
    if (this.greetings.length === 0) this.ready()
  }

  private format(reply: Reply, rawStrings: boolean): Bytes {
    const o = this.options as CliOptions
    if (rawStrings) return formatRaw(reply, o.elementDelimiter)
    switch (o.output) {
      case 'raw':
        return formatRaw(reply, o.elementDelimiter) + o.replyDelimiter
      case 'csv':
        return `${formatCsv(reply)}\n`
      case 'json':
        return `${formatJson(reply)}\n`
      case 'quoted-json':
        return `${formatJson(reply, true)}\n`
      default:
        return formatTty(reply)
    }
  }

  private showPush(reply: Reply): void {
    if (!this.options?.showPushes) return
    const items = isPush(reply) ? reply.items : []
    if (items[0] === 'invalidate') {
      const keys = items[1]
      if (Array.isArray(keys)) for (const k of keys) this.print(`-> invalidate: '${String(k)}'\n`)
      else this.print('-> invalidate: ALL KEYS\n')
      return
    }
    this.print(formatTty(reply))
  }

  /** -c: the command goes to the node that the reply names. */
  private redirected(reply: Reply): boolean {
    const o = this.options as CliOptions
    const to = o.followRedirects && isError(reply) ? parseRedirect(reply.text) : null
    const p = this.pending
    if (to === null || p === null) return false
    if (to.host !== '') o.host = to.host
    o.port = to.port
    if (this.interactive) this.print(`-> Redirected to slot [${to.slot}] located at ${o.host}:${o.port}\n`)
    this.asking = to.ask
    p.repeat = p.runs
    this.connect()
    return true
  }

  private streamed(reply: Reply): void {
    if (this.redirected(reply)) return
    this.print(this.format(reply, this.streamKind === 'monitor' && !isError(reply) && this.options?.output === 'raw'))
    if (isError(reply)) {
      this.pending = null
      if (this.interactive) this.prompt()
      else this.exit(1)
    }
  }

  private answered(reply: Reply): void {
    const p = this.pending as Pending
    const o = this.options as CliOptions
    for (const push of this.held.splice(0)) this.showPush(push)
    if (this.redirected(reply)) return
    if (isError(reply) && o.errorExit && !this.interactive) {
      this.print(`${reply.text}\n`)
      this.exit(1)
      return
    }
    this.print(this.format(reply, repliesRaw(p.argv)))
    this.follow(p.argv, reply)
    const elapsedMicros = this.host.now - p.startedAt
    if (p.repeat > 0) p.repeat--
    if (p.repeat !== 0) {
      if (o.intervalMicros > 0) {
        this.state = 'sleeping'
        this.host.after(o.intervalMicros / 1000, () => {
          if (this.pending === p) this.sendPending()
        })
      } else this.sendPending()
      return
    }
    this.pending = null
    if (!this.interactive) {
      this.exit(0)
      return
    }
    if (elapsedMicros >= 500_000 && o.output === 'tty') this.print(`(${(elapsedMicros / 1e6).toFixed(2)}s)\n`)
    this.tap?.({ kind: 'cli.reply', command: p.argv[0] as string })
    this.prompt()
  }

  /** What a reply tells the program about its connection: the prompt shows it. */
  private follow(argv: readonly Bytes[], reply: Reply): void {
    const name = (argv[0] as Bytes).toLowerCase()
    const ok = !isError(reply)
    if (name === 'select' && argv.length === 2 && ok) this.db = Number.parseInt(argv[1] as string, 10) || 0
    else if (name === 'multi' && argv.length === 1 && ok) {
      this.inMulti = true
      this.preMultiDb = this.db
    } else if (name === 'exec' && argv.length === 1 && this.inMulti) {
      this.inMulti = false
      const aborted = isError(reply) || reply === null || (typeof reply === 'object' && !Array.isArray(reply))
      if (aborted) this.db = this.preMultiDb
    } else if (name === 'discard' && argv.length === 1 && ok) {
      this.inMulti = false
      this.db = this.preMultiDb
    } else if (name === 'hello' && ok && argv.length > 1) this.resp3 = argv[1] === '3'
    else if (name === 'reset' && argv.length === 1 && ok) {
      this.inMulti = false
      this.db = 0
      this.resp3 = false
    }
  }
}
