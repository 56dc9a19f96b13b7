/**
 * What the administration commands need of the server. `Server` has these fields; those marked optional may be absent, and
 * then the command answers as a server without that part.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Prng } from '../../bytes/prng.ts'
import type { Database } from '../../keyspace/database.ts'
import type { Client } from '../../server/client.ts'
import type { Config } from '../../server/config.ts'
import type { PersistenceExtension, ReplicationExtension, SentinelExtension } from '../../server/extensions.ts'
import type { Host } from '../../server/host.ts'
import type { ShutdownOptions } from '../../server/shutdown.ts'
import type { SlowLog } from '../../server/slowlog.ts'
import type { ServerStats } from '../../server/stats.ts'
import type { CommandContext } from '../command.ts'

export interface LatencySample {
  readonly time: number
  readonly ms: number
}
export interface CommandStat {
  calls: number
  usec: number
  rejected: number
  failed: number
  /** Counts of calls by ceiling power of two of their microseconds. */
  histogram?: Map<number, number>
}

export interface AdminServer {
  readonly host: Host
  readonly config: Config
  readonly dbs: Database[]
  readonly rng: Prng
  readonly mode?: 'server' | 'sentinel'
  readonly stats?: ServerStats
  readonly stat?: ServerStats
  readonly clients?: { readonly size: number; values(): Iterable<Client> } | Map<number, Client>
  readonly monitors?: Set<Client>
  readonly runid?: string
  readonly startMs?: number
  readonly startedAtMs?: number
  readonly loading?: boolean
  readonly dirty?: number
  readonly repl?: ReplicationExtension | null
  readonly rdb?: PersistenceExtension | null
  readonly sentinel?: SentinelExtension | null
  readonly pubsub?: { readonly channels: ReadonlyMap<Bytes, unknown>; readonly patterns: ReadonlyMap<Bytes, unknown> }
  readonly commandStats?: Map<string, CommandStat>
  readonly slowlog: SlowLog
  latency?: Map<string, LatencySample[]>
  activeExpire?: boolean
  activeExpireEnabled?: boolean
  log?(level: string, text: string): void
  shutdown?(options: ShutdownOptions): boolean
  abortShutdown?(): boolean
  emptyAll?(): void
  crash?(code: number): void
  addMonitor?(client: Client): void
}

export const admin = (c: CommandContext): AdminServer => c.server as unknown as AdminServer
export const statsOf = (s: AdminServer): ServerStats | undefined => s.stats ?? s.stat
