/**
 * maxmemory: what goes when there is no more room. Redis does not sort its keys by age. It looks at a handful
 * (maxmemory-samples) at random, remembers the best sixteen candidates it has seen so far (the eviction pool) and removes the
 * best of them; so the longer it evicts, the nearer it comes to true LRU, LFU or shortest TTL.
 *
 *   sample ──▶ score (idle seconds | 255 - counter | nearness of death) ──▶ pool, worst … best ──▶ remove the best
 *
 * Simplified: Redis stops a long eviction by the clock (maxmemory-eviction-tenacity); here by a modelled cost per key, since an
 * engine that reads no clock can't measure itself.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { memoryUsage, notCountedForEvict } from '../inspect/memory.ts'
import type { Obj } from '../objects/object.ts'
import type { Server } from './server.ts'
import type { Database } from '../keyspace/database.ts'
import { notifyKeyspaceEvent } from '../keyspace/notify.ts'

interface Candidate {
  /** Higher goes first. */
  readonly score: number
  readonly key: Bytes
  readonly db: Database
}
const POOL_SIZE = 16
const MICROS_PER_KEY = 3
const LRU_CLOCK_MAX = 0xffffff

/** Seconds since the last touch, by a clock of 24 bits. */
export function estimateObjectIdleTime(server: Server, o: Obj): number {
  const now = server.lruClock
  return now >= o.lru ? now - o.lru : now + (LRU_CLOCK_MAX - o.lru)
}
/** The access counter, after the decay that time has earned it. Does not change the object. */
export function lfuCounter(server: Server, o: Obj): number {
  const minutes = Math.floor(server.nowMs / 60000) & 65535
  const counter = o.lru & 255
  const since = o.lru >>> 8
  const elapsed = minutes >= since ? minutes - since : 65535 - since + minutes
  const decay = server.config.lfuDecayTime > 0 ? Math.floor(elapsed / server.config.lfuDecayTime) : 0
  return decay > counter ? 0 : counter - decay
}

function scoreOf(server: Server, db: Database, key: Bytes, ttl: boolean): number {
  if (ttl) return Number.MAX_SAFE_INTEGER - (db.expires.get(key) ?? 0)
  const o = db.dict.get(key)
  if (o === undefined) return -1
  return server.lfu ? 255 - lfuCounter(server, o) : estimateObjectIdleTime(server, o)
}
/** evictionPoolPopulate: the pool stays sorted, best last. */
function populate(server: Server, pool: Candidate[], db: Database, volatile: boolean, ttl: boolean): void {
  const dict = volatile ? db.expires : db.dict
  const sample = dict.sample(server.rng, server.config.maxmemorySamples)
  const before = server.notice === null ? null : [...pool]
  const scores: number[] = []
  for (const [key] of sample) {
    const score = scoreOf(server, db, key, ttl)
    scores.push(score)
    if (score < 0 || (pool.length === POOL_SIZE && score <= (pool[0] as Candidate).score)) continue
    let at = 0
    while (at < pool.length && (pool[at] as Candidate).score < score) at++
    pool.splice(at, 0, { score, key, db })
    if (pool.length > POOL_SIZE) pool.shift()
  }
  if (server.notice !== null && before !== null)
    server.notice({
      kind: 'evict sample',
      db: db.id,
      keys: sample.map(([key]) => key),
      scores,
      before: before.map((p) => p.key),
      beforeScores: before.map((p) => p.score),
    })
}
/** The best candidate that still exists. */
function takeBest(pool: Candidate[], volatile: boolean): Candidate | null {
  for (;;) {
    const best = pool.pop()
    if (best === undefined) return null
    if ((volatile ? best.db.expires : best.db.dict).has(best.key)) return best
  }
}
/** evictionTimeLimitUs */
function timeLimit(tenacity: number): number {
  if (tenacity <= 10) return 50 * tenacity
  return tenacity < 100 ? Math.floor(500 * 1.15 ** (tenacity - 10)) : Number.POSITIVE_INFINITY
}

