/** SADD, SREM, SMOVE and the questions about membership. */
import { createSetFor, setAdd, setHas, setMembers, setRemove, setSize } from '../../objects/set.ts'
import { RedisError, set, WRONGTYPE } from '../../protocol/reply.ts'
import type { CommandImpl, Handler } from '../command.ts'

const sadd: Handler = (c, argv) => {
  const key = argv[1]!
  let o = c.lookupWriteOf(key, 'set')
  if (!o) {
    o = createSetFor(argv[2]!, c.rng.next())
    c.add(key, o)
  }
  let added = 0
  for (let i = 2; i < argv.length; i++) {
    const table = o.encoding === 'hashtable'
    if (setAdd(o, argv[i]!, c.config, table ? 0 : c.rng.next())) added++
  }
  if (added > 0) {
    c.signalModified(key)
    c.notify('s', 'sadd', key)
    c.dirty(added)
  }
  return added
}

const srem: Handler = (c, argv) => {
  const key = argv[1]!
  const o = c.lookupWriteOf(key, 'set')
  if (!o) return 0
  let removed = 0
  let gone = false
  for (let i = 2; i < argv.length; i++) {
    if (!setRemove(o, argv[i]!)) continue
    removed++
    if (setSize(o) === 0) {
      c.delete(key)
      gone = true
      break
    }
  }
  if (removed > 0) {
    c.signalModified(key)
    c.notify('s', 'srem', key)
    if (gone) c.notify('g', 'del', key)
    c.dirty(removed)
  }
  return removed
}

const smove: Handler = (c, argv) => {
  const [, source, destination, member] = argv as [string, string, string, string]
  const src = c.lookupWrite(source)
  let dst = c.lookupWrite(destination)
  if (!src) return 0
  if (src.type !== 'set' || (dst && dst.type !== 'set')) throw new RedisError(WRONGTYPE)
  if (src === dst) return setHas(src, member) ? 1 : 0
  if (!setRemove(src, member)) return 0
  c.notify('s', 'srem', source)
  if (setSize(src) === 0) {
    c.delete(source)
    c.notify('g', 'del', source)
  }
  if (!dst) {
    dst = createSetFor(member, c.rng.next())
    c.add(destination, dst)
  }
  c.signalModified(source)
  c.dirty()
  if (setAdd(dst, member, c.config, c.rng.next())) {
    c.dirty()
    c.signalModified(destination)
    c.notify('s', 'sadd', destination)
  }
  return 1
}

const sismember: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'set')
  return o && setHas(o, argv[2]!) ? 1 : 0
}
const smismember: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'set')
  return argv.slice(2).map((m) => (o && setHas(o, m) ? 1 : 0))
}
const scard: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'set')
  return o ? setSize(o) : 0
}
const smembers: Handler = (c, argv) => {
  const o = c.lookupReadOf(argv[1]!, 'set')
  return set(o ? setMembers(o) : [])
}

export const memberCommands: readonly CommandImpl[] = [
  { name: 'sadd', handler: sadd },
  { name: 'srem', handler: srem },
  { name: 'smove', handler: smove },
  { name: 'sismember', handler: sismember },
  { name: 'smismember', handler: smismember },
  { name: 'scard', handler: scard },
  { name: 'smembers', handler: smembers },
]
