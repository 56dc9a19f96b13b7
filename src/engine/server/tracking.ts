/**
 * Server-assisted client caching: the server remembers which client read which key (or which prefixes a client wants in
 * BCAST mode) and sends `invalidate` when it changes, as a RESP3 push or as a message on __redis__:invalidate to another client.
 */
import { type Bytes, compareBytes, own } from '../bytes/bytes.ts'
import type { Client } from './client.ts'
import type { Server } from './server.ts'

export class Tracking {
  active = 0
  private readonly table = new Map<Bytes, Set<number>>()
  private readonly bcast = new Map<Client, Set<Bytes>>()
  private pendingFlush = false
  /** Keys that the running command changed and its own client caches: told after the reply. */
  readonly pending: { readonly c: Client; readonly key: Bytes }[] = []

  remember(c: Client, keys: readonly Bytes[]): void {
    const t = c.tracking
    if (t === null || t.bcast) return
    if (t.optin && !t.caching) return
    if (t.optout && t.caching) return
    for (const raw of keys) {
      let ids = this.table.get(raw)
      if (!ids) this.table.set(own(raw), (ids = new Set()))
      ids.add(c.id)
    }
  }
  invalidateKey(server: Server, by: Client | null, key: Bytes): void {
    for (const c of server.clients.values()) {
      const t = c.tracking
      if (
        t?.bcast &&
        !(t.noloop && c === by) &&
        (t.prefixes.length === 0 || t.prefixes.some((p) => key.startsWith(p)))
      ) {
        let keys = this.bcast.get(c)
        if (!keys) this.bcast.set(c, (keys = new Set()))
        keys.add(own(key))
      }
    }
    const ids = this.table.get(key)
    if (!ids) return
    this.table.delete(key)
    for (const id of ids) {
      const c = server.clients.get(id)
      if (c?.tracking && !c.tracking.bcast && !(c.tracking.noloop && c === by)) {
        if (c === server.currentClient && c.tracking.redirect === 0) this.pending.push({ c, key: own(key) })
        else this.send(server, c, [key])
      }
    }
  }
  sendPending(server: Server): void {
    for (const { c, key } of this.pending.splice(0)) if (!c.freed) this.send(server, c, [key])
  }
  invalidateAll(_server: Server): void {
    this.pendingFlush = true
  }
  flush(server: Server): void {
    if (this.active === 0) return
    if (this.pending.length > 0) this.sendPending(server)
    if (this.pendingFlush) {
      this.pendingFlush = false
      this.table.clear()
      for (const c of server.clients.values()) if (c.tracking) this.send(server, c, null)
    }
    for (const [c, keys] of this.bcast) if (!c.freed) this.send(server, c, [...keys].sort(compareBytes))
    this.bcast.clear()
  }
  private send(server: Server, c: Client, keys: readonly Bytes[] | null): void {
    const t = c.tracking
    if (!t) return
    if (t.redirect !== 0) {
      const to = server.clients.get(t.redirect)
      if (!to) {
        t.brokenRedirect = true
        if (c.resp === 3) c.addPush({ t: 'push', items: ['tracking-redir-broken', t.redirect] })
      } else if (to.resp === 3) to.addPush({ t: 'push', items: ['invalidate', keys] })
      else if (to.channels?.has('__redis__:invalidate'))
        to.addPush(['message', '__redis__:invalidate', keys ?? { t: 'nullArray' }])
    } else if (c.resp === 3) c.addPush({ t: 'push', items: ['invalidate', keys] })
  }
}
