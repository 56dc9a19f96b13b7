/**
 * CLUSTER FAILOVER: a replica and its master change places, and nothing is lost.
 *
 *   replica                                   master
 *   MFSTART ────────────────────────────────▶ writes pause (up to 10 s), it pings this replica in every cron
 *   its offset is the one to reach ◀── PING, flag PAUSED, offset ──
 *   all of the stream applied ▶ an election without delay; its request says FORCEACK: vote, though the master is up
 *
 * With FORCE the replica does not ask its master, with TAKEOVER it asks nobody. All of it has 5 s.
 */
import { buildHeader, sendMessage } from './bus.ts'
import type { Cluster } from './cluster.ts'
import { failoverReplaceYourMaster } from './election.ts'
import { bumpConfigEpochWithoutConsensus } from './epochs.ts'
import { sendPing } from './gossip.ts'
import { unpauseClients } from '../server/pause.ts'
import { MSG_MFSTART, MSG_PING } from './message.ts'
import type { ClusterNode } from './node.ts'

const MF_TIMEOUT_MS = 5000
/** The master pauses for longer than the replica tries: it must not write again while an election may still be won. */
const MF_PAUSE_MULT = 2

/** Whatever became of it, it is over. */
export function resetManualFailover(cluster: Cluster): void {
  if (cluster.mfSlave !== null) unpauseClients(cluster.server, 'failover')
  cluster.mfEndMs = 0
  cluster.mfCanStart = false
  cluster.mfSlave = null
  cluster.mfMasterOffset = -1
}

/** The master's part: `sender` is one of our replicas, and wants our place. */
export function onMfStart(cluster: Cluster, sender: ClusterNode): void {
  if (sender.slaveof !== cluster.myself) return
  const now = cluster.nowMs
  resetManualFailover(cluster)
  cluster.mfEndMs = now + MF_TIMEOUT_MS
  cluster.mfSlave = sender
  cluster.server.pauseClients(now + MF_TIMEOUT_MS * MF_PAUSE_MULT, 'write', 'failover')
  cluster.server.log('warning', `Manual failover requested by replica ${sender.name}.`)
  // Its header carries our offset: the replica need not wait for the next cron.
  const link = sender.inboundLink ?? sender.link
  if (link !== null) sendPing(cluster, link, MSG_PING)
}

/** The replica's part: has it all that its master had when it paused? */
export function handleManualFailover(cluster: Cluster): void {
  if (cluster.mfEndMs === 0 || cluster.mfCanStart || cluster.mfMasterOffset === -1) return
  if (cluster.mfMasterOffset !== cluster.server.repl?.slaveOffset) return
  cluster.mfCanStart = true
  cluster.server.log('warning', 'All master replication stream processed, manual failover can start.')
}

export function handleManualFailoverTimeout(cluster: Cluster): void {
  if (cluster.mfEndMs === 0 || cluster.mfEndMs >= cluster.nowMs) return
  cluster.server.log('warning', 'Manual failover timed out.')
  resetManualFailover(cluster)
}

/** CLUSTER FAILOVER, once it is known that this is a replica and that its master will do. */
export function startManualFailover(cluster: Cluster, kind: 'default' | 'force' | 'takeover'): void {
  const { server, myself } = cluster
  resetManualFailover(cluster)
  cluster.mfEndMs = cluster.nowMs + MF_TIMEOUT_MS
  if (kind === 'takeover') {
    server.log('warning', 'Taking over the master (user request).')
    bumpConfigEpochWithoutConsensus(cluster, 'TAKEOVER')
    failoverReplaceYourMaster(cluster, 'TAKEOVER')
  } else if (kind === 'force') {
    server.log('warning', 'Forced failover user request accepted.')
    cluster.mfCanStart = true
  } else {
    server.log('warning', 'Manual failover user request accepted.')
    const link = myself.slaveof?.link ?? null
    if (link !== null) sendMessage(cluster, link, buildHeader(cluster, MSG_MFSTART))
  }
}
