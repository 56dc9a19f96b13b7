/** An instance as SENTINEL MASTER, REPLICAS and SENTINELS show it. Ages are in ms. */
import { map, type Reply } from '../protocol/reply.ts'
import {
  failoverStateStr,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_FORCE_FAILOVER,
  SRI_MASTER,
  SRI_MASTER_DOWN,
  SRI_O_DOWN,
  SRI_PROMOTED,
  SRI_RECONF_DONE,
  SRI_RECONF_INPROG,
  SRI_RECONF_SENT,
  SRI_S_DOWN,
  SRI_SCRIPT_KILL_SENT,
  SRI_SENTINEL,
  SRI_SLAVE,
} from './instance.ts'
import type { Sentinel } from './sentinel.ts'

const FLAG_NAMES: readonly (readonly [number | 'disconnected', string])[] = [
  [SRI_S_DOWN, 's_down'],
  [SRI_O_DOWN, 'o_down'],
  [SRI_MASTER, 'master'],
  [SRI_SLAVE, 'slave'],
  [SRI_SENTINEL, 'sentinel'],
  ['disconnected', 'disconnected'],
  [SRI_MASTER_DOWN, 'master_down'],
  [SRI_FAILOVER_IN_PROGRESS, 'failover_in_progress'],
  [SRI_PROMOTED, 'promoted'],
  [SRI_RECONF_SENT, 'reconf_sent'],
  [SRI_RECONF_INPROG, 'reconf_inprog'],
  [SRI_RECONF_DONE, 'reconf_done'],
  [SRI_FORCE_FAILOVER, 'force_failover'],
  [SRI_SCRIPT_KILL_SENT, 'script_kill_sent'],
]
export function flagsText(ri: SentinelRedisInstance): string {
  const names: string[] = []
  for (const [flag, name] of FLAG_NAMES)
    if (flag === 'disconnected' ? ri.link.disconnected : ri.has(flag)) names.push(name)
  return names.join(',')
}

/** Names and values in Redis's order. */
export function instanceFields(s: Sentinel, ri: SentinelRedisInstance): readonly (readonly [string, string])[] {
  const now = s.now
  const fields: [string, string][] = []
  const put = (name: string, value: string | number): void => {
    fields.push([name, String(value)])
  }
  const link = ri.link
  put('name', ri.name)
  put('ip', s.announceAddr(ri.addr))
  put('port', ri.addr.port)
  put('runid', ri.runid ?? '')
  put('flags', flagsText(ri))
  put('link-pending-commands', link.pendingCommands)
  put('link-refcount', link.refcount)
  if (ri.has(SRI_FAILOVER_IN_PROGRESS)) put('failover-state', failoverStateStr(ri.failoverState))
  put('last-ping-sent', link.actPingTime ? now - link.actPingTime : 0)
  put('last-ok-ping-reply', now - link.lastAvailTime)
  put('last-ping-reply', now - link.lastPongTime)
  if (ri.has(SRI_S_DOWN)) put('s-down-time', now - ri.sDownSinceTime)
  if (ri.has(SRI_O_DOWN)) put('o-down-time', now - ri.oDownSinceTime)
  put('down-after-milliseconds', ri.downAfterPeriod)
  if (ri.has(SRI_MASTER | SRI_SLAVE)) {
    put('info-refresh', ri.infoRefresh ? now - ri.infoRefresh : 0)
    put('role-reported', ri.roleReported === SRI_MASTER ? 'master' : 'slave')
    put('role-reported-time', now - ri.roleReportedTime)
  }
  if (ri.has(SRI_MASTER)) {
    put('config-epoch', ri.configEpoch)
    put('num-slaves', ri.slaves.size)
    put('num-other-sentinels', ri.sentinels.size)
    put('quorum', ri.quorum)
    put('failover-timeout', ri.failoverTimeout)
    put('parallel-syncs', ri.parallelSyncs)
    if (ri.notificationScript !== null) put('notification-script', ri.notificationScript)
    if (ri.clientReconfigScript !== null) put('client-reconfig-script', ri.clientReconfigScript)
  }
  if (ri.has(SRI_SLAVE)) {
    put('master-link-down-time', ri.masterLinkDownTime)
    put('master-link-status', ri.slaveMasterLinkUp ? 'ok' : 'err')
    put('master-host', ri.slaveMasterHost ?? '?')
    put('master-port', ri.slaveMasterPort)
    put('slave-priority', ri.slavePriority)
    put('slave-repl-offset', ri.slaveReplOffset)
    put('replica-announced', ri.replicaAnnounced)
  }
  if (ri.has(SRI_SENTINEL)) {
    put('last-hello-message', now - ri.lastHelloTime)
    put('voted-leader', ri.leader ?? '?')
    put('voted-leader-epoch', ri.leaderEpoch)
  }
  return fields
}
export const instanceReply = (s: Sentinel, ri: SentinelRedisInstance): Reply => map(instanceFields(s, ri).flat())
