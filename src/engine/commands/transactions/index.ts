/** MULTI, EXEC, DISCARD, WATCH, UNWATCH: a queue that runs undisturbed, and optimistic locking around it. */
import { NULL_ARRAY, NO_REPLY, OK, RedisError, type Reply } from '../../protocol/reply.ts'
import { aclCheck, execNopermText } from '../../server/acl-check.ts'
import { countError } from '../../server/call.ts'
import type { Client, MultiState } from '../../server/client.ts'
import type { Server } from '../../server/server.ts'
import { SUSPENDED } from '../../server/suspend.ts'
import { isWatchedKeyExpired, unwatchAllKeys, watchForKey } from '../../server/watch.ts'
import type { CommandImpl, Handler } from '../command.ts'

export function discardTransaction(c: Client): void {
  c.multi = null
  c.dirtyCas = false
  unwatchAllKeys(c)
}

const multi: Handler = ({ client }) => {
  if (client.multi !== null) throw new RedisError('ERR MULTI calls can not be nested')
  client.multi = { queue: [], hasWrite: false, mayReplicate: false, hasDenyOom: false, dirtyExec: false }
  return OK
}
const discard: Handler = ({ client }) => {
  if (client.multi === null) throw new RedisError('ERR DISCARD without MULTI')
  discardTransaction(client)
  return OK
}
const exec: Handler = ({ client, server }) => {
  const m = client.multi
  if (m === null) throw new RedisError('ERR EXEC without MULTI')
  if (isWatchedKeyExpired(server, client)) client.dirtyCas = true
  if (m.dirtyExec || client.dirtyCas) {
    discardTransaction(client)
    if (m.dirtyExec) throw new RedisError('EXECABORT Transaction discarded because of previous errors.')
    return NULL_ARRAY
  }
  unwatchAllKeys(client)
  client.denyBlocking = true
  client.multi = null
  client.executing = m
  server.inExec = true
  client.write(`*${m.queue.length}\r\n`)
  return runQueue(server, client, m.queue, 0)
}
/** The queue from an index on; a script in it that runs long suspends all of it. */
function runQueue(server: Server, client: Client, queue: MultiState['queue'], from: number): Reply {
  let refused = false
  let ended = false
  for (let i = from; i < queue.length; i++) {
    const q = queue[i] as MultiState['queue'][number]
    const denial = aclCheck(client.user, q.command, q.argv)
    if (denial === null) {
      refused = false
      const reply = server.execute(client, q.command, q.argv)
      if (reply === SUSPENDED && server.scripting !== null)
        return server.scripting.continuations.then((r) => {
          client.addReply(r)
          return runQueue(server, client, queue, i + 1)
        })
      // Who has ended its own connection gets no more replies.
      if (!ended) client.addReply(reply)
      ended = client.closeAfterReply
    } else {
      server.acl.addDenial(client, denial, 'multi', q.command, q.argv)
      const text = execNopermText(denial)
      countError(server, text)
      client.addReply({ t: 'error', text })
      refused = true
    }
  }
  // An error that no queued command counted is EXEC's own.
  const own = refused ? server.table.byFullName('exec') : undefined
  if (own) own.failedCalls++
  server.inExec = false
  client.executing = null
  client.denyBlocking = false
  client.dirtyCas = false
  return NO_REPLY
}
const watch: Handler = ({ client, server }, argv) => {
  if (client.multi !== null) throw new RedisError('ERR WATCH inside MULTI is not allowed')
  if (client.dirtyCas) return OK
  for (let i = 1; i < argv.length; i++) watchForKey(server, client, argv[i] as string)
  return OK
}
const unwatch: Handler = ({ client }) => {
  unwatchAllKeys(client)
  client.dirtyCas = false
  return OK
}

export const transactionCommands: readonly CommandImpl[] = [
  { name: 'multi', handler: multi },
  { name: 'exec', handler: exec },
  { name: 'discard', handler: discard },
  { name: 'watch', handler: watch },
  { name: 'unwatch', handler: unwatch },
]
