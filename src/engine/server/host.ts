/**
 * The sans-IO plumbing that every machine of ours stands on. Protocol code wants to say "connect there and tell me what
 * arrives"; a Machine may only return outputs and be told inputs. Host is the table between the two: it hands out
 * connection, timer and file numbers, collects the outputs of one `handle`, and routes each input to whoever asked.
 *
 *      protocol code ──send/after/file──▶ Host ──Output[]──▶ world or node adapter
 *      protocol code ◀──handlers──────── Host ◀──Input────── world or node adapter
 *
 * Invariants: a closed connection's handlers are never called again; a cancelled timer never fires; replies sent to one
 * connection within one `handle` leave as one `send` output, in order.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type {
  CloseReason,
  ConnId,
  FailedBind,
  FileOp,
  FileResult,
  Input,
  Micros,
  Output,
  ProcessEnv,
} from '../machine.ts'

export interface LinkHandlers {
  /** Outgoing only. */
  opened?(localHost: string, localPort: number): void
  refused?(error: string): void
  data(bytes: Bytes): void
  closed(reason: CloseReason): void
  /** Unsent bytes that the adapter reports after a write (backpressure). */
  sent?(pendingBytes: number): void
}

/** One connection, incoming or outgoing. */
export class Link {
  readonly conn: ConnId
  readonly outgoing: boolean
  remoteHost: string
  remotePort: number
  localHost = ''
  localPort = 0
  handlers: LinkHandlers
  open = false
  closed = false
  /** What is queued leaves behind that of all other links: in Redis its write handler runs in the next turn, after the replies. */
  late = false
  /** Queued in this `handle`; joined into one output. */
  pending: Bytes = ''
  private readonly host: Host
  constructor(
    host: Host,
    conn: ConnId,
    outgoing: boolean,
    remoteHost: string,
    remotePort: number,
    handlers: LinkHandlers,
  ) {
    this.host = host
    this.conn = conn
    this.outgoing = outgoing
    this.remoteHost = remoteHost
    this.remotePort = remotePort
    this.handlers = handlers
  }
  send(bytes: Bytes): void {
    if (this.closed || bytes.length === 0) return
    if (this.pending.length === 0) this.host.markDirty(this)
    this.pending += bytes
  }
  /** What was sent before still arrives, unless it is dropped. The handlers hear nothing more. */
  close(drop = false): void {
    if (this.closed) return
    this.closed = true
    this.host.closeLink(this, drop)
  }
}

export type TimerId = number
export type AcceptHandler = (link: Link, port: number) => LinkHandlers
/** `failed`: the addresses that could not be bound, also where the others do. */
export type ReadyHandler = (error: string | null, failed: readonly FailedBind[]) => void

export class Host {
  readonly env: ProcessEnv
  /** The time of the input being handled. */
  now: Micros = 0
  private out: Output[] = []
  private readonly links = new Map<ConnId, Link>()
  private readonly timers = new Map<TimerId, () => void>()
  private readonly files = new Map<number, (r: FileResult) => void>()
  private readonly listeners = new Map<number, { accept: AcceptHandler; ready: ReadyHandler }>()
  private dirtyLinks: Link[] = []
  private nextConn = 1
  private nextTimer = 1
  private nextFile = 1
  exited = false

  constructor(env: ProcessEnv) {
    this.env = env
  }

  get nowMs(): number {
    return Math.floor(this.now / 1000)
  }

  listen(port: number, bind: readonly string[], accept: AcceptHandler, ready: ReadyHandler = () => {}): void {
    this.listeners.set(port, { accept, ready })
    this.out.push({ type: 'listen', port, bind })
  }
  unlisten(port: number): void {
    if (this.listeners.delete(port)) this.out.push({ type: 'unlisten', port })
  }
  connect(host: string, port: number, handlers: LinkHandlers): Link {
    const conn = this.nextConn
    this.nextConn += 2
    const link = new Link(this, conn, true, host, port, handlers)
    this.links.set(conn, link)
    this.out.push({ type: 'connect', conn, host, port })
    return link
  }
  /** Calls `fn` once, not before `delayMs` from now. */
  after(delayMs: number, fn: () => void): TimerId {
    const id = this.nextTimer++
    this.timers.set(id, fn)
    this.out.push({ type: 'setTimer', id, at: this.now + Math.max(0, Math.round(delayMs * 1000)) })
    return id
  }
  cancel(id: TimerId): void {
    if (this.timers.delete(id)) this.out.push({ type: 'clearTimer', id })
  }
  /** Paths are absolute, or relative to the working directory. */
  file(op: FileOp, done: (r: FileResult) => void = () => {}): void {
    const id = this.nextFile++
    this.files.set(id, done)
    const abs = { ...op, path: this.resolve(op.path) }
    this.out.push({
      type: 'file',
      id,
      op: op.op === 'rename' ? { ...op, path: abs.path, to: this.resolve(op.to) } : abs,
    })
  }
  cwd: string | null = null
  resolve(path: string): string {
    if (path.startsWith('/')) return path
    const base = this.cwd ?? this.env.cwd
    const rel = path.startsWith('./') ? path.slice(2) : path
    return rel === '' || rel === '.' ? base : `${base.replace(/\/$/, '')}/${rel}`
  }
  log(line: string): void {
    this.out.push({ type: 'log', line })
  }
  stdout(bytes: Bytes): void {
    this.out.push({ type: 'stdout', bytes })
  }
  stderr(bytes: Bytes): void {
    this.out.push({ type: 'stderr', bytes })
  }
  exit(code: number): void {
    if (this.exited) return
    this.flush()
    this.exited = true
    this.out.push({ type: 'exit', code })
  }

