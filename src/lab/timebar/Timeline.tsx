/**
 * The event timeline: how busy the world was, and what happened. An overview of the whole run, and below it a window that
 * follows the clock until it is dragged; the wheel zooms it. Clicking ahead of the playhead runs to that time.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { EventView } from '../../browser/session.ts'
import { runBy, toast } from '../actions.ts'
import { clock, safeText, seconds } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { lab, useLab } from '../store.ts'
import { eventText } from '../world-facts.ts'
import { placeMarks } from './marks.ts'
import {
  AHEAD,
  BAR,
  Bars,
  density,
  Marks,
  Overview,
  overviewEnd,
  PAD,
  Playhead,
  Ticks,
  cutLabels,
  type Tip,
  Window,
} from './TimelineParts.tsx'
import { linear, type Scale } from './scale.ts'

const LEAD = 0.86
const LANES = 3

export function Timeline() {
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const [now, eventCount] = useLab(useShallow((s) => [s.state?.now ?? 0, s.state?.eventCount ?? 0] as const))
  const events = useLab((s) => s.events)
  const [span, setSpan] = useState(12_000_000)
  const [from, setFrom] = useState<number | null>(null)
  const [tip, setTip] = useState<Tip | null>(null)
  density.add(now, eventCount)
  const phone = width <= 700
  const compact = phone || (typeof innerHeight === 'number' && innerHeight < 800)
  const start = from ?? Math.max(0, now - span * LEAD)
  const room = Math.max(1, width - 2 * PAD)
  // Bars and marks stand still in a picture that is wider than the window and slides below it.
  const bin = span / Math.max(1, Math.floor(room / BAR))
  const origin = Math.floor(start / (bin * AHEAD)) * bin * AHEAD
  const slide = ((start - origin) / span) * room
  const x = useMemo(() => linear([start, start + span], [PAD, PAD + room]), [start, span, room])
  const still = useMemo(() => linear([origin, origin + span], [PAD, PAD + room]), [origin, span, room])
  const reach = span + bin * AHEAD
  const last = overviewEnd(now)
  const over = useMemo(() => linear([0, last], [PAD, PAD + room]), [last, room])
  const placed = useMemo(() => {
    const seen = events.filter((e) => e.weight > 0 && e.at >= origin && e.at <= origin + reach)
    return placeMarks(seen, still, PAD + room + BAR * AHEAD, LANES)
  }, [events, origin, reach, still, room])
  const bare = cutLabels(placed, slide, width)
  const view = useMemo(() => ({ top: compact ? 4 : 24, lane: 14, dens: compact ? 16 : 22 }), [compact])
  const base = view.top + LANES * view.lane + view.dens
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
            <>
              <Overview over={over} last={last} width={width} now={now} events={events} />
              <Window over={over} width={width} now={now} start={start} end={start + span} />
            </>
          )}
          <rect x="0" y={view.top - 3} width={width} height="1" fill="var(--line)" />
          <g transform={`translate(${(-slide).toFixed(2)} 0)`}>
            <Bars origin={origin} bin={bin} step={room / (span / bin)} base={base} height={view.dens} now={now} />
            <Ticks
              x={still}
              span={span}
              base={base}
              width={PAD + room + BAR * AHEAD}
              left={slide}
              right={width + slide}
            />
          </g>
          <path d={`M0 ${base + 0.5}H${width}`} stroke="var(--line-2)" />
          <Playhead x={x(now)} top={view.top - 2} base={base} />
          <g transform={`translate(${(-slide).toFixed(2)} 0)`}>
            <Marks placed={placed} view={view} base={base} bare={bare} setTip={setTip} />
          </g>
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
        <div className="tip" style={{ left: Math.max(4, Math.min(tip.x - slide + 8, width - 280)) }}>
          <span className="mono">{seconds(tip.event.at)}</span> {tip.event.process} <b>{tip.event.kind}</b>
          <br />
          <span className="mono">
            {safeText(eventText(lab.get().session?.scenario, lab.get().state?.processes ?? [], tip.event), 120)}
          </span>
        </div>
      )}
    </div>
  )
}

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
