/**
 * What a ziplist (before Redis 7.0) would have made of the same values. Each entry begins with the length of the one before
 * it: 1 byte below 254, else 5. So an entry that grows past 253 bytes can make the next one grow, and that the next: the
 * cascade. A listpack entry ends with its own length instead, and nothing follows from it.
 */
import { Listpack } from '../../engine/structures/listpack.ts'

export interface ZipEntry {
  /** Bytes of encoding and data. */
  readonly body: number
  readonly prevlen: number
  /** 1 or 5. */
  readonly room: 1 | 5
}
export interface ZipStep {
  /** Which entry, after the insert, grew. */
  readonly index: number
  readonly before: number
  readonly after: number
  /** Bytes behind it that had to be moved. */
  readonly moved: number
}

const roomFor = (length: number): 1 | 5 => (length < 254 ? 1 : 5)
export const sizeOf = (e: ZipEntry): number => e.room + e.body

/** Encoding and data of a value, as ziplists keep it. */
export function bodyOf(value: string | number): number {
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (value >= 0 && value <= 12) return 1
    for (const bytes of [1, 2, 3, 4])
      if (value >= -(2 ** (8 * bytes - 1)) && value < 2 ** (8 * bytes - 1)) return 1 + bytes
    return 9
  }
  const n = String(value).length
  return n + (n < 64 ? 1 : n < 16384 ? 2 : 5)
}

/** As pushes at the tail leave them. */
export function layout(bodies: readonly number[]): ZipEntry[] {
  const out: ZipEntry[] = []
  for (const body of bodies) {
    const before = out.at(-1)
    const prevlen = before ? sizeOf(before) : 0
    out.push({ body, prevlen, room: roomFor(prevlen) })
  }
  return out
}

/** An entry put at the head: the entries then, and each step of the cascade. */
export function insertHead(list: readonly ZipEntry[], body: number): { list: ZipEntry[]; steps: ZipStep[] } {
  const out: ZipEntry[] = [{ body, prevlen: 0, room: 1 }, ...list]
  const steps: ZipStep[] = []
  for (let i = 1; i < out.length; i++) {
    const e = out[i] as ZipEntry
    const prevlen = sizeOf(out[i - 1] as ZipEntry)
    if (prevlen === e.prevlen && i > 1) break
    const room = roomFor(prevlen)
    if (room <= e.room) {
      // A field of 5 bytes is kept for a small length, so that the list does not shrink and grow in turns.
      out[i] = { ...e, prevlen }
      break
    }
    const moved = out.slice(i + 1).reduce((n, x) => n + sizeOf(x), 0) + e.body
    out[i] = { ...e, prevlen, room }
    steps.push({ index: i, before: sizeOf(e), after: sizeOf(out[i] as ZipEntry), moved })
  }
  return { list: out, steps }
}

/** The same insert into a real listpack: how many entries' bytes were written, how many bytes moved as they are. */
export function listpackInsertHead(
  values: readonly (string | number)[],
  value: string,
): { rewritten: number; moved: number; entries: number; total: number } {
  const lp = new Listpack()
  for (const v of values) lp.append(v)
  const bytesOf = (l: Listpack): string[] => {
    const u = l.bytes()
    return l.layout().map((e) => u.subarray(e.offset, e.offset + e.size + e.backlen).join())
  }
  const before = bytesOf(lp)
  const moved = lp.totalBytes - 7
  lp.prepend(value)
  const after = bytesOf(lp)
  const kept = before.filter((b, i) => b === after[i + 1]).length
  return { rewritten: after.length - kept, moved, entries: after.length, total: lp.totalBytes }
}
