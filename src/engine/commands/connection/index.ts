/** PING, ECHO, SELECT, AUTH, HELLO, RESET, QUIT. CLIENT has a file of its own. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import type { Database } from '../../keyspace/database.ts'
import { map, NO_REPLY, OK, PONG, RedisError, type Reply, SYNTAX_ERROR, status } from '../../protocol/reply.ts'
import type { Client } from '../../server/client.ts'
import type { Server } from '../../server/server.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { unsubscribeAll } from '../pubsub/index.ts'
import { redact } from '../server/acl.ts'
import { discardTransaction } from '../transactions/index.ts'
import { clientCommands, disableTracking, setClientName } from './client.ts'

const ping: Handler = ({ client }, argv) => {
  if (argv.length > 2) throw new RedisError("ERR wrong number of arguments for 'ping' command")
  if (client.isPubsub && client.resp === 2) return ['pong', argv[1] ?? '']
  return argv.length === 1 ? PONG : (argv[1] as Bytes)
}
const select: Handler = ({ server, client }, argv) => {
  const id = parseInt64(argv[1] as Bytes)
  if (id === null) throw new RedisError('ERR value is not an integer or out of range')
  if (typeof id !== 'number' || id < -2147483648 || id > 2147483647)
    throw new RedisError('ERR value is out of range, value must between -2147483648 and 2147483647')
  if (server.cluster !== null && id !== 0) throw new RedisError('ERR SELECT is not allowed in cluster mode')
  const db = server.lookupDb(id)
  if (!db) throw new RedisError('ERR DB index is out of range')
  client.db = db
  return OK
}

const WRONGPASS = 'WRONGPASS invalid username-password pair or user is disabled.'
function authenticate(server: Server, c: Client, user: Bytes, password: Bytes): void {
  if (!server.acl.authenticate(c, user, password)) throw new RedisError(WRONGPASS)
}
const auth: Handler = (c, argv) => {
  const { server, client } = c
  if (argv.length > 3) throw new RedisError(SYNTAX_ERROR)
  redact(c, 1, 2)
  if (argv.length === 3) redact(c, 2, 3)
  else if (server.acl.defaultUser.nopass) {
    throw new RedisError(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    )
  }
  authenticate(server, client, argv.length === 3 ? (argv[1] as Bytes) : 'default', argv[argv.length - 1] as Bytes)
  return OK
}
const hello: Handler = (c, argv) => {
  const { server, client } = c
  let version = 0
  let next = 1
  if (argv.length >= 2) {
    const v = parseInt64(argv[1] as Bytes)
    next = 2
    if (v === null) throw new RedisError('ERR Protocol version is not an integer or out of range')
    if (v !== 2 && v !== 3) throw new RedisError('NOPROTO unsupported protocol version')
    version = v as number
  }
  let name: Bytes | null = null
  for (let j = next; j < argv.length; j++) {
    const more = argv.length - 1 - j
    const opt = (argv[j] as Bytes).toLowerCase()
    if (opt === 'auth' && more >= 2) {
      redact(c, j + 1, j + 3)
      authenticate(server, client, argv[j + 1] as Bytes, argv[j + 2] as Bytes)
      j += 2
    } else if (opt === 'setname' && more >= 1) {
      name = argv[j + 1] as Bytes
      checkName(name)
      j++
    } else throw new RedisError(`ERR Syntax error in HELLO option '${argv[j]}'`)
  }
  if (!client.authenticated && server.acl.authRequired) {
    throw new RedisError(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  }
  if (name !== null) setClientName(client, name)
  if (version !== 0) client.resp = version === 3 ? 3 : 2
  const pairs: Reply[] = [
    'server',
    'redis',
    'version',
    '7.0.15',
    'proto',
    client.resp,
    'id',
    client.id,
    'mode',
    server.mode === 'sentinel' ? 'sentinel' : server.config.clusterEnabled ? 'cluster' : 'standalone',
  ]
  if (server.mode !== 'sentinel') pairs.push('role', server.isReplica ? 'replica' : 'master')
  pairs.push('modules', [])
  return map(pairs)
}
function checkName(name: Bytes): void {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    if (c < 33 || c > 126)
      throw new RedisError('ERR Client names cannot contain spaces, newlines or special characters.')
  }
}
const reset: Handler = ({ server, client }) => {
  if (client.isReplica || client.isMaster) throw new RedisError('ERR can only reset normal client connections')
  server.monitors.delete(client)
  client.isMonitor = false
  if (client.multi !== null || client.watched.length > 0) discardTransaction(client)
  client.asking = client.readonly = false
  disableTracking(server, client)
  client.db = server.dbs[0] as Database
  client.resp = 2
  for (const kind of ['channel', 'shard', 'pattern'] as const) unsubscribeAll(server, client, kind, false)
  client.name = ''
  client.replyOff = client.replySkipNext = false
  server.acl.setDefaultAuth(client)
  return status('RESET')
}
const quit: Handler = ({ client }) => {
  client.addReply(OK)
  client.closeAfterReply = true
  return NO_REPLY
}

export const connectionCommands: readonly CommandImpl[] = [
  { name: 'ping', handler: ping },
  { name: 'echo', handler: (_c, argv) => argv[1] as Bytes },
  { name: 'select', handler: select },
  { name: 'auth', handler: auth },
  { name: 'hello', handler: hello },
  { name: 'reset', handler: reset },
  { name: 'quit', handler: quit },
  ...clientCommands,
]
