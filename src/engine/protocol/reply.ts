/**
 * Reply values. A command handler returns one of these, never bytes; the writer knows RESP2 and RESP3.
 *
 *   string       bulk string            number, bigint   integer          null   nil (RESP2 $-1, RESP3 _)
 *   array        array of replies       Status, RedisError, and the tagged RESP3 shapes below
 */
import type { Bytes } from '../bytes/bytes.ts'

export type Reply = Bytes | number | bigint | null | readonly Reply[] | Tagged

export type Tagged =
  | { readonly t: 'status'; readonly text: Bytes }
  | { readonly t: 'error'; readonly text: Bytes } // whole line after '-': "ERR syntax error"
  | { readonly t: 'nullArray' } // RESP2 *-1, RESP3 _
  | { readonly t: 'double'; readonly value: number } // RESP2: bulk string, RESP3: ','
  | { readonly t: 'bool'; readonly value: boolean } // RESP2: integer 1/0
  | { readonly t: 'map'; readonly pairs: readonly Reply[] } // flat key, value, …; RESP2: array
  | { readonly t: 'set'; readonly items: readonly Reply[] } // RESP2: array
  | { readonly t: 'verbatim'; readonly format: 'txt' | 'mkd'; readonly text: Bytes } // RESP2: bulk
  | { readonly t: 'bigNumber'; readonly text: Bytes } // RESP2: bulk
  | { readonly t: 'attribute'; readonly pairs: readonly Reply[] }
  | { readonly t: 'push'; readonly items: readonly Reply[] } // RESP2: array
  | { readonly t: 'raw'; readonly bytes: Bytes } // already encoded
  | { readonly t: 'none' } // nothing is sent (blocked, CLIENT REPLY OFF, SUBSCRIBE wrote its own)

export const OK: Reply = { t: 'status', text: 'OK' }
export const QUEUED: Reply = { t: 'status', text: 'QUEUED' }
export const PONG: Reply = { t: 'status', text: 'PONG' }
export const NULL_ARRAY: Reply = { t: 'nullArray' }
export const NO_REPLY: Reply = { t: 'none' }
export const status = (text: Bytes): Reply => ({ t: 'status', text })
export const double = (value: number): Reply => ({ t: 'double', value })
export const map = (pairs: readonly Reply[]): Reply => ({ t: 'map', pairs })
export const set = (items: readonly Reply[]): Reply => ({ t: 'set', items })
export const verbatim = (text: Bytes, format: 'txt' | 'mkd' = 'txt'): Reply => ({ t: 'verbatim', format, text })

/** An error reply, thrown by handlers before the first mutation and caught in one place (`call`). `line` as on the wire after '-'. */
export class RedisError extends Error {
  readonly line: Bytes
  constructor(line: Bytes) {
    super(line)
    this.line = line
  }
}
export const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value'
export const SYNTAX_ERROR = 'ERR syntax error'
export const NOT_INTEGER = 'ERR value is not an integer or out of range'
export const NOT_FLOAT = 'ERR value is not a valid float'
export const OUT_OF_RANGE = 'ERR index out of range'
export const NO_SUCH_KEY = 'ERR no such key'
