/**
 * What all subcommands of --cluster share: the nodes that were found, the connections to them, and redis-cli's way of
 * saying things (its colours are those of a terminal whose name has "xterm" in it, which the lab's is).
 */
import { type Bytes, utf8Encode } from '../../../bytes/bytes.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { connectError } from '../connect-error.ts'
import { isError } from '../format.ts'
import { dial, hangUp, type ModeContext, type Part, readLine, talk } from '../modes/step.ts'
import { atoi, type ClusterOptions } from './options.ts'

export const SLOTS = 16384
/** The bus is so many ports further, unless a node says otherwise. */
export const BUS_PORT_OFFSET = 10_000

/** A slot that is on the move: to or from the node of that name. */
export interface OpenSlot {
  readonly slot: string
  readonly node: string
}

export class ClusterNode {
  readonly ip: string
  readonly port: number
  readonly busPort: number
  /** The number of its connection; null without one. */
  peer: number | null = null
  name = ''
  /** As CLUSTER NODES lists them, "myself" among them. */
  flags: readonly string[] = []
  isSlave = false
  isMyself = false
  /** No address, not connected, or failed. */
  isGone = false
  /** The name of its master. */
  replicate: string | null = null
  epoch = '0'
  slots = new Uint8Array(SLOTS)
  slotsCount = 0
  replicasCount = 0
  migrating: OpenSlot[] = []
  importing: OpenSlot[] = []
  /** Planned and not told the node yet. */
  dirty = false
  weight = 1
  balance = 0

  constructor(ip: string, port: number, busPort = 0) {
    this.ip = ip
    this.port = port
    this.busPort = busPort || port + BUS_PORT_OFFSET
  }
  get address(): string {
    return `${this.ip}:${this.port}`
  }
}

export interface Address {
  readonly ip: string
  readonly port: number
  readonly busPort: number
}

/** "host:port@busport"; null without a colon. */
export function parseAddress(text: string): Address | null {
  const at = text.lastIndexOf('@')
  const busPort = at < 0 ? 0 : atoi(text.slice(at + 1))
  const address = at < 0 ? text : text.slice(0, at)
  const colon = address.lastIndexOf(':')
  return colon < 0 ? null : { ip: address.slice(0, colon), port: atoi(address.slice(colon + 1)), busPort }
}

/** A node of the command line: "host:port", or host and port as two words. */
export function addressOf(words: readonly string[]): Address | null {
  const found =
    words.length === 1
      ? parseAddress(words[0] as string)
      : { ip: words[0] as string, port: atoi(words[1] ?? ''), busPort: 0 }
  return found === null || found.port === 0 ? null : found
}

export const INVALID_HOST =
  '[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) or space separated IP and port (ie. 120.0.0.1 7000)\n'

/** The text of a string or a status; '' of anything else. */
export function textOf(reply: Reply | undefined): Bytes {
  if (typeof reply === 'string') return reply
  return typeof reply === 'object' && reply !== null && 'text' in reply ? ((reply as { text?: Bytes }).text ?? '') : ''
}

/** The number behind `field:` in an INFO. */
export const infoNumber = (info: Bytes, field: string): number => {
  const at = info.indexOf(field)
  return at < 0 ? 0 : atoi(info.slice(at + field.length + 1))
}

export class ClusterManager {
  readonly c: ModeContext
  readonly o: ClusterOptions
  nodes: ClusterNode[] = []
  errors = 0
  unreachableMasters = 0
  /** The subcommand mends what it finds. */
  fixing = false

  constructor(c: ModeContext) {
    this.c = c
    this.o = c.options.cluster
  }

  print(text: Bytes): void {
    this.c.print(text)
  }
  complain(text: Bytes): void {
    this.c.complain(text)
  }
  info(text: Bytes): void {
    this.c.print(`\x1b[29;1m${text}\x1b[0m`)
  }
  ok(text: Bytes): void {
    this.c.print(`\x1b[32;1m${text}\x1b[0m`)
  }
  warn(text: Bytes): void {
    this.c.print(`\x1b[33;1m${text}\x1b[0m`)
  }
  err(text: Bytes): void {
    this.c.print(`\x1b[31;1m${text}\x1b[0m`)
  }
  /** An error of the cluster, which later steps ask for. */
  onError(text: Bytes): void {
    this.errors++
    this.err(`${text}\n`)
  }
  replyError(node: ClusterNode, text: Bytes): void {
    this.err(`Node ${node.address} replied with error:\n${text}\n`)
  }

  *connect(node: ClusterNode): Part<boolean> {
    if (node.peer !== null) yield* this.disconnect(node)
    const dialled = yield* dial(node.ip, node.port)
    if (!dialled.ok) {
      this.complain(`${connectError(node.ip, node.port, dialled.error)}\n`)
      return false
    }
    node.peer = dialled.peer
    const { user, password } = this.c.options
    if (password === null) return true
    const words = [...(user === null ? [] : [user]), password].map(utf8Encode)
    return (yield* this.ask(node, 'AUTH', ...words)) !== null
  }

  *disconnect(node: ClusterNode): Part<void> {
    if (node.peer !== null) yield* hangUp(node.peer)
    node.peer = null
  }

  /** undefined when the connection is lost. */
  *call(node: ClusterNode, ...argv: readonly Bytes[]): Part<Reply | undefined> {
    if (node.peer === null) return undefined
    return (yield* talk(node.peer, argv))?.reply
  }

  /** The reply in a list of its own, or null after an error, which is printed. */
  *ask(node: ClusterNode, ...argv: readonly Bytes[]): Part<readonly [Reply] | null> {
    const reply = yield* this.call(node, ...argv)
    if (reply === undefined) return null
    if (!isError(reply)) return [reply]
    this.replyError(node, reply.text)
    return null
  }

  byName(name: string): ClusterNode | null {
    const wanted = name.toLowerCase()
    return this.nodes.find((n) => n.name === wanted) ?? null
  }
  get masters(): readonly ClusterNode[] {
    return this.nodes.filter((n) => !n.isSlave)
  }

  /** `yesCounts`: --cluster-yes answers. */
  *confirm(question: string, yesCounts: boolean): Part<boolean> {
    if (yesCounts && this.o.yes) return true
    this.print(`${question} (type 'yes' to accept): `)
    return (yield* readLine(4, false)).slice(0, 3) === 'yes'
  }
}
