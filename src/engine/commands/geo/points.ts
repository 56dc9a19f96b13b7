/** What points and units look like in the arguments. */
import type { Bytes } from '../../bytes/bytes.ts'
import { formatFixed } from '../../bytes/fixed.ts'
import { fail, parseDoubleArg, word } from '../args.ts'
import { LAT_MAX, LAT_MIN, LON_MAX, LON_MIN, type Point } from './geohash.ts'

/** extractLongLatOrReply. */
export function parsePoint(argv: readonly Bytes[], at: number): Point {
  const lon = parseDoubleArg(argv[at])
  const lat = parseDoubleArg(argv[at + 1])
  if (lon < LON_MIN || lon > LON_MAX || lat < LAT_MIN || lat > LAT_MAX)
    fail(`ERR invalid longitude,latitude pair ${formatFixed(lon, 6)},${formatFixed(lat, 6)}`)
  return { lon, lat }
}

/** Metres in a unit. */
export function parseUnit(arg: Bytes | undefined): number {
  switch (word(arg)) {
    case 'm':
      return 1
    case 'km':
      return 1000
    case 'ft':
      return 0.3048
    case 'mi':
      return 1609.34
    default:
      return fail('ERR unsupported unit provided. please use M, KM, FT, MI')
  }
}