  /** Inputs that concern links, timers, files and listeners are routed here; true when it was one of them. `start`, `signal`, `stdin` and `winsize` are the machine's own. */
  dispatch(input: Input): boolean {
    switch (input.type) {
      case 'data':
        this.links.get(input.conn)?.handlers.data(input.bytes)
        return true
      case 'timer': {
        const fn = this.timers.get(input.id)
        this.timers.delete(input.id)
        fn?.()
        return true
      }
      case 'accept': {
        const l = this.listeners.get(input.port)
        const link = new Link(this, input.conn, false, input.remoteHost, input.remotePort, NO_HANDLERS)
        if (!l) {
          link.close()
          return true
        }
        link.open = true
        link.localHost = input.localHost
        link.localPort = input.port
        this.links.set(input.conn, link)
        link.handlers = l.accept(link, input.port)
        return true
      }
      case 'opened': {
        const link = this.links.get(input.conn)
        if (!link) return true
        link.open = true
        link.localHost = input.localHost
        link.localPort = input.localPort
        link.handlers.opened?.(input.localHost, input.localPort)
        return true
      }
      case 'refused': {
        const link = this.links.get(input.conn)
        if (!link) return true
        this.forget(link)
        link.handlers.refused?.(input.error)
        return true
      }
      case 'closed': {
        const link = this.links.get(input.conn)
        if (!link) return true
        this.forget(link)
        link.handlers.closed(input.reason)
        return true
      }
      case 'sent':
        this.links.get(input.conn)?.handlers.sent?.(input.pendingBytes)
        return true
      case 'fileDone': {
        const fn = this.files.get(input.id)
        this.files.delete(input.id)
        fn?.(input.result)
        return true
      }
      case 'listening':
        this.listeners.get(input.port)?.ready(null, input.failed ?? [])
        return true
      case 'listenFailed': {
        const l = this.listeners.get(input.port)
        this.listeners.delete(input.port)
        l?.ready(input.error, input.failed ?? [])
        return true
      }
      default:
        return false
    }
  }

  /**
   * A process that waits for fsync says nothing meanwhile: until `letGo`, what goes to the network stays here, in its order,
   * so that whatever a reply promises is on disk before the reply leaves.
   */
  hold(): void {
    this.holding = true
  }
  letGo(): void {
    this.holding = false
  }
  private holding = false
  private held: Output[] = []

  /** The outputs of this `handle`. */
  take(): readonly Output[] {
    this.flush()
    let out = this.out
    this.out = []
    if (this.holding && !this.exited) {
      const isHeld = (o: Output): boolean => o.type === 'send' || o.type === 'close'
      this.held.push(...out.filter(isHeld))
      out = out.filter((o) => !isHeld(o))
    } else if (this.held.length > 0) {
      out = [...this.held, ...out]
      this.held = []
    }
    return out
  }

  /** For Link only. */
  markDirty(link: Link): void {
    this.dirtyLinks.push(link)
  }
  closeLink(link: Link, drop: boolean): void {
    if (drop) link.pending = ''
    else this.flushLink(link)
    this.links.delete(link.conn)
    this.out.push(drop ? { type: 'close', conn: link.conn, drop: true } : { type: 'close', conn: link.conn })
  }
  private forget(link: Link): void {
    link.closed = true
    link.pending = ''
    this.links.delete(link.conn)
  }
  private flushLink(link: Link): void {
    if (link.pending.length === 0) return
    const bytes = link.pending
    link.pending = ''
    this.out.push({ type: 'send', conn: link.conn, bytes })
  }
  private flush(): void {
    const dirty = this.dirtyLinks
    if (dirty.length === 0) return
    this.dirtyLinks = []
    for (const link of dirty) if (!link.late) this.flushLink(link)
    for (const link of dirty) if (link.late) this.flushLink(link)
  }
}

const NO_HANDLERS: LinkHandlers = { data() {}, closed() {} }
