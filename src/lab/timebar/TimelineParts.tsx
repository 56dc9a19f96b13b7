/**
 * The pieces of the timeline. What is past does not change: bars and marks are drawn in chunks that are kept, and only
 * the last few bars are drawn again in a frame.
 */
import { memo, useMemo } from 'react'
import type { EventView } from '../../browser/session.ts'
import { clock, safeText } from '../format.ts'
import { IconAt } from '../parts/icons.tsx'
import { Density, LETTER, lookOf, type Placed } from './marks.ts'
import { linear, type Scale } from './scale.ts'

export interface Tip {
  readonly x: number
  readonly event: EventView
}

export const PAD = 12
/** Pixels from bar to bar, and how many bars the still picture goes on beyond the window. */
export const BAR = 5
export const AHEAD = 32
const CHUNK = 16
export const density = new Density()

/** Steps, so that the overview is not drawn anew for every frame. */
export function overviewEnd(now: number): number {
  let end = 24_000_000
  while (end < now * 1.02) end *= 1.25
  return end
}

/** A bar's scale changes in steps as well. */
const step2 = (most: number) => 2 ** (Math.ceil(Math.log2(Math.max(8, most)) * 2) / 2)

function useBars(
  bin: number,
  first: number,
  now: number,
): { stable: number[]; fresh: number[]; kept: number; most: number } {
  const end = Math.floor(now / bin)
  const kept = Math.max(first, Math.floor(end / CHUNK) * CHUNK)
  const { generation } = density
  // biome-ignore lint/correctness/useExhaustiveDependencies: the counts themselves do not change, only begin again
  const stable = useMemo(() => density.bars(bin, first, kept), [bin, first, kept, generation])
  const fresh = density.bars(bin, kept, end + 1)
  return { stable, fresh, kept, most: step2(Math.max(...stable, ...fresh, 0)) }
}

function barsPath(
  bars: readonly number[],
  x0: number,
  step: number,
  width: number,
  base: number,
  height: number,
  most: number,
): string {
  let d = ''
  for (let i = 0; i < bars.length; i++) {
    const v = bars[i] ?? 0
    const h = v === 0 ? 1 : Math.max(2, Math.sqrt(v / most) * height)
    d += `M${(x0 + i * step).toFixed(1)} ${base}v${(-h).toFixed(1)}h${width}v${h.toFixed(1)}z`
  }
  return d
}

const Path = memo(function Path({ d }: { d: string }) {
  return <path d={d} fill="var(--dens)" />
})

export function Bars(props: { origin: number; bin: number; step: number; base: number; height: number; now: number }) {
  const { origin, bin, step, base, height, now } = props
  const first = Math.round(origin / bin)
  const { stable, fresh, kept, most } = useBars(bin, first, now)
  const past = useMemo(() => barsPath(stable, PAD, step, 3, base, height, most), [stable, step, base, height, most])
  if (kept < first) return null
  return (
    <>
      <Path d={past} />
      <Path d={barsPath(fresh, PAD + (kept - first) * step, step, 3, base, height, most)} />
    </>
  )
}

export const Overview = memo(
  OverviewBars,
  (a, b) => a.over === b.over && a.events === b.events && Math.floor(a.over(a.now)) === Math.floor(b.over(b.now)),
)
function OverviewBars(props: { over: Scale; last: number; width: number; now: number; events: readonly EventView[] }) {
  const { over, last, width, now, events } = props
  const n = Math.max(1, Math.floor((width - 2 * PAD) / 3))
  const step = (width - 2 * PAD) / n
  const { stable, fresh, kept, most } = useBars(last / n, 0, now)
  const past = useMemo(() => barsPath(stable, PAD, step, 2, 14, 12, most), [stable, step, most])
  const majors = useMemo(() => spaced(events, over), [events, over])
  return (
    <>
      <Path d={past} />
      <Path d={barsPath(fresh, PAD + kept * step, step, 2, 14, 12, most)} />
      {majors.map((e) => (
        <g key={e.seq}>
          <rect x={over(e.at) - 7} y="0" width="14" height="14" fill="var(--bg-panel)" opacity=".9" />
          <IconAt name={lookOf(e.kind).icon} x={over(e.at) - 6} y={1} color={`var(${lookOf(e.kind).color})`} />
        </g>
      ))}
    </>
  )
}

