/** The main screen's panels and the lines between them. On a phone the panels below the canvas share one sheet. */
import { useRef } from 'react'
import { Inspector } from './inspector/Inspector.tsx'
import { Guard } from './parts/Guard.tsx'
import { Separator } from './parts/Separator.tsx'
import { useNarrow } from './parts/use-narrow.ts'
import { useSize } from './parts/use-size.ts'
import { Sheet } from './Sheet.tsx'
import { setSize, useLab } from './store.ts'
import { Terminals } from './terminal/Terminals.tsx'
import { Topology } from './topology/Topology.tsx'

/** Up to this width the inspector is a drawer. */
const DRAWER = 1000
const LEAST = { terms: 88, inspector: 220, canvas: { width: 420, height: 176 } }

export function Workspace() {
  const narrow = useNarrow()
  return narrow ? (
    <main className="main topology">
      <div className="mid">
        <Guard name="The canvas">
          <Topology />
        </Guard>
      </div>
      <Guard name="The sheet">
        <Sheet />
      </Guard>
    </main>
  ) : (
    <Wide />
  )
}

function Wide() {
  const holder = useRef<HTMLElement>(null)
  const { width, height } = useSize(holder)
  const sizes = useLab((s) => s.sizes)
  const drawer = useLab((s) => s.drawer)
  const over = width > 0 && width <= DRAWER
  const own = { terms: innerHeight > 800 ? 208 : 154, inspector: width > 1300 ? 316 : width > 980 ? 300 : 260 }
  const most = { terms: height - LEAST.canvas.height, inspector: width - LEAST.canvas.width }
  const clamp = (name: 'terms' | 'inspector') =>
    Math.max(LEAST[name], Math.min(sizes[name] ?? own[name], Math.max(LEAST[name], most[name])))
  const [terms, inspector] = [clamp('terms'), clamp('inspector')]
  return (
    <main
      className="main topology"
      ref={holder}
      style={
        {
          gridTemplateColumns: over ? 'minmax(0, 1fr)' : `minmax(0, 1fr) 1px ${inspector}px`,
          '--terms': `${terms}px`,
          '--inspector': `${inspector}px`,
        } as object
      }
    >
      <div className="mid">
        <Guard name="The canvas">
          <Topology drawer={over} />
        </Guard>
        <Separator
          label="Height of the terminals"
          controls="terminals"
          line="horizontal"
          sense={-1}
          value={terms}
          min={LEAST.terms}
          max={most.terms}
          text={`${terms} pixels`}
          onChange={(v) => setSize('terms', v)}
          onReset={() => setSize('terms', null)}
        />
        <Guard name="The terminals">
          <Terminals />
        </Guard>
      </div>
      {over && drawer && (
        <div className="drawer">
          <Inspector />
        </div>
      )}
      {!over && (
        <Separator
          label="Width of the inspector"
          controls="inspector"
          line="vertical"
          sense={-1}
          value={inspector}
          min={LEAST.inspector}
          max={most.inspector}
          text={`${inspector} pixels`}
          onChange={(v) => setSize('inspector', v)}
          onReset={() => setSize('inspector', null)}
        />
      )}
      {!over && (
        <Guard name="The inspector">
          <Inspector />
        </Guard>
      )}
    </main>
  )
}
