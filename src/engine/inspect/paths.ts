/**
 * The way that the last command took through the structure of its key: which buckets it looked into, which entries of a
 * listpack it compared, along which links of a skiplist it went, which members of an intset it probed, which bytes of a
 * string it wrote. Told from the command and the structure as it stands now; nothing is run again.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { parseInt64 } from '../bytes/numbers.ts'
import type { Obj } from '../objects/object.ts'
import { stringLength } from '../objects/string.ts'
import type { Dict } from '../structures/dict.ts'
import type { Intset } from '../structures/intset.ts'
import type { Listpack } from '../structures/listpack.ts'
import type { Quicklist } from '../structures/quicklist.ts'
import type { Skiplist } from '../structures/skiplist.ts'
import type { Zset } from '../structures/zset.ts'

export interface BucketVisit {
  readonly key: Bytes
  readonly hash: number
  readonly found: boolean
  /** Where a lookup looks, in its order: [table, bucket, entries compared there]. */
  readonly looked: readonly (readonly [number, number, number])[]
}
export interface Hop {
  readonly node: number
  readonly level: number
  /** The node that was compared, 0 at the end of the lane. */
  readonly seen: number
  /** The node gone to, or 0: one level down. */
  readonly next: number
  readonly span: number
}
export type Path =
  | { readonly kind: 'buckets'; readonly visits: readonly BucketVisit[] }
  | {
      readonly kind: 'skiplist'
      readonly member: Bytes | null
      readonly hops: readonly Hop[]
      readonly rank: number
      readonly dict: BucketVisit | null
    }
  | { readonly kind: 'entries'; readonly compared: readonly number[]; readonly hits: readonly number[] }
  | {
      readonly kind: 'nodes'
      readonly visited: readonly number[]
      readonly index: number
      readonly from: 'head' | 'tail'
    }
  | {
      readonly kind: 'probes'
      readonly member: string
      readonly probes: readonly IntsetProbe[]
      readonly found: boolean
    }
  | { readonly kind: 'bytes'; readonly start: number; readonly end: number; readonly wrote: boolean }
export interface IntsetProbe {
  readonly lo: number
  readonly mid: number
  readonly hi: number
}

const MAX_VISITS = 16

/** Fields or members that a command names: where they start, in which steps. */
const NAMED: Record<string, readonly [from: number, step: number, many: boolean]> = {
  hget: [2, 1, false],
  hset: [2, 2, true],
  hmset: [2, 2, true],
  hsetnx: [2, 2, false],
  hmget: [2, 1, true],
  hdel: [2, 1, true],
  hexists: [2, 1, false],
  hincrby: [2, 1, false],
  hincrbyfloat: [2, 1, false],
  hstrlen: [2, 1, false],
  sadd: [2, 1, true],
  srem: [2, 1, true],
  sismember: [2, 1, false],
  smismember: [2, 1, true],
  smove: [3, 1, false],
  zrem: [2, 1, true],
  zscore: [2, 1, false],
  zmscore: [2, 1, true],
  zrank: [2, 1, false],
  zrevrank: [2, 1, false],
  zincrby: [3, 1, false],
  geopos: [2, 1, true],
  geodist: [2, 1, true],
}
const ZADD_WORDS = new Set(['nx', 'xx', 'gt', 'lt', 'ch', 'incr'])

/** The fields or members in a command's arguments. */
export function namedIn(argv: readonly Bytes[]): Bytes[] {
  const name = (argv[0] ?? '').toLowerCase()
  if (name === 'zadd') {
    let i = 2
    while (i < argv.length && ZADD_WORDS.has((argv[i] as Bytes).toLowerCase())) i++
    return argv.slice(i).filter((_, n) => n % 2 === 1)
  }
  const how = NAMED[name]
  if (!how) return []
  const [from, step, many] = how
  const out: Bytes[] = []
  for (let i = from; i < argv.length; i += step) {
    out.push(argv[i] as Bytes)
    if (!many) break
  }
  return out
}

export function visitOf(d: Dict<unknown>, key: Bytes): BucketVisit {
  const hash = d.hashOf(key)
  const looked: [number, number, number][] = []
  let found = false
  for (const t of [0, 1] as const) {
    const size = d.tableSize(t)
    if (size === 0 || (t === 1 && !d.isRehashing)) break
    const bucket = (hash & (size - 1)) >>> 0
    const at = d.bucketKeys(t, bucket).indexOf(key)
    found = at >= 0
    looked.push([t, bucket, found ? at + 1 : d.chainLength(t, bucket)])
    if (found) break
  }
  return { key, hash: hash >>> 0, found, looked }
}