/** Major events with room for their icons; of those that would touch, a promotion and what a person did go first. */
function spaced(events: readonly EventView[], over: Scale): EventView[] {
  const rank = (e: EventView) => (lookOf(e.kind).icon === 'crown' ? 0 : e.kind.startsWith('fault.') ? 1 : 2)
  const out: EventView[] = []
  for (const e of events.filter((x) => x.weight >= 3).sort((a, b) => rank(a) - rank(b) || a.at - b.at))
    if (out.every((o) => Math.abs(over(o.at) - over(e.at)) >= 14)) out.push(e)
  return out
}

/** What of the run the strip below shows, and the playhead. */
export function Window({
  over,
  width,
  now,
  start,
  end,
}: {
  over: Scale
  width: number
  now: number
  start: number
  end: number
}) {
  const x0 = Math.max(PAD, over(start))
  const w = Math.max(4, Math.min(width - PAD, over(end)) - x0)
  return (
    <>
      <rect x={x0} y=".5" width={w} height="16" rx="2" fill="none" stroke="var(--ink)" />
      <path d={`M${over(now)} 0v17`} stroke="var(--ink)" strokeWidth="2" />
    </>
  )
}

/** Marks whose label the window's edge would cut, by their numbers. */
export function cutLabels(placed: readonly Placed[], slide: number, width: number): string {
  const cut = placed.filter(({ x, side, label }) => {
    const far = x - slide + side * (10 + label.length * LETTER)
    return side !== 0 && (far < 2 || far > width - 2 || x - slide < 2)
  })
  return cut.map((p) => p.event.seq).join(',')
}

export const Marks = memo(function Marks(props: {
  placed: readonly Placed[]
  view: { top: number; lane: number }
  base: number
  /** From `cutLabels`. */
  bare: string
  setTip: (tip: Tip | null) => void
}) {
  const { placed, view, base, bare, setTip } = props
  const without = new Set(bare.split(','))
  return (
    <>
      {placed.map((p) => (
        <path
          key={p.event.seq}
          d={`M${p.x.toFixed(1)} ${view.top + p.lane * view.lane + 7}V${base}`}
          stroke={`var(${p.look.color})`}
          opacity={p.placed ? 1 : 0.4}
        />
      ))}
      {placed.map((p) => (
        <g
          key={p.event.seq}
          onPointerEnter={() => setTip({ x: p.x, event: p.event })}
          onPointerLeave={() => setTip(null)}
          data-kind={p.event.kind}
          className="tmark"
        >
          <path d={`M${p.x.toFixed(1)} ${view.top}V${base}`} stroke="transparent" strokeWidth="8" />
          {p.placed && (
            <>
              <rect x={p.x - 6} y={view.top + p.lane * view.lane} width="12" height="12" fill="var(--bg-panel)" />
              <IconAt name={p.look.icon} x={p.x - 6} y={view.top + p.lane * view.lane} color={`var(${p.look.color})`} />
            </>
          )}
          {p.side !== 0 && !without.has(String(p.event.seq)) && (
            <text
              className="m"
              x={p.x + 9 * p.side}
              y={view.top + p.lane * view.lane + 10}
              fontSize="11"
              textAnchor={p.side < 0 ? 'end' : 'start'}
            >
              {safeText(p.label, 40)}
            </text>
          )}
        </g>
      ))}
    </>
  )
})

export function Ticks(props: { x: Scale; span: number; base: number; width: number; left: number; right: number }) {
  const { x, span, base, width, left, right } = props
  const [from, to] = [x.invert(0), x.invert(width)]
  const ticks = linear([from, to], [0, width]).ticks(Math.max(4, Math.floor(width / 110)))
  const stepSize = (ticks[1] ?? span) - (ticks[0] ?? 0)
  const digits = stepSize >= 1e6 ? 0 : stepSize >= 1e5 ? 1 : stepSize >= 1e4 ? 2 : 3
  return ticks.map((t) => {
    const px = x(t)
    const major = t % 1e6 === 0
    const text = major ? clock(t).main.slice(0, 5) : `.${clock(t).main.slice(6, 6 + Math.max(1, digits))}`
    return (
      <g key={t}>
        <path d={`M${px.toFixed(1)} ${base}v${major ? 5 : 3}`} stroke="var(--line-3)" />
        {px > left && px < right - 46 && (
          <text x={px + 3} y={base + 13} fontSize="11" className="ink3t">
            {text}
          </text>
        )}
      </g>
    )
  })
}

export function Playhead({ x, top, base }: { x: number; top: number; base: number }) {
  return (
    <g>
      <path d={`M${x} ${top}V${base + 4}`} stroke="var(--ink)" strokeWidth="2" />
      <path d={`M${x - 6} ${base + 2}h12v6l-6 6-6-6z`} fill="var(--ink)" />
    </g>
  )
}
