/**
 * A partitioning proxy, as Twemproxy (nutcracker) is one: applications speak to it as to one server, and it hands each
 * request to the server that its ring names. Servers and applications know nothing of each other.
 *
 *   application ──GET k──▶ proxy ──ring──▶ server        one hop more each way
 *               ◀─────────      ◀────────
 *
 * It keeps one connection to each server and puts everybody's requests on it without waiting (pipelining); answers go to
 * each application in the order of its questions. MGET, MSET, DEL, UNLINK and TOUCH are split by server and their answers
 * merged. What concerns all servers or a connection's state (KEYS, MULTI, SELECT, BLPOP …) cannot be split: it is refused
 * and the connection closed.
 *
 * Simplified: Twemproxy closes the connection of a refused request without a word, this one says "-ERR Invalid argument"
 * first; servers are not ejected; the hash is MurmurHash64A, and there are no hash tags.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Input, Machine, Micros, Output, ProcessEnv, Tap } from '../../machine.ts'
import type { ParsedReply } from '../../protocol/reply-parser.ts'
import { encodeReply } from '../../protocol/reply-writer.ts'
import { RequestReader } from '../../protocol/request-reader.ts'
import { Host, type Link, type LinkHandlers } from '../../server/host.ts'
import { Connections } from './connections.ts'
import { parseProxy, proxyDefaults, type ProxyOptions, removeServer } from './options.ts'
import { type Fragment, fragments } from './proxy-requests.ts'
import { ServerRing } from './ring.ts'

const LIMITS = { protoMaxBulkLen: 512 * 1024 * 1024 }
const WORK_MICROS = 5
const WORK_PER_REQUEST = 1
/** strerror, as Twemproxy answers for a server that it does not reach. */
const ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
  timeout: 'Connection timed out',
}
const INVALID = '-ERR Invalid argument\r\n'

/** A question of an application that waits for its turn to be answered. */
interface Slot {
  bytes: Bytes | null
  readonly last: boolean
}

export class Proxy implements Machine {
  workMicros = 0
  private readonly host: Host
  private readonly options: ProxyOptions = proxyDefaults()
  private readonly ring = new ServerRing()
  private readonly servers: Connections
  private readonly loads = new Map<string, number>()
  private total = { requests: 0, forwarded: 0, split: 0, refused: 0, errors: 0 }
  private clients = 0
  private line = ''

  constructor(env: ProcessEnv, _tap?: Tap) {
    this.host = new Host(env)
    this.servers = new Connections(this.host)
  }

  handle(input: Input, now: Micros): readonly Output[] {
    this.host.now = now
    this.workMicros = WORK_MICROS
    if (input.type === 'start') this.start()
    else if (input.type === 'signal') this.host.exit(0)
    else if (input.type === 'stdin') this.typed(input.bytes)
    else if (input.type !== 'winsize') this.host.dispatch(input)
    return this.host.take()
  }
  private start(): void {
    const wrong = parseProxy(this.host.env.argv.slice(1), this.options)
    if (wrong !== null) return this.fail(wrong)
    this.setRing()
    this.host.listen(
      this.options.listen,
      ['*'],
      (link) => this.accept(link),
      (error) => error !== null && this.fail(`port ${this.options.listen}: ${error}`),
    )
  }
  private fail(text: string): void {
    this.host.stderr(`${text}\n`)
    this.host.exit(1)
  }
  /** An address is a server more, "remove 10.0.0.11:6379" one less, "reset" counts from zero; also options. */
  private typed(bytes: Bytes): void {
    this.line += bytes
    const lines = this.line.split(/[\r\n]/)
    this.line = lines.pop() ?? ''
    for (const line of lines) {
      const words = line.trim().split(/\s+/).filter(Boolean)
      if (words.length === 0) continue
      if (words[0] === 'reset') {
        this.loads.clear()
        this.total = { requests: 0, forwarded: 0, split: 0, refused: 0, errors: 0 }
        continue
      }
      const wrong =
        words[0] === 'remove' ? removeServer(this.options.seeds, words[1] ?? '') : parseProxy(words, this.options)
      if (wrong !== null) this.host.stderr(`${wrong}\n`)
      this.setRing()
    }
  }
  private setRing(): void {
    this.ring.set(this.options.seeds, this.options.vnodes)
  }

