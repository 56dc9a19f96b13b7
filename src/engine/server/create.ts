/** Composition: a Server with its command table, and with replication and persistence or with Sentinel. */
import { bitmapCommands } from '../commands/bitmap/index.ts'
import { connectionCommands } from '../commands/connection/index.ts'
import { genericCommands } from '../commands/generic/index.ts'
import { hashCommands } from '../commands/hash/index.ts'
import { listCommands } from '../commands/list/index.ts'
import { pubsubCommands } from '../commands/pubsub/index.ts'
import { adminCommands } from '../commands/server/index.ts'
import { setCommands } from '../commands/set/index.ts'
import { sortedSetCommands } from '../commands/sorted-set/index.ts'
import { stringCommands } from '../commands/string/index.ts'
import { transactionCommands } from '../commands/transactions/index.ts'
import { viewServer } from '../inspect/index.ts'
import type { ProcessEnv, Tap } from '../machine.ts'
import { RdbPersistence } from '../persistence/rdb-save.ts'
import { Replication } from '../replication/replication.ts'
import { Sentinel } from '../sentinel/sentinel.ts'
import { summaryView } from '../sentinel/view.ts'
import { Server, type ServerOptions } from './server.ts'

const VIEWS = ['summary', 'state', 'keys', 'replication', 'sentinel', 'config', 'dict', 'object'] as const

export function createServer(env: ProcessEnv, tap: Tap | undefined, options: ServerOptions): Server {
  const server = new Server(env, tap, options)
  for (const name of VIEWS) server.views.set(name, (s, args) => viewServer(s, name, args))
  if (options.mode === 'sentinel') {
    const sentinel = new Sentinel(server)
    server.sentinel = sentinel
    server.views.set('summary', () => summaryView(sentinel))
    server.useCommands([connectionCommands, pubsubCommands, adminCommands, sentinel.commands])
    return server
  }
  const repl = new Replication(server)
  const rdb = new RdbPersistence(server)
  server.repl = repl
  server.rdb = rdb
  server.useCommands([
    connectionCommands,
    transactionCommands,
    pubsubCommands,
    adminCommands,
    stringCommands,
    genericCommands,
    hashCommands,
    bitmapCommands,
    listCommands,
    setCommands,
    sortedSetCommands,
    repl.commands,
    rdb.commands,
  ])
  return server
}
