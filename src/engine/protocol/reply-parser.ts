/**
 * Reading replies, incrementally: what redis-cli, Sentinel and a replica do with the bytes a server sends. Aggregates nest,
 * so open ones stand on a stack, each with the number of items it still lacks; a finished value is put into the aggregate
 * on top, which may finish that one too.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { parseDouble, parseInt64 } from '../bytes/numbers.ts'
import { quoteBytes } from '../bytes/quote.ts'

/** A plain tree; every value is also a `Reply`, so it can be written again. */
export type ParsedReply =
  | Bytes
  | number
  | bigint
  | null
  | ParsedReply[]
  | { readonly t: 'status'; readonly text: Bytes }
  | { readonly t: 'error'; readonly text: Bytes }
  | { readonly t: 'nullArray' }
  | { readonly t: 'double'; readonly value: number; readonly text: Bytes }
  | { readonly t: 'bool'; readonly value: boolean }
  | { readonly t: 'map'; readonly pairs: ParsedReply[] }
  | { readonly t: 'set'; readonly items: ParsedReply[] }
  | { readonly t: 'verbatim'; readonly format: 'txt' | 'mkd'; readonly text: Bytes }
  | { readonly t: 'bigNumber'; readonly text: Bytes }
  | { readonly t: 'attribute'; readonly pairs: ParsedReply[] }
  | { readonly t: 'push'; readonly items: ParsedReply[] }

const MAX_ELEMENTS = 4294967295
const MAX_STRING = Number.MAX_SAFE_INTEGER
const doubleOf = (line: Bytes): number | null =>
  parseDouble(line) ?? (/^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(line) && line !== '.' ? Number(line) : null)
/** hiredis's chrtos. */
const shown = (c: Bytes): Bytes => (c >= ' ' && c <= '~' ? JSON.stringify(c) : quoteBytes(c))

interface Open {
  readonly type: string
  left: number
  readonly items: ParsedReply[]
}

export class ReplyParser {
  private buf: Bytes = ''
  private pos = 0
  private chunks: Bytes[] = []
  private chunkBytes = 0
  private need = 0
  private stack: Open[] = []
  /** Set when the stream is not RESP. */
  error: string | null = null

  feed(bytes: Bytes): void {
    this.chunks.push(bytes)
    this.chunkBytes += bytes.length
    if (this.buf.length - this.pos + this.chunkBytes < this.need) return
    this.buf = this.buf.slice(this.pos) + (this.chunks.length === 1 ? bytes : this.chunks.join(''))
    this.pos = 0
    this.chunks = []
    this.chunkBytes = this.need = 0
  }
  get buffered(): number {
    return this.buf.length - this.pos + this.chunkBytes
  }
  /** Take all unread bytes away (a stream that stops being RESP, such as a full synchronisation). */
  takeRest(): Bytes {
    const rest = this.buf.slice(this.pos) + this.chunks.join('')
    this.buf = ''
    this.pos = this.chunkBytes = this.need = 0
    this.chunks = []
    return rest
  }

  /** The next whole reply; undefined when more bytes are needed or the stream is broken. */
  next(): ParsedReply | undefined {
    for (;;) {
      let v = this.value()
      if (v === undefined) return undefined
      if (v === OPENED) continue
      for (;;) {
        const top = this.stack[this.stack.length - 1]
        if (top === undefined) return v as ParsedReply
        top.items.push(v as ParsedReply)
        if (--top.left > 0) break
        this.stack.pop()
        v = finish(top)
      }
    }
  }

  private value(): ParsedReply | typeof OPENED | undefined {
    if (this.need > 0 || this.error !== null || this.pos >= this.buf.length) return undefined
    const cr = this.buf.indexOf('\r\n', this.pos)
    if (cr === -1) return undefined
    const type = this.buf.charAt(this.pos)
    const line = this.buf.slice(this.pos + 1, cr)
    const after = cr + 2
    if (type === '$' || type === '=' || type === '!') {
      const len = Number(parseInt64(line) ?? Number.NaN)
      if (Number.isNaN(len)) return this.broken('Bad bulk string length')
      if (len < -1 || len > MAX_STRING) return this.broken('Bulk string length out of range')
      if (len < 0) {
        this.pos = after
        return null
      }
      if (this.buf.length < after + len + 2) {
        this.need = after - this.pos + len + 2
        return undefined
      }
      const text = this.buf.slice(after, after + len)
      this.pos = after + len + 2
      if (type === '=' && text.charCodeAt(3) !== 58)
        return this.broken('Verbatim string 4 bytes of content type are missing or incorrectly encoded.')
      if (type === '!') return { t: 'error', text }
      return type === '$'
        ? text
        : { t: 'verbatim', format: text.startsWith('mkd') ? 'mkd' : 'txt', text: text.slice(4) }
    }
    this.pos = after
    switch (type) {
      case '+':
        return { t: 'status', text: line }
      case '-':
        return { t: 'error', text: line }
      case ':': {
        const n = parseInt64(line)
        return n === null ? this.broken('Bad integer value') : n
      }
      case '_':
        return line === '' ? null : this.broken('Bad nil value')
      case '#':
        if (!/^[tTfF]$/.test(line)) return this.broken('Bad bool value')
        return { t: 'bool', value: line === 't' || line === 'T' }
      case ',': {
        const value = line === 'nan' || line === '-nan' ? Number.NaN : doubleOf(line)
        return value === null ? this.broken('Bad double value') : { t: 'double', value, text: line }
      }
      case '(':
        if (!/^-?\d+$/.test(line)) return this.broken('Bad bignum value')
        return { t: 'bigNumber', text: line }
      case '*':
      case '%':
      case '~':
      case '>':
      case '|':
        return this.open(type, line)
      default:
        return this.broken(`Protocol error, got ${shown(type)} as reply type byte`)
    }
  }
  private open(type: string, line: string): ParsedReply | typeof OPENED | undefined {
    const n = Number(parseInt64(line) ?? Number.NaN)
    if (Number.isNaN(n)) return this.broken('Bad multi-bulk length')
    if (n < -1 || n > MAX_ELEMENTS) return this.broken('Multi-bulk length out of range')
    if (n < 0) return { t: 'nullArray' }
    const left = type === '%' || type === '|' ? n * 2 : n
    const o: Open = { type, left, items: [] }
    if (left === 0) return finish(o)
    this.stack.push(o)
    return OPENED
  }
  private broken(error: string): undefined {
    this.error = error
    return undefined
  }
}

const OPENED = Symbol('opened')

function finish(o: Open): ParsedReply {
  switch (o.type) {
    case '%':
      return { t: 'map', pairs: o.items }
    case '|':
      return { t: 'attribute', pairs: o.items }
    case '~':
      return { t: 'set', items: o.items }
    case '>':
      return { t: 'push', items: o.items }
    default:
      return o.items
  }
}
