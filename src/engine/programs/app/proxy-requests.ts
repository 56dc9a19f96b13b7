/**
 * Which requests a proxy can hand on, and how one request becomes several: MGET a b c, with a and c on one server, is MGET a c
 * there and MGET b elsewhere, and the values are put back in the order asked for.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import type { ParsedReply } from '../../protocol/reply-parser.ts'

export interface Fragment {
  readonly to: string
  readonly argv: readonly Bytes[]
}
export interface Split {
  readonly pieces: readonly Fragment[]
  merge(replies: readonly ParsedReply[]): ParsedReply
}

/** By Twemproxy's list of commands: those whose first argument is their key. Of those with several keys the first decides. */
const ONE_KEY = new Set(
  `EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST TTL PTTL TYPE DUMP RESTORE SORT
  APPEND BITCOUNT BITPOS BITFIELD DECR DECRBY GET GETBIT GETRANGE GETSET GETDEL GETEX INCR INCRBY INCRBYFLOAT PSETEX SET SETBIT
  SETEX SETNX SETRANGE STRLEN SUBSTR
  HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSET HSETNX HSTRLEN HVALS HSCAN
  LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM RPOP RPOPLPUSH RPUSH RPUSHX
  SADD SCARD SDIFF SDIFFSTORE SINTER SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM SUNION SUNIONSTORE
  SSCAN ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX
  ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX
  ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNIONSTORE
  GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEOSEARCH GEOSEARCHSTORE PFADD PFCOUNT PFMERGE EXISTS`.split(
    /\s+/,
  ),
)
/** Arguments of each key, for those that are split. */
const SPLIT: Readonly<Record<string, number>> = { MGET: 1, DEL: 1, UNLINK: 1, TOUCH: 1, MSET: 2 }

/** The key that decides where the request goes; null: no key, or a command that is not handed on. */
export function keyOf(name: string, argv: readonly Bytes[]): Bytes | null {
  if (name === 'EVAL' || name === 'EVALSHA') return Number(argv[2]) >= 1 ? (argv[3] ?? null) : null
  return ONE_KEY.has(name) || name in SPLIT ? (argv[1] ?? null) : null
}

/** Null: it is refused. */
export function fragments(name: string, argv: readonly Bytes[], of: (key: Bytes) => string): Split | null {
  const key = keyOf(name, argv)
  if (key === null) return null
  const step = SPLIT[name]
  if (step === undefined) return { pieces: [{ to: of(key), argv }], merge: ([reply]) => reply ?? null }
  if ((argv.length - 1) % step !== 0) return null
  const parts = new Map<string, { argv: Bytes[]; places: number[] }>()
  for (let i = 1; i < argv.length; i += step) {
    const to = of(argv[i] as Bytes)
    let part = parts.get(to)
    if (part === undefined) {
      part = { argv: [argv[0] as Bytes], places: [] }
      parts.set(to, part)
    }
    part.argv.push(...argv.slice(i, i + step))
    part.places.push((i - 1) / step)
  }
  const places = [...parts.values()].map((p) => p.places)
  return {
    pieces: [...parts].map(([to, part]) => ({ to, argv: part.argv })),
    merge: (replies) => replies.find(isError) ?? (name === 'MGET' ? inOrder(replies, places) : together(name, replies)),
  }
}

const isError = (r: ParsedReply): boolean => typeof r === 'object' && r !== null && 't' in r && r.t === 'error'

function inOrder(replies: readonly ParsedReply[], places: readonly (readonly number[])[]): ParsedReply {
  const out: ParsedReply[] = []
  for (const [i, reply] of replies.entries())
    for (const [j, place] of (places[i] ?? []).entries()) out[place] = Array.isArray(reply) ? (reply[j] ?? null) : null
  return out
}
const together = (name: string, replies: readonly ParsedReply[]): ParsedReply =>
  name === 'MSET' ? { t: 'status', text: 'OK' } : replies.reduce<number>((sum, r) => sum + Number(r), 0)
