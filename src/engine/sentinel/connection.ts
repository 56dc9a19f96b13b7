/**
 * A client's connection that never waits: commands go out with a function to call when their reply comes, replies come in
 * order, so the oldest function is always the one (hiredis's asynchronous context). What is sent before the connection is
 * open waits here. On a subscribed connection, messages belong to the subscription and other replies to the queue.
 *
 * Invariants: after `free` nobody is called; a lost connection calls each waiting function once, with null, then its owner.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Host, Link } from '../server/host.ts'

/** A reply as Sentinel needs it. An error is told from a status by its kind. */
export type RemoteReply =
  | { readonly kind: 'status' | 'error' | 'string'; readonly text: Bytes }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'nil' }
  | { readonly kind: 'array'; readonly items: readonly RemoteReply[] }

export type ReplyFn = (reply: RemoteReply | null) => void

const NIL: RemoteReply = { kind: 'nil' }
const PUBSUB_KINDS = new Set(['message', 'subscribe', 'unsubscribe', 'pmessage', 'psubscribe', 'punsubscribe'])

/** One RESP2 reply of `buf` at `at`: the reply and where the next begins, or null when it isn't complete. Throws when it isn't RESP. */
export function readReply(buf: Bytes, at: number): readonly [RemoteReply, number] | null {
  const eol = buf.indexOf('\r\n', at)
  if (eol < 0) return null
  const line = buf.slice(at + 1, eol)
  const next = eol + 2
  switch (buf[at]) {
    case '+':
      return [{ kind: 'status', text: line }, next]
    case '-':
      return [{ kind: 'error', text: line }, next]
    case ':':
      return [{ kind: 'integer', value: Number(line) }, next]
    case '$': {
      const n = Number(line)
      if (n < 0) return [NIL, next]
      if (buf.length < next + n + 2) return null
      return [{ kind: 'string', text: buf.slice(next, next + n) }, next + n + 2]
    }
    case '*': {
      const n = Number(line)
      if (n < 0) return [NIL, next]
      const items: RemoteReply[] = []
      let p = next
      for (let i = 0; i < n; i++) {
        const item = readReply(buf, p)
        if (item === null) return null
        items.push(item[0])
        p = item[1]
      }
      return [{ kind: 'array', items }, p]
    }
    default:
      throw new Error(`Protocol error, got ${JSON.stringify(buf[at])} as reply type byte`)
  }
}

export class AsyncConnection {
  /** Our own address on this connection, '' until it is open. */
  localHost = ''
  private readonly link: Link
  private readonly waiting: ReplyFn[] = []
  private subscription: ReplyFn | null = null
  private unsent: Bytes = ''
  private buf: Bytes = ''
  private open = false
  private over = false
  private readonly onLost: () => void

  constructor(host: Host, address: string, port: number, onLost: () => void) {
    this.onLost = onLost
    this.link = host.connect(address, port, {
      opened: (localHost) => {
        this.open = true
        this.localHost = localHost
        const bytes = this.unsent
        this.unsent = ''
        this.link.send(bytes)
      },
      refused: () => this.lost(),
      data: (bytes) => this.read(bytes),
      closed: () => this.lost(),
    })
  }

  command(reply: ReplyFn, ...argv: readonly Bytes[]): void {
    this.waiting.push(reply)
    this.write(argv)
  }
  subscribe(message: ReplyFn, ...argv: readonly Bytes[]): void {
    this.subscription = message
    this.write(argv)
  }
  /** Close without telling the owner that it was lost. */
  free(): void {
    if (this.over) return
    this.over = true
    this.waiting.length = 0
    this.subscription = null
    this.link.close()
  }

  private write(argv: readonly Bytes[]): void {
    if (this.over) return
    let bytes = `*${argv.length}\r\n`
    for (const a of argv) bytes += `$${a.length}\r\n${a}\r\n`
    if (this.open) this.link.send(bytes)
    else this.unsent += bytes
  }
  private lost(): void {
    if (this.over) return
    this.over = true
    this.link.close()
    for (const fn of this.waiting.splice(0)) fn(null)
    this.subscription = null
    this.onLost()
  }
  private read(bytes: Bytes): void {
    if (this.over) return
    this.buf += bytes
    let at = 0
    while (!this.over && at < this.buf.length) {
      let got: readonly [RemoteReply, number] | null
      try {
        got = readReply(this.buf, at)
      } catch {
        this.lost()
        return
      }
      if (got === null) break
      at = got[1]
      this.deliver(got[0])
    }
    this.buf = this.over ? '' : this.buf.slice(at)
  }
  private deliver(reply: RemoteReply): void {
    const first = reply.kind === 'array' ? reply.items[0] : undefined
    if (this.subscription && first?.kind === 'string' && PUBSUB_KINDS.has(first.text.toLowerCase())) {
      this.subscription(reply)
      return
    }
    const fn = this.waiting.shift()
    // Nobody asked: an error such as "max number of clients reached", after which the other side hangs up.
    if (fn === undefined) this.lost()
    else fn(reply)
  }
}
