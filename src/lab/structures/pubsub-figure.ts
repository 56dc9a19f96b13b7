/** Channels as hubs, subscribers as the ends of their spokes, and what was heard lately. */
export interface ListenerData {
  readonly id: number
  readonly client: string
  readonly name: string
  readonly owed: number
  readonly softSinceMs: number | null
}
export interface Listeners {
  readonly name: string
  readonly clients: readonly ListenerData[]
  readonly count: number
}
export interface PublishedData {
  readonly seq: number
  readonly at: number
  readonly by: string
  readonly kind: 'message' | 'shard' | 'notification'
  readonly channel: string
  readonly bytes: number
  readonly text: string
  readonly receivers: number
  readonly patterns: readonly string[]
}
export interface PubsubData {
  readonly channels: readonly Listeners[]
  readonly patterns: readonly Listeners[]
  readonly shards: readonly Listeners[]
  readonly published: readonly PublishedData[]
  readonly dropped: readonly { readonly at: number; readonly client: string; readonly name: string }[]
  readonly limit: { readonly hard: number; readonly soft: number; readonly seconds: number }
  readonly cluster: boolean
  readonly events: string
  readonly now: number
}
export interface Hub extends Listeners {
  readonly kind: 'channel' | 'pattern' | 'shard channel' | 'nobody'
  /** Messages of the last seconds that went through it. */
  readonly recent: readonly PublishedData[]
}

const RECENT = 3_000_000
export function hubsOf(d: PubsubData, hello: boolean): Hub[] {
  const recent = d.published.filter((p) => d.now - p.at < RECENT)
  const of = (list: readonly Listeners[], kind: Hub['kind'], through: (name: string, p: PublishedData) => boolean) =>
    list.map((h): Hub => ({ ...h, kind, recent: recent.filter((p) => through(h.name, p)) }))
  const lost = [...new Set(recent.filter((p) => p.receivers === 0).map((p) => p.channel))].slice(-3)
  return [
    ...of(d.channels, 'channel', (name, p) => p.kind !== 'shard' && p.channel === name),
    ...of(d.patterns, 'pattern', (name, p) => p.patterns.includes(name)),
    ...of(d.shards, 'shard channel', (name, p) => p.kind === 'shard' && p.channel === name),
    ...lost.map(
      (name): Hub => ({
        name,
        clients: [],
        count: 0,
        kind: 'nobody',
        recent: recent.filter((p) => p.channel === name),
      }),
    ),
  ].filter((h) => hello || h.name !== '__sentinel__:hello')
}

export interface Subscriber extends ListenerData {
  readonly channels: readonly string[]
}
export function subscribersOf(d: PubsubData): Subscriber[] {
  const all = new Map<number, ListenerData & { channels: string[] }>()
  for (const h of [...d.channels, ...d.patterns, ...d.shards])
    for (const c of h.clients) {
      const known = all.get(c.id)
      if (known) known.channels.push(h.name)
      else all.set(c.id, { ...c, channels: [h.name] })
    }
  return [...all.values()]
}
export const lastedSeconds = (s: ListenerData): number => Math.round((s.softSinceMs ?? 0) / 1000)
