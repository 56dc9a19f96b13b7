/**
 * A master fails and one of its replicas takes its place; nobody outside the cluster decides.
 *
 *   replica                                             masters with slots
 *   master FAIL? data young enough? ─ no ▶ log why
 *     │ wait 500 ms + random 0–499 + rank × 1000 ms       (rank: siblings that have more of the master's stream)
 *     │ currentEpoch + 1 ── FAILOVER_AUTH_REQUEST ─────▶ one vote an epoch, and one per master in 2 × node timeout
 *     │ ◀──────────── FAILOVER_AUTH_ACK ──────────────── (lastVoteEpoch is on disk before the vote leaves)
 *     └ a majority of all masters with slots ▶ master: its configEpoch is the election's, it claims every slot, PONG to all
 *
 * The epoch makes it safe: a master votes once in it, so at most one replica can win it, and whoever claims slots with
 * the greater configEpoch owns them. An election that fails is tried again after 2 × its own time limit.
 *
 * (redis 7.0: clusterHandleSlaveFailover, clusterSendFailoverAuthIfNeeded, cluster.c)
 */
import { broadcastMessage, buildHeader, sendMessage } from './bus.ts'
import {
  CANT_FAILOVER_DATA_AGE,
  CANT_FAILOVER_EXPIRED,
  CANT_FAILOVER_NONE,
  CANT_FAILOVER_WAITING_DELAY,
  CANT_FAILOVER_WAITING_VOTES,
  type Cluster,
  TODO_FSYNC_CONFIG,
  TODO_HANDLE_FAILOVER,
  TODO_SAVE_CONFIG,
  TODO_UPDATE_STATE,
} from './cluster.ts'
import { broadcastPong } from './gossip.ts'
import { updateState } from './health.ts'
import { resetManualFailover } from './manual.ts'
import { type ClusterMessage, MSG_FAILOVER_AUTH_ACK, MSG_FAILOVER_AUTH_REQUEST, MSGFLAG0_FORCEACK } from './message.ts'
import { saveConfig } from './nodes-conf.ts'
import { CLUSTER_SLOTS, type ClusterNode } from './node.ts'
import { addSlot, delSlot, setNodeAsMaster } from './slots.ts'

/** So that FAIL reaches everybody first: who has not heard of it does not vote. */
const FIXED_DELAY_MS = 500
const RANDOM_DELAY_MS = 500
const RANK_DELAY_MS = 1000
const MIN_AUTH_TIMEOUT_MS = 2000
/** The same reason is logged again after this many seconds. */
const RELOG_PERIOD_S = 60 * 5
/** No word about it in this time after FAIL (plus the node timeout): an election takes that long. */
const NOLOG_MS = 5000

const REASONS: Readonly<Record<number, string>> = {
  [CANT_FAILOVER_DATA_AGE]:
    "Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option.",
  [CANT_FAILOVER_WAITING_DELAY]: 'Waiting the delay before I can start a new failover.',
  [CANT_FAILOVER_EXPIRED]: 'Failover attempt expired.',
  [CANT_FAILOVER_WAITING_VOTES]: 'Waiting for votes, but majority still not reached.',
}

/** How many replicas of our master have more of its stream than we (those that never fail over do not count). */
export function slaveRank(cluster: Cluster): number {
  const { myself, server } = cluster
  const mine = server.repl?.slaveOffset ?? 0
  let rank = 0
  for (const s of myself.slaveof?.slaves ?? []) if (s !== myself && !s.cantFailover && s.replOffset > mine) rank++
  return rank
}

export function logCantFailover(cluster: Cluster, reason: number): void {
  const { server, nowMs } = cluster
  const seconds = Math.floor(nowMs / 1000)
  if (reason === cluster.cantFailoverReason && seconds - cluster.cantFailoverLogged < RELOG_PERIOD_S) return
  cluster.cantFailoverReason = reason
  const master = cluster.myself.slaveof
  if (master?.failed && nowMs - master.failTimeMs < server.config.clusterNodeTimeout + NOLOG_MS) return
  cluster.cantFailoverLogged = seconds
  server.log('warning', `Currently unable to failover: ${REASONS[reason] ?? 'Unknown reason code.'}`)
}

/** Ms since the master was last heard, beyond the time that it takes to notice; whole seconds, as Redis counts them. */
function dataAge(cluster: Cluster): number {
  const age = cluster.server.repl?.masterSilenceMs ?? 0
  const { clusterNodeTimeout } = cluster.server.config
  return age > clusterNodeTimeout ? age - clusterNodeTimeout : age
}

