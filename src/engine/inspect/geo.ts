/** Where the last GEOSEARCH of a sorted set looked: the cell of its centre and what is around it, and what it found there. */
import type { Bytes } from '../bytes/bytes.ts'
import {
  type Area,
  cellArea,
  cellScore,
  cellsOf,
  decodeScore,
  distanceWithin,
  type Point,
  type Shape,
} from '../commands/geo/geohash.ts'
import type { Obj } from '../objects/object.ts'
import { zsetScore, zsetScoreSpan, zsetWalkRank } from '../objects/zset.ts'

const MOST_LOOKED = 20_000
const METRES: Readonly<Record<string, number>> = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 }

export interface GeoLook {
  readonly center: Point
  readonly step: number
  readonly radius: number
  readonly box: { readonly width: number; readonly height: number } | null
  readonly cells: readonly (Area & {
    readonly looked: number
    readonly found: number
    readonly first: string
    readonly last: string
  })[]
}

/** The shape that a command's words describe, or null. */
function shapeOf(o: Obj, argv: readonly Bytes[]): Shape | null {
  const name = (argv[0] ?? '').toLowerCase()
  const member = (m: Bytes | undefined): Point | null => {
    const score = m === undefined ? undefined : zsetScore(o, m)
    return score === undefined ? null : decodeScore(score)
  }
  const circle = (center: Point | null, at: number): Shape | null => {
    const metres = METRES[(argv[at + 1] ?? '').toLowerCase()]
    const radius = Number(argv[at])
    return center === null || metres === undefined || !(radius >= 0) ? null : { center, metres, radius, box: null }
  }
  const point = (at: number): Point => ({ lon: Number(argv[at]), lat: Number(argv[at + 1]) })
  if (name.startsWith('georadiusbymember')) return circle(member(argv[2]), 3)
  if (name.startsWith('georadius')) return circle(point(2), 4)
  if (!name.startsWith('geosearch')) return null
  let center: Point | null = null
  let by: ((center: Point) => Shape | null) | null = null
  for (let i = name === 'geosearch' ? 2 : 3; i < argv.length; i++) {
    const word = (argv[i] as Bytes).toLowerCase()
    const at = i + 1
    if (word === 'frommember') center = member(argv[at])
    else if (word === 'fromlonlat') center = point(at)
    else if (word === 'byradius') by = (c) => circle(c, at)
    else if (word === 'bybox')
      by = (c) => {
        const metres = METRES[(argv[at + 2] ?? '').toLowerCase()]
        const [width, height] = [Number(argv[at]), Number(argv[at + 1])]
        return metres === undefined || !(width >= 0 && height >= 0)
          ? null
          : { center: c, metres, radius: 0, box: { width, height } }
      }
    else continue
    i += word === 'frommember' ? 1 : word === 'bybox' ? 3 : 2
  }
  return center === null || by === null || Number.isNaN(center.lon + center.lat) ? null : by(center)
}

export function viewGeo(o: Obj, argv: readonly Bytes[]): GeoLook | null {
  if (o.type !== 'zset') return null
  const shape = shapeOf(o, argv)
  if (shape === null) return null
  let budget = MOST_LOOKED
  const cells = cellsOf(shape).map((cell) => {
    const [min, max] = [cellScore(cell), cellScore(cell, 1)]
    const [start, end] = zsetScoreSpan(o, { min, max, minex: false, maxex: true })
    let found = 0
    zsetWalkRank(o, start, Math.min(budget, end - start), false, (_, score) => {
      if (distanceWithin(shape, decodeScore(score)) >= 0) found++
    })
    budget -= Math.min(budget, end - start)
    return { ...cellArea(cell), step: cell.step, looked: end - start, found, first: String(min), last: String(max) }
  })
  const { center, metres, radius, box } = shape
  return {
    center,
    step: cells[0]?.step ?? 0,
    radius: radius * metres,
    box: box === null ? null : { width: box.width * metres, height: box.height * metres },
    cells,
  }
}
