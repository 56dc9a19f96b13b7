/** The event loop: what woke the main thread, what it ran and sent in that turn, who waited for it, and what threads and children did meanwhile. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { useChoice } from './choice.ts'
import { typeInto } from './Cli.tsx'
import { plural, when } from './data.ts'
import { LoopLanes } from './LoopLanes.tsx'
import { LoopWheel } from './LoopWheel.tsx'
import {
  blockersOf,
  type CommandData,
  commandNames,
  type JobData,
  outer,
  percentile,
  placeTurns,
  type RequestData,
  requestsOf,
  type TurnData,
} from './loop-layout.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, Figures, useSheet } from './sheets.tsx'
import { say, typeAt } from './speak.ts'

interface LoopData {
  readonly now: number
  readonly hz: number
  readonly threads: readonly string[]
  readonly ioThreads: number
  readonly clients: number
  readonly turns: readonly TurnData[]
  readonly jobs: readonly JobData[]
  readonly lazyPending: number
  readonly lazyFreed: number
  readonly forkMicros: number
  readonly slowerThan: number
}

function told(t: TurnData): string {
  const what =
    t.commands.length > 0
      ? `${commandNames(t)} for ${outer(t)[0]?.client ?? 'a client'}`
      : t.cron
        ? 'serverCron'
        : 'no command'
  return `${when(t.at)}, woken by ${t.woke}${t.at > t.arrived ? ` that had waited ${duration(t.at - t.arrived)}` : ''}: ${what}, ${duration(t.micros)}${t.sent > 0 ? `, ${bytesText(t.sent)} of replies` : ''}${t.times > 1 ? `; ${t.times} idle ticks like this` : ''}.`
}

const HOUSEKEEPING = new Set([
  'ping',
  'info',
  'replconf',
  'publish',
  'hello',
  'subscribe',
  'client|setname',
  'client|setinfo',
])
/** Not what Sentinels, replicas and an idle clock do all the time. */
const worthwhile = (t: TurnData): boolean =>
  t.commands.length > 0
    ? t.commands.some((c) => !HOUSEKEEPING.has(c.name))
    : t.did.length > 0 || t.files.length > 0 || t.micros > 20

const EXAMPLE = [
  `SADD big ${Array.from({ length: 200 }, (_, i) => `member-${i}`).join(' ')}`,
  'SMEMBERS big',
  'UNLINK big',
  'SET a 1',
  'BGSAVE',
]
/** A slow command, and others behind it: three redis-cli at once. */
const JAM = [
  'SETRANGE jam:a 2500 a',
  'SETRANGE jam:b 2500 b',
  ...Array.from({ length: 3 }, () => 'LCS jam:a jam:b LEN'),
]
const ZOOMS = [0.0005, 0.002, 0.01, 0.05, 0.25, 0.5, 1, 2, 4, 8, 16]
const zoomText = (z: number): string =>
  z >= 1 ? `${z} px/µs` : 1 / z >= 1000 ? `1 px/${1 / z / 1000} ms` : `1 px/${1 / z} µs`
const SHOWN = 60

interface Segment {
  readonly turn: TurnData
  readonly command: CommandData
}

