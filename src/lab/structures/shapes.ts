/**
 * What the Structures screen needs, read out of the views 'keys', 'dict' and 'object' with care: a field that is missing
 * leaves its part of the picture out, it never breaks the page.
 */
export interface KeyRow {
  readonly name: string
  readonly type: string
  readonly encoding: string
  readonly ttl: number | null
}

type Rec = Record<string, unknown>
export const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {})
export const arr = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : [])
export const num = (v: unknown): number | null => (typeof v === 'number' ? v : typeof v === 'bigint' ? Number(v) : null)
export const str = (v: unknown): string => (typeof v === 'string' ? v : v === null || v === undefined ? '' : String(v))
/** The first of the named fields that is there. */
export const pick = (r: Rec, ...names: string[]): unknown => {
  for (const n of names) if (r[n] !== undefined) return r[n]
  return undefined
}

export function readKeys(data: unknown): { keys: KeyRow[]; total: number } {
  const list = Array.isArray(data) ? data : arr(pick(rec(data), 'keys', 'items', 'rows'))
  const keys = list.map((row): KeyRow => {
    const r = rec(row)
    const ttl = num(pick(r, 'ttlMs', 'ttl'))
    return {
      name: str(pick(r, 'key', 'name')) || (typeof row === 'string' ? row : ''),
      type: str(pick(r, 'type')),
      encoding: str(pick(r, 'encoding')),
      ttl: ttl !== null && ttl >= 0 ? ttl : null,
    }
  })
  return { keys, total: num(pick(rec(data), 'size', 'total')) ?? keys.length }
}

export interface TableShape {
  readonly size: number
  readonly used: number
  readonly buckets: readonly { readonly index: number; readonly keys: readonly string[] }[]
}
export interface DictShape {
  readonly rehashidx: number
  readonly tables: readonly TableShape[]
}

export function readDict(data: unknown): DictShape | null {
  const top = rec(data)
  const d = rec(pick(top, 'dict', 'main', 'keys') ?? top)
  const source = Object.keys(d).length > 0 ? d : top
  const tables = arr(pick(source, 'tables', 'ht', 'ht_table')).map((t): TableShape => {
    const r = rec(t)
    const buckets = arr(pick(r, 'buckets', 'chains', 'rows')).map((b, i) => {
      if (Array.isArray(b))
        return typeof b[0] === 'number' && Array.isArray(b[1])
          ? { index: b[0], keys: b[1].map(str) }
          : { index: i, keys: b.map(str) }
      const one = rec(b)
      return {
        index: num(pick(one, 'index', 'bucket', 'i')) ?? i,
        keys: arr(pick(one, 'keys', 'entries', 'chain')).map((k) =>
          typeof k === 'string' ? k : str(pick(rec(k), 'key', 'name')),
        ),
      }
    })
    return { size: num(pick(r, 'size')) ?? buckets.length, used: num(pick(r, 'used')) ?? 0, buckets }
  })
  return tables.length === 0 ? null : { rehashidx: num(pick(source, 'rehashidx')) ?? -1, tables }
}

export interface ObjectShape {
  readonly type: string
  readonly encoding: string
  readonly raw: Rec
}
export function readObject(data: unknown): ObjectShape | null {
  const r = rec(data)
  const encoding = str(pick(r, 'encoding'))
  return encoding === '' ? null : { type: str(pick(r, 'type')), encoding, raw: r }
}

/** Bytes come as a binary string, hex text, an array of numbers or a Uint8Array. */
export function readBytes(v: unknown): Uint8Array | null {
  if (v instanceof Uint8Array) return v
  if (Array.isArray(v) && v.every((x) => typeof x === 'number')) return Uint8Array.from(v)
  if (typeof v !== 'string') return null
  return Uint8Array.from(v, (c) => c.charCodeAt(0))
}

export interface ListpackEntry {
  readonly offset: number
  readonly length: number
  readonly encodingBytes: number
  readonly backlen: number
  readonly value: string
}

/** Reads the entries out of a listpack's bytes: encoding byte(s), data, and the length written again at the end. */
export function listpackEntries(b: Uint8Array, most = 4096): ListpackEntry[] {
  const out: ListpackEntry[] = []
  const view = new DataView(b.buffer, b.byteOffset, b.byteLength)
  let p = 6
  while (p < b.length && b[p] !== 0xff && out.length < most) {
    const e = entryAt(b, view, p)
    if (!e || p + e.body > b.length) break
    const backlen = e.body <= 127 ? 1 : e.body < 16383 ? 2 : e.body < 2097151 ? 3 : e.body < 268435455 ? 4 : 5
    out.push({ offset: p, length: e.body + backlen, encodingBytes: e.head, backlen, value: e.value })
    p += e.body + backlen
  }
  return out
}

function entryAt(b: Uint8Array, view: DataView, p: number): { head: number; body: number; value: string } | null {
  const c = b[p] ?? 0
  const text = (head: number, n: number) => ({
    head,
    body: head + n,
    value: `"${latin(b.subarray(p + head, p + head + Math.min(n, 400)))}${n > 400 ? '…' : ''}"`,
  })
  if (c < 0x80) return { head: 1, body: 1, value: String(c) }
  if (c < 0xc0) return text(1, c & 0x3f)
  if (c < 0xe0) {
    const n = ((c & 0x1f) << 8) | (b[p + 1] ?? 0)
    return { head: 1, body: 2, value: String(n >= 4096 ? n - 8192 : n) }
  }
  if (c < 0xf0) return text(2, ((c & 0x0f) << 8) | (b[p + 1] ?? 0))
  if (c === 0xf0) return p + 5 > b.length ? null : text(5, view.getUint32(p + 1, true))
  if (c === 0xf1) return p + 3 > b.length ? null : { head: 1, body: 3, value: String(view.getInt16(p + 1, true)) }
  if (c === 0xf2)
    return p + 4 > b.length
      ? null
      : { head: 1, body: 4, value: String(((view.getUint16(p + 1, true) | ((b[p + 3] ?? 0) << 16)) << 8) >> 8) }
  if (c === 0xf3) return p + 5 > b.length ? null : { head: 1, body: 5, value: String(view.getInt32(p + 1, true)) }
  if (c === 0xf4) return p + 9 > b.length ? null : { head: 1, body: 9, value: String(view.getBigInt64(p + 1, true)) }
  return null
}

const latin = (b: Uint8Array) =>
  Array.from(b, (c) => (c < 32 || c > 126 ? `\\x${c.toString(16).padStart(2, '0')}` : String.fromCharCode(c))).join('')
export const hex = (n: number) => n.toString(16).padStart(2, '0')
