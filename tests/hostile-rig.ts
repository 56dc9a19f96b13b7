/** Damaged values for the hostile-*.test.ts: whole payloads from a real server, and seeded ways to spoil them. */
import { connect, type Socket } from 'node:net'
import { utf8Encode } from '../src/engine/bytes/bytes.ts'
import { crc64 } from '../src/engine/bytes/crc64.ts'
import type { Prng } from '../src/engine/bytes/prng.ts'
import { formatTty } from '../src/engine/programs/redis-cli/format.ts'
import { type ParsedReply, ReplyParser } from '../src/engine/protocol/reply-parser.ts'
import { encode, Ours } from './oracle/servers.ts'

/** A server that is asked many things at once. */
export interface Asked {
  ask(requests: readonly (readonly string[])[]): Promise<ParsedReply[]>
}

/** A real server behind a port; `ask` fails when it dies. */
export class AskReal implements Asked {
  private readonly port: number
  private socket: Socket | null = null
  constructor(port: number) {
    this.port = port
  }
  async ask(requests: readonly (readonly string[])[]): Promise<ParsedReply[]> {
    if (this.socket === null) {
      this.socket = connect(this.port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
    }
    const socket = this.socket
    const parser = new ReplyParser()
    const out: ParsedReply[] = []
    return await new Promise((resolve, reject) => {
      const failed = (): void => {
        this.socket = null
        reject(new Error('redis-server has closed the connection'))
      }
      const heard = (d: unknown): void => {
        parser.feed(d as string)
        for (let r = parser.next(); r !== undefined; r = parser.next()) out.push(r)
        if (out.length < requests.length) return
        socket.off('data', heard).off('close', failed).off('error', failed)
        resolve(out)
      }
      socket.on('data', heard).on('close', failed).on('error', failed)
      socket.write(requests.map(encode).join(''), 'latin1')
    })
  }
  close(): void {
    this.socket?.destroy()
    this.socket = null
  }
}

export class AskOurs implements Asked {
  readonly ours = new Ours()
  now(request: readonly string[]): ParsedReply {
    const parser = new ReplyParser()
    parser.feed(this.ours.say(1, encode(request)).get(1) ?? '')
    return parser.next() ?? null
  }
  /** What the server has on its disk. */
  fileBytes(name: string): string {
    const { files } = this.ours as unknown as { readonly files: ReadonlyMap<string, string> }
    return files.get(name) ?? `no ${name}, but ${[...files.keys()].join(' ')}`
  }
  ask(requests: readonly (readonly string[])[]): Promise<ParsedReply[]> {
    return Promise.resolve(requests.map((r) => this.now(r)))
  }
}
export const printed = (r: ParsedReply | undefined): string => (r === undefined ? '(nothing)' : formatTty(r))

// ---- whole values -----------------------------------------------------------------------------------------------

const le = (n: number, bytes: number): string => {
  let out = ''
  for (let i = 0; i < bytes; i++) out += String.fromCharCode(Math.floor(n / 256 ** i) % 256)
  return out
}
/** An RDB length. */
export const rdbLength = (n: number): string =>
  n < 64
    ? String.fromCharCode(n)
    : n < 16384
      ? String.fromCharCode(64 | (n >> 8), n & 255)
      : `\x80${[...le(n, 4)].reverse().join('')}`
export const rdbString = (b: string): string => rdbLength(b.length) + b
export const withFooter = (body: string): string => {
  const all = `${body}\x0a\0`
  return all + crc64(all).littleEndian()
}

/** A ziplist as Redis up to 6.2 wrote it. */
export function ziplist(entries: readonly (string | number)[]): string {
  let body = ''
  let prev = 0
  let tail = 10
  for (const e of entries) {
    tail = 10 + body.length
    let entry = prev < 254 ? le(prev, 1) : `\xfe${le(prev, 4)}`
    if (typeof e === 'number') {
      if (e >= 0 && e <= 12) entry += le(0xf1 + e, 1)
      else if (e >= -128 && e < 128) entry += `\xfe${le(e & 255, 1)}`
      else if (e >= -32768 && e < 32768) entry += `\xc0${le(e & 65535, 2)}`
      else if (e >= -8388608 && e < 8388608) entry += `\xf0${le(e & 0xffffff, 3)}`
      else entry += `\xd0${le(e >>> 0, 4)}`
    } else if (e.length < 64) entry += le(e.length, 1) + e
    else if (e.length < 16384) entry += String.fromCharCode(64 | (e.length >> 8), e.length & 255) + e
    else entry += `\x80${[...le(e.length, 4)].reverse().join('')}${e}`
    prev = entry.length
    body += entry
  }
  return `${le(11 + body.length, 4)}${le(tail, 4)}${le(entries.length, 2)}${body}\xff`
}
/** A zipmap as Redis up to 2.4 wrote it. */
export function zipmap(pairs: readonly (readonly [string, string])[]): string {
  const len = (n: number): string => (n < 254 ? le(n, 1) : `\xfe${le(n, 4)}`)
  return `${le(Math.min(pairs.length, 254), 1)}${pairs.map(([f, v]) => `${len(f.length)}${f}${len(v.length)}\0${v}`).join('')}\xff`
}

/** What to make in the real server, by name of the payload. */
const MAKE: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'string int': [['set', 'k', '12345']],
  'string int32': [['set', 'k', '-1234567']],
  'string embstr': [['set', 'k', 'hello world']],
  'string raw': [['set', 'k', '0123456789'.repeat(5)]],
  'string lzf': [['set', 'k', `${'abc'.repeat(30)}xyz${'defg'.repeat(20)}`]],
  list: [['rpush', 'k', 'a', '1', '-300', '70000', 'b'.repeat(70), '9223372036854775807', '']],
  'list of nodes': [
    ['config', 'set', 'list-max-listpack-size', '3'],
    ['lpush', 'k', ...'abcdefgh'],
    ['config', 'set', 'list-max-listpack-size', '-2'],
  ],
  'list plain': [
    ['debug', 'quicklist-packed-threshold', '20b'],
    ['rpush', 'k', 'a', 'p'.repeat(30), 'b', `q${'0123456789'.repeat(4)}`],
    ['debug', 'quicklist-packed-threshold', '0'],
  ],
  intset: [['sadd', 'k', '1', '2', '300', '-5']],
  'intset 8': [['sadd', 'k', '1', '-2', '9223372036854775807', '70000']],
  'set hashtable': [['sadd', 'k', 'a', 'bb', 'ccc', '1', '']],
  'hash listpack': [['hset', 'k', 'f', 'v', 'g', '2', '3', 'x'.repeat(64), 'h', '-5000']],
  'hash hashtable': [['hset', 'k', 'f', 'v'.repeat(70), 'g', '2', '3', 'x']],
  'zset listpack': [['zadd', 'k', '1', 'a', '2.5', 'b', '3', '7', 'inf', 'z']],
  'zset skiplist': [['zadd', 'k', '1', 'a'.repeat(70), '2.5', 'b', '-inf', 'c']],
  stream: [
    ['xadd', 'k', '1-1', 'f', 'v', 'g', 'w'],
    ['xadd', 'k', '2-1', 'f', 'v2', 'g', 'w2'],
    ['xadd', 'k', '3-1', 'other', 'v3'],
    ['xdel', 'k', '2-1'],
    ['xgroup', 'create', 'k', 'grp', '0'],
    ['xreadgroup', 'group', 'grp', 'alice', 'streams', 'k', '>'],
    ['xgroup', 'createconsumer', 'k', 'grp', 'bob'],
  ],
}
const lengthOf = (a: readonly unknown[]): string => rdbLength(a.length)
const OLD: Readonly<Record<string, string>> = {
  'old list': `\x01${lengthOf([1, 2, 3])}${rdbString('a')}${rdbString('b')}\xc0\x05`,
  'old zset': `\x03${lengthOf([1, 2, 3])}${rdbString('a')}\x011${rdbString('b')}\x042.25${rdbString('c')}\xff`,
  zipmap: `\x09${rdbString(
    zipmap([
      ['f', 'v'],
      ['gg', 'ww'],
      ['h', ''],
    ]),
  )}`,
  'list ziplist': `\x0a${rdbString(ziplist(['a', 5, -100, 1000, 'x'.repeat(70), 70000, -9000000]))}`,
  'zset ziplist': `\x0c${rdbString(ziplist(['a', 1, 'b', '2.5', 'c', 300]))}`,
  'hash ziplist': `\x0d${rdbString(ziplist(['f', 'v', 'g', 12, 3, 'x'.repeat(20)]))}`,
  'quicklist of ziplists': `\x0e${rdbLength(2)}${rdbString(ziplist(['a', 'b', 1]))}${rdbString(ziplist(['c', 40000]))}`,
}

