/** From `start` to "Ready to accept connections": read the configuration, say who we are, listen, load the data. */
import { type Bytes, utf8Encode } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { Database } from '../keyspace/database.ts'
import { logFailedBinds, setTitle, wireConfig } from './config-hooks.ts'
import { fatalConfigError, loadConfig } from './config-load.ts'
import { startCron } from './cron.ts'
import { formatLogLine, supervisorIsAbsent } from './log.ts'
import { acceptClient } from './networking.ts'
import type { Server } from './server.ts'

const DEFAULT_HZ = 10
/** sizeof(sockaddr_un.sun_path) */
const UNIX_PATH_MAX = 108

export function boot(server: Server): void {
  const { config, host, env } = server
  const sentinelMode = server.mode === 'sentinel'
  if (sentinelMode) config.protectedMode = false
  const modules: Bytes[] = []
  server.startModules = modules
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
      renameCommand: (from, to) => server.table.rename(from, to),
      loadModule: (path) => modules.push(path),
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
  if (config.dir === '') config.dir = env.cwd
  if (server.mode === 'sentinel') return checkConfigFile(server, () => initServer(server))
  initServer(server)
}
/** sentinelCheckConfigFile: what a Sentinel knows must survive it. */
function checkConfigFile(server: Server, done: () => void): void {
  const { config, host, env } = server
  const stop = (text: string): void => {
    server.log('warning', text)
    host.exit(1)
  }
  if (config.configFile === '') return stop('Sentinel needs config file on disk to save state. Exiting...')
  if (env.real !== true) return done()
  host.file({ op: 'append', path: config.configFile, bytes: '' }, (r) =>
    r.ok ? done() : stop(`Sentinel config file ${config.configFile} is not writable: ${strerror(r.error)}. Exiting...`),
  )
}
function initServer(server: Server): void {
  const { config, host, env } = server
  if (config.supervised === 'upstart')
    server.log('warning', 'upstart supervision requested, but UPSTART_JOB not found!')
  supervisorIsAbsent(server)
  if (config.daemonize && env.detach) {
    env.detach()
    host.exit(0)
    return
  }
  if (config.daemonize && config.pidfile === '') config.pidfile = '/var/run/redis.pid'
  wireConfig(server)
  server.hz = server.mode === 'sentinel' ? DEFAULT_HZ + server.rng.below(DEFAULT_HZ) : config.hz
  server.log('warning', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo')
  server.log('warning', `Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=${env.pid}, just started`)
  if (env.argv.length === 0) {
    server.log(
      'warning',
      'Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf',
    )
  } else server.log('warning', 'Configuration loaded')
  for (let i = 0; i < config.databases; i++) server.dbs.push(new Database(i, server.hashSeed, config.clusterEnabled))
  if (config.tlsPort !== 0) {
    server.log('warning', config.tlsCertFile === '' ? 'No tls-cert-file configured!' : 'This server speaks no TLS.')
    server.log('warning', 'Failed to configure TLS. Check logs for more info.')
    host.exit(1)
    return
  }
  server.log('notice', 'monotonic clock: POSIX clock_gettime')
  if (config.port === 0) return listenUnix(server, 0)
  const bind = config.bind.map((b) => utf8Encode(b))
  host.listen(
    config.port,
    bind,
    (link) => acceptClient(server, link),
    (error, failed) => {
      logFailedBinds(server, error, failed)
      if (error === null) return listenUnix(server, bind.length - failed.length)
      server.log('warning', `Failed listening on port ${config.port} (TCP), aborting.`)
      host.exit(1)
    },
  )
}
/** `unixsocket`, where there are real ones. */
function listenUnix(server: Server, addresses: number): void {
  const { config, host } = server
  if (config.unixsocket === '' || server.env.real !== true) {
    if (addresses > 0) return listening(server)
    server.log('warning', 'Configured to not listen anywhere, exiting.')
    host.exit(1)
    return
  }
  const path = host.resolve(config.unixsocket)
  if (path.length >= UNIX_PATH_MAX) {
    server.log(
      'warning',
      `Failed opening Unix socket: unix socket path too long (${path.length}), must be under ${UNIX_PATH_MAX}`,
    )
    host.exit(1)
    return
  }
  host.file({ op: 'unlink', path }, () =>
    host.listen(
      0,
      [path, config.unixsocketperm.toString(8)],
      (link) => acceptClient(server, link),
      (error) => {
        if (error === null) return listening(server)
        server.log('warning', `Failed opening Unix socket: bind: ${strerror(error)}`)
        host.exit(1)
      },
    ),
  )
}
const SOMAXCONN = '/proc/sys/net/core/somaxconn'
/** checkTcpBacklogSettings: the system shortens the queue of who waits to be accepted without a word. */
function checkBacklog(server: Server, done: () => void): void {
  if (server.env.real !== true) return done()
  const wanted = server.config.tcpBacklog
  server.host.file({ op: 'read', path: SOMAXCONN }, (r) => {
    const most = r.ok ? Number.parseInt(r.bytes ?? '', 10) : Number.NaN
    if (most > 0 && most < wanted)
      server.log(
        'warning',
        `WARNING: The TCP backlog setting of ${wanted} cannot be enforced because ${SOMAXCONN} is set to the lower value of ${most}.`,
      )
    done()
  })
}
function listening(server: Server): void {
  if (server.booted || server.cluster !== null) return
  if (server.mode !== 'server' || !server.config.clusterEnabled) return initialized(server)
  if (server.clusterPart !== null) return server.clusterPart.boot(server, () => initialized(server))
  server.log('warning', 'The code of the cluster was not loaded with this process.')
  server.host.exit(1)
}
function initialized(server: Server): void {
  const mode = server.mode === 'sentinel' ? 'sentinel' : server.cluster !== null ? 'cluster' : 'standalone'
  server.log('notice', `Running mode=${mode}, port=${server.config.port}.`)
  setTitle(server)
  if (server.config.pidfile !== '')
    server.host.file({ op: 'write', path: server.config.pidfile, bytes: `${server.env.pid}\n` })
  checkBacklog(server, () => started(server))
}
function started(server: Server): void {
  if (server.mode === 'sentinel') {
    server.acl.loadAtStart(() => {
      server.booted = true
      server.sentinel?.start()
      startCron(server)
    })
    return
  }
  server.log('warning', 'Server initialized')
  const [module] = server.startModules
  if (module !== undefined) {
    server.log('warning', `Module ${module} failed to load: this server runs no native code`)
    server.log('warning', `Can't load module from ${module}: server aborting`)
    server.host.exit(1)
    return
  }
  // Users first: nobody is served before it is known who may do what.
  server.loading = server.config.aclfile !== ''
  server.acl.loadAtStart(() => loadData(server))
}
function loadData(server: Server): void {
  startCron(server)
  server.repl?.configured?.()
  const ready = (): void => {
    server.loading = false
    if (server.cluster !== null && server.clusterPart?.verifyWithData(server.cluster) === false) {
      server.log('warning', "You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.")
      server.host.exit(1)
      return
    }
    server.booted = true
    const { config } = server
    const unix = config.unixsocket !== '' && server.env.real === true
    if (config.port !== 0 || !unix) server.log('notice', 'Ready to accept connections')
    if (unix) server.log('notice', `The server is now ready to accept connections at ${config.unixsocket}`)
    // systemd hears of "Ready to accept connections" and READY=1.
    supervisorIsAbsent(server)
    supervisorIsAbsent(server)
  }
  if (server.rdb === null) ready()
  else server.rdb.loadAtStart(ready)
}
