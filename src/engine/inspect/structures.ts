/**
 * One value as its structure holds it: plain, bounded data for a picture. Everything here reads; `still` keeps a dict from
 * taking a rehash step while it is read.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { fromUint8 } from '../bytes/bytes.ts'
import type { Obj } from '../objects/object.ts'
import type { Stream } from '../objects/stream.ts'
import { stringBytes } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist, QuicklistNode } from '../structures/quicklist.ts'
import { Sds } from '../structures/sds.ts'
import type { Zset } from '../structures/zset.ts'
import { clip } from './clip.ts'
import { allocationSize } from './memory.ts'
import { hopsTo } from './paths.ts'
import { viewStream } from './stream-view.ts'

export const ROWS = 8
const STRIP = 256
const COUNTED = 65536
const WINDOW = 64
const BYTES = 1024
const clipValue = (v: unknown): string | number => (typeof v === 'number' ? v : clip(`${v}`))

/** Chain lengths of a whole table: the longest of each cell of the strip, and how many chains there are of each length. */
function chains(d: Dict<unknown>, t: 0 | 1) {
  const size = d.tableSize(t)
  const cell = Math.max(1, size / STRIP)
  const each = size <= COUNTED ? cell : COUNTED / STRIP
  const strip: number[] = []
  const histogram: number[] = []
  for (let c = 0; c < size / cell; c++) {
    let most = 0
    for (let i = 0; i < each; i++) {
      const n = d.chainLength(t, c * cell + i)
      if (n > most) most = n
      histogram[Math.min(n, 16)] = (histogram[Math.min(n, 16)] ?? 0) + 1
    }
    strip.push(most)
  }
  for (let i = 0; i < histogram.length; i++) histogram[i] ??= 0
  return { cell, strip, histogram, sampled: each < cell }
}

/**
 * A window of rows. Row r holds bucket r of table 0 and every bucket of table 1 that its entries may go to (r, r + size, …
 * when it grows; r modulo the size when it shrinks). Without `from` the window follows the rehash, or the key.
 */
export function viewDict(d: Dict<unknown>, from: number | null = null, key?: Bytes, most = ROWS) {
  const [size0, size1] = [d.tableSize(0), d.tableSize(1)]
  const rows = Math.min(most, d.isRehashing ? size0 : Math.max(4, size0 / 2))
  const span = d.isRehashing ? size0 : Math.max(4, size0 / 2)
  let at = from ?? 0
  if (from === null) {
    if (d.isRehashing) at = d.rehashidx - 3
    else if (key !== undefined && size0 > 0) at = ((d.hashOf(key) & (size0 - 1)) >>> 0) % span
    if (!d.isRehashing && at < rows) at = 0
    else if (!d.isRehashing) at -= 4
  }
  at = Math.max(0, Math.min(at, span - rows))
  const bucket = (t: 0 | 1, index: number) => ({
    index,
    length: d.chainLength(t, index),
    keys: d.bucketKeys(t, index).slice(0, 16).map(clip),
  })
  const table = (t: 0 | 1) => {
    const size = t === 0 ? size0 : size1
    const buckets: ReturnType<typeof bucket>[] = []
    for (let r = at; r < at + rows; r++) {
      if (size <= span) {
        if (t === 0 ? r < size : true) buckets.push(bucket(t, t === 0 ? r : r % Math.max(1, size)))
      } else for (let b = r, n = 0; b < size && n < 4; b += span, n++) buckets.push(bucket(t, b))
    }
    return { size, used: d.tableUsed(t), buckets: size === 0 ? [] : buckets, ...chains(d, t) }
  }
  return {
    rehashidx: d.rehashidx,
    pauserehash: d.pauserehash,
    policy: d.resizePolicy,
    size: d.size,
    from: at,
    rows,
    span,
    tables: d.isRehashing ? [table(0), table(1)] : [table(0)],
  }
}

export function viewListpack(lp: Listpack, from = 0) {
  const all = lp.layout()
  const start = Math.max(0, Math.min(from, all.length - 1))
  const first = all[start]
  const begin = start === 0 || !first ? 0 : first.offset
  const entries: { index: number; offset: number; size: number; backlen: number; value: string | number }[] = []
  let end = start === 0 ? 6 : begin
  for (let i = start; i < all.length && entries.length < WINDOW; i++) {
    const e = all[i] as { offset: number; size: number; backlen: number }
    if (entries.length > 0 && e.offset + e.size + e.backlen - begin > BYTES) break
    entries.push({ index: i, ...e, value: clipValue(lp.get(e.offset)) })
    end = e.offset + e.size + e.backlen
  }
  if (start + entries.length === all.length) end++
  const total = lp.totalBytes
  return {
    totalBytes: total,
    length: lp.length,
    capacity: lp.capacity,
    from: start,
    begin,
    bytes: fromUint8(lp.bytes(), begin, Math.min(end, begin + BYTES + 8, total)),
    header: fromUint8(lp.bytes(), 0, 6),
    entries,
  }
}

