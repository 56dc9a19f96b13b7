/** The canvas: boxes and cards in HTML between two SVG layers, links and the cut below, packets above. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { CutView } from '../../browser/session.ts'
import { finishCut, heal, startCut } from '../actions.ts'
import { seconds } from '../format.ts'
import { Icon } from '../parts/icons.tsx'
import { useSize } from '../parts/use-size.ts'
import { type Channel, lab, useLab } from '../store.ts'
import { BoxView } from './BoxView.tsx'
import { divide, type Divide, layout, type Rect, routeLinks, zigzag } from './layout.ts'
import { LinkLayer } from './LinkLayer.tsx'
import { NodeTable } from './NodeTable.tsx'
import { PacketLayer } from './PacketLayer.tsx'

export interface DrawnCut {
  readonly cut: CutView
  readonly line: Divide | null
}

export function Topology() {
  const session = useLab((s) => s.session)
  const [twin, setTwin] = useState(false)
  const [zoom, setZoom] = useState(1)
  return (
    <section className="mid-top" aria-label="Topology">
      <Tools zoom={zoom} setZoom={setZoom} twin={twin} setTwin={setTwin} />
      <div className="cv">
        {session ? (
          twin ? (
            <NodeTable />
          ) : (
            <Canvas zoom={zoom} setZoom={setZoom} />
          )
        ) : (
          <div className="say">Opening the world</div>
        )}
        {!twin && <Legend />}
      </div>
    </section>
  )
}

const channels: readonly [Channel, string, string][] = [
  ['command', 'commands', '--client'],
  ['replication', 'replication', '--replica'],
  ['sentinel', 'sentinel', '--sentinel'],
  ['hello', 'hello', '--sentinel'],
]

function Tools(props: { zoom: number; setZoom: (z: number) => void; twin: boolean; setTwin: (t: boolean) => void }) {
  const [shown, cutting] = useLab(useShallow((s) => [s.shown, s.cut !== null] as const))
  const { zoom, setZoom, twin, setTwin } = props
  return (
    <div className="tools" role="toolbar" aria-label="Canvas tools">
      <button
        type="button"
        className={`btn q ic ${cutting ? '' : 'on'}`}
        aria-pressed={!cutting}
        aria-label="Select"
        title="Select"
        onClick={() => lab.set({ cut: null })}
      >
        <Icon name="ptr" />
      </button>
      <button
        type="button"
        className={`btn q ic ${cutting ? 'on' : ''}`}
        aria-pressed={cutting}
        aria-label="Partition"
        title="Partition: cut boxes off from each other (X)"
        onClick={startCut}
      >
        <Icon name="cut" />
      </button>
      <button
        type="button"
        className={`btn q ic ${twin ? 'on' : ''}`}
        aria-pressed={twin}
        aria-label="Show as a table"
        title="Show as a table"
        onClick={() => setTwin(!twin)}
      >
        <Icon name="list" />
      </button>
      <span className="vr" />
      <span className="lab">Show</span>
      {channels.map(([name, label, color]) => (
        <button
          key={name}
          type="button"
          className={`chk ${shown[name] ? '' : 'off'}`}
          aria-pressed={shown[name]}
          title={name === 'hello' ? 'Sentinel hello messages and keep-alives' : undefined}
          style={{ '--c': `var(${color})` } as React.CSSProperties}
          onClick={() => lab.set({ shown: { ...shown, [name]: !shown[name] } })}
        >
          <i />
          {label}
        </button>
      ))}
      <span className="sp" />
      <span className="zoomers">
        <button
          type="button"
          className="btn q ic"
          aria-label="Zoom out"
          title="Zoom out"
          disabled={twin || zoom <= 0.5}
          onClick={() => setZoom(Math.max(0.5, zoom - 0.25))}
        >
          <Icon name="minus" />
        </button>
        <span className="mono ink2" aria-live="off">
          {Math.round(zoom * 100)}%
        </span>
        <button
          type="button"
          className="btn q ic"
          aria-label="Zoom in"
          title="Zoom in"
          disabled={twin || zoom >= 3}
          onClick={() => setZoom(Math.min(3, zoom + 0.25))}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="btn q ic"
          aria-label="Fit"
          title="Fit"
          disabled={twin}
          onClick={() => setZoom(1)}
        >
          <Icon name="fit" />
        </button>
      </span>
    </div>
  )
}

function Canvas({ zoom, setZoom }: { zoom: number; setZoom: (z: number) => void }) {
  const session = useLab((s) => s.session)
  const cuts = useLab((s) => s.state?.cuts)
  const links = useLab((s) => s.state?.links)
  const extra = useLab(
    useShallow(
      (s) => s.state?.processes.filter((p) => p.state === 'running' || p.state === 'paused').map((p) => p.name) ?? [],
    ),
  )
  const clients = useLab((s) => s.clients)
  const holder = useRef<HTMLDivElement>(null)
  const size = useSize(holder)
  const mini = size.width < 560
  const topology = session?.scenario.topology
  const at = useMemo(() => {
    if (!topology || size.width === 0) return null
    const content = topology.boxes.map((box) => ({
      name: box.name,
      cards: topology.processes.filter((p) => p.box === box.name).map((p) => p.name),
      small: extra.filter((name) => clients[name] === box.name && !topology.processes.some((p) => p.name === name)),
    }))
    return layout(content, size.width, size.height, mini)
  }, [topology, size.width, size.height, mini, extra, clients])
  const paths = useMemo(() => {
    if (!at || !links) return new Map()
    return routeLinks(
      links
        .map((l) => ({ id: linkId(l.a, l.b, l.channel), a: l.a < l.b ? l.a : l.b, b: l.a < l.b ? l.b : l.a }))
        .filter(firstOnly()),
      at,
    )
  }, [at, links])
  const drawnCuts = useMemo<DrawnCut[]>(() => {
    if (!at) return []
    const rects = (names: readonly string[]) =>
      names.map((n) => at.boxes.get(n)).filter((r): r is Rect => r !== undefined)
    return (cuts ?? []).map((cut) => ({ cut, line: divide(rects(cut.groupA), rects(cut.groupB)) }))
  }, [at, cuts])
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
  }, [zoom, setZoom])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div
      className={`topo-hold ${zoom > 1 ? 'zoomed' : ''}`}
      ref={holder}
      tabIndex={zoom > 1 ? 0 : -1}
      data-testid="canvas"
    >
      {at && (
        <div className="topo-size" style={{ width: at.width * zoom, height: at.height * zoom }}>
          <div
            className="topo"
            style={{ width: at.width, height: at.height, transform: zoom === 1 ? undefined : `scale(${zoom})` }}
          >
            <LinkLayer at={at} paths={paths} cuts={drawnCuts} />
            {[...at.boxes.keys()].map((name) => (
              <BoxView key={name} name={name} at={at} mini={mini} />
            ))}
            <PacketLayer at={at} paths={paths} cuts={drawnCuts} mini={mini} />
            {drawnCuts.map((c, i) => (
              <CutLabel key={c.cut.id} drawn={c} i={i} width={at.width} height={at.height} />
            ))}
          </div>
        </div>
      )}
      <CutDraftBar />
      <Overload />
      <Starting />
    </div>
  )
}

export const linkId = (a: string, b: string, channel: string) =>
  a < b ? `${a}|${b}|${channel}` : `${b}|${a}|${channel}`

function firstOnly() {
  const seen = new Set<string>()
  return ({ id }: { id: string }) => {
    if (seen.has(id)) return false
    seen.add(id)
    return true
  }
}

function CutLabel({
  drawn: { cut, line },
  i,
  width,
  height,
}: {
  drawn: DrawnCut
  i: number
  width: number
  height: number
}) {
  const spine = line ? zigzag(line, width, height).filter(([, y]) => y >= 0) : []
  const top = [...spine].sort((p, q) => p[1] - q[1])[0]
  const left = Math.min(Math.max(4, (top?.[0] ?? 16) + 16), width - 200)
  return (
    <div className="cutl" style={{ left, top: 8 + i * 28 }} data-testid="cut">
      <Icon name="cut" size={14} />
      <span>
        {cut.oneWay ? 'One way cut' : 'Cut'} since <span className="mono">{seconds(cut.since)}</span>
      </span>
      <button type="button" className="btn small" title="Heal the cut (H)" onClick={() => heal(cut.id)}>
        Heal
      </button>
    </div>
  )
}

function CutDraftBar() {
  const cut = useLab((s) => s.cut)
  const boxes = useLab((s) => s.session?.scenario.topology.boxes)
  if (!cut || !boxes) return null
  const toggle = (name: string) =>
    lab.set({
      cut: { ...cut, side: cut.side.includes(name) ? cut.side.filter((b) => b !== name) : [...cut.side, name] },
    })
  const ready = cut.side.length > 0 && cut.side.length < boxes.length
  return (
    <fieldset className="draft" aria-label="Partition">
      <legend>Boxes on one side of the cut</legend>
      {boxes.map((box) => (
        <label key={box.name}>
          <input type="checkbox" checked={cut.side.includes(box.name)} onChange={() => toggle(box.name)} />
          <span className="mono">{box.address}</span>
        </label>
      ))}
      <label title="They can still send; nothing comes back">
        <input
          type="checkbox"
          checked={cut.oneWay}
          onChange={() => lab.set({ cut: { ...cut, oneWay: !cut.oneWay } })}
        />
        One way
      </label>
      <button type="button" className="btn p" disabled={!ready} onClick={finishCut}>
        Cut the links
      </button>
      <button type="button" className="btn q" onClick={() => lab.set({ cut: null })}>
        Cancel
      </button>
    </fieldset>
  )
}

function Overload() {
  const omitted = useLab((s) => s.state?.packetsOmitted ?? 0)
  const drawn = useLab((s) => s.state?.packets.length ?? 0)
  if (omitted === 0) return null
  return (
    <div className="over">
      <Icon name="layers" />
      Drawing 1 packet in {Math.max(2, Math.round((omitted + drawn) / Math.max(1, drawn)))}. Counts are exact.
    </div>
  )
}

function Starting() {
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

function Legend() {
  return (
    <div className="leg">
      <span>
        <svg width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">
          <g fill="none" strokeWidth="2">
            <circle r="8" stroke="var(--line-2)" />
            <circle r="8" stroke="var(--suspect)" strokeDasharray="34 60" transform="rotate(-90)" />
          </g>
        </svg>
        Ring: wait for PONG, one per Sentinel (s1 inside). Closed: SDOWN
      </span>
      <span>
        <svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">
          <circle r="6.5" fill="none" stroke="var(--ink-2)" strokeDasharray="3 2" strokeWidth="1.3" />
          <path d="m-2.5-2.5 5 5M2.5-2.5l-5 5" stroke="var(--ink-2)" strokeWidth="1.5" />
        </svg>
        held at a cut
      </span>
      <span>
        <svg width="24" height="8" aria-hidden="true">
          <path d="M0 4h24" stroke="var(--line-3)" strokeWidth="1.5" strokeDasharray="3 4" />
        </svg>
        connection lost
      </span>
    </div>
  )
}
