/** The lanes of the event loop: main, I/O threads, bio threads, the child, what waited, how long each turn was, and the clients. */
import { useRef, useState } from 'react'
import { duration } from '../format.ts'
import { when } from './data.ts'
import {
  blockersOf,
  commandNames,
  dealt,
  densityOf,
  type JobData,
  otherWork,
  type Placed,
  queueAt,
  type RequestData,
  requestsOf,
  type TurnData,
} from './loop-layout.ts'
import { Picture } from './Pane.tsx'
import { Scroll } from './sheets.tsx'

const TOP = 20
const NAMES = 132
const LANE = 22
const MOST_CLIENTS = 6
/** As much of a name as fits before the next turn. */
const shortened = (text: string, room: number): string => {
  const n = Math.floor(room / 6.7)
  return text.length <= n ? text : n < 3 ? '' : `${text.slice(0, n - 1)}…`
}
/** A length of time on a logarithmic scale of `h` pixels from a microsecond to a second. */
const logY = (micros: number, h: number): number => Math.max(0, Math.min(h, (Math.log10(Math.max(1, micros)) / 6) * h))

export interface LanesProps {
  readonly placed: Placed
  readonly turns: readonly TurnData[]
  readonly threads: readonly string[]
  readonly ioThreads: number
  readonly chosen: TurnData | undefined
  readonly request: RequestData | null
  readonly slowerThan: number
  readonly onPick: (at: number) => void
  readonly onRequest: (r: RequestData | null) => void
  readonly onBrush: (from: number, to: number) => void
  readonly told: (t: TurnData) => string
}

