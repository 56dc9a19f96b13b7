/** The canvas: boxes and cards in HTML between two SVG layers, links and the cut below, packets above. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { useSize } from '../parts/use-size.ts'
import { useLab } from '../store.ts'
import { BoxView } from './BoxView.tsx'
import { CutDraftBar, CutLabel, CutLine, type DrawnCut } from './CutTool.tsx'
import { LatencyLabels, useLatencyPlaces } from './Latency.tsx'
import { divide, fitLayout, type Path, type Rect, routeLinks } from './layout.ts'
import { LinkLayer, linkId } from './LinkLayer.tsx'
import { Overload, Pointers, Starting, WhatChanged } from './Overlays.tsx'
import { PacketLayer } from './PacketLayer.tsx'

/** Boxes and cards in their places; new redis-cli processes and a new size of the canvas move them. */
function useLayout(size: { width: number; height: number }) {
  const topology = useLab((s) => s.session?.scenario.topology)
  const alive = useLab(
    useShallow(
      (s) => s.state?.processes.filter((p) => p.state === 'running' || p.state === 'paused').map((p) => p.name) ?? [],
    ),
  )
  const clients = useLab((s) => s.clients)
  return useMemo(() => {
    if (!topology || size.width === 0) return null
    const content = topology.boxes.map((box) => ({
      name: box.name,
      cards: topology.processes.filter((p) => p.box === box.name).map((p) => p.name),
      small: alive.filter((name) => clients[name] === box.name && !topology.processes.some((p) => p.name === name)),
    }))
    // On a phone, the line that says what a step changed has its own room below the boxes.
    return fitLayout(content, size.width, size.width < 560 ? size.height - 32 : size.height)
  }, [topology, size.width, size.height, alive, clients])
}

export function Canvas({ zoom, setZoom }: { zoom: number; setZoom: (z: number) => void }) {
  const cuts = useLab((s) => s.state?.cuts)
  const links = useLab((s) => s.state?.links)
  const holder = useRef<HTMLDivElement>(null)
  const size = useSize(holder)
  const laid = useLayout(size)
  const at = laid?.at ?? null
  const mini = laid?.mini ?? false
  const paths = useMemo<ReadonlyMap<string, Path>>(() => {
    if (!at || !links) return new Map()
    const seen = new Map(
      links.map((l) => {
        const id = linkId(l.a, l.b, l.channel)
        return [id, { id, a: l.a < l.b ? l.a : l.b, b: l.a < l.b ? l.b : l.a }] as const
      }),
    )
    return routeLinks([...seen.values()], at)
  }, [at, links])
  const drawnCuts = useMemo<DrawnCut[]>(() => {
    if (!at) return []
    const rects = (names: readonly string[]) =>
      names.map((n) => at.boxes.get(n)).filter((r): r is Rect => r !== undefined)
    return (cuts ?? []).map((cut) => ({ cut, line: divide(rects(cut.groupA), rects(cut.groupB)) }))
  }, [at, cuts])
  const latencies = useLatencyPlaces(at, paths, mini)
  const taken = useMemo(() => latencies.map((l) => l.place), [latencies])
  useZoom(holder, zoom, setZoom)
  const scrolls = at !== null && (at.width * zoom > size.width || at.height * zoom > size.height)
  const view = useScroll(holder)
  const left = at ? Math.max(0, (size.width - at.width * zoom) / 2) : 0
  const top = at ? Math.max(0, (size.height - at.height * zoom) / 2) : 0
  return (
    <div className="topo-frame">
      <div
        className={`topo-hold ${scrolls ? 'zoomed' : ''}`}
        ref={holder}
        tabIndex={scrolls ? 0 : -1}
        role="region"
        aria-label="Canvas"
        data-testid="canvas"
      >
        {at && (
          <div className="topo-size" style={{ left, top, width: at.width * zoom, height: at.height * zoom }}>
            <div
              className="topo"
              style={{ width: at.width, height: at.height, transform: zoom === 1 ? undefined : `scale(${zoom})` }}
            >
              <LinkLayer at={at} paths={paths} cuts={drawnCuts} />
              <LatencyLabels places={latencies} />
              <CutLine at={at} zoom={zoom} />
              {[...at.boxes.keys()].map((name) => (
                <BoxView key={name} name={name} at={at} mini={mini} />
              ))}
              <PacketLayer at={at} paths={paths} cuts={drawnCuts} taken={taken} mini={mini} />
              {drawnCuts.map((c, i) => (
                <CutLabel key={c.cut.id} drawn={c} i={i} width={at.width} height={at.height} />
              ))}
            </div>
          </div>
        )}
      </div>
      {at && scrolls && <Pointers holder={holder} at={at} zoom={zoom} size={size} view={view} />}
      <div className="canvas-foot">
        <Overload />
        <WhatChanged />
      </div>
      <CutDraftBar />
      <Starting />
    </div>
  )
}

/** Ctrl and the wheel zoom; what was in the middle stays there. */
function useZoom(holder: React.RefObject<HTMLDivElement | null>, zoom: number, setZoom: (z: number) => void): void {
  const before = useRef(zoom)
  useLayoutEffect(() => {
    const el = holder.current
    const scale = zoom / before.current
    before.current = zoom
    if (!el || scale === 1) return
    el.scrollLeft = (el.scrollLeft + el.clientWidth / 2) * scale - el.clientWidth / 2
    el.scrollTop = (el.scrollTop + el.clientHeight / 2) * scale - el.clientHeight / 2
  }, [holder, zoom])
  useEffect(() => {
    const el = holder.current
    if (!el) return
    const wheel = (e: WheelEvent) => {
      if (!e.ctrlKey && !e.metaKey) return
      e.preventDefault()
      setZoom(Math.min(3, Math.max(0.5, zoom * Math.exp(-e.deltaY / 400))))
    }
    el.addEventListener('wheel', wheel, { passive: false })
    return () => el.removeEventListener('wheel', wheel)
  }, [holder, zoom, setZoom])
}

function useScroll(holder: React.RefObject<HTMLDivElement | null>): { left: number; top: number } {
  const [view, setView] = useState({ left: 0, top: 0 })
  useEffect(() => {
    const el = holder.current
    if (!el) return
    const read = () => setView({ left: el.scrollLeft, top: el.scrollTop })
    el.addEventListener('scroll', read, { passive: true })
    return () => el.removeEventListener('scroll', read)
  }, [holder])
  return view
}
