/**
 * What INFO says about a watched process: first it is written down, then acted upon (not in TILT): new replicas join the
 * table, a promoted replica moves the failover on, a replica that claims to be a master or follows somebody else is put right,
 * and replicas being reconfigured report how far they are.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { atoi } from './address.ts'
import { sendSlaveOf } from './failover.ts'
import { forceHelloUpdateForMaster } from './hello.ts'
import {
  FAILOVER_RECONF_SLAVES,
  FAILOVER_WAIT_PROMOTION,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_MASTER,
  SRI_MASTER_REBOOT,
  SRI_O_DOWN,
  SRI_PROMOTED,
  SRI_RECONF_DONE,
  SRI_RECONF_INPROG,
  SRI_RECONF_SENT,
  SRI_S_DOWN,
  SRI_SLAVE,
} from './instance.ts'
import { type Sentinel, SIMFAILURE_CRASH_AFTER_PROMOTION } from './sentinel.ts'

export function refreshInstanceInfo(s: Sentinel, ri: SentinelRedisInstance, info: Bytes): void {
  const role = readInfo(s, ri, info)
  const now = s.now
  ri.infoRefresh = now
  if (role !== ri.roleReported) {
    ri.roleReportedTime = now
    ri.roleReported = role
    if (role === SRI_SLAVE) ri.slaveConfChangeTime = now
    const coherent = (ri.flags & (SRI_MASTER | SRI_SLAVE)) === role
    const name = role === SRI_MASTER ? 'master' : 'slave'
    s.event('verbose', coherent ? '+role-change' : '-role-change', ri, `${s.at(ri)} new reported role is ${name}`)
  }
  if (s.tilt) return
  if (ri.has(SRI_SLAVE) && role === SRI_MASTER) slaveBecameMaster(s, ri)
  if (ri.has(SRI_SLAVE) && role === SRI_SLAVE) {
    fixSlaveConfig(s, ri)
    followReconfiguration(s, ri)
  }
}

function readInfo(s: Sentinel, ri: SentinelRedisInstance, info: Bytes): number {
  let role = 0
  ri.info = info
  ri.masterLinkDownTime = 0
  for (const l of info.split('\r\n')) {
    if (l.startsWith('run_id:') && l.length >= 47) readRunid(s, ri, l.slice(7, 47))
    else if (ri.has(SRI_MASTER) && /^slave\d/.test(l)) discoverSlave(s, ri, l)
    else if (l.startsWith('master_link_down_since_seconds:')) ri.masterLinkDownTime = atoi(l.slice(31)) * 1000
    else if (l.startsWith('role:master')) role = SRI_MASTER
    else if (l.startsWith('role:slave')) role = SRI_SLAVE
    if (role === SRI_SLAVE) readSlaveField(s, ri, l)
  }
  return role
}
function readRunid(s: Sentinel, ri: SentinelRedisInstance, runid: string): void {
  if (ri.runid !== null && ri.runid !== runid) {
    s.event('notice', '+reboot', ri, s.at(ri))
    if (ri.has(SRI_MASTER) && ri.masterRebootDownAfterPeriod !== 0) {
      ri.set(SRI_MASTER_REBOOT)
      ri.masterRebootSinceTime = s.now
    }
  }
  ri.runid = runid
}
/** slave0:ip=10.0.0.12,port=6379,state=online,… (before 2.8: slave0:10.0.0.12,6379,online). */
function discoverSlave(s: Sentinel, ri: SentinelRedisInstance, l: string): void {
  const m = l.includes('ip=') ? /ip=([^,]*).*?port=([^,]*)/.exec(l) : /:([^,]*),([^,]*),/.exec(l)
  if (!m) return
  const [, ip = '', port = ''] = m
  if (s.lookupSlave(ri, ip, atoi(port))) return
  const slave = s.createInstance('', SRI_SLAVE, ip, atoi(port), ri.quorum, ri)
  if (typeof slave === 'string') return
  s.event('notice', '+slave', slave, s.at(slave))
  s.flushConfig()
}
function readSlaveField(s: Sentinel, ri: SentinelRedisInstance, l: string): void {
  const colon = l.indexOf(':')
  const value = l.slice(colon + 1)
  switch (l.slice(0, colon)) {
    case 'master_host':
      if (ri.slaveMasterHost !== null && ri.slaveMasterHost.toLowerCase() === value.toLowerCase()) return
      ri.slaveMasterHost = value
      ri.slaveConfChangeTime = s.now
      return
    case 'master_port':
      if (ri.slaveMasterPort === atoi(value)) return
      ri.slaveMasterPort = atoi(value)
      ri.slaveConfChangeTime = s.now
      return
    case 'master_link_status':
      ri.slaveMasterLinkUp = value.toLowerCase() === 'up'
      return
    case 'slave_priority':
      ri.slavePriority = atoi(value)
      return
    case 'slave_repl_offset':
      ri.slaveReplOffset = atoi(value)
      return
    case 'replica_announced':
      ri.replicaAnnounced = atoi(value)
  }
}

