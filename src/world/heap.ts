/** A binary heap of what is to come, in the world's total order: (time, source process, source sequence). */
export interface Ordered {
  readonly time: number
  readonly src: number
  readonly seq: number
}

export function before(a: Ordered, b: Ordered): boolean {
  if (a.time !== b.time) return a.time < b.time
  if (a.src !== b.src) return a.src < b.src
  return a.seq < b.seq
}

export class EventHeap<T extends Ordered> {
  items: T[]
  constructor(items: readonly T[] = []) {
    this.items = []
    for (const item of items) this.push(item)
  }
  peek(): T | undefined {
    return this.items[0]
  }
  push(item: T): void {
    const items = this.items
    let i = items.length
    items.push(item)
    while (i > 0) {
      const up = (i - 1) >> 1
      const parent = items[up] as T
      if (!before(item, parent)) break
      items[i] = parent
      i = up
    }
    items[i] = item
  }
  pop(): T | undefined {
    const items = this.items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    const n = items.length
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= n) break
      if (child + 1 < n && before(items[child + 1] as T, items[child] as T)) child++
      if (!before(items[child] as T, last)) break
      items[i] = items[child] as T
      i = child
    }
    items[i] = last
    return top
  }
}
