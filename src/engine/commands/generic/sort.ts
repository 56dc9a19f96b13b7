/**
 * SORT: a list, set or sorted set by number or by bytes, by its own elements or by keys that a pattern names, giving
 * elements or what other patterns find for them. A BY pattern without '*' means: do not sort at all.
 */
import { type Bytes, compareBytes } from '../../bytes/bytes.ts'
import { parseDouble } from '../../bytes/numbers.ts'
import { hashGet } from '../../objects/hash.ts'
import { createList, listForEach, listPush } from '../../objects/list.ts'
import type { Obj } from '../../objects/object.ts'
import { setForEach } from '../../objects/set.ts'
import { stringBytes } from '../../objects/string.ts'
import { convertZsetToSkiplist, zsetForEach } from '../../objects/zset.ts'
import { RedisError, type Reply, WRONGTYPE } from '../../protocol/reply.ts'
import { mayReadEveryKey } from '../../server/acl-check.ts'
import { cText, fail, parseLongArg, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

interface SortOptions {
  desc: boolean
  alpha: boolean
  by: Bytes | null
  dontSort: boolean
  limitStart: number
  limitCount: number
  get: Bytes[]
  store: Bytes | null
}

function parseOptions(c: CommandContext, argv: readonly Bytes[], readOnly: boolean): SortOptions {
  const o: SortOptions = {
    desc: false,
    alpha: false,
    by: null,
    dontSort: false,
    limitStart: 0,
    limitCount: -1,
    get: [],
    store: null,
  }
  for (let j = 2; j < argv.length; j++) {
    const option = word(argv[j])
    const left = argv.length - j - 1
    if (option === 'asc') o.desc = false
    else if (option === 'desc') o.desc = true
    else if (option === 'alpha') o.alpha = true
    else if (option === 'limit' && left >= 2) {
      o.limitStart = parseLongArg(argv[++j])
      o.limitCount = parseLongArg(argv[++j])
    } else if (option === 'store' && left >= 1 && !readOnly) o.store = argv[++j]!
    else if (option === 'by' && left >= 1) {
      o.by = argv[++j]!
      if (!o.by.includes('*')) o.dontSort = true
      else mayReadAll(c, argv, 'BY')
    } else if (option === 'get' && left >= 1) {
      mayReadAll(c, argv, 'GET')
      o.get.push(argv[++j]!)
    } else syntaxError()
  }
  return o
}
/** BY and GET look into keys that the command does not name. */
function mayReadAll(c: CommandContext, argv: readonly Bytes[], option: string): void {
  if (c.server.cluster !== null) fail(`ERR ${option} option of SORT denied in Cluster mode.`)
  const { user, command } = c.client
  if (command !== null && !mayReadEveryKey(user, command, argv))
    fail(`ERR ${option} option of SORT denied due to insufficient ACL permissions.`)
}

/** "weight_*" or "object_*->field", with the element for the star; "#" is the element itself. */
function lookupByPattern(c: CommandContext, pattern: Bytes, element: Bytes): Bytes | null {
  if (pattern === '#') return element
  const star = pattern.indexOf('*')
  if (star === -1) return null
  const arrow = pattern.indexOf('->', star + 1)
  const hasField = arrow !== -1 && arrow + 2 < pattern.length
  const postfix = pattern.slice(star + 1, hasField ? arrow : undefined)
  const o = c.lookupRead(pattern.slice(0, star) + element + postfix)
  if (!o) return null
  if (hasField) return o.type === 'hash' ? (hashGet(o, pattern.slice(arrow + 2)) ?? null) : null
  return o.type === 'string' ? stringBytes(o) : null
}

function elementsOf(o: Obj | undefined): Bytes[] {
  const out: Bytes[] = []
  const take = (element: Bytes): void => {
    out.push(element)
  }
  if (o?.type === 'list') listForEach(o, take)
  else if (o?.type === 'set') setForEach(o, take)
  else if (o?.type === 'zset') zsetForEach(o, take)
  return out
}

interface Item {
  readonly element: Bytes
  readonly key: Bytes | null
  readonly score: number
}

/** strtod of a C string: nothing at all is 0. */
function scoreOf(arg: Bytes): number {
  const text = cText(arg)
  const trimmed = text.replace(/^[ \t\n\v\f\r]+/, '')
  if (trimmed === '') {
    if (text === '') return 0
    fail("ERR One or more scores can't be converted into double")
  }
  return parseDouble(trimmed) ?? fail("ERR One or more scores can't be converted into double")
}

function compareKeys(a: Bytes | null, b: Bytes | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  return compareBytes(a, b)
}

function sorted(c: CommandContext, elements: readonly Bytes[], o: SortOptions): Bytes[] {
  const { alpha, by } = o
  const items = elements.map((element): Item => {
    const key = by === null ? element : lookupByPattern(c, by, element)
    return { element, key, score: alpha || key === null ? 0 : scoreOf(key) }
  })
  items.sort((a, b) => {
    const order = alpha ? compareKeys(a.key, b.key) : a.score - b.score || compareBytes(a.element, b.element)
    return o.desc ? -order : order
  })
  return items.map((item) => item.element)
}

/** The part that LIMIT names; it is cut to what is there, never an error. */
function limited(elements: readonly Bytes[], o: SortOptions): readonly Bytes[] {
  const start = Math.min(Math.max(o.limitStart, 0), elements.length)
  const count = Math.min(Math.max(o.limitCount, -1), elements.length)
  return elements.slice(start, count < 0 ? undefined : start + count)
}

function storeResult(c: CommandContext, key: Bytes, replies: readonly (Bytes | null)[]): Reply {
  if (replies.length > 0) {
    const list = createList(c.config)
    for (const reply of replies) listPush(list, reply ?? '', 'right')
    c.setKey(key, list)
    c.notify('l', 'sortstore', key)
    c.dirty(replies.length)
  } else if (c.delete(key)) {
    c.signalModified(key)
    c.notify('g', 'del', key)
    c.dirty()
  }
  return replies.length
}

const sortGeneric =
  (readOnly: boolean): Handler =>
  (c, argv) => {
    const options = parseOptions(c, argv, readOnly)
    const o = c.lookupRead(argv[1]!)
    if (o && o.type !== 'list' && o.type !== 'set' && o.type !== 'zset') throw new RedisError(WRONGTYPE)
    if (options.store !== null && options.dontSort && o?.type === 'set') {
      // A set has no order that every server agrees on: what is stored must be sorted.
      options.dontSort = false
      options.alpha = true
      options.by = null
    }
    // SORT turns a small sorted set into a skiplist for good.
    if (o?.type === 'zset') convertZsetToSkiplist(o, c.rng.next())
    let elements = elementsOf(o)
    if (!options.dontSort) {
      elements = sorted(c, elements, options)
      c.work(elements.length * Math.log2(elements.length + 1) * 0.2)
    } else if (options.desc && o?.type !== 'set') elements.reverse()
    const result = limited(elements, options)
    const replies =
      options.get.length === 0
        ? result
        : result.flatMap((element) => options.get.map((pattern) => lookupByPattern(c, pattern, element)))
    return options.store === null ? replies : storeResult(c, options.store, replies)
  }

export const sortFamily: readonly CommandImpl[] = [
  { name: 'sort', handler: sortGeneric(false) },
  { name: 'sort_ro', handler: sortGeneric(true) },
]
