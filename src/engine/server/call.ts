/**
 * From a request to its effect: processCommand asks, in 7.0.15's order, every question that can refuse it, queues it in a
 * MULTI, or runs it; execute runs one handler and does the accounting (statistics, slow log, propagation, MONITOR).
 */
import type { Bytes } from '../bytes/bytes.ts'
import { quoteBytes } from '../bytes/quote.ts'
import { cText } from '../commands/args.ts'
import { getKeysFromCommand } from '../commands/keys.ts'
import type { Command } from '../commands/table.ts'
import type { Scripting } from '../scripting/scripting.ts'
import { OK, QUEUED, RedisError, type Reply } from '../protocol/reply.ts'
import { errorLine } from '../protocol/reply-writer.ts'
import { aclCheck, nopermText } from './acl-check.ts'
import { blockClient, handleClientsBlockedOnKeys } from './blocked.ts'
import { Client } from './client.ts'
import { evictClients } from './evict-clients.ts'
import { countLatency } from './latency.ts'
import { resumeClient } from './networking.ts'
import type { Server } from './server.ts'
import { SUSPENDED } from './suspend.ts'
import { unwatchAllKeys } from './watch.ts'
import { ErrorStat } from './stats.ts'

const BASE_MICROS = 2
export const MISCONF =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."

/** One request of a connected client. */
export function processCommand(server: Server, c: Client, argv: readonly Bytes[]): void {
  c.argv = argv
  let command = server.table.get(argv[0] as Bytes)
  if (command !== undefined && command.subcommands !== null && argv.length > 1) {
    const sub = argv[1] as Bytes
    const found = command.subcommands.get(sub) ?? command.subcommands.get(sub.toLowerCase())
    if (found === undefined) {
      c.lastCommand = null
      return reject(server, c, null, `ERR unknown subcommand '${cut(sub)}'. Try ${command.name.toUpperCase()} HELP.`)
    }
    command = found
  }
  if (command === undefined) {
    c.lastCommand = null
    const word = (argv[0] as Bytes).toLowerCase()
    if (word === 'post' || word === 'host:') return crossProtocol(server, c)
    return reject(server, c, null, unknownCommand(argv))
  }
  c.command = c.lastCommand = command
  if (server.config.maxmemoryClients !== 0) {
    evictClients(server)
    if (c.freed) return
  }
  const refusal = whyRefused(server, c, command, argv)
  if (refusal !== null) return reject(server, c, command, refusal)
  if (server.pause !== null && mustWait(server, c, command)) {
    blockClient(server, c, 'postpone', { timeoutAtMs: 0 })
    return
  }
  const m = c.multi
  if (m !== null && !RUN_IN_MULTI.has(command.name)) {
    // Of one that can't succeed any more nothing is kept.
    if (!m.dirtyExec && !c.dirtyCas) {
      m.queue.push({ command, argv })
      m.hasWrite ||= command.isWrite
      m.mayReplicate ||= command.isWrite || command.mayReplicate
      m.hasDenyOom ||= command.denyOom
    }
    c.addReply(QUEUED)
    server.afterReply?.(c, command, argv, QUEUED)
    return
  }
  const reply = execute(server, c, command, argv)
  if (reply === SUSPENDED) {
    const suspended = command
    server.scripting?.continuations.then((r) => {
      answer(server, c, suspended, r)
      resumeClient(server, c)
      return r
    })
  } else answer(server, c, command, reply)
}
/** The reply, and what a command leaves to be done. */
function answer(server: Server, c: Client, command: Command, reply: Reply): void {
  if (reply === OK && c.held === null) c.write('+OK\r\n')
  else c.addReply(reply)
  if (server.ownMonitorLine !== null) showOwnLine(server, c)
  if (c.tracking?.caching === true && c.multi === null && !command.name.startsWith('client')) c.tracking.caching = false
  if (server.tracking.pending.length > 0) server.tracking.sendPending(server)
  if (server.ops.length > 0) server.propagatePending()
  if (server.repl !== null) c.woff = server.repl.masterReplOffset
  if (server.readyKeys.length > 0) handleClientsBlockedOnKeys(server)
  if (server.ops.length > 0) server.propagatePending()
}

/** A browser that was tricked into talking to us: hang up without a word. Logged once a minute. */
function crossProtocol(server: Server, c: Client): void {
  const last = server.crossProtocolLoggedMs
  if (last === 0 || server.nowMs - last > 60_000) {
    server.log(
      'warning',
      'Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. Connection aborted.',
    )
    server.crossProtocolLoggedMs = server.nowMs
  }
  // Nor are the answers of the same turn written.
  c.dropOutput = true
  server.freeClientAsync(c)
}

