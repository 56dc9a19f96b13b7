/** serverCron: what is due `hz` times a second. Expiry, rehashing, client time-outs, statistics, replication, saving. */
import { activeExpireCycle } from '../keyspace/expire.ts'
import { closeIdleSockets } from '../commands/cluster/migrate-socket.ts'
import { unblockClient } from './blocked.ts'
import { resizeBuffers } from './client-memory.ts'
import { checkOutputBufferLimits } from './networking.ts'
import { isPaused } from './pause.ts'
import type { Server } from './server.ts'

/** Buckets moved per tick and database (1 ms of work in Redis). */
const REHASH_BUCKETS = 5000

export function startCron(server: Server): void {
  server.hz = server.mode === 'sentinel' ? server.hz : server.config.hz
  server.host.after(1, () => serverCron(server))
}
function serverCron(server: Server): void {
  const now = server.nowMs
  if (server.pauseCron) {
    server.host.after(Math.floor(1000 / server.hz), () => serverCron(server))
    return
  }
  if (server.mode !== 'sentinel') adaptHz(server)
  server.lruClock = Math.floor(now / 1000) & 0xffffff
  if (every(server, 100)) sampleRates(server, now)
  server.stat.peakMemory = Math.max(server.stat.peakMemory, server.usedMemory())
  if (every(server, 5000)) showInfo(server)
  clientsCron(server)
  isPaused(server)
  if (server.mode === 'server') {
    if (!server.loading) databasesCron(server)
    server.rdb?.cron()
  }
  if (server.repl !== null && every(server, 1000)) server.repl.cron()
  if (server.cluster !== null && server.booted && !server.scripting?.suspended && every(server, 100))
    server.clusterPart?.cron(server.cluster)
  if (server.migrateSockets.size > 0 && every(server, 1000)) closeIdleSockets(server)
  if (server.mode === 'sentinel') server.sentinel?.tick()
  if (server.ops.length > 0) server.propagatePending(true)
  server.cronLoops++
  // epoll waits whole milliseconds, so the next tick is up to one late. A Sentinel depends on not marching in step.
  const late = server.mode === 'sentinel' ? server.rng.float() : 0
  server.host.after(Math.floor(1000 / server.hz) + late, () => serverCron(server))
}
/** Every five seconds, to a log that wants to know. */
function showInfo(server: Server): void {
  const { loglevel } = server.config
  if (loglevel === 'notice' || loglevel === 'warning') return
  for (const db of server.dbs) {
    if (db.size === 0 && db.expires.size === 0) continue
    const slots = db.dict.tableSize(0) + db.dict.tableSize(1)
    server.log('verbose', `DB ${db.id}: ${db.size} keys (${db.expires.size} volatile) in ${slots} slots HT.`)
  }
  if (server.mode === 'sentinel') return
  let replicas = 0
  for (const c of server.clients.values()) if (c.isReplica) replicas++
  server.log(
    'debug',
    `${server.clients.size - replicas} clients connected (${replicas} replicas), ${server.usedMemory()} bytes in use`,
  )
}
/** run_with_period */
function every(server: Server, ms: number): boolean {
  return ms <= 1000 / server.hz || server.cronLoops % Math.floor((ms * server.hz) / 1000) === 0
}
function adaptHz(server: Server): void {
  server.hz = server.config.hz
  if (!server.config.dynamicHz) return
  while (server.clients.size / server.hz > 200) {
    server.hz *= 2
    if (server.hz > 500) {
      server.hz = 500
      break
    }
  }
}
function sampleRates(server: Server, now: number): void {
  const s = server.stat
  const totals = [s.numCommands, s.netInputBytes, s.netOutputBytes, s.netReplInputBytes, s.netReplOutputBytes]
  for (let i = 0; i < totals.length; i++) s.instantaneous[i]?.track(totals[i] as number, now)
}
function clientsCron(server: Server): void {
  const timeoutMs = server.config.timeout * 1000
  server.clientPeaks.turn(Math.floor(server.nowMs / 1000))
  for (const c of server.clients.values()) {
    resizeBuffers(server, c)
    server.clientPeaks.track(server, c)
    if (
      timeoutMs > 0 &&
      !c.isReplica &&
      !c.isMaster &&
      c.blocked === null &&
      !c.isPubsub &&
      Math.floor(server.nowMs / 1000) - Math.floor(c.lastInteractionMs / 1000) > server.config.timeout
    ) {
      server.log('verbose', 'Closing idle client')
      server.freeClientAsync(c)
    } else if (c.kernelPending > 0) checkOutputBufferLimits(server, c)
    if (server.cluster !== null && c.blocked !== null && server.clusterPart?.redirectBlockedClient(server.cluster, c))
      unblockClient(server, c)
  }
}
function databasesCron(server: Server): void {
  if (server.activeExpireEnabled) {
    if (server.isReplica) server.replicaKeys.expire(server)
    else activeExpireCycle(server, 'slow')
  }
  if (server.rdb?.saving) return
  for (const db of server.dbs) {
    if (db.dict.needsResize) db.dict.resizeToFit()
    if (db.expires.needsResize) db.expires.resizeToFit()
    if (!server.config.activerehashing) continue
    if (db.dict.isRehashing) {
      db.dict.rehashStep(REHASH_BUCKETS)
      server.tap?.({ kind: 'rehash step', db: db.id, rehashidx: db.dict.rehashidx })
      break
    }
    if (db.expires.isRehashing) {
      db.expires.rehashStep(REHASH_BUCKETS)
      break
    }
  }
}
