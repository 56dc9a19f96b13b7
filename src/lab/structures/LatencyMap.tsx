/** The heat map of commands: darker where more ran, percentile lines over it, what may have been the cause below it. */
import { useRef, useState } from 'react'
import { duration } from '../format.ts'
import { typeInto } from './Cli.tsx'
import { useChoice } from './choice.ts'
import { plural, when } from './data.ts'
import { at, COLUMNS, type Interval, type LatencyMap as MapData } from './latency-map.ts'
import { Picture } from './Pane.tsx'

export interface TickData {
  readonly at: number
  readonly kind: 'fork' | 'fsync' | 'expire-cycle' | 'eviction' | 'command'
  readonly text: string
  readonly slow: number | null
}
const CELL = 14
const LEFT = 60
const TOP = 6
const KINDS: readonly (readonly [TickData['kind'], string, string])[] = [
  ['command', 'slow command', 'M5 0l1.5 3.5h3.5l-2.8 2.3 1 3.7-3.2-2.2-3.2 2.2 1-3.7-2.8-2.3h3.5z'],
  ['fork', 'fork', 'M5 0l5 9h-10z'],
  ['fsync', 'fsync', 'M5 0l5 5-5 5-5-5z'],
  ['expire-cycle', 'expire cycle', 'M5 0a5 5 0 1 0 .01 0z'],
  ['eviction', 'eviction', 'M0 0h10v10h-10z'],
]

