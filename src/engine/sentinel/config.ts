/**
 * `sentinel ...` lines: what the user configured and what Sentinel learned stand in the same file, so that a restarted
 * Sentinel knows its id, its epochs and votes, and whom it has met. The file is rewritten after every change of that state.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { quoteBytes } from '../bytes/quote.ts'
import { atoi } from './address.ts'
import {
  addrIsEqual,
  DEFAULT_PARALLEL_SYNCS,
  type SentinelRedisInstance,
  SRI_MASTER,
  SRI_SENTINEL,
  SRI_SLAVE,
} from './instance.ts'
import type { CreateError, Sentinel } from './sentinel.ts'

export interface ConfigLine {
  readonly argv: readonly Bytes[]
  readonly linenum: number
  readonly line: string
}
export const configError = {
  noSuchMaster: 'No such master with specified name.',
  cantResolve: "Can't resolve instance hostname.",
  badTime: 'negative or zero time parameter.',
  unrecognized: 'Unrecognized sentinel configuration statement.',
} as const

export function createInstanceError(error: CreateError, kind: number): string {
  if (error === 'ENOENT') return configError.cantResolve
  if (error === 'EINVAL') return 'Invalid port number.'
  if (kind === SRI_MASTER) return 'Duplicate master name.'
  return kind === SRI_SLAVE ? 'Duplicate hostname and port for replica.' : 'Duplicate runid for sentinel.'
}
export const yesNo = (text: string): boolean | null =>
  text.toLowerCase() === 'yes' ? true : text.toLowerCase() === 'no' ? false : null

type MasterOption = (ri: SentinelRedisInstance, a: readonly string[], s: Sentinel) => string | null
const positive = (text: string, put: (ms: number) => void): string | null => {
  const ms = atoi(text)
  put(ms)
  return ms <= 0 ? configError.badTime : null
}
/** Options of one master: `sentinel <option> <master> <values…>`; the number is how many values. */
const MASTER_OPTIONS: Readonly<Record<string, readonly [number, MasterOption]>> = {
  'down-after-milliseconds': [
    1,
    (ri, [ms = '']) =>
      positive(ms, (n) => {
        ri.downAfterPeriod = n
        if (n > 0) ri.propagateDownAfterPeriod()
      }),
  ],
  'failover-timeout': [
    1,
    (ri, [ms = '']) =>
      positive(ms, (n) => {
        ri.failoverTimeout = n
      }),
  ],
  'parallel-syncs': [
    1,
    (ri, [n = '']) => {
      ri.parallelSyncs = atoi(n)
      return null
    },
  ],
  'notification-script': [
    1,
    (ri, [path = '']) => {
      ri.notificationScript = path
      return null
    },
  ],
  'client-reconfig-script': [
    1,
    (ri, [path = '']) => {
      ri.clientReconfigScript = path
      return null
    },
  ],
  'auth-pass': [
    1,
    (ri, [pass = '']) => {
      ri.authPass = pass
      return null
    },
  ],
  'auth-user': [
    1,
    (ri, [user = '']) => {
      ri.authUser = user
      return null
    },
  ],
  'config-epoch': [
    1,
    (ri, [epoch = ''], s) => {
      ri.configEpoch = atoi(epoch)
      if (ri.configEpoch > s.currentEpoch) s.currentEpoch = ri.configEpoch
      return null
    },
  ],
  'leader-epoch': [
    1,
    (ri, [epoch = '']) => {
      ri.leaderEpoch = atoi(epoch)
      return null
    },
  ],
  'known-slave': [2, knownReplica],
  'known-replica': [2, knownReplica],
  'rename-command': [
    2,
    (ri, [from = '', to = '']) => {
      if (ri.renamedCommands.has(from.toLowerCase())) return 'Same command renamed multiple times with rename-command.'
      ri.renamedCommands.set(from.toLowerCase(), [from, to])
      return null
    },
  ],
  'master-reboot-down-after-period': [
    1,
    (ri, [ms = '']) => {
      ri.masterRebootDownAfterPeriod = atoi(ms)
      return ri.masterRebootDownAfterPeriod < 0 ? 'negative time parameter.' : null
    },
  ],
}
function knownReplica(ri: SentinelRedisInstance, [ip = '', port = '']: readonly string[], s: Sentinel): string | null {
  const slave = s.createInstance('', SRI_SLAVE, ip, atoi(port), ri.quorum, ri)
  return typeof slave === 'string' ? createInstanceError(slave, SRI_SLAVE) : null
}
function knownSentinel(s: Sentinel, a: readonly string[]): string | null {
  const [, name = '', ip = '', port = '', runid = ''] = a
  const master = s.masters.get(name)
  if (!master) return configError.noSuchMaster
  const si = s.createInstance(runid, SRI_SENTINEL, ip, atoi(port), master.quorum, master)
  if (typeof si === 'string') return createInstanceError(si, SRI_SENTINEL)
  si.runid = runid
  s.tryConnectionSharing(si)
  return null
}
function monitor(s: Sentinel, a: readonly string[]): string | null {
  const [, name = '', host = '', port = '', quorumText = ''] = a
  const quorum = atoi(quorumText)
  if (quorum <= 0) return 'Quorum must be 1 or greater.'
  const ri = s.createInstance(name, SRI_MASTER, host, atoi(port), quorum, null)
  return typeof ri === 'string' ? createInstanceError(ri, SRI_MASTER) : null
}