/** The comparisons on the way to a member, as zslGetRank makes them; each link not taken goes one level down. */
export function hopsTo(zsl: Skiplist, score: number, member: Bytes): Hop[] {
  return zsl.searchPath(score, member).map((h) => ({
    ...h,
    seen: h.next > 0 ? h.next : (zsl.levels(h.node)[h.level]?.forward ?? 0),
  }))
}
/** The way zslGetElementByRank goes: it compares spans, not scores. */
function hopsByRank(zsl: Skiplist, rank: number): Hop[] {
  const hops: Hop[] = []
  let [x, passed] = [0, 0]
  for (let level = zsl.level - 1; level >= 0; level--) {
    for (;;) {
      const link = zsl.levels(x)[level]
      const take = link !== undefined && link.forward !== 0 && passed + link.span <= rank
      hops.push({ node: x, level, seen: link?.forward ?? 0, next: take ? link.forward : 0, span: take ? link.span : 0 })
      if (!take) break
      passed += link.span
      x = link.forward
    }
    if (passed === rank) break
  }
  return hops
}

function zsetPath(z: Zset, argv: readonly Bytes[]): Path | null {
  const name = (argv[0] ?? '').toLowerCase()
  const members = namedIn(argv)
  const member = members[members.length - 1]
  if (member !== undefined) {
    const dict = visitOf(z.dict, member)
    const score = z.dict.peek(member)
    // ZSCORE and ZMSCORE ask the dict only.
    if (score === undefined || name === 'zscore' || name === 'zmscore')
      return { kind: 'skiplist', member, hops: [], rank: score === undefined ? 0 : z.zsl.rank(score, member), dict }
    return { kind: 'skiplist', member, hops: hopsTo(z.zsl, score, member), rank: z.zsl.rank(score, member), dict }
  }
  if ((name === 'zrange' && argv.length <= 5) || name === 'zrevrange') {
    let start = Number(argv[2])
    if (!Number.isInteger(start)) return null
    if (start < 0) start += z.length
    start = Math.max(0, start)
    if (start >= z.length) return null
    if ((argv[4] ?? '').toLowerCase().startsWith('by')) return null
    const rank = name === 'zrevrange' || (argv[4] ?? '').toLowerCase() === 'rev' ? z.length - start : start + 1
    return { kind: 'skiplist', member: null, hops: hopsByRank(z.zsl, rank), rank, dict: null }
  }
  if (name === 'zrangebyscore' || name === 'zcount') {
    const text = argv[2] ?? ''
    const minex = text.startsWith('(')
    const min = Number((minex ? text.slice(1) : text).replace(/inf$/i, 'Infinity'))
    if (Number.isNaN(min)) return null
    const x = z.zsl.firstInScore({ min, max: Infinity, minex, maxex: false })
    if (x === 0) return null
    const [score, ele] = [z.zsl.scoreOf(x), z.zsl.eleOf(x)]
    return { kind: 'skiplist', member: ele, hops: hopsTo(z.zsl, score, ele), rank: z.zsl.rank(score, ele), dict: null }
  }
  return null
}

function listpackPath(lp: Listpack, type: string, argv: readonly Bytes[]): Path | null {
  const named = namedIn(argv)
  const compared = new Set<number>()
  const hits: number[] = []
  if (named.length === 0) return null
  const places = new Map<Bytes, number>()
  let i = 0
  for (let p = lp.first(); p >= 0 && i < 2048; p = lp.next(p), i++)
    if (i % 2 === 0 || (type !== 'hash' && type !== 'zset')) places.set(lp.getBytes(p), i)
  for (const name of named.slice(0, MAX_VISITS)) {
    const at = places.get(name)
    for (let k = 0; k <= (at ?? i - 2); k += 2) compared.add(k)
    if (at !== undefined) hits.push(at)
  }
  return { kind: 'entries', compared: [...compared], hits }
}

