/** Partitions: a drawn cut with its start and Heal, and the tool that makes one by choosing boxes or drawing a line. */
import { useState } from 'react'
import type { CutView } from '../../browser/session.ts'
import { finishCut, heal } from '../actions.ts'
import { seconds } from '../format.ts'
import { Icon } from '../parts/icons.tsx'
import { lab, useLab } from '../store.ts'
import { isCluster } from '../world-facts.ts'
import { type Divide, type Layout, type Point, sidesOf, zigzag } from './layout.ts'

export interface DrawnCut {
  readonly cut: CutView
  readonly line: Divide | null
}

const cutName = ({ oneWay, layer }: CutView): string => {
  const what = layer === 'bus' ? 'Bus cut' : layer === 'client' ? 'Client cut' : 'Cut'
  return oneWay ? `One way ${what.toLowerCase()}` : what
}

export function CutLabel({
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
        {cutName(cut)} since <span className="mono">{seconds(cut.since)}</span>
      </span>
      <button type="button" className="btn small" title="Heal the cut (H)" onClick={() => heal(cut.id)}>
        Heal
      </button>
    </div>
  )
}

export function CutDraftBar() {
  const cut = useLab((s) => s.cut)
  const boxes = useLab((s) => s.session?.scenario.topology.boxes)
  const clustered = useLab((s) => s.session !== null && isCluster(s.session.scenario))
  if (!cut || !boxes) return null
  const toggle = (name: string) =>
    lab.set({
      cut: { ...cut, side: cut.side.includes(name) ? cut.side.filter((b) => b !== name) : [...cut.side, name] },
    })
  const ready = cut.side.length > 0 && cut.side.length < boxes.length
  return (
    <fieldset className="draft" aria-label="Partition">
      <legend>Draw a line between boxes, or choose one side</legend>
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
      {clustered && (
        <select
          aria-label="What the cut stops"
          value={cut.layer ?? 'all'}
          onChange={({ target: { value } }) =>
            lab.set({ cut: { ...cut, layer: value === 'bus' || value === 'client' ? value : undefined } })
          }
        >
          <option value="all">Everything</option>
          <option value="bus">Only the bus</option>
          <option value="client">All but the bus</option>
        </select>
      )}
      <button type="button" className="btn p" disabled={!ready} onClick={finishCut}>
        Cut the links
      </button>
      <button type="button" className="btn q" onClick={() => lab.set({ cut: null })}>
        Cancel
      </button>
    </fieldset>
  )
}

/** In the partition tool a drag over the empty canvas draws a line; the boxes on its two sides are cut off. */
export function CutLine({ at, zoom }: { at: Layout; zoom: number }) {
  const cutting = useLab((s) => s.cut !== null)
  const [line, setLine] = useState<readonly [Point, Point] | null>(null)
  if (!cutting) return null
  const place = (e: React.PointerEvent): Point => {
    const r = e.currentTarget.getBoundingClientRect()
    return [(e.clientX - r.left) / zoom, (e.clientY - r.top) / zoom]
  }
  const finish = () => {
    if (!line) return
    setLine(null)
    const [p, q] = line
    const draft = lab.get().cut
    if (!draft || Math.hypot(q[0] - p[0], q[1] - p[1]) < 24) return
    const [left, right] = sidesOf(at.boxes, p, q)
    if (left.length === 0 || right.length === 0) return
    lab.set({ cut: { ...draft, side: left.length <= right.length ? left : right } })
    finishCut()
  }
  return (
    <svg
      className="layer cut-line"
      width={at.width}
      height={at.height}
      aria-hidden="true"
      data-testid="cut-line"
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId)
        setLine([place(e), place(e)])
      }}
      onPointerMove={(e) => line && setLine([line[0], place(e)])}
      onPointerUp={finish}
      onPointerCancel={() => setLine(null)}
    >
      {line && <path d={`M${line[0]}L${line[1]}`} stroke="var(--cut)" strokeWidth="2" strokeDasharray="6 4" />}
    </svg>
  )
}
