/**
 * Transactions as they happened: what a client with a queue or a watch did, what was answered, and who changed what it watched,
 * in the one order in which the main thread did it. The figure of a transaction is drawn from this and from nothing else.
 *
 *   A  WATCH stock   OK          A  MULTI  OK     A  DECR stock  QUEUED      B  SET stock 0  (rival)      A  EXEC  (nil)
 */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import type { Command } from '../commands/table.ts'
import { getKeysFromCommand } from '../commands/keys.ts'
import type { Micros } from '../machine.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import { isError, replyText } from './reply-text.ts'
import { clip } from './clip.ts'
import { SECRET } from './turns.ts'

const KEPT = 320
const TX = new Set(['multi', 'exec', 'discard', 'watch', 'unwatch'])

/**
 * What a step is: a command of the transaction itself, one that was queued, one that was refused, one that EXEC ran, one that
 * the client ran while it watched, and a write by somebody else to a watched key.
 */
export type TxKind = 'own' | 'queued' | 'refused' | 'ran' | 'between' | 'rival'
export interface TxStep {
  readonly seq: number
  /** Microseconds of the box's clock, the work of this turn included. */
  readonly at: Micros
  readonly id: number
  readonly client: string
  readonly name: Bytes
  readonly db: number
  readonly kind: TxKind
  readonly what: string
  readonly argv: readonly Bytes[]
  readonly reply: string
  readonly ok: boolean
  /** Numbers of the clients whose watch this write has spoiled, and the keys. */
  readonly spoils: readonly number[]
  readonly keys: readonly Bytes[]
}

export class TxLog {
  readonly steps: TxStep[] = []
  private seq = 0
  /** What EXEC has answered so far: it is told after its commands ran. */
  private readonly inside = new Map<number, number>()
  /** Clients that had a queue or a watch after their last command. */
  private readonly open = new Set<number>()
  private readonly server: Server
  constructor(server: Server) {
    this.server = server
  }

  reply(c: Client, command: Command | null, argv: readonly Bytes[], reply: Reply): void {
    const name = command?.name ?? (argv[0] ?? '').toLowerCase()
    const inExec = c.executing !== null && name !== 'exec'
    const kind = this.kindOf(c, command, name, reply, inExec)
    const spoiled = command?.isWrite === true ? this.spoiled(c, command, argv) : []
    if (kind !== null || spoiled.length > 0)
      this.add(c, kind ?? 'rival', name, argv, this.textOf(c, name, reply), !isError(reply), spoiled)
    if (inExec) this.inside.set(c.id, (this.inside.get(c.id) ?? 0) + 1)
    if (name === 'exec') this.inside.delete(c.id)
    if (c.multi !== null || c.watched.length > 0) this.open.add(c.id)
    else this.open.delete(c.id)
  }
  private kindOf(c: Client, command: Command | null, name: string, reply: Reply, inExec: boolean): TxKind | null {
    if (c.isFake || c.isMaster) return null
    if (TX.has(name)) return 'own'
    if (inExec) return 'ran'
    const queued = typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'status'
    if (c.multi !== null) return queued && reply.text === 'QUEUED' ? 'queued' : isError(reply) ? 'refused' : 'between'
    return command !== null && c.watched.length > 0 ? 'between' : null
  }
  private textOf(c: Client, name: string, reply: Reply): string {
    const n = this.inside.get(c.id)
    if (name === 'exec' && !isError(reply) && replyText(reply) !== '(nil)')
      return `${n ?? 0} ${n === 1 ? 'reply' : 'replies'}`
    return replyText(reply)
  }
  /** Whose watch a write has spoiled; `signalModifiedKey` has marked them already. */
  private spoiled(c: Client, command: Command, argv: readonly Bytes[]): [Client, Bytes][] {
    if (c.db.watchedKeys.size === 0) return []
    const out: [Client, Bytes][] = []
    for (const { index } of getKeysFromCommand(command, argv) ?? []) {
      const key = argv[index] as Bytes
      for (const other of c.db.watchedKeys.get(key) ?? []) if (other !== c && other.dirtyCas) out.push([other, key])
      if (out.length > 8) break
    }
    return out
  }
  private add(
    c: Client,
    kind: TxKind,
    what: string,
    argv: readonly Bytes[],
    reply: string,
    ok: boolean,
    spoiled: readonly [Client, Bytes][],
  ): void {
    this.steps.push({
      seq: ++this.seq,
      at: this.server.host.now + Math.round(this.server.workMicros),
      id: c.id,
      client: c.isMaster ? 'master' : c.isFake ? 'script' : c.addr,
      name: clip(own(c.name)),
      db: c.db.id,
      kind,
      what,
      argv: SECRET.has(what)
        ? [(argv[0] ?? '').toUpperCase(), '(redacted)']
        : argv.slice(0, 8).map((a) => clip(own(a))),
      reply,
      ok,
      spoils: spoiled.map(([who]) => who.id),
      keys: spoiled.map(([, key]) => clip(own(key))),
    })
    if (this.steps.length > KEPT) this.steps.splice(0, KEPT / 4)
  }
}

const nameOf = (c: Client): string => (c.isMaster ? 'master' : c.addr)
export function viewTransactions(s: Server, log: TxLog | undefined) {
  return {
    clients: [...s.clients.values()]
      .filter((c) => c.multi !== null || c.watched.length > 0 || c.blocked !== null)
      .slice(0, 40)
      .map((c) => ({
        id: c.id,
        client: nameOf(c),
        name: clip(c.name),
        db: c.db.id,
        queue: c.multi === null ? null : c.multi.queue.slice(0, 32).map((q) => q.argv.slice(0, 8).map(clip)),
        queued: c.multi?.queue.length ?? 0,
        dirtyExec: c.multi?.dirtyExec ?? false,
        dirtyCas: c.dirtyCas,
        watched: c.watched.slice(0, 16).map((w) => ({ db: w.db.id, key: clip(w.key) })),
        blocked: c.blocked === null ? null : { kind: c.blocked.kind, argv: c.blocked.argv.slice(0, 6).map(clip) },
      })),
    steps: log?.steps.slice(-120) ?? [],
    now: s.host.now,
  }
}
