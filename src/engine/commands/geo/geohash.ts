/**
 * Geohashes of 52 bits. The world (longitude -180..180, latitude -85.05..85.05, as the web's maps have it) is halved again and again,
 * first by longitude, then by latitude; each half is a bit. Near points mostly share leading bits, so a sorted set whose scores are
 * geohashes finds the points of a cell by one range of scores, and an area by the ranges of at most nine cells.
 *
 * A cell is kept as two indices (of the longitude and of the latitude) and the number of halvings of each, the step. Kept exactly:
 * the scores, the order in which cells are searched, the distance on a sphere of radius 6372797.560856 m.
 */
import { asin, cos, sin } from '../../bytes/fdlibm.ts'

export const LON_MIN = -180
export const LON_MAX = 180
export const LAT_MIN = -85.05112878
export const LAT_MAX = 85.05112878
export const STEP_MAX = 26
const EARTH_RADIUS = 6372797.560856
const MERCATOR_MAX = 20037726.37
const DEGREE = Math.PI / 180
const rad = (degrees: number): number => degrees * DEGREE
const deg = (radians: number): number => radians / DEGREE

export interface Cell {
  readonly lon: number
  readonly lat: number
  readonly step: number
}
export interface Area {
  readonly lonMin: number
  readonly lonMax: number
  readonly latMin: number
  readonly latMax: number
}
export interface Point {
  readonly lon: number
  readonly lat: number
}

/** Bits of n (up to 14) at the even positions. */
function spread(n: number): number {
  n = (n | (n << 8)) & 0x00ff00ff
  n = (n | (n << 4)) & 0x0f0f0f0f
  n = (n | (n << 2)) & 0x33333333
  return (n | (n << 1)) & 0x55555555
}
function gather(n: number): number {
  n &= 0x55555555
  n = (n | (n >>> 1)) & 0x33333333
  n = (n | (n >>> 2)) & 0x0f0f0f0f
  n = (n | (n >>> 4)) & 0x00ff00ff
  return (n | (n >>> 8)) & 0xffff
}
/** The indices' bits in turn, longitude's above latitude's. */
function interleave(lon: number, lat: number): number {
  const low = spread(lat & 0x1fff) + 2 * spread(lon & 0x1fff)
  const high = spread(lat >>> 13) + 2 * spread(lon >>> 13)
  return high * 67108864 + low
}
/** geohashAlign52Bits of the cell `ahead` further. */
export const cellScore = (cell: Cell, ahead = 0): number =>
  (interleave(cell.lon, cell.lat) + ahead) * 2 ** (52 - 2 * cell.step)

/** geohashEncode. A point at the very edge has an index beyond the last. */
export function encodeCell(lon: number, lat: number, step: number, latMin = LAT_MIN, latMax = LAT_MAX): Cell {
  const index = (v: number, min: number, max: number): number => Math.trunc(((v - min) / (max - min)) * 2 ** step)
  return { lon: index(lon, LON_MIN, LON_MAX), lat: index(lat, latMin, latMax), step }
}
/** The score of a point. */
export const pointScore = (lon: number, lat: number): number => cellScore(encodeCell(lon, lat, STEP_MAX))
/** The same with all its digits: at the very edge it has a bit more than a double holds. */
export function pointScoreText(lon: number, lat: number): string {
  const cell = encodeCell(lon, lat, STEP_MAX)
  const low = spread(cell.lat & 0x1fff) + 2 * spread(cell.lon & 0x1fff)
  const high = spread(cell.lat >>> 13) + 2 * spread(cell.lon >>> 13)
  return String(BigInt(high) * 67108864n + BigInt(low))
}
/** The 50 leading bits as the letters of the usual geohash, which halves latitudes from -90 to 90. */
export function geohashText(p: Point): string {
  const letters = '0123456789bcdefghjkmnpqrstuvwxyz'
  let bits = BigInt(cellScore(encodeCell(p.lon, p.lat, STEP_MAX, -90, 90))) >> 2n
  let text = '0'
  for (let i = 0; i < 10; i++) {
    text = letters.charAt(Number(bits & 31n)) + text
    bits >>= 5n
  }
  return text
}

/** geohashDecode. */
export function cellArea(cell: Cell): Area {
  const units = 2 ** cell.step
  const at = (index: number, min: number, max: number): number => min + ((index >>> 0) / units) * (max - min)
  return {
    lonMin: at(cell.lon, LON_MIN, LON_MAX),
    lonMax: at(cell.lon + 1, LON_MIN, LON_MAX),
    latMin: at(cell.lat, LAT_MIN, LAT_MAX),
    latMax: at(cell.lat + 1, LAT_MIN, LAT_MAX),
  }
}
/** A score as C converts a double to uint64_t, in two halves of 32 bits. */
function scoreHalves(score: number): { hi: number; lo: number } {
  if (score >= 0 && score < 2 ** 63) return { hi: Math.floor(score / 4294967296), lo: Math.trunc(score) % 4294967296 }
  if (score === -Infinity || score < -(2 ** 63)) return { hi: 0x80000000, lo: 0 }
  if (score >= 2 ** 64) return { hi: 0, lo: 0 }
  const n = BigInt.asUintN(64, BigInt(Math.trunc(score)))
  return { hi: Number(n >> 32n), lo: Number(n & 0xffffffffn) }
}
/** The middle of the cell that a score stands for (decodeGeohash). */
export function decodeScore(score: number): Point {
  const { hi, lo } = scoreHalves(score)
  const lat = ((gather(hi) << 16) | gather(lo)) >>> 0
  const lon = ((gather(hi >>> 1) << 16) | gather(lo >>> 1)) >>> 0
  const a = cellArea({ lon, lat, step: STEP_MAX })
  const clamp = (v: number, min: number, max: number): number => (v > max ? max : v < min ? min : v)
  return {
    lon: clamp((a.lonMin + a.lonMax) / 2, LON_MIN, LON_MAX),
    lat: clamp((a.latMin + a.latMax) / 2, LAT_MIN, LAT_MAX),
  }
}

