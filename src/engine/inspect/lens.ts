/** What a picture of a long skiplist needs beside its first nodes: the neighbours of the target, and how high all towers are. */
import type { Zset } from '../structures/zset.ts'
import { visitOf } from './paths.ts'
import { clip } from './clip.ts'

const CELLS = 256
const WALK = 4096
const NEAR = 8

/** Where the dict beside the skiplist keeps a member: [table, bucket]. */
export function bucketOf(z: Zset, ele: string): readonly [number, number] | null {
  const visit = visitOf(z.dict, ele)
  const at = visit.looked.at(-1)
  return visit.found && at !== undefined ? [at[0], at[1]] : null
}

export function lensOf(z: Zset, rank: number) {
  const { zsl } = z
  const n = zsl.length
  const cells = Math.min(CELLS, n)
  const heights = new Array<number>(cells).fill(0)
  // A lane high enough that walking it is cheap: on each one a quarter of the nodes below.
  let floor = 0
  while (floor < zsl.level - 1 && n / 4 ** floor > WALK) floor++
  let [x, at] = [0, 0]
  for (let steps = 0; steps < WALK * 4; steps++) {
    const link = zsl.levels(x)[floor]
    if (link === undefined || link.forward === 0) break
    at += link.span
    x = link.forward
    const cell = Math.min(cells - 1, Math.floor(((at - 1) / n) * cells))
    heights[cell] = Math.max(heights[cell] ?? 0, zsl.levelsOf(x))
  }
  const near: { id: number; rank: number; ele: string; score: number; levels: ReturnType<typeof zsl.levels> }[] = []
  if (rank > 0) {
    let r = Math.max(1, rank - NEAR)
    for (let y = zsl.byRank(r); y > 0 && r <= rank + NEAR; y = zsl.next(y), r++)
      near.push({ id: y, rank: r, ele: clip(zsl.eleOf(y)), score: zsl.scoreOf(y), levels: zsl.levels(y) })
  }
  const ids = new Map<number, readonly [number, number]>()
  const know = (y: number): void => {
    const bucket = bucketOf(z, zsl.eleOf(y))
    if (bucket !== null) ids.set(y, bucket)
  }
  for (const node of near) know(node.id)
  let first = zsl.first()
  for (let i = 0; i < 64 && first > 0; i++, first = zsl.next(first)) know(first)
  return {
    heights,
    /** Towers lower than this are not counted in `heights`. */
    floor: floor + 1,
    near,
    buckets: [...ids].map(([id, [table, bucket]]) => [id, table, bucket] as const),
    sizes: [z.dict.tableSize(0), z.dict.tableSize(1)] as const,
  }
}
