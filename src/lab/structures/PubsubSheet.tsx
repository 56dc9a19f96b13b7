/** Pub/sub: who listens to what, what was said, who heard it, and who does not keep up. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { plural, when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, useSheet } from './sheets.tsx'

interface Listeners {
  readonly name: string
  readonly clients: readonly { client: string; owed: number }[]
  readonly count: number
}
interface PubsubData {
  readonly channels: readonly Listeners[]
  readonly patterns: readonly Listeners[]
  readonly shards: readonly Listeners[]
  readonly published: readonly {
    at: number
    by: string
    channel: string
    bytes: number
    text: string
    receivers: number
  }[]
  readonly events: string
}

export function PubsubSheet({ process }: { process: string }) {
  const d = useSheet<PubsubData>(process, 'pubsub')
  const [hello, setHello] = useState(false)
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const shown = d.published.filter((p) => hello || p.channel !== '__sentinel__:hello')
  const recent = new Map<string, number>()
  for (const p of d.published.slice(-20)) recent.set(p.channel, (recent.get(p.channel) ?? 0) + 1)
  const hubs = [
    ...d.channels.map((h) => ({ ...h, kind: 'channel' })),
    ...d.patterns.map((h) => ({ ...h, kind: 'pattern' })),
    ...d.shards.map((h) => ({ ...h, kind: 'shard channel' })),
  ]
  return (
    <div className="sheets">
      <Pane
        label="Channels"
        title="Channels and who listens"
        className="wide"
        summary={`${plural(d.channels.length, 'channel')}, ${plural(d.patterns.length, 'pattern')}, ${plural(d.shards.length, 'shard channel')}. notify-keyspace-events is ${d.events === '' ? 'empty: no keyspace notifications' : `"${d.events}"`}.`}
        table={{
          head: ['Kind', 'Name', 'Listeners', 'Clients'],
          rows: hubs.map((h) => [h.kind, showBytes(h.name, 40), h.count, h.clients.map((c) => c.client).join(', ')]),
        }}
      >
        {hubs.length === 0 && <p className="cap">Nobody listens. Try SUBSCRIBE news in a second terminal.</p>}
        <div className="hubs">
          {hubs.map((h) => (
            <div key={`${h.kind}|${h.name}`} className="hub">
              <span
                className={`hubname mono ${h.kind === 'pattern' ? 'dashed' : ''} ${recent.has(h.name) ? 'hot' : ''}`}
              >
                {showBytes(h.name, 32)}
                {h.kind === 'channel' ? '' : ` (${h.kind})`}
              </span>
              <ul>
                {h.clients.map((c) => (
                  <li key={c.client} className="mono">
                    {c.client}
                    {c.owed > 0 && (
                      <span
                        className="owed"
                        style={{ width: Math.min(80, 8 + Math.log2(c.owed) * 4) }}
                        title={`${count(c.owed)} bytes not yet sent`}
                      >
                        {count(c.owed)}
                      </span>
                    )}
                  </li>
                ))}
                {h.count > h.clients.length && <li>{count(h.count - h.clients.length)} more</li>}
              </ul>
            </div>
          ))}
        </div>
      </Pane>
      <Pane
        label="Messages"
        title="Messages"
        className="wide"
        right={
          <label className="cap">
            <input type="checkbox" checked={hello} onChange={(e) => setHello(e.target.checked)} /> __sentinel__:hello
          </label>
        }
      >
        <DataTable
          label="Messages"
          head={['Time', 'From', 'Channel', 'Message', 'Receivers']}
          right={[4]}
          rows={[...shown]
            .reverse()
            .map((p) => [
              when(p.at),
              p.by,
              showBytes(p.channel, 28),
              showBytes(p.text, 44),
              p.receivers === 0 ? '0, lost' : p.receivers,
            ])}
          empty="No message yet. A message without a receiver is lost: nothing is stored."
        />
      </Pane>
    </div>
  )
}
