/** XINFO: what a stream, its groups and their consumers look like inside. */
import type { Bytes } from '../../bytes/bytes.ts'
import type { Int64 } from '../../bytes/numbers.ts'
import { type ConsumerGroup, elapsed, groupLag, lookupGroup, UNKNOWN } from '../../objects/stream-group.ts'
import { asSigned, formatId } from '../../objects/stream-id.ts'
import { type Stream, streamOf } from '../../objects/stream.ts'
import { map, NO_SUCH_KEY, type Reply, status } from '../../protocol/reply.ts'
import { equalsIgnoreCase, fail, parseIntArg } from '../args.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { cString } from './args.ts'
import { unknownSubcommand } from './group.ts'
import { rangeReply } from './reply.ts'

const streamAt = (c: CommandContext, key: Bytes): Stream => streamOf(c.lookupReadOf(key, 'stream') ?? fail(NO_SUCH_KEY))

const entriesRead = (g: ConsumerGroup): Reply => (g.entriesRead === UNKNOWN ? null : g.entriesRead)

/** XINFO STREAM key [FULL [COUNT count]] */
const stream: Handler = (c, argv) => {
  const s = streamAt(c, argv[2]!)
  const full = argv.length > 3
  let count: Int64 = 10
  if (full) {
    if (argv.length !== 4 && argv.length !== 6) unknownSubcommand(argv)
    if (!equalsIgnoreCase(argv[3], 'full')) unknownSubcommand(argv)
    if (argv.length === 6) {
      if (!equalsIgnoreCase(argv[4], 'count')) unknownSubcommand(argv)
      count = parseIntArg(argv[5])
      if (count < 0) count = 10
    }
  }
  const head: Reply[] = [
    'length',
    s.length,
    'radix-tree-keys',
    s.rax.size,
    'radix-tree-nodes',
    s.rax.numNodes,
    'last-generated-id',
    formatId(s.lastId),
    'max-deleted-entry-id',
    formatId(s.maxDeletedId),
    'entries-added',
    s.entriesAdded,
    'recorded-first-entry-id',
    formatId(s.firstId),
  ]
  if (!full) {
    const first = rangeReply(s, null, null, 1)[0] ?? null
    const last = rangeReply(s, null, null, 1, true)[0] ?? null
    return map([...head, 'groups', s.groups?.size ?? 0, 'first-entry', first, 'last-entry', last])
  }
  const groups: Reply[] = []
  s.groups?.forEach((name, g) => void groups.push(fullGroup(s, name, g, count)))
  return map([...head, 'entries', rangeReply(s, null, null, count), 'groups', groups])
}
function fullGroup(s: Stream, name: Bytes, g: ConsumerGroup, count: Int64): Reply {
  const within = (list: readonly Reply[]): boolean => count === 0 || list.length < count
  const pel: Reply[] = []
  const pending = g.pel.iterator()
  pending.seek('^')
  while (within(pel) && pending.next()) {
    const n = pending.value
    pel.push([formatId(n.id), n.consumer?.name ?? '', n.deliveryTime, asSigned(n.deliveryCount)])
  }
  const consumers: Reply[] = []
  g.consumers.forEach((consumerName, consumer) => {
    const own: Reply[] = []
    const it = consumer.pel.iterator()
    it.seek('^')
    while (within(own) && it.next())
      own.push([formatId(it.value.id), it.value.deliveryTime, asSigned(it.value.deliveryCount)])
    consumers.push(
      map(['name', consumerName, 'seen-time', consumer.seenTime, 'pel-count', consumer.pel.size, 'pending', own]),
    )
  })
  return map([
    'name',
    name,
    'last-delivered-id',
    formatId(g.lastId),
    'entries-read',
    entriesRead(g),
    'lag',
    groupLag(s, g),
    'pel-count',
    g.pel.size,
    'pending',
    pel,
    'consumers',
    consumers,
  ])
}

const groups: Handler = (c, argv) => {
  const s = streamAt(c, argv[2]!)
  const out: Reply[] = []
  s.groups?.forEach(
    (name, g) =>
      void out.push(
        map([
          'name',
          name,
          'consumers',
          g.consumers.size,
          'pending',
          g.pel.size,
          'last-delivered-id',
          formatId(g.lastId),
          'entries-read',
          entriesRead(g),
          'lag',
          groupLag(s, g),
        ]),
      ),
  )
  return out
}

const consumers: Handler = (c, argv) => {
  const s = streamAt(c, argv[2]!)
  const g =
    lookupGroup(s, argv[3]!) ??
    fail(`NOGROUP No such consumer group '${cString(argv[3]!)}' for key name '${cString(argv[2]!)}'`)
  const out: Reply[] = []
  g.consumers.forEach((name, consumer) => {
    const idle = elapsed(c.nowMs, consumer.seenTime)
    out.push(map(['name', name, 'pending', consumer.pel.size, 'idle', idle < 0 ? 0 : idle]))
  })
  return out
}

const HELP = [
  'XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CONSUMERS <key> <groupname>',
  '    Show consumers of <groupname>.',
  'GROUPS <key>',
  '    Show the stream consumer groups.',
  'STREAM <key> [FULL [COUNT <count>]',
  '    Show information about the stream.',
  'HELP',
  '    Prints this help.',
]
const help: Handler = () => HELP.map(status)

export const infoCommands: readonly CommandImpl[] = [
  { name: 'xinfo|stream', handler: stream },
  { name: 'xinfo|groups', handler: groups },
  { name: 'xinfo|consumers', handler: consumers },
  { name: 'xinfo|help', handler: help },
]
