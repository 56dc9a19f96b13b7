/**
 * How redis-cli 7.0.15 prints replies: for a terminal, raw, CSV and JSON. Replies are parsed values; in a terminal the
 * text ends with a newline of its own.
 */
import type { Bytes } from '../../bytes/bytes.ts'
import { quoteBytes } from '../../bytes/quote.ts'
import type { Reply, Tagged } from '../../protocol/reply.ts'

const isTagged = (r: Reply): r is Tagged => typeof r === 'object' && r !== null && !Array.isArray(r)

export const isError = (r: Reply): r is Extract<Tagged, { t: 'error' }> => isTagged(r) && r.t === 'error'
export const isPush = (r: Reply): r is Extract<Tagged, { t: 'push' }> => isTagged(r) && r.t === 'push'

/** A double as the server wrote it. */
function doubleText(d: { readonly value: number; readonly text?: Bytes }): string {
  if (d.text !== undefined) return d.text
  if (d.value === Infinity) return 'inf'
  if (d.value === -Infinity) return '-inf'
  return Number.isNaN(d.value) ? 'nan' : String(d.value)
}

interface Aggregate {
  readonly items: readonly Reply[]
  readonly isMap: boolean
  readonly separator: ')' | '~' | '#'
  readonly empty: string
}

function aggregate(r: Reply): Aggregate | null {
  if (Array.isArray(r)) return { items: r as readonly Reply[], isMap: false, separator: ')', empty: '(empty array)' }
  if (!isTagged(r)) return null
  if (r.t === 'map') return { items: r.pairs, isMap: true, separator: '#', empty: '(empty hash)' }
  if (r.t === 'set') return { items: r.items, isMap: false, separator: '~', empty: '(empty set)' }
  if (r.t === 'push') return { items: r.items, isMap: false, separator: ')', empty: '(empty push)' }
  return null
}

/** The form for people: types shown, strings quoted, arrays numbered. */
export function formatTty(r: Reply, prefix = ''): Bytes {
  if (r === null) return '(nil)\n'
  if (typeof r === 'number' || typeof r === 'bigint') return `(integer) ${r}\n`
  if (typeof r === 'string') return `${quoteBytes(r)}\n`
  const a = aggregate(r)
  if (a !== null) return formatTtyAggregate(a, prefix)
  const t = r as Tagged
  switch (t.t) {
    case 'error':
      return `(error) ${t.text}\n`
    case 'status':
    case 'verbatim':
      return `${t.text}\n`
    case 'double':
      return `(double) ${doubleText(t)}\n`
    case 'bool':
      return t.value ? '(true)\n' : '(false)\n'
    case 'bigNumber':
      return `(big number) ${t.text}\n`
    default:
      return '(nil)\n'
  }
}

/** A value of several entries begins on a line of its own behind its key. */
function takesLines(r: Reply): boolean {
  const a = aggregate(r)
  return a !== null && a.items.length > (a.isMap ? 2 : 1)
}

function formatTtyAggregate(a: Aggregate, prefix: string): Bytes {
  if (a.items.length === 0) return `${a.empty}\n`
  const step = a.isMap ? 2 : 1
  // Redis counts the digits of the element count; the nested prefix grows with them.
  const width = String(a.items.length / step).length
  const nested = prefix + ' '.repeat(width + 2)
  let out = ''
  for (let i = 0; i < a.items.length; i += step) {
    out += `${i === 0 ? '' : prefix}${String(i / step + 1).padStart(width)}${a.separator} `
    out += formatTty(a.items[i] as Reply, nested)
    if (!a.isMap) continue
    const value = a.items[i + 1] as Reply
    out = `${out.slice(0, -1)} => ${takesLines(value) ? `\n${nested}` : ''}${formatTty(value, nested)}`
  }
  return out
}

/** --raw, and what INFO and its kind always use. No newline at the end. `delimiter` (-d) stands between the elements. */
export function formatRaw(r: Reply, delimiter: Bytes = '\n'): Bytes {
  if (r === null) return ''
  if (typeof r === 'number' || typeof r === 'bigint') return String(r)
  if (typeof r === 'string') return r
  const a = aggregate(r)
  if (a !== null) {
    if (!a.isMap) return a.items.map((item) => formatRaw(item, delimiter)).join(delimiter)
    const lines: string[] = []
    for (let i = 0; i < a.items.length; i += 2)
      lines.push(`${formatRaw(a.items[i] as Reply, delimiter)} ${formatRaw(a.items[i + 1] as Reply, delimiter)}`)
    return lines.join(delimiter)
  }
  const t = r as Tagged
  switch (t.t) {
    case 'error':
      return `${t.text}\n`
    case 'status':
    case 'verbatim':
    case 'bigNumber':
      return t.text
    case 'double':
      return doubleText(t)
    case 'bool':
      return t.value ? '(true)' : '(false)'
    default:
      return ''
  }
}

export function formatCsv(r: Reply): Bytes {
  if (r === null) return 'NULL'
  if (typeof r === 'number' || typeof r === 'bigint') return String(r)
  if (typeof r === 'string') return quoteBytes(r)
  const a = aggregate(r)
  if (a !== null) return a.items.map(formatCsv).join(',')
  const t = r as Tagged
  switch (t.t) {
    case 'error':
      return `ERROR,${quoteBytes(t.text)}`
    case 'status':
    case 'verbatim':
      return quoteBytes(t.text)
    case 'double':
      return doubleText(t)
    case 'bool':
      return t.value ? 'true' : 'false'
    case 'bigNumber':
      return t.text
    default:
      return 'NULL'
  }
}

/** --json, and --quoted-json, which writes bytes that are not ASCII as escapes. */
export function formatJson(r: Reply, quoted = false): Bytes {
  const text = quoted ? quotedJsonString : jsonString
  if (r === null) return 'null'
  if (typeof r === 'number' || typeof r === 'bigint') return String(r)
  if (typeof r === 'string') return text(r)
  const a = aggregate(r)
  if (a !== null) {
    if (!a.isMap) return `[${a.items.map((item) => formatJson(item, quoted)).join(',')}]`
    const pairs: string[] = []
    for (let i = 0; i < a.items.length; i += 2) {
      const key = a.items[i] as Reply
      const name = typeof key === 'string' ? text(key) : text(formatJson(key, quoted))
      pairs.push(`${name}:${formatJson(a.items[i + 1] as Reply, quoted)}`)
    }
    return `{${pairs.join(',')}}`
  }
  const t = r as Tagged
  switch (t.t) {
    case 'error':
      return `error:${text(t.text)}`
    case 'status':
    case 'verbatim':
      return text(t.text)
    case 'double':
      return doubleText(t)
    case 'bool':
      return t.value ? 'true' : 'false'
    case 'bigNumber':
      return t.text
    default:
      return 'null'
  }
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
}

/** Bytes of 0x80 and above pass as they are: redis-cli takes them for UTF-8. */
function jsonString(b: Bytes): Bytes {
  let out = '"'
  for (const ch of b) {
    const escape = JSON_ESCAPES[ch]
    if (escape !== undefined) out += escape
    else if (ch < ' ') out += `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`
    else out += ch
  }
  return `${out}"`
}

/** As sdscatrepr writes it, with its backslashes doubled. */
const quotedJsonString = (b: Bytes): Bytes => quoteBytes(b).replaceAll('\\', '\\\\')
