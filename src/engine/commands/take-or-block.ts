/** What BLPOP, BLMPOP, BZPOPMIN and BZMPOP share: take from the first key that has something, or wait for all of them. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Obj, ObjType } from '../objects/object.ts'
import { NULL_ARRAY, type Reply } from '../protocol/reply.ts'
import type { CommandContext } from './command.ts'

export type Take = (c: CommandContext, key: Bytes, o: Obj) => Reply

/** Keys in their order; a key of another type is an error now, and passed over while the client waits. */
export function takeOrBlock(
  c: CommandContext,
  type: ObjType,
  keys: readonly Bytes[],
  timeoutMs: number,
  take: Take,
): Reply {
  for (const key of keys) {
    const o = c.lookupWriteOf(key, type)
    if (o) return take(c, key, o)
  }
  return c.block({
    type,
    keys,
    timeoutMs,
    onTimeout: NULL_ARRAY,
    serve: (cc, key) => {
      const o = cc.lookupWrite(key)
      return o?.type === type ? take(cc, key, o) : undefined
    },
  })
}
