/** The event loop: what woke the main thread, what it ran and sent in that turn, and what threads and children did meanwhile. */
import { useState } from 'react'
import { bytesText, count, duration } from '../format.ts'
import { typeInto } from './Cli.tsx'
import { plural, when } from './data.ts'
import { type JobData, type Placed, placeTurns, type TurnData } from './loop-layout.ts'
import { failureOf, Pane, Picture } from './Pane.tsx'
import { Asking, DataTable, Figures, Scroll, useSheet } from './sheets.tsx'

interface LoopData {
  readonly now: number
  readonly hz: number
  readonly clients: number
  readonly turns: readonly TurnData[]
  readonly jobs: readonly JobData[]
  readonly lazyPending: number
  readonly lazyFreed: number
  readonly forkMicros: number
  readonly slowerThan: number
}

const LANES: readonly (readonly [JobData['lane'], string])[] = [
  ['bio_close_file', 'bio_close_file'],
  ['bio_aof_fsync', 'bio_aof_fsync'],
  ['bio_lazy_free', 'bio_lazy_free'],
  ['child', 'child'],
]
const outer = (t: TurnData) => t.commands.filter((c) => !c.inner)
const commandNames = (t: TurnData): string => {
  const names = outer(t).map((c) => c.name.toUpperCase())
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length + t.more - 3} more` : names.join(', ')
}
/** Work that no command did: expiry, a fork, freeing. */
const other = (t: TurnData): number => Math.max(0, t.micros - outer(t).reduce((n, c) => n + c.micros, 0))
function told(t: TurnData): string {
  const what =
    t.commands.length > 0
      ? `${commandNames(t)} for ${outer(t)[0]?.client ?? 'a client'}`
      : t.cron
        ? 'serverCron'
        : 'no command'
  return `${when(t.at)}, woken by ${t.woke}${t.waited ? ' that had waited' : ''}: ${what}, ${duration(t.micros)}${t.sent > 0 ? `, ${bytesText(t.sent)} of replies` : ''}${t.times > 1 ? `; ${t.times} idle ticks like this` : ''}.`
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

export function LoopSheet({ process }: { process: string }) {
  const d = useSheet<LoopData>(process, 'loop')
  const [zoom, setZoom] = useState(4)
  const [all, setAll] = useState(false)
  const [picked, setPicked] = useState<number | null>(null)
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const turns = (all ? d.turns : d.turns.filter(worthwhile)).slice(-60)
  const chosen = turns.find((t) => t.at === picked) ?? turns.filter((t) => t.commands.length > 0).at(-1) ?? turns.at(-1)
  const placed = placeTurns(turns, d.jobs, d.now, zoom)
  const busy = d.turns.reduce((n, t) => n + t.micros, 0)
  const span = Math.max(1, d.now - (d.turns[0]?.at ?? d.now))
  return (
    <div className="sheets">
      <Pane
        label="Main thread and its helpers"
        title="Threads"
        sub="one command after the other on main; time runs right, long work and idle time are cut short"
        className="wide"
        testid="loop"
        right={
          <>
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
              disabled={zoom <= 0.25}
              onClick={() => setZoom(zoom / 2)}
            >
              −
            </button>
            <span className="mono ink2">{zoom >= 1 ? `${zoom} px/µs` : `1 px/${1 / zoom} µs`}</span>
            <button
              type="button"
              className="btn small"
              aria-label="Longer microseconds"
              disabled={zoom >= 16}
              onClick={() => setZoom(zoom * 2)}
            >
              +
            </button>
          </>
        }
        summary={`In the last ${duration(span)} main worked ${duration(busy)} (${((100 * busy) / span).toFixed(2)} %) in ${plural(
          d.turns.reduce((n, t) => n + t.times, 0),
          'turn',
        )}. Only execution takes virtual time in the cost model: reading and writing are drawn at a fixed width.`}
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
          <p className="cap">Nothing but pings and idle ticks yet. Type a command below.</p>
        ) : (
          <Lanes
            placed={placed}
            turns={turns}
            now={d.now}
            chosen={chosen}
            onPick={setPicked}
            slowerThan={d.slowerThan}
          />
        )}
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
            write replies
          </span>
          <span>a thick bottom edge: what woke this turn had waited for the one before</span>
          <button type="button" className="btn small" onClick={() => typeInto(process, EXAMPLE)}>
            Type a read, a slow read, an UNLINK and a BGSAVE
          </button>
        </div>
      </Pane>
      <Pane
        label="One turn of the loop"
        title="One turn"
        sub={chosen ? <span className="mono">{when(chosen.at)}</span> : ''}
        testid="turn"
      >
        {chosen ? <Wheel t={chosen} hz={d.hz} /> : <p className="cap">No turn yet.</p>}
      </Pane>
      <Pane label="What the turn cost" title="What it cost" sub="2 µs a command, the rest by size">
        {chosen && (
          <DataTable
            label="Commands of the turn"
            head={['Command', 'Client', 'Began after', 'Took', 'Base', 'By size']}
            right={[2, 3, 4, 5]}
            rows={chosen.commands.map((c) => [
              `${c.inner ? '  ' : ''}${c.name.toUpperCase()}`,
              c.client,
              duration(c.offset),
              duration(c.micros),
              duration(Math.min(2, c.micros)),
              duration(Math.max(0, c.micros - 2)),
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
          ]}
        />
      </Pane>
    </div>
  )
}

const TOP = 20
/** As much of a name as fits before the next turn. */
const shortened = (text: string, room: number): string => {
  const n = Math.floor(room / 6.7)
  return text.length <= n ? text : n < 3 ? '' : `${text.slice(0, n - 1)}…`
}
function Lanes(props: {
  placed: Placed
  turns: readonly TurnData[]
  now: number
  chosen: TurnData | undefined
  onPick: (at: number) => void
  slowerThan: number
}) {
  const { placed, turns, chosen } = props
  const width = placed.width + 12
  const laneY = (i: number) => TOP + 50 + i * 24
  const height = laneY(LANES.length)
  return (
    <div className="looplanes">
      <svg width="112" height={height} aria-hidden="true">
        <text className="ink2t" x="0" y={TOP + 17} fontSize="12" fontWeight="600">
          main
        </text>
        {LANES.map(([lane, name], i) => (
          <text key={lane} className="m ink2t" x="0" y={laneY(i) + 13} fontSize="11">
            {name}
          </text>
        ))}
      </svg>
      <Scroll label="Threads" end>
        <Picture label="Turns of the event loop" tell={turns.map(told)}>
          {(marks) => (
            <svg width={width} height={height} aria-hidden="true">
              {LANES.map(([lane], i) => (
                <path key={lane} d={`M0 ${laneY(i) + 18}H${width}`} stroke="var(--line)" />
              ))}
              <path d={`M0 ${TOP + 28}H${width}`} stroke="var(--line-2)" />
              {placed.gaps.map((g) => (
                <g key={g.x}>
                  <path d={`M${g.x + g.w / 2} ${TOP}V${height}`} stroke="var(--line-2)" strokeDasharray="1 4" />
                  {g.w > 28 && (
                    <text className="m ink3t" x={g.x + g.w / 2} y={TOP + 44} fontSize="11" textAnchor="middle">
                      {duration(g.micros)}
                    </text>
                  )}
                </g>
              ))}
              {turns.map((t, i) => {
                const p = placed.turns[i]
                if (!p) return null
                const on = marks.on === i || (marks.on < 0 && t === chosen)
                return (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the arrows of the picture do the same
                  <g
                    key={t.at}
                    transform={`translate(${p.x} ${TOP})`}
                    className="turn"
                    onClick={() => {
                      marks.pick(i)
                      props.onPick(t.at)
                    }}
                  >
                    <title>{told(t)}</title>
                    {t.read > 0 && <rect width="6" height="26" className="f1" />}
                    <rect x={p.readW} width={p.execW} height="26" className={other(t) > 0 || t.cron ? 'f6' : 'f0'} />
                    {outer(t).map((c, k) => (
                      <rect
                        // biome-ignore lint/suspicious/noArrayIndexKey: a command is its place
                        key={k}
                        x={p.readW + (c.offset / Math.max(1, t.micros)) * p.execW}
                        width={Math.max(1.5, (c.micros / Math.max(1, t.micros)) * p.execW)}
                        height="26"
                        className={
                          props.slowerThan >= 0 && c.micros >= Math.max(1, props.slowerThan) ? 'f2 slow' : 'f2'
                        }
                      />
                    ))}
                    {t.sent + t.fed > 0 && <rect x={p.readW + p.execW} width="6" height="26" className="f5" />}
                    {t.waited && <rect y="24" width={p.w} height="3" fill="var(--ink)" />}
                    {on && (
                      <rect
                        x="-1"
                        y="-1"
                        width={p.w + 2}
                        height="28"
                        fill="none"
                        className="mark-on"
                        stroke="var(--ink)"
                        strokeWidth="2"
                      />
                    )}
                    <text className="m" x="0" y="-6" fontSize="11" fontWeight={on ? 700 : 400}>
                      {shortened(
                        t.commands.length > 0 ? commandNames(t) : t.cron ? 'serverCron' : (t.did[0] ?? t.woke),
                        (placed.turns[i + 1]?.x ?? width) - p.x - 4,
                      )}
                    </text>
                  </g>
                )
              })}
              {placed.jobs.map((j, i) => {
                const lane = LANES.findIndex(([l]) => l === j.job.lane)
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a job is its place
                  <g key={i} transform={`translate(${j.x} ${laneY(lane)})`}>
                    <rect
                      width={j.w}
                      height="17"
                      rx="2"
                      className={j.job.lane === 'child' ? 'f3' : 'f1'}
                      strokeDasharray={j.job.lane === 'child' ? '4 2' : undefined}
                    />
                    {j.w > 40 && (
                      <text className="m" x="4" y="12" fontSize="11">
                        {j.job.text.slice(0, Math.floor((j.w - 6) / 6.7))}
                      </text>
                    )}
                    <title>{`${j.job.text}: ${when(j.job.start)}, ${j.job.end === null ? 'still going' : duration(j.job.end - j.job.start)}`}</title>
                  </g>
                )
              })}
            </svg>
          )}
        </Picture>
      </Scroll>
    </div>
  )
}

/** The phases of aeProcessEvents, in their order. */
function phasesOf(t: TurnData, hz: number): readonly (readonly [string, string])[] {
  const names = commandNames(t)
  const own = t.cron ? [] : t.did
  const time = t.cron ? [`serverCron, ${hz} times a second`, ...t.did] : []
  const before = [
    t.sent > 0 ? `${bytesText(t.sent)} of replies to ${plural(t.sentTo, 'client')}` : '',
    t.fed > 0 ? `${bytesText(t.fed)} to ${plural(t.fedTo, 'replica')}` : '',
    ...t.files,
  ].filter((x) => x !== '')
  return [
    ['poll', `${t.woke}${t.waited ? ', which had waited for the turn before' : ''}`],
    ['afterSleep', ''],
    [
      'read handlers',
      [t.read > 0 ? `${bytesText(t.read)} read${names === '' ? ', no whole command' : ''}` : '', names, ...own]
        .filter((x) => x !== '')
        .join('; '),
    ],
    ['time events', time.join('; ')],
    ['beforeSleep', before.join('; ')],
  ]
}

function Wheel({ t, hz }: { t: TurnData; hz: number }) {
  const phases = phasesOf(t, hz)
  const arc = (i: number, r: number) => {
    const a = -Math.PI / 2 + ((i - 0.5) * 2 * Math.PI) / phases.length
    return [80 + r * Math.cos(a), 80 + r * Math.sin(a)] as const
  }
  return (
    <div className="loopwheel">
      <svg
        width="160"
        height="160"
        role="img"
        aria-label={`One turn: ${phases.map(([n, w]) => `${n}: ${w === '' ? 'nothing' : w}`).join('. ')}`}
      >
        {phases.map(([name, what], i) => {
          const [x1, y1] = arc(i, 72)
          const [x2, y2] = arc(i + 1, 72)
          const [x3, y3] = arc(i + 1, 40)
          const [x4, y4] = arc(i, 40)
          const [tx, ty] = arc(i + 0.5, 56)
          return (
            <g key={name}>
              <path
                d={`M${x1} ${y1}A72 72 0 0 1 ${x2} ${y2}L${x3} ${y3}A40 40 0 0 0 ${x4} ${y4}Z`}
                fill={what === '' ? 'var(--bg-panel)' : 'var(--inv)'}
                stroke="var(--line-3)"
              />
              <text
                className="m"
                x={tx}
                y={ty + 5}
                fontSize="13"
                fontWeight="600"
                textAnchor="middle"
                style={{ fill: what === '' ? 'var(--ink-3)' : 'var(--inv-ink)' }}
              >
                {i + 1}
              </text>
            </g>
          )
        })}
        <text className="m" x="80" y="84" fontSize="12" fontWeight="600" textAnchor="middle">
          {duration(t.micros)}
        </text>
      </svg>
      <ol>
        {phases.map(([name, what]) => (
          <li key={name} className={what === '' ? 'quiet' : ''}>
            <b>{name}</b> {what === '' ? (name === 'afterSleep' ? 'nothing: no modules' : 'nothing') : what}
          </li>
        ))}
      </ol>
    </div>
  )
}
