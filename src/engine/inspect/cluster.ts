/**
 * A node's own view of its cluster: whom it knows, what it believes of them, which slots it thinks are whose. Another node's
 * may differ; a picture lays them side by side.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { MESSAGE_TYPES } from '../cluster/cluster.ts'
import { CLUSTER_SLOTS, type ClusterNode } from '../cluster/node.ts'
import { flagNames } from '../cluster/nodes-conf.ts'
import type { Server } from '../server/server.ts'
import { heatOf, viewBus, viewEpochs, viewPacket } from './cluster-log.ts'
import { viewRoute } from './cluster-route.ts'
import { rangesOf } from './cluster-summary.ts'
import { memoryUsage } from './memory.ts'
import { createDumpPayload } from '../persistence/dump.ts'
import { still } from './still.ts'
import { clip } from './clip.ts'

/** Failure reports that count: heard within so many node timeouts. */
const REPORT_VALIDITY = 2
const MOST_KEYS = 200

/** Runs of one owner in this node's table: first slot, last slot, owner's name or '' when nobody has them. */
function ownerRuns(c: Cluster): [number, number, Bytes][] {
  const runs: [number, number, Bytes][] = []
  let owner: ClusterNode | null | undefined
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const here = c.slots[slot] ?? null
    const last = runs[runs.length - 1]
    if (last !== undefined && here === owner) last[1] = slot
    else runs.push([slot, slot, here?.name ?? ''])
    owner = here
  }
  return runs
}
function marked(table: readonly (ClusterNode | null)[]): [number, Bytes][] {
  const out: [number, Bytes][] = []
  table.forEach((node, slot) => {
    if (node !== null) out.push([slot, node.name])
  })
  return out
}

function nodeView(c: Cluster, n: ClusterNode) {
  const age = (at: number): number | null => (at === 0 ? null : Math.max(0, c.nowMs - at))
  const oldest = c.server.config.clusterNodeTimeout * REPORT_VALIDITY
  return {
    id: n.name,
    ip: n.ip,
    port: n.port,
    cport: n.cport,
    hostname: n.hostname,
    flags: flagNames(n.flags).split(','),
    master: n.slaveof?.name ?? null,
    configEpoch: n.configEpoch,
    slots: n.numslots,
    ranges: rangesOf(n),
    /** Milliseconds that a PING has waited for its PONG; null when none does. */
    pingWaitMs: age(n.pingSentMs),
    pongAgeMs: age(n.pongReceivedMs),
    failAgeMs: n.failed ? age(n.failTimeMs) : null,
    linked: n.link?.link?.open === true || n.isMyself,
    inbound: n.inboundLink !== null,
    offset: n.replOffset,
    reports: n.failReports
      .filter((r) => c.nowMs - r.timeMs <= oldest)
      .map((r) => ({ by: r.node.name, ageMs: c.nowMs - r.timeMs })),
  }
}

/** `args`: nothing, or 'epochs', 'bus', 'packet' for what the node remembers (cluster-log.ts). */
export function viewCluster(s: Server, args: readonly string[] = []) {
  const c = s.cluster
  if (c === null) return null
  if (args[0] === 'epochs') return viewEpochs(c)
  if (args[0] === 'bus') return viewBus(c, args.slice(1))
  if (args[0] === 'packet') return viewPacket(c, args.slice(1))
  if (args[0] === 'route') return viewRoute(c, args.slice(1))
  if (args[0] === 'bits') return { id: c.myself.name, bits: String.fromCharCode(...c.myself.slots) }
  return viewNode(s, c)
}
function viewNode(s: Server, c: Cluster) {
  const until = (at: number): number => Math.max(0, at - c.nowMs)
  return {
    id: c.myself.name,
    state: c.state,
    currentEpoch: c.currentEpoch,
    lastVoteEpoch: c.lastVoteEpoch,
    size: c.size,
    quorum: c.quorum,
    nodeTimeoutMs: s.config.clusterNodeTimeout,
    fullCoverage: s.config.clusterRequireFullCoverage,
    keys: s.dbs[0]?.size ?? 0,
    nodes: [...c.nodes.values()].map((n) => nodeView(c, n)),
    owners: ownerRuns(c),
    migrating: marked(c.migratingSlotsTo),
    importing: marked(c.importingSlotsFrom),
    forgotten: [...c.blackList].map(([id, at]) => ({ id, leftMs: until(at) })),
    election:
      c.failoverAuthTimeMs === 0
        ? null
        : {
            inMs: until(c.failoverAuthTimeMs),
            sent: c.failoverAuthSent,
            votes: c.failoverAuthCount,
            rank: c.failoverAuthRank,
            epoch: c.failoverAuthEpoch,
          },
    manual:
      c.mfEndMs === 0
        ? null
        : {
            leftMs: until(c.mfEndMs),
            replica: c.mfSlave?.name ?? null,
            masterOffset: c.mfMasterOffset,
            canStart: c.mfCanStart,
          },
    messages: MESSAGE_TYPES.map((type, i) => [type, c.messagesSent[i] ?? 0, c.messagesReceived[i] ?? 0] as const),
  }
}

