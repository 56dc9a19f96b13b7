/**
 * Reading requests. A client sends either the multibulk form, `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, or a line as typed into
 * telnet, `GET k\r\n`; the first byte of each request tells which. TCP cuts the stream anywhere, so the reader keeps what it
 * has until a request is complete: `multibulklen` arguments are still to come and the next has `bulklen` bytes.
 *
 * Invariants: bytes before `pos` are consumed; an incomplete request never leaves `argv` visible; while a big bulk is
 * awaited, chunks are collected without being joined, so that a value of n bytes costs n, not n squared.
 *
 * Kept exactly: limits, their texts, and their order. Simplified: nothing.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { splitArgs } from '../bytes/quote.ts'

export const PROTO_INLINE_MAX_SIZE = 65536
const INT_MAX = 2147483647

export interface RequestLimits {
  readonly protoMaxBulkLen: number
}

export class RequestReader {
  private buf: Bytes = ''
  private pos = 0
  private chunks: Bytes[] = []
  private chunkBytes = 0
  /** Unread bytes needed before another look at the buffer can help. */
  private need = 0
  private multibulklen = 0
  private bulklen = -1
  private inMultibulk = false
  private argv: Bytes[] = []
  /** Set when the stream is broken: the text after "Protocol error: ". */
  error: string | null = null
  /** The client has not authenticated: small limits hold. */
  unauthenticated = false

  /** Unread bytes. */
  get buffered(): number {
    return this.buf.length - this.pos + this.chunkBytes
  }
  /** Bytes of the stream that belong to the request being read and are already consumed (a master's offset must not count them). */
  partialBytes = 0
  /** Bytes in memory: the unread ones and those read since the last feed. */
  get held(): number {
    return this.buf.length + this.chunkBytes
  }
  /** For the log. */
  unread(): Bytes {
    return this.buf.slice(this.pos) + this.chunks.join('')
  }
  /** Arguments of the request being read (CLIENT LIST's argv-mem). */
  get partialArgv(): readonly Bytes[] {
    return this.argv
  }

  feed(bytes: Bytes): void {
    if (this.need > 0) {
      this.chunks.push(bytes)
      this.chunkBytes += bytes.length
      if (this.buffered < this.need) return
      const rest = this.buf.slice(this.pos)
      this.buf = rest + this.chunks.join('')
      this.pos = 0
      this.chunks = []
      this.chunkBytes = 0
      this.need = 0
      return
    }
    this.buf = this.pos >= this.buf.length ? bytes : this.buf.slice(this.pos) + bytes
    this.pos = 0
  }
  clear(): void {
    this.buf = ''
    this.pos = 0
    this.chunks = []
    this.chunkBytes = this.need = 0
    this.multibulklen = 0
    this.inMultibulk = false
    this.bulklen = -1
    this.argv = []
  }

  /** The next request; null when more bytes are needed or the stream is broken. An empty request gives []. */
  next(limits: RequestLimits): Bytes[] | null {
    if (this.need > 0 || this.error !== null || this.pos >= this.buf.length) return null
    if (!this.inMultibulk) {
      if (this.buf.charCodeAt(this.pos) !== 42) return this.inline()
      const whole = this.whole()
      if (whole !== null) return whole
      const start = this.pos
      if (!this.multibulkHeader()) return null
      if (this.multibulklen <= 0) return []
      this.partialBytes = this.pos - start
      this.inMultibulk = true
      this.argv = []
    }
    return this.bulks(limits)
  }

  /** A request that lies before us whole and has few, short arguments, as nearly all do; null leaves it to the careful way. */
  private whole(): Bytes[] | null {
    const buf = this.buf
    const size = buf.length
    let p = this.pos
    const n = buf.charCodeAt(p + 1) - 48
    if (!(n >= 1 && n <= 9) || buf.charCodeAt(p + 2) !== 13) return null
    p += 4
    let [first, second, third] = ['', '', '']
    let more: Bytes[] | null = null
    for (let i = 0; i < n; i++) {
      if (buf.charCodeAt(p) !== 36) return null
      let len = buf.charCodeAt(p + 1) - 48
      if (!(len >= 1 && len <= 9)) return null
      p += 2
      let d = buf.charCodeAt(p) - 48
      if (d >= 0 && d <= 9) {
        len = len * 10 + d
        d = buf.charCodeAt(++p) - 48
        if (d >= 0 && d <= 9) {
          len = len * 10 + d
          p++
        }
      }
      if (buf.charCodeAt(p) !== 13) return null
      p += 2
      if (p + len + 2 > size) return null
      const arg = buf.substring(p, p + len)
      if (i === 0) first = arg
      else if (i === 1) second = arg
      else if (i === 2) third = arg
      else if (more === null) more = [first, second, third, arg]
      else more.push(arg)
      p += len + 2
    }
    this.pos = p
    this.partialBytes = 0
    return more !== null ? more : n === 3 ? [first, second, third] : n === 2 ? [first, second] : [first]
  }

  /** strchr, which Redis uses: what stands behind a zero byte is not seen. */
  private find(c: string): number {
    const at = this.buf.indexOf(c, this.pos)
    return at !== -1 && this.buf.slice(this.pos, at).includes('\0') ? -1 : at
  }
  private inline(): Bytes[] | null {
    const nl = this.find('\n')
    if (nl === -1) {
      if (this.buf.length - this.pos > PROTO_INLINE_MAX_SIZE) this.error = 'too big inline request'
      return null
    }
    const end = nl > this.pos && this.buf.charCodeAt(nl - 1) === 13 ? nl - 1 : nl
    const argv = splitArgs(this.buf.slice(this.pos, end))
    if (argv === null) {
      this.error = 'unbalanced quotes in request'
      return null
    }
    this.pos = nl + 1
    return argv
  }

  private multibulkHeader(): boolean {
    const cr = this.find('\r')
    if (cr === -1) {
      if (this.buf.length - this.pos > PROTO_INLINE_MAX_SIZE) this.error = 'too big mbulk count string'
      return false
    }
    if (cr + 2 > this.buf.length) return false
    const n = parseLength(this.buf, this.pos + 1, cr)
    if (!(n <= INT_MAX)) {
      this.error = 'invalid multibulk length'
      return false
    }
    if (n > 10 && this.unauthenticated) {
      this.error = 'unauthenticated multibulk length'
      return false
    }
    this.pos = cr + 2
    this.multibulklen = n
    return true
  }

  private bulks(limits: RequestLimits): Bytes[] | null {
    const buf = this.buf
    const size = buf.length
    let pos = this.pos
    const argv = this.argv
    while (this.multibulklen > 0) {
      let len = this.bulklen
      if (len === -1) {
        // Lengths of one digit and a bit are nearly all: read digits directly and check the rest only on surprise.
        let p = pos + 1
        let d = size > pos ? buf.charCodeAt(p) - 48 : -1
        if (size > pos && buf.charCodeAt(pos) === 36 && d > 0 && d <= 9) {
          len = d
          p++
          while (p < size && (d = buf.charCodeAt(p) - 48) >= 0 && d <= 9 && len < 1e8) {
            len = len * 10 + d
            p++
          }
          if (p + 1 >= size || buf.charCodeAt(p) !== 13) {
            this.partialBytes += pos - this.pos
            this.pos = pos
            len = this.bulkHeader(limits)
            if (len < 0) return null
            this.partialBytes += this.pos - pos
            pos = this.pos
          } else {
            pos = p + 2
            if (len > 16384 && this.unauthenticated) {
              this.error = 'unauthenticated bulk length'
              return null
            }
            if (len > limits.protoMaxBulkLen) {
              this.error = 'invalid bulk length'
              return null
            }
          }
        } else {
          this.partialBytes += pos - this.pos
          this.pos = pos
          len = this.bulkHeader(limits)
          if (len < 0) return null
          this.partialBytes += this.pos - pos
          pos = this.pos
        }
      }
      if (size - pos < len + 2) {
        this.bulklen = len
        this.partialBytes += pos - this.pos
        this.pos = pos
        this.need = len + 2
        return null
      }
      argv.push(buf.slice(pos, pos + len))
      pos += len + 2
      this.bulklen = -1
      this.multibulklen--
    }
    this.pos = pos
    this.inMultibulk = false
    this.argv = []
    this.partialBytes = 0
    return argv
  }

  /** `$<len>\r\n` the careful way; -1 when incomplete or broken. */
  private bulkHeader(limits: RequestLimits): number {
    const cr = this.find('\r')
    if (cr === -1) {
      if (this.buf.length - this.pos > PROTO_INLINE_MAX_SIZE) this.error = 'too big bulk count string'
      return -1
    }
    if (cr + 2 > this.buf.length) return -1
    if (this.buf.charCodeAt(this.pos) !== 36) {
      this.error = `expected '$', got '${this.buf.charAt(this.pos)}'`
      return -1
    }
    const n = parseLength(this.buf, this.pos + 1, cr)
    if (!(n >= 0) || n > limits.protoMaxBulkLen) {
      this.error = 'invalid bulk length'
      return -1
    }
    if (n > 16384 && this.unauthenticated) {
      this.error = 'unauthenticated bulk length'
      return -1
    }
    this.pos = cr + 2
    return n
  }
}

/** string2ll over buf[from, to): strict decimal, NaN when it is not. */
export function parseLength(buf: Bytes, from: number, to: number): number {
  let p = from
  let negative = false
  if (to - p > 20 || p >= to) return Number.NaN
  if (to - p === 1 && buf.charCodeAt(p) === 48) return 0
  if (buf.charCodeAt(p) === 45) {
    negative = true
    p++
  }
  const first = buf.charCodeAt(p) - 48
  if (p >= to || !(first >= 1 && first <= 9)) return Number.NaN
  let n = 0
  for (; p < to; p++) {
    const d = buf.charCodeAt(p) - 48
    if (d < 0 || d > 9) return Number.NaN
    n = n * 10 + d
  }
  return n > 9223372036854775807 ? Number.NaN : negative ? -n : n
}
