/** LATENCY: the monitor's spikes and the per-command histograms. */
import type { Bytes } from '../../bytes/bytes.ts'
import { formatFixed } from '../../bytes/fixed.ts'
import { map, type Reply, verbatim } from '../../protocol/reply.ts'
import { cumulativeBuckets, type LatencySample } from '../../server/latency.ts'
import { fail } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import type { Command } from '../table.ts'
import { everyCommand, help } from './config.ts'

function histogram(c: CommandContext, argv: readonly Bytes[]): Reply {
  const pairs: Reply[] = []
  const seen = new Set<Command>()
  const one = (command: Command): void => {
    if (command.latency === null || seen.has(command)) return
    seen.add(command)
    let calls = 0
    for (const n of command.latency.values()) calls += n
    pairs.push(command.name, map(['calls', calls, 'histogram_usec', map(cumulativeBuckets(command.latency).flat())]))
  }
  if (argv.length === 2) for (const command of everyCommand(c.server.table)) one(command)
  for (const name of argv.slice(2)) {
    const command = c.server.table.byFullName(name)
    if (!command) continue
    one(command)
    for (const sub of command.subcommands?.values() ?? []) one(sub)
  }
  return map(pairs)
}

function average(samples: readonly LatencySample[]): { avg: number; mad: number } {
  const sum = samples.reduce((n, s) => n + s.ms, 0)
  const avg = samples.length ? Math.floor(sum / samples.length) : 0
  const mad = samples.length ? Math.floor(samples.reduce((n, s) => n + Math.abs(s.ms - avg), 0) / samples.length) : 0
  return { avg, mad }
}
const OFF =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
const NONE =
  'Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n'
/** What each kind of event advises, in the order in which the report gives it. */
type Advice =
  | 'vm'
  | 'slowlogEnable'
  | 'slowlogTune'
  | 'slowlogLook'
  | 'scheduler'
  | 'localDisk'
  | 'ssd'
  | 'writeback'
  | 'diskContention'
  | 'noAppendfsync'
  | 'relaxFsync'
  | 'writeLoad'
  | 'hz'
  | 'largeObjects'
  | 'massEviction'