/** The transaction is over, and its client may try it elsewhere. */
const REDIRECTION = /^(MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN) /
const RUN_IN_MULTI = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset'])
const cut = (b: Bytes): Bytes => cText(b).slice(0, 128)

export function unknownCommand(argv: readonly Bytes[]): string {
  let args = ''
  for (let i = 1; i < argv.length && args.length < 128; i++) {
    args += `'${cText(argv[i]).slice(0, 128 - args.length)}' `
  }
  return `ERR unknown command '${cut(argv[0] as Bytes)}', with args beginning with: ${args}`
}

/** rejectCommand: a refused command spoils the transaction it belongs to. */
function reject(server: Server, c: Client, command: Command | null, line: string): void {
  if (c.multi !== null) c.multi.dirtyExec = true
  if (command !== null) {
    command.rejectedCalls++
    if (command.name === 'exec' && REDIRECTION.test(line)) discard(c)
    else if (command.name === 'exec') {
      // execCommandAbort: the transaction is over, the answer says why, and MONITOR sees its end.
      discard(c)
      if (server.monitors.size > 0) feedMonitors(server, c, command, c.argv)
      line = `EXECABORT Transaction discarded because of: ${line.startsWith('-') ? line.slice(1) : line.replace(/^ERR /, '')}`
    }
  }
  countError(server, line)
  c.addReply({ t: 'error', text: line })
  server.afterReply?.(c, command, c.argv, { t: 'error', text: line })
  if (server.ownMonitorLine !== null) showOwnLine(server, c)
}
function discard(c: Client): void {
  c.multi = null
  c.dirtyCas = false
  unwatchAllKeys(c)
}

function whyRefused(server: Server, c: Client, command: Command, argv: readonly Bytes[]): string | null {
  const arity = command.arity
  if (arity > 0 ? arity !== argv.length : argv.length < -arity)
    return `ERR wrong number of arguments for '${command.name}' command`
  if (command.protection !== null && !protectedAllowed(server, c, command.protection)) {
    const { protection } = command
    return `ERR ${protection.toUpperCase()} command not allowed. If the enable-${protection}-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`
  }
  if (!c.authenticated && !command.noAuth && server.acl.authRequired) return 'NOAUTH Authentication required.'
  if (c.multi !== null && command.noMulti) return 'ERR Command not allowed inside a transaction'
  if (c.user !== null && !c.user.unrestricted) {
    const denial = aclCheck(c.user, command, argv)
    if (denial !== null) {
      server.acl.addDenial(c, denial, c.multi === null ? 'toplevel' : 'multi', command, argv)
      return nopermText(denial, command)
    }
  }
  if (server.cluster !== null) {
    const elsewhere = server.clusterPart?.route(server.cluster, c, command, argv) ?? null
    if (elsewhere !== null) return elsewhere.error
  }
  const m = c.multi
  const isExec = m !== null && command.name === 'exec'
  // Of a script or function that names its flags, these are what it does.
  const as = command.runsScript ? (server.scripting?.flagsOf(command, argv) ?? command) : command
  const writes = as.isWrite || (isExec && m.hasWrite)
  const obeyMaster = c.isMaster || c.isFake
  const config = server.config
  if (config.maxmemory > 0) {
    const fits = server.evictor.perform()
    server.preCommandOom = !fits
    if (
      !fits &&
      (as.denyOom || (m !== null && !RUN_IN_MULTI.has(command.name)) || (isExec && m.hasDenyOom)) &&
      !obeyMaster
    )
      return "OOM command not allowed when used memory > 'maxmemory'."
  }
  if (server.tracking.active > 0) server.tracking.limit(server)
  const isReplica = server.isReplica
  if (writes || command.name === 'ping') {
    if (
      server.rdb !== null &&
      !server.rdb.lastBgsaveOk &&
      config.stopWritesOnBgsaveError &&
      config.save.length > 0 &&
      !isReplica &&
      !obeyMaster
    )
      return MISCONF
  }
  if (writes) {
    if (
      config.minReplicasToWrite > 0 &&
      config.minReplicasMaxLag > 0 &&
      !isReplica &&
      server.repl !== null &&
      server.repl.goodReplicas() < config.minReplicasToWrite
    ) {
      return 'NOREPLICAS Not enough good replicas to write.'
    }
    if (isReplica && config.replicaReadOnly && !obeyMaster && (as.isWrite || (isExec && m.hasWrite)))
      return "READONLY You can't write against a read only replica."
  }
  if (c.resp === 2 && c.isPubsub && !command.isPubsubOk) {
    return `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`
  }
  if (
    isReplica &&
    (!as.staleOk || (isExec && m.queue.some((q) => !q.command.staleOk))) &&
    !config.replicaServeStaleData &&
    server.repl !== null &&
    !server.repl.masterLinkUp &&
    !c.isMaster
  ) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
  }
  if (server.loading && (server.asyncLoading ? command.noAsyncLoading : !command.loadingOk))
    return 'LOADING Redis is loading the dataset in memory'
  if (server.scripting !== null && server.scripting.busy && !command.allowBusy) return server.scripting.busyText
  if (
    (c.isReplica || c.isMonitor) &&
    (as.isWrite ||
      command.isReadonly ||
      (as === command && command.mayReplicate) ||
      (isExec && (m.mayReplicate || m.queue.some((q) => q.command.isReadonly))))
  )
    return "ERR Replica can't interact with the keyspace"
  return null
}
function protectedAllowed(server: Server, c: Client, what: 'debug' | 'module'): boolean {
  const mode = what === 'debug' ? server.config.enableDebugCommand : server.config.enableModuleCommand
  return mode === 'yes' || (mode === 'local' && c.link?.remoteHost === '127.0.0.1') || c.isFake
}
function mustWait(server: Server, c: Client, command: Command): boolean {
  const p = server.pause
  if (p === null || c.isReplica || c.isMaster || c.isFake) return false
  if (p.kind === 'all') return true
  const as = command.runsScript ? (server.scripting?.flagsOf(command, c.argv) ?? command) : command
  if (as.isWrite || (as === command && command.mayReplicate)) return true
  return command.name === 'exec' && c.multi?.mayReplicate === true
}

