/**
 * Reply values to bytes. The same value is written differently for RESP2 and RESP3: a map is a flat array for one and
 * `%n` for the other, nil is `$-1` or `_`, a double is a bulk string or `,1.5`. Commands do not know which.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { formatDouble } from '../bytes/numbers.ts'
import { BulkWriter } from './bulk-writer.ts'
import { OK, type Reply, type Tagged } from './reply.ts'

/** `:n\r\n` and `$n\r\n` of small numbers, as Redis's shared objects; made when first used. */
const SHARED = 10000
const sharedInt: Bytes[] = new Array(SHARED).fill('')
const sharedBulk: Bytes[] = new Array(SHARED).fill('')
const integerHeader = (n: number): Bytes => {
  const s = sharedInt[n] as Bytes
  return s !== '' ? s : (sharedInt[n] = `:${n}\r\n`)
}
const bulkHeader = (n: number): Bytes => {
  if (n >= SHARED) return `$${n}\r\n`
  const s = sharedBulk[n] as Bytes
  return s !== '' ? s : (sharedBulk[n] = `$${n}\r\n`)
}

export function encodeReply(r: Reply, resp: 2 | 3): Bytes {
  if (r === OK) return '+OK\r\n'
  if (typeof r === 'string') return bulkHeader(r.length) + r + '\r\n'
  if (typeof r === 'number')
    return r >= 0 && r < SHARED && Number.isInteger(r) ? integerHeader(r) : `:${r === 0 ? 0 : integerText(r)}\r\n`
  if (r === null) return resp === 3 ? '_\r\n' : '$-1\r\n'
  if (typeof r === 'bigint') return `:${r}\r\n`
  if (Array.isArray(r)) return aggregate('*', r.length, r, resp)
  return encodeTagged(r as Tagged, resp)
}

const integerText = (n: number): string => (Math.abs(n) < 1e21 ? String(n) : BigInt(n).toString())

/** From this many elements on it pays to write bytes. */
const LONG = 8
const writer = new BulkWriter()
/** Undefined when there is more in it than strings and small numbers. */
function longAggregate(prefix: string, count: number, items: readonly Reply[]): Bytes | undefined {
  writer.begin(prefix, count)
  for (let i = 0; i < items.length; i++) {
    const r = items[i]
    if (typeof r === 'string') writer.bulk(r)
    else if (typeof r === 'number' && Number.isSafeInteger(r) && !Object.is(r, -0)) writer.integer(r)
    else return undefined
  }
  return writer.end()
}
function aggregate(prefix: string, count: number, items: readonly Reply[], resp: 2 | 3): Bytes {
  if (items.length >= LONG) {
    const bytes = longAggregate(prefix, count, items)
    if (bytes !== undefined) return bytes
  }
  let out = `${prefix}${count}\r\n`
  for (let i = 0; i < items.length; i++) out += encodeReply(items[i] as Reply, resp)
  return out
}

const bulk = (b: Bytes): Bytes => `${bulkHeader(b.length)}${b}\r\n`

function encodeTagged(r: Tagged, resp: 2 | 3): Bytes {
  switch (r.t) {
    case 'status':
      return `+${r.text}\r\n`
    case 'error':
      return `-${errorLine(r.text)}\r\n`
    case 'nullArray':
      return resp === 3 ? '_\r\n' : '*-1\r\n'
    case 'double':
      return resp === 3 ? `,${doubleText(r.value)}\r\n` : bulk(doubleText(r.value))
    case 'bool':
      return resp === 3 ? (r.value ? '#t\r\n' : '#f\r\n') : r.value ? ':1\r\n' : ':0\r\n'
    case 'map':
      return resp === 3
        ? aggregate('%', r.pairs.length / 2, r.pairs, resp)
        : aggregate('*', r.pairs.length, r.pairs, resp)
    case 'set':
      return aggregate(resp === 3 ? '~' : '*', r.items.length, r.items, resp)
    case 'verbatim':
      return resp === 3 ? `=${r.text.length + 4}\r\n${r.format}:${r.text}\r\n` : bulk(r.text)
    case 'bigNumber':
      return resp === 3 ? `(${r.text}\r\n` : bulk(r.text)
    case 'attribute':
      return resp === 3 ? aggregate('|', r.pairs.length / 2, r.pairs, resp) : ''
    case 'push':
      return aggregate(resp === 3 ? '>' : '*', r.items.length, r.items, resp)
    case 'raw':
      return r.bytes
    case 'none':
      return ''
  }
}

const doubleText = (d: number): Bytes =>
  d === Infinity ? 'inf' : d === -Infinity ? '-inf' : Number.isNaN(d) ? 'nan' : formatDouble(d)

/** An error is one line: afterErrorReply trims and flattens line breaks. */
export function errorLine(text: Bytes): Bytes {
  if (!text.includes('\r') && !text.includes('\n')) return text
  return text.replace(/[\r\n]+$/, '').replace(/[\r\n]/g, ' ')
}

/** A request as clients and replication send it. */
export function encodeCommand(argv: readonly Bytes[]): Bytes {
  let out = `*${argv.length}\r\n`
  for (let i = 0; i < argv.length; i++) {
    const a = argv[i] as string
    out += `$${a.length}\r\n${a}\r\n`
  }
  return out
}
