/** The server as a whole: where its bytes are, what its keys are made of, what its main thread did, who waits for whom. */
import type { Bytes } from '../bytes/bytes.ts'
import { latencyDoctor } from '../commands/server/latency.ts'
import type { Command } from '../commands/table.ts'
import type { Obj } from '../objects/object.ts'
import { latencyPercentile } from '../server/latency.ts'
import type { Server } from '../server/server.ts'
import { infoText } from '../server/info.ts'
import { binsOf, wasteOf } from './bins.ts'
import { functionMemory, memoryAccount, memoryUsage, notCountedForEvict } from './memory.ts'
import { lengthOf, recorderOf } from './recorder.ts'
import { still } from './still.ts'
import { clip } from './clip.ts'
import { ticksOf } from './turns.ts'

const COUNTED = 3000

/** Up to `COUNTED` keys of all databases, read bucket by bucket. */
function eachKey(s: Server, fn: (db: number, key: Bytes, o: Obj) => void): { seen: number; total: number } {
  let seen = 0
  let total = 0
  for (const db of s.dbs) {
    total += db.size
    for (const t of [0, 1] as const)
      for (let i = 0; i < db.dict.tableSize(t) && seen < COUNTED; i++) {
        if (db.dict.chainLength(t, i) === 0) continue
        for (const key of db.dict.bucketKeys(t, i)) {
          const o = db.dict.peek(key)
          if (!o) continue
          seen++
          fn(db.id, key, o)
        }
      }
  }
  return { seen, total }
}

/** What the process holds besides, as INFO memory counts it: the AOF's buffer, pages copied behind a child's back. */
function besides(s: Server) {
  const f = new Map(
    infoText(s, ['memory', 'persistence'])
      .split('\r\n')
      .map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1)] as const),
  )
  const n = (name: string): number => Number(f.get(name) ?? 0)
  return {
    aofBuffer: n('mem_aof_buffer'),
    functions: functionMemory(s),
    cow: Math.max(n('current_cow_size'), n('rdb_last_cow_size'), n('aof_last_cow_size')),
    cowNow: n('current_cow_size'),
    rss: n('used_memory_rss'),
    fragmentation: Number(f.get('mem_fragmentation_ratio') ?? 0),
  }
}

export function viewMemory(s: Server, args: readonly string[]) {
  const account = memoryAccount(s)
  const chosen = s.dbs[Number(args[0] ?? 0)]?.dict.peek(args[1] ?? '')
  const recorder = recorderOf(s)
  const keys: {
    db: number
    key: Bytes
    type: string
    encoding: string
    bytes: number
    wasted: number
    length: number
  }[] = []
  const prefixes = new Map<string, { keys: number; bytes: number }>()
  const types = new Map<string, { keys: number; bytes: number }>()
  const add = (map: Map<string, { keys: number; bytes: number }>, name: string, bytes: number): void => {
    const entry = map.get(name)
    if (entry) {
      entry.keys++
      entry.bytes += bytes
    } else map.set(name, { keys: 1, bytes })
  }
  const { seen, total } = eachKey(s, (db, key, o) => {
    const bytes = still(o, () => memoryUsage(key, o))
    const wasted = still(o, () => wasteOf(key, o))
    keys.push({ db, key: clip(key), type: o.type, encoding: o.encoding, bytes, wasted, length: lengthOf(o) })
    const colon = key.indexOf(':')
    add(prefixes, colon > 0 ? `${clip(key.slice(0, colon))}:*` : clip(key), bytes)
    add(types, `${o.type}, ${o.encoding}`, bytes)
  })
  keys.sort((a, b) => b.bytes - a.bytes)
  const sorted = (map: typeof prefixes) =>
    [...map]
      .map(([name, v]) => ({ name, ...v }))
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 40)
  return {
    ...account,
    dataset: account.total - account.overhead,
    peak: s.stat.peakMemory,
    maxmemory: s.config.maxmemory,
    policy: s.config.maxmemoryPolicy,
    notCounted: notCountedForEvict(s),
    seen,
    all: total,
    history: recorder === undefined ? [] : [...recorder.memory.samples, recorder.memory.now()],
    growth: recorder?.story(Number(args[0] ?? 0), args[1] ?? '')?.samples ?? [],
    now: s.host.now,
    ...besides(s),
    bins: chosen === undefined ? [] : still(chosen, () => binsOf(args[1] ?? '', chosen)),
    top: keys.slice(0, 60),
    wasteful: [...keys].sort((a, b) => b.wasted - a.wasted).slice(0, 20),
    prefixes: sorted(prefixes),
    types: sorted(types),
  }
}

