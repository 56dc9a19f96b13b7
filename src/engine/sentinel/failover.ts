/**
 * The failover, seen from the Sentinel that wants to lead it:
 *
 *   NONE ─(odown, not tried lately)─▶ WAIT_START ─(elected)─▶ SELECT_SLAVE ─▶ SEND_SLAVEOF_NOONE ─▶ WAIT_PROMOTION
 *                                          │ not elected in time      │ none fits       │ timeout         │ timeout
 *                                          ▼                          ▼                 ▼                 ▼
 *                                        NONE (try again after 2 × failover-timeout)
 *   WAIT_PROMOTION ─(its INFO says role:master)─▶ RECONF_SLAVES ─(all follow, or timeout)─▶ UPDATE_CONFIG ─▶ +switch-master
 *
 * Nobody waits for replies: a command is sent, and INFO later shows whether it worked. From RECONF_SLAVES on there is no way
 * back: the new configuration already travels in hello messages.
 */
import { ctime } from './address.ts'
import { getLeader } from './failure.ts'
import {
  FAILOVER_NONE,
  FAILOVER_RECONF_SLAVES,
  FAILOVER_SELECT_SLAVE,
  FAILOVER_SEND_SLAVEOF_NOONE,
  FAILOVER_UPDATE_CONFIG,
  FAILOVER_WAIT_PROMOTION,
  FAILOVER_WAIT_START,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_FORCE_FAILOVER,
  SRI_O_DOWN,
  SRI_PROMOTED,
  SRI_RECONF_DONE,
  SRI_RECONF_INPROG,
  SRI_RECONF_SENT,
  SRI_S_DOWN,
} from './instance.ts'
import { sendCommand } from './monitor.ts'
import { type Sentinel, SENTINEL_MAX_DESYNC, SIMFAILURE_CRASH_AFTER_ELECTION } from './sentinel.ts'

/**
 * SLAVEOF host port (or NO ONE) in a transaction with CONFIG REWRITE, so that the role survives a restart, and CLIENT KILL, so that
 * clients reconnect and ask where the master is. False when there is no connection.
 */
export function sendSlaveOf(ri: SentinelRedisInstance, host: string, port: string): boolean {
  const cmd = (...argv: readonly string[]): boolean => sendCommand(ri, null, ...argv)
  return (
    cmd(ri.command('MULTI')) &&
    cmd(ri.command('SLAVEOF'), host, port) &&
    cmd(ri.command('CONFIG'), 'REWRITE') &&
    cmd(ri.command('CLIENT'), 'KILL', 'TYPE', 'normal') &&
    cmd(ri.command('CLIENT'), 'KILL', 'TYPE', 'pubsub') &&
    cmd(ri.command('EXEC'))
  )
}

function moveTo(s: Sentinel, master: SentinelRedisInstance, state: number): void {
  master.failoverState = state
  master.failoverStateChangeTime = s.now
}

export function startFailover(s: Sentinel, master: SentinelRedisInstance): void {
  master.failoverState = FAILOVER_WAIT_START
  master.set(SRI_FAILOVER_IN_PROGRESS)
  master.failoverEpoch = ++s.currentEpoch
  s.event('warning', '+new-epoch', master, `${s.currentEpoch}`)
  s.event('warning', '+try-failover', master, s.at(master))
  master.failoverStartTime = s.now + s.rand(SENTINEL_MAX_DESYNC)
  master.failoverStateChangeTime = s.now
}

export function startFailoverIfNeeded(s: Sentinel, master: SentinelRedisInstance): boolean {
  if (!master.has(SRI_O_DOWN) || master.has(SRI_FAILOVER_IN_PROGRESS)) return false
  if (s.now - master.failoverStartTime < master.failoverTimeout * 2) {
    if (master.failoverDelayLogged !== master.failoverStartTime) {
      master.failoverDelayLogged = master.failoverStartTime
      const at = Math.trunc((master.failoverStartTime + master.failoverTimeout * 2) / 1000)
      s.log('warning', `Next failover delay: I will not start a failover before ${ctime(at)}`)
    }
    return false
  }
  startFailover(s, master)
  return true
}

