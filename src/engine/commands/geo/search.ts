/** GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS family: one grammar with small differences, one search. */
import type { Bytes } from '../../bytes/bytes.ts'
import { doubleToInt64, formatLongDouble, longDoubleFromNumber } from '../../bytes/numbers.ts'
import { formatFixed } from '../../bytes/fixed.ts'
import type { Obj } from '../../objects/object.ts'
import {
  createZsetSkiplist,
  zsetOf,
  zsetScore,
  zsetScoreSpan,
  zsetToListpackIfSmall,
  zsetWalkRank,
} from '../../objects/zset.ts'
import type { Reply } from '../../protocol/reply.ts'
import { fail, parseDoubleArg, parseIntArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { cellScore, cellsOf, decodeScore, distanceWithin, type Point, type Shape } from './geohash.ts'
import { parsePoint, parseUnit } from './points.ts'
import { partialSort } from './sort.ts'

type Kind = 'radius' | 'member' | 'search'
interface Form {
  readonly kind: Kind
  /** Where the sorted set's name stands. */
  readonly source: 1 | 2
  readonly readOnly: boolean
}
interface Query {
  store: Bytes | null
  storeDist: boolean
  withDist: boolean
  withHash: boolean
  withCoord: boolean
  sort: 'none' | 'asc' | 'desc'
  any: boolean
  /** 0: all. */
  count: number
  center: Point | null
  metres: number
  radius: number
  box: { width: number; height: number } | null
  fromMember: boolean
  fromPoint: boolean
  byRadius: boolean
}
interface Found extends Point {
  readonly member: Bytes
  readonly score: number
  readonly distance: number
}

function memberPoint(o: Obj, member: Bytes): Point {
  const score = zsetScore(o, member)
  return score === undefined ? fail('ERR could not decode requested zset member') : decodeScore(score)
}
function parseRadius(q: Query, argv: readonly Bytes[], at: number): void {
  q.radius = parseDoubleArg(argv[at], 'ERR need numeric radius')
  if (q.radius < 0) fail('ERR radius cannot be negative')
  q.metres = parseUnit(argv[at + 1])
}
function parseBox(q: Query, argv: readonly Bytes[], at: number): void {
  const width = parseDoubleArg(argv[at], 'ERR need numeric width')
  const height = parseDoubleArg(argv[at + 1], 'ERR need numeric height')
  if (width < 0 || height < 0) fail('ERR height or width cannot be negative')
  q.box = { width, height }
  q.metres = parseUnit(argv[at + 2])
}

/** One option at argv[i]; gives the index of its last word. */
function parseOption(q: Query, form: Form, argv: readonly Bytes[], i: number, o: Obj | undefined): number {
  const left = argv.length - i - 1
  const search = form.kind === 'search'
  switch (argv[i]!.toLowerCase()) {
    case 'withdist':
      q.withDist = true
      return i
    case 'withhash':
      q.withHash = true
      return i
    case 'withcoord':
      q.withCoord = true
      return i
    case 'any':
      q.any = true
      return i
    case 'asc':
      q.sort = 'asc'
      return i
    case 'desc':
      q.sort = 'desc'
      return i
    case 'count':
      if (left < 1) break
      q.count = Number(parseIntArg(argv[i + 1]))
      if (q.count <= 0) fail('ERR COUNT must be > 0')
      return i + 1
    case 'store':
    case 'storedist':
      if (search && form.source === 2 && argv[i]!.length === 9) {
        q.storeDist = true
        return i
      }
      if (search || form.readOnly || left < 1) break
      q.store = argv[i + 1]!
      q.storeDist = argv[i]!.length === 9
      return i + 1
    case 'frommember':
      if (!search || left < 1 || q.fromPoint) break
      // Without the key the rest of the grammar is looked at all the same.
      if (o) q.center = memberPoint(o, argv[i + 1]!)
      q.fromMember = true
      return i + 1
    case 'fromlonlat':
      if (!search || left < 2 || q.fromMember) break
      q.center = parsePoint(argv, i + 1)
      q.fromPoint = true
      return i + 2
    case 'byradius':
      if (!search || left < 2 || q.box !== null) break
      parseRadius(q, argv, i + 1)
      q.byRadius = true
      return i + 2
    case 'bybox':
      if (!search || left < 3 || q.byRadius) break
      parseBox(q, argv, i + 1)
      return i + 3
  }
  return syntaxError()
}

function parse(form: Form, argv: readonly Bytes[], o: Obj | undefined): Query {
  const q: Query = {
    store: form.source === 2 ? argv[1]! : null,
    storeDist: false,
    withDist: false,
    withHash: false,
    withCoord: false,
    sort: 'none',
    any: false,
    count: 0,
    center: null,
    metres: 1,
    radius: 0,
    box: null,
    fromMember: false,
    fromPoint: false,
    byRadius: false,
  }
  let i: number = form.source + 1
  if (form.kind === 'radius') {
    q.center = parsePoint(argv, 2)
    parseRadius(q, argv, 4)
    i = 6
  } else if (form.kind === 'member') {
    if (o) {
      q.center = memberPoint(o, argv[2]!)
      parseRadius(q, argv, 3)
    }
    i = 5
  }
  for (; i < argv.length; i++) i = parseOption(q, form, argv, i, o)
  if (q.store !== null && (q.withDist || q.withHash || q.withCoord))
    fail(
      `ERR ${form.source === 2 ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS'} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
    )
  if (form.kind === 'search') {
    if (!q.fromMember && !q.fromPoint)
      fail(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${argv[0]}`)
    if (!q.byRadius && q.box === null) fail(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${argv[0]}`)
  }
  if (q.any && q.count === 0) fail('ERR the ANY argument requires COUNT argument')
  return q
}

/** membersOfAllNeighbors: what lies in the shape, cell by cell; `enough` ends the search (0: never). */
function find(c: CommandContext, o: Obj, shape: Shape, enough: number): Found[] {
  const found: Found[] = []
  let looked = 0
  for (const cell of cellsOf(shape)) {
    if (enough > 0 && found.length >= enough) break
    const [start, end] = zsetScoreSpan(o, {
      min: cellScore(cell),
      max: cellScore(cell, 1),
      minex: false,
      maxex: true,
    })
    zsetWalkRank(o, start, end - start, false, (member, score) => {
      looked++
      const p = decodeScore(score)
      const distance = distanceWithin(shape, p)
      if (distance >= 0) found.push({ ...p, member, score, distance })
      return !(enough > 0 && found.length >= enough)
    })
  }
  c.work(looked * 0.3)
  return found
}

const coordinate = (c: CommandContext, v: number): Reply => {
  const text = formatLongDouble(longDoubleFromNumber(v))
  return c.client.resp === 3 ? { t: 'raw', bytes: `,${text}\r\n` } : text
}
export const pointReply = (c: CommandContext, p: Point): Reply => [coordinate(c, p.lon), coordinate(c, p.lat)]
export const distanceReply = (metres: number): Reply => formatFixed(metres, 4)

function reply(c: CommandContext, q: Query, points: readonly Found[]): Reply {
  return points.map((p): Reply => {
    if (!q.withDist && !q.withHash && !q.withCoord) return p.member
    const item: Reply[] = [p.member]
    if (q.withDist) item.push(distanceReply(p.distance / q.metres))
    if (q.withHash) item.push(doubleToInt64(p.score) ?? BigInt(Math.trunc(p.score)))
    if (q.withCoord) item.push(pointReply(c, p))
    return item
  })
}
function removeTarget(c: CommandContext, target: Bytes): Reply {
  if (c.delete(target)) {
    c.signalModified(target)
    c.notify('g', 'del', target)
    c.dirty()
  }
  return 0
}
function store(c: CommandContext, form: Form, q: Query, target: Bytes, points: readonly Found[]): Reply {
  if (points.length === 0) return removeTarget(c, target)
  const o = createZsetSkiplist(c.rng.next())
  const z = zsetOf(o)
  let [longest, total] = [0, 0]
  for (const p of points) {
    if (z.dict.has(p.member)) continue
    z.insert(q.storeDist ? p.distance / q.metres : p.score, p.member)
    longest = Math.max(longest, p.member.length)
    total += p.member.length
  }
  zsetToListpackIfSmall(o, longest, total, c.config)
  c.setKey(target, o)
  c.notify('z', form.kind === 'search' ? 'geosearchstore' : 'georadiusstore', target)
  c.dirty(points.length)
  return points.length
}

const search =
  (form: Form): Handler =>
  (c, argv) => {
    const o = c.lookupReadOf(argv[form.source]!, 'zset')
    const q = parse(form, argv, o)
    if (!o) return q.store !== null ? removeTarget(c, q.store) : []
    const shape: Shape = { center: q.center ?? { lon: 0, lat: 0 }, metres: q.metres, radius: q.radius, box: q.box }
    const points = find(c, o, shape, q.any ? q.count : 0)
    const wanted = q.count === 0 ? points.length : Math.min(points.length, q.count)
    const sort = q.count !== 0 && q.sort === 'none' && !q.any ? 'asc' : q.sort
    if (sort !== 'none' && points.length > 0) {
      const by =
        sort === 'asc'
          ? (a: Found, b: Found): number => a.distance - b.distance
          : (a: Found, b: Found): number => b.distance - a.distance
      if (wanted === points.length) points.sort(by)
      else partialSort(points, by, 0, wanted - 1)
    }
    const chosen = points.slice(0, wanted)
    return q.store === null ? reply(c, q, chosen) : store(c, form, q, q.store, chosen)
  }

export const searchCommands: readonly CommandImpl[] = [
  { name: 'geosearch', handler: search({ kind: 'search', source: 1, readOnly: true }) },
  { name: 'geosearchstore', handler: search({ kind: 'search', source: 2, readOnly: false }) },
  { name: 'georadius', handler: search({ kind: 'radius', source: 1, readOnly: false }) },
  { name: 'georadius_ro', handler: search({ kind: 'radius', source: 1, readOnly: true }) },
  { name: 'georadiusbymember', handler: search({ kind: 'member', source: 1, readOnly: false }) },
  { name: 'georadiusbymember_ro', handler: search({ kind: 'member', source: 1, readOnly: true }) },
]
