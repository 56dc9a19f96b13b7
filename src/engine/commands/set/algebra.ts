/** SINTER, SUNION, SDIFF, their STORE forms and SINTERCARD. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Obj } from '../../objects/object.ts'
import { createIntset, setAdd, setForEach, setForEachWhile, setHas, setMembers, setSize } from '../../objects/set.ts'
import { set } from '../../protocol/reply.ts'
import { equalsIgnoreCase, fail, parseLongArg, parsePositiveLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { storeResult } from '../store-result.ts'

type Operation = 'sinter' | 'sunion' | 'sdiff'

function lookupAll(c: CommandContext, keys: readonly Bytes[]): (Obj | undefined)[] {
  return keys.map((k) => c.lookupReadOf(k, 'set'))
}

/** Walks the smallest set and asks the others. Stops when `take` says false. */
function intersect(sets: readonly (Obj | undefined)[], take: (m: Bytes) => boolean): void {
  if (sets.some((s) => s === undefined)) return
  const sorted = (sets as Obj[]).slice().sort((a, b) => setSize(a) - setSize(b))
  const [first, ...others] = sorted
  setForEachWhile(first!, (m) => !others.every((o) => o === first || setHas(o, m)) || take(m))
}

function compute(c: CommandContext, op: Operation, sets: readonly (Obj | undefined)[]): Obj {
  const result = createIntset()
  const add = (m: Bytes): void => {
    setAdd(result, m, c.config, result.encoding === 'intset' ? c.rng.next() : 0)
  }
  if (op === 'sinter') {
    intersect(sets, (m) => {
      add(m)
      return true
    })
  } else if (op === 'sunion') {
    for (const s of sets) if (s) setForEach(s, add)
  } else if (sets[0]) {
    const others = sets.slice(1)
    setForEach(sets[0], (m) => {
      if (!others.some((s) => s && setHas(s, m))) add(m)
    })
  }
  return result
}

const reply =
  (op: Operation): Handler =>
  (c, argv) => {
    const sets = lookupAll(c, argv.slice(1))
    if (op === 'sinter') {
      const out: Bytes[] = []
      intersect(sets, (m) => out.push(m) > 0)
      return set(out)
    }
    const result = compute(c, op, sets)
    // What was built for the reply is freed like any value.
    if (c.config.lazyfreeLazyServerDel) c.server.lazyfree.value(result, c.server.host.now)
    return set(setMembers(result))
  }

const store =
  (op: Operation): Handler =>
  (c, argv) => {
    const destination = argv[1]!
    const result = compute(c, op, lookupAll(c, argv.slice(2)))
    return storeResult(c, destination, result, setSize(result), 's', `${op}store`)
  }

/** numkeys key [key ...] [LIMIT n]; also of ZINTERCARD. */
export function parseCardinality(argv: readonly Bytes[]): { keys: readonly Bytes[]; limit: number } {
  const numkeys = parseLongArg(argv[1], 1, 9223372036854775807, 'ERR numkeys should be greater than 0')
  if (numkeys > argv.length - 2) fail("ERR Number of keys can't be greater than number of args")
  let limit = 0
  for (let j = 2 + numkeys; j < argv.length; j++) {
    if (equalsIgnoreCase(argv[j], 'limit') && j + 1 < argv.length)
      limit = parsePositiveLongArg(argv[++j], "ERR LIMIT can't be negative")
    else syntaxError()
  }
  return { keys: argv.slice(2, 2 + numkeys), limit }
}

const sintercard: Handler = (c, argv) => {
  const { keys, limit } = parseCardinality(argv)
  let n = 0
  intersect(lookupAll(c, keys), () => {
    n++
    return limit === 0 || n < limit
  })
  return n
}

export const algebraCommands: readonly CommandImpl[] = [
  { name: 'sinter', handler: reply('sinter') },
  { name: 'sinterstore', handler: store('sinter') },
  { name: 'sintercard', handler: sintercard },
  { name: 'sunion', handler: reply('sunion') },
  { name: 'sunionstore', handler: store('sunion') },
  { name: 'sdiff', handler: reply('sdiff') },
  { name: 'sdiffstore', handler: store('sdiff') },
]
