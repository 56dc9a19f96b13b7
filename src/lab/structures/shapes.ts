/** The list of keys, read out of the view 'keys' with care: a field that is missing never breaks the page. */
export interface KeyRow {
  readonly name: string
  readonly type: string
  readonly encoding: string
  /** Milliseconds left; null when the key does not expire. */
  readonly ttl: number | null
  readonly expired: boolean
  readonly bytes: number
  readonly length: number
  /** Seconds since the last touch, or the LFU counter. */
  readonly idle: number
}

type Rec = Record<string, unknown>
export const rec = (v: unknown): Rec => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Rec) : {})
export const arr = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : [])
export const num = (v: unknown): number | null => (typeof v === 'number' ? v : typeof v === 'bigint' ? Number(v) : null)
export const str = (v: unknown): string => (typeof v === 'string' ? v : v === null || v === undefined ? '' : String(v))

export function readKeys(data: unknown): {
  keys: KeyRow[]
  total: number
  cursor: number
  lfu: boolean
  buckets: number
  looked: number
} {
  const list = Array.isArray(data) ? data : arr(rec(data)['keys'])
  const keys = list.map((row): KeyRow => {
    const r = rec(row)
    const ttl = num(r['ttlMs'])
    return {
      name: str(r['key']),
      type: str(r['type']),
      encoding: str(r['encoding']),
      ttl: ttl !== null && ttl >= 0 ? ttl : null,
      expired: r['expired'] === true,
      bytes: num(r['bytes']) ?? 0,
      length: num(r['length']) ?? 0,
      idle: num(r['idle']) ?? 0,
    }
  })
  return {
    keys,
    total: num(rec(data)['size']) ?? keys.length,
    cursor: num(rec(data)['cursor']) ?? 0,
    lfu: rec(data)['lfu'] === true,
    buckets: num(rec(data)['buckets']) ?? 0,
    looked: num(rec(data)['looked']) ?? 0,
  }
}
