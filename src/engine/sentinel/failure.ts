/**
 * From "I cannot reach it" to "we agree", and from there to one leader.
 *
 * ODOWN is a weak quorum: enough Sentinels said within the last 5 s that the master is down for them. It needs no epoch and
 * only allows an attempt. The attempt itself is an election as in Raft, without the log: the candidate takes a new epoch,
 * votes for itself and asks; each Sentinel gives its one vote in that epoch to whoever asks first; to win takes a
 * majority of all Sentinels ever known *and* at least quorum votes. Two candidates may split the votes: both give up and wait.
 */
import type { RemoteReply } from './connection.ts'
import { FAILOVER_NONE, type SentinelRedisInstance, SRI_MASTER_DOWN, SRI_O_DOWN, SRI_S_DOWN } from './instance.ts'
import { sendCommand } from './monitor.ts'
import { type Sentinel, SENTINEL_MAX_DESYNC } from './sentinel.ts'

export function checkObjectivelyDown(s: Sentinel, master: SentinelRedisInstance): void {
  let agree = 0
  if (master.has(SRI_S_DOWN)) {
    agree = 1
    for (const ri of master.sentinels.values()) if (ri.has(SRI_MASTER_DOWN)) agree++
  }
  if (agree > 0 && agree >= master.quorum) {
    if (master.has(SRI_O_DOWN)) return
    s.event('warning', '+odown', master, `${s.at(master)} #quorum ${agree}/${master.quorum}`)
    master.set(SRI_O_DOWN)
    master.oDownSinceTime = s.now
  } else if (master.has(SRI_O_DOWN)) {
    s.event('warning', '-odown', master, s.at(master))
    master.unset(SRI_O_DOWN)
  }
}

/** SENTINEL IS-MASTER-DOWN-BY-ADDR to each other Sentinel, once a second while the master is down for us; `forced` at once. */
export function askMasterStateToOtherSentinels(s: Sentinel, master: SentinelRedisInstance, forced: boolean): void {
  const now = s.now
  for (const ri of master.sentinels.values()) {
    const elapsed = now - ri.lastMasterDownReplyTime
    if (elapsed > s.periods.askPeriod * 5) {
      ri.unset(SRI_MASTER_DOWN)
      ri.leader = null
    }
    if (!master.has(SRI_S_DOWN) || ri.link.disconnected) continue
    if (!forced && elapsed < s.periods.askPeriod) continue
    sendCommand(
      ri,
      (r) => receiveIsMasterDownReply(s, ri, r),
      ri.command('SENTINEL'),
      'is-master-down-by-addr',
      s.announceAddr(master.addr),
      String(master.addr.port),
      String(s.currentEpoch),
      master.failoverState > FAILOVER_NONE ? s.myid : '*',
    )
  }
}
function receiveIsMasterDownReply(s: Sentinel, ri: SentinelRedisInstance, r: RemoteReply): void {
  if (r.kind !== 'array' || r.items.length !== 3) return
  const [down, leader, epoch] = r.items
  if (down?.kind !== 'integer' || leader?.kind !== 'string' || epoch?.kind !== 'integer') return
  ri.lastMasterDownReplyTime = s.now
  if (down.value === 1) ri.set(SRI_MASTER_DOWN)
  else ri.unset(SRI_MASTER_DOWN)
  if (leader.text === '*') return
  if (ri.leaderEpoch !== epoch.value) s.log('warning', `${ri.name} voted for ${leader.text} ${epoch.value}`)
  s.server.tap?.({ kind: 'sentinel.vote', voter: ri.name, leader: leader.text, epoch: epoch.value })
  ri.leader = leader.text
  ri.leaderEpoch = epoch.value
}

/** Vote for `runid` in `epoch`, or tell whom we voted for already. */
export function voteLeader(
  s: Sentinel,
  master: SentinelRedisInstance,
  epoch: number,
  runid: string,
): { readonly leader: string | null; readonly leaderEpoch: number } {
  if (epoch > s.currentEpoch) {
    s.currentEpoch = epoch
    s.flushConfig()
    s.event('warning', '+new-epoch', master, `${s.currentEpoch}`)
  }
  if (master.leaderEpoch < epoch && s.currentEpoch <= epoch) {
    master.leader = runid
    master.leaderEpoch = s.currentEpoch
    s.flushConfig()
    s.event('warning', '+vote-for-leader', master, `${master.leader} ${master.leaderEpoch}`)
    // Having voted for another, give it time before we try ourselves.
    if (runid.toLowerCase() !== s.myid.toLowerCase()) master.failoverStartTime = s.now + s.rand(SENTINEL_MAX_DESYNC)
  }
  return { leader: master.leader, leaderEpoch: master.leaderEpoch }
}

/** The runid that has won `epoch`, as far as we know, or null. Casts our own vote if we have one left. */
export function getLeader(s: Sentinel, master: SentinelRedisInstance, epoch: number): string | null {
  const counters = new Map<string, number>()
  const increment = (runid: string): number => {
    const votes = (counters.get(runid) ?? 0) + 1
    counters.set(runid, votes)
    return votes
  }
  const voters = master.sentinels.size + 1
  for (const ri of master.sentinels.values())
    if (ri.leader !== null && ri.leaderEpoch === s.currentEpoch) increment(ri.leader)

  let winner: string | null = null
  let maxVotes = 0
  for (const [runid, votes] of counters) {
    if (votes <= maxVotes) continue
    maxVotes = votes
    winner = runid
  }
  const mine = voteLeader(s, master, epoch, winner ?? s.myid)
  if (mine.leader !== null && mine.leaderEpoch === epoch) {
    const votes = increment(mine.leader)
    if (votes > maxVotes) {
      maxVotes = votes
      winner = mine.leader
    }
  }
  const majority = Math.trunc(voters / 2) + 1
  return winner !== null && (maxVotes < majority || maxVotes < master.quorum) ? null : winner
}