/** call(): run the handler and account for it. */
export function execute(server: Server, c: Client, command: Command, argv: readonly Bytes[]): Reply {
  const outer = server.currentClient
  const clock = server.env.clock
  const workBefore = server.workMicros
  const clockBefore = clock === undefined ? 0 : server.nested || server.lastClock === 0 ? clock() : server.lastClock
  const dirtyBefore = server.dirty
  const ctx = server.enter(c)
  server.currentClient = c
  const previousCommand = c.command
  const previousArgv = c.argv
  c.command = command
  c.argv = argv
  if (command.costBefore !== undefined) server.workMicros += command.costBefore(server, c, argv)
  let reply: Reply
  let threw = false
  try {
    reply = command.handler(ctx, argv)
  } catch (e) {
    if (!(e instanceof RedisError)) {
      server.leave()
      server.currentClient = outer
      throw e
    }
    reply = { t: 'error', text: errorLine(e.line) }
    threw = true
  }
  if (reply === SUSPENDED) {
    server.leave()
    server.currentClient = outer
    return suspend(server, c, command, argv)
  }
  if (reply !== OK && typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'error') {
    command.failedCalls++
    if (server.errorCounted) server.errorCounted = false
    else countError(server, reply.text)
  }
  // SAVE and SHUTDOWN count the changes anew: that is no change.
  const changed = Math.max(0, server.dirty - dirtyBefore)
  if (changed !== 0 || ctx.rewritten !== null) {
    if (changed !== 0 && !ctx.prevented && command.name !== 'exec') server.alsoPropagate(c.db.id, ctx.rewritten ?? argv)
  }
  server.leave()
  server.currentClient = outer
  if (c.blocked === null) {
    c.command = previousCommand ?? command
    c.argv = previousArgv
  }
  server.workMicros += command.costAfter === undefined ? BASE_MICROS : BASE_MICROS + command.costAfter(reply)
  if (clock !== undefined) server.lastClock = clock()
  const micros = clock === undefined ? server.workMicros - workBefore : server.lastClock - clockBefore
  server.stat.numCommands++
  command.calls++
  command.micros += micros
  recordLatency(server, command, micros)
  const shown = c.redacted === null ? argv : redactedArgv(c, argv)
  const limit = server.config.slowlogLogSlowerThan
  if (limit >= 0 && micros >= limit && !command.skipSlowlog && server.config.slowlogMaxLen > 0) {
    server.slowlog.push(
      Math.floor(server.nowMs / 1000),
      Math.round(micros),
      shown,
      c.addr,
      c.name,
      server.config.slowlogMaxLen,
    )
  }
  if (server.monitors.size > 0) feedMonitors(server, c, command, shown)
  if (server.afterCommand !== null && !threw) server.afterCommand(c, command, argv)
  server.afterReply?.(c, command, argv, reply)
  if (server.tracking.active > 0 && command.isReadonly) trackKeys(server, c, command, argv)
  return reply
}
function redactedArgv(c: Client, argv: readonly Bytes[]): readonly Bytes[] {
  const hidden = c.redacted ?? []
  c.redacted = null
  return argv.map((a, i) => (hidden.includes(i) ? '(redacted)' : a))
}
/** The accounting of a command that goes on after its handler has returned (a long script, MIGRATE), when it is done. */
function suspend(server: Server, c: Client, command: Command, argv: readonly Bytes[]): Reply {
  const startMicros = server.host.now
  const shown = c.redacted === null ? argv : redactedArgv(c, argv)
  return (server.scripting as Scripting).continuations.then((reply) => {
    if (reply !== OK && typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'error') {
      command.failedCalls++
      if (server.errorCounted) server.errorCounted = false
      else countError(server, reply.text)
    }
    const micros = server.host.now - startMicros
    server.stat.numCommands++
    command.calls++
    command.micros += micros
    recordLatency(server, command, micros)
    const { slowlogLogSlowerThan: limit, slowlogMaxLen } = server.config
    if (limit >= 0 && micros >= limit && !command.skipSlowlog && slowlogMaxLen > 0)
      server.slowlog.push(Math.floor(server.nowMs / 1000), Math.round(micros), shown, c.addr, c.name, slowlogMaxLen)
    if (server.monitors.size > 0) feedMonitors(server, c, command, shown)
    server.afterCommand?.(c, command, argv)
    server.afterReply?.(c, command, argv, reply)
    return reply
  })
}
function recordLatency(server: Server, command: Command, micros: number): void {
  if (server.config.latencyTracking) countLatency((command.latency ??= new Map()), micros)
  const threshold = server.config.latencyMonitorThreshold
  if (threshold > 0 && micros >= threshold * 1000)
    server.latency.add(
      command.facts.flags.includes('fast') ? 'fast-command' : 'command',
      Math.floor(micros / 1000),
      Math.floor(server.nowMs / 1000),
    )
}
function trackKeys(server: Server, by: Client, command: Command, argv: readonly Bytes[]): void {
  // When a script reads anything, 7.0.15 takes it that its caller has read the keys that the script was given.
  const c = by.isFake ? (server.scripting?.running?.caller ?? by) : by
  if (c.tracking === null) return
  if (c !== by) {
    if (c.command === null) return
    command = c.command
    argv = c.argv
  }
  const keys = getKeysFromCommand(command, argv)
  if (keys)
    server.tracking.remember(
      c,
      keys.map((k) => argv[k.index] as Bytes),
    )
}

