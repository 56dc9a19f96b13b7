/** Entries as replies. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Int64 } from '../../bytes/numbers.ts'
import type { Stream } from '../../objects/stream.ts'
import type { StreamIterator } from '../../objects/stream-iterator.ts'
import { formatId, type StreamId } from '../../objects/stream-id.ts'
import type { Reply } from '../../protocol/reply.ts'
import { map } from '../../protocol/reply.ts'
import type { CommandContext } from '../command.ts'

export const entryReply = (it: StreamIterator): Reply => [formatId(it.id), it.fields()]

/** Up to `count` entries (0: all) of the range. */
export function rangeReply(
  s: Stream,
  start: StreamId | null,
  end: StreamId | null,
  count: Int64,
  reverse = false,
): Reply[] {
  const out: Reply[] = []
  const it = s.iterator(start, end, reverse)
  while (it.next()) {
    out.push(entryReply(it))
    if (out.length === count) break
  }
  return out
}
/** What XREAD answers: a map of keys in RESP3, pairs in RESP2. */
export function readReply(c: CommandContext, found: readonly (readonly [Bytes, Reply])[]): Reply {
  return c.client.resp === 3 ? map(found.flat()) : found
}