const latDistance = (a: number, b: number): number => EARTH_RADIUS * Math.abs(rad(b) - rad(a))
/** Metres between two points: the haversine formula. */
export function distance(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const v = sin((rad(lon2) - rad(lon1)) / 2)
  if (v === 0) return latDistance(lat1, lat2)
  const [a, b] = [rad(lat1), rad(lat2)]
  const u = sin((b - a) / 2)
  return 2 * EARTH_RADIUS * asin(Math.sqrt(u * u + cos(a) * cos(b) * v * v))
}

/** Where to search: a circle, or a box with sides along the parallels. Lengths in the unit of `metres`. */
export interface Shape {
  readonly center: Point
  /** Metres in a unit. */
  readonly metres: number
  readonly radius: number
  readonly box: { readonly width: number; readonly height: number } | null
}
/** Metres from the centre, or -1 outside. */
export function distanceWithin(shape: Shape, p: Point): number {
  const { center, metres, box } = shape
  if (box !== null) {
    if (latDistance(p.lat, center.lat) > (box.height * metres) / 2) return -1
    if (distance(p.lon, p.lat, center.lon, p.lat) > (box.width * metres) / 2) return -1
    return distance(center.lon, center.lat, p.lon, p.lat)
  }
  const d = distance(center.lon, center.lat, p.lon, p.lat)
  return d > shape.radius * metres ? -1 : d
}

/** geohashBoundingBox. */
function bounds({ center, metres, radius, box }: Shape): Area {
  const height = metres * (box === null ? radius : box.height / 2)
  const width = metres * (box === null ? radius : box.width / 2)
  const dLat = deg(height / EARTH_RADIUS)
  const nearPole = center.lat < 0 ? center.lat - dLat : center.lat + dLat
  const dLon = deg(width / EARTH_RADIUS / cos(rad(nearPole)))
  return {
    lonMin: center.lon - dLon,
    lonMax: center.lon + dLon,
    latMin: center.lat - dLat,
    latMax: center.lat + dLat,
  }
}
/** How many halvings make cells about as large as the radius. */
function estimateSteps(metres: number, lat: number): number {
  if (metres === 0) return STEP_MAX
  let step = 1
  for (; metres < MERCATOR_MAX; metres *= 2) step++
  step -= 2
  if (lat > 66 || lat < -66) step -= lat > 80 || lat < -80 ? 2 : 1
  return Math.min(STEP_MAX, Math.max(1, step))
}
function neighbour(cell: Cell, dLon: number, dLat: number): Cell {
  const mask = 2 ** cell.step - 1
  return {
    lon: dLon === 0 ? cell.lon : (cell.lon + dLon) & mask,
    lat: dLat === 0 ? cell.lat : (cell.lat + dLat) & mask,
    step: cell.step,
  }
}
/** The cell of the centre first, then N, S, E, W, NE, NW, SE, SW. */
const AROUND = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const

/** The cells to search for the points of a shape (geohashCalculateAreasByShapeWGS84), without those that can hold none. */
export function cellsOf(shape: Shape): Cell[] {
  const { center, box } = shape
  const limit = bounds(shape)
  const radius =
    shape.metres *
    (box === null ? shape.radius : Math.sqrt((box.width / 2) * (box.width / 2) + (box.height / 2) * (box.height / 2)))
  let step = estimateSteps(radius, center.lat)
  let cell = encodeCell(center.lon, center.lat, step)
  // The neighbours may be too near an edge to cover the shape: take larger cells.
  const covered =
    cellArea(neighbour(cell, 0, 1)).latMax >= limit.latMax &&
    cellArea(neighbour(cell, 0, -1)).latMin <= limit.latMin &&
    cellArea(neighbour(cell, 1, 0)).lonMax >= limit.lonMax &&
    cellArea(neighbour(cell, -1, 0)).lonMin <= limit.lonMin
  if (step > 1 && !covered) cell = encodeCell(center.lon, center.lat, --step)
  const area = cellArea(cell)
  const wanted = AROUND.filter(
    ([dLon, dLat]) =>
      step < 2 ||
      !(
        (dLat < 0 && area.latMin < limit.latMin) ||
        (dLat > 0 && area.latMax > limit.latMax) ||
        (dLon < 0 && area.lonMin < limit.lonMin) ||
        (dLon > 0 && area.lonMax > limit.lonMax)
      ),
  )
  const cells = wanted.map(([dLon, dLat]) => neighbour(cell, dLon, dLat))
  // With a huge radius neighbours coincide.
  return cells.filter((n, i) => i < 2 || n.lon !== cells[i - 1]!.lon || n.lat !== cells[i - 1]!.lat)
}