const BY_EVENT: Readonly<Record<string, readonly Advice[]>> = {
  command: ['slowlogLook', 'largeObjects'],
  'fast-command': ['scheduler'],
  'aof-write-pending-fsync': ['localDisk', 'diskContention', 'ssd', 'writeback'],
  'aof-write-active-child': ['noAppendfsync', 'writeback', 'ssd'],
  'aof-write-alone': ['localDisk', 'writeback', 'ssd'],
  'aof-fsync-always': ['relaxFsync'],
  'aof-fstat': ['diskContention', 'localDisk'],
  'rdb-unlink-temp-file': ['diskContention', 'localDisk'],
  'aof-rewrite-diff-write': ['writeLoad', 'writeback', 'ssd', 'localDisk'],
  'aof-rename': ['writeLoad', 'writeback', 'ssd', 'localDisk'],
  'expire-cycle': ['hz', 'largeObjects'],
  'eviction-del': ['largeObjects'],
  'eviction-cycle': ['massEviction'],
}
function adviceText(c: Pick<CommandContext, 'config' | 'server' | 'nowMs'>): readonly (readonly [Advice, string])[] {
  const slower = c.config.latencyMonitorThreshold * 1000
  return [
    [
      'vm',
      '- If you are using a virtual machine, consider upgrading it with a faster one using a hypervisior that provides less latency during fork() calls. Xen is known to have poor fork() performance. Even in the context of the same VM provider, certain kinds of instances can execute fork faster than others.',
    ],
    [
      'slowlogEnable',
      `- There are latency issues with potentially slow commands you are using. Try to enable the Slow Log Redis feature using the command 'CONFIG SET slowlog-log-slower-than ${slower}'. If the Slow log is disabled Redis is not able to log slow commands execution for you.`,
    ],
    [
      'slowlogTune',
      `- Your current Slow Log configuration only logs events that are slower than your configured latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than ${slower}'.`,
    ],
    [
      'slowlogLook',
      '- Check your Slow Log to understand what are the commands you are running which are too slow to execute. Please check https://redis.io/commands/slowlog for more information.',
    ],
    [
      'scheduler',
      '- The system is slow to execute Redis code paths not containing system calls. This usually means the system does not provide Redis CPU time to run for long periods. You should try to:\n  1) Lower the system load.\n  2) Use a computer / VM just for Redis if you are running other software in the same system.\n  3) Check if you have a "noisy neighbour" problem.\n  4) Check with \'redis-cli --intrinsic-latency 100\' what is the intrinsic latency in your system.\n  5) Check if the problem is allocator-related by recompiling Redis with MALLOC=libc, if you are using Jemalloc. However this may create fragmentation problems.',
    ],
    [
      'localDisk',
      '- It is strongly advised to use local disks for persistence, especially if you are using AOF. Remote disks provided by platform-as-a-service providers are known to be slow.',
    ],
    [
      'ssd',
      '- SSD disks are able to reduce fsync latency, and total time needed for snapshotting and AOF log rewriting (resulting in smaller memory usage). With extremely high write load SSD disks can be a good option. However Redis should perform reasonably with high load using normal disks. Use this advice as a last resort.',
    ],
    [
      'writeback',
      '- Mounting ext3/4 filesystems with data=writeback can provide a performance boost compared to data=ordered, however this mode of operation provides less guarantees, and sometimes it can happen that after a hard crash the AOF file will have a half-written command at the end and will require to be repaired before Redis restarts.',
    ],
    [
      'diskContention',
      '- Try to lower the disk contention. This is often caused by other disk intensive processes running in the same computer (including other Redis instances).',
    ],
    [
      'noAppendfsync',
      "- Assuming from the point of view of data safety this is viable in your environment, you could try to enable the 'no-appendfsync-on-rewrite' option, so that fsync will not be performed while there is a child rewriting the AOF file or producing an RDB file (the moment where there is high disk contention).",
    ],
    [
      'relaxFsync',
      "- Your fsync policy is set to 'always'. It is very hard to get good performances with such a setup, if possible try to relax the fsync policy to 'onesec'.",
    ],
    [
      'writeLoad',
      '- Latency during the AOF atomic rename operation or when the final difference is flushed to the AOF file at the end of the rewrite, sometimes is caused by very high write load, causing the AOF buffer to get very large. If possible try to send less commands to accomplish the same work, or use Lua scripts to group multiple operations into a single EVALSHA call.',
    ],
    [
      'hz',
      "- In order to make the Redis keys expiring process more incremental, try to set the 'hz' configuration parameter to 100 using 'CONFIG SET hz 100'.",
    ],
    [
      'largeObjects',
      '- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking operation. If you have very large objects that are often deleted, expired, or evicted, try to fragment those objects into multiple smaller objects.',
    ],
    [
      'massEviction',
      "- Sudden changes to the 'maxmemory' setting via 'CONFIG SET', or allocation of large objects via sets or sorted sets intersections, STORE option of SORT, Redis Cluster large keys migrations (RESTORE command), may create sudden memory pressure forcing the server to block trying to evict keys. ",
    ],
  ]
}
type Asked = Pick<CommandContext, 'config' | 'server' | 'nowMs'>
function advise(c: Asked, event: string, advice: Set<Advice>): string {
  const { config, server } = c
  for (const a of BY_EVENT[event] ?? []) advice.add(a)
  if (event === 'command') {
    if (config.slowlogLogSlowerThan < 0 || config.slowlogMaxLen === 0) advice.add('slowlogEnable')
    else if (Math.floor(config.slowlogLogSlowerThan / 1000) > config.latencyMonitorThreshold) advice.add('slowlogTune')
  }
  if (event !== 'fork') return ''
  const rate = (server.usedMemory() / 1073741824) * (1e6 / Math.max(1, server.stat.forkTimeMicros))
  const quality = rate < 10 ? 'terrible' : rate < 25 ? 'poor' : rate < 100 ? 'good' : 'excellent'
  if (rate < 25) advice.add('vm')
  return ` Fork rate is ${formatFixed(rate, 2)} GB/sec (${quality}).`
}
export function latencyDoctor(c: Asked): Reply {
  const { config, server } = c
  const events = server.latency.events
  if (events.size === 0) return verbatim(config.latencyMonitorThreshold === 0 ? OFF : NONE)
  const advice = new Set<Advice>()
  let report =
    "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n"
  let number = 0
  for (const [event, { samples, max }] of events) {
    const { avg, mad } = average(samples)
    const elapsed = Math.max(1, Math.floor(c.nowMs / 1000) - (samples[0]?.time ?? 0))
    const period = formatFixed(elapsed / samples.length, 2)
    report += `${++number}. ${event}: ${samples.length} latency spikes (average ${avg}ms, mean deviation ${mad}ms, period ${period} sec). Worst all time event ${max}ms.`
    report += `${advise(c, event, advice)}\n`
  }
  if (advice.size === 0)
    return verbatim(
      `${report}\nWhile there are latency events logged, I'm not able to suggest any easy fix. Please use the Redis community to get some help, providing this report in your help request.\n`,
    )
  if (config.appendfsync !== 'always') advice.delete('relaxFsync')
  if (server.hz >= 100) advice.delete('hz')
  const lines = adviceText(c).flatMap(([a, text]) => (advice.has(a) ? [`${text}\n`] : []))
  return verbatim(`${report}\nI have a few advices for you:\n\n${lines.join('')}`)
}

