/**
 * A listpack to edit in the page, on the engine's own class: what each edit writes, which bytes it moves, and how the cursor
 * goes back by reading a backlen from its end. The server's listpack is not touched.
 */
import { Listpack } from '../../engine/structures/listpack.ts'

export type Edit =
  | { readonly kind: 'replace'; readonly index: number; readonly value: string }
  | { readonly kind: 'before'; readonly index: number; readonly value: string }
  | { readonly kind: 'after'; readonly index: number; readonly value: string }
  | { readonly kind: 'delete'; readonly index: number }
  | { readonly kind: 'append'; readonly value: string }

export interface Edited {
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Bytes written anew, in the new block; the header counts as well and is left out here. */
  readonly written: { readonly from: number; readonly count: number }
  /** The tail that was moved: from where to where; null when nothing had to move. */
  readonly moved: { readonly from: number; readonly to: number; readonly count: number } | null
  readonly text: string
}
export interface EntryAt {
  readonly index: number
  readonly offset: number
  readonly size: number
  readonly backlen: number
  readonly value: string | number
}

export class ListpackSandbox {
  readonly lp = new Listpack()
  constructor(values: readonly (string | number)[]) {
    for (const v of values) this.lp.append(v)
  }
  bytes(): number[] {
    return [...this.lp.bytes()]
  }
  entries(): EntryAt[] {
    return this.lp.layout().map((e, index) => {
      const v = this.lp.get(e.offset)
      return { index, ...e, value: typeof v === 'bigint' ? String(v) : v }
    })
  }

  edit(e: Edit): Edited {
    const before = this.bytes()
    const layout = this.lp.layout()
    const end = before.length - 1
    const at = e.kind === 'append' ? undefined : layout[e.index]
    const offset = at?.offset ?? end
    const old = at === undefined ? 0 : at.size + at.backlen
    let [where, gone] = [offset, 0]
    switch (e.kind) {
      case 'replace':
        gone = old
        this.lp.replace(offset, e.value)
        break
      case 'before':
        if (at) this.lp.insert(offset, e.value, 'before')
        else this.lp.append(e.value)
        break
      case 'after':
        if (at) this.lp.insert(offset, e.value, 'after')
        else this.lp.append(e.value)
        where = offset + old
        break
      case 'append':
        where = end
        this.lp.append(e.value)
        break
      case 'delete':
        gone = old
        if (at) this.lp.delete(offset)
        break
    }
    const after = this.bytes()
    const count = after.length - before.length + gone
    const tail = end + 1 - (where + gone)
    const moved = count === gone || tail === 0 ? null : { from: where + gone, to: where + count, count: tail }
    return { before, after, written: { from: where, count }, moved, text: this.told(e, count, moved) }
  }
  private told(e: Edit, count: number, moved: Edited['moved']): string {
    const what =
      e.kind === 'delete'
        ? `Entry ${e.index} goes`
        : e.kind === 'replace'
          ? `Entry ${e.index} is written over in ${count} bytes`
          : `A new entry of ${count} bytes`
    return `${what}; ${moved === null ? 'no byte behind it moves' : `memmove takes ${moved.count} bytes from offset ${moved.from} to ${moved.to}`}.`
  }
}

/** What the cursor reads to go from one entry to the next, or back. */
export interface Move {
  readonly to: number
  /** Bytes that were read: [from, to). */
  readonly read: readonly [number, number]
  readonly text: string
}
export function stepNext(entries: readonly EntryAt[], index: number): Move | null {
  const e = entries[index]
  const next = entries[index + 1]
  if (!e || !next) return null
  return {
    to: index + 1,
    read: [e.offset, e.offset + 1],
    text: `Next: the encoding at ${e.offset} says ${e.size} bytes, its backlen takes ${e.backlen}: ${e.offset} + ${e.size} + ${e.backlen} = ${next.offset}.`,
  }
}
export function stepPrev(entries: readonly EntryAt[], index: number): Move | null {
  const e = entries[index]
  const prev = entries[index - 1]
  if (!e || !prev) return null
  return {
    to: index - 1,
    read: [e.offset - prev.backlen, e.offset],
    text: `Previous: the backlen before ${e.offset}, read right to left, says ${prev.size}, and it takes ${prev.backlen} itself: ${e.offset} - ${prev.backlen} - ${prev.size} = ${prev.offset}.`,
  }
}
