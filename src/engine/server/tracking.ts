/**
 * Server-assisted client caching: a client keeps values it has read; the server tells it when they are out of date.
 *
 *   default   the server remembers who read which key (`table`) and tells each reader once
 *   BCAST     the server remembers nothing about keys; a client names prefixes and hears of every change below them
 *
 * The message is a RESP3 push, or, with REDIRECT to another connection of the same application, a message of the channel
 * __redis__:invalidate. Broadcasts are gathered and sent once per turn; a client's own keys are told after its reply.
 */
import { type Bytes, compareBytes, own } from '../bytes/bytes.ts'
import { encodeReply } from '../protocol/reply-writer.ts'
import type { Client, TrackingState } from './client.ts'
import type { Server } from './server.ts'

interface Prefix {
  /** Changed keys, each with the client that changed it last (for NOLOOP). */
  keys: Map<Bytes, Client | null>
  readonly clients: Set<Client>
}
const CHANNEL = '__redis__:invalidate'
/** Keys forgotten per command when the table is too large, times the number of commands that found it so. */
const EFFORT = 100

export class Tracking {
  /** Clients with tracking on. */
  active = 0
  totalItems = 0
  private readonly table = new Map<Bytes, Set<number>>()
  private readonly prefixes = new Map<Bytes, Prefix>()
  /** Keys that the running command changed and its own client caches; null stands for all. */
  readonly pending: { readonly c: Client; readonly key: Bytes | null }[] = []
  private tooLarge = 0

  get totalKeys(): number {
    return this.table.size
  }
  get totalPrefixes(): number {
    return this.prefixes.size
  }

  /** enableTracking: `state.prefixes` are those to add. */
  enable(c: Client, state: TrackingState): void {
    if (state.bcast && state.prefixes.length === 0) state.prefixes.push('')
    if (c.tracking === null) this.active++
    else state.prefixes.push(...c.tracking.prefixes.filter((p) => !state.prefixes.includes(p)))
    state.prefixes = [...new Set(state.prefixes)].sort(compareBytes)
    c.tracking = state
    for (const name of state.prefixes) {
      let prefix = this.prefixes.get(name)
      if (!prefix) this.prefixes.set(name, (prefix = { keys: new Map(), clients: new Set() }))
      prefix.clients.add(c)
    }
  }
  disable(c: Client): void {
    if (c.tracking === null) return
    for (const name of c.tracking.prefixes) {
      const prefix = this.prefixes.get(name)
      prefix?.clients.delete(c)
      if (prefix?.clients.size === 0) this.prefixes.delete(name)
    }
    c.tracking = null
    this.active--
  }

  /** trackingRememberKeys */
  remember(c: Client, keys: readonly Bytes[]): void {
    const t = c.tracking
    if (t === null || t.bcast) return
    if (t.optin && !t.caching) return
    if (t.optout && t.caching) return
    for (const raw of keys) {
      let ids = this.table.get(raw)
      if (!ids) this.table.set(own(raw), (ids = new Set()))
      if (ids.has(c.id)) continue
      ids.add(c.id)
      this.totalItems++
    }
  }
  invalidateKey(server: Server, by: Client | null, key: Bytes): void {
    for (const [name, prefix] of this.prefixes) if (key.startsWith(name)) prefix.keys.set(own(key), by)
    this.forget(server, key)
  }
  private forget(server: Server, key: Bytes): void {
    const ids = this.table.get(key)
    if (!ids) return
    this.table.delete(key)
    this.totalItems -= ids.size
    const current = requester(server)
    for (const id of ids) {
      const c = server.clients.get(id)
      if (!c?.tracking || c.tracking.bcast) continue
      if (c !== current) send(server, c, [key])
      else if (!c.tracking.noloop) this.pending.push({ c, key: own(key) })
    }
  }
  /** trackingHandlePendingKeyInvalidations: after the reply of the command, or of the whole transaction. */
  sendPending(server: Server): void {
    for (const { c, key } of this.pending.splice(0)) if (!c.freed) send(server, c, key === null ? null : [key])
  }
  /** FLUSHALL, FLUSHDB: everything is out of date. */
  invalidateAll(server: Server): void {
    for (const c of server.clients.values()) {
      if (c.tracking === null) continue
      if (c === requester(server)) this.pending.push({ c, key: null })
      else send(server, c, null)
    }
    this.table.clear()
    this.totalItems = 0
  }
  /** trackingLimitUsedSlots: above tracking-table-max-keys some readers are told that keys changed which did not. */
  limit(server: Server): void {
    const max = server.config.trackingTableMaxKeys
    if (max === 0) return
    let effort = EFFORT * (this.tooLarge + 1)
    for (const key of this.table.keys()) {
      if (this.table.size <= max || effort-- === 0) break
      this.forget(server, key)
    }
    this.tooLarge = this.table.size > max ? this.tooLarge + 1 : 0
  }
  /** trackingBroadcastInvalidationMessages: one message per prefix. */
  flush(server: Server): void {
    if (this.active === 0) return
    if (this.pending.length > 0) this.sendPending(server)
    if (this.prefixes.size === 0) return
    for (const name of [...this.prefixes.keys()].sort(compareBytes)) {
      const prefix = this.prefixes.get(name) as Prefix
      if (prefix.keys.size === 0) continue
      const keys = [...prefix.keys.keys()].sort(compareBytes)
      for (const c of prefix.clients) {
        const told = c.tracking?.noloop ? keys.filter((k) => prefix.keys.get(k) !== c) : keys
        if (told.length > 0) send(server, c, told)
      }
      prefix.keys = new Map()
    }
  }
}

/** Who waits for the reply of what runs: a script's caller, not the client that its commands run as. */
function requester(server: Server): Client | null {
  const c = server.currentClient
  return c?.isFake ? (server.scripting?.running?.caller ?? c) : c
}

/** sendTrackingMessage; null: everything. */
function send(server: Server, c: Client, keys: readonly Bytes[] | null): void {
  const t = c.tracking
  if (t === null) return
  let to = c
  if (t.redirect !== 0) {
    const other = server.clients.get(t.redirect)
    if (!other) {
      t.brokenRedirect = true
      if (c.resp === 3) c.addPush({ t: 'push', items: ['tracking-redir-broken', t.redirect] })
      return
    }
    to = other
  }
  // Everything is said with the null of the client that tracks, whoever hears it.
  const what = keys ?? { t: 'raw' as const, bytes: encodeReply(null, c.resp) }
  if (to.resp === 3) to.addPush({ t: 'push', items: ['invalidate', what] })
  else if (t.redirect !== 0 && to.isPubsub) to.addPush({ t: 'push', items: ['message', CHANNEL, what] })
}
