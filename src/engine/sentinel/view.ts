/** Sentinel's state for pictures: what it thinks of each watched process, its vote, its epoch. Reads only. */
import { compareForPromotion, promotionObstacle } from './failover.ts'
import {
  FAILOVER_NONE,
  failoverStateStr,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_MASTER,
  SRI_MASTER_DOWN,
  SRI_O_DOWN,
  SRI_S_DOWN,
  SRI_SLAVE,
} from './instance.ts'
import { flagsText, instanceFields } from './instance-reply.ts'
import type { Sentinel } from './sentinel.ts'

type Kind = 'master' | 'replica' | 'sentinel'
export interface Opinion {
  readonly about: string
  readonly kind: Kind
  readonly waitMicros: number
  readonly limitMicros: number
  readonly sdown: boolean
  readonly odown: boolean
  readonly failoverState: string | null
}
export interface SentinelSummary {
  readonly role: 'sentinel'
  readonly line: string
  readonly epoch: number
  readonly opinions: readonly Opinion[]
  readonly vote: { readonly leader: string; readonly epoch: number } | null
  readonly runid: string
}

const kindOf = (ri: SentinelRedisInstance): Kind =>
  ri.has(SRI_MASTER) ? 'master' : ri.has(SRI_SLAVE) ? 'replica' : 'sentinel'
const family = (master: SentinelRedisInstance): readonly SentinelRedisInstance[] => [
  master,
  ...master.slaves.values(),
  ...master.sentinels.values(),
]

function opinion(s: Sentinel, ri: SentinelRedisInstance): Opinion {
  const { link } = ri
  const since = link.actPingTime !== 0 ? link.actPingTime : link.disconnected ? link.lastAvailTime : s.now
  return {
    about: s.announceAddrAndPort(ri.addr),
    kind: kindOf(ri),
    waitMicros: Math.max(0, s.server.host.now - since * 1000),
    limitMicros: ri.downAfterPeriod * 1000,
    sdown: ri.has(SRI_S_DOWN),
    odown: ri.has(SRI_O_DOWN),
    failoverState: ri.has(SRI_FAILOVER_IN_PROGRESS) ? failoverStateStr(ri.failoverState) : null,
  }
}

export function summaryView(s: Sentinel): SentinelSummary {
  const masters = [...s.masters.values()]
  const voted = masters.find((m) => m.leader !== null && m.leaderEpoch === s.currentEpoch)
  const first = masters[0]
  return {
    role: 'sentinel',
    line: s.tilt ? 'TILT' : first ? statusLine(s, first) : 'monitors nothing',
    epoch: s.currentEpoch,
    opinions: masters.flatMap((m) => family(m).map((ri) => opinion(s, ri))),
    vote: voted?.leader ? { leader: voted.leader, epoch: voted.leaderEpoch } : null,
    runid: s.myid,
  }
}
function statusLine(s: Sentinel, master: SentinelRedisInstance): string {
  const at = s.announceAddrAndPort(master.currentMasterAddress)
  if (master.failoverState !== FAILOVER_NONE)
    return `${master.name}: failover ${failoverStateStr(master.failoverState)}`
  const state = master.has(SRI_O_DOWN) ? 'odown' : master.has(SRI_S_DOWN) ? 'sdown' : 'ok'
  return `${master.name} ${at} ${state}`
}

function instanceView(s: Sentinel, ri: SentinelRedisInstance) {
  return {
    ...opinion(s, ri),
    name: ri.name,
    runid: ri.runid,
    flags: flagsText(ri),
    saysMasterDown: ri.has(SRI_MASTER_DOWN),
    leader: ri.leader,
    leaderEpoch: ri.leaderEpoch,
    cmdLink: ri.link.cc !== null,
    pubsubLink: ri.link.pc !== null,
    fields: instanceFields(s, ri),
  }
}
/** View 'sentinel': everything. */
export function sentinelView(s: Sentinel) {
  return {
    myid: s.myid,
    currentEpoch: s.currentEpoch,
    tilt: s.tilt,
    tiltLeftMs: s.tilt ? Math.max(0, s.periods.tiltPeriod - (s.now - s.tiltStartTime)) : 0,
    hz: s.server.hz,
    masters: [...s.masters.values()].map((m) => ({
      ...instanceView(s, m),
      quorum: m.quorum,
      agreeDown: (m.has(SRI_S_DOWN) ? 1 : 0) + [...m.sentinels.values()].filter((x) => x.has(SRI_MASTER_DOWN)).length,
      configEpoch: m.configEpoch,
      failoverEpoch: m.failoverEpoch,
      failoverStateName: failoverStateStr(m.failoverState),
      votes: votes(s, m),
      /** In the order in which they would be promoted, with what stands in the way. */
      candidates: [...m.slaves.values()].sort(compareForPromotion).map((r) => ({
        about: s.announceAddrAndPort(r.addr),
        priority: r.slavePriority,
        offset: r.slaveReplOffset,
        runid: r.runid,
        obstacle: promotionObstacle(s, m, r),
      })),
      slaves: [...m.slaves.values()].map((r) => instanceView(s, r)),
      sentinels: [...m.sentinels.values()].map((r) => instanceView(s, r)),
    })),
  }
}
function votes(s: Sentinel, m: SentinelRedisInstance): { voter: string; leader: string; epoch: number }[] {
  const all: { voter: string; leader: string; epoch: number }[] = []
  if (m.leader !== null) all.push({ voter: s.myid, leader: m.leader, epoch: m.leaderEpoch })
  for (const ri of m.sentinels.values())
    if (ri.leader !== null) all.push({ voter: ri.name, leader: ri.leader, epoch: ri.leaderEpoch })
  return all
}
