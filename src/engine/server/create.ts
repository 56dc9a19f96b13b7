/** Where the parts meet: the one place that knows every command list and every extension. */
import type { CommandImpl } from '../commands/command.ts'
import { connectionCommands } from '../commands/connection/index.ts'
import { pubsubCommands } from '../commands/pubsub/index.ts'
import { transactionCommands } from '../commands/transactions/index.ts'
import type { ProcessEnv, Tap } from '../machine.ts'
import { Server, type ServerOptions } from './server.ts'

export interface CreateOptions extends ServerOptions {
  /** Further command lists. */
  readonly commands?: readonly (readonly CommandImpl[])[]
}
export function createServer(env: ProcessEnv, tap: Tap | undefined, options: CreateOptions): Server {
  const server = new Server(env, tap, options)
  server.useCommands([connectionCommands, transactionCommands, pubsubCommands, ...(options.commands ?? [])])
  return server
}
