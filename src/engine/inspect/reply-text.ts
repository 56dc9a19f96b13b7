/** A reply in a few words, as redis-cli prints it. */
import { quoteBytes } from '../bytes/quote.ts'
import type { Reply } from '../protocol/reply.ts'

const LONGEST = 60
const plural = (n: number): string => `${n} ${n === 1 ? 'element' : 'elements'}`

export function replyText(r: Reply): string {
  if (r === null) return '(nil)'
  if (typeof r === 'string') return quoteBytes(r.slice(0, LONGEST)) + (r.length > LONGEST ? '…' : '')
  if (typeof r === 'number' || typeof r === 'bigint') return `(integer) ${r}`
  if (!('t' in r)) return r.length === 0 ? '(empty array)' : plural(r.length)
  switch (r.t) {
    case 'status':
      return r.text
    case 'error':
      return `(error) ${r.text.slice(0, LONGEST * 2)}`
    case 'nullArray':
      return '(nil)'
    case 'double':
      return `(double) ${r.value}`
    case 'bool':
      return r.value ? '(true)' : '(false)'
    case 'map':
      return plural(r.pairs.length / 2)
    case 'set':
    case 'push':
      return plural(r.items.length)
    case 'verbatim':
    case 'bigNumber':
      return quoteBytes(r.text.slice(0, LONGEST))
    default:
      return ''
  }
}
export const isError = (r: Reply): boolean => typeof r === 'object' && r !== null && 't' in r && r.t === 'error'
