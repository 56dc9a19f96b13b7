/** Connections of an application client, one to a server, opened when first needed; requests are answered in their order. */
import type { Bytes } from '../../bytes/bytes.ts'
import { encodeCommand } from '../../protocol/reply-writer.ts'
import { type ParsedReply, ReplyParser } from '../../protocol/reply-parser.ts'
import type { Host, Link } from '../../server/host.ts'

/** Null: the connection went before the answer came, or was refused. */
export type Answer = ParsedReply | null | undefined
type Waiter = (reply: ParsedReply | undefined, error: string | null) => void

interface Connection {
  readonly link: Link
  readonly parser: ReplyParser
  readonly waiting: Waiter[]
}

export class Connections {
  private readonly host: Host
  private readonly open = new Map<string, Connection>()
  /** What is said first on every connection (READONLY). */
  private readonly hello: readonly (readonly Bytes[])[]

  constructor(host: Host, hello: readonly (readonly Bytes[])[] = []) {
    this.host = host
    this.hello = hello
  }

  /** `done` is called once for all commands, with the last reply; `error` when the connection failed. */
  ask(address: string, commands: readonly (readonly Bytes[])[], done: Waiter): void {
    const c = this.open.get(address) ?? this.connect(address)
    for (const [i, argv] of commands.entries()) {
      c.waiting.push(i === commands.length - 1 ? done : () => {})
      c.link.send(encodeCommand(argv))
    }
  }
  /** Drops a connection; who waits on it is told. */
  drop(address: string, why: string): void {
    const c = this.open.get(address)
    if (c === undefined) return
    c.link.close(true)
    this.lost(address, c, why)
  }

  private connect(address: string): Connection {
    const at = address.lastIndexOf(':')
    const lost = (why: string): void => this.lost(address, c, why)
    const link = this.host.connect(address.slice(0, at), Number(address.slice(at + 1)), {
      refused: lost,
      closed: (reason) => lost(reason === 'eof' ? 'connection closed' : `connection ${reason}`),
      data: (bytes) => {
        c.parser.feed(bytes)
        for (let reply = c.parser.next(); reply !== undefined; reply = c.parser.next()) c.waiting.shift()?.(reply, null)
      },
    })
    const c: Connection = { link, parser: new ReplyParser(), waiting: [] }
    this.open.set(address, c)
    for (const argv of this.hello) {
      c.waiting.push(() => {})
      link.send(encodeCommand(argv))
    }
    return c
  }
  private lost(address: string, c: Connection, why: string): void {
    if (this.open.get(address) === c) this.open.delete(address)
    for (const done of c.waiting.splice(0)) done(undefined, why)
  }
}
