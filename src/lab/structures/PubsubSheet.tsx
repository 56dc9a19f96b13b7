/** Pub/sub: who listens to what, what was said, who heard it, and who does not keep up. */
import { useState } from 'react'
import { fault } from '../actions.ts'
import { showBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { plural, when } from './data.ts'
import { Try } from './Knob.tsx'
import { failureOf, Pane } from './Pane.tsx'
import { PubsubFigure } from './PubsubFigure.tsx'
import { hubsOf, lastedSeconds, type PubsubData, subscribersOf } from './pubsub-figure.ts'
import { Asking, DataTable, useSheet } from './sheets.tsx'
import { cliNamed, openNamed, say } from './speak.ts'

const FILTERS = ['messages', 'all', '__sentinel__:hello', '__key*__', 'shard'] as const
type Filter = (typeof FILTERS)[number]
const passes = (p: PubsubData['published'][number], f: Filter): boolean =>
  f === 'all'
    ? true
    : f === 'shard'
      ? p.kind === 'shard'
      : f === '__sentinel__:hello'
        ? p.channel === f
        : f === '__key*__'
          ? p.channel.startsWith('__key')
          : p.channel !== '__sentinel__:hello' && !p.channel.startsWith('__key')

export function PubsubSheet({ process }: { process: string }) {
  const d = useSheet<PubsubData>(process, 'pubsub')
  const [filter, setFilter] = useState<Filter>('messages')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const shown = d.published.filter((p) => passes(p, filter))
  const hubs = hubsOf(d, filter === 'all' || filter === '__sentinel__:hello')
  const last = [...d.published].reverse().find((p) => passes(p, 'messages'))
  return (
    <div className="sheets">
      <Pane
        label="Channels"
        title="Channels and who listens"
        className="wide"
        testid="pubsub"
        summary={`${plural(d.channels.length, 'channel')}, ${plural(d.patterns.length, 'pattern')}, ${plural(d.shards.length, 'shard channel')}.${
          last
            ? ` Last: ${showBytes(last.text, 24)} to ${showBytes(last.channel, 24)}, ${last.receivers === 0 ? 'heard by nobody and lost' : plural(last.receivers, 'receiver')}.`
            : ''
        } notify-keyspace-events is ${d.events === '' ? 'empty: no keyspace notifications' : `"${d.events}"`}.${d.cluster ? ' Cluster: PUBLISH goes over the bus to every node, SPUBLISH stays within its shard.' : ''}`}
        table={{
          head: ['Kind', 'Name', 'Listeners', 'Clients'],
          rows: hubs.map((h) => [
            h.kind,
            showBytes(h.name, 40),
            h.count,
            h.clients.map((c) => (c.name === '' ? c.client : `${showBytes(c.name, 20)} ${c.client}`)).join(', '),
          ]),
        }}
      >
        <PubsubFigure d={d} hubs={hubs} />
      </Pane>
      <SayPane process={process} d={d} />
      <SlowPane process={process} d={d} />
      <Pane
        label="Messages"
        title="Messages"
        className="wide"
        testid="messages"
        right={
          <span className="seg">
            {FILTERS.map((f) => (
              <button
                key={f}
                type="button"
                className={`btn small ${f.startsWith('__') ? 'mono' : ''} ${f === filter ? 'on' : ''}`}
                aria-pressed={f === filter}
                onClick={() => setFilter(f)}
              >
                {f}
              </button>
            ))}
          </span>
        }
        summary={`${plural(shown.length, 'message')} kept of those that were sent; ${plural(shown.filter((p) => p.receivers === 0).length, 'was', 'were')} heard by nobody.`}
      >
        <DataTable
          label="Messages"
          head={['Time', 'From', 'Channel', 'Message', 'Bytes', 'By pattern', 'Receivers']}
          right={[4, 6]}
          rows={[...shown]
            .reverse()
            .map((p) => [
              when(p.at),
              p.by,
              showBytes(p.channel, 28),
              showBytes(p.text, 36),
              count(p.bytes),
              p.patterns.map((x) => showBytes(x, 16)).join(' '),
              p.receivers === 0 ? '0, lost' : p.receivers,
            ])}
          empty="No message yet. A message without a receiver is lost: nothing is stored."
        />
      </Pane>
    </div>
  )
}

const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
function SayPane({ process, d }: { process: string; d: PubsubData }) {
  const [channel, setChannel] = useState('news')
  const [text, setText] = useState('hello')
  const [listen, setListen] = useState('news')
  const pattern = /[*?[]/.test(listen)
  const taken = new Set(subscribersOf(d).map((s) => s.name))
  const subscribe = async () => {
    let n = 1
    while (taken.has(`sub-${n}`)) n++
    await openNamed(process, `sub-${n}`, [
      `CLIENT SETNAME sub-${n}`,
      `${pattern ? 'PSUBSCRIBE' : 'SUBSCRIBE'} ${quote(listen)}`,
    ])
  }
  return (
    <Pane label="Say and listen" title="Say and listen" testid="say">
      <form
        className="saybox"
        onSubmit={(e) => {
          e.preventDefault()
          void say(process, 0, `PUBLISH ${quote(channel)} ${quote(text)}`)
        }}
      >
        <span className="mono">PUBLISH</span>
        <input
          className="field mono"
          aria-label="Channel to publish to"
          size={10}
          value={channel}
          onChange={(e) => setChannel(e.target.value)}
        />
        <input
          className="field mono"
          aria-label="Message"
          size={14}
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <button type="submit" className="btn small">
          Publish
        </button>
      </form>
      <form
        className="saybox"
        onSubmit={(e) => {
          e.preventDefault()
          void subscribe()
        }}
      >
        <span className="mono">{pattern ? 'PSUBSCRIBE' : 'SUBSCRIBE'}</span>
        <input
          className="field mono"
          aria-label="Channel or pattern to listen to"
          size={14}
          value={listen}
          onChange={(e) => setListen(e.target.value)}
        />
        <button type="submit" className="btn small">
          New subscriber
        </button>
      </form>
      <p className="cap">
        A new subscriber is a redis-cli of its own. A name with * ? or [ is a pattern. Publish to a channel that nobody
        listens to, and the message is gone.
      </p>
      <div className="knobs">
        {d.events === '' ? (
          <Try process={process} lines={['CONFIG SET notify-keyspace-events KEA']}>
            Switch keyspace notifications on
          </Try>
        ) : (
          <Try process={process} lines={['CONFIG SET notify-keyspace-events ""']}>
            Switch keyspace notifications off
          </Try>
        )}
        <Try process={process} lines={['SPUBLISH orders 1']}>
          SPUBLISH orders 1
        </Try>
      </div>
    </Pane>
  )
}

/** Sixteen messages of 64 kB: more than the sockets hold. */
const FLOOD = "EVAL \"for i=1,16 do redis.call('PUBLISH',ARGV[1],string.rep('x',65536)) end return 16\" 0"
function SlowPane({ process, d }: { process: string; d: PubsubData }) {
  const [stopped, setStopped] = useState<Readonly<Record<string, boolean>>>({})
  const all = subscribersOf(d).filter((s) => !s.channels.every((c) => c === '__sentinel__:hello'))
  const most = Math.max(d.limit.hard, d.limit.soft, 1)
  const stop = (name: string, on: boolean) => {
    const cli = cliNamed(process, name)
    if (!cli) return
    fault({ type: on ? 'pause' : 'continue', process: cli })
    setStopped({ ...stopped, [name]: on })
  }
  const lost = d.dropped.at(-1)
  return (
    <Pane
      label="Slow subscribers"
      title="A slow subscriber"
      sub="bytes that the server keeps for it"
      testid="slow"
      summary={`client-output-buffer-limit pubsub: closed at ${d.limit.hard === 0 ? 'no limit' : bytesText(d.limit.hard)}, or above ${bytesText(d.limit.soft)} for ${d.limit.seconds} s.${
        lost
          ? ` ${lost.name === '' ? lost.client : showBytes(lost.name, 20)} was closed at ${when(lost.at)}: it did not read.`
          : ''
      }`}
      table={{
        head: ['Client', 'Name', 'Listens to', 'Bytes not sent', 'Above the soft limit'],
        rows: all.map((s) => [
          s.client,
          showBytes(s.name, 20),
          s.channels.map((c) => showBytes(c, 20)).join(', '),
          s.owed,
          s.softSinceMs === null ? '' : duration(s.softSinceMs * 1000),
        ]),
      }}
    >
      <div className="knobs">
        <button
          type="button"
          className="btn small"
          title={`${FLOOD} news`}
          onClick={() => void say(process, 0, `${FLOOD} news`)}
        >
          Publish 16 × 64 kB to news
        </button>
        <Try process={process} lines={['CONFIG SET client-output-buffer-limit "pubsub 1mb 512kb 5"']}>
          Limit to 1 MB, 512 kB for 5 s
        </Try>
      </div>
      {all.length === 0 ? (
        <p className="cap">No subscriber but the Sentinels. Make one, let it stop reading, then publish.</p>
      ) : (
        <ul className="subs">
          {all.map((s) => (
            <li key={s.id}>
              <span className="mono who">{s.name === '' ? s.client : showBytes(s.name, 16)}</span>
              <span
                className="obuf"
                role="img"
                aria-label={`${s.owed} bytes not sent${s.softSinceMs === null ? '' : `, above the soft limit for ${lastedSeconds(s)} seconds`}`}
              >
                <i
                  className={s.softSinceMs === null ? '' : 'over'}
                  style={{ width: `${s.owed === 0 ? 0 : Math.max(2, Math.min(100, (100 * s.owed) / most))}%` }}
                />
                {d.limit.soft > 0 && <b style={{ left: `${(100 * d.limit.soft) / most}%` }} />}
              </span>
              <span className="mono">{s.owed === 0 ? '0' : bytesText(s.owed)}</span>
              <span className="acts">
                {cliNamed(process, s.name) !== null && (
                  <button type="button" className="btn small" onClick={() => stop(s.name, stopped[s.name] !== true)}>
                    {stopped[s.name] === true ? 'Read again' : 'Stop reading'}
                  </button>
                )}
                <button
                  type="button"
                  className="btn small"
                  title={`CLIENT KILL ID ${s.id}`}
                  onClick={() => void say(process, 0, `CLIENT KILL ID ${s.id}`)}
                >
                  Kill
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Pane>
  )
}
