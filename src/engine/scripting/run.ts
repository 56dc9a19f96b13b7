/**
 * A script or function being run: who asked, what it may do, since when it runs. `prepare` asks what can refuse it as a
 * whole; `scriptCall` asks, for each redis.call, what can refuse the command.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Refusal } from '../cluster/routing.ts'
import type { Command } from '../commands/table.ts'
import { RedisError, type Reply } from '../protocol/reply.ts'
import { countError, execute, MISCONF } from '../server/call.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import { SUSPENDED } from '../server/suspend.ts'

export const FLAG_NO_WRITES = 1
export const FLAG_ALLOW_OOM = 2
export const FLAG_ALLOW_STALE = 4
export const FLAG_NO_CLUSTER = 8
/** A script without a shebang. */
export const FLAG_EVAL_COMPAT = 16
export const FLAG_ALLOW_CROSS_SLOT = 32
export const FLAG_NAMES: readonly (readonly [string, number])[] = [
  ['no-writes', FLAG_NO_WRITES],
  ['allow-oom', FLAG_ALLOW_OOM],
  ['allow-stale', FLAG_ALLOW_STALE],
  ['no-cluster', FLAG_NO_CLUSTER],
  ['allow-cross-slot-keys', FLAG_ALLOW_CROSS_SLOT],
]
export const REPL_AOF = 1
export const REPL_REPLICA = 2

export interface Run {
  /** The client that redis.call runs commands for, and the one that sent the script. */
  readonly client: Client
  readonly caller: Client
  /** SHA1 of a script, name of a function. */
  readonly name: string
  readonly evalMode: boolean
  readonly argv: readonly Bytes[]
  readonly startMicros: number
  /** What decides whether a key is expired stands still while a script runs. */
  readonly snapshotMs: number
  readonly readOnly: boolean
  readonly allowOom: boolean
  /** May touch keys of several slots. */
  readonly allowCrossSlot: boolean
  readonly outOfMemory: boolean
  writeDirty: boolean
  killed: boolean
  timedOut: boolean
  replFlags: number
}

const runningStale = (server: Server): boolean =>
  server.isReplica && !server.config.replicaServeStaleData && server.repl !== null && !server.repl.masterLinkUp

