/** DEL, EXISTS, TYPE, KEYS, SCAN and other questions about keys as such. */
import { globMatch } from '../../bytes/glob.ts'
import type { Bytes } from '../../bytes/bytes.ts'
import { expireIfNeeded } from '../../keyspace/expire.ts'
import type { Obj } from '../../objects/object.ts'
import { OK, RedisError, status, SYNTAX_ERROR } from '../../protocol/reply.ts'
import { fail, parseCursorArg, parseLongArg, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { scanDict } from '../set/sscan.ts'

/** A lookup for reading that does not count as a use of the value (LOOKUP_NOTOUCH). */
export function lookupNoTouch(c: CommandContext, key: Bytes): Obj | undefined {
  const lru = c.peek(key)?.lru
  const o = c.lookupRead(key)
  if (o && lru !== undefined) o.lru = lru
  return o
}

/** DEL and UNLINK differ in who frees the memory. */
const del: Handler = (c, argv) => deleteKeys(c, argv, c.config.lazyfreeLazyUserDel)
const unlink: Handler = (c, argv) => deleteKeys(c, argv, true)
function deleteKeys(c: CommandContext, argv: readonly Bytes[], lazily: boolean): number {
  let deleted = 0
  for (let j = 1; j < argv.length; j++) {
    const key = argv[j]!
    if (!c.lookupWrite(key)) continue
    c.delete(key, lazily)
    c.signalModified(key)
    c.notify('g', 'del', key)
    c.dirty()
    deleted++
  }
  return deleted
}

const exists: Handler = (c, argv) => {
  let count = 0
  for (let j = 1; j < argv.length; j++) if (lookupNoTouch(c, argv[j]!)) count++
  return count
}

const touch: Handler = (c, argv) => {
  let touched = 0
  for (let j = 1; j < argv.length; j++) if (c.lookupRead(argv[j]!)) touched++
  return touched
}

const type: Handler = (c, argv) => status(lookupNoTouch(c, argv[1]!)?.type ?? 'none')

const keys: Handler = (c, argv) => {
  const pattern = argv[1]!
  const out: Bytes[] = []
  c.db.dict.forEach((key) => {
    if ((pattern === '*' || globMatch(pattern, key)) && c.peek(key)) out.push(key)
  })
  c.work(c.db.dict.size * 0.14 + out.length * 0.38)
  return out
}

const scan: Handler = (c, argv) => {
  const cursor = parseCursorArg(argv[1])
  let count = 10
  let pattern: Bytes | null = null
  let wantedType: string | null = null
  for (let j = 2; j < argv.length; j += 2) {
    const option = word(argv[j])
    const value = argv[j + 1]
    if (option === 'count' && value !== undefined) {
      count = parseLongArg(value)
      if (count < 1) throw new RedisError(SYNTAX_ERROR)
    } else if (option === 'match' && value !== undefined) pattern = value === '*' ? null : value
    else if (option === 'type' && value !== undefined) wantedType = word(value)
    else throw new RedisError(SYNTAX_ERROR)
  }
  const seen: Bytes[] = []
  const next = scanDict(c.db.dict, cursor, count, (key) => {
    if (pattern === null || globMatch(pattern, key)) seen.push(key)
  })
  const out = seen.filter((key) => {
    if (wantedType !== null && lookupNoTouch(c, key)?.type !== wantedType) return false
    return !expireIfNeeded(c.server, c.db, key, false)
  })
  return [String(next), out]
}

/** On a replica where every key has a TTL an expired name is given after 100 tries, since a replica may not delete. */
const randomkey: Handler = (c) => {
  for (let tries = 100; ; tries--) {
    const entry = c.db.dict.fairRandom(c.rng)
    if (!entry) return null
    const [key] = entry
    if (!c.peek(key)) {
      if (tries <= 0 && c.server.isReplica) return key
      expireIfNeeded(c.server, c.db, key, false)
      continue
    }
    return key
  }
}

function rename(c: CommandContext, argv: readonly Bytes[], onlyNew: boolean): boolean {
  const source = argv[1]!
  const destination = argv[2]!
  const o = c.lookupWrite(source)
  if (!o) fail('ERR no such key')
  if (source === destination) return false
  const expire = c.getExpire(source)
  if (c.lookupWrite(destination)) {
    if (onlyNew) return false
    c.delete(destination)
  }
  c.delete(source)
  addKeepingLru(c, destination, o)
  if (expire !== -1) c.setExpire(destination, expire)
  c.signalModified(source)
  c.signalModified(destination)
  c.notify('g', 'rename_from', source)
  c.notify('g', 'rename_to', destination)
  c.dirty()
  return true
}

function addKeepingLru(c: CommandContext, key: Bytes, o: Obj): void {
  const lru = o.lru
  c.add(key, o)
  o.lru = lru
}

const renameCommand: Handler = (c, argv) => {
  rename(c, argv, false)
  return OK
}
const renamenx: Handler = (c, argv) => (rename(c, argv, true) ? 1 : 0)

export const keyFamily: readonly CommandImpl[] = [
  { name: 'del', handler: del },
  { name: 'unlink', handler: unlink },
  { name: 'exists', handler: exists },
  { name: 'touch', handler: touch },
  { name: 'type', handler: type },
  { name: 'keys', handler: keys },
  { name: 'scan', handler: scan },
  { name: 'randomkey', handler: randomkey },
  { name: 'rename', handler: renameCommand },
  { name: 'renamenx', handler: renamenx },
]
