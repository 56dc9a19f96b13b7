/** prepareForShutdown: wait for lagging replicas a while, save when there are save points, say good bye, exit 0. */
import type { Client } from './client.ts'
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
  finishShutdown(server, options, client)
  return true
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
  const wantsSave = server.mode !== 'sentinel' && options.save !== false && (options.save === true || server.config.save.length > 0)
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
      server.log('warning', 'Error trying to save the DB, can\'t exit.')
      server.shuttingDown = null
      client?.addReply({ t: 'error', text: 'ERR Errors trying to SHUTDOWN. Check logs.' })
      return
    }
    removePidFile()
    end()
  })
}
