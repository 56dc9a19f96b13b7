/**
 * How keys die. Lazily: whoever looks a key up checks its time first. Actively: the cron samples keys that have a time,
 * 20 per round and database, and goes on with a database while more than a tenth of a sample had expired.
 *
 * Only a master removes keys: a replica answers as if an expired key were gone and waits for the master's DEL.
 *
 * Simplified: Redis bounds the active cycle by microseconds (25 % of a tick); here by work units, one a key looked at,
 * since an engine that reads no clock can't measure itself.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from '../server/server.ts'
import type { Database } from './database.ts'
import { notifyKeyspaceEvent } from './notify.ts'

export function keyIsExpired(server: Server, db: Database, key: Bytes): boolean {
  const at = db.expires.get(key)
  return at !== undefined && !server.loading && server.expiryMs > at
}

/** True when the key must be treated as gone. `force`: a lookup for writing on a writable replica deletes it as well. */
export function expireIfNeeded(server: Server, db: Database, key: Bytes, forWrite: boolean): boolean {
  const at = db.expires.get(key)
  if (at === undefined || server.expiryMs <= at || server.loading) return false
  if (server.isReplica) {
    if (server.currentClient?.isMaster) return false
    if (!(forWrite && !server.config.replicaReadOnly)) return true
  }
  if (server.pausedFor('all')) return true
  deleteExpiredKeyAndPropagate(server, db, key)
  return true
}

export function deleteExpiredKeyAndPropagate(server: Server, db: Database, key: Bytes): void {
  const old = db.remove(key)
  if (old !== undefined && server.config.lazyfreeLazyExpire) server.lazyfree.value(old, server.host.now)
  server.stat.expiredKeys++
  notifyKeyspaceEvent(server, 'x', 'expired', key, db.id)
  server.signalModifiedKey(null, db, key)
  server.alsoPropagate(db.id, [server.config.lazyfreeLazyExpire ? 'UNLINK' : 'DEL', key])
  server.tap?.({ kind: 'expired', db: db.id, key })
}

const KEYS_PER_LOOP = 20
const ACCEPTABLE_STALE = 10
const DBS_PER_CALL = 16
/** Work units of a slow cycle at effort 1; a key costs one. */
const SLOW_CYCLE_WORK = 25000

export function activeExpireCycle(server: Server, kind: 'slow' | 'fast'): void {
  if (server.isReplica || server.pausedFor('all')) return
  const effort = server.config.activeExpireEffort - 1
  const perLoop = KEYS_PER_LOOP + (KEYS_PER_LOOP / 4) * effort
  const acceptableStale = ACCEPTABLE_STALE - effort
  let budget =
    kind === 'fast' ? 1000 + 250 * effort : ((SLOW_CYCLE_WORK + 2 * effort * 1000) * 10) / Math.max(1, server.hz)
  // 7.0.15 compares a fraction with per cents here: the fast cycle runs when the slow one ran out of time.
  if (kind === 'fast' && !server.expireTimedOut && server.stat.expiredStalePerc / 100 < acceptableStale) return
  let sampledTotal = 0
  let expiredTotal = 0
  let iteration = 0
  server.expireTimedOut = false
  for (let j = 0; j < Math.min(DBS_PER_CALL, server.dbs.length) && !server.expireTimedOut; j++) {
    const db = server.dbs[server.expireDb++ % server.dbs.length] as Database
    for (;;) {
      iteration++
      const size = db.expires.size
      if (size === 0) {
        db.avgTtlMs = 0
        break
      }
      const slots = db.expires.tableSize(0) + db.expires.tableSize(1)
      if (slots > 4 && (size * 100) / slots < 1) break
      let sampled = 0
      let buckets = 0
      let ttlSum = 0
      let ttlSamples = 0
      const dead: Bytes[] = []
      const maxBuckets = Math.min(perLoop, size) * 20
      while (sampled < Math.min(perLoop, size) && buckets < maxBuckets) {
        buckets++
        db.expiresCursor = db.expires.scan(db.expiresCursor, (key, at) => {
          sampled++
          const ttl = at - server.nowMs
          if (ttl < 0) dead.push(key)
          else if (ttl > 0) {
            ttlSum += ttl
            ttlSamples++
          }
        })
        if (db.expiresCursor === 0 && sampled >= size) break
      }
      for (const key of dead) {
        deleteExpiredKeyAndPropagate(server, db, key)
        server.propagatePending(true)
      }
      sampledTotal += sampled
      expiredTotal += dead.length
      budget -= sampled + buckets
      if (server.notice !== null)
        server.notice({
          kind: 'expire loop',
          cycle: kind,
          db: db.id,
          sampled,
          expired: dead.length,
          acceptableStale,
          budget,
        })
      const micros = sampled * 0.2 + dead.length
      server.workMicros += micros
      server.stat.expireCycleTimeUsedMicros += micros
      if (ttlSamples > 0) {
        const avg = Math.floor(ttlSum / ttlSamples)
        if (db.avgTtlMs === 0) db.avgTtlMs = avg
        db.avgTtlMs = Math.floor(db.avgTtlMs / 50) * 49 + Math.floor(avg / 50)
      }
      if (iteration % 16 === 0 && budget <= 0) {
        server.expireTimedOut = true
        server.stat.expiredTimeCapReachedCount++
        break
      }
      if (sampled > 0 && Math.floor((dead.length * 100) / sampled) <= acceptableStale) break
    }
  }
  const current = sampledTotal > 0 ? (expiredTotal / sampledTotal) * 100 : 0
  server.stat.expiredStalePerc = current * 0.05 + server.stat.expiredStalePerc * 0.95
}
