/**
 * Clients that wait: for an element of a list (BLPOP), for replicas (WAIT), for the end of CLIENT PAUSE. A key that gets
 * elements is put on `readyKeys`; after the command that did it, waiting clients are served in order of arrival.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { BlockOptions } from '../commands/command.ts'
import type { Database } from '../keyspace/database.ts'
import { type Reply, RedisError } from '../protocol/reply.ts'
import { countError } from './call.ts'
import type { BlockedState, Client } from './client.ts'
import { resumeClient, turnReplySkip } from './networking.ts'
import type { Server } from './server.ts'

export function blockForKeys(server: Server, c: Client, opts: BlockOptions): void {
  blockClient(server, c, 'keys', {
    opts,
    timeoutAtMs: opts.timeoutMs === 0 ? 0 : server.nowMs + opts.timeoutMs,
    onTimeout: () => opts.onTimeout,
  })
  server.blockedOnKeys++
  const db = c.db
  for (const key of opts.keys) {
    let set = db.blockingKeys.get(key)
    if (!set) db.blockingKeys.set(key, (set = new Set()))
    set.add(c)
  }
  if (opts.onKeyGone !== undefined) {
    db.goneWatchers++
    db.onGone ??= (key) => signalKeyAsReady(server, db, key)
  }
}
/** Park a client; its further requests wait in its reader until unblockClient. */
export function blockClient(
  server: Server,
  c: Client,
  kind: BlockedState['kind'],
  more: {
    opts?: BlockOptions | null
    timeoutAtMs: number
    onTimeout?: (() => Reply) | null
    onUnblock?: (() => void) | null
  },
): void {
  const command = c.command
  if (command === null) throw new Error('blockClient outside a command')
  c.blocked = {
    kind,
    opts: more.opts ?? null,
    timeoutAtMs: more.timeoutAtMs,
    command,
    argv: c.argv,
    sinceMicros: server.host.now,
    onTimeout: more.onTimeout ?? null,
    onUnblock: more.onUnblock ?? null,
  }
  if (more.timeoutAtMs > 0) {
    const state = c.blocked
    server.host.after(Math.max(0, more.timeoutAtMs - server.nowMs), () => {
      if (c.blocked === state && !c.freed) timeoutClient(server, c)
    })
  }
}
export function timeoutClient(server: Server, c: Client): void {
  const b = c.blocked
  if (b === null) return
  const reply = b.onTimeout?.()
  if (reply !== undefined) c.addReply(reply)
  unblockClient(server, c)
}
/** Take the client out of every waiting list and go on with what it sent meanwhile (at the end of this turn). */
export function unblockClient(server: Server, c: Client): void {
  const b = c.blocked
  if (b === null) return
  c.blocked = null
  if (b.kind === 'keys') {
    server.blockedOnKeys--
    for (const key of b.opts?.keys ?? []) {
      const set = c.db.blockingKeys.get(key)
      set?.delete(c)
      if (set?.size === 0) c.db.blockingKeys.delete(key)
    }
    if (b.opts?.onKeyGone !== undefined) c.db.goneWatchers--
  }
  if (b.kind !== 'postpone') turnReplySkip(c)
  b.onUnblock?.()
  if (c.freed) return
  c.unblocked = true
  server.unblockedClients.push(c)
}
/**
 * processUnblockedClients, before the turn's replies are sent: each goes on with what it had sent meanwhile. While a script
 * that is put aside lets nobody run, they go on waiting.
 */
export function resumeUnblocked(server: Server): void {
  while (server.unblockedClients.length > 0) {
    const { scripting } = server
    if (server.waits || (scripting?.suspended && !scripting.busy)) return
    const c = server.unblockedClients.shift() as Client
    if (!c.freed && c.blocked === null) resumeClient(server, c)
  }
}
export function signalKeyAsReady(server: Server, db: Database, key: Bytes): void {
  if (db.blockingKeys.size === 0 || !db.blockingKeys.has(key) || db.readyKeys.has(key)) return
  db.readyKeys.add(key)
  server.readyKeys.push({ db, key })
}
export function handleClientsBlockedOnKeys(server: Server): void {
  while (server.readyKeys.length > 0) {
    const ready = server.readyKeys
    server.readyKeys = []
    for (const { db, key } of ready) {
      db.readyKeys.delete(key)
      serveKey(server, db, key)
    }
  }
}
function serveKey(server: Server, db: Database, key: Bytes): void {
  const waiting = db.blockingKeys.get(key)
  if (!waiting) return
  for (const c of [...waiting]) {
    const b = c.blocked
    if (b?.opts == null) continue
    const o = db.dict.get(key)
    if (o === undefined || b.opts.type !== o.type) {
      if (b.opts.onKeyGone !== undefined) answerBlocked(server, c, b, b.opts.onKeyGone)
      continue
    }
    const ctx = server.enter(c)
    const previous = server.currentClient
    server.currentClient = c
    let reply: Reply | undefined
    try {
      reply = b.opts.serve(ctx, key)
    } catch (e) {
      if (!(e instanceof RedisError)) throw e
      reply = { t: 'error', text: e.line }
    }
    if (reply !== undefined && ctx.rewritten !== null) server.alsoPropagate(db.id, ctx.rewritten)
    server.leave()
    server.currentClient = previous
    if (reply === undefined) continue
    answerBlocked(server, c, b, reply)
    if (!server.nested) server.propagatePending()
  }
}
function answerBlocked(server: Server, c: Client, b: BlockedState, reply: Reply): void {
  if (typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'error') {
    countError(server, reply.text)
    b.command.failedCalls++
  }
  c.addReply(reply)
  unblockClient(server, c)
}
