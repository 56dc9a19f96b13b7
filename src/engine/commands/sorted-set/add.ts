/** ZADD and ZINCRBY. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import { createZsetFor, zsetInsertNew, zsetScore, zsetUpdate } from '../../objects/zset.ts'
import type { Reply } from '../../protocol/reply.ts'
import { double } from '../../protocol/reply.ts'
import { fail, parseDoubleArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

interface AddOptions {
  nx: boolean
  xx: boolean
  gt: boolean
  lt: boolean
  ch: boolean
  incr: boolean
}

/** zsetAdd: what happened to one element. The score is that of the element afterwards. */
function addOne(
  c: CommandContext,
  o: Obj,
  ele: Bytes,
  score: number,
  f: AddOptions,
): { outcome: 'added' | 'updated' | 'same' | 'nop'; score: number } {
  const current = zsetScore(o, ele)
  if (current === undefined) {
    if (f.xx) return { outcome: 'nop', score }
    zsetInsertNew(o, ele, score, c.config, o.encoding === 'listpack' ? c.rng.next() : 0)
    return { outcome: 'added', score }
  }
  if (f.nx) return { outcome: 'nop', score: current }
  if (f.incr) {
    score += current
    if (Number.isNaN(score)) fail('ERR resulting score is not a number (NaN)')
  }
  if ((f.lt && score >= current) || (f.gt && score <= current)) return { outcome: 'nop', score: current }
  if (score === current) return { outcome: 'same', score }
  zsetUpdate(o, ele, current, score)
  return { outcome: 'updated', score }
}

function add(c: CommandContext, argv: readonly Bytes[], from: number, f: AddOptions): Reply {
  const key = argv[1]!
  const pairs = (argv.length - from) / 2
  if (pairs < 1 || !Number.isInteger(pairs)) syntaxError()
  if (f.nx && f.xx) fail('ERR XX and NX options at the same time are not compatible')
  if ((f.gt && f.nx) || (f.lt && f.nx) || (f.gt && f.lt))
    fail('ERR GT, LT, and/or NX options at the same time are not compatible')
  if (f.incr && pairs > 1) fail('ERR INCR option supports a single increment-element pair')
  const scores: number[] = []
  for (let i = from; i < argv.length; i += 2) scores.push(parseDoubleArg(argv[i]))
  let o = c.lookupWriteOf(key, 'zset')
  if (!o) {
    if (f.xx) return f.incr ? null : 0
    o = createZsetFor(argv[from + 1]!.length, c.config, c.rng.next())
    c.add(key, o)
  }
  let added = 0
  let updated = 0
  let processed = false
  let score = 0
  for (let i = 0; i < pairs; i++) {
    const r = addOne(c, o, argv[from + 2 * i + 1]!, scores[i]!, f)
    if (r.outcome === 'added') added++
    if (r.outcome === 'updated') updated++
    if (r.outcome !== 'nop') processed = true
    score = r.score
  }
  c.dirty(added + updated)
  if (added + updated > 0) {
    c.replied()
    c.signalModified(key)
    c.notify('z', f.incr ? 'zincr' : 'zadd', key)
  }
  if (f.incr) return processed ? double(score) : null
  return f.ch ? added + updated : added
}

const zadd: Handler = (c, argv) => {
  const f: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false }
  let at = 2
  for (; at < argv.length; at++) {
    const name = argv[at]!.length <= 4 ? argv[at]!.toLowerCase() : ''
    if (name === 'nx' || name === 'xx' || name === 'gt' || name === 'lt' || name === 'ch' || name === 'incr')
      f[name] = true
    else break
  }
  return add(c, argv, at, f)
}

/** It is read like ZADD with INCR: an option's name in place of the increment is that option, and then a word is missing. */
const zincrby: Handler = (c, argv) => {
  if (/^(nx|xx|gt|lt|ch|incr)$/i.test(argv[2]!)) syntaxError()
  return add(c, argv, 2, { nx: false, xx: false, gt: false, lt: false, ch: false, incr: true })
}

export const addCommands: readonly CommandImpl[] = [
  { name: 'zadd', handler: zadd },
  { name: 'zincrby', handler: zincrby },
]
