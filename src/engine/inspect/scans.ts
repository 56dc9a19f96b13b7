/**
 * SCAN through the keyspace: which buckets a chain of SCAN calls has been in. The cursor is a bucket number whose bits are
 * counted from the left, so that a table that grows or shrinks meanwhile loses no bucket: it is stepped here the way
 * dictScan steps it, without touching an entry.
 */
import type { Bytes } from '../bytes/bytes.ts'
import type { Server } from '../server/server.ts'
import type { Dict } from '../structures/dict.ts'

const MOST_BUCKETS = 4096
const MOST_NAMES = 200_000

export interface ScanChain {
  /** Cursor of the last call, and the one it returned. */
  from: number
  next: number
  count: number
  calls: number
  /** Keys in the buckets of the last call. */
  emitted: number
  /** Size of ht[0] in the last call. */
  size: number
  /** Buckets of all calls of the chain: table and number. */
  readonly visited: (readonly [number, number])[]
  /** Those of the last call come last. */
  fresh: number
}

const reverse = (n: number): number => {
  let [v, out] = [n >>> 0, 0]
  for (let i = 0; i < 32; i++) {
    out = ((out << 1) | (v & 1)) >>> 0
    v >>>= 1
  }
  return out >>> 0
}
/** The increment of dictScan: at the high end of the mask, carried towards the low. */
export function nextBucket(v: number, mask: number): number {
  return reverse((reverse((v | ~mask) >>> 0) + 1) >>> 0)
}

/** What one SCAN with this cursor and COUNT goes through. */
export function walk(
  d: Dict<unknown>,
  from: number,
  count: number,
): { visited: [number, number][]; next: number; emitted: number } {
  const visited: [number, number][] = []
  let emitted = 0
  let v = from >>> 0
  if (d.size === 0) return { visited, next: 0, emitted }
  const visit = (table: 0 | 1, bucket: number): void => {
    if (visited.length < MOST_BUCKETS) visited.push([table, bucket])
    emitted += d.chainLength(table, bucket)
  }
  let rounds = count * 10
  do {
    if (!d.isRehashing) {
      const mask = d.tableSize(0) - 1
      visit(0, (v & mask) >>> 0)
      v = nextBucket(v, mask)
    } else {
      const small: 0 | 1 = d.tableSize(0) > d.tableSize(1) ? 1 : 0
      const large: 0 | 1 = small === 0 ? 1 : 0
      const [m0, m1] = [d.tableSize(small) - 1, d.tableSize(large) - 1]
      visit(small, (v & m0) >>> 0)
      do {
        visit(large, (v & m1) >>> 0)
        v = nextBucket(v, m1)
      } while ((v & (m0 ^ m1)) !== 0)
    }
  } while (v !== 0 && rounds-- > 0 && emitted < count)
  return { visited, next: v, emitted }
}

/** The chain after one more SCAN. */
export function follow(chain: ScanChain | undefined, d: Dict<unknown>, argv: readonly Bytes[]): ScanChain | undefined {
  const from = Number(argv[1])
  if (!Number.isInteger(from) || from < 0 || from > 0xffffffff) return chain
  let count = 10
  for (let i = 2; i + 1 < argv.length; i += 2)
    if ((argv[i] as Bytes).toLowerCase() === 'count') count = Number(argv[i + 1])
  if (!(count >= 1)) return chain
  const { visited, next, emitted } = walk(d, from, Math.min(count, 1_000_000))
  const goesOn = chain !== undefined && from !== 0 && chain.next === from
  const before = goesOn ? chain.visited : []
  return {
    from,
    next,
    count,
    calls: goesOn ? chain.calls + 1 : 1,
    emitted,
    size: d.tableSize(0),
    visited: [...before, ...visited].slice(-MOST_BUCKETS),
    fresh: visited.length,
  }
}

/** Names that would fall into one bucket of a table of that many buckets or more. */
export function viewCollisions(s: Server, args: readonly string[]) {
  const db = s.dbs[Number(args[0] ?? 0)]
  if (!db) return null
  const size = Math.max(4, db.dict.isRehashing ? db.dict.tableSize(1) : db.dict.tableSize(0)) * 4
  const mask = Math.min(size, 1024) - 1
  const wanted = 5
  const names: string[] = []
  let bucket = -1
  for (let i = 0; i < MOST_NAMES && names.length < wanted; i++) {
    const name = `same:${i}`
    const b = (db.dict.hashOf(name) & mask) >>> 0
    if (bucket === -1) bucket = b
    if (b === bucket && db.dict.peek(name) === undefined) names.push(name)
  }
  return { names, bucket, size: mask + 1 }
}
