/** The SENTINEL command family. Arity is checked by the command table before a handler runs. */
import type { Bytes } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import type { CommandContext, CommandImpl } from '../commands/command.ts'
import { answerLater } from '../commands/server/config.ts'
import { map, NOT_INTEGER, NULL_ARRAY, OK, RedisError, type Reply, status } from '../protocol/reply.ts'
import { strictInt } from './address.ts'
import { createInstanceError, yesNo } from './config.ts'
import { voteLeader } from './failure.ts'
import { selectSlave, startFailover } from './failover.ts'
import { HELP } from './help.ts'
import {
  type Instances,
  type SentinelRedisInstance,
  SRI_FAILOVER_IN_PROGRESS,
  SRI_FORCE_FAILOVER,
  SRI_MASTER,
  SRI_O_DOWN,
  SRI_S_DOWN,
  SRI_SLAVE,
} from './instance.ts'
import { instanceReply } from './instance-reply.ts'
import {
  type Sentinel,
  type SentinelPeriods,
  SIMFAILURE_CRASH_AFTER_ELECTION,
  SIMFAILURE_CRASH_AFTER_PROMOTION,
} from './sentinel.ts'
import { setCommand } from './set-command.ts'

export function masterOrError(s: Sentinel, name: Bytes | undefined): SentinelRedisInstance {
  const ri = s.masters.get(name ?? '')
  if (!ri) throw new RedisError('ERR No such master with that name')
  return ri
}
function integer(text: Bytes | undefined, error = NOT_INTEGER): number {
  const n = strictInt(text ?? '')
  if (n === null) throw new RedisError(error)
  return n
}
function instancesReply(s: Sentinel, instances: Instances): Reply {
  const shown = [...instances.values()].filter((ri) => !ri.has(SRI_SLAVE) || ri.replicaAnnounced)
  return shown.map((ri) => instanceReply(s, ri))
}

type SentinelHandler = (s: Sentinel, argv: readonly Bytes[], c?: CommandContext) => Reply

/** sentinelFlushConfigAndReply: OK when the file is on the disk. */
export function flushAndReply(s: Sentinel, c: CommandContext | undefined): Reply {
  if (c === undefined) {
    s.flushConfig()
    return OK
  }
  const failed: Reply = { t: 'error', text: 'ERR Failed to save config file. Check server logs.' }
  return answerLater(c, (answer) => s.flushConfig((ok) => answer(ok ? OK : failed)))
}

const slaves: SentinelHandler = (s, argv) => instancesReply(s, masterOrError(s, argv[2]).slaves)

