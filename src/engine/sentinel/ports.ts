/**
 * What Sentinel needs of the process it lives in. `Server` in sentinel mode is one; a test's fake is another. Nothing else
 * of the server is used, so this page is the whole seam between the two.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Fact } from '../machine.ts'
import type { Host } from '../server/host.ts'

/** Redis's log levels: LL_DEBUG '.', LL_VERBOSE '-', LL_NOTICE '*', LL_WARNING '#'. */
export type SentinelLogLevel = 'debug' | 'verbose' | 'notice' | 'warning'

export interface SentinelServer {
  readonly host: Host
  readonly rng: { below(n: number): number; hex(n: number): Bytes }
  readonly tap: ((fact: Fact) => void) | undefined
  /** server.port and server.requirepass. */
  readonly port: number
  readonly requirepass: Bytes
  /** server.hz: ticks a second of serverCron until Sentinel chooses another. */
  hz: number
  log(level: SentinelLogLevel, text: string): void
  /** pubsubPublishMessage */
  publish(channel: Bytes, message: Bytes): void
  /** A blocking system call: nothing but the disk's answer is handled until `resume`. */
  stall?(): void
  resume?(): void
  /** rewriteConfig + fsync of server.configfile. `done` gets an errno name, or null when it is on disk. */
  rewriteConfigFile(done: (error: string | null) => void): void
}