const MAX_NODES = 64
export function viewSkiplist(z: Zset, member?: Bytes, from = 0) {
  const { zsl } = z
  const nodes: {
    id: number
    score: number
    ele: Bytes
    backward: number
    levels: { forward: number; span: number }[]
  }[] = []
  const start = Math.max(0, Math.min(from, zsl.length - 1))
  for (let x = zsl.byRank(start + 1); x > 0 && nodes.length < MAX_NODES; x = zsl.next(x))
    nodes.push({ id: x, score: zsl.scoreOf(x), ele: clip(zsl.eleOf(x)), backward: zsl.prev(x), levels: zsl.levels(x) })
  const score = member === undefined ? undefined : z.dict.peek(member)
  const search =
    member === undefined
      ? null
      : score === undefined
        ? { member, found: false, hops: [], rank: 0, score: 0 }
        : { member, found: true, hops: hopsTo(zsl, score, member), rank: zsl.rank(score, member), score }
  const byLevel: number[] = []
  if (zsl.length <= 4096)
    for (let x = zsl.first(); x > 0; x = zsl.next(x)) {
      const n = zsl.levelsOf(x)
      byLevel[n - 1] = (byLevel[n - 1] ?? 0) + 1
    }
  for (let i = 0; i < byLevel.length; i++) byLevel[i] ??= 0
  return {
    length: zsl.length,
    level: zsl.level,
    header: zsl.levels(0),
    from: start,
    nodes,
    search,
    byLevel,
    /** Ranks and names of nodes that a path visits, wherever they are. */
    visited: namesOf(z, search?.hops ?? []),
    dict: { size: z.dict.tableSize(0), used: z.dict.size, rehashidx: z.dict.rehashidx },
  }
}
export function namesOf(z: Zset, hops: readonly { seen: number; next: number }[]) {
  const out: { id: number; rank: number; ele: Bytes; score: number; levels: ReturnType<Zset['zsl']['levels']> }[] = []
  for (const id of new Set(hops.flatMap((h) => [h.seen, h.next]).filter((x) => x > 0))) {
    const ele = z.zsl.eleOf(id)
    const score = z.zsl.scoreOf(id)
    out.push({ id, rank: z.zsl.rank(score, ele), ele: clip(ele), score, levels: z.zsl.levels(id) })
  }
  return out
}

const ENDS = 30
function viewQuicklist(ql: Quicklist, node: number) {
  const all = ql.nodes()
  const shape = (n: QuicklistNode, i: number) => ({
    index: i,
    count: n.count,
    bytes: n.sz,
    plain: n.plain !== null,
    compressed: n.lzf === null ? 0 : n.lzf.length,
  })
  const shown =
    all.length <= ENDS * 2
      ? all.map(shape)
      : [...all.slice(0, ENDS).map(shape), ...all.slice(-ENDS).map((n, i) => shape(n, all.length - ENDS + i))]
  const open = all[node]
  return {
    count: ql.count,
    nodeCount: ql.nodeCount,
    bytes: all.reduce((n, x) => n + x.sz, 0),
    fill: ql.fill,
    compress: ql.compress,
    hidden: all.length - shown.length,
    nodes: shown,
    node,
    plain: open?.plain === null || open === undefined ? null : clip(open.plain),
    listpack: open === undefined || open.plain !== null ? null : viewListpack(ql.nodeListpack(open)),
  }
}

function viewIntset(s: Intset, from: number) {
  const members: string[] = []
  const start = Math.max(0, Math.min(from, s.length - 1))
  for (let i = start; i < Math.min(s.length, start + WINDOW); i++) members.push(`${s.at(i)}`)
  return {
    encodingBytes: s.encodingBytes,
    length: s.length,
    from: start,
    blob: 8 + s.length * s.encodingBytes,
    header: fromUint8(s.bytes(), 0, 8),
    bytes: fromUint8(s.bytes(), 8 + start * s.encodingBytes, 8 + (start + members.length) * s.encodingBytes),
    members,
  }
}

const HEADERS = { 5: 1, 8: 3, 16: 5, 32: 9 } as const
type SdsType = keyof typeof HEADERS
const typeFor = (n: number): SdsType => (n < 256 ? 8 : n < 65536 ? 16 : 32)

/** The header that 7.0.15 gives the string: five bits of length for a short one that was never grown, else by its room. */
function viewSds(o: Obj) {
  const sds = o.value instanceof Sds ? o.value : null
  const len = sds === null ? stringBytes(o).length : sds.len
  const alloc = sds === null ? len : sds.alloc
  const embedded = o.encoding === 'embstr'
  const type: SdsType = embedded ? 8 : alloc === len && len < 32 ? 5 : typeFor(alloc)
  const header = HEADERS[type]
  const inner = header + alloc + 1
  const asked = embedded ? 16 + inner : inner
  return {
    len,
    alloc,
    type,
    header,
    asked,
    bin: allocationSize(asked),
    bytes: sds === null ? stringBytes(o).slice(0, BYTES) : sds.toBytes(0, Math.min(len, BYTES)),
  }
}

export function viewObject(o: Obj, member?: Bytes, from: number | null = null, rows = ROWS): Record<string, unknown> {
  switch (o.encoding) {
    case 'listpack':
      return { kind: 'listpack', ...viewListpack(o.value as Listpack, from ?? 0) }
    case 'hashtable': {
      const d = o.value as Dict<unknown>
      const view = viewDict(d, from, member, rows)
      const pairs: [Bytes, Bytes][] = []
      if (o.type === 'hash')
        for (const b of view.tables.flatMap((t) => t.buckets))
          for (const k of b.keys) {
            const v = d.peek(k)
            if (typeof v === 'string' && pairs.length < WINDOW) pairs.push([k, clip(v)])
          }
      return { kind: 'dict', ...view, pairs }
    }
    case 'skiplist':
      return { kind: 'skiplist', ...viewSkiplist(o.value as Zset, member, from ?? 0) }
    case 'intset':
      return { kind: 'intset', ...viewIntset(o.value as Intset, from ?? 0) }
    case 'quicklist':
      return { kind: 'quicklist', ...viewQuicklist(o.value as Quicklist, from ?? 0) }
    case 'int':
      return { kind: 'int', value: `${o.value}` }
    case 'embstr':
    case 'raw':
      return { kind: 'sds', ...viewSds(o) }
    case 'stream':
      return { kind: 'stream', ...viewStream(o.value as Stream, from ?? 0) }
    default:
      return { kind: o.encoding }
  }
}