/** A master as we believe it to be, seen recently: only then do we correct others by it. */
function masterLooksSane(s: Sentinel, master: SentinelRedisInstance): boolean {
  return (
    master.has(SRI_MASTER) &&
    master.roleReported === SRI_MASTER &&
    !master.has(SRI_S_DOWN | SRI_O_DOWN) &&
    s.now - master.infoRefresh < s.periods.infoPeriod * 2
  )
}
function slaveBecameMaster(s: Sentinel, ri: SentinelRedisInstance): void {
  const master = ri.master
  if (master === null) return
  if (
    ri.has(SRI_PROMOTED) &&
    master.has(SRI_FAILOVER_IN_PROGRESS) &&
    master.failoverState === FAILOVER_WAIT_PROMOTION
  ) {
    // The epoch that we won the election with now becomes the configuration's: it beats every older hello.
    master.configEpoch = master.failoverEpoch
    master.failoverState = FAILOVER_RECONF_SLAVES
    master.failoverStateChangeTime = s.now
    s.flushConfig()
    s.event('warning', '+promoted-slave', ri, s.at(ri))
    if (s.simfailureFlags & SIMFAILURE_CRASH_AFTER_PROMOTION) s.simFailureCrash()
    s.event('warning', '+failover-state-reconf-slaves', master, s.at(master))
    s.callClientReconfScript(master, 'leader', master.addr, ri.addr)
    forceHelloUpdateForMaster(s, master)
    return
  }
  // Somebody that we know as a replica is a master: an old master that came back. Wait for newer news first.
  const wait = s.periods.publishPeriod * 4
  const now = s.now
  if (
    !ri.has(SRI_PROMOTED) &&
    masterLooksSane(s, master) &&
    ri.noDownFor(wait, now) &&
    now - ri.roleReportedTime > wait
  ) {
    if (sendSlaveOf(ri, s.announceAddr(master.addr), String(master.addr.port)))
      s.event('notice', '+convert-to-slave', ri, s.at(ri))
  }
}
function fixSlaveConfig(s: Sentinel, ri: SentinelRedisInstance): void {
  const master = ri.master
  if (master === null) return
  if (ri.slaveMasterPort === master.addr.port && s.addrEqualsHostname(master.addr, ri.slaveMasterHost ?? '')) return
  const wait = master.failoverTimeout
  const now = s.now
  if (masterLooksSane(s, master) && ri.noDownFor(wait, now) && now - ri.slaveConfChangeTime > wait) {
    if (sendSlaveOf(ri, s.announceAddr(master.addr), String(master.addr.port)))
      s.event('notice', '+fix-slave-config', ri, s.at(ri))
  }
}
function followReconfiguration(s: Sentinel, ri: SentinelRedisInstance): void {
  const promoted = ri.master?.promotedSlave
  if (ri.has(SRI_RECONF_SENT) && promoted && ri.slaveMasterHost !== null) {
    if (s.addrEqualsHostname(promoted.addr, ri.slaveMasterHost) && ri.slaveMasterPort === promoted.addr.port) {
      ri.unset(SRI_RECONF_SENT)
      ri.set(SRI_RECONF_INPROG)
      s.event('notice', '+slave-reconf-inprog', ri, s.at(ri))
    }
  }
  if (ri.has(SRI_RECONF_INPROG) && ri.slaveMasterLinkUp) {
    ri.unset(SRI_RECONF_INPROG)
    ri.set(SRI_RECONF_DONE)
    s.event('notice', '+slave-reconf-done', ri, s.at(ri))
  }
}