function isMasterDownByAddr(s: Sentinel, argv: readonly Bytes[]): Reply {
  const port = integer(argv[3])
  const epoch = integer(argv[4])
  const runid = argv[5] ?? '*'
  const ri = s.findInstance(s.masters, argv[2] ?? '', port, null)
  const isMaster = ri?.has(SRI_MASTER) ?? false
  const isDown = !s.tilt && isMaster && ri?.has(SRI_S_DOWN)
  let leader: string | null = null
  let leaderEpoch = 0
  if (ri && isMaster && runid !== '*') ({ leader, leaderEpoch } = voteLeader(s, ri, epoch, runid))
  return [isDown ? 1 : 0, leader ?? '*', leaderEpoch]
}
function failover(s: Sentinel, argv: readonly Bytes[]): Reply {
  const ri = masterOrError(s, argv[2])
  if (ri.has(SRI_FAILOVER_IN_PROGRESS)) throw new RedisError('INPROG Failover already in progress')
  if (selectSlave(s, ri) === null) throw new RedisError('NOGOODSLAVE No suitable replica to promote')
  s.log('warning', `Executing user requested FAILOVER of '${ri.name}'`)
  startFailover(s, ri)
  ri.set(SRI_FORCE_FAILOVER)
  return OK
}
function monitor(s: Sentinel, argv: readonly Bytes[], c?: CommandContext): Reply {
  const [, , name = '', host = ''] = argv
  const quorum = integer(argv[5], 'ERR Invalid quorum')
  const port = integer(argv[4], 'ERR Invalid port')
  if (quorum <= 0) throw new RedisError('ERR Quorum must be 1 or greater.')
  if (s.resolve(host) === null) throw new RedisError('ERR Invalid IP address or hostname specified')
  const ri = s.createInstance(name, SRI_MASTER, host, port, quorum, null)
  if (typeof ri === 'string') throw new RedisError(`ERR ${createInstanceError(ri, SRI_MASTER)}`)
  const reply = flushAndReply(s, c)
  s.event('warning', '+monitor', ri, `${s.at(ri)} quorum ${ri.quorum}`)
  return reply
}
function remove(s: Sentinel, argv: readonly Bytes[], c?: CommandContext): Reply {
  const ri = masterOrError(s, argv[2])
  s.event('warning', '-monitor', ri, s.at(ri))
  s.masters.delete(ri.name)
  s.releaseInstance(ri)
  return flushAndReply(s, c)
}
function ckquorum(s: Sentinel, argv: readonly Bytes[]): Reply {
  const ri = masterOrError(s, argv[2])
  let usable = 1
  for (const si of ri.sentinels.values()) if (!si.has(SRI_S_DOWN | SRI_O_DOWN)) usable++
  const noQuorum = usable < ri.quorum
  const noAuth = usable < Math.trunc((ri.sentinels.size + 1) / 2) + 1
  if (!noQuorum && !noAuth)
    return status(`OK ${usable} usable Sentinels. Quorum and failover authorization can be reached`)
  const why = [
    ...(noQuorum ? ['Not enough available Sentinels to reach the specified quorum for this master'] : []),
    ...(noAuth ? ['Not enough available Sentinels to reach the majority and authorize a failover'] : []),
  ]
  throw new RedisError(`NOQUORUM ${usable} usable Sentinels. ${why.join('. ')}`)
}

const configPairs = (s: Sentinel): readonly (readonly [string, Bytes])[] => [
  ['resolve-hostnames', s.resolveHostnames ? 'yes' : 'no'],
  ['announce-hostnames', s.announceHostnames ? 'yes' : 'no'],
  ['announce-ip', s.announceIp ?? ''],
  ['announce-port', String(s.announcePort)],
  ['sentinel-user', s.sentinelUser ?? ''],
  ['sentinel-pass', s.sentinelPass ?? ''],
]
function config(s: Sentinel, argv: readonly Bytes[], c?: CommandContext): Reply {
  const [, , verb = '', option = '', value = ''] = argv
  if (verb.toLowerCase() === 'set' && argv.length === 5) return configSet(s, option, value, c)
  if (verb.toLowerCase() === 'get' && argv.length === 4)
    return map(configPairs(s).flatMap(([name, v]) => (globMatch(option, name, true) ? [name, v] : [])))
  throw new RedisError('ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.')
}
function configSet(s: Sentinel, option: Bytes, value: Bytes, c: CommandContext | undefined): Reply {
  const bad = (): RedisError => new RedisError(`ERR Invalid value '${value}' to SENTINEL CONFIG SET '${option}'`)
  const flag = (): boolean => {
    const v = yesNo(value)
    if (v === null) throw bad()
    return v
  }
  let dropConnections = false
  switch (option.toLowerCase()) {
    case 'resolve-hostnames':
      s.resolveHostnames = flag()
      break
    case 'announce-hostnames':
      s.announceHostnames = flag()
      break
    case 'announce-ip':
      s.announceIp = value
      break
    case 'announce-port': {
      const port = strictInt(value)
      if (port === null || port < 0 || port > 65535) throw bad()
      s.announcePort = port
      break
    }
    case 'sentinel-user':
      s.sentinelUser = value === '' ? null : value
      dropConnections = true
      break
    case 'sentinel-pass':
      s.sentinelPass = value === '' ? null : value
      dropConnections = true
      break
    default:
      throw new RedisError(`ERR Invalid argument '${option}' to SENTINEL CONFIG SET`)
  }
  const reply = flushAndReply(s, c)
  if (dropConnections) s.dropSentinelConnections()
  return reply
}

