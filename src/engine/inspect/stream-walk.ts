/**
 * What XRANGE would go through in a stream and what XTRIM would take away: the walk reads, the trimming is done to a copy.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { compareIds, encodeId, formatId, MAX_ID, MIN_ID, parseId, type StreamId } from '../objects/stream-id.ts'
import { Stream, StreamNode, type Trim } from '../objects/stream.ts'
import type { Server } from '../server/server.ts'

const MOST_STEPS = 160
const MOST_BLOCKS = 200

export interface WalkStep {
  readonly kind: 'seek' | 'block' | 'pass' | 'deleted' | 'emit' | 'end'
  readonly block: string
  readonly id: string
  /** Of a seek: that a block may begin before the range; of an end: that the range, or COUNT, is over. */
  readonly why: '' | 'below' | 'beyond' | 'count'
}

function streamAt(s: Server, args: readonly string[]): Stream | null {
  const o = s.dbs[Number(args[0] ?? 0)]?.dict.peek(args[1] ?? '')
  return o === undefined || o.encoding !== 'stream' ? null : (o.value as Stream)
}
const bound = (text: string | undefined, missing: StreamId, seq: 0 | 'max'): StreamId | null => {
  if (text === undefined || text === '' || text === '-' || text === '+')
    return text === '-' ? MIN_ID : text === '+' ? MAX_ID : missing
  return parseId(text, seq === 0 ? 0 : MAX_ID.seq, true)?.id ?? null
}

/** args: database, key, start, end, count. */
export function viewRangeWalk(s: Server, args: readonly string[]) {
  const stream = streamAt(s, args)
  const start = bound(args[2], MIN_ID, 0)
  const end = bound(args[3], MAX_ID, 'max')
  const count = Math.max(1, Number(args[4] ?? 0) || 10)
  if (stream === null || start === null || end === null) return null
  const steps: WalkStep[] = []
  const blocks = stream.rax.iterator()
  const below = compareIds(start, MIN_ID) > 0 && blocks.seek('<=', encodeId(start))
  if (!below) blocks.seek('^')
  const step = (kind: WalkStep['kind'], block: string, id: string, why: WalkStep['why'] = ''): void => {
    if (steps.length < MOST_STEPS) steps.push({ kind, block, id, why })
  }
  let found = 0
  for (let over = false; !over; ) {
    if (steps.length >= MOST_STEPS || !blocks.next()) {
      step('end', '', '')
      break
    }
    const node = blocks.value
    const block = formatId(node.id)
    if (steps.length === 0) step('seek', block, '', below ? 'below' : '')
    else step('block', block, '')
    const it = stream.iterator(node.id)
    it.skipTombstones = false
    while (!over && steps.length < MOST_STEPS && it.next() && it.node === node) {
      const id = formatId(it.id)
      over = compareIds(it.id, end) > 0
      if (over) step('end', block, id, 'beyond')
      else if (it.deleted) step('deleted', block, id)
      else if (compareIds(it.id, start) < 0) step('pass', block, id)
      else {
        step('emit', block, id)
        over = ++found >= count
        if (over) step('end', block, id, 'count')
      }
    }
  }
  return { steps, found, start: formatId(start), end: formatId(end), cut: steps.length >= MOST_STEPS }
}

function copyOf(s: Stream): Stream {
  const out = new Stream()
  s.rax.forEach((key, node) => {
    out.rax.set(key, new StreamNode(node.id, node.lp.clone(), node.alloc))
  })
  out.length = s.length
  out.lastId = s.lastId
  out.firstId = s.firstId
  out.maxDeletedId = s.maxDeletedId
  out.entriesAdded = s.entriesAdded
  return out
}
const shapeOf = (s: Stream): Map<Bytes, StreamNode> => {
  const out = new Map<Bytes, StreamNode>()
  s.rax.forEach((key, node) => {
    out.set(key, node)
  })
  return out
}

/** args: database, key, MAXLEN or MINID, threshold. */
export function viewTrim(s: Server, args: readonly string[]) {
  const stream = streamAt(s, args)
  if (stream === null) return null
  if (stream.rax.size > MOST_BLOCKS) return { tooMany: stream.rax.size }
  const minid = args[2] === 'MINID' ? (parseId(args[3] ?? '', 0, true)?.id ?? null) : null
  const maxlen = Number(args[3])
  if (args[2] === 'MINID' ? minid === null : !Number.isInteger(maxlen) || maxlen < 0) return null
  const blocks = shapeOf(stream)
  const run = (approx: boolean) => {
    const copy = copyOf(stream)
    // Without LIMIT an approximate trim looks at so many entries at most.
    const most = 100 * s.config.streamNodeMaxEntries
    const limit = !approx ? 0 : most <= 0 ? 10_000 : Math.min(most, 1_000_000)
    const base = { approx, limit, index: 0 }
    const t: Trim = minid !== null ? { ...base, strategy: 'minid', minid } : { ...base, strategy: 'maxlen', maxlen }
    const removed = copy.trim(t)
    const left = shapeOf(copy)
    let bytes = 0
    for (const n of left.values()) bytes += n.lp.totalBytes
    return {
      removed,
      length: copy.length,
      bytes,
      blocks: [...blocks].map(([key, node]) => {
        const now = left.get(key)
        return {
          id: formatId(node.id),
          count: now?.count() ?? 0,
          deleted: now?.deleted() ?? 0,
          state: now === undefined ? 'gone' : now.count() === node.count() ? 'kept' : 'marked',
        }
      }),
    }
  }
  let bytes = 0
  for (const n of blocks.values()) bytes += n.lp.totalBytes
  return {
    length: stream.length,
    bytes,
    before: [...blocks.values()].map((n) => ({ id: formatId(n.id), count: n.count(), deleted: n.deleted() })),
    exact: run(false),
    approx: run(true),
  }
}
