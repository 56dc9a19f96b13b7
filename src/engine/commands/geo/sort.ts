/**
 * Sorting points by distance. All of them: stable, as the C library's merge sort. Only the first n wanted (COUNT): Redis uses a
 * quicksort of Bentley and McIlroy that leaves alone what is out of the range; it is not stable, so the order among points of one
 * distance follows from its very steps, which are taken here too.
 */
type Compare<T> = (a: T, b: T) => number

function medianOf<T>(v: readonly T[], a: number, b: number, c: number, cmp: Compare<T>): number {
  const [x, y, z] = [v[a]!, v[b]!, v[c]!]
  if (cmp(x, y) < 0) return cmp(y, z) < 0 ? b : cmp(x, z) < 0 ? c : a
  return cmp(y, z) > 0 ? b : cmp(x, z) < 0 ? a : c
}
function swap<T>(v: T[], a: number, b: number): void {
  const t = v[a]!
  v[a] = v[b]!
  v[b] = t
}
function swapBlocks<T>(v: T[], a: number, b: number, n: number): void {
  for (let i = 0; i < n; i++) swap(v, a + i, b + i)
}
function insertionSort<T>(v: T[], from: number, n: number, cmp: Compare<T>): void {
  for (let m = from + 1; m < from + n; m++)
    for (let l = m; l > from && cmp(v[l - 1]!, v[l]!) > 0; l--) swap(v, l, l - 1)
}
function pivotOf<T>(v: readonly T[], a: number, n: number, cmp: Compare<T>): number {
  let m = a + Math.floor(n / 2)
  if (n <= 7) return m
  let [l, h] = [a, a + n - 1]
  if (n > 40) {
    const d = Math.floor(n / 8)
    l = medianOf(v, l, l + d, l + 2 * d, cmp)
    m = medianOf(v, m - d, m, m + d, cmp)
    h = medianOf(v, h - 2 * d, h - d, h, cmp)
  }
  return medianOf(v, l, m, h, cmp)
}
/** Three parts: less, equal (gathered at both ends first), greater. */
function partition<T>(v: T[], a: number, n: number, cmp: Compare<T>): { less: number; greater: number } {
  let [pa, pb, pc, pd] = [a + 1, a + 1, a + n - 1, a + n - 1]
  for (;;) {
    for (let r: number; pb <= pc && (r = cmp(v[pb]!, v[a]!)) <= 0; pb++) {
      if (r !== 0) continue
      swap(v, pa++, pb)
    }
    for (let r: number; pb <= pc && (r = cmp(v[pc]!, v[a]!)) >= 0; pc--) {
      if (r !== 0) continue
      swap(v, pc, pd--)
    }
    if (pb > pc) break
    swap(v, pb++, pc--)
  }
  const end = a + n
  let r = Math.min(pa - a, pb - pa)
  swapBlocks(v, a, pb - r, r)
  r = Math.min(pd - pc, end - pd - 1)
  swapBlocks(v, pb, end - r, r)
  return { less: pb - pa, greater: pd - pc }
}
/** pqsort: afterwards v[first..last] hold what they would hold were all sorted. */
export function partialSort<T>(v: T[], cmp: Compare<T>, first: number, last: number): void {
  const todo: [from: number, n: number][] = [[0, v.length]]
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    const [a, n] = part
    if (n < 7) {
      insertionSort(v, a, n, cmp)
      continue
    }
    swap(v, a, pivotOf(v, a, n, cmp))
    const cut = partition(v, a, n, cmp)
    for (const [from, size] of [
      [a, cut.less],
      [a + n - cut.greater, cut.greater],
    ] as const) {
      const until = from + size - 1
      if (size > 1 && !((first < from && last < from) || (first > until && last > until))) todo.push([from, size])
    }
  }
}