/** Keys of each slot that are weighed to know its bytes. */
const WEIGHED = 4
/** Keys of each slot here, as pairs of slot and count; `args`: 'heat' for requests of late, 'bytes' for about how many. */
export function viewSlotKeys(s: Server, args: readonly string[] = []) {
  const db = s.dbs[0]
  const index = db?.slotKeys
  if (s.cluster === null || !index) return null
  if (args[0] === 'heat') return { keys: db.size, pairs: heatOf(s.cluster) }
  if (args[0] === 'bytes') {
    const pairs: number[] = []
    for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
      const n = index.count(slot)
      if (n === 0) continue
      const some = index.some(db.dict, slot, WEIGHED)
      let bytes = 0
      for (const key of some) {
        const o = db.dict.peek(key)
        if (o !== undefined) bytes += still(o, () => memoryUsage(key, o))
      }
      pairs.push(slot, Math.round((bytes / Math.max(1, some.length)) * n))
    }
    return { keys: db.size, pairs }
  }
  const pairs: number[] = []
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const n = index.count(slot)
    if (n > 0) pairs.push(slot, n)
  }
  return { keys: s.dbs[0]?.size ?? 0, pairs }
}

const PAYLOAD_SHOWN = 96
/** What MIGRATE would send for the first key of a slot. */
function payloadOf(s: Server, slot: number) {
  const db = s.dbs[0]
  const key = db?.slotKeys?.first(db.dict, slot)
  const o = key === undefined ? undefined : db?.dict.peek(key)
  if (db === undefined || key === undefined || o === undefined) return null
  const payload = still(o, () => createDumpPayload(o, s.config.rdbcompression))
  const at = db.expires.peek(key) ?? -1
  const ttlMs = at === -1 ? 0 : Math.max(1, at - s.nowMs)
  return { key: clip(key), ttlMs, bytes: payload.slice(0, PAYLOAD_SHOWN), total: payload.length }
}

/** One slot here: what the three tables say of it, and its keys, newest first. */
export function viewSlot(s: Server, args: readonly string[]) {
  const slot = Number(args[0])
  const [c, db] = [s.cluster, s.dbs[0]]
  if (c === null || !db?.slotKeys || !Number.isInteger(slot) || slot < 0 || slot >= CLUSTER_SLOTS) return null
  return {
    slot,
    ...(args[1] === 'payload' ? { payload: payloadOf(s, slot) } : {}),
    owner: c.slots[slot]?.name ?? null,
    migratingTo: c.migratingSlotsTo[slot]?.name ?? null,
    importingFrom: c.importingSlotsFrom[slot]?.name ?? null,
    count: db.slotKeys.count(slot),
    keys: db.slotKeys.some(db.dict, slot, MOST_KEYS).map((key) => {
      const o = db.dict.peek(key)
      const at = db.expires.peek(key) ?? -1
      return {
        key: clip(key),
        type: o?.type ?? '',
        bytes: o === undefined ? 0 : still(o, () => memoryUsage(key, o)),
        ttlMs: at === -1 ? null : at - s.nowMs,
      }
    }),
  }
}