export function LoopSheet({ process }: { process: string }) {
  const d = useSheet<LoopData>(process, 'loop')
  const { brush } = useChoice()
  const [zoom, setZoom] = useState(4)
  const [all, setAll] = useState(false)
  const [picked, setPicked] = useState<number | null>(null)
  const [request, setRequest] = useState<RequestData | null>(null)
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const setBrush = (b: { from: number; to: number } | null) => useChoice.setState({ brush: b })
  const wanted = all ? d.turns : d.turns.filter(worthwhile)
  const inside = brush ? wanted.filter((t) => t.at + t.micros >= brush.from && t.at <= brush.to) : wanted
  const turns = inside.slice(-SHOWN)
  const ran = turns.filter((t) => t.commands.length > 0)
  // A stretch that was asked for has what it was asked for in its middle.
  const middle = brush ? (brush.from + brush.to) / 2 : d.now
  const nearest = ran.reduce<TurnData | undefined>(
    (best, t) => (best === undefined || Math.abs(t.at - middle) <= Math.abs(best.at - middle) ? t : best),
    undefined,
  )
  const chosen = turns.find((t) => t.at === picked) ?? nearest ?? turns.at(-1)
  const end = brush ? Math.min(d.now, brush.to) : d.now
  const jobs = brush ? d.jobs.filter((j) => j.start <= brush.to && (j.end ?? d.now) >= brush.from) : d.jobs
  const placed = placeTurns(turns, jobs, Math.max(end, (turns.at(-1)?.at ?? 0) + (turns.at(-1)?.micros ?? 0)), zoom)
  const busy = d.turns.reduce((n, t) => n + t.micros, 0)
  const span = Math.max(1, d.now - (d.turns[0]?.at ?? d.now))
  const segments: Segment[] = d.turns.flatMap((turn) => outer(turn).map((command) => ({ turn, command })))
  const sorted = segments.map((s) => s.command.micros).sort((a, b) => a - b)
  const longest = [...segments].sort((a, b) => b.command.micros - a.command.micros).slice(0, 50)
  const worst = longest[0]
  const step = (by: number) => {
    const i = ZOOMS.findIndex((z) => z >= zoom)
    setZoom(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, (i < 0 ? ZOOMS.length - 1 : i) + by))] as number)
  }
  const zoomOn = (from: number, to: number) => {
    setBrush({ from, to })
    const work = d.turns.filter((t) => t.at + t.micros >= from && t.at <= to).reduce((n, t) => n + t.micros, 0)
    setZoom([...ZOOMS].reverse().find((z) => z * Math.max(1, work) < 900) ?? (ZOOMS[0] as number))
  }
  return (
    <div className="sheets">
      <Pane
        label="Main thread and its helpers"
        title="Threads"
        sub="time runs right, long work and idle time are cut short; drag to zoom"
        className="wide"
        testid="loop"
        right={
          <>
            {brush && (
              <button type="button" className="btn small" onClick={() => setBrush(null)}>
                All of the time
              </button>
            )}
            <button
              type="button"
              className={`btn small ${all ? 'on' : ''}`}
              aria-pressed={all}
              onClick={() => setAll(!all)}
            >
              Pings and idle ticks
            </button>
            <button
              type="button"
              className="btn small"
              aria-label="Shorter microseconds"
              disabled={zoom <= (ZOOMS[0] as number)}
              onClick={() => step(-1)}
            >
              −
            </button>
            <span className="mono ink2">{zoomText(zoom)}</span>
            <button
              type="button"
              className="btn small"
              aria-label="Longer microseconds"
              disabled={zoom >= 16}
              onClick={() => step(1)}
            >
              +
            </button>
          </>
        }
        summary={`${worst ? `p99 ${duration(percentile(sorted, 0.99))}; longest ${worst.command.name.toUpperCase()} ${duration(worst.command.micros)} by ${worst.command.client}. ` : ''}${brush ? `From ${when(brush.from)} to ${when(brush.to)}. ` : ''}In the last ${duration(span)} main worked ${duration(busy)} (${((100 * busy) / span).toFixed(2)} %) in ${plural(
          d.turns.reduce((n, t) => n + t.times, 0),
          'turn',
        )}.${inside.length > turns.length ? ` ${count(inside.length - turns.length)} earlier turns are not drawn.` : ''} Only execution takes virtual time in the cost model: reading and writing are drawn at a fixed width.`}
        table={{
          head: ['Start', 'Woken by', 'Read', 'Commands', 'Microseconds', 'Replies', 'To replicas', 'Also'],
          rows: [...turns]
            .reverse()
            .map((t) => [
              when(t.at),
              t.woke,
              t.read,
              commandNames(t),
              t.micros,
              t.sent,
              t.fed,
              [...t.did, ...t.files].join('; '),
            ]),
        }}
      >
        {turns.length === 0 ? (
          <p className="cap">Nothing but pings and idle ticks {brush ? 'here' : 'yet. Type a command below'}.</p>
        ) : (
          <LoopLanes
            placed={placed}
            turns={turns}
            threads={d.threads}
            ioThreads={d.ioThreads}
            chosen={chosen}
            request={request}
            slowerThan={d.slowerThan}
            onPick={(at) => {
              setPicked(at)
              setRequest(null)
            }}
            onRequest={(r) => {
              setRequest(r)
              if (r) setPicked(r.start)
            }}
            onBrush={zoomOn}
            told={told}
          />
        )}
        <Legend process={process} io={d.ioThreads} />
      </Pane>
      <Waiting turns={turns} request={request} onRequest={setRequest} />
      <Pane
        label="One turn of the loop"
        title="One turn"
        sub={chosen ? <span className="mono">{when(chosen.at)}</span> : ''}
        testid="turn"
        right={
          chosen && (
            <button
              type="button"
              className="btn small"
              onClick={() => zoomOn(chosen.at - 20, chosen.at + chosen.micros + 20)}
            >
              Zoom on it
            </button>
          )
        }
      >
        {chosen ? <LoopWheel t={chosen} hz={d.hz} /> : <p className="cap">No turn yet.</p>}
      </Pane>
      <Cost chosen={chosen} d={d} />
      <Pane
        label="Longest commands"
        title="The longest"
        sub="of those that are kept, 50 at most"
        className="wide"
        testid="longest"
      >
        <DataTable
          label="Longest commands"
          head={['Start', 'Command', 'Client', 'Took']}
          right={[3]}
          rows={longest.map(({ turn, command }) => [
            when(turn.at + command.offset),
            <button
              key="c"
              type="button"
              className="link"
              onClick={() => {
                setPicked(turn.at)
                if (brush && (turn.at < brush.from || turn.at > brush.to)) setBrush(null)
              }}
            >
              {showBytes(command.text, 40)}
            </button>,
            command.client,
            duration(command.micros),
          ])}
        />
      </Pane>
    </div>
  )
}