/** Error statistics count by the first word. */
export function countError(server: Server, line: Bytes): void {
  server.stat.totalErrorReplies++
  const space = line.indexOf(' ')
  const prefix = space === -1 ? line : line.slice(0, space)
  const s = server.stat.errors.get(prefix)
  if (s) s.count++
  else {
    const fresh = new ErrorStat()
    fresh.count = 1
    server.stat.errors.set(prefix, fresh)
  }
}

/** `1339518083.107412 [0 127.0.0.1:60866] "get" "x"` */
export function feedMonitors(server: Server, c: Client, command: Command, argv: readonly Bytes[]): void {
  if (server.loading || command.skipMonitor || command.isAdmin) return
  sendToMonitors(server, c, argv)
}
function showOwnLine(server: Server, c: Client): void {
  if (!c.closeAfterReply) c.addReply({ t: 'status', text: server.ownMonitorLine as string })
  server.ownMonitorLine = null
}
export function sendToMonitors(server: Server, c: Client, argv: readonly Bytes[]): void {
  const now = server.host.now
  const seconds = Math.floor(now / 1e6)
  const line = `${seconds}.${String(Math.floor(now - seconds * 1e6)).padStart(6, '0')} [${c.db.id} ${c.isFake ? 'lua' : c.addr}] ${argv.map(quoteBytes).join(' ')}`
  for (const m of server.monitors) {
    // A monitor that asks something itself is answered first.
    if (m === c && m === server.requestOf && !server.nested) server.ownMonitorLine = line
    else m.addReply({ t: 'status', text: line })
  }
}