/** What a replica does about its master's failure, in each cron and whenever votes come in. */
export function handleSlaveFailover(cluster: Cluster): void {
  const { server, myself } = cluster
  const { config } = server
  const now = cluster.nowMs
  const authAge = now - cluster.failoverAuthTimeMs
  const manual = cluster.mfEndMs !== 0 && cluster.mfCanStart
  cluster.todo &= ~TODO_HANDLE_FAILOVER
  const authTimeout = Math.max(config.clusterNodeTimeout * 2, MIN_AUTH_TIMEOUT_MS)
  const master = myself.slaveof
  if (
    myself.isMaster ||
    master === null ||
    (!manual && (!master.failed || config.clusterReplicaNoFailover)) ||
    master.numslots === 0
  ) {
    cluster.cantFailoverReason = CANT_FAILOVER_NONE
    return
  }
  const factor = config.clusterReplicaValidityFactor
  const oldest = config.replPingReplicaPeriod * 1000 + config.clusterNodeTimeout * factor
  if (factor !== 0 && !manual && dataAge(cluster) > oldest) return logCantFailover(cluster, CANT_FAILOVER_DATA_AGE)
  if (authAge > authTimeout * 2) return scheduleElection(cluster)
  if (!cluster.failoverAuthSent && cluster.mfEndMs === 0) updateRank(cluster)
  if (now < cluster.failoverAuthTimeMs) return logCantFailover(cluster, CANT_FAILOVER_WAITING_DELAY)
  if (authAge > authTimeout) return logCantFailover(cluster, CANT_FAILOVER_EXPIRED)
  if (!cluster.failoverAuthSent) return startElection(cluster)
  if (cluster.failoverAuthCount >= cluster.quorum) win(cluster)
  else logCantFailover(cluster, CANT_FAILOVER_WAITING_VOTES)
}

function scheduleElection(cluster: Cluster): void {
  const { server } = cluster
  const now = cluster.nowMs
  cluster.failoverAuthTimeMs = now + FIXED_DELAY_MS + server.rng.below(RANDOM_DELAY_MS)
  cluster.failoverAuthCount = 0
  cluster.failoverAuthSent = false
  cluster.failoverAuthRank = slaveRank(cluster)
  cluster.failoverAuthTimeMs += cluster.failoverAuthRank * RANK_DELAY_MS
  if (cluster.mfEndMs !== 0) {
    cluster.failoverAuthTimeMs = now
    cluster.failoverAuthRank = 0
    cluster.doBeforeSleep(TODO_HANDLE_FAILOVER)
  }
  const delay = cluster.failoverAuthTimeMs - now
  server.log(
    'warning',
    `Start of election delayed for ${delay} milliseconds (rank #${cluster.failoverAuthRank}, offset ${server.repl?.slaveOffset ?? 0}).`,
  )
  server.tap?.({ kind: 'election scheduled', delay, rank: cluster.failoverAuthRank })
  // Our siblings learn our offset, and may rank themselves behind us.
  broadcastPong(cluster, 'local-slaves')
}
/** A sibling turned out to know more: wait longer. */
function updateRank(cluster: Cluster): void {
  const rank = slaveRank(cluster)
  if (rank <= cluster.failoverAuthRank) return
  const added = (rank - cluster.failoverAuthRank) * RANK_DELAY_MS
  cluster.failoverAuthTimeMs += added
  cluster.failoverAuthRank = rank
  cluster.server.log('warning', `Replica rank updated to #${rank}, added ${added} milliseconds of delay.`)
}
function startElection(cluster: Cluster): void {
  const { server } = cluster
  cluster.currentEpoch++
  cluster.failoverAuthEpoch = cluster.currentEpoch
  server.log('warning', `Starting a failover election for epoch ${cluster.currentEpoch}.`)
  server.tap?.({ kind: 'election started', epoch: cluster.currentEpoch })
  cluster.notice?.({ kind: 'current epoch', epoch: cluster.currentEpoch, by: '', why: 'election' })
  cluster.notice?.({ kind: 'election', epoch: cluster.currentEpoch, won: false })
  const m = buildHeader(cluster, MSG_FAILOVER_AUTH_REQUEST)
  if (cluster.mfEndMs !== 0) m.mflags |= MSGFLAG0_FORCEACK
  broadcastMessage(cluster, m)
  cluster.failoverAuthSent = true
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_UPDATE_STATE | TODO_FSYNC_CONFIG)
}
function win(cluster: Cluster): void {
  const { server, myself } = cluster
  server.log('warning', "Failover election won: I'm the new master.")
  if (myself.configEpoch < cluster.failoverAuthEpoch) {
    myself.configEpoch = cluster.failoverAuthEpoch
    server.log('warning', `configEpoch set to ${myself.configEpoch} after successful failover`)
  }
  server.tap?.({ kind: 'election won', epoch: cluster.failoverAuthEpoch, votes: cluster.failoverAuthCount })
  const { failoverAuthEpoch: epoch } = cluster
  cluster.notice?.({ kind: 'election', epoch, won: true })
  cluster.notice?.({ kind: 'config epoch', node: myself.name, epoch: myself.configEpoch, by: '', why: 'election won' })
  failoverReplaceYourMaster(cluster, 'election won')
}

