/** Points of the Earth: a sorted set whose scores are geohashes. */
import type { Bytes } from '../../bytes/bytes.ts'
import { formatInt } from '../../bytes/numbers.ts'
import { zsetScore } from '../../objects/zset.ts'
import { NULL_ARRAY } from '../../protocol/reply.ts'
import { syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { addCommands } from '../sorted-set/add.ts'
import { decodeScore, distance, geohashText, pointScore, pointScoreText, type Point } from './geohash.ts'
import { parsePoint, parseUnit } from './points.ts'
import { distanceReply, pointReply, searchCommands } from './search.ts'

const zadd = addCommands.find((x) => x.name === 'zadd')!.handler

/** GEOADD becomes the ZADD that replicas and the append-only file see. */
const geoadd: Handler = (c, argv) => {
  let at = 2
  let [nx, xx] = [false, false]
  for (; at < argv.length; at++) {
    const option = argv[at]!.toLowerCase()
    if (option === 'nx') nx = true
    else if (option === 'xx') xx = true
    else if (option !== 'ch') break
  }
  if ((argv.length - at) % 3 !== 0 || (nx && xx)) syntaxError()
  const asZadd: Bytes[] = ['zadd', ...argv.slice(1, at)]
  for (let i = at; i < argv.length; i += 3) {
    const p = parsePoint(argv, i)
    const score = pointScore(p.lon, p.lat)
    asZadd.push(Number.isSafeInteger(score) ? formatInt(score) : pointScoreText(p.lon, p.lat), argv[i + 2]!)
  }
  const reply = zadd(c, asZadd)
  c.rewrite(asZadd)
  return reply
}

/** The points of these members, null for those that are not there. */
function pointsOf(c: CommandContext, key: Bytes, members: readonly Bytes[]): (Point | null)[] {
  const o = c.lookupReadOf(key, 'zset')
  return members.map((m) => {
    const score = o && zsetScore(o, m)
    return score === undefined ? null : decodeScore(score)
  })
}

const geodist: Handler = (c, argv) => {
  const metres = argv.length === 5 ? parseUnit(argv[4]) : 1
  if (argv.length > 5) syntaxError()
  const [a, b] = pointsOf(c, argv[1]!, argv.slice(2, 4))
  return a && b ? distanceReply(distance(a.lon, a.lat, b.lon, b.lat) / metres) : null
}

export const geoCommands: readonly CommandImpl[] = [
  { name: 'geoadd', handler: geoadd },
  { name: 'geodist', handler: geodist },
  {
    name: 'geohash',
    handler: (c, argv) => pointsOf(c, argv[1]!, argv.slice(2)).map((p) => p && geohashText(p)),
  },
  {
    name: 'geopos',
    handler: (c, argv) => pointsOf(c, argv[1]!, argv.slice(2)).map((p) => (p ? pointReply(c, p) : NULL_ARRAY)),
  },
  ...searchCommands,
]