/** scriptPrepareForRun */
export function prepareRun(
  server: Server,
  client: Client,
  caller: Client,
  name: string,
  flags: number,
  ro: boolean,
  argv: readonly Bytes[],
): Run {
  const stale = runningStale(server)
  const obey = caller.isMaster || caller.isFake
  const oom = server.config.maxmemory > 0 && server.preCommandOom
  if ((flags & FLAG_EVAL_COMPAT) === 0) {
    if (server.cluster !== null && (flags & FLAG_NO_CLUSTER) !== 0)
      throw new RedisError("ERR Can not run script on cluster, 'no-cluster' flag is set.")
    if (stale && (flags & FLAG_ALLOW_STALE) === 0)
      throw new RedisError(
        "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script.",
      )
    if ((flags & FLAG_NO_WRITES) === 0) checkMayWrite(server, obey, ro)
    if (oom && (flags & (FLAG_ALLOW_OOM | FLAG_NO_WRITES)) === 0)
      throw new RedisError("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
  } else if (stale)
    throw new RedisError("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
  client.db = caller.db
  client.resp = 2
  client.user = caller.user
  client.isMaster = caller.isMaster
  return {
    client,
    caller,
    name,
    evalMode: false,
    argv,
    startMicros: server.host.now,
    snapshotMs: server.nowMs,
    readOnly: ro || ((flags & FLAG_EVAL_COMPAT) === 0 && (flags & FLAG_NO_WRITES) !== 0),
    allowOom: (flags & FLAG_EVAL_COMPAT) === 0 && (flags & FLAG_ALLOW_OOM) !== 0,
    allowCrossSlot: (flags & (FLAG_EVAL_COMPAT | FLAG_ALLOW_CROSS_SLOT)) !== 0,
    outOfMemory: oom,
    writeDirty: false,
    killed: false,
    timedOut: false,
    replFlags: REPL_AOF | REPL_REPLICA,
  }
}
/** Writes that the whole server refuses: the last save failed, too few replicas. */
function writesDenied(server: Server): string | null {
  const { config, rdb, repl } = server
  if (server.isReplica) return null
  if (rdb !== null && !rdb.lastBgsaveOk && config.stopWritesOnBgsaveError && config.save.length > 0) return MISCONF
  if (
    config.minReplicasToWrite > 0 &&
    config.minReplicasMaxLag > 0 &&
    repl !== null &&
    repl.goodReplicas() < config.minReplicasToWrite
  )
    return 'NOREPLICAS Not enough good replicas to write.'
  return null
}
function checkMayWrite(server: Server, obey: boolean, ro: boolean): void {
  if (server.isReplica && server.config.replicaReadOnly && !obey)
    throw new RedisError('READONLY You can not run script with write flag on readonly replica.')
  const denied = writesDenied(server)
  if (denied?.startsWith('MISCONF') && !obey)
    throw new RedisError(
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts.",
    )
  if (ro) throw new RedisError('ERR Can not execute a script with write flag using *_ro command.')
  if (denied !== null && !denied.startsWith('MISCONF')) throw new RedisError(denied)
}

/** Why a script may not run this command; null when it may. */
function refusal(server: Server, run: Run, command: Command | undefined, argv: readonly Bytes[]): string | null {
  if (command === undefined) return 'ERR Unknown Redis command called from script'
  const arity = command.arity
  if (arity > 0 ? arity !== argv.length : argv.length < -arity)
    return 'ERR Wrong number of args calling Redis command from script'
  if (command.noScript && !server.debug.disableDenyScripts) return 'ERR This Redis command is not allowed from script'
  if (!command.staleOk && runningStale(server)) return 'ERR Can not execute the command on a stale replica'
  const denied = server.scripting?.aclDenial?.(run.caller, command, argv) ?? null
  if (denied !== null) return denied
  if (run.readOnly && (command.isWrite || command.mayReplicate))
    return 'ERR Write commands are not allowed from read-only scripts.'
  const obey = run.caller.isMaster || run.caller.isFake
  if (command.isWrite && !run.writeDirty) {
    if (server.isReplica && server.config.replicaReadOnly && !obey)
      return "READONLY You can't write against a read only replica."
    const why = writesDenied(server)
    if (why !== null && !(obey && why.startsWith('MISCONF'))) return why
  }
  if (command.denyOom && run.outOfMemory && !run.allowOom && !run.writeDirty && !obey)
    return "OOM command not allowed when used memory > 'maxmemory'."
  return null
}

const ELSEWHERE: Partial<Record<Refusal, string>> = {
  DOWN: 'ERR Script attempted to execute a command while the cluster is down',
  DOWN_READS: 'ERR Script attempted to execute a write command while the cluster is down and readonly',
}
/** scriptVerifyClusterState: a script may only touch what this node serves, and one slot unless it says otherwise. */
function notServedHere(server: Server, run: Run, command: Command, argv: readonly Bytes[]): string | null {
  const { cluster, clusterPart } = server
  const { caller, client } = run
  if (cluster === null || clusterPart === null || caller.isMaster || caller.isFake || !command.mayHaveKeys) return null
  client.readonly = caller.readonly
  client.asking = caller.asking
  const { refusal, slot } = clusterPart.findRoute(cluster, client, command, argv)
  if (refusal !== null) return ELSEWHERE[refusal] ?? 'ERR Script attempted to access a non local key in a cluster node'
  if (slot === -1 || run.allowCrossSlot) return null
  if (caller.slot === -1) caller.slot = slot
  else if (caller.slot !== slot) return 'ERR Script attempted to access keys that do not hash to the same slot'
  return null
}

/** scriptCall: run one command of a script. A refusal comes back as `refused`, to be raised. */
export function scriptCall(server: Server, run: Run, argv: readonly Bytes[]): { reply: Reply; refused: boolean } {
  const command = server.table.lookup(argv)
  let why = refusal(server, run, command, argv)
  if (why === null && command !== undefined) {
    if (command.isWrite) run.writeDirty = true
    why = notServedHere(server, run, command, argv)
  }
  if (why !== null || command === undefined) {
    if (command !== undefined) command.rejectedCalls++
    countError(server, why as string)
    return { reply: { t: 'error', text: why as string }, refused: true }
  }
  const c = run.client
  const before = server.ops.length
  c.captured = null
  server.scripting?.beforeCommand(run)
  const reply = execute(server, c, command, argv)
  if (reply === SUSPENDED) server.scripting?.awaitCommand()
  if (server.ops.length > before && server.repl?.heard === false && !server.config.appendonly)
    server.ops.length = before
  else if (run.replFlags !== (REPL_AOF | REPL_REPLICA) && server.ops.length > before) keepOps(server, run, before)
  return { reply, refused: false }
}
/** redis.set_repl: effects that go nowhere. There is no AOF that could be fed without the replicas. */
function keepOps(server: Server, run: Run, before: number): void {
  if ((run.replFlags & REPL_REPLICA) === 0) server.ops.length = before
}