/** This replica is now the master of its master's slots. */
export function failoverReplaceYourMaster(cluster: Cluster, why: string): void {
  const { server, myself } = cluster
  const old = myself.slaveof
  if (myself.isMaster || old === null) return
  setNodeAsMaster(cluster, myself)
  server.repl?.unsetMaster()
  const slots: number[] = []
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (!old.hasSlot(slot)) continue
    delSlot(cluster, slot)
    addSlot(cluster, myself, slot)
    slots.push(slot)
  }
  cluster.notice?.({ kind: 'claim', node: myself.name, epoch: myself.configEpoch, from: old.name, slots, why })
  updateState(cluster)
  saveConfig(cluster, true)
  broadcastPong(cluster, 'all')
  resetManualFailover(cluster)
}

/** Why this master does not vote for `node`, or null. */
function denial(cluster: Cluster, node: ClusterNode, m: ClusterMessage): string | null {
  const { slaveof: master } = node
  if (m.currentEpoch < cluster.currentEpoch) return `reqEpoch (${m.currentEpoch}) < curEpoch(${cluster.currentEpoch})`
  if (cluster.lastVoteEpoch === cluster.currentEpoch) return `already voted for epoch ${cluster.currentEpoch}`
  if (node.isMaster) return 'it is a master node'
  if (master === null) return "I don't know its master"
  const forced = (m.mflags & MSGFLAG0_FORCEACK) !== 0
  if (!master.failed && !forced) return 'its master is up'
  const wait = cluster.server.config.clusterNodeTimeout * 2 - (cluster.nowMs - master.votedTimeMs)
  if (wait > 0) return `can't vote about this master before ${wait} milliseconds`
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (((m.slots[slot >>> 3] as number) & (1 << (slot & 7))) === 0) continue
    const owner = cluster.slots[slot] ?? null
    if (owner !== null && owner.configEpoch > m.configEpoch)
      return `slot ${slot} epoch (${owner.configEpoch}) > reqEpoch (${m.configEpoch})`
  }
  return null
}

/** FAILOVER_AUTH_REQUEST: vote, or say in the log why not. */
export function onAuthRequest(cluster: Cluster, sender: ClusterNode, m: ClusterMessage): void {
  const { server, myself } = cluster
  if (!myself.isMaster || myself.numslots === 0) return
  const why = denial(cluster, sender, m)
  server.tap?.({ kind: 'election vote', candidate: sender.name, epoch: cluster.currentEpoch, denied: why })
  cluster.notice?.({ kind: 'vote', candidate: sender.name, epoch: m.currentEpoch, denied: why })
  if (why !== null) {
    server.log('warning', `Failover auth denied to ${sender.name}: ${why}`)
    return
  }
  cluster.lastVoteEpoch = cluster.currentEpoch
  if (sender.slaveof !== null) sender.slaveof.votedTimeMs = cluster.nowMs
  cluster.doBeforeSleep(TODO_SAVE_CONFIG | TODO_FSYNC_CONFIG)
  if (sender.link !== null) sendMessage(cluster, sender.link, buildHeader(cluster, MSG_FAILOVER_AUTH_ACK))
  server.log('warning', `Failover auth granted to ${sender.name} for epoch ${cluster.currentEpoch}`)
}

/** FAILOVER_AUTH_ACK: a vote for this election counts when it comes from a master with slots that is in its epoch. */
export function onAuthAck(cluster: Cluster, sender: ClusterNode, m: ClusterMessage): void {
  if (!sender.isMaster || sender.numslots === 0 || m.currentEpoch < cluster.failoverAuthEpoch) return
  cluster.failoverAuthCount++
  const { failoverAuthEpoch: epoch, failoverAuthCount: votes } = cluster
  cluster.notice?.({ kind: 'vote counted', by: sender.name, epoch, votes })
  cluster.doBeforeSleep(TODO_HANDLE_FAILOVER)
}
