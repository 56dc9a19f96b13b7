/** When two replies to a request are the same, for requests whose replies hold chance, time or the order of a hash table. */
import { type ParsedReply, ReplyParser } from '../../src/engine/protocol/reply-parser.ts'

/** The hash seed decides the order: compared as collections. */
const UNORDERED: ReadonlySet<string> = new Set(
  'smembers sinter sunion sdiff sscan hscan hkeys hvals hgetall keys exec zscan scan sort sort_ro georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch acl config pubsub function module command spop eval eval_ro evalsha evalsha_ro fcall fcall_ro'.split(
    ' ',
  ),
)
/** Chance or history decides the content: only types and lengths are compared. */
const SHAPE: ReadonlySet<string> = new Set(
  'srandmember hrandfield zrandmember spop randomkey object|freq object|idletime memory|usage slowlog|len'.split(' '),
)
/** Counted from now: equal within two seconds. */
const REMAINING: ReadonlySet<string> = new Set('ttl pttl expiretime pexpiretime'.split(' '))
const TOLERANCE_MS = 2000

function parse(bytes: string): ParsedReply | undefined {
  const parser = new ReplyParser()
  parser.feed(bytes)
  return parser.next()
}

function children(r: ParsedReply): readonly ParsedReply[] | null {
  if (Array.isArray(r)) return r as readonly ParsedReply[]
  if (typeof r !== 'object' || r === null) return null
  if ('items' in r) return r.items as readonly ParsedReply[]
  if ('pairs' in r) return r.pairs as readonly ParsedReply[]
  return null
}

function sorted(r: ParsedReply): string {
  const items = children(r)
  if (items !== null) {
    const tag = Array.isArray(r) ? '*' : (r as { t: string }).t
    return `${tag}${items.length}[${items.map(sorted).sort().join(',')}]`
  }
  return typeof r === 'bigint' ? `${r}n` : JSON.stringify(r)
}

function shape(r: ParsedReply): string {
  const items = children(r)
  if (items !== null) return `${items.length}[${items.map(shape).join(',')}]`
  if (r === null) return 'null'
  return typeof r === 'object' ? (r as { t: string }).t : typeof r
}

/** "*", as a script or EXEC wraps it. */
function inner(argv: readonly string[]): readonly string[] {
  return /^eval$/i.test(argv[0] ?? '') && argv[1] === WRAPPED ? argv.slice(3) : argv
}
/** The script that runs a request from inside. */
export const WRAPPED = 'return redis.call(unpack(ARGV))'

export function same(request: readonly string[], theirs: string, ours: string): boolean {
  if (theirs === ours) return true
  const argv = inner(request)
  const name = (argv[0] ?? '').toLowerCase()
  const row = `${name}|${(argv[1] ?? '').toLowerCase()}`
  if (theirs[0] !== ours[0]) return false
  const t = parse(theirs)
  const o = parse(ours)
  if (t === undefined || o === undefined) return false
  if (SHAPE.has(name) || SHAPE.has(row)) return shape(t) === shape(o)
  if (REMAINING.has(name)) {
    const unit = name.startsWith('p') ? 1 : 1000
    const [a, b] = [Number(t), Number(o)]
    return a >= 0 && b >= 0 && Math.abs(a - b) * unit <= TOLERANCE_MS
  }
  // Whether a new time lies behind the old one may hang on a millisecond.
  if (/expire(at)?$/.test(name) && argv.some((a) => /^(gt|lt)$/i.test(a))) return shape(t) === shape(o)
  // Idle and seen times of a moment later.
  if (name === 'xinfo' || name === 'xpending') return nearlyEqual(theirs, ours)
  // Unsorted elements of a set, and a limit on them: which come first is the hash table's affair.
  if (/^sort(_ro)?$/.test(name) && argv.some((a) => /^by$/i.test(a))) {
    const limited = argv.some((a) => /^limit$/i.test(a)) && children(t)?.length === children(o)?.length
    return shape(t) === shape(o) || sorted(t) === sorted(o) || limited
  }
  // The order inside a hash table is in its dump too, and so in the checksum.
  if (name === 'dump') return theirs.length === ours.length
  if (/scan$/.test(name) && cursors(t, o, argv[name === 'scan' ? 1 : 2])) return true
  return UNORDERED.has(name) && sorted(t) === sorted(o)
}

/** The same but for numbers, and those within the tolerance. */
function nearlyEqual(a: string, b: string): boolean {
  const number = /\d+/g
  if (a.replace(number, '0') !== b.replace(number, '0')) return false
  const others = (b.match(number) ?? []).map(Number)
  return (a.match(number) ?? []).every((n, i) => Math.abs(Number(n) - (others[i] as number)) <= TOLERANCE_MS)
}

/** A walk from the middle, or not over on either side, shows what stands there in the server's own table. */
function cursors(t: ParsedReply, o: ParsedReply, from: string | undefined): boolean {
  const [a, b] = [children(t), children(o)]
  return a !== null && b !== null && a.length === 2 && b.length === 2 && (from !== '0' || a[0] !== '0' || b[0] !== '0')
}
