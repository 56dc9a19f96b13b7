/**
 * The end of a process: SHUTDOWN, SIGTERM, SIGINT.
 *
 *   prepareForShutdown ──replicas lag──▶ writing pauses; every 100 ms: all caught up, or shutdown-timeout? ──▶ finishShutdown
 *          └──────── all in sync, NOW ───────────────────────────────────────────────────────────────────────▶     │
 *                                                     save (if wanted), pid file, "bye bye", exit 0 ◀── ok ────────┤
 *                                                     clients that wait get an error, life goes on  ◀── failed ────┘
 */
import type { Signal } from '../machine.ts'
import { ReplicaInfo, replicaName } from '../replication/replica-state.ts'
import { unblockClient } from './blocked.ts'
import type { Client } from './client.ts'
import { formatSignalLine, supervisorIsAbsent } from './log.ts'
import { unpauseClients } from './pause.ts'
import type { Server } from './server.ts'

export interface ShutdownOptions {
  /** Undefined: save when there are save points. */
  readonly save?: boolean
  readonly now?: boolean
  readonly force?: boolean
}

/** `client`, who asked, is answered if it fails. One that asks while another shutdown waits shares its end. */
export function prepareForShutdown(server: Server, asked: ShutdownOptions, client: Client | null = null): void {
  if (server.shuttingDown !== null) {
    if (client !== null) server.shuttingDown.clients.push(client)
    return
  }
  // Half a data set must not replace a whole one.
  const options = server.loading || server.mode === 'sentinel' ? { ...asked, save: false } : asked
  server.log('warning', 'User requested shutdown...')
  supervisorIsAbsent(server)
  const state = { atMs: server.nowMs, options, clients: client === null ? [] : [client] }
  server.shuttingDown = state
  if (options.now === true || server.config.shutdownTimeout === 0 || replicasAreInSync(server)) {
    finishShutdown(server)
    return
  }
  server.pauseClients(Number.MAX_SAFE_INTEGER, 'write', 'shutdown')
  server.log('notice', 'Waiting for replicas before shutting down.')
  server.repl?.feed(-1, ['REPLCONF', 'GETACK', '*'])
  const poll = (): void => {
    if (server.shuttingDown !== state) return
    const late = server.nowMs >= state.atMs + server.config.shutdownTimeout * 1000
    if (late || replicasAreInSync(server)) finishShutdown(server)
    else server.host.after(100, poll)
  }
  server.host.after(100, poll)
}

function* replicas(server: Server): Generator<readonly [Client, ReplicaInfo]> {
  for (const c of server.clients.values()) if (c.isReplica && c.repl instanceof ReplicaInfo) yield [c, c.repl]
}
function replicasAreInSync(server: Server): boolean {
  const offset = server.repl?.masterReplOffset ?? 0
  for (const [, info] of replicas(server)) if (info.ackOff !== offset) return false
  return true
}
function logReplicas(server: Server): void {
  const offset = server.repl?.masterReplOffset ?? 0
  let [all, lagging] = [0, 0]
  for (const [c, info] of replicas(server)) {
    all++
    if (info.ackOff === offset) continue
    lagging++
    const seconds = (ms: number): number => Math.floor(ms / 1000)
    const lag = info.state === 'online' ? seconds(server.nowMs) - seconds(info.ackTimeMs) : 0
    const state = info.state.startsWith('wait_bgsave') ? 'wait_bgsave' : info.state
    server.log(
      'warning',
      `Lagging replica ${replicaName(c)} reported offset ${offset - info.ackOff} behind master, lag=${lag}, state=${state}.`,
    )
  }
  if (all > 0) server.log('notice', `${all - lagging} of ${all} replicas are in sync when shutting down.`)
}

/** SHUTDOWN ABORT; false when there is nothing to abort. */
export function abortShutdown(server: Server): boolean {
  if (server.shuttingDown === null && server.shutdownAsap === null) return false
  cancelShutdown(server)
  server.log('notice', 'Shutdown manually aborted.')
  return true
}
/** Who waits for the end hears that it failed, and writing goes on. */
function cancelShutdown(server: Server): void {
  const clients = server.shuttingDown?.clients ?? []
  server.shuttingDown = null
  server.shutdownAsap = null
  for (const c of clients) {
    if (c.freed) continue
    c.addReply({ t: 'error', text: 'ERR Errors trying to SHUTDOWN. Check logs.' })
    if (c.blocked?.kind === 'shutdown') unblockClient(server, c)
  }
  unpauseClients(server, 'shutdown')
}

function finishShutdown(server: Server): void {
  const { rdb, config } = server
  const options = server.shuttingDown?.options ?? {}
  logReplicas(server)
  if (rdb?.saving) {
    server.log('warning', 'There is a child saving an .rdb. Killing it!')
    rdb.killChild()
  }
  const wantsSave = options.save ?? config.save.length > 0
  if (!wantsSave || rdb === null) return exitNow(server)
  server.log('notice', 'Saving the final RDB snapshot before exiting.')
  rdb.saveAtShutdown((ok) => {
    if (ok) return exitNow(server)
    if (options.force === true) {
      server.log('warning', 'Error trying to save the DB. Exit anyway.')
      return exitNow(server)
    }
    server.log('warning', "Error trying to save the DB, can't exit.")
    server.log('warning', 'Errors trying to shut down the server. Check the logs for more information.')
    cancelShutdown(server)
  })
}
function exitNow(server: Server): void {
  const { config, host } = server
  if (config.pidfile !== '') {
    server.log('notice', 'Removing the pid file.')
    host.file({ op: 'unlink', path: config.pidfile })
  }
  if (config.unixsocket !== '' && host.env.real === true) {
    server.log('notice', 'Removing the unix socket file.')
    host.file({ op: 'unlink', path: config.unixsocket })
  }
  server.log('warning', `${server.mode === 'sentinel' ? 'Sentinel' : 'Redis'} is now ready to exit, bye bye...`)
  host.exit(0)
}

/** sigShutdownHandler: the signal is noted; the next turn acts on it. A second Ctrl-C is taken at its word. */
export function onSignal(server: Server, signal: Signal): void {
  if (signal === 'SIGHUP') return
  const { host } = server
  const say = (text: string): void => host.log(formatSignalLine(server, text))
  if (server.shutdownAsap !== null && signal === 'SIGINT') {
    say('You insist... exiting now.')
    return host.exit(1)
  }
  if (server.loading) {
    say('Received shutdown signal during loading, exiting now.')
    return host.exit(0)
  }
  say(`Received ${signal} scheduling shutdown...`)
  const first = server.shutdownAsap === null
  server.shutdownAsap = signal
  if (first)
    host.after(0, () => {
      if (server.shutdownAsap !== null) prepareForShutdown(server, optionsOf(server, server.shutdownAsap))
    })
}
function optionsOf(server: Server, signal: Signal): ShutdownOptions {
  const actions = signal === 'SIGINT' ? server.config.shutdownOnSigint : server.config.shutdownOnSigterm
  const save = actions.includes('save') ? true : actions.includes('nosave') ? false : undefined
  return {
    now: actions.includes('now'),
    force: actions.includes('force'),
    ...(save === undefined ? {} : { save }),
  }
}