function infoCache(s: Sentinel, argv: readonly Bytes[]): Reply {
  const names = argv.length > 2 ? new Set(argv.slice(2)) : s.masters.keys()
  const reply: Reply[] = []
  for (const name of names) {
    const master = s.masters.get(name)
    if (!master) continue
    const age = (ri: SentinelRedisInstance): Reply => [master.infoRefresh ? s.now - ri.infoRefresh : 0, ri.info]
    reply.push(name, [age(master), ...[...master.slaves.values()].map(age)])
  }
  return reply
}
function simulateFailure(s: Sentinel, argv: readonly Bytes[]): Reply {
  s.simfailureFlags = 0
  for (const arg of argv.slice(2)) {
    switch (arg.toLowerCase()) {
      case 'crash-after-election':
        s.simfailureFlags |= SIMFAILURE_CRASH_AFTER_ELECTION
        s.log(
          'warning',
          'Failure simulation: this Sentinel will crash after being successfully elected as failover leader',
        )
        break
      case 'crash-after-promotion':
        s.simfailureFlags |= SIMFAILURE_CRASH_AFTER_PROMOTION
        s.log('warning', 'Failure simulation: this Sentinel will crash after promoting the selected replica to master')
        break
      case 'help':
        return ['crash-after-election', 'crash-after-promotion']
      default:
        throw new RedisError('ERR Unknown failure simulation specified')
    }
  }
  return OK
}

const PERIOD_NAMES: readonly (readonly [string, keyof SentinelPeriods])[] = [
  ['info-period', 'infoPeriod'],
  ['ping-period', 'pingPeriod'],
  ['ask-period', 'askPeriod'],
  ['publish-period', 'publishPeriod'],
  ['default-down-after', 'defaultDownAfter'],
  ['default-failover-timeout', 'defaultFailoverTimeout'],
  ['tilt-trigger', 'tiltTrigger'],
  ['tilt-period', 'tiltPeriod'],
  ['slave-reconf-timeout', 'slaveReconfTimeout'],
  ['min-link-reconnect-period', 'minLinkReconnectPeriod'],
  ['election-timeout', 'electionTimeout'],
  ['script-max-runtime', 'scriptMaxRuntime'],
  ['script-retry-delay', 'scriptRetryDelay'],
]
function debug(s: Sentinel, argv: readonly Bytes[]): Reply {
  if (argv.length === 2)
    return map(PERIOD_NAMES.flatMap(([name, field]) => [name.toUpperCase(), String(s.periods[field])]))
  for (let j = 2; j < argv.length; j += 2) {
    const option = argv[j] ?? ''
    const value = argv[j + 1]
    const entry = PERIOD_NAMES.find(([name]) => name === option.toLowerCase())
    if (!entry || value === undefined)
      throw new RedisError(`ERR Unknown option or number of arguments for SENTINEL DEBUG '${option}'`)
    const ms = strictInt(value)
    if (ms === null || ms <= 0) throw new RedisError(`ERR Invalid argument '${value}' for SENTINEL DEBUG '${option}'`)
    s.periods[entry[1]] = ms
  }
  return OK
}

const SUBCOMMANDS: Readonly<Record<string, SentinelHandler>> = {
  masters: (s) => instancesReply(s, s.masters),
  master: (s, argv) => instanceReply(s, masterOrError(s, argv[2])),
  slaves,
  replicas: slaves,
  sentinels: (s, argv) => instancesReply(s, masterOrError(s, argv[2]).sentinels),
  myid: (s) => s.myid,
  'is-master-down-by-addr': isMasterDownByAddr,
  reset: (s, argv) => s.resetMastersByPattern(argv[2] ?? ''),
  'get-master-addr-by-name': (s, argv) => {
    const addr = s.masters.get(argv[2] ?? '')?.currentMasterAddress
    return addr ? [s.announceAddr(addr), String(addr.port)] : NULL_ARRAY
  },
  failover,
  'pending-scripts': (s) => s.scripts.pendingReply(),
  monitor,
  flushconfig: (s, _argv, c) => flushAndReply(s, c),
  remove,
  ckquorum,
  set: setCommand,
  config,
  'info-cache': infoCache,
  'simulate-failure': simulateFailure,
  debug,
  help: () => HELP.map(status),
}

export function sentinelCommands(s: Sentinel): readonly CommandImpl[] {
  return Object.entries(SUBCOMMANDS).map(([name, handler]) => ({
    name: `sentinel|${name}`,
    handler: (c, argv) => handler(s, argv, c),
  }))
}
