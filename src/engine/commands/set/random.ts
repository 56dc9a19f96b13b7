/** SPOP and SRANDMEMBER. Replicas may not throw their own dice, so SPOP is propagated as what it took: SREM, or DEL. */
import type { Bytes } from '../../bytes/bytes.ts'
import { setMembers, setRandom, setRemove, setSize } from '../../objects/set.ts'
import type { Reply } from '../../protocol/reply.ts'
import { set } from '../../protocol/reply.ts'
import { fail, parseIntArg, parsePositiveLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

/** n different members at random: by picking while few are wanted, else by striking out. */
function pick(c: CommandContext, members: Bytes[], n: number): Bytes[] {
  for (let i = 0; i < n; i++) {
    const j = i + c.rng.below(members.length - i)
    const m = members[j]!
    members[j] = members[i]!
    members[i] = m
  }
  members.length = n
  return members
}

const spopCount = (c: CommandContext, argv: readonly Bytes[]): Reply => {
  const key = argv[1]!
  const count = parsePositiveLongArg(argv[2], 'ERR value is out of range, must be positive')
  const o = c.lookupWriteOf(key, 'set')
  if (!o || count === 0) return set([])
  const size = setSize(o)
  c.notify('s', 'spop', key)
  c.dirty(Math.min(count, size))
  if (count >= size) {
    // 7.0.15 answers with the union of this one set: one more look at the key, and one more value to free.
    c.server.stat.keyspaceHits++
    if (c.config.lazyfreeLazyServerDel) c.server.lazyfree.value(o, c.server.host.now)
    const all = setMembers(o)
    c.delete(key)
    c.notify('g', 'del', key)
    c.rewrite([c.config.lazyfreeLazyServerDel ? 'UNLINK' : 'DEL', key])
    c.signalModified(key)
    return set(all)
  }
  const taken: Bytes[] = []
  if (count * 5 < size) {
    while (taken.length < count) {
      const m = setRandom(o, c.rng)
      setRemove(o, m)
      taken.push(m)
    }
  } else {
    for (const m of pick(c, setMembers(o), count)) {
      setRemove(o, m)
      taken.push(m)
    }
  }
  for (const m of taken) c.alsoPropagate(['SREM', key, m])
  c.preventPropagation()
  c.signalModified(key)
  return set(taken)
}

const spop: Handler = (c, argv) => {
  if (argv.length === 3) return spopCount(c, argv)
  if (argv.length > 3) syntaxError()
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'set')
  if (!o) return null
  const m = setRandom(o, c.rng)
  setRemove(o, m)
  c.notify('s', 'spop', key)
  c.rewrite(['SREM', key, m])
  if (setSize(o) === 0) {
    c.delete(key)
    c.notify('g', 'del', key)
  }
  c.signalModified(key)
  c.dirty()
  return m
}

/** Negative: that many draws, with repetition. Positive: that many different ones. */
const srandmember: Handler = (c, argv) => {
  if (argv.length > 3) syntaxError()
  if (argv.length === 2) {
    const o = c.lookupReadOf(argv[1]!, 'set')
    return o ? setRandom(o, c.rng) : null
  }
  const n = parseIntArg(argv[2])
  if (n === -9223372036854775808n)
    fail('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807')
  const count = Number(n)
  const o = c.lookupReadOf(argv[1]!, 'set')
  if (!o || count === 0) return []
  const size = setSize(o)
  if (count < 0 || count === 1) {
    const out: Bytes[] = []
    for (let i = Math.abs(count); i > 0; i--) out.push(setRandom(o, c.rng))
    return out
  }
  if (count >= size) return setMembers(o)
  if (count * 3 > size) return pick(c, setMembers(o), count)
  const seen = new Set<Bytes>()
  while (seen.size < count) seen.add(setRandom(o, c.rng))
  return [...seen]
}

export const randomCommands: readonly CommandImpl[] = [
  { name: 'spop', handler: spop },
  { name: 'srandmember', handler: srandmember },
]