export class Evictor {
  private readonly server: Server
  private pool: Candidate[] = []
  private nextDb = 0
  private running = false
  private exceededSince: number | null = null
  private exceededTotal = 0

  constructor(server: Server) {
    this.server = server
  }
  /** performEvictions: false only when memory is over the limit and nothing can be removed. */
  perform(): boolean {
    const { server } = this
    const { config } = server
    if (server.loading || (server.isReplica && config.replicaIgnoreMaxmemory) || server.pausedFor('all')) return true
    let excess = config.maxmemory === 0 ? 0 : server.usedMemory() - config.maxmemory
    if (excess > 0) excess -= notCountedForEvict(server)
    if (excess <= 0) return this.under()
    if (config.maxmemoryPolicy === 'noeviction') return this.over(false)
    const limit = timeLimit(config.maxmemoryEvictionTenacity)
    let freed = 0
    let removed = 0
    let later = false
    while (freed < excess) {
      const victim = this.choose()
      if (victim === null) break
      freed += this.evict(victim)
      removed++
      if (removed % 16 === 0 && removed * MICROS_PER_KEY > limit) {
        this.goOnSoon()
        later = true
        break
      }
    }
    server.workMicros += removed * MICROS_PER_KEY
    if (later) return this.over(true)
    return freed < excess ? this.over(false) : this.under()
  }
  private over(goingOn: boolean): boolean {
    this.exceededSince ??= this.server.host.now
    return goingOn
  }
  private under(): boolean {
    this.exceededTotal += this.exceededMicros(false)
    this.exceededSince = null
    return true
  }
  /** How long memory has been over the limit: now, or in all. */
  exceededMicros(inAll: boolean): number {
    const current = this.exceededSince === null ? 0 : this.server.host.now - this.exceededSince
    return inAll ? this.exceededTotal + current : current
  }
  resetStats(): void {
    this.exceededSince = null
    this.exceededTotal = 0
  }
  private choose(): Candidate | null {
    const { server } = this
    const policy = server.config.maxmemoryPolicy
    const volatile = policy.startsWith('volatile')
    if (policy.endsWith('random')) return this.chooseAtRandom(volatile)
    for (;;) {
      let keys = 0
      for (const db of server.dbs) {
        const n = volatile ? db.expires.size : db.dict.size
        if (n === 0) continue
        populate(server, this.pool, db, volatile, policy === 'volatile-ttl')
        keys += n
      }
      if (keys === 0) return null
      const best = takeBest(this.pool, volatile)
      if (best !== null) return best
    }
  }
  /** One database after the other. */
  private chooseAtRandom(volatile: boolean): Candidate | null {
    const { server } = this
    for (let i = 0; i < server.dbs.length; i++) {
      const db = server.dbs[this.nextDb++ % server.dbs.length] as Database
      const entry = (volatile ? db.expires : db.dict).random(server.rng)
      if (entry !== null) return { score: 0, key: entry[0], db }
    }
    return null
  }
  /** Bytes that became free. */
  private evict({ db, key, score }: Candidate): number {
    const { server } = this
    const o = db.dict.get(key)
    const size = o === undefined ? 0 : memoryUsage(key, o)
    if (server.notice !== null)
      server.notice({ kind: 'evict victim', db: db.id, key, score, size, pool: this.pool.map((p) => p.key) })
    db.remove(key)
    if (o !== undefined && server.config.lazyfreeLazyEviction) server.lazyfree.value(o, server.host.now)
    server.stat.evictedKeys++
    server.signalModifiedKey(null, db, key)
    notifyKeyspaceEvent(server, 'e', 'evicted', key, db.id)
    server.alsoPropagate(db.id, [server.config.lazyfreeLazyEviction ? 'UNLINK' : 'DEL', key])
    if (!server.nested) server.propagatePending(true)
    server.tap?.({ kind: 'evicted', db: db.id, key, policy: server.config.maxmemoryPolicy })
    return size
  }
  /** startEvictionTimeProc: the rest is done between the next commands. */
  private goOnSoon(): void {
    if (this.running) return
    this.running = true
    this.server.host.after(0, () => {
      this.running = false
      this.perform()
    })
  }
}