/** sentinelHandleConfiguration: one line without the word "sentinel"; an error text, or null. */
export function handleConfiguration(s: Sentinel, a: readonly string[]): string | null {
  const option = (a[0] ?? '').toLowerCase()
  if (option === 'monitor' && a.length === 5) return monitor(s, a)
  if (option === 'known-sentinel' && a.length === 5) return knownSentinel(s, a)
  if (option === 'known-sentinel' && a.length === 4) return null // The old form without a runid.
  const own = MASTER_OPTIONS[option]
  if (own && a.length === 2 + own[0]) {
    const master = s.masters.get(a[1] ?? '')
    return master ? own[1](master, a.slice(2), s) : configError.noSuchMaster
  }
  if (a.length === 2) return handleGlobal(s, option, a[1] ?? '')
  return configError.unrecognized
}
function handleGlobal(s: Sentinel, option: string, value: string): string | null {
  const flag = yesNo(value)
  s.seenOptions.add(option)
  switch (option) {
    case 'current-epoch':
      s.currentEpoch = Math.max(s.currentEpoch, atoi(value))
      return null
    case 'myid':
      if (value.length !== 40) return 'Malformed Sentinel id in myid option.'
      s.myid = value
      return null
    case 'announce-ip':
      if (value !== '') s.announceIp = value
      return null
    case 'announce-port':
      s.announcePort = atoi(value)
      return null
    case 'deny-scripts-reconfig':
      if (flag === null) return 'Please specify yes or no for the deny-scripts-reconfig options.'
      s.denyScriptsReconfig = flag
      return null
    case 'sentinel-user':
      if (value !== '') s.sentinelUser = value
      return null
    case 'sentinel-pass':
      if (value !== '') s.sentinelPass = value
      return null
    case 'resolve-hostnames':
      if (flag === null) return 'Please specify yes or no for the resolve-hostnames option.'
      s.resolveHostnames = flag
      return null
    case 'announce-hostnames':
      if (flag === null) return 'Please specify yes or no for the announce-hostnames option.'
      s.announceHostnames = flag
      return null
    default:
      return configError.unrecognized
  }
}

/** rewriteConfigSentinelOption: every line, in the order in which Redis hands them to the rewrite. */
export function rewriteLines(s: Sentinel): string[] {
  const lines: string[] = [`sentinel myid ${s.myid}`]
  const toggle = (option: string, value: boolean, byDefault: boolean): void => {
    if (value !== byDefault || s.seenOptions.has(option)) lines.push(`sentinel ${option} ${value ? 'yes' : 'no'}`)
  }
  toggle('deny-scripts-reconfig', s.denyScriptsReconfig, true)
  toggle('resolve-hostnames', s.resolveHostnames, false)
  toggle('announce-hostnames', s.announceHostnames, false)
  for (const master of s.masters.values()) rewriteMaster(s, master, lines)
  lines.push(`sentinel current-epoch ${s.currentEpoch}`)
  if (s.announceIp !== null) lines.push(`sentinel announce-ip ${quoteBytes(s.announceIp)}`)
  if (s.announcePort) lines.push(`sentinel announce-port ${s.announcePort}`)
  if (s.sentinelUser !== null) lines.push(`sentinel sentinel-user ${s.sentinelUser}`)
  if (s.sentinelPass !== null) lines.push(`sentinel sentinel-pass ${s.sentinelPass}`)
  return lines
}
function rewriteMaster(s: Sentinel, master: SentinelRedisInstance, lines: string[]): void {
  const addr = master.currentMasterAddress
  const put = (option: string, ...values: readonly (string | number)[]): void => {
    lines.push(`sentinel ${option} ${master.name} ${values.join(' ')}`)
  }
  put('monitor', s.announceAddr(addr), addr.port, master.quorum)
  if (master.downAfterPeriod !== s.periods.defaultDownAfter) put('down-after-milliseconds', master.downAfterPeriod)
  if (master.failoverTimeout !== s.periods.defaultFailoverTimeout) put('failover-timeout', master.failoverTimeout)
  if (master.parallelSyncs !== DEFAULT_PARALLEL_SYNCS) put('parallel-syncs', master.parallelSyncs)
  if (master.notificationScript !== null) put('notification-script', master.notificationScript)
  if (master.clientReconfigScript !== null) put('client-reconfig-script', master.clientReconfigScript)
  if (master.authPass !== null) put('auth-pass', master.authPass)
  if (master.authUser !== null) put('auth-user', master.authUser)
  if (master.masterRebootDownAfterPeriod !== 0)
    put('master-reboot-down-after-period', master.masterRebootDownAfterPeriod)
  put('config-epoch', master.configEpoch)
  put('leader-epoch', master.leaderEpoch)
  for (const slave of master.slaves.values()) {
    // Promoted and already announced as the master: in its place stands the old master.
    const at = addrIsEqual(slave.addr, addr) ? master.addr : slave.addr
    put('known-replica', s.announceAddr(at), at.port)
  }
  for (const si of master.sentinels.values())
    if (si.runid !== null) put('known-sentinel', s.announceAddr(si.addr), si.addr.port, si.runid)
  for (const [from, to] of master.renamedCommands.values()) put('rename-command', from, to)
}