  private accept(link: Link): LinkHandlers {
    const reader = new RequestReader()
    const queue: Slot[] = []
    this.clients++
    let closing = false
    const flush = (): void => {
      while (queue.length > 0 && queue[0]?.bytes != null) {
        const slot = queue.shift() as Slot
        link.send(slot.bytes as Bytes)
        if (!slot.last) continue
        this.clients--
        link.close()
        return
      }
    }
    const answer = (bytes: Bytes | null, last = false): Slot => {
      const slot: Slot = { bytes, last }
      queue.push(slot)
      closing ||= last
      return slot
    }
    return {
      data: (bytes) => {
        if (closing) return
        reader.feed(bytes)
        for (let argv = reader.next(LIMITS); argv !== null && !closing; argv = reader.next(LIMITS)) {
          if (argv.length === 0) continue
          this.total.requests++
          this.request(argv, answer, flush)
        }
        if (reader.error !== null && !closing) answer(INVALID, true)
        flush()
      },
      closed: () => {
        if (!closing || queue.length > 0) this.clients--
        queue.length = 0
      },
    }
  }

  private request(argv: readonly Bytes[], answer: (b: Bytes | null, last?: boolean) => Slot, flush: () => void): void {
    const name = (argv[0] as Bytes).toUpperCase()
    if (name === 'PING' && argv.length === 1) answer('+PONG\r\n')
    else if (name === 'COMMAND') answer('*0\r\n')
    else if (name === 'QUIT') answer('+OK\r\n', true)
    else {
      const parts = fragments(name, argv, (key) => this.ring.of(key)?.address ?? '')
      if (parts === null) {
        this.total.refused++
        answer(INVALID, true)
        return
      }
      const slot = answer(null)
      if (parts.pieces.length > 1) this.total.split++
      this.forward(parts.pieces, (replies) => {
        slot.bytes = encodeReply(parts.merge(replies), 2)
        flush()
      })
    }
  }
  private forward(pieces: readonly Fragment[], done: (replies: ParsedReply[]) => void): void {
    const replies: ParsedReply[] = new Array<ParsedReply>(pieces.length).fill(null)
    let left = pieces.length
    for (const [i, { to, argv }] of pieces.entries()) {
      this.total.forwarded++
      this.workMicros += WORK_PER_REQUEST
      this.loads.set(to, (this.loads.get(to) ?? 0) + 1)
      let over = false
      const end = (reply: ParsedReply): void => {
        if (over) return
        over = true
        this.host.cancel(timer)
        replies[i] = reply
        if (--left === 0) done(replies)
      }
      const timer = this.host.after(this.options.timeoutMs, () => this.servers.drop(to, 'timeout'))
      this.servers.ask(to, [argv], (reply, error) => {
        if (reply === undefined) this.total.errors++
        end(
          reply ??
            (reply === null ? null : { t: 'error', text: `ERR ${ERRNO[error ?? ''] ?? 'Connection reset by peer'}` }),
        )
      })
    }
  }

  view(name: string): unknown {
    const { total } = this
    if (name === 'summary')
      return { role: 'client', line: `${total.requests} requests for ${this.ring.servers.length} servers` }
    if (name !== 'proxy' && name !== 'state') return null
    return {
      listen: this.options.listen,
      servers: [...this.options.seeds],
      clients: this.clients,
      total: { ...total },
      loads: [...this.loads].sort(([a], [b]) => (a < b ? -1 : 1)),
    }
  }
}
