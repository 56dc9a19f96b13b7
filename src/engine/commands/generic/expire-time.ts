import type { CommandContext } from '../command.ts'

/** A time in the past deletes at once, but not while loading and not on a replica, which waits for its master's DEL. */
export function alreadyExpired(c: CommandContext, atMs: number): boolean {
  return atMs <= c.nowMs && !c.server.loading && !c.server.isReplica
}
