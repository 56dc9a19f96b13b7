/**
 * What the server core offers to replication, persistence and Sentinel, and what it asks of them. Each is an optional
 * field of `Server` (`server.repl`, `server.rdb`, `server.sentinel`), set by `create.ts` before `start`. The core calls
 * these hooks at the points where redis-server calls the C functions named beside them; with a hook absent it behaves as
 * a server that has no replicas, no RDB file and no Sentinel.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { CommandImpl } from '../commands/command.ts'
import type { Database } from '../keyspace/database.ts'
import type { Client } from './client.ts'

export interface ReplicationExtension {
  readonly commands: readonly CommandImpl[]
  /** replicationFeedSlaves: `dbid` -1 means "no SELECT needed" (PING, REPLCONF GETACK). Called for every propagated command, MULTI and EXEC included. */
  feed(dbid: number, argv: readonly Bytes[]): void
  /** False while nobody hears what is fed: a long script need not collect its effects. */
  readonly heard?: boolean
  /** replicationCron: once a second (and whenever the core is told to, after a failover began). */
  cron(): void
  /** Before the outputs of each `handle` are taken (beforeSleep): GETACK for WAIT, flush to replicas, unblock WAIT clients. */
  beforeSleep?(): void
  infoSection(): string
  /** A replica's, a master's or any other client is going away (freeClient). */
  onClientFreed(client: Client): void
  /** A replica sent an empty line: it is alive, though it acknowledges nothing. */
  onNewline?(client: Client): void
  /** server.masterhost != NULL */
  readonly isReplica: boolean
  readonly masterLinkUp: boolean
  /** server.master_repl_offset: kept on a client after each command, for WAIT. */
  readonly masterReplOffset: number
  /** Since the master was last heard, counted in whole seconds; since ever when there was no connection yet. */
  readonly masterSilenceMs: number
  /** replicationSetMaster, replicationUnsetMaster: for the cluster, whose nodes are told by it whom to follow. */
  setMaster(host: string, port: number): void
  unsetMaster(): void
  /** replicationGetSlaveOffset: what this replica has processed of its master's stream. */
  readonly slaveOffset: number
  /** refreshGoodSlavesCount: online replicas whose lag is at most min-replicas-max-lag. */
  goodReplicas(): number
  ackedReplicas(offset: number): number
  /** The master client executed commands: `bytes` of its stream are now applied (reploff moves by their number; feed them verbatim to our own replicas). */
  onMasterApplied(client: Client, bytes: Bytes): void
  /** Directives in redis.conf that belong to replication (replicaof host port) are set by Config; this runs once after it is loaded. */
  configured?(): void
  view(): unknown
}

export interface PersistenceExtension {
  readonly commands: readonly CommandImpl[]
  /** rdbLoad at boot; logs "DB loaded from disk: ..." itself. `done` when serving may begin. Exits the process on a broken file. */
  loadAtStart(done: () => void): void
  /** serverCron part: save points, progress of a running BGSAVE. */
  cron(): void
  /** beforeSleep part: may be absent. */
  beforeSleep?(): void
  /** SHUTDOWN / SIGTERM with save points: write the file synchronously as Redis does, then call done. */
  saveAtShutdown(done: (ok: boolean) => void): void
  /** A child of BGSAVE would be running. */
  readonly saving: boolean
  /** Kill a running BGSAVE (SHUTDOWN NOW, FLUSHALL). */
  killChild(): void
  /** server.lastbgsave_status == C_OK */
  readonly lastBgsaveOk: boolean
  /** FLUSHALL with save points rewrites the file. */
  onFlushAll?(): void
  /** DEBUG RELOAD: save and load again; an error's text or null. */
  reload?(): string | null
  infoSection(): string
  view?(): unknown
}

export interface SentinelExtension {
  readonly commands: readonly CommandImpl[]
  /** sentinelTimer: every 1000/hz ms. */
  tick(): void
  /** sentinelIsRunning: after boot, logs "Sentinel ID is ..." and fires +monitor events. */
  start(): void
  /** A `sentinel ...` line of the config file; an error text stops the boot. */
  handleConfigLine(argv: readonly Bytes[], lineNumber?: number, line?: string): string | null
  /** Lines that named a master which a later line defines (loadSentinelConfigFromQueue); the first bad one stops the boot. */
  finishConfig?(): { readonly linenum: number; readonly line: string; readonly error: string } | null
  /** All `sentinel ...` lines of a rewritten config. */
  rewriteConfig(): string[]
  infoSection(): string
  /** ROLE */
  role(): readonly Bytes[]
  onClientFreed?(client: Client): void
  /** PUBLISH to __sentinel__:hello at a sentinel (sentinelPublishCommand); a reply number, or an error line is thrown. */
  publish?(client: Client, channel: Bytes, message: Bytes): number
  view(): unknown
  /** View `summary`: small, always drawn. */
  summary(): unknown
}

/** Copy-on-write watcher of a running snapshot: told before a key's value, TTL or existence changes. */
export interface SnapshotGuard {
  beforeChange(db: Database, key: Bytes): void
  /** The whole database is about to be emptied or swapped. */
  beforeFlush(db: Database): void
}

/** What replication keeps on a Client that stands for a replica or for our master (free to extend with its own fields). */
export interface ReplicaState {
  readonly kind: 'replica' | 'master'
}