/** Payloads without their footers, by name: each type and encoding of today, dumped by the real server, and those of old. */
export async function wholeValues(real: Asked): Promise<Map<string, string>> {
  const out = new Map<string, string>()
  for (const [name, requests] of Object.entries(MAKE)) {
    const replies = await real.ask([['del', 'k'], ...requests, ['dump', 'k']])
    out.set(name, (replies[replies.length - 1] as string).slice(0, -10))
  }
  for (const [name, body] of Object.entries(OLD)) out.set(name, body)
  return out
}

/** A spoiled copy: seeds give the same one again. */
export function spoil(body: string, rng: Prng): string {
  const cut = (s: string, at: number, n: number, put: string): string => s.slice(0, at) + put + s.slice(at + n)
  const SPECIAL = [0, 1, 2, 63, 64, 127, 128, 129, 192, 193, 194, 195, 223, 240, 241, 244, 245, 253, 254, 255]
  let s = body
  for (let n = 1 + (rng.below(4) === 0 ? rng.below(4) : 0); n > 0; n--) {
    const at = rng.below(s.length)
    const byte = String.fromCharCode(rng.below(2) === 0 ? rng.below(256) : (SPECIAL[rng.below(SPECIAL.length)] ?? 0))
    switch (rng.below(10)) {
      case 0:
        s = s.slice(0, at)
        break
      case 1:
        s = cut(s, at, 0, byte)
        break
      case 2:
        s = cut(s, at, 1 + rng.below(3), '')
        break
      case 3:
        s = s + byte.repeat(1 + rng.below(12))
        break
      case 4: {
        // A piece once more: duplicates.
        const piece = s.slice(at, at + 1 + rng.below(8))
        s = cut(s, rng.below(s.length), rng.below(2) === 0 ? piece.length : 0, piece)
        break
      }
      case 5:
        s = cut(s, at, 1, String.fromCharCode(s.charCodeAt(at) ^ (1 << rng.below(8))))
        break
      case 6:
        s = cut(s, at, 1, String.fromCharCode((s.charCodeAt(at) + (rng.below(2) === 0 ? 1 : 255)) & 255))
        break
      default:
        s = cut(s, at, 1, byte)
    }
    if (s.length === 0) s = '\0'
  }
  return s
}
export const escaped = (b: string): string =>
  utf8Encode(
    JSON.stringify(
      [...b].map((c) => (c >= ' ' && c <= '~' ? c : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)).join(''),
    ),
  )
