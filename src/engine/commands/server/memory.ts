/** MEMORY: what values, tables, buffers and the whole take, by Redis's sizes. */
import type { Bytes } from '../../bytes/bytes.ts'
import { memoryAccount, memoryUsage, scriptMemory } from '../../inspect/memory.ts'
import { double, map, OK, type Reply, verbatim } from '../../protocol/reply.ts'
import { residentMemory } from '../../server/info.ts'
import { equalsIgnoreCase, parseLongArg, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { help } from './config.ts'

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
  const rss = residentMemory(c.server, m.total)
  const dbs = m.dbs.flatMap((d): Reply[] => [
    `db.${d.id}`,
    map([
      'overhead.hashtable.main',
      d.main,
      'overhead.hashtable.expires',
      d.expires,
      'overhead.hashtable.slot-to-keys',
      d.slotKeys,
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
    m.links,
    'aof.buffer',
    0,
    'lua.caches',
    m.scripts,
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
  const replicas = c.server.clients.size - clients
  const bigReplicas = replicas > 0 && m.replicas / replicas > 10 * 1048576
  const manyScripts = scriptMemory(c.server).count > 1000
  if (!bigPeak && !bigClients && !bigReplicas && !manyScripts)
    return verbatim(
      "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n",
    )
  let text = 'Sam, I detected a few issues in this Redis instance memory implants:\n\n'
  if (bigPeak)
    text +=
      ' * Peak memory: In the past this instance used more than 150% the memory that is currently using. The allocator is normally not able to release memory after a peak, so you can expect to see a big fragmentation ratio, however this is actually harmless and is only due to the memory peak, and if the Redis instance Resident Set Size (RSS) is currently bigger than expected, the memory will be used as soon as you fill the Redis instance with more data. If the memory peak was only occasional and you want to try to reclaim memory, please try the MEMORY PURGE command, otherwise the only other option is to shutdown and restart the instance.\n\n'
  if (bigReplicas)
    text +=
      ' * Big replica buffers: The replica output buffers in this instance are greater than 10MB for each replica (on average). This likely means that there is some replica instance that is struggling receiving data, either because it is too slow or because of networking issues. As a result, data piles on the master output buffers. Please try to identify what replica is not receiving data correctly and why. You can use the INFO output in order to check the replicas delays and the CLIENT LIST command to check the output buffers of each replica.\n\n'
  if (bigClients)
    text +=
      ' * Big client buffers: The clients output buffers in this instance are greater than 200K per client (on average). This may result from different causes, like Pub/Sub clients subscribed to channels bot not receiving data fast enough, so that data piles on the Redis instance output buffer, or clients sending commands with large replies or very large sequences of commands in the same pipeline. Please use the CLIENT LIST command in order to investigate the issue if it causes problems in your instance, or to understand better why certain clients are using a big amount of memory.\n\n'
  if (manyScripts)
    text +=
      " * Many scripts: There seem to be many cached scripts in this instance (more than 1000). This may be because scripts are generated and `EVAL`ed, instead of being parameterized (with KEYS and ARGV), `SCRIPT LOAD`ed and `EVALSHA`ed. Unless `SCRIPT FLUSH` is called periodically, the scripts' caches may end up consuming most of your memory.\n\n"
  return verbatim(`${text}I'm here to keep you safe, Sam. I want to help you.\n`)
}
const DOCTOR_EMPTY =
  "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n"

/** jemalloc's summary; there are no arenas here whose bins could be told. */
function mallocStats(c: CommandContext): Reply {
  const n = memoryAccount(c.server).total
  return verbatim(
    `___ Begin jemalloc statistics ___\nVersion: "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"\nAllocated: ${n}, active: ${n}, metadata: 0 (n_thp 0), resident: ${n}, mapped: ${n}, retained: 0\n--- End jemalloc statistics ---\n`,
  )
}

export const memoryCommands: readonly CommandImpl[] = [
  { name: 'memory|usage', handler: memoryUsageCommand },
  { name: 'memory|doctor', handler: memoryDoctor },
  { name: 'memory|stats', handler: memoryStats },
  { name: 'memory|malloc-stats', handler: mallocStats },
  { name: 'memory|purge', handler: () => OK },
  { name: 'memory|help', handler: () => help('memory') },
]
