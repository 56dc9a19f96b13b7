/** Transactions and pub/sub: what clients have queued, watch, wait for and listen to. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { commandText, plural, when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, useSheet } from './sheets.tsx'

interface TransactionsData {
  readonly clients: readonly {
    id: number
    client: string
    name: string
    db: number
    queue: readonly (readonly string[])[] | null
    queued: number
    dirtyExec: boolean
    dirtyCas: boolean
    watched: readonly { db: number; key: string }[]
    blocked: { kind: string; argv: readonly string[] } | null
  }[]
  readonly log: readonly { at: number; client: string; what: string; text: string }[]
}

export function TransactionsSheet({ process }: { process: string }) {
  const d = useSheet<TransactionsData>(process, 'transactions')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  return (
    <div className="sheets">
      <Pane
        label="Clients in a transaction"
        title="Clients with a queue, a watch or a wait"
        className="wide"
        summary={
          d.clients.length === 0
            ? 'No client is in MULTI, watches a key or waits. Try WATCH a, then MULTI and SET a 1; change a from another terminal before EXEC.'
            : d.clients
                .map(
                  (c) =>
                    `${c.client}: ${c.queue === null ? '' : `${plural(c.queued, 'command')} queued`}${c.watched.length > 0 ? ` ${plural(c.watched.length, 'key')} watched` : ''}${c.dirtyCas ? ', a watched key changed: EXEC will answer nil' : ''}${c.dirtyExec ? ', EXEC will answer EXECABORT' : ''}${c.blocked ? ` waits in ${commandText(c.blocked.argv, 30)}` : ''}`,
                )
                .join('. ')
        }
      >
        <div className="trays">
          {d.clients.map((c) => (
            <div key={c.id} className={`tray ${c.dirtyCas || c.dirtyExec ? 'bad' : ''}`}>
              <div className="trayhead">
                <span className="mono">{c.client}</span>
                <span className="sub">
                  {c.name === '' ? '' : `${showBytes(c.name, 20)}, `}db{c.db}
                </span>
                <span className="sp" />
                {c.queue !== null && <span className="tag2">MULTI</span>}
                {c.blocked && <span className="tag2">blocked</span>}
              </div>
              {c.watched.map((w) => (
                <span key={`${w.db}|${w.key}`} className="watch mono">
                  <svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">
                    <path d="M1 5c3-5 9-5 12 0-3 5-9 5-12 0z" fill="none" stroke="currentColor" />
                    <circle cx="7" cy="5" r="1.8" fill="currentColor" />
                  </svg>
                  {showBytes(w.key, 24)}
                </span>
              ))}
              {c.dirtyCas && <p className="cap">CLIENT_DIRTY_CAS: a watched key changed.</p>}
              {c.dirtyExec && <p className="cap">CLIENT_DIRTY_EXEC: a queued command was refused.</p>}
              {c.queue !== null && (
                <ol className="queue">
                  {c.queue.map((argv, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a command is its place in the queue
                    <li key={i} className="mono">
                      {commandText(argv, 40)}
                    </li>
                  ))}
                </ol>
              )}
              {c.blocked && <p className="cap mono">{commandText(c.blocked.argv, 40)}</p>}
            </div>
          ))}
        </div>
      </Pane>
      <Pane label="Transaction log" title="What happened" className="wide">
        <DataTable
          label="Transaction log"
          head={['Time', 'Client', 'What', 'Detail']}
          rows={[...d.log]
            .reverse()
            .map((e) => [
              when(e.at),
              e.client,
              e.what === 'spoiled' ? 'watched key changed' : e.what.toUpperCase(),
              showBytes(e.text, 60),
            ])}
          empty="No MULTI, EXEC, WATCH or DISCARD yet."
        />
      </Pane>
    </div>
  )
}

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
