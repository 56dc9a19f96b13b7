/**
 * The same members with other dice: what zslRandomLevel could have given them. Redis's P is 0.25; another P is a figure, to
 * see what it would cost. Comparisons are counted as zslGetRank makes them.
 */
import type { Link, SkiplistData } from './data.ts'

const MAXLEVEL = 32
/** mulberry32: the figure's own dice, so that a seed shows the same again. */
function dice(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = a
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function reroll(
  s: SkiplistData,
  p: number,
  seed: number,
): { data: SkiplistData; mean: number; pointers: number } {
  const roll = dice(seed)
  const heights = s.nodes.map(() => {
    let level = 1
    while (level < MAXLEVEL && roll() < p) level++
    return level
  })
  const level = Math.max(1, ...heights)
  const n = s.nodes.length
  // next[l][i]: the first place behind place i (-1 is the header) that reaches level l; n when none does.
  const linksFrom = (place: number, height: number): Link[] =>
    Array.from({ length: height }, (_, l) => {
      let to = place + 1
      while (to < n && (heights[to] as number) <= l) to++
      return { forward: to < n ? (s.nodes[to]?.id ?? 0) : 0, span: to < n ? to - place : n - place - 1 }
    })
  const header = linksFrom(-1, level)
  const nodes = s.nodes.map((node, i) => ({ ...node, levels: linksFrom(i, heights[i] as number) }))
  const byLevel = Array.from({ length: level }, (_, l) => heights.filter((h) => h === l + 1).length)
  const data: SkiplistData = { ...s, length: n, level, header, from: 0, nodes, search: null, visited: [], byLevel }
  return {
    data,
    mean: meanComparisons(header, nodes, level),
    pointers: heights.reduce((a, b) => a + b, 0) / Math.max(1, n),
  }
}

/** How many comparisons the search for a member takes, on average over all members. */
export function meanComparisons(
  header: readonly Link[],
  nodes: readonly { readonly levels: readonly Link[] }[],
  level: number,
): number {
  let total = 0
  for (let target = 0; target < nodes.length; target++) {
    let at = -1
    for (let l = level - 1; l >= 0; l--) {
      for (;;) {
        const link = (at < 0 ? header : (nodes[at]?.levels ?? []))[l]
        if (!link || link.forward === 0) break
        total++
        if (at + link.span > target) break
        at += link.span
      }
      if (at === target) break
    }
  }
  return total / Math.max(1, nodes.length)
}