export function abortFailover(s: Sentinel, master: SentinelRedisInstance): void {
  master.unset(SRI_FAILOVER_IN_PROGRESS | SRI_FORCE_FAILOVER)
  moveTo(s, master, FAILOVER_NONE)
  if (master.promotedSlave) {
    master.promotedSlave.unset(SRI_PROMOTED)
    master.promotedSlave = null
  }
}

/** Why a replica may not be promoted now, or null. */
export function promotionObstacle(
  s: Sentinel,
  master: SentinelRedisInstance,
  slave: SentinelRedisInstance,
): string | null {
  const now = s.now
  const sdown = master.has(SRI_S_DOWN)
  const maxMasterDownTime = (sdown ? now - master.sDownSinceTime : 0) + master.downAfterPeriod * 10
  if (slave.has(SRI_S_DOWN | SRI_O_DOWN)) return 'down'
  if (slave.link.disconnected) return 'disconnected'
  if (now - slave.link.lastAvailTime > s.periods.pingPeriod * 5) return 'no ping reply'
  if (slave.slavePriority === 0) return 'priority 0'
  if (now - slave.infoRefresh > (sdown ? s.periods.pingPeriod * 5 : s.periods.infoPeriod * 3)) return 'old info'
  if (slave.masterLinkDownTime > maxMasterDownTime) return 'link to master down too long'
  return null
}
/** Lower priority number first, then more replicated data, then the smaller runid. */
export function compareForPromotion(a: SentinelRedisInstance, b: SentinelRedisInstance): number {
  if (a.slavePriority !== b.slavePriority) return a.slavePriority - b.slavePriority
  if (a.slaveReplOffset !== b.slaveReplOffset) return b.slaveReplOffset - a.slaveReplOffset
  if (a.runid === null || b.runid === null) return a.runid === b.runid ? 0 : a.runid === null ? 1 : -1
  const [x, y] = [a.runid.toLowerCase(), b.runid.toLowerCase()]
  return x < y ? -1 : x > y ? 1 : 0
}
export function selectSlave(s: Sentinel, master: SentinelRedisInstance): SentinelRedisInstance | null {
  const fit = [...master.slaves.values()].filter((slave) => promotionObstacle(s, master, slave) === null)
  return fit.sort(compareForPromotion)[0] ?? null
}

export function failoverStateMachine(s: Sentinel, master: SentinelRedisInstance): void {
  if (!master.has(SRI_FAILOVER_IN_PROGRESS)) return
  switch (master.failoverState) {
    case FAILOVER_WAIT_START:
      return waitStart(s, master)
    case FAILOVER_SELECT_SLAVE:
      return selectSlaveStep(s, master)
    case FAILOVER_SEND_SLAVEOF_NOONE:
      return sendSlaveOfNoOne(s, master)
    case FAILOVER_WAIT_PROMOTION:
      // INFO of the promoted replica moves us on (info.ts); here only the timeout.
      return abortOnTimeout(s, master)
    case FAILOVER_RECONF_SLAVES:
      return reconfNextSlave(s, master)
  }
}

