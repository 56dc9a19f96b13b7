/** What a changed directive does to the running server, where the truth of some directives lives, and CONFIG REWRITE's file. */

import { type Bytes, utf8Encode } from '../bytes/bytes.ts'
import { strerror } from '../bytes/errno.ts'
import { notifyFlagsOf } from '../keyspace/notify.ts'
import type { FailedBind } from '../machine.ts'
import { rewriteConfig } from './config-rewrite.ts'
import type { ReadyHandler } from './host.ts'
import { acceptClient } from './networking.ts'
import type { Server } from './server.ts'

const REPL_BACKLOG_MIN_SIZE = 16384

/** Once the configuration has been loaded. */
export function wireConfig(server: Server): void {
  const { config, host } = server
  const follow = (name: string, now: boolean, fn: () => void): void => {
    config.onApply(name, () => {
      fn()
      return null
    })
    if (now) fn()
  }
  config.applyFailed = (name) =>
    server.log(
      'warning',
      `Failed applying new configuration. Possibly related to new ${name} setting. Restoring previous settings.`,
    )
  config.readFrom('dir', () => host.cwd ?? server.env.cwd)
  follow('notify-keyspace-events', true, () => {
    server.notifyFlags = notifyFlagsOf(config.notifyKeyspaceEvents)
  })
  follow('maxmemory-policy', true, () => {
    server.lfu = config.maxmemoryPolicy.includes('lfu')
  })
  config.onApply('dir', () => {
    if (config.dirError !== null) return config.dirError
    host.cwd = host.resolve(config.dir)
    return null
  })
  follow('requirepass', true, () => server.acl.setDefaultPassword(config.requirepass))
  follow('maxmemory', false, () => {
    if (config.maxmemory === 0) return
    const used = server.usedMemory()
    if (used > config.maxmemory) {
      server.log(
        'warning',
        `WARNING: the new maxmemory value set via CONFIG SET (${config.maxmemory}) is smaller than the current memory usage (${used}). This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.`,
      )
    }
    server.evict?.()
  })
  follow('repl-backlog-size', false, () => {
    config.replBacklogSize = Math.max(config.replBacklogSize, REPL_BACKLOG_MIN_SIZE)
  })
  // Two ticks at least.
  follow('watchdog-period', false, () => {
    if (config.watchdogPeriod > 0)
      config.watchdogPeriod = Math.max(config.watchdogPeriod, Math.floor(1000 / server.hz) * 2)
  })
  for (const name of ['tls-port', 'tls-cluster', 'tls-replication'])
    config.onApply(name, () => {
      if (config.tlsPort === 0 && !config.tlsCluster && !config.tlsReplication) return null
      server.log('warning', 'No tls-cert-file configured!')
      return 'Unable to update TLS configuration. Check server logs.'
    })
  follow('proc-title-template', false, () => setTitle(server))
  config.onApply('appendonly', () => {
    if (!config.appendonly) return null
    server.log('warning', 'This server keeps no append only file.')
    return 'Unable to turn on AOF. Check server logs.'
  })
  server.clusterPart?.wireConfig(server)
  server.rewriteConfigFile = (done, all = false) => rewriteConfigFile(server, done, all)
}

/** redisSetProcTitle: `rehash-server *:6379` */
export function setTitle(server: Server): void {
  const { config } = server
  const { system } = server.env
  if (!config.setProcTitle || system === undefined) return
  const values: Readonly<Record<string, string | number>> = {
    title: 'rehash-server',
    'listen-addr': config.port === 0 ? config.unixsocket : `${config.bind[0] ?? '*'}:${config.port}`,
    'server-mode': config.clusterEnabled ? '[cluster]' : server.mode === 'sentinel' ? '[sentinel]' : '',
    port: config.port,
    'tls-port': config.tlsPort,
    unixsocket: config.unixsocket,
    'config-file': config.configFile,
  }
  const text = config.procTitleTemplate.replaceAll(/\{([^}]*)\}/g, (_, name: string) => `${values[name] ?? ''}`)
  system.setTitle(text.trimEnd())
}
/** listenToPort says of every address why it can't be used, also when it can do without. */
export function logFailedBinds(
  server: Server,
  error: string | null,
  failed: readonly FailedBind[],
  port = server.config.port,
): void {
  const all = failed.length === 0 && error !== null ? [{ address: '*', error }] : failed
  for (const f of all) {
    const why = f.error === 'ENOTFOUND' ? 'Name or service not known' : `bind: ${strerror(f.error)}`
    const at = `${f.address}:${port}`
    server.log('warning', `Warning: Could not create server TCP listening socket ${at}: ${why}`)
  }
}

/** The port or the addresses changed: listen anew, then stop listening where we did. On failure all is as it was. */
export function relisten(
  server: Server,
  was: { readonly port: number; readonly bind: readonly Bytes[] },
  done: (ok: boolean) => void,
): void {
  const { config, host } = server
  const listen = (ready: ReadyHandler): void =>
    host.listen(
      config.port,
      config.bind.map((b) => utf8Encode(b)),
      (link) => acceptClient(server, link),
      ready,
    )
  const moved = config.port !== was.port
  if (config.port === 0) {
    host.unlisten(was.port)
    return done(true)
  }
  if (!moved) host.unlisten(was.port)
  let answered = false
  listen((error, failed) => {
    if (answered) return
    answered = true
    if (error === null) {
      if (moved && was.port !== 0) host.unlisten(was.port)
      return done(true)
    }
    logFailedBinds(server, error, failed)
    if (!moved) server.log('warning', 'Failed to bind')
    config.applyFailed(moved ? 'port' : 'bind')
    config.port = was.port
    config.bind = [...was.bind]
    if (!moved) listen(() => {})
    done(false)
  })
}

/** CONFIG REWRITE: keep the file's order and comments, write beside it, fsync, rename. */
function rewriteConfigFile(server: Server, done: (error: string | null) => void, all: boolean): void {
  const { config, host } = server
  const path = config.configFile
  if (path === '') return done('ENOENT')
  host.file({ op: 'read', path }, (r) => {
    if (!r.ok && r.error !== 'ENOENT') return done(r.error)
    const old: Bytes | null = r.ok ? (r.bytes ?? '') : null
    // With a file for users, lines of users in this one are removed.
    const extra = [{ option: 'user', lines: config.aclfile === '' ? server.acl.lines() : [] }]
    if (server.sentinel !== null) extra.push({ option: 'sentinel', lines: server.sentinel.rewriteConfig() })
    const text = rewriteConfig(config, old, extra, server.mode === 'sentinel', all)
    const temp = `${path}.${server.env.pid}.tmp`
    host.file({ op: 'write', path: temp, bytes: text }, (w) => {
      if (!w.ok) {
        const what = w.error === 'ENOSPC' ? 'Failed after writing (0) bytes to' : 'Could not create'
        server.log('warning', `${what} tmp config file (${strerror(w.error)})`)
        host.file({ op: 'unlink', path: temp })
        return done(w.error)
      }
      host.file({ op: 'fsync', path: temp }, () =>
        host.file({ op: 'rename', path: temp, to: path }, (x) => done(x.ok ? null : x.error)),
      )
    })
  })
}
