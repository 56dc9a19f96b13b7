/**
 * The event timeline: how busy the world was, and what happened. An overview of the whole run, and below it a window that
 * follows the clock until it is dragged; the wheel zooms it. Clicking ahead of the playhead runs to that time.
 */
import { scaleLinear } from 'd3'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { EventView } from '../../browser/session.ts'
import { runBy, toast } from '../actions.ts'
import { clock, safeText, seconds } from '../format.ts'
import { IconAt } from '../parts/icons.tsx'
import { useSize } from '../parts/use-size.ts'
import { lab, useLab } from '../store.ts'
import { eventText } from '../world-facts.ts'
import { Density, lookOf, placeMarks } from './marks.ts'

const PAD = 12
const density = new Density()
const LEAD = 0.86

export function Timeline() {
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const [now, eventCount] = useLab(useShallow((s) => [s.state?.now ?? 0, s.state?.eventCount ?? 0] as const))
  const events = useLab((s) => s.events)
  const [span, setSpan] = useState(12_000_000)
  const [from, setFrom] = useState<number | null>(null)
  const [tip, setTip] = useState<{ x: number; event: EventView } | null>(null)
  density.add(now, eventCount)
  const phone = width <= 700
  const compact = phone || (typeof innerHeight === 'number' && innerHeight < 800)
  const start = from ?? Math.max(0, now - span * LEAD)
  const x = useMemo(
    () => scaleLinear([start, start + span], [PAD, Math.max(PAD + 1, width - PAD)]),
    [start, span, width],
  )
  const over = useMemo(
    () => scaleLinear([0, Math.max(now * 1.04, 24_000_000)], [PAD, Math.max(PAD + 1, width - PAD)]),
    [now, width],
  )
  const seen = useMemo(
    () => events.filter((e) => e.weight > 0 && e.at >= start && e.at <= start + span),
    [events, start, span],
  )
  const lanes = 3
  const placed = placeMarks(seen, x, width, lanes)
  const view = { top: compact ? 4 : 24, lane: 14, dens: compact ? 16 : 22 }
  const base = view.top + lanes * view.lane + view.dens
  useWheel(holder, (delta, px) => {
    const next = Math.min(600_000_000, Math.max(20_000, span * Math.exp(delta / 300)))
    const at = x.invert(px)
    setSpan(next)
    if (from !== null) setFrom(Math.max(0, at - (at - start) * (next / span)))
  })
  const goTo = (at: number) => {
    const session = lab.get().session
    if (at > now) void session?.runTo(at)
    else toast('Click ahead of the playhead to run there')
  }
  const nearest = nearestMark(events, now)
  return (
    <div
      className="tl"
      ref={holder}
      role="slider"
      tabIndex={0}
      aria-label="Event timeline"
      aria-valuemin={0}
      aria-valuemax={Math.round(Math.max(now, start + span))}
      aria-valuenow={Math.round(now)}
      aria-valuetext={`${clock(now).main}${nearest ? `, nearest mark ${nearest.kind} ${nearest.process} at ${seconds(nearest.at)}` : ''}`}
      onKeyDown={(e) => {
        const ms = { ArrowRight: 10, PageUp: 1000 }[e.key]
        if (ms !== undefined) runBy(ms * 1000)
        else if (e.key === 'End') setFrom(null)
        else return
        e.preventDefault()
        e.stopPropagation()
      }}
      onPointerDown={(e) => {
        const box = e.currentTarget.getBoundingClientRect()
        drag(e, box, { view, base, over, x, start, span, setFrom, goTo })
      }}
    >
      {width > 0 && (
        <svg width={width} height={base + 18} aria-hidden="true">
          {!compact && (
            <Overview over={over} width={width} now={now} start={start} end={start + span} events={events} />
          )}
          <rect x="0" y={view.top - 3} width={width} height="1" fill="var(--line)" />
          <Bars from={start} to={start + span} width={width} base={base} height={view.dens} now={now} />
          <path d={`M0 ${base + 0.5}H${width}`} stroke="var(--line-2)" />
          <Ticks x={x} span={span} base={base} width={width} />
          <Playhead x={x(now)} top={view.top - 2} base={base} />
          {placed.map((p) => (
            <path
              key={p.event.seq}
              d={`M${p.x.toFixed(1)} ${view.top + p.lane * view.lane + 7}V${base}`}
              stroke={`var(${p.look.color})`}
              opacity={p.lane < lanes ? 1 : 0.4}
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
              {p.lane < lanes && (
                <>
                  <rect x={p.x - 6} y={view.top + p.lane * view.lane} width="12" height="12" fill="var(--bg-panel)" />
                  <IconAt
                    name={p.look.icon}
                    x={p.x - 6}
                    y={view.top + p.lane * view.lane}
                    color={`var(${p.look.color})`}
                  />
                </>
              )}
              {p.side !== 0 && (
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
        </svg>
      )}
      {events.length === 0 && now === 0 && (
        <div className="tl-empty">Nothing has happened yet. Press play, or run a command.</div>
      )}
      {from !== null && (
        <button
          type="button"
          className="btn small follow"
          onPointerDown={(e) => e.stopPropagation()}
          onClick={() => setFrom(null)}
        >
          Follow the clock
        </button>
      )}
      {tip && (
        <div className="tip" style={{ left: Math.min(tip.x + 8, width - 280) }}>
          <span className="mono">{seconds(tip.event.at)}</span> {tip.event.process} <b>{tip.event.kind}</b>
          <br />
          <span className="mono">{safeText(eventText(lab.get().session?.scenario, tip.event), 120)}</span>
        </div>
      )}
    </div>
  )
}

type Scale = ReturnType<typeof scaleLinear<number, number>>

function nearestMark(events: readonly EventView[], now: number): EventView | null {
  let best: EventView | null = null
  for (const e of events) if (best === null || Math.abs(e.at - now) < Math.abs(best.at - now)) best = e
  return best
}

function useWheel(ref: React.RefObject<HTMLDivElement | null>, fn: (delta: number, x: number) => void): void {
  const latest = useRef(fn)
  latest.current = fn
  useEffect(() => {
    const el = ref.current
    if (!el) return
    const wheel = (e: WheelEvent) => {
      e.preventDefault()
      latest.current(e.deltaY, e.clientX - el.getBoundingClientRect().left)
    }
    el.addEventListener('wheel', wheel, { passive: false })
    return () => el.removeEventListener('wheel', wheel)
  }, [ref])
}

interface DragContext {
  view: { top: number }
  base: number
  over: Scale
  x: Scale
  start: number
  span: number
  setFrom: (from: number | null) => void
  goTo: (at: number) => void
}

/** A drag moves the window; a click that did not move asks to run there. In the overview it places the window. */
function drag(e: React.PointerEvent<HTMLDivElement>, box: DOMRect, c: DragContext): void {
  const px = e.clientX - box.left
  const inOverview = e.clientY - box.top < c.view.top - 4
  if (inOverview) c.setFrom(Math.max(0, c.over.invert(px) - c.span / 2))
  let moved = false
  const move = (m: PointerEvent) => {
    const dx = m.clientX - e.clientX
    if (Math.abs(dx) < 4 && !moved) return
    moved = true
    if (inOverview) c.setFrom(Math.max(0, c.over.invert(px + dx) - c.span / 2))
    else c.setFrom(Math.max(0, c.start - (c.x.invert(px + dx) - c.x.invert(px))))
  }
  const up = () => {
    removeEventListener('pointermove', move)
    removeEventListener('pointerup', up)
    if (!moved && !inOverview) c.goTo(c.x.invert(px))
  }
  addEventListener('pointermove', move)
  addEventListener('pointerup', up)
}

function Bars({
  from,
  to,
  width,
  base,
  height,
  now,
}: {
  from: number
  to: number
  width: number
  base: number
  height: number
  now: number
}) {
  const n = Math.max(1, Math.floor((width - 2 * PAD) / 5))
  const bars = density.bars(from, to, n)
  const most = Math.max(8, ...bars)
  let d = ''
  bars.forEach((v, i) => {
    if (from + ((to - from) * i) / n > now) return
    const h = v === 0 ? 1 : Math.max(2, Math.sqrt(v / most) * height)
    d += `M${PAD + i * 5} ${base}v${(-h).toFixed(1)}h3v${h.toFixed(1)}z`
  })
  return <path d={d} fill="var(--dens)" />
}

function Overview(props: {
  over: Scale
  width: number
  now: number
  start: number
  end: number
  events: readonly EventView[]
}) {
  const { over, width, now, start, end, events } = props
  const n = Math.max(1, Math.floor((width - 2 * PAD) / 3))
  const last = over.invert(width - PAD)
  const bars = density.bars(0, last, n)
  const most = Math.max(8, ...bars)
  let d = ''
  bars.forEach((v, i) => {
    if ((last * i) / n > now) return
    const h = Math.max(1, Math.sqrt(v / most) * 12)
    d += `M${PAD + i * 3} 14v${(-h).toFixed(1)}h2v${h.toFixed(1)}z`
  })
  const x0 = Math.max(PAD, over(start))
  const majors = events.filter((e) => e.weight >= 3 && (e.at < start || e.at > end))
  return (
    <>
      <path d={d} fill="var(--dens)" />
      {majors.map((e) => (
        <g key={e.seq}>
          <rect x={over(e.at) - 7} y="0" width="14" height="14" fill="var(--bg-panel)" opacity=".9" />
          <IconAt name={lookOf(e.kind).icon} x={over(e.at) - 6} y={1} color={`var(${lookOf(e.kind).color})`} />
        </g>
      ))}
      <rect
        x={x0}
        y=".5"
        width={Math.max(4, Math.min(width - PAD, over(end)) - x0)}
        height="16"
        rx="2"
        fill="none"
        stroke="var(--ink)"
      />
      <path d={`M${over(now)} 0v17`} stroke="var(--ink)" strokeWidth="2" />
    </>
  )
}

function Ticks({ x, span, base, width }: { x: Scale; span: number; base: number; width: number }) {
  const ticks = x.ticks(Math.max(4, Math.floor(width / 110)))
  const stepSize = (ticks[1] ?? span) - (ticks[0] ?? 0)
  const digits = stepSize >= 1e6 ? 0 : stepSize >= 1e5 ? 1 : stepSize >= 1e4 ? 2 : 3
  return ticks.map((t) => {
    const px = x(t)
    const major = t % 1e6 === 0
    const text = major ? clock(t).main.slice(0, 5) : `.${clock(t).main.slice(6, 6 + Math.max(1, digits))}`
    return (
      <g key={t}>
        <path d={`M${px.toFixed(1)} ${base}v${major ? 5 : 3}`} stroke="var(--line-3)" />
        {px < width - 46 && (
          <text x={px + 3} y={base + 13} fontSize="11" className="ink3t">
            {text}
          </text>
        )}
      </g>
    )
  })
}

function Playhead({ x, top, base }: { x: number; top: number; base: number }) {
  return (
    <g>
      <path d={`M${x} ${top}V${base + 4}`} stroke="var(--ink)" strokeWidth="2" />
      <path d={`M${x - 6} ${base + 2}h12v6l-6 6-6-6z`} fill="var(--ink)" />
    </g>
  )
}
