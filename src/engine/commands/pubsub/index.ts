/** SUBSCRIBE and its family, PUBLISH, PUBSUB. A subscription is answered per channel, so these write their replies themselves. */
import type { Bytes } from '../../bytes/bytes.ts'
import { globMatch } from '../../bytes/glob.ts'
import { NO_REPLY, RedisError, type Reply } from '../../protocol/reply.ts'
import type { Client } from '../../server/client.ts'
import type { PubSubKind } from '../../server/pubsub.ts'
import type { Server } from '../../server/server.ts'
import type { CommandImpl, Handler } from '../command.ts'

const WORDS = {
  channel: ['subscribe', 'unsubscribe'],
  pattern: ['psubscribe', 'punsubscribe'],
  shard: ['ssubscribe', 'sunsubscribe'],
} as const

const countOf = (c: Client, kind: PubSubKind): number =>
  kind === 'shard' ? (c.shardChannels?.size ?? 0) : (c.channels?.size ?? 0) + (c.patterns?.size ?? 0)

const subscriber =
  (kind: PubSubKind): Handler =>
  ({ server, client }, argv) => {
    if (client.denyBlocking && (kind === 'shard' || client.executing === null))
      throw new RedisError(`ERR ${WORDS[kind][0].toUpperCase()} isn't allowed for a DENY BLOCKING client`)
    for (let i = 1; i < argv.length; i++) {
      server.pubsub.subscribe(client, kind, argv[i] as Bytes)
      client.addPush({ t: 'push', items: [WORDS[kind][0], argv[i] as Bytes, countOf(client, kind)] })
    }
    return NO_REPLY
  }

export function unsubscribeAll(server: Server, c: Client, kind: PubSubKind, notify: boolean): void {
  const names = [...server.pubsub.own(c, kind).keys()]
  for (const name of names) {
    server.pubsub.unsubscribe(c, kind, name)
    if (notify) c.addPush({ t: 'push', items: [WORDS[kind][1], name, countOf(c, kind)] })
  }
  if (notify && names.length === 0) c.addPush({ t: 'push', items: [WORDS[kind][1], null, countOf(c, kind)] })
}
const unsubscriber =
  (kind: PubSubKind): Handler =>
  ({ server, client }, argv) => {
    if (argv.length === 1) unsubscribeAll(server, client, kind, true)
    for (let i = 1; i < argv.length; i++) {
      server.pubsub.unsubscribe(client, kind, argv[i] as Bytes)
      client.addPush({ t: 'push', items: [WORDS[kind][1], argv[i] as Bytes, countOf(client, kind)] })
    }
    return NO_REPLY
  }

/** To the other nodes over the bus; in no cluster, to replicas as a command. */
function passOn(server: Server, client: Client, argv: readonly Bytes[], sharded: boolean): void {
  if (server.cluster === null) server.alsoPropagate(client.db.id, argv)
  else server.clusterPart?.propagatePublish(server.cluster, argv[1] as Bytes, argv[2] as Bytes, sharded)
}
const publish: Handler = ({ server, client }, argv) => {
  const [, channel, message] = argv as [Bytes, Bytes, Bytes]
  if (server.sentinel !== null)
    return server.sentinel.publish
      ? server.sentinel.publish(client, channel, message)
      : server.publish(channel, message)
  const n = server.publish(channel, message)
  passOn(server, client, argv, false)
  return n
}
const spublish: Handler = ({ server, client }, argv) => {
  const n = server.pubsub.publishShard(argv[1] as Bytes, argv[2] as Bytes)
  passOn(server, client, argv, true)
  return n
}

const listNames = (names: Iterable<Bytes>, pattern: Bytes | undefined): Reply => {
  const out: Bytes[] = []
  for (const n of names) if (pattern === undefined || globMatch(pattern, n)) out.push(n)
  return out
}
const atMostOnePattern = (argv: readonly Bytes[]): void => {
  if (argv.length > 3)
    throw new RedisError(`ERR unknown subcommand or wrong number of arguments for '${argv[1] ?? ''}'. Try PUBSUB HELP.`)
}
const counts = (table: ReadonlyMap<Bytes, ReadonlySet<Client>>, argv: readonly Bytes[]): Reply =>
  argv.slice(2).flatMap((name) => [name, table.get(name)?.size ?? 0])

const HELP = [
  'PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'CHANNELS [<pattern>]',
  "    Return the currently active channels matching a <pattern> (default: '*').",
  'NUMPAT',
  '    Return number of subscriptions to patterns.',
  'NUMSUB [<channel> ...]',
  '    Return the number of subscribers for the specified channels, excluding',
  '    pattern subscriptions(default: no channels).',
  'SHARDCHANNELS [<pattern>]',
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  'SHARDNUMSUB [<shardchannel> ...]',
  '    Return the number of subscribers for the specified shard level channel(s)',
  'HELP',
  '    Prints this help.',
]

export const pubsubCommands: readonly CommandImpl[] = [
  { name: 'subscribe', handler: subscriber('channel') },
  { name: 'psubscribe', handler: subscriber('pattern') },
  { name: 'ssubscribe', handler: subscriber('shard') },
  { name: 'unsubscribe', handler: unsubscriber('channel') },
  { name: 'punsubscribe', handler: unsubscriber('pattern') },
  { name: 'sunsubscribe', handler: unsubscriber('shard') },
  { name: 'publish', handler: publish },
  { name: 'spublish', handler: spublish },
  { name: 'pubsub|help', handler: () => HELP.map((text): Reply => ({ t: 'status', text })) },
  {
    name: 'pubsub|channels',
    handler: ({ server }, argv) => (atMostOnePattern(argv), listNames(server.pubsub.channels.keys(), argv[2])),
  },
  {
    name: 'pubsub|shardchannels',
    handler: ({ server }, argv) => (atMostOnePattern(argv), listNames(server.pubsub.shardChannels.keys(), argv[2])),
  },
  { name: 'pubsub|numpat', handler: ({ server }) => server.pubsub.patterns.size },
  { name: 'pubsub|numsub', handler: ({ server }, argv) => counts(server.pubsub.channels, argv) },
  { name: 'pubsub|shardnumsub', handler: ({ server }, argv) => counts(server.pubsub.shardChannels, argv) },
]
