/** SENTINEL SET: pairs are applied one by one; what came before a bad one stays. */
import type { Bytes } from '../bytes/bytes.ts'
import type { CommandContext } from '../commands/command.ts'
import { OK, RedisError, type Reply } from '../protocol/reply.ts'
import { strictInt } from './address.ts'
import { flushAndReply, masterOrError } from './commands.ts'
import type { SentinelRedisInstance } from './instance.ts'
import type { Sentinel } from './sentinel.ts'

const SCRIPTS_DENIED =
  'ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig configuration directive in your Sentinel configuration'

type Setter = (s: Sentinel, ri: SentinelRedisInstance, value: Bytes) => void
class BadValue extends Error {}
const number =
  (min: number, put: (ri: SentinelRedisInstance, n: number) => void): Setter =>
  (_s, ri, value) => {
    const n = strictInt(value)
    if (n === null || n < min) throw new BadValue()
    put(ri, n)
  }
const script =
  (field: 'notificationScript' | 'clientReconfigScript'): Setter =>
  (s, ri, value) => {
    if (s.denyScriptsReconfig) throw new RedisError(SCRIPTS_DENIED)
    ri[field] = value === '' ? null : value
  }
const auth =
  (field: 'authPass' | 'authUser'): Setter =>
  (s, ri, value) => {
    ri[field] = value === '' ? null : value
    s.dropInstanceConnections(ri)
  }
const OPTIONS: Readonly<Record<string, Setter>> = {
  'down-after-milliseconds': number(1, (ri, n) => {
    ri.downAfterPeriod = n
    ri.propagateDownAfterPeriod()
  }),
  'failover-timeout': number(1, (ri, n) => {
    ri.failoverTimeout = n
  }),
  'parallel-syncs': number(1, (ri, n) => {
    ri.parallelSyncs = n
  }),
  'notification-script': script('notificationScript'),
  'client-reconfig-script': script('clientReconfigScript'),
  'auth-pass': auth('authPass'),
  'auth-user': auth('authUser'),
  quorum: number(1, (ri, n) => {
    ri.quorum = n
  }),
  'master-reboot-down-after-period': number(0, (ri, n) => {
    ri.masterRebootDownAfterPeriod = n
  }),
}

export function setCommand(s: Sentinel, argv: readonly Bytes[], c?: CommandContext): Reply {
  const ri = masterOrError(s, argv[2])
  let changes = 0
  try {
    for (let j = 3; j < argv.length; ) {
      const option = argv[j] ?? ''
      const key = option.toLowerCase()
      const left = argv.length - 1 - j
      if (key === 'rename-command' && left > 1) {
        const [from = '', to = ''] = argv.slice(j + 1, j + 3)
        renameCommand(ri, option, from, to)
        s.event('warning', '+set', ri, `${s.at(ri)} ${option} ${from} ${to}`)
        j += 3
      } else {
        const setter = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined
        if (!setter || left < 1)
          throw new RedisError(`ERR Unknown option or number of arguments for SENTINEL SET '${option}'`)
        const value = argv[j + 1] ?? ''
        apply(s, ri, option, value, setter)
        s.event('warning', '+set', ri, `${s.at(ri)} ${option} ${key === 'auth-pass' ? '******' : value}`)
        j += 2
      }
      changes++
    }
  } catch (e) {
    if (changes) s.flushConfig()
    throw e
  }
  return changes ? flushAndReply(s, c) : OK
}
function apply(s: Sentinel, ri: SentinelRedisInstance, option: Bytes, value: Bytes, setter: Setter): void {
  try {
    setter(s, ri, value)
  } catch (e) {
    if (e instanceof BadValue) throw badArgument(value, option)
    throw e
  }
}
const badArgument = (value: Bytes, option: Bytes): RedisError =>
  new RedisError(`ERR Invalid argument '${value}' for SENTINEL SET '${option}'`)

function renameCommand(ri: SentinelRedisInstance, option: Bytes, from: Bytes, to: Bytes): void {
  if (from === '' || to === '') throw badArgument('', option)
  ri.renamedCommands.delete(from.toLowerCase())
  if (from.toLowerCase() !== to.toLowerCase()) ri.renamedCommands.set(from.toLowerCase(), [from, to])
}