export function LatencyMap(props: {
  map: MapData
  process: string
  threshold: number
  ticks: readonly TickData[]
  what: string
}) {
  const { map, threshold } = props
  const slow = useChoice((c) => c.slow)
  const svg = useRef<SVGSVGElement>(null)
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const [line, setLine] = useState<number | null>(null)
  const width = LEFT + COLUMNS * CELL
  const bottom = TOP + map.rows * CELL
  const height = bottom + 36
  const x = (t: number) => LEFT + ((t - map.begin) / Math.max(1, map.end - map.begin)) * COLUMNS * CELL
  const y = (micros: number) => bottom - Math.log2(Math.max(1, micros)) * CELL
  const place = (e: React.PointerEvent) => {
    const box = svg.current?.getBoundingClientRect()
    return box
      ? { px: ((e.clientX - box.left) / box.width) * width, py: ((e.clientY - box.top) / box.height) * height }
      : { px: 0, py: 0 }
  }
  const timeAt = (px: number) =>
    map.begin + (Math.max(0, Math.min(COLUMNS * CELL, px - LEFT)) / (COLUMNS * CELL)) * (map.end - map.begin)
  const microsAt = (py: number) => Math.round(2 ** Math.max(0, Math.min(map.rows + 2, (bottom - py) / CELL)))
  const brush = (from: number, to: number) => useChoice.setState({ brush: { from, to }, screen: 'Event loop' })
  const shown = line ?? threshold
  const filled = map.columns.flatMap((c, i) => (c.n > 0 ? [i] : []))
  /** A dash across each column: nothing is drawn where nothing ran. */
  const lineOf = (of: (c: Interval) => number) =>
    filled
      .map((i) => `M${LEFT + i * CELL} ${y(Math.max(1, of(map.columns[i] as Interval))).toFixed(1)}h${CELL}`)
      .join('')
  const tell = filled.map((i) => {
    const c = map.columns[i] as Interval
    return `${when(c.from)} to ${when(c.to)}: ${plural(c.n, 'command')}, median ${duration(c.p50)}, p99 ${duration(c.p99)}, worst ${duration(c.worst)} by ${c.worstName.toUpperCase()}. Double-click shows it in the event loop.`
  })
  return (
    <>
      <Picture
        label={`${props.what} of ${map.all.length} commands: median ${duration(at(map.all, 0.5))}, p99 ${duration(at(map.all, 0.99))}`}
        tell={tell}
      >
        {(marks) => (
          <svg
            ref={svg}
            className="heat heatmap"
            viewBox={`0 0 ${width} ${height}`}
            aria-hidden="true"
            onPointerDown={(e) => {
              const { px, py } = place(e)
              e.currentTarget.setPointerCapture(e.pointerId)
              if (threshold >= 0 && Math.abs(py - y(Math.max(1, threshold))) < 7) setLine(threshold)
              else setDrag({ from: px, to: px })
            }}
            onPointerMove={(e) => {
              const { px, py } = place(e)
              if (line !== null) setLine(microsAt(py))
              else if (drag) setDrag({ ...drag, to: px })
            }}
            onPointerUp={() => {
              if (line !== null && line !== threshold)
                typeInto(props.process, [`CONFIG SET slowlog-log-slower-than ${line}`])
              else if (drag && Math.abs(drag.to - drag.from) > 6)
                brush(timeAt(Math.min(drag.from, drag.to)), timeAt(Math.max(drag.from, drag.to)))
              setLine(null)
              setDrag(null)
            }}
            onDoubleClick={() => {
              const c = map.columns[filled[marks.on] ?? -1]
              if (c) brush(c.from, c.to)
            }}
          >
            {Array.from({ length: map.rows }, (_, r) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row is its power of two
              <text key={r} className="m ink3t" x={LEFT - 8} y={bottom - r * CELL - 2} fontSize="11" textAnchor="end">
                {r % 2 === 0 ? duration(2 ** r) : ''}
              </text>
            ))}
            {[...map.cells].map(([k, n]) => {
              const [c = 0, r = 0] = k.split('|').map(Number)
              return (
                <rect
                  key={k}
                  x={LEFT + c * CELL}
                  y={bottom - (r + 1) * CELL}
                  width={CELL - 1}
                  height={CELL - 1}
                  fill="var(--ink)"
                  opacity={0.15 + 0.8 * (Math.log2(n + 1) / Math.log2(map.most + 1))}
                >
                  <title>{`${plural(n, 'command')} of ${r === 0 ? 'less than 2' : `${2 ** r} to ${2 ** (r + 1)}`} microseconds`}</title>
                </rect>
              )
            })}
            <path d={lineOf((c) => c.p50)} fill="none" stroke="var(--replica)" strokeWidth="3" />
            <path d={lineOf((c) => c.p99)} fill="none" stroke="var(--down)" strokeWidth="2" strokeDasharray="4 2" />
            {shown >= 0 && (
              <g className="threshold">
                <path
                  d={`M${LEFT} ${Math.max(TOP, y(shown))}H${width}`}
                  stroke="var(--ink)"
                  strokeWidth="1.5"
                  strokeDasharray={y(shown) < TOP ? '2 4' : undefined}
                />
                <rect x={width - 14} y={Math.max(TOP, y(shown)) - 5} width="14" height="10" fill="var(--inv)" />
                <text className="m" x={width - 18} y={Math.max(TOP + 10, y(shown) - 4)} fontSize="11" textAnchor="end">
                  slower than {duration(shown)}
                </text>
              </g>
            )}
            {marks.on >= 0 && filled[marks.on] !== undefined && (
              <rect
                className="mark-on"
                x={LEFT + (filled[marks.on] as number) * CELL - 1}
                y={TOP}
                width={CELL}
                height={bottom - TOP}
                fill="none"
                stroke="var(--ink)"
                strokeWidth="2"
              />
            )}
            <path d={`M${LEFT} ${bottom}H${width}`} stroke="var(--line-2)" />
            {props.ticks.map((t, i) => {
              const path = KINDS.find(([k]) => k === t.kind)?.[2] ?? ''
              const px = x(t.at)
              if (px < LEFT - 5 || px > width) return null
              return (
                // biome-ignore lint/a11y/noStaticElementInteractions: the slow log's rows do the same
                <g
                  // biome-ignore lint/suspicious/noArrayIndexKey: a tick is its place
                  key={i}
                  transform={`translate(${px - 5} ${bottom + 4})`}
                  className="tick"
                  onPointerDown={(e) => e.stopPropagation()}
                  onClick={() => t.slow !== null && useChoice.setState({ slow: t.slow })}
                >
                  <rect x="-1" y="-1" width="12" height="12" fill="transparent" />
                  <path
                    d={path}
                    fill={
                      t.kind === 'command' ? 'var(--down)' : t.kind === 'fork' ? 'var(--migrating)' : 'var(--ink-2)'
                    }
                    stroke={t.slow !== null && t.slow === slow ? 'var(--ink)' : 'none'}
                    strokeWidth="2.5"
                  />
                  <title>{`${when(t.at)} ${t.text}`}</title>
                </g>
              )
            })}
            <text className="m ink3t" x={LEFT} y={height - 6} fontSize="11">
              {when(map.begin)}
            </text>
            <text className="m ink3t" x={width} y={height - 6} fontSize="11" textAnchor="end">
              {when(map.end)}
            </text>
            {drag && Math.abs(drag.to - drag.from) > 6 && (
              <rect
                x={Math.min(drag.from, drag.to)}
                y={TOP}
                width={Math.abs(drag.to - drag.from)}
                height={bottom - TOP}
                fill="var(--bg-sel)"
                opacity="0.5"
                stroke="var(--ink)"
              />
            )}
          </svg>
        )}
      </Picture>
      <div className="legend">
        <span>the stronger, the more</span>
        <span>
          <svg width="18" height="8" aria-hidden="true">
            <path d="M0 4H18" stroke="var(--replica)" strokeWidth="1.5" />
          </svg>
          median
        </span>
        <span>
          <svg width="18" height="8" aria-hidden="true">
            <path d="M0 4H18" stroke="var(--down)" strokeWidth="1.5" strokeDasharray="5 3" />
          </svg>
          p99
        </span>
        {KINDS.map(([kind, name, path]) => (
          <span key={kind}>
            <svg width="12" height="12" aria-hidden="true">
              <path
                d={path}
                transform="translate(1 1)"
                fill={kind === 'command' ? 'var(--down)' : kind === 'fork' ? 'var(--migrating)' : 'var(--ink-2)'}
              />
            </svg>
            {name}
          </span>
        ))}
      </div>
    </>
  )
}
