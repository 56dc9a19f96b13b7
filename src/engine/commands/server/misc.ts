/** The server's own small commands. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { NO_REPLY, OK, type Reply, verbatim } from '../../protocol/reply.ts'
import { blockClient, signalKeyAsReady } from '../../server/blocked.ts'
import { abortShutdown, prepareForShutdown } from '../../server/shutdown.ts'
import { touchAllWatchedKeysInDb } from '../../server/watch.ts'
import { infoText } from '../../server/info.ts'
import { equalsIgnoreCase, fail, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'

/** True when the memory is to be freed in the background. */
function flushFlags(c: CommandContext, argv: readonly Bytes[]): boolean {
  if (
    argv.length > 2 ||
    (argv.length === 2 && !equalsIgnoreCase(argv[1], 'sync') && !equalsIgnoreCase(argv[1], 'async'))
  )
    syntaxError()
  return argv.length === 2 ? equalsIgnoreCase(argv[1], 'async') : c.config.lazyfreeLazyUserFlush
}
/** FLUSHDB and FLUSHALL travel to the replicas even when nothing was there to remove. */
function flushed(c: CommandContext, argv: readonly Bytes[], removed: number): Reply {
  c.dirty(removed)
  c.alsoPropagate(argv)
  c.preventPropagation()
  return OK
}
function flushDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  const lazily = flushFlags(c, argv)
  c.server.signalFlushed(c.db.id)
  return flushed(c, argv, c.server.emptyDb(c.db.id, lazily))
}
function flushAll(c: CommandContext, argv: readonly Bytes[]): Reply {
  const reply = flushed(c, argv, c.server.flushAll(flushFlags(c, argv)))
  c.server.rdb?.onFlushAll?.()
  return reply
}
function swapDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (c.server.cluster !== null) fail('ERR SWAPDB is not allowed in cluster mode')
  const index = (arg: Bytes | undefined, which: string): number => {
    const n = parseInt64(arg ?? '')
    return typeof n === 'number' && n >= -2147483648 && n <= 2147483647 ? n : fail(`ERR invalid ${which} DB index`)
  }
  const [a, b] = [index(argv[1], 'first'), index(argv[2], 'second')]
  const { server } = c
  const [x, y] = [server.dbs[a], server.dbs[b]]
  if (!x || !y) return fail('ERR DB index is out of range')
  if (x !== y) {
    touchAllWatchedKeysInDb(server, x, y)
    touchAllWatchedKeysInDb(server, y, x)
    x.swapWith(y)
    for (const db of [x, y])
      for (const key of db.blockingKeys.keys()) if (db.dict.has(key)) signalKeyAsReady(server, db, key)
  }
  c.dirty()
  return OK
}
function shutdown(c: CommandContext, argv: readonly Bytes[]): Reply {
  const flags = { save: false, nosave: false, now: false, force: false }
  let abort = false
  for (const a of argv.slice(1)) {
    const w = a.toLowerCase()
    if (w === 'save' || w === 'nosave' || w === 'now' || w === 'force') flags[w] = true
    else if (w === 'abort') abort = true
    else syntaxError()
  }
  if ((abort && (flags.save || flags.nosave || flags.now || flags.force)) || (flags.save && flags.nosave)) syntaxError()
  const { server } = c
  if (abort) {
    if (!abortShutdown(server)) fail('ERR No shutdown in progress.')
    return OK
  }
  if (!flags.now && c.client.denyBlocking)
    fail("ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client")
  if (!c.client.denyBlocking) blockClient(server, c.client, 'shutdown', { timeoutAtMs: 0 })
  prepareForShutdown(
    server,
    { now: flags.now, force: flags.force, ...(flags.save ? { save: true } : flags.nosave ? { save: false } : {}) },
    c.client,
  )
  return NO_REPLY
}
export const miscCommands: readonly CommandImpl[] = [
  { name: 'info', handler: (c, argv) => verbatim(infoText(c.server, argv.slice(1))) },
  {
    name: 'time',
    handler: (c) => {
      const now = c.server.host.now
      return [`${Math.floor(now / 1000000)}`, `${now % 1000000}`]
    },
  },
  { name: 'dbsize', handler: (c) => c.db.size },
  { name: 'flushdb', handler: flushDb },
  { name: 'flushall', handler: flushAll },
  { name: 'swapdb', handler: swapDb },
  { name: 'shutdown', handler: shutdown },
  {
    name: 'monitor',
    handler: (c) => {
      if (c.client.denyBlocking) fail("ERR MONITOR isn't allowed for DENY BLOCKING client")
      if (c.client.isMonitor || c.client.isReplica) return NO_REPLY
      c.client.isMonitor = true
      c.server.monitors.add(c.client)
      return OK
    },
  },
]
