/** LATENCY: the monitor's spikes and the per-command histograms. */
import type { Bytes } from '../../bytes/bytes.ts'
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

function average(samples: readonly LatencySample[]): { avg: number; mad: number; period: number } {
  const sum = samples.reduce((n, s) => n + s.ms, 0)
  const avg = samples.length ? Math.floor(sum / samples.length) : 0
  const mad = samples.length ? Math.floor(samples.reduce((n, s) => n + Math.abs(s.ms - avg), 0) / samples.length) : 0
  return { avg, mad, period: 0 }
}
const OFF =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
const NONE =
  'Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n'
function doctor(c: CommandContext): Reply {
  const { config, server } = c
  const events = server.latency.events
  if (events.size === 0) return verbatim(config.latencyMonitorThreshold === 0 ? OFF : NONE)
  let report =
    "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n"
  let number = 0
  for (const [event, { samples, max }] of events) {
    const { avg, mad } = average(samples)
    const elapsed = Math.max(1, Math.floor(c.nowMs / 1000) - (samples[0]?.time ?? 0))
    const period = (samples.length ? elapsed / samples.length : 0).toFixed(2)
    report += `${++number}. ${event}: ${samples.length} latency spikes (average ${avg}ms, mean deviation ${mad}ms, period ${period} sec). Worst all time event ${max}ms.`
    if (event === 'fork')
      report += ` Fork rate is ${((server.usedMemory() / 1073741824) * (1e6 / Math.max(1, server.stat.forkTimeMicros))).toFixed(2)} GB/sec.`
    report += '\n'
  }
  const advice: string[] = []
  if (events.has('command')) {
    if (config.slowlogLogSlowerThan < 0 || config.slowlogMaxLen === 0)
      advice.push('- In order to monitor slow commands, enable the Slow Log: CONFIG SET slowlog-log-slower-than 10000.')
    else {
      if (config.slowlogLogSlowerThan / 1000 > config.latencyMonitorThreshold) {
        advice.push(
          `- Your current Slow Log configuration only logs events that are slower than your configured latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than ${config.latencyMonitorThreshold * 1000}'.`,
        )
      }
      advice.push(
        '- Check your Slow Log to understand what are the commands you are running which are too slow to execute. Please check https://redis.io/commands/slowlog for more information.',
      )
      advice.push(
        '- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking operation. If you have very large objects that are often deleted, expired, or evicted, try to fragment those objects into multiple smaller objects.',
      )
    }
  }
  return verbatim(
    advice.length === 0
      ? `${report}\nWhile there are latency events logged, I'm not able to suggest any easy fix. Please use the Redis community to get some help, providing this report in your help request.\n`
      : `${report}\nI have a few advices for you:\n\n${advice.join('\n')}\n`,
  )
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
  { name: 'latency|doctor', handler: doctor },
  { name: 'latency|histogram', handler: histogram },
  { name: 'latency|help', handler: () => help('latency') },
]