export function LoopLanes(props: LanesProps) {
  const { placed, turns, chosen, request } = props
  const width = placed.width + 16
  const lanes = [...props.threads.slice(1), 'child']
  const requests = requestsOf(turns)
  const clients = [...new Set(requests.map((r) => r.client))].slice(-MOST_CLIENTS)
  const laneY = (i: number) => TOP + 118 + i * LANE
  const clientsY = laneY(lanes.length) + 16
  const clientY = (i: number) => clientsY + i * LANE
  const height = clientY(clients.length) + 4
  const blockers = new Set(request ? blockersOf(turns, request) : [])
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const svg = useRef<SVGSVGElement>(null)
  // Time goes on under the pointer: what was pressed is chosen, and only a pointer that has moved draws a stretch.
  const press = useRef<{ readonly x: number; act: (() => void) | null } | null>(null)
  const onPress = (act: () => void) => () => {
    if (press.current) press.current.act = act
  }
  const letGo = () => {
    press.current = null
    setDrag(null)
  }
  const at = (e: React.PointerEvent) => e.clientX - (svg.current?.getBoundingClientRect().left ?? 0)
  const names: readonly (readonly [string, number, boolean])[] = [
    ['main (redis-server)', TOP + 17, true],
    ['waiting', TOP + 58, false],
    ['length, log', TOP + 94, false],
    ...lanes.map((n, i) => [n, laneY(i) + 13, false] as const),
    ...clients.map((n, i) => [n, clientY(i) + 13, false] as const),
  ]
  return (
    <div className="looplanes">
      <svg width={NAMES} height={height} aria-hidden="true">
        {names.map(([name, y, bold]) => (
          <text
            key={name}
            className={bold ? 'ink2t' : 'm ink2t'}
            x="0"
            y={y}
            fontSize={bold ? 12 : 11}
            fontWeight={bold ? 600 : 400}
          >
            {name}
          </text>
        ))}
      </svg>
      <Scroll label="Threads" end>
        <Picture label="Turns of the event loop" tell={turns.map(props.told)} ids={turns.map((t) => t.at)}>
          {(marks) => (
            <svg
              ref={svg}
              width={width}
              height={height}
              aria-hidden="true"
              className="loopsvg"
              onPointerDownCapture={(e) => {
                if (e.button !== 0) return
                press.current = { x: e.clientX, act: null }
                setDrag({ from: at(e), to: at(e) })
              }}
              onPointerMove={(e) => drag && setDrag({ ...drag, to: at(e) })}
              onPointerUp={(e) => {
                const pressed = press.current
                const [from, to] = [drag?.from ?? at(e), at(e)]
                if (pressed && Math.abs(e.clientX - pressed.x) > 8)
                  props.onBrush(placed.timeAt(Math.min(from, to)), placed.timeAt(Math.max(from, to)))
                else pressed?.act?.()
                letGo()
              }}
              onPointerLeave={letGo}
              onPointerCancel={letGo}
            >
              {[...lanes.map((_, i) => laneY(i) + LANE - 5), ...clients.map((_, i) => clientY(i) + LANE - 5)].map(
                (y) => (
                  <path key={y} d={`M0 ${y}H${width}`} stroke="var(--line)" />
                ),
              )}
              <path
                d={`M0 ${TOP + 28}H${width}M0 ${TOP + 64}H${width}M0 ${TOP + 104}H${width}`}
                stroke="var(--line-2)"
              />
              {props.slowerThan >= 0 && (
                <>
                  <path
                    d={`M0 ${TOP + 104 - logY(props.slowerThan, 34)}H${width}`}
                    stroke="var(--ink)"
                    strokeDasharray="4 3"
                  />
                  <text className="m ink3t" x="2" y={TOP + 101 - logY(props.slowerThan, 34)} fontSize="11">
                    {duration(props.slowerThan)}
                  </text>
                </>
              )}
              {placed.gaps.map((g) => (
                <g key={g.x}>
                  <path d={`M${g.x + g.w / 2} ${TOP}V${height}`} stroke="var(--line-2)" strokeDasharray="1 4" />
                  {g.w > 28 && (
                    <text className="m ink3t" x={g.x + g.w / 2} y={TOP + 42} fontSize="11" textAnchor="middle">
                      {duration(g.micros)}
                    </text>
                  )}
                </g>
              ))}
              {turns.map((t, i) => {
                const p = placed.turns[i]
                if (!p) return null
                const on = marks.on === i || (marks.on < 0 && t === chosen)
                const waiting = queueAt(turns, i)
                return (
                  <g
                    key={t.at}
                    transform={`translate(${p.x} ${TOP})`}
                    className={`turn ${blockers.has(i) ? 'blocker' : ''}`}
                    onPointerDown={onPress(() => {
                      marks.pick(i)
                      props.onPick(t.at)
                    })}
                  >
                    <title>{props.told(t)}</title>
                    {/* The whole column is there to be pressed. */}
                    <rect
                      y="-18"
                      width={Math.max(8, Math.min(Math.max(p.w, 90), (placed.turns[i + 1]?.x ?? width) - p.x - 2))}
                      height="122"
                      fill="transparent"
                    />
                    {t.read > 0 && <rect width="6" height="26" className="f1" />}
                    <rect
                      x={p.readW}
                      width={p.execW}
                      height="26"
                      className={otherWork(t) > 0 || t.cron ? 'f6' : 'f0'}
                    />
                    {densityOf(t, p.execW).map((c, k) => (
                      <g
                        // biome-ignore lint/suspicious/noArrayIndexKey: a command is its place
                        key={k}
                        transform={`translate(${p.readW + c.from} 0)`}
                      >
                        <rect
                          width={Math.max(1.5, c.to - c.from)}
                          height="26"
                          className={
                            c.n > 1
                              ? 'f2 dense'
                              : props.slowerThan >= 0 && c.first.micros >= Math.max(1, props.slowerThan)
                                ? 'f2 slow'
                                : 'f2'
                          }
                        />
                        {c.n > 1 && c.to - c.from > 12 && (
                          <text className="m" x="2" y="17" fontSize="11">
                            ×{c.n}
                          </text>
                        )}
                      </g>
                    ))}
                    {t.sent + t.fed > 0 && <rect x={p.readW + p.execW} width="6" height="26" className="f5" />}
                    {t.waited && <rect y="24" width={p.w} height="3" fill="var(--ink)" />}
                    {blockers.has(i) && (
                      <rect y="-2" width={p.w} height="30" fill="none" stroke="var(--down)" strokeWidth="2" />
                    )}
                    {waiting > 0 && (
                      <>
                        <rect
                          y={64 - Math.min(18, waiting * 3)}
                          width={Math.max(4, p.w)}
                          height={Math.min(18, waiting * 3)}
                          fill="var(--suspect)"
                        />
                        <text className="m" x={Math.max(4, p.w) / 2} y="60" fontSize="11" textAnchor="middle">
                          {waiting}
                        </text>
                      </>
                    )}
                    {t.micros > 0 && (
                      <rect
                        x={p.readW}
                        y={104 - logY(t.micros, 34)}
                        width={Math.max(4, Math.min(p.execW, 24))}
                        height={Math.max(1, logY(t.micros, 34))}
                        fill={props.slowerThan >= 0 && t.micros >= props.slowerThan ? 'var(--ink)' : 'var(--line-3)'}
                      />
                    )}
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
              {turns.flatMap((t, i) =>
                dealt(t.sentTo, props.ioThreads)
                  .slice(1)
                  .map((n, k) => {
                    const p = placed.turns[i]
                    return p && n > 0 ? (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a thread is its place
                      <g key={`${t.at}/${k}`} transform={`translate(${p.x + p.readW + p.execW} ${laneY(k)})`}>
                        <rect width="10" height="15" className="f5" />
                        <title>{`writes the replies of ${n} clients`}</title>
                      </g>
                    ) : null
                  }),
              )}
              {placed.jobs.map((j, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a job is its place
                <Job key={i} x={j.x} w={j.w} y={laneY(lanes.indexOf(j.job.lane))} job={j.job} />
              ))}
              {requests.map((r) => {
                const row = clients.indexOf(r.client)
                const p = placed.turns[r.turn]
                if (row < 0 || !p) return null
                return (
                  <Request
                    key={`${r.client}|${r.start}`}
                    r={r}
                    p={p}
                    placed={placed}
                    y={clientY(row)}
                    on={request?.client === r.client && request.start === r.start}
                    next={placed.turns[r.turn + 1]?.x ?? width}
                    onPress={onPress(() => props.onRequest(r))}
                  />
                )
              })}
              {drag && Math.abs(drag.to - drag.from) > 8 && (
                <rect
                  x={Math.min(drag.from, drag.to)}
                  y="0"
                  width={Math.abs(drag.to - drag.from)}
                  height={height}
                  fill="var(--bg-sel)"
                  opacity="0.5"
                  stroke="var(--ink)"
                />
              )}
            </svg>
          )}
        </Picture>
      </Scroll>
    </div>
  )
}

function Job({ x, w, y, job }: { x: number; w: number; y: number; job: JobData }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect
        width={w}
        height="15"
        rx="2"
        className={job.lane === 'child' ? 'f3' : 'f1'}
        strokeDasharray={job.lane === 'child' ? '4 2' : undefined}
      />
      {w > 40 && (
        <text className="m" x="4" y="11" fontSize="11">
          {job.text.slice(0, Math.floor((w - 6) / 6.7))}
        </text>
      )}
      <title>{`${job.text}: ${when(job.start)}, ${job.end === null ? 'still going' : duration(job.end - job.start)}`}</title>
    </g>
  )
}

/** A request as DevTools draws one: on its way, in the queue, run, and its reply on the way back. */
function Request(props: {
  r: RequestData
  p: Placed['turns'][number]
  placed: Placed
  y: number
  on: boolean
  next: number
  onPress: () => void
}) {
  const { r, p, placed, y } = props
  const [x0, x1] = [placed.place(r.left), placed.place(r.arrived)]
  const start = p.x + p.readW
  const end = start + p.execW
  const [sentW, back] = [Math.max(0, Math.min(x1, p.x) - x0), Math.max(0, Math.min(p.x - x0, props.next - end - 4))]
  return (
    <g className={`turn ${props.on ? 'on' : ''}`} onPointerDown={props.onPress}>
      <title>{`${r.text}: ${duration(r.arrived - r.left)} on its way, ${duration(r.start - r.arrived)} in the queue, ${duration(r.end - r.start)} run`}</title>
      {sentW > 1 && <path d={`M${x0} ${y + 8}H${x0 + sentW}`} stroke="var(--ink-3)" strokeWidth="2" />}
      {p.x - x1 > 1 && r.start > r.arrived && (
        <rect x={x1} y={y + 2} width={p.x - x1} height="12" fill="var(--suspect-t)" stroke="var(--suspect-ink)" />
      )}
      <rect x={start} y={y + 1} width={Math.max(3, p.execW)} height="14" className="f2" />
      {back > 1 && (
        <path d={`M${end} ${y + 8}h${back}`} stroke="var(--ink-3)" strokeWidth="2" strokeDasharray="3 3" fill="none" />
      )}
      {props.on && (
        <rect
          x={x0 - 2}
          y={y - 1}
          width={end + back - x0 + 4}
          height="18"
          fill="none"
          stroke="var(--ink)"
          strokeWidth="2"
        />
      )}
    </g>
  )
}