export function viewDatabases(s: Server, args: readonly string[]) {
  const matrix = new Map<string, number>()
  const { seen, total } = eachKey(s, (_, __, o) => {
    matrix.set(`${o.type}|${o.encoding}`, (matrix.get(`${o.type}|${o.encoding}`) ?? 0) + 1)
  })
  const chosen = s.dbs[Number(args[0] ?? 0)]
  const key = args[1] ?? ''
  const o = chosen?.dict.peek(key)
  return {
    seen,
    total,
    matrix: [...matrix].map(([name, n]) => [...name.split('|'), n] as unknown as [string, string, number]),
    dbs: s.dbs
      .filter((db) => db.size > 0 || db.id === chosen?.id)
      .map((db) => ({
        id: db.id,
        keys: db.size,
        expires: db.expires.size,
        avgTtlMs: Math.round(db.avgTtlMs),
        expiresCursor: db.expiresCursor,
        blocking: db.blockingKeys.size,
        ready: db.readyKeys.size,
        watched: db.watchedKeys.size,
        tables: [db.dict.tableSize(0), db.dict.tableSize(1)],
        rehashidx: db.dict.rehashidx,
      })),
    hits: s.stat.keyspaceHits,
    misses: s.stat.keyspaceMisses,
    lfu: s.lfu,
    lruClock: s.lruClock,
    object:
      o === undefined || !chosen
        ? null
        : {
            key: clip(key),
            type: o.type,
            encoding: o.encoding,
            lru: o.lru,
            length: lengthOf(o),
            bytes: still(o, () => memoryUsage(key, o)),
            ttlMs: chosen.expires.peek(key) === undefined ? null : (chosen.expires.peek(key) as number) - s.nowMs,
          },
  }
}

/** LATENCY DOCTOR as the command would answer it. */
function latencyReport(s: Server): string {
  const reply = latencyDoctor({ config: s.config, server: s, nowMs: s.nowMs })
  return typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'verbatim' ? reply.text : ''
}

export function viewCommands(s: Server) {
  const recorder = recorderOf(s)
  const commands: {
    name: string
    calls: number
    micros: number
    failed: number
    rejected: number
    p50: number
    p99: number
  }[] = []
  const add = (c: Command): void => {
    if (c.calls + c.rejectedCalls + c.failedCalls > 0)
      commands.push({
        name: c.name,
        calls: c.calls,
        micros: c.micros,
        failed: c.failedCalls,
        rejected: c.rejectedCalls,
        p50: c.latency ? latencyPercentile(c.latency, 50) : 0,
        p99: c.latency ? latencyPercentile(c.latency, 99) : 0,
      })
    if (c.subcommands !== null) for (const sub of new Set(c.subcommands.values())) add(sub)
  }
  for (const c of s.table.all()) add(c)
  return {
    threshold: s.config.slowlogLogSlowerThan,
    slowlog: s.slowlog.entries.slice(0, 32).map((e) => ({ ...e, argv: e.argv.slice(0, 8).map(clip) })),
    latency: [...s.latency.events].map(([name, e]) => ({ name, max: e.max, samples: e.samples.slice(-32) })),
    commands: commands.sort((a, b) => b.micros - a.micros).slice(0, 60),
    segments: recorder?.segments ?? [],
    ticks: recorder === undefined ? [] : ticksOf(recorder.turns),
    doctor: latencyReport(s),
    monitorThreshold: s.config.latencyMonitorThreshold,
    now: s.host.now,
    hz: s.hz,
    processed: s.stat.numCommands,
  }
}
