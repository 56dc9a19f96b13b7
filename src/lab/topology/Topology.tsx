/** The main picture with its tools: what is drawn, the partition and latency tools, zoom, and the same facts as tables. */
import { useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { openLatency, startCut } from '../actions.ts'
import { Icon } from '../parts/icons.tsx'
import { type Channel, lab, useLab } from '../store.ts'
import { Canvas } from './Canvas.tsx'
import { LatencyPanel } from './Latency.tsx'
import { NodeTable } from './NodeTable.tsx'
import { isHello } from './PacketLayer.tsx'
import { isCluster } from '../world-facts.ts'

export function Topology({ drawer = false }: { drawer?: boolean }) {
  const session = useLab((s) => s.session)
  const [twin, setTwin] = useState(false)
  const [zoom, setZoom] = useState(1)
  return (
    <section className="mid-top" aria-label="Topology">
      <Tools drawer={drawer} zoom={zoom} setZoom={setZoom} twin={twin} setTwin={setTwin} />
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
        <LatencyPanel />
      </div>
    </section>
  )
}

const COMMON: readonly (readonly [Channel, string, string])[] = [
  ['command', 'commands', '--client'],
  ['replication', 'replication', '--replica'],
]
const SENTINEL = [...COMMON, ['sentinel', 'sentinel', '--sentinel'], ['hello', 'hello', '--sentinel']] as const
const CLUSTER = [...COMMON, ['bus', 'bus', '--ink-3'], ['hello', 'pings', '--ink-3']] as const

function Tools(props: {
  drawer: boolean
  zoom: number
  setZoom: (z: number) => void
  twin: boolean
  setTwin: (t: boolean) => void
}) {
  const [shown, cutting, latency] = useLab(useShallow((s) => [s.shown, s.cut !== null, s.latency !== null] as const))
  // While the world stands, how many there are is a fact that one can look at.
  const hidden = useLab((s) =>
    s.state && !s.state.playing && !s.shown.hello ? s.state.packets.filter((p) => !p.held && isHello(p)).length : 0,
  )
  const clustered = useLab((s) => s.session !== null && isCluster(s.session.scenario))
  const watched = useWatched()
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
        className={`btn q ic ${latency ? 'on' : ''}`}
        aria-pressed={latency}
        aria-label="Latency"
        title="Latency of the links (D)"
        onClick={(e) => openLatency('*', e.currentTarget)}
      >
        <Icon name="clock" />
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
      {(clustered ? CLUSTER : watched ? SENTINEL : COMMON).map(([name, label, color]) => (
        <button
          key={name}
          type="button"
          className={`chk ${shown[name] ? '' : 'off'}`}
          aria-pressed={shown[name]}
          title={
            name === 'hello'
              ? clustered
                ? 'PING and PONG, on the bus and between replicas'
                : 'Sentinel hello messages and keep-alives'
              : undefined
          }
          style={{ '--c': `var(${color})` } as React.CSSProperties}
          onClick={() => lab.set({ shown: { ...shown, [name]: !shown[name] } })}
        >
          <i />
          {label}
          {name === 'hello' && hidden > 0 && `, ${hidden} hidden`}
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
      {props.drawer && <DrawerButton />}
    </div>
  )
}

function DrawerButton() {
  const open = useLab((s) => s.drawer)
  return (
    <button
      type="button"
      className={`btn q ic ${open ? 'on' : ''}`}
      aria-expanded={open}
      aria-controls="inspector"
      aria-label="Inspector"
      title="Inspector of the selection"
      onClick={() => lab.set({ drawer: !open })}
    >
      <Icon name="drawer" />
    </button>
  )
}

const useWatched = () =>
  useLab((s) => s.session?.scenario.topology.processes.some((p) => p.kind === 'sentinel') ?? true)

function Legend() {
  const watched = useWatched()
  const clustered = useLab((s) => s.session !== null && isCluster(s.session.scenario))
  return (
    <div className="leg">
      {(watched || clustered) && (
        <span>
          <svg width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">
            <g fill="none" strokeWidth="2">
              <circle r="8" stroke="var(--line-2)" />
              <circle r="8" stroke="var(--suspect)" strokeDasharray="34 60" transform="rotate(-90)" />
            </g>
          </svg>
          {clustered
            ? 'Ring: wait for PONG, one per master with slots. Closed: PFAIL'
            : 'Ring: wait for PONG, one per Sentinel (s1 inside). Closed: SDOWN'}
        </span>
      )}
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
