/**
 * The checking argument reader. Each function reads one argument or throws the error reply that Redis gives for it, so
 * that a handler's first lines are its grammar. 64-bit integers come back as a number when that is exact, else a bigint.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { INT64_MAX, INT64_MIN, type Int64, parseDouble, parseInt64 } from '../bytes/numbers.ts'
import { NOT_FLOAT, NOT_INTEGER, RedisError, SYNTAX_ERROR } from '../protocol/reply.ts'

export { INT64_MAX, INT64_MIN, type Int64 }

export function fail(line: string): never {
  throw new RedisError(line)
}
/** An argument in an error text that C formats with %s: it ends at its first NUL. */
export function cText(arg: Bytes | undefined): Bytes {
  const text = arg ?? ''
  const nul = text.indexOf('\0')
  return nul < 0 ? text : text.slice(0, nul)
}
export function syntaxError(): never {
  throw new RedisError(SYNTAX_ERROR)
}
/** `ERR wrong number of arguments for 'get' command`; `name` as it stands in the table, "config|get" for subcommands. */
export function wrongArity(name: string): never {
  throw new RedisError(`ERR wrong number of arguments for '${name}' command`)
}

/** ASCII case does not matter. `word` is a literal of ours, in any case. */
export function equalsIgnoreCase(arg: Bytes | undefined, word: string): boolean {
  return arg !== undefined && arg.length === word.length && (arg === word || arg.toLowerCase() === word.toLowerCase())
}

/** The argument as a lower-case word, for `switch`. */
export function word(arg: Bytes | undefined): string {
  return arg === undefined ? '' : arg.toLowerCase()
}

/** A 64-bit integer in Redis's strict notation (string2ll). */
export function parseIntArg(arg: Bytes | undefined, error: string = NOT_INTEGER): Int64 {
  const n = arg === undefined ? null : parseInt64(arg)
  if (n === null) throw new RedisError(error)
  return n
}

export function parseBigArg(arg: Bytes | undefined, error: string = NOT_INTEGER): bigint {
  return BigInt(parseIntArg(arg, error))
}

/**
 * A long that is used as an index or a count: a number, rounded when it is beyond 2^53 (no index is that large).
 * With a range: `ERR value is out of range, value must between min and max`, or `error` when given.
 */
export function parseLongArg(arg: Bytes | undefined, min?: number, max?: number, error?: string): number {
  const n = Number(parseIntArg(arg, error ?? NOT_INTEGER))
  if ((min !== undefined && n < min) || (max !== undefined && n > max)) {
    const lo = min === undefined ? INT64_MIN : exactBound(min)
    const hi = max === undefined ? INT64_MAX : exactBound(max)
    throw new RedisError(error ?? `ERR value is out of range, value must between ${lo} and ${hi}`)
  }
  return n
}

function exactBound(n: number): bigint {
  if (n >= 9223372036854775807) return INT64_MAX
  if (n <= -9223372036854775807) return INT64_MIN
  return BigInt(Math.trunc(n))
}

/** `ERR value is out of range, must be positive` for negative numbers (zero is allowed, as in Redis). */
export function parsePositiveLongArg(arg: Bytes | undefined, error?: string): number {
  const n = Number(parseIntArg(arg, error ?? NOT_INTEGER))
  if (n < 0) throw new RedisError(error ?? 'ERR value is out of range, must be positive')
  return n
}

export function parseDoubleArg(arg: Bytes | undefined, error: string = NOT_FLOAT): number {
  const n = arg === undefined ? null : parseDouble(arg)
  if (n === null || Number.isNaN(n)) throw new RedisError(error)
  return n
}

/** Timeout in seconds with fractions, as BLPOP takes it; gives milliseconds, 0 is for ever. */
export function parseTimeoutSeconds(arg: Bytes | undefined): number {
  const seconds = parseDoubleArg(arg, 'ERR timeout is not a float or out of range')
  const ms = Math.ceil(seconds * 1000)
  // Redis converts to a 64-bit integer, and too much becomes the least there is.
  if (ms >= 9223372036854775807) throw new RedisError('ERR timeout is negative')
  if (ms < 0) throw new RedisError('ERR timeout is negative')
  return ms === 0 ? 0 : ms
}

/** Timeout in whole milliseconds, as WAIT and XREAD BLOCK take it. */
export function parseTimeoutMs(arg: Bytes | undefined): number {
  const ms = Number(parseIntArg(arg, 'ERR timeout is not an integer or out of range'))
  if (ms < 0) throw new RedisError('ERR timeout is negative')
  return ms
}

/** A SCAN cursor: strtoul of the whole word. */
export function parseCursorArg(arg: Bytes | undefined): number {
  // strtoul reads a C string, and nothing at all as 0.
  const text = cText(arg)
  if (arg !== undefined && text === '') return 0
  if (!/^[+-]?[0-9]+$/.test(text)) throw new RedisError('ERR invalid cursor')
  const n = BigInt(text.startsWith('+') ? text.slice(1) : text)
  if (n > 18446744073709551615n || n < -18446744073709551615n) throw new RedisError('ERR invalid cursor')
  return Number(BigInt.asUintN(64, n))
}

/** Python-like index range over `length` elements; null when it is empty. Inclusive bounds. */
export function clampRange(start: number, end: number, length: number): { start: number; end: number } | null {
  const s = start < 0 ? Math.max(0, length + start) : start
  let e = end < 0 ? length + end : end
  if (s > e || s >= length || e < 0) return null
  if (e >= length) e = length - 1
  return { start: s, end: e }
}
