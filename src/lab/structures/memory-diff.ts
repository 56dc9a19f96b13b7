/** Two looks at memory, and what lies between them. */
export interface Line {
  readonly kind: 'part' | 'prefix' | 'key'
  readonly name: string
  readonly a: number
  readonly b: number
}
export interface Snapshot {
  readonly at: number
  readonly total: number
  readonly parts: readonly { readonly name: string; readonly value: number }[]
  readonly prefixes: readonly { readonly name: string; readonly bytes: number }[]
  readonly keys: readonly { readonly db: number; readonly key: string; readonly bytes: number }[]
}

function between(kind: Line['kind'], a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Line[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ kind, name, a: a.get(name) ?? 0, b: b.get(name) ?? 0 }))
    .filter((l) => l.a !== l.b)
    .sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a))
}
/** Only what differs, the largest difference first within each kind. */
export function diffOf(a: Snapshot, b: Snapshot): Line[] {
  const parts = (s: Snapshot) => new Map(s.parts.map((p) => [p.name, p.value]))
  const prefixes = (s: Snapshot) => new Map(s.prefixes.map((p) => [p.name, p.bytes]))
  const keys = (s: Snapshot) => new Map(s.keys.map((k) => [k.db === 0 ? k.key : `db${k.db} ${k.key}`, k.bytes]))
  return [
    ...between('part', parts(a), parts(b)),
    ...between('prefix', prefixes(a), prefixes(b)).slice(0, 12),
    ...between('key', keys(a), keys(b)).slice(0, 12),
  ]
}
export const signed = (n: number): string => `${n > 0 ? '+' : n < 0 ? '−' : ''}${Math.abs(n).toLocaleString('en')}`

/** Rows of groups, each group as wide as its share of its row, the largest first. */
export interface Tile<T> {
  readonly name: string
  readonly bytes: number
  readonly items: readonly T[]
}
export function groupByPrefix<T extends { readonly key: string; readonly bytes: number }>(
  list: readonly T[],
): Tile<T>[] {
  const groups = new Map<string, T[]>()
  for (const k of list) {
    const colon = k.key.indexOf(':')
    const name = colon > 0 ? `${k.key.slice(0, colon)}:*` : k.key
    groups.set(name, [...(groups.get(name) ?? []), k])
  }
  return [...groups]
    .map(([name, items]) => ({ name, items, bytes: items.reduce((n, k) => n + k.bytes, 0) }))
    .sort((a, b) => b.bytes - a.bytes)
}
export function rowsOf<T>(tiles: readonly Tile<T>[]): Tile<T>[][] {
  const total = tiles.reduce((n, t) => n + t.bytes, 0)
  const rows: Tile<T>[][] = []
  let row: Tile<T>[] = []
  let sum = 0
  for (const t of tiles) {
    row.push(t)
    sum += t.bytes
    if (sum > total / 3.5) {
      rows.push(row)
      row = []
      sum = 0
    }
  }
  if (row.length > 0) rows.push(row)
  return rows
}
