/** Where the parts meet: the one place that knows every command list and every extension. What not every process needs is handed in. */
import { bitmapCommands } from '../commands/bitmap/index.ts'
import type { ClusterPart } from '../cluster/index.ts'
import { noClusterCommands } from '../commands/cluster/disabled.ts'
import type { CommandImpl } from '../commands/command.ts'
import { connectionCommands } from '../commands/connection/index.ts'
import { genericCommands } from '../commands/generic/index.ts'
import { geoCommands } from '../commands/geo/index.ts'
import { hashCommands } from '../commands/hash/index.ts'
import { hyperloglogCommands } from '../commands/hyperloglog/index.ts'
import { listCommands } from '../commands/list/index.ts'
import { pubsubCommands } from '../commands/pubsub/index.ts'
import { scriptingCommands } from '../commands/scripting/index.ts'
import { adminCommands } from '../commands/server/index.ts'
import { setCommands } from '../commands/set/index.ts'
import { sortedSetCommands } from '../commands/sorted-set/index.ts'
import { streamCommands } from '../commands/stream/index.ts'
import { stringCommands } from '../commands/string/index.ts'
import { transactionCommands } from '../commands/transactions/index.ts'
import { type Pictures, wireInspect } from '../inspect/index.ts'
import type { ProcessEnv, Tap } from '../machine.ts'
import { RdbPersistence } from '../persistence/rdb-save.ts'
import { Replication } from '../replication/replication.ts'
import { Scripting } from '../scripting/scripting.ts'
import { wireAcl } from './acl.ts'
import { Sentinel } from '../sentinel/sentinel.ts'
import { aclCheck, scriptNopermText } from './acl-check.ts'
import { Server, type ServerOptions } from './server.ts'

export interface CoreOptions extends ServerOptions {
  readonly cluster: ClusterPart | null
  /** Null while they are not here: they may come when somebody looks. */
  readonly pictures: () => Pictures | null
  /** Further command lists; a later list replaces handlers of an earlier one. */
  readonly commands?: readonly (readonly CommandImpl[])[]
}
export function createCore(env: ProcessEnv, tap: Tap | undefined, options: CoreOptions): Server {
  const server = new Server(env, tap, options)
  server.clusterPart = options.cluster
  const lists: (readonly CommandImpl[])[] = [connectionCommands, transactionCommands, pubsubCommands, adminCommands]
  if (options.mode === 'sentinel') {
    const sentinel = new Sentinel(server)
    server.sentinel = sentinel
    lists.push(sentinel.commands, [{ name: 'role', handler: () => ['sentinel', [...sentinel.role()]] }])
  } else {
    const repl = new Replication(server)
    const rdb = new RdbPersistence(server)
    server.repl = repl
    server.rdb = rdb
    server.scripting = new Scripting(server)
    server.scripting.aclDenial = (caller, command, argv) => {
      const denial = aclCheck(caller.user, command, argv)
      if (denial === null) return null
      server.acl.addDenial(caller, denial, 'lua', command, argv)
      return `ERR ${scriptNopermText(denial)}`
    }
    server.scripting.aclAllows = (caller, command, argv) => aclCheck(caller.user, command, argv) === null
    lists.push(
      stringCommands,
      genericCommands,
      hashCommands,
      bitmapCommands,
      listCommands,
      setCommands,
      sortedSetCommands,
      scriptingCommands,
      streamCommands,
      hyperloglogCommands,
      geoCommands,
      noClusterCommands,
      options.cluster?.commands ?? [],
      repl.commands,
      rdb.commands,
    )
  }
  wireInspect(server, options.pictures)
  wireAcl(server)
  server.useCommands([...lists, ...(options.commands ?? [])])
  return server
}
