/** The server's own small commands. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { double, map, NO_REPLY, OK, type Reply, verbatim } from '../../protocol/reply.ts'
import { blockClient, signalKeyAsReady } from '../../server/blocked.ts'
import { abortShutdown, prepareForShutdown } from '../../server/shutdown.ts'
import { touchAllWatchedKeysInDb } from '../../server/watch.ts'
import { infoText } from '../../server/info.ts'
import { memoryAccount, memoryUsage } from '../../inspect/memory.ts'
import { equalsIgnoreCase, fail, parseLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { help } from './config.ts'

function flushFlags(argv: readonly Bytes[]): void {
  if (
    argv.length > 2 ||
    (argv.length === 2 && !equalsIgnoreCase(argv[1], 'sync') && !equalsIgnoreCase(argv[1], 'async'))
  )
    syntaxError()
}
/** FLUSHDB and FLUSHALL travel to the replicas even when nothing was there to remove. */
function flushed(c: CommandContext, argv: readonly Bytes[], removed: number): Reply {
  c.dirty(removed)
  c.alsoPropagate(argv)
  c.preventPropagation()
  return OK
}
function flushDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  flushFlags(argv)
  c.server.signalFlushed(c.db.id)
  return flushed(c, argv, c.db.empty())
}
function flushAll(c: CommandContext, argv: readonly Bytes[]): Reply {
  flushFlags(argv)
  const reply = flushed(c, argv, c.server.flushAll())
  c.server.rdb?.onFlushAll?.()
  return reply
}
function swapDb(c: CommandContext, argv: readonly Bytes[]): Reply {
  const index = (arg: Bytes | undefined, which: string): number => {
    const n = parseInt64(arg ?? '')
    return typeof n === 'number' && n >= -2147483648 && n <= 2147483647 ? n : fail(`ERR invalid ${which} DB index`)
  }
  const [a, b] = [index(argv[1], 'first'), index(argv[2], 'second')]
  const { server } = c
  const [x, y] = [server.dbs[a], server.dbs[b]]
  if (!x || !y) return fail('ERR DB index is out of range')
  if (x !== y) {
    touchAllWatchedKeysInDb(x, y)
    touchAllWatchedKeysInDb(y, x)
    x.swapWith(y)
    for (const db of [x, y])
      for (const key of db.blockingKeys.keys()) if (db.dict.has(key)) signalKeyAsReady(server, db, key)
    if (server.tracking.active) server.tracking.invalidateAll(server)
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
  if ((abort && argv.length > 2) || (flags.save && flags.nosave)) syntaxError()
  const { server } = c
  if (abort) {
    if (server.shuttingDown === null) fail('ERR No shutdown in progress.')
    abortShutdown(server)
    return OK
  }
  if (!(flags.now && flags.nosave) && c.client.denyBlocking)
    fail("ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client")
  if (!c.client.denyBlocking) blockClient(server, c.client, 'shutdown', { timeoutAtMs: 0 })
  prepareForShutdown(
    server,
    { now: flags.now, force: flags.force, ...(flags.save ? { save: true } : flags.nosave ? { save: false } : {}) },
    c.client,
  )
  return NO_REPLY
}
function memoryUsageCommand(c: CommandContext, argv: readonly Bytes[]): Reply {
  let samples = 5
  for (let i = 3; i < argv.length; i += 2) {
    if (!equalsIgnoreCase(argv[i], 'samples') || i + 1 >= argv.length) syntaxError()
    samples = parseLongArg(argv[i + 1])
    if (samples < 0) syntaxError()
  }
  const key = argv[2] ?? ''
  const o = c.peek(key)
  return o ? memoryUsage(key, o, samples) : null
}
function memoryStats(c: CommandContext): Reply {
  const m = memoryAccount(c.server)
  const peak = Math.max(c.server.stat.peakMemory, m.total)
  const dataset = m.total - m.overhead
  const net = Math.max(1, m.total - m.startup)
  const rss = m.total + 8388608
  const dbs = m.dbs.flatMap((d): Reply[] => [
    `db.${d.id}`,
    map([
      'overhead.hashtable.main',
      d.main,
      'overhead.hashtable.expires',
      d.expires,
      'overhead.hashtable.slot-to-keys',
      0,
    ]),
  ])
  return map([
    'peak.allocated',
    peak,
    'total.allocated',
    m.total,
    'startup.allocated',
    m.startup,
    'replication.backlog',
    m.backlog,
    'clients.slaves',
    m.replicas,
    'clients.normal',
    m.clients,
    'cluster.links',
    0,
    'aof.buffer',
    0,
    'lua.caches',
    0,
    'functions.caches',
    200,
    ...dbs,
    'overhead.total',
    m.overhead,
    'keys.count',
    m.keys,
    'keys.bytes-per-key',
    m.keys === 0 ? 0 : Math.floor(net / m.keys),
    'dataset.bytes',
    dataset,
    'dataset.percentage',
    double((dataset * 100) / net),
    'peak.percentage',
    double((m.total * 100) / peak),
    'allocator.allocated',
    m.total,
    'allocator.active',
    m.total,
    'allocator.resident',
    m.total,
    'allocator-fragmentation.ratio',
    double(1),
    'allocator-fragmentation.bytes',
    0,
    'allocator-rss.ratio',
    double(1),
    'allocator-rss.bytes',
    0,
    'rss-overhead.ratio',
    double(rss / m.total),
    'rss-overhead.bytes',
    rss - m.total,
    'fragmentation',
    double(rss / m.total),
    'fragmentation.bytes',
    rss - m.total,
  ])
}
/** getMemoryDoctorReport, with the causes that can arise here. */
function memoryDoctor(c: CommandContext): Reply {
  const m = memoryAccount(c.server)
  if (m.total < 5 * 1048576) return verbatim(DOCTOR_EMPTY)
  const peak = Math.max(c.server.stat.peakMemory, m.total)
  const clients = [...c.server.clients.values()].filter((x) => !x.isReplica).length
  const bigPeak = peak / m.total > 1.5
  const bigClients = clients > 0 && m.clients / clients > 200 * 1024
  if (!bigPeak && !bigClients)
    return verbatim(
      "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n",
    )
  let text = 'Sam, I detected a few issues in this Redis instance memory implants:\n\n'
  if (bigPeak)
    text +=
      ' * Peak memory: In the past this instance used more than 150% the memory that is currently using. The allocator is normally not able to release memory after a peak, so you can expect to see a big fragmentation ratio, however this is actually harmless and is only due to the memory peak, and if the Redis instance Resident Set Size (RSS) is currently bigger than expected, the memory will be used as soon as you fill the Redis instance with more data. If the memory peak was only occasional and you want to try to reclaim memory, please try the MEMORY PURGE command, otherwise the only other option is to shutdown and restart the instance.\n\n'
  if (bigClients)
    text +=
      ' * Big client buffers: The clients output buffers in this instance are greater than 200K per client (on average). This may result from different causes, like Pub/Sub clients subscribed to channels bot not receiving data fast enough, so that data piles on the Redis instance output buffer, or clients sending commands with large replies or very large sequences of commands in the same pipeline. Please use the CLIENT LIST command in order to investigate the issue if it causes problems in your instance, or to understand better why certain clients are using a big amount of memory.\n\n'
  return verbatim(`${text}I'm here to keep you safe, Sam. I want to help you.\n`)
}
const DOCTOR_EMPTY =
  "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"

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
  { name: 'lolwut', handler: () => verbatim('Redis ver. 7.0.15\n') },
  {
    name: 'monitor',
    handler: (c) => {
      if (c.client.denyBlocking) fail("ERR MONITOR isn't allowed for DENY BLOCKING client")
      c.client.isMonitor = true
      c.server.monitors.add(c.client)
      return OK
    },
  },
  { name: 'memory|usage', handler: memoryUsageCommand },
  { name: 'memory|doctor', handler: memoryDoctor },
  { name: 'memory|stats', handler: memoryStats },
  { name: 'memory|purge', handler: () => OK },
  { name: 'memory|help', handler: () => help('memory') },
]
