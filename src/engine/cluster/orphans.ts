/**
 * Replica migration: a master that had replicas and lost them gets one from the master that has most of them.
 *
 * One replica in the whole cluster may go, and all must pick the same without talking about it: of the masters with
 * the most working replicas, the replica with the smallest name. It goes when the orphan has been one for 5 s (its own
 * replica may just be restarting), and only while its present master keeps `cluster-migration-barrier` others.
 */
import type { Cluster } from './cluster.ts'
import { type ClusterNode, NODE_MIGRATE_TO } from './node.ts'
import { setMyMaster } from './slots.ts'

const MIGRATION_DELAY_MS = 5000

export function countNonFailingSlaves(node: ClusterNode): number {
  let n = 0
  for (const s of node.slaves) if (!s.failed) n++
  return n
}

/** From the cron, when there are orphans and our master is one of those with the most replicas (`maxSlaves`). */
export function handleSlaveMigration(cluster: Cluster, maxSlaves: number): void {
  const { server, myself } = cluster
  const master = myself.slaveof
  if (cluster.state !== 'ok' || master === null) return
  const working = master.slaves.filter((s) => !s.failed && !s.timedOut).length
  if (working <= server.config.clusterMigrationBarrier) return
  const now = cluster.nowMs
  let target: ClusterNode | null = null
  let candidate = myself
  for (const node of cluster.nodes.values()) {
    const ok = node.isMaster ? countNonFailingSlaves(node) : 0
    if (!node.isSlave && !node.failed && (node.flags & NODE_MIGRATE_TO) !== 0 && ok === 0) {
      if (target === null && node.numslots > 0) target = node
      if (node.orphanedTimeMs === 0) node.orphanedTimeMs = now
    } else node.orphanedTimeMs = 0
    if (ok === maxSlaves) for (const s of node.slaves) if (s.name < candidate.name) candidate = s
  }
  if (target === null || candidate !== myself || now - target.orphanedTimeMs <= MIGRATION_DELAY_MS) return
  server.log('warning', `Migrating to orphaned master ${target.name}`)
  server.tap?.({ kind: 'replica migration', to: target.name })
  setMyMaster(cluster, target)
}
