/** REPLICAOF, PSYNC, REPLCONF, WAIT, ROLE: the words of replication. */
import type { Bytes } from '../bytes/bytes.ts'
import { equalsIgnoreCase, parseIntArg, parseLongArg, parseTimeoutMs, syntaxError } from '../commands/args.ts'
import type { CommandContext, CommandImpl } from '../commands/command.ts'
import { NO_REPLY, OK, RedisError, type Reply, status } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import { blockClient } from '../server/blocked.ts'
import type { Replication } from './replication.ts'
import { replicaInfo, replicaName } from './replica-state.ts'

/** The head of catClientInfoString, as the log shows who asked. */
function requester(c: Client): string {
  return `id=${c.id} addr=${c.addr} laddr=${c.laddr} name=${c.name}`
}

function replicaof(rp: Replication, c: CommandContext, argv: readonly Bytes[]): Reply {
  const { r, server: s } = rp
  if (s.cluster !== null) throw new RedisError('ERR REPLICAOF not allowed in cluster mode.')
  if (rp.failover.state !== 'no-failover') throw new RedisError('ERR REPLICAOF not allowed while failing over.')
  if (equalsIgnoreCase(argv[1], 'no') && equalsIgnoreCase(argv[2], 'one')) {
    if (rp.isReplica) {
      r.unset()
      s.log('notice', `MASTER MODE enabled (user request from '${requester(c.client)}')`)
    }
    return OK
  }
  if (c.client.isReplica) throw new RedisError('ERR Command is not valid when client is a replica.')
  const port = parseLongArg(argv[2], 0, 65535, 'ERR Invalid master port')
  const host = argv[1] ?? ''
  if (r.masterhost?.toLowerCase() === host.toLowerCase() && r.masterport === port) {
    s.log(
      'notice',
      'REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.',
    )
    return status('OK Already connected to specified master')
  }
  r.setMaster(host, port)
  s.log('notice', `REPLICAOF ${host}:${port} enabled (user request from '${requester(c.client)}')`)
  return OK
}

function replconf(rp: Replication, c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length % 2 === 0) syntaxError()
  const client = c.client
  const info = replicaInfo
  for (let j = 1; j < argv.length; j += 2) {
    const name = (argv[j] ?? '').toLowerCase()
    const value = argv[j + 1] ?? ''
    switch (name) {
      case 'listening-port':
        client.replicaListeningPort = parseLongArg(value)
        break
      case 'ip-address':
        if (value.length > 255)
          throw new RedisError(
            `ERR REPLCONF ip-address provided by replica instance is too long: ${value.length} bytes`,
          )
        client.replicaAnnouncedIp = value
        break
      case 'capa':
        if (equalsIgnoreCase(value, 'eof')) info(client).capaEof = true
        else if (equalsIgnoreCase(value, 'psync2')) info(client).capaPsync2 = true
        break
      case 'ack': {
        if (!client.isReplica) return NO_REPLY
        rp.m.ack(client, Number(parseIntArg(value)))
        return NO_REPLY
      }
      case 'getack':
        if (rp.r.master !== null) rp.r.sendAck()
        return NO_REPLY
      case 'rdb-only':
        info(client).rdbOnly = parseLongArg(value, 0, 1) === 1
        break
      case 'rdb-filter-only':
        if (value !== '' && value !== 'functions')
          throw new RedisError(`ERR Unsupported rdb-filter-only option: ${value}`)
        info(client).rdbFilterOnly = value === ''
        break
      default:
        throw new RedisError(`ERR Unrecognized REPLCONF option: ${argv[j]}`)
    }
  }
  return OK
}

function wait(rp: Replication, c: CommandContext, argv: readonly Bytes[]): Reply {
  if (rp.isReplica)
    throw new RedisError(
      'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
    )
  const count = parseLongArg(argv[1])
  const timeout = parseTimeoutMs(argv[2])
  const offset = c.client.woff
  const acked = rp.ackedReplicas(offset)
  if (acked >= count || c.client.denyBlocking) return acked
  blockClient(c.server, c.client, 'wait', {
    timeoutAtMs: timeout === 0 ? 0 : c.nowMs + timeout,
    onTimeout: () => rp.ackedReplicas(offset),
  })
  rp.wait(c.client, offset, count)
  return NO_REPLY
}

/** PSYNC id offset [FAILOVER]: with FAILOVER, our master asks us to take its place. */
function psync(rp: Replication, client: Client, argv: readonly Bytes[]): Reply {
  if (client.isReplica) return NO_REPLY
  if (argv.length > 3 && equalsIgnoreCase(argv[3], 'failover')) {
    rp.server.log('warning', `Failover request received for replid ${argv[1]}.`)
    if (!rp.isReplica) throw new RedisError("ERR PSYNC FAILOVER can't be sent to a master.")
    if (argv[1] !== rp.m.replid) throw new RedisError('ERR PSYNC FAILOVER replid must match my replid.')
    rp.r.unset()
    rp.server.log('notice', `MASTER MODE enabled (failover request from '${requester(client)}')`)
  }
  if (rp.failover.state !== 'no-failover') throw new RedisError("NOMASTERLINK Can't SYNC while failing over")
  return rp.m.sync(client, argv, rp.isReplica && !rp.masterLinkUp)
}

function role(rp: Replication): Reply {
  const { r, m } = rp
  if (r.masterhost !== null) {
    const states: Record<string, string> = {
      none: 'none',
      connect: 'connect',
      connecting: 'connecting',
      transfer: 'sync',
      connected: 'connected',
    }
    return ['slave', r.masterhost, r.masterport, states[r.state] ?? 'handshake', r.master?.reploff ?? -1]
  }
  const list = m.replicas
    .filter((c) => replicaInfo(c).state === 'online')
    .map(
      (c): Reply => [
        c.replicaAnnouncedIp || c.link?.remoteHost || '',
        String(c.replicaListeningPort),
        String(replicaInfo(c).ackOff),
      ],
    )
  return ['master', m.masterReplOffset, list]
}

export function replicationCommands(rp: Replication): readonly CommandImpl[] {
  const down = (): boolean => rp.isReplica && !rp.masterLinkUp
  return [
    { name: 'replicaof', handler: (c, argv) => replicaof(rp, c, argv) },
    { name: 'slaveof', handler: (c, argv) => replicaof(rp, c, argv) },
    { name: 'psync', handler: (c, argv) => psync(rp, c.client, argv) },
    { name: 'failover', handler: (_c, argv) => rp.failover.command(argv) },
    { name: 'sync', handler: (c, argv) => rp.m.sync(c.client, argv, down()) },
    { name: 'replconf', handler: (c, argv) => replconf(rp, c, argv) },
    { name: 'wait', handler: (c, argv) => wait(rp, c, argv) },
    { name: 'role', handler: () => role(rp) },
  ]
}
export { replicaName }
