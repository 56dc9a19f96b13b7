/** MOVE and COPY, the two commands that reach into another database. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Database } from '../../keyspace/database.ts'
import { duplicateObject } from '../../objects/convert.ts'
import { fail, parseLongArg, syntaxError, word } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'

const SAME_OBJECT = 'ERR source and destination objects are the same'

function databaseArg(c: CommandContext, arg: Bytes | undefined): Database {
  const id = parseLongArg(arg, -2147483648, 2147483647)
  return c.server.dbs[id] ?? fail('ERR DB index is out of range')
}

/** Run with the client looking at another database. */
function inDatabase<T>(c: CommandContext, db: Database, fn: () => T): T {
  const own = c.client.db
  c.client.db = db
  try {
    return fn()
  } finally {
    c.client.db = own
  }
}

const move: Handler = (c, argv) => {
  if (c.server.cluster !== null) fail('ERR MOVE is not allowed in cluster mode')
  const key = argv[1]!
  const target = databaseArg(c, argv[2])
  if (target === c.db) fail(SAME_OBJECT)
  const o = c.lookupWrite(key)
  if (!o) return 0
  const expire = c.getExpire(key)
  if (inDatabase(c, target, () => c.lookupWrite(key))) return 0
  c.delete(key)
  inDatabase(c, target, () => {
    const lru = o.lru
    c.add(key, o)
    o.lru = lru
    if (expire !== -1) c.setExpire(key, expire)
  })
  c.signalModified(key)
  inDatabase(c, target, () => c.signalModified(key))
  c.notify('g', 'move_from', key)
  inDatabase(c, target, () => c.notify('g', 'move_to', key))
  c.dirty()
  return 1
}

const copy: Handler = (c, argv) => {
  const source = argv[1]!
  const destination = argv[2]!
  let target = c.db
  let replace = false
  for (let j = 3; j < argv.length; j++) {
    const option = word(argv[j])
    if (option === 'replace') replace = true
    else if (option === 'db' && j + 1 < argv.length) target = databaseArg(c, argv[++j])
    else syntaxError()
  }
  if (c.server.cluster !== null && target !== c.db)
    fail('ERR Copying to another database is not allowed in cluster mode')
  if (target === c.db && source === destination) fail(SAME_OBJECT)
  const o = c.lookupRead(source)
  if (!o) return 0
  const expire = c.getExpire(source)
  const duplicate = duplicateObject(o, c.server.hashSeed, c.rng)
  return inDatabase(c, target, () => {
    if (c.lookupWrite(destination)) {
      if (!replace) return 0
      c.delete(destination)
    }
    c.add(destination, duplicate)
    if (expire !== -1) c.setExpire(destination, expire)
    c.signalModified(destination)
    c.notify('g', 'copy_to', destination)
    c.dirty()
    return 1
  })
}

export const copyFamily: readonly CommandImpl[] = [
  { name: 'move', handler: move },
  { name: 'copy', handler: copy },
]
