/**
 * What a command did to the data is sent to the replicas. Effects of one unit (a command with the expired keys it met, a
 * transaction) are collected in `server.ops`; when there are several they travel inside MULTI/EXEC so that a replica is
 * never seen half way.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from './server.ts'

export interface PendingOp {
  readonly dbid: number
  readonly argv: readonly Bytes[]
}
export function propagatePending(server: Server, noMulti: boolean): void {
  const ops = server.ops
  if (ops.length === 0) return
  const repl = server.repl
  if (ops.length === 1) {
    const op = ops.pop() as PendingOp
    repl?.feed(op.dbid, op.argv)
    return
  }
  const list = ops.splice(0)
  if (repl === null) return
  const wrap = list.length > 1 && !noMulti
  // The first command's database, so that a SELECT comes before the MULTI.
  if (wrap) repl.feed((list[0] as PendingOp).dbid, ['MULTI'])
  for (const op of list) repl.feed(op.dbid, op.argv)
  if (wrap) repl.feed(-1, ['EXEC'])
}
