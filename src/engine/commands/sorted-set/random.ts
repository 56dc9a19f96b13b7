/** ZRANDMEMBER. */
import type { Bytes } from '../../bytes/bytes.ts'
import { zsetForEach, zsetLength, zsetRandom, zsetWalkRank } from '../../objects/zset.ts'
import { equalsIgnoreCase, fail, parseIntArg, syntaxError } from '../args.ts'
import type { CommandImpl, Handler } from '../command.ts'
import { pairsReply } from './range.ts'

/** LONG_MAX / 2: with scores twice as many are answered. */
const HALF = 4611686018427387903n

const zrandmember: Handler = (c, argv) => {
  if (argv.length === 2) {
    const o = c.lookupReadOf(argv[1]!, 'zset')
    return o ? zsetRandom(o, c.rng)[0] : null
  }
  const n = parseIntArg(argv[2])
  if (n === -9223372036854775808n)
    fail('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807')
  if (argv.length > 4 || (argv.length === 4 && !equalsIgnoreCase(argv[3], 'withscores'))) syntaxError()
  const withscores = argv.length === 4
  if (withscores && (n < -HALF || n > HALF)) fail('ERR value is out of range')
  const count = Number(n)
  const o = c.lookupReadOf(argv[1]!, 'zset')
  if (!o || count === 0) return []
  const size = zsetLength(o)
  const items: [Bytes, number][] = []
  if (count < 0 || count === 1) {
    for (let i = Math.abs(count); i > 0; i--) items.push(zsetRandom(o, c.rng))
  } else if (count >= size) {
    zsetWalkRank(o, 0, size, true, (ele, score) => {
      items.push([ele, score])
    })
  } else if (count * 3 > size) {
    zsetForEach(o, (ele, score) => {
      items.push([ele, score])
    })
    for (let i = 0; i < count; i++) {
      const j = i + c.rng.below(size - i)
      const item = items[j]!
      items[j] = items[i]!
      items[i] = item
    }
    items.length = count
  } else {
    const seen = new Set<Bytes>()
    while (items.length < count) {
      const item = zsetRandom(o, c.rng)
      if (seen.has(item[0])) continue
      seen.add(item[0])
      items.push(item)
    }
  }
  return pairsReply(c, items, withscores)
}

export const randomCommands: readonly CommandImpl[] = [{ name: 'zrandmember', handler: zrandmember }]
