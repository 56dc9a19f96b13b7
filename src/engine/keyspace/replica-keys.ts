/**
 * A writable replica's own keys with a time. Its master knows nothing of them and sends no DEL, so the replica remembers them
 * and removes them itself when their time has come (expireSlaveKeys).
 *
 * Simplified: Redis looks at random ones; here they are looked at in turn, the one seen last goes to the end.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from '../server/server.ts'
import { deleteExpiredKeyAndPropagate } from './expire.ts'

/** Redis keeps the databases of a key in a word of 64 bits. */
const MAX_DBS = 64
/** After that many keys whose time has not come the cycle ends. */
const MAX_ALIVE = 3
const MAX_CYCLES = 64

export class ReplicaKeys {
  private readonly dbsOf = new Map<Bytes, Set<number>>()

  get size(): number {
    return this.dbsOf.size
  }
  remember(db: number, key: Bytes): void {
    if (db >= MAX_DBS) return
    const dbs = this.dbsOf.get(key)
    if (dbs) dbs.add(db)
    else this.dbsOf.set(key, new Set([db]))
  }
  forget(): void {
    this.dbsOf.clear()
  }
  /** One turn of the cron. */
  expire(server: Server): void {
    let alive = 0
    for (let cycle = 0; cycle < MAX_CYCLES && alive <= MAX_ALIVE; cycle++) {
      const next = this.dbsOf.entries().next()
      if (next.done) return
      const [key, dbs] = next.value
      this.dbsOf.delete(key)
      for (const id of dbs) {
        const db = server.dbs[id]
        const at = db?.expires.get(key)
        if (db !== undefined && at !== undefined && at >= server.nowMs) {
          alive++
          continue
        }
        if (db !== undefined && at !== undefined) deleteExpiredKeyAndPropagate(server, db, key)
        dbs.delete(id)
      }
      if (dbs.size > 0) this.dbsOf.set(key, dbs)
    }
  }
}