function quicklistPath(ql: Quicklist, argv: readonly Bytes[]): Path | null {
  const name = (argv[0] ?? '').toLowerCase()
  const counts = ql.nodes().map((n) => n.count)
  const end = counts.length - 1
  const at = (visited: number[], index: number, from: 'head' | 'tail'): Path => ({
    kind: 'nodes',
    visited,
    index,
    from,
  })
  if (/^(lpushx?|lpop|blpop)$/.test(name)) return at([0], 0, 'head')
  if (/^(rpushx?|rpop|brpop|rpoplpush)$/.test(name)) return at([end], ql.count - 1, 'tail')
  if (!/^(lindex|lset|lrange|ltrim)$/.test(name)) return null
  let index = Number(argv[2])
  if (!Number.isInteger(index)) return null
  if (index < 0) index += ql.count
  index = Math.max(0, index)
  if (index >= ql.count) return null
  const visited: number[] = []
  if (index < ql.count / 2) {
    let rest = index
    for (let n = 0; n <= end; n++) {
      visited.push(n)
      if (rest < (counts[n] ?? 0)) break
      rest -= counts[n] ?? 0
    }
    return at(visited, index, 'head')
  }
  let from = ql.count
  for (let n = end; n >= 0; n--) {
    visited.push(n)
    from -= counts[n] ?? 0
    if (index >= from) break
  }
  return at(visited, index, 'tail')
}

/** intsetSearch: the ends first, then halves. */
export function intsetProbes(s: Intset, member: Bytes): Path | null {
  const value = parseInt64(member)
  if (value === null) return null
  const probes: IntsetProbe[] = []
  const out = (found: boolean): Path => ({ kind: 'probes', member, probes, found })
  if (s.length === 0) return out(false)
  const v = BigInt(value)
  if (v > BigInt(s.at(s.length - 1)) || v < BigInt(s.at(0))) return out(false)
  let [lo, hi] = [0, s.length - 1]
  while (hi >= lo) {
    const mid = (lo + hi) >>> 1
    probes.push({ lo, mid, hi })
    const cur = BigInt(s.at(mid))
    if (v > cur) lo = mid + 1
    else if (v < cur) hi = mid - 1
    else return out(true)
  }
  return out(false)
}

function stringPath(o: Obj, argv: readonly Bytes[]): Path | null {
  const len = stringLength(o)
  const arg = (i: number) => Number(argv[i])
  const within = (start: number, end: number, wrote: boolean): Path | null =>
    Number.isFinite(start) && Number.isFinite(end)
      ? { kind: 'bytes', start: Math.max(0, start), end: Math.min(len, end), wrote }
      : null
  switch ((argv[0] ?? '').toLowerCase()) {
    case 'append':
      return within(len - (argv[2] ?? '').length, len, true)
    case 'setrange':
      return within(arg(2), arg(2) + (argv[3] ?? '').length, true)
    case 'setbit':
      return within(Math.floor(arg(2) / 8), Math.floor(arg(2) / 8) + 1, true)
    case 'getbit':
      return within(Math.floor(arg(2) / 8), Math.floor(arg(2) / 8) + 1, false)
    case 'getrange':
    case 'substr': {
      const at = (n: number) => (n < 0 ? Math.max(0, len + n) : n)
      return within(at(arg(2)), at(arg(3)) + 1, false)
    }
    case 'get':
    case 'strlen':
      return within(0, len, false)
    case 'set':
    case 'setex':
    case 'psetex':
    case 'setnx':
    case 'mset':
    case 'getset':
      return within(0, len, true)
  }
  return null
}

export function pathOf(o: Obj, argv: readonly Bytes[]): Path | null {
  switch (o.encoding) {
    case 'hashtable': {
      const visits = namedIn(argv)
        .slice(0, MAX_VISITS)
        .map((f) => visitOf(o.value as Dict<unknown>, f))
      return visits.length === 0 ? null : { kind: 'buckets', visits }
    }
    case 'skiplist':
      return zsetPath(o.value as Zset, argv)
    case 'listpack':
      return listpackPath(o.value as Listpack, o.type, argv)
    case 'quicklist':
      return quicklistPath(o.value as Quicklist, argv)
    case 'intset': {
      const member = namedIn(argv).at(-1)
      return member === undefined ? null : intsetProbes(o.value as Intset, member)
    }
    case 'int':
    case 'embstr':
    case 'raw':
      return stringPath(o, argv)
    default:
      return null
  }
}