function waitStart(s: Sentinel, master: SentinelRedisInstance): void {
  const leader = getLeader(s, master, master.failoverEpoch)
  const isLeader = leader !== null && leader.toLowerCase() === s.myid.toLowerCase()
  if (!isLeader && !master.has(SRI_FORCE_FAILOVER)) {
    const electionTimeout = Math.min(s.periods.electionTimeout, master.failoverTimeout)
    if (s.now - master.failoverStartTime > electionTimeout) {
      s.event('warning', '-failover-abort-not-elected', master, s.at(master))
      abortFailover(s, master)
    }
    return
  }
  s.event('warning', '+elected-leader', master, s.at(master))
  if (s.simfailureFlags & SIMFAILURE_CRASH_AFTER_ELECTION) {
    s.simFailureCrash()
    return
  }
  moveTo(s, master, FAILOVER_SELECT_SLAVE)
  s.event('warning', '+failover-state-select-slave', master, s.at(master))
}
function selectSlaveStep(s: Sentinel, master: SentinelRedisInstance): void {
  const slave = selectSlave(s, master)
  if (slave === null) {
    s.event('warning', '-failover-abort-no-good-slave', master, s.at(master))
    abortFailover(s, master)
    return
  }
  s.event('warning', '+selected-slave', slave, s.at(slave))
  slave.set(SRI_PROMOTED)
  master.promotedSlave = slave
  moveTo(s, master, FAILOVER_SEND_SLAVEOF_NOONE)
  s.event('notice', '+failover-state-send-slaveof-noone', slave, s.at(slave))
}
function abortOnTimeout(s: Sentinel, master: SentinelRedisInstance): void {
  if (s.now - master.failoverStateChangeTime <= master.failoverTimeout) return
  s.event('warning', '-failover-abort-slave-timeout', master, s.at(master))
  abortFailover(s, master)
}
function sendSlaveOfNoOne(s: Sentinel, master: SentinelRedisInstance): void {
  const promoted = master.promotedSlave
  if (promoted === null || promoted.link.disconnected) return abortOnTimeout(s, master)
  if (!sendSlaveOf(promoted, 'NO', 'ONE')) return
  s.event('notice', '+failover-state-wait-promotion', promoted, s.at(promoted))
  moveTo(s, master, FAILOVER_WAIT_PROMOTION)
}

function reconfNextSlave(s: Sentinel, master: SentinelRedisInstance): void {
  const promoted = master.promotedSlave
  let inProgress = 0
  for (const slave of master.slaves.values()) if (slave.has(SRI_RECONF_SENT | SRI_RECONF_INPROG)) inProgress++
  for (const slave of master.slaves.values()) {
    if (inProgress >= master.parallelSyncs || promoted === null) break
    if (slave.has(SRI_PROMOTED | SRI_RECONF_DONE)) continue
    if (slave.has(SRI_RECONF_SENT) && s.now - slave.slaveReconfSentTime > s.periods.slaveReconfTimeout) {
      s.event('notice', '-slave-reconf-sent-timeout', slave, s.at(slave))
      slave.unset(SRI_RECONF_SENT)
      slave.set(SRI_RECONF_DONE)
    }
    if (slave.has(SRI_RECONF_SENT | SRI_RECONF_INPROG) || slave.link.disconnected) continue
    if (!sendSlaveOf(slave, s.announceAddr(promoted.addr), String(promoted.addr.port))) continue
    slave.set(SRI_RECONF_SENT)
    slave.slaveReconfSentTime = s.now
    s.event('notice', '+slave-reconf-sent', slave, s.at(slave))
    inProgress++
  }
  detectEnd(s, master)
}
function detectEnd(s: Sentinel, master: SentinelRedisInstance): void {
  const promoted = master.promotedSlave
  if (promoted === null || promoted.has(SRI_S_DOWN)) return
  const elapsed = s.now - master.failoverStateChangeTime
  const timeout = elapsed > master.failoverTimeout
  let notReconfigured = 0
  for (const slave of master.slaves.values())
    if (!slave.has(SRI_PROMOTED | SRI_RECONF_DONE | SRI_S_DOWN)) notReconfigured++
  if (timeout) s.event('warning', '+failover-end-for-timeout', master, s.at(master))
  if (timeout || notReconfigured === 0) {
    s.event('warning', '+failover-end', master, s.at(master))
    moveTo(s, master, FAILOVER_UPDATE_CONFIG)
  }
  if (!timeout) return
  for (const slave of master.slaves.values()) {
    if (slave.has(SRI_PROMOTED | SRI_RECONF_DONE | SRI_RECONF_SENT) || slave.link.disconnected) continue
    if (!sendSlaveOf(slave, s.announceAddr(promoted.addr), String(promoted.addr.port))) continue
    s.event('notice', '+slave-reconf-sent-be', slave, s.at(slave))
    slave.set(SRI_RECONF_SENT)
  }
}
