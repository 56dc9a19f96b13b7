/** What presses keys out: the expiry cycle's samples and the eviction pool, and how good their choices were. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Database } from '../keyspace/database.ts'
import { estimateObjectIdleTime, lfuCounter } from '../server/evict.ts'
import type { Server } from '../server/server.ts'
import { recorderOf } from './recorder.ts'
import { clip } from './clip.ts'

const CELLS = 128
const COUNTED = 5000

export function viewExpiry(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)]
  if (!db) return null
  const now = s.nowMs
  const d = db.expires
  const [size0, size1] = [d.tableSize(0), d.tableSize(1)]
  const cells = Math.max(1, Math.min(CELLS, size0))
  const strip = Array.from({ length: cells }, () => [0, 0, 0] as [number, number, number])
  const counts: [number, number, number] = [0, 0, 0]
  const soonest: { key: Bytes; ttlMs: number }[] = []
  let seen = 0
  const look = (key: Bytes, bucket: number): void => {
    const ttl = (d.peek(key) ?? 0) - now
    const kind = ttl < 0 ? 2 : ttl < 1000 ? 1 : 0
    const cell = strip[Math.min(cells - 1, Math.floor((bucket / size0) * cells))]
    if (cell) cell[kind]++
    counts[kind]++
    soonest.push({ key: clip(key), ttlMs: ttl })
  }
  for (let i = 0; i < size0 + size1 && seen < COUNTED; i++) {
    const t = i < size0 ? 0 : 1
    const bucket = t === 0 ? i : i - size0
    if (d.chainLength(t, bucket) === 0) continue
    for (const key of d.bucketKeys(t, bucket)) {
      seen++
      look(key, bucket % Math.max(1, size0))
    }
  }
  soonest.sort((a, b) => a.ttlMs - b.ttlMs)
  const effort = s.config.activeExpireEffort - 1
  return {
    db: db.id,
    size: d.size,
    buckets: size0,
    counted: seen,
    strip,
    counts,
    soonest: soonest.slice(0, 24),
    cursor: size0 === 0 ? 0 : (db.expiresCursor & (size0 - 1)) >>> 0,
    active: s.activeExpireEnabled,
    replica: s.isReplica,
    hz: s.hz,
    effort: effort + 1,
    perLoop: 20 + 5 * effort,
    acceptableStale: 10 - effort,
    stalePercent: s.stat.expiredStalePerc,
    expiredKeys: s.stat.expiredKeys,
    capReached: s.stat.expiredTimeCapReachedCount,
    avgTtlMs: db.avgTtlMs,
    lastTick: recorderOf(s)?.turns.lastTick ?? s.host.now,
    budget: ((25000 + 2000 * effort) * 10) / Math.max(1, s.hz),
    loops:
      recorderOf(s)
        ?.loops.filter((l) => l.db === db.id)
        .slice(-60) ?? [],
  }
}

const volatileOnly = (s: Server): boolean => s.config.maxmemoryPolicy.startsWith('volatile')
/** Higher goes first, as in the pool. Null for a policy that does not score. */
function scorer(s: Server): ((db: Database, key: Bytes) => number) | null {
  const policy = s.config.maxmemoryPolicy
  if (policy === 'volatile-ttl') return (db, key) => -((db.expires.peek(key) ?? 0) - s.nowMs) / 1000
  if (policy.endsWith('random') || policy === 'noeviction') return null
  return (db, key) => {
    const o = db.dict.peek(key)
    if (!o) return -1
    return s.lfu ? 255 - lfuCounter(s, o) : estimateObjectIdleTime(s, o)
  }
}
/** All that could go, best first; null when there are too many to rank. */
export function candidates(s: Server, most: number): { db: number; key: Bytes; score: number }[] | null {
  const score = scorer(s)
  const total = s.dbs.reduce((n, db) => n + (volatileOnly(s) ? db.expires.size : db.dict.size), 0)
  if (total > most) return null
  const out: { db: number; key: Bytes; score: number }[] = []
  for (const db of s.dbs)
    (volatileOnly(s) ? db.expires : db.dict).forEach((key: Bytes) => {
      out.push({ db: db.id, key, score: score === null ? 0 : score(db, key) })
    })
  return out.sort((a, b) => b.score - a.score)
}

const BARS = 240
/** Access counters of all candidates, and what makes them grow and decay. */
function viewLfu(s: Server, all: readonly { db: number; key: Bytes }[] | null, args: readonly string[]) {
  if (!s.lfu) return null
  const counters = Array.from({ length: 256 }, () => 0)
  for (const c of all ?? []) {
    const o = s.dbs[c.db]?.dict.peek(c.key)
    if (o) counters[lfuCounter(s, o)]!++
  }
  const o = s.dbs[Number(args[0] ?? 0)]?.dict.peek(args[1] ?? '')
  return {
    counters,
    logFactor: s.config.lfuLogFactor,
    decayTime: s.config.lfuDecayTime,
    minute: Math.floor(s.nowMs / 60000) & 65535,
    chosen: o === undefined ? null : { stored: o.lru & 255, counter: lfuCounter(s, o), minute: o.lru >>> 8 },
  }
}

export function viewEviction(s: Server, used: number, args: readonly string[] = []) {
  const all = candidates(s, COUNTED)
  const step = all === null ? 1 : Math.max(1, all.length / BARS)
  const bars: { key: Bytes; score: number; rank: number }[] = []
  if (all !== null)
    for (let i = 0; i < all.length && bars.length < BARS; i += step) {
      const c = all[Math.floor(i)] as { key: Bytes; score: number }
      bars.push({ key: clip(c.key), score: c.score, rank: Math.floor(i) + 1 })
    }
  const place = new Map(all?.map((c, i) => [c.key, i + 1]) ?? [])
  const recorder = recorderOf(s)
  return {
    policy: s.config.maxmemoryPolicy,
    samples: s.config.maxmemorySamples,
    maxmemory: s.config.maxmemory,
    used,
    lfu: s.lfu,
    evictedKeys: s.stat.evictedKeys,
    total: all?.length ?? null,
    bars,
    pool: (recorder?.pool ?? []).map((key) => ({ key: clip(key), rank: place.get(key) ?? null })),
    victims: recorder?.victims.slice(-48) ?? [],
    rounds: recorder?.evictions.rounds.slice(-16) ?? [],
    order: recorder?.evictions.order((db, key) => s.dbs[db]?.dict.peek(key) !== undefined) ?? null,
    lfuFields: viewLfu(s, all, args),
  }
}
