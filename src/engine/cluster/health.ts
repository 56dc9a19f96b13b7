/**
 * May this node serve? The cluster is "ok" for it while it reaches a majority of the masters with slots, and (unless
 * `cluster-require-full-coverage no`) every slot has an owner that has not failed.
 *
 *   fail ─▶ ok waits, for a master: 2 s after its start, and after a time in the minority as long as the node timeout
 *               (500 ms … 5 s), so that whoever took its slots meanwhile can tell it before it takes a write
 */
import { type Cluster, TODO_UPDATE_STATE } from './cluster.ts'
import { saveConfig } from './nodes-conf.ts'
import { CLUSTER_SLOTS } from './node.ts'
import { addSlot } from './slots.ts'

const WRITABLE_DELAY_MS = 2000
const MIN_REJOIN_DELAY_MS = 500
const MAX_REJOIN_DELAY_MS = 5000

/** Counts the electorate, and how much of it answers. */
function countMasters(cluster: Cluster): { readonly size: number; readonly reachable: number } {
  let size = 0
  let reachable = 0
  for (const n of cluster.nodes.values()) {
    if (!n.isMaster || n.numslots === 0) continue
    size++
    if (!n.failed && !n.timedOut) reachable++
  }
  return { size, reachable }
}
/** Every slot has an owner that has not failed. (What the nodes own adds up to the slots that have an owner.) */
function isCovered(cluster: Cluster): boolean {
  let served = 0
  for (const n of cluster.nodes.values()) if (!n.failed) served += n.numslots
  return served === CLUSTER_SLOTS
}
export function updateState(cluster: Cluster): void {
  const { server, myself } = cluster
  const now = cluster.nowMs
  cluster.todo &= ~TODO_UPDATE_STATE
  if (cluster.firstUpdateMs === 0) cluster.firstUpdateMs = now
  if (myself.isMaster && cluster.state === 'fail' && now - cluster.firstUpdateMs < WRITABLE_DELAY_MS) return
  let ok = !server.config.clusterRequireFullCoverage || isCovered(cluster)
  const { size, reachable } = countMasters(cluster)
  cluster.size = size
  if (reachable < cluster.quorum) {
    ok = false
    cluster.minorityTimeMs = now
  }
  const state = ok ? 'ok' : 'fail'
  if (state === cluster.state) return
  const delay = Math.min(MAX_REJOIN_DELAY_MS, Math.max(MIN_REJOIN_DELAY_MS, server.config.clusterNodeTimeout))
  if (ok && myself.isMaster && now - cluster.minorityTimeMs < delay) return
  server.log('warning', `Cluster state changed: ${state}`)
  server.tap?.({ kind: 'cluster state', state })
  cluster.state = state
}

/**
 * After loading: does the data belong to the slots that nodes.conf says are ours? Slots of nobody are taken; those of
 * others become importing, for redis-cli --cluster fix. False: keys in another database than 0, which no node may have.
 */
export function verifyWithData(cluster: Cluster): boolean {
  const { server, myself } = cluster
  if (myself.isSlave) return true
  for (const db of server.dbs) if (db.id !== 0 && db.dict.size > 0) return false
  const keys = server.dbs[0]?.slotKeys
  if (!keys) return true
  let changed = false
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    const owner = cluster.slots[slot] ?? null
    if (keys.count(slot) === 0 || owner === myself || cluster.importingSlotsFrom[slot]) continue
    changed = true
    if (owner === null) {
      server.log('warning', `I have keys for unassigned slot ${slot}. Taking responsibility for it.`)
      addSlot(cluster, myself, slot)
    } else {
      server.log(
        'warning',
        `I have keys for slot ${slot}, but the slot is assigned to another node. Setting it to importing state.`,
      )
      cluster.importingSlotsFrom[slot] = owner
    }
  }
  if (changed) saveConfig(cluster, true)
  return true
}