function Legend({ process, io }: { process: string; io: number }) {
  return (
    <div className="legend">
      <span>
        <i className="e1" />
        read and parse
      </span>
      <span>
        <i className="e2" />
        execute
      </span>
      <span>
        <i className="e6" />
        expiry, fork and other work
      </span>
      <span>
        <i className="e5" />
        write replies{io > 1 ? `, dealt to I/O threads from ${io * 2} clients on` : ''}
      </span>
      <span>
        <i style={{ background: 'var(--suspect-t)' }} />
        in the queue
      </span>
      <span>a thick bottom edge: it had waited; the way back is drawn as long as the way there</span>
      <button type="button" className="btn small" onClick={() => typeInto(process, EXAMPLE)}>
        Type a read, a slow read, an UNLINK and a BGSAVE
      </button>
      <button type="button" className="btn small" title={JAM.join('\n')} onClick={() => void jam(process)}>
        Make others wait
      </button>
    </div>
  )
}
async function jam(process: string): Promise<void> {
  for (const line of JAM.slice(0, 2)) for (const n of [0, 1, 2]) await say(process, n, n === 0 ? line : `GET a${n}`)
  for (const line of JAM.slice(2)) typeAt(process, 0, line)
  for (let i = 0; i < 4; i++) for (const n of [1, 2]) typeAt(process, n, `GET a${n}`)
}

/** "Why was I waiting?" */
function Waiting(props: {
  turns: readonly TurnData[]
  request: RequestData | null
  onRequest: (r: RequestData | null) => void
}) {
  const { turns, request } = props
  const requests = requestsOf(turns)
  const shown = [...requests].sort((a, b) => b.start - b.arrived - (a.start - a.arrived)).slice(0, 12)
  const now = requests.find((r) => request && r.client === request.client && r.start === request.start) ?? null
  const blockers = now ? blockersOf(turns, now).map((i) => turns[i] as TurnData) : []
  const waited = now ? now.start - now.arrived : 0
  return (
    <Pane
      label="Why was I waiting?"
      title="Why was I waiting?"
      sub="requests by their time in the queue"
      className="wide"
      testid="waiting"
      summary={
        now
          ? `${showBytes(now.text, 40)} of ${now.client}: ${duration(now.arrived - now.left)} on its way, ${duration(waited)} in the queue, ${duration(now.end - now.start)} run.${
              waited === 0
                ? ' It did not wait.'
                : blockers.length === 0
                  ? ' What it waited for is not drawn here.'
                  : ` Before it ran ${blockers.map((t) => `${commandNames(t) || (t.cron ? 'serverCron' : t.woke)} (${duration(t.micros)})`).join(', ')}.`
            }`
          : 'Choose a request here or in its lane: what made it wait is framed on the main thread.'
      }
    >
      <DataTable
        label="Requests"
        head={['Client', 'Request', 'On its way', 'In the queue', 'Run', 'Blockers']}
        right={[2, 3, 4, 5]}
        rows={shown.map((r) => [
          r.client,
          <button key="r" type="button" className="link" aria-pressed={r === now} onClick={() => props.onRequest(r)}>
            {showBytes(r.text, 40)}
          </button>,
          duration(r.arrived - r.left),
          duration(r.start - r.arrived),
          duration(r.end - r.start),
          blockersOf(turns, r).length,
        ])}
        empty="No request yet."
      />
    </Pane>
  )
}

function Cost({ chosen, d }: { chosen: TurnData | undefined; d: LoopData }) {
  return (
    <Pane
      label="What the turn cost"
      title="What it cost"
      sub="2 µs a command, the rest by size"
      testid="cost"
      foot={
        <p className="cap">
          The cost model: 2 µs for any command; each further element read or written adds its own, from 0.05 to 0.3 µs
          by its structure; freeing a set costs 0.24 µs a member on main, with UNLINK 15 µs and the rest on
          bio_lazy_free; a fork by the size of memory.
        </p>
      }
    >
      {chosen && (
        <DataTable
          label="Commands of the turn"
          head={['Command', 'Client', 'Began after', 'Took', 'Base', 'By size', 'Slow log']}
          right={[2, 3, 4, 5, 6]}
          rows={chosen.commands.map((c) => [
            `${c.inner ? '  ' : ''}${showBytes(c.text, 36)}`,
            c.client,
            duration(c.offset),
            duration(c.micros),
            duration(Math.min(2, c.micros)),
            duration(Math.max(0, c.micros - 2)),
            c.slow === null ? (
              ''
            ) : (
              <button
                key="s"
                type="button"
                className="link"
                onClick={() => useChoice.setState({ screen: 'Commands', slow: c.slow })}
              >
                entry {c.slow}
              </button>
            ),
          ])}
          empty="No command in this turn."
        />
      )}
      <Figures
        list={[
          ['clients', count(d.clients)],
          ['lazyfree_pending_objects', count(d.lazyPending)],
          ['lazyfreed_objects', count(d.lazyFreed)],
          ['latest_fork_usec', count(d.forkMicros)],
          ['io-threads', d.ioThreads],
        ]}
      />
    </Pane>
  )
}
