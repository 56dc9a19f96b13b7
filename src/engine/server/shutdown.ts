/** prepareForShutdown: wait for lagging replicas a while, save when there are save points, say good bye, exit 0. */
import { unblockClient } from './blocked.ts'
import type { Client } from './client.ts'
import { unpauseClients } from './pause.ts'
import type { Server } from './server.ts'

export interface ShutdownOptions {
  /** Undefined: save when there are save points. */
  readonly save?: boolean
  readonly now?: boolean
  readonly force?: boolean
}

/** Returns true when the process is going to exit (or waits for replicas). `client` is answered if it fails. */
export function prepareForShutdown(server: Server, options: ShutdownOptions, client: Client | null = null): boolean {
  server.log('warning', 'User requested shutdown...')
  const clients = client === null ? [] : [client]
  const state = { atMs: server.nowMs, options, clients }
  server.shuttingDown = state
  if (options.now === true || server.config.shutdownTimeout === 0 || replicasAreInSync(server)) {
    finishShutdown(server, options, client)
    return true
  }
  server.pauseClients(Number.MAX_SAFE_INTEGER, 'write', 'shutdown')
  server.log('notice', 'Waiting for replicas before shutting down.')
  const poll = (): void => {
    if (server.shuttingDown !== state) return
    const late = server.nowMs >= state.atMs + server.config.shutdownTimeout * 1000
    if (!late && !replicasAreInSync(server)) return void server.host.after(100, poll)
    const replicas = replicaCount(server)
    server.log(
      'notice',
      `${replicas === 0 ? 0 : syncedReplicas(server)} of ${replicas} replicas are in sync when shutting down.`,
    )
    finishShutdown(server, options, client)
  }
  server.host.after(100, poll)
  return true
}
function replicaCount(server: Server): number {
  let n = 0
  for (const c of server.clients.values()) if (c.isReplica) n++
  return n
}
function syncedReplicas(server: Server): number {
  const offset = (server.repl as { masterReplOffset?: number } | null)?.masterReplOffset ?? 0
  return server.repl?.ackedReplicas(offset) ?? 0
}
function replicasAreInSync(server: Server): boolean {
  const n = replicaCount(server)
  return n === 0 || syncedReplicas(server) >= n
}
/** SHUTDOWN ABORT: who waits for the end hears that it failed, and writing goes on. */
export function abortShutdown(server: Server): void {
  const state = server.shuttingDown
  if (state === null) return
  server.shuttingDown = null
  server.log('notice', 'Shutdown manually aborted.')
  unpauseClients(server, 'shutdown')
  for (const c of state.clients) failed(server, c)
}
function failed(server: Server, client: Client): void {
  if (client.freed) return
  client.addReply({ t: 'error', text: 'ERR Errors trying to SHUTDOWN. Check logs.' })
  if (client.blocked?.kind === 'shutdown') unblockClient(server, client)
}

export function finishShutdown(server: Server, options: ShutdownOptions, client: Client | null): void {
  const rdb = server.rdb
  if (rdb?.saving) {
    server.log('warning', 'There is a child saving an .rdb. Killing it!')
    rdb.killChild()
  }
  const end = (): void => {
    server.log('warning', `${server.mode === 'sentinel' ? 'Sentinel' : 'Redis'} is now ready to exit, bye bye...`)
    server.host.exit(0)
  }
  const wantsSave =
    server.mode !== 'sentinel' && options.save !== false && (options.save === true || server.config.save.length > 0)
  const removePidFile = (): void => {
    if (server.config.pidfile !== '') {
      server.log('notice', 'Removing the pid file.')
      server.host.file({ op: 'unlink', path: server.config.pidfile })
    }
  }
  if (!wantsSave || rdb === null) {
    removePidFile()
    return end()
  }
  server.log('notice', 'Saving the final RDB snapshot before exiting.')
  rdb.saveAtShutdown((ok) => {
    if (!ok && !options.force) {
      server.log('warning', "Error trying to save the DB, can't exit.")
      server.shuttingDown = null
      unpauseClients(server, 'shutdown')
      if (client !== null) failed(server, client)
      return
    }
    removePidFile()
    end()
  })
}