/** The spikes as columns of characters, as latencyCommandGenSparkeline draws them: 4 rows, `_` to `#`, ages below. */
function graph(c: CommandContext, argv: readonly Bytes[]): Reply {
  const e = c.server.latency.events.get(argv[2] ?? '')
  if (!e || e.samples.length === 0) return fail(`ERR No samples available for event '${argv[2]}'`)
  const now = Math.floor(c.nowMs / 1000)
  const values = e.samples.map((s) => s.ms)
  const [min, max] = [Math.min(...values), Math.max(...values)]
  const labels = e.samples.map((s) => {
    const age = now - s.time
    return age < 60
      ? `${age}s`
      : age < 3600
        ? `${Math.floor(age / 60)}m`
        : age < 86400
          ? `${Math.floor(age / 3600)}h`
          : `${Math.floor(age / 86400)}d`
  })
  let text = `${argv[2]} - high ${max} ms, low ${min} ms (all time high ${e.max} ms)\n${'-'.repeat(80)}\n`
  const CHARSET = '_o#'
  const ROWS = 4
  const steps = CHARSET.length * ROWS
  const span = max - min
  for (let from = 0; from < values.length; from += 80) {
    if (from > 0) text += '\n'
    const part = values.slice(from, from + 80)
    const tags = labels.slice(from, from + 80)
    for (let row = 0; row < ROWS; row++) {
      const line = part.map((v) => {
        const step = Math.floor(span === 0 ? 0 : ((v - min) * steps) / span)
        const at = Math.min(steps - 1, Math.max(0, step)) - (ROWS - row - 1) * CHARSET.length
        return at >= 0 && at < CHARSET.length ? CHARSET.charAt(at) : at >= CHARSET.length ? '|' : ' '
      })
      text += `${line.join('')}\n`
    }
    text += `${' '.repeat(part.length)}\n`
    const tall = Math.max(...tags.map((t) => t.length))
    for (let row = 0; row < tall; row++) text += `${tags.map((t) => t.charAt(row) || ' ').join('')}\n`
  }
  return verbatim(text)
}

export const latencyCommands: readonly CommandImpl[] = [
  {
    name: 'latency|latest',
    handler: (c) =>
      [...c.server.latency.events].map(([event, e]) => [
        event,
        e.samples[e.samples.length - 1]?.time ?? 0,
        e.samples[e.samples.length - 1]?.ms ?? 0,
        e.max,
      ]),
  },
  {
    name: 'latency|history',
    handler: (c, argv) => (c.server.latency.events.get(argv[2] ?? '')?.samples ?? []).map((s) => [s.time, s.ms]),
  },
  {
    name: 'latency|reset',
    handler: (c, argv) => {
      const { events } = c.server.latency
      const n = argv.length === 2 ? events.size : argv.slice(2).filter((e) => events.delete(e)).length
      if (argv.length === 2) events.clear()
      return n
    },
  },
  { name: 'latency|graph', handler: graph },
  { name: 'latency|doctor', handler: latencyDoctor },
  { name: 'latency|histogram', handler: histogram },
  { name: 'latency|help', handler: () => help('latency') },
]
