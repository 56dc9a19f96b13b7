/** Publish/subscribe: channels, patterns and shard channels, each with its listeners in order of subscription. Nothing is stored. */
import { type Bytes, own } from '../bytes/bytes.ts'
import { globMatch } from '../bytes/glob.ts'
import type { Reply } from '../protocol/reply.ts'
import type { Client } from './client.ts'

export type PubSubKind = 'channel' | 'pattern' | 'shard'

export class PubSub {
  readonly channels = new Map<Bytes, Set<Client>>()
  readonly patterns = new Map<Bytes, Set<Client>>()
  readonly shardChannels = new Map<Bytes, Set<Client>>()

  table(kind: PubSubKind): Map<Bytes, Set<Client>> {
    return kind === 'channel' ? this.channels : kind === 'pattern' ? this.patterns : this.shardChannels
  }
  /** The client's own set, made when absent. */
  own(c: Client, kind: PubSubKind): Map<Bytes, true> {
    if (kind === 'channel') return (c.channels ??= new Map())
    if (kind === 'pattern') return (c.patterns ??= new Map())
    return (c.shardChannels ??= new Map())
  }
  subscribe(c: Client, kind: PubSubKind, raw: Bytes): void {
    const mine = this.own(c, kind)
    if (mine.has(raw)) return
    const name = own(raw)
    mine.set(name, true)
    const table = this.table(kind)
    let set = table.get(name)
    if (!set) table.set(name, (set = new Set()))
    set.add(c)
  }
  unsubscribe(c: Client, kind: PubSubKind, name: Bytes): void {
    if (!this.own(c, kind).delete(name)) return
    const table = this.table(kind)
    const set = table.get(name)
    set?.delete(c)
    if (set?.size === 0) table.delete(name)
  }
  /** Without replies: the client is going away. */
  forget(c: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const)
      for (const name of [...this.own(c, kind).keys()]) this.unsubscribe(c, kind, name)
  }
  publish(channel: Bytes, message: Bytes): number {
    let n = 0
    const set = this.channels.get(channel)
    if (set) {
      for (const c of set) c.addPush(push(['message', channel, message]))
      n += set.size
    }
    if (this.patterns.size > 0) {
      for (const [pattern, clients] of this.patterns) {
        if (!globMatch(pattern, channel)) continue
        for (const c of clients) c.addPush(push(['pmessage', pattern, channel, message]))
        n += clients.size
      }
    }
    return n
  }
  publishShard(channel: Bytes, message: Bytes): number {
    const set = this.shardChannels.get(channel)
    if (!set) return 0
    for (const c of set) c.addPush(push(['smessage', channel, message]))
    return set.size
  }
}
const push = (items: readonly Reply[]): Reply => ({ t: 'push', items })
