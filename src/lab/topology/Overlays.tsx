/** What lies over the canvas and does not scroll with it. */
import { useShallow } from 'zustand/react/shallow'
import { select } from '../actions.ts'
import { Icon } from '../parts/icons.tsx'
import { useLab } from '../store.ts'
import type { Layout } from './layout.ts'

/** What the last step changed, in one sentence. */
export function WhatChanged() {
  const change = useLab((s) => s.change)
  if (!change?.text) return null
  return (
    <div className="what" data-testid="what-changed">
      <Icon name="stepf" size={12} />
      <span>{change.text}</span>
    </div>
  )
}

/** Arrows at the edge towards what is selected, or was just changed, outside the view. */
export function Pointers(props: {
  holder: React.RefObject<HTMLDivElement | null>
  at: Layout
  zoom: number
  size: { width: number; height: number }
  view: { left: number; top: number }
}) {
  const { holder, at, zoom, size, view } = props
  const [selected, change] = useLab(useShallow((s) => [s.selected, s.change] as const))
  const names = [...new Set([selected, ...(change?.processes ?? [])])]
  const taken: [number, number][] = []
  return names.flatMap((name) => {
    const r = at.cards.get(name)
    if (!r) return []
    const [x, y] = [(r.x + r.w / 2) * zoom - view.left, (r.y + r.h / 2) * zoom - view.top]
    if (x >= 0 && y >= 0 && x <= size.width && y <= size.height) return []
    const px = Math.min(Math.max(x, 56), size.width - 56)
    let py = Math.min(Math.max(y, 20), size.height - 20)
    while (taken.some(([tx, ty]) => Math.abs(tx - px) < 100 && Math.abs(ty - py) < 24))
      py += py > size.height / 2 ? -28 : 28
    taken.push([px, py])
    const angle = (Math.atan2(y - py, x - px) * 180) / Math.PI
    const why = change?.processes.has(name) ? 'just changed' : 'selected'
    return (
      <button
        key={name}
        type="button"
        className="pointer"
        style={{ left: px, top: py }}
        aria-label={`${name}, ${why}, is outside the view. Go there`}
        title={`${name} is outside the view`}
        data-testid={`pointer-${name}`}
        onClick={() => {
          select(name)
          const smooth = !matchMedia('(prefers-reduced-motion: reduce)').matches
          holder.current?.scrollTo({
            left: (r.x + r.w / 2) * zoom - size.width / 2,
            top: (r.y + r.h / 2) * zoom - size.height / 2,
            behavior: smooth ? 'smooth' : 'auto',
          })
        }}
      >
        <svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">
          <path d="M-4-4 5 0-4 4z" fill="currentColor" transform={`rotate(${angle.toFixed(0)})`} />
        </svg>
        <span>{name}</span>
      </button>
    )
  })
}

export function Overload() {
  const omitted = useLab((s) => s.state?.packetsOmitted ?? 0)
  const drawn = useLab((s) => s.state?.packets.length ?? 0)
  if (omitted === 0) return null
  return (
    <div className="over">
      <Icon name="layers" />
      <span>
        <span className="hide-s">Drawing </span>1 packet in{' '}
        {Math.max(2, Math.round((omitted + drawn) / Math.max(1, drawn)))}
        <span className="hide-s">. Counts are exact.</span>
      </span>
    </div>
  )
}

export function Starting() {
  const [up, all] = useLab(
    useShallow((s) => [s.state?.workers ?? 0, s.session?.scenario.topology.processes.length ?? 0] as const),
  )
  const begun = useLab((s) => (s.state?.eventCount ?? 0) > 0)
  if (begun || up >= all) return null
  return (
    <div className="say over-say">
      Starting {up} of {all} processes
    </div>
  )
}
