/** Pub/sub: who listens, what was said and who heard it, and what each listener has not read yet against its limits. */
import type { Bytes } from '../bytes/bytes.ts'
import { own } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import type { Micros } from '../machine.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import { clip } from './clip.ts'

const KEPT = 256
const SHOWN_PATTERNS = 8
export interface Published {
  readonly seq: number
  readonly at: Micros
  /** Who published; a keyspace notification comes from the server itself. */
  readonly by: string
  readonly kind: 'message' | 'shard' | 'notification'
  readonly channel: Bytes
  readonly bytes: number
  readonly text: Bytes
  readonly receivers: number
  /** Patterns that matched and have listeners. */
  readonly patterns: readonly Bytes[]
}
export interface Dropped {
  readonly at: Micros
  readonly client: string
  readonly name: Bytes
}

export class PublishLog {
  readonly messages: Published[] = []
  /** Listeners that were closed because they did not read. */
  readonly dropped: Dropped[] = []
  private seq = 0
  private readonly server: Server
  constructor(server: Server) {
    this.server = server
    const { pubsub } = server
    const publish = pubsub.publish.bind(pubsub)
    pubsub.publish = (channel, message) => {
      const n = publish(channel, message)
      if (channel.startsWith('__key')) this.add('server', 'notification', channel, message, n)
      return n
    }
    const close = server.freeClientAsync.bind(server)
    server.freeClientAsync = (c) => {
      if (c.isPubsub && c.dropOutput && !c.closeAsap) this.drop(c)
      close(c)
    }
  }
  private drop(c: Client): void {
    this.dropped.push({ at: this.server.host.now, client: c.addr, name: clip(own(c.name)) })
    if (this.dropped.length > 32) this.dropped.shift()
  }
  /** A command that publishes has run. */
  from(c: Client, name: string, argv: readonly Bytes[]): void {
    if (name !== 'publish' && name !== 'spublish') return
    const { pubsub } = this.server
    const [channel = '', text = ''] = argv.slice(1)
    let receivers = (name === 'publish' ? pubsub.channels : pubsub.shardChannels).get(channel)?.size ?? 0
    if (name === 'publish')
      for (const [pattern, who] of pubsub.patterns) if (globMatch(pattern, channel)) receivers += who.size
    this.add(
      c.isMaster ? 'master' : c.isFake ? 'script' : c.addr,
      name === 'publish' ? 'message' : 'shard',
      channel,
      text,
      receivers,
    )
  }
  private add(by: string, kind: Published['kind'], channel: Bytes, text: Bytes, receivers: number): void {
    const patterns: Bytes[] = []
    if (kind !== 'shard')
      for (const pattern of this.server.pubsub.patterns.keys())
        if (patterns.length < SHOWN_PATTERNS && globMatch(pattern, channel)) patterns.push(clip(pattern))
    this.messages.push({
      seq: ++this.seq,
      at: this.server.host.now,
      by,
      kind,
      channel: clip(own(channel)),
      bytes: text.length,
      text: clip(own(text)),
      receivers,
      patterns,
    })
    if (this.messages.length > KEPT) this.messages.splice(0, KEPT / 4)
  }
}

export function viewPubsub(s: Server, log: PublishLog | undefined) {
  const table = (map: Map<Bytes, Set<Client>>) =>
    [...map].slice(0, 60).map(([name, who]) => ({
      name: clip(name),
      clients: [...who].slice(0, 12).map((c) => ({
        id: c.id,
        client: c.isMaster ? 'master' : c.addr,
        name: clip(c.name),
        owed: c.obufBytes,
        softSinceMs: c.obufSoftLimitReachedMs === 0 ? null : s.nowMs - c.obufSoftLimitReachedMs,
      })),
      count: who.size,
    }))
  const { pubsub: limit } = s.config.clientOutputBufferLimit
  return {
    channels: table(s.pubsub.channels),
    patterns: table(s.pubsub.patterns),
    shards: table(s.pubsub.shardChannels),
    published: log?.messages.slice(-80) ?? [],
    dropped: log?.dropped ?? [],
    limit: { hard: limit.hardLimitBytes, soft: limit.softLimitBytes, seconds: limit.softLimitSeconds },
    cluster: s.config.clusterEnabled,
    events: s.config.notifyKeyspaceEvents,
    now: s.host.now,
  }
}
