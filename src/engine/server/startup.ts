/** From `start` to "Ready to accept connections": read the configuration, say who we are, listen, load the data; and signals. */
import { utf8Encode } from '../bytes/bytes.ts'
import { Database } from '../keyspace/database.ts'
import type { Signal } from '../machine.ts'
import { fatalConfigError, loadConfig } from './config-load.ts'
import { wireConfig } from './config-hooks.ts'
import { startCron } from './cron.ts'
import { acceptClient } from './networking.ts'
import { formatLogLine } from './log.ts'
import type { Server } from './server.ts'

const DEFAULT_HZ = 10

export function boot(server: Server): void {
  const { config, host, env } = server
  const sentinelMode = server.mode === 'sentinel'
  if (sentinelMode) config.protectedMode = false
  // A Sentinel has a table of its own; directives of redis.conf that make no sense for it are still read.
  loadConfig(
    config,
    host,
    env.argv,
    {
      sentinelLine: sentinelMode
        ? (words, linenum, line) => server.sentinel?.handleConfigLine(words, linenum, line) ?? null
        : null,
      userLine: (words) => server.acl.configLine(words),
      renameCommand: (from, to) => (server.table.rename(from, to) ? null : 'No such command in rename-command'),
      done: () => configured(server),
    },
    (text) => formatLogLine(server, 'warning', text) ?? text,
  )
}

function configured(server: Server): void {
  const { config, host, env } = server
  const bad = server.sentinel?.finishConfig?.() ?? null
  if (bad !== null) {
    host.stderr(fatalConfigError(bad.linenum, bad.line, bad.error))
    host.exit(1)
    return
  }
  if (config.dir !== '') host.cwd = host.resolve(config.dir)
  else config.dir = env.cwd
  wireConfig(server)
  server.hz = server.mode === 'sentinel' ? DEFAULT_HZ + server.rng.below(DEFAULT_HZ) : config.hz
  server.log('warning', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo')
  server.log('warning', `Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=${env.pid}, just started`)
  if (env.argv.length === 0) {
    const how =
      server.mode === 'sentinel' ? 'redis-server /path/to/sentinel.conf --sentinel' : 'redis-server /path/to/redis.conf'
    server.log(
      'warning',
      `Warning: no config file specified, using the default config. In order to specify a config file use ${how}`,
    )
  } else server.log('warning', 'Configuration loaded')
  server.log('notice', 'monotonic clock: POSIX clock_gettime')
  for (let i = 0; i < config.databases; i++) server.dbs.push(new Database(i, server.hashSeed))
  if (server.mode === 'sentinel' && config.configFile === '') {
    server.log('warning', 'Sentinel needs config file on disk to save state. Exiting...')
    host.exit(1)
    return
  }
  if (config.port === 0) return listening(server)
  const bind = config.bind.map((b) => utf8Encode(b))
  host.listen(
    config.port,
    bind,
    (link) => acceptClient(server, link),
    (error) => (error === null ? listening(server) : listenFailed(server, error)),
  )
}
function listenFailed(server: Server, error: string): void {
  const text =
    error === 'EADDRINUSE'
      ? 'bind: Address already in use'
      : error === 'EACCES'
        ? 'bind: Permission denied'
        : `bind: ${error}`
  server.log('warning', `Warning: Could not create server TCP listening socket *:${server.config.port}: ${text}`)
  server.log('warning', `Failed listening on port ${server.config.port} (TCP), aborting.`)
  server.host.exit(1)
}
function listening(server: Server): void {
  if (server.booted) return
  server.log(
    'notice',
    `Running mode=${server.mode === 'sentinel' ? 'sentinel' : 'standalone'}, port=${server.config.port}.`,
  )
  if (server.config.pidfile !== '')
    server.host.file({ op: 'write', path: server.config.pidfile, bytes: `${server.env.pid}\n` })
  if (server.mode === 'sentinel') {
    server.acl.loadAtStart(() => {
      server.booted = true
      server.sentinel?.start()
      startCron(server)
    })
    return
  }
  server.log('warning', 'Server initialized')
  // Users first: nobody is served before it is known who may do what.
  server.loading = server.config.aclfile !== ''
  server.acl.loadAtStart(() => loadData(server))
}
function loadData(server: Server): void {
  startCron(server)
  server.repl?.configured?.()
  const ready = (): void => {
    server.loading = false
    server.booted = true
    server.log('notice', 'Ready to accept connections')
  }
  if (server.rdb === null) ready()
  else server.rdb.loadAtStart(ready)
}

export function onSignal(server: Server, signal: Signal): void {
  if (signal === 'SIGHUP') return
  if (server.shuttingDown !== null) {
    if (signal === 'SIGINT') {
      server.log('warning', 'You insist... exiting now.')
      server.host.exit(1)
    }
    return
  }
  server.log(
    'warning',
    signal === 'SIGINT' ? 'Received SIGINT scheduling shutdown...' : 'Received SIGTERM scheduling shutdown...',
  )
  const actions = signal === 'SIGINT' ? server.config.shutdownOnSigint : server.config.shutdownOnSigterm
  const save = actions.includes('save') ? true : actions.includes('nosave') ? false : undefined
  const options = {
    now: actions.includes('now'),
    force: actions.includes('force'),
    ...(save === undefined ? {} : { save }),
  }
  server.shuttingDown = { atMs: server.nowMs, options, clients: [] }
  server.host.after(0, () => server.shutdown(options))
}
