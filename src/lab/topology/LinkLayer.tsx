import { memo } from 'react'
import { useLab } from '../store.ts'
import { type Layout, type Path, pathText, type Point, zigzag } from './layout.ts'
import type { DrawnCut } from './CutTool.tsx'

export const linkId = (a: string, b: string, channel: string) =>
  a < b ? `${a}|${b}|${channel}` : `${b}|${a}|${channel}`

/** Connections, and the cuts that lie across them. Changes only when a connection or a cut does. */
export const LinkLayer = memo(function LinkLayer({
  at,
  paths,
  cuts,
}: {
  at: Layout
  paths: ReadonlyMap<string, Path>
  cuts: readonly DrawnCut[]
}) {
  const links = useLab((s) => s.state?.links)
  const shown = useLab((s) => s.shown)
  const open = new Map<string, boolean>()
  for (const l of links ?? []) {
    if (!shown[l.channel]) continue
    const id = linkId(l.a, l.b, l.channel)
    open.set(id, (open.get(id) ?? false) || l.open)
  }
  return (
    <svg className="layer" width={at.width} height={at.height} aria-hidden="true">
      <defs>
        <pattern id="hz" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v6" stroke="var(--cut)" strokeWidth="2.2" />
        </pattern>
      </defs>
      {[...open].map(([id, up]) => {
        const path = paths.get(id)
        return (
          path && (
            <path
              key={id}
              d={pathText(path)}
              className={`lk ${up ? '' : 'lost'} ${id.endsWith('|bus') ? 'bus' : ''}`}
            />
          )
        )
      })}
      {cuts.map(
        ({ cut, line }) =>
          line && <Zigzag key={cut.id} spine={zigzag(line, at.width, at.height)} nx={line.nx} ny={line.ny} />,
      )}
    </svg>
  )
})

function Zigzag({ spine, nx, ny }: { spine: readonly Point[]; nx: number; ny: number }) {
  const off = (d: number) => spine.map(([x, y]) => `${(x + nx * d).toFixed(1)} ${(y + ny * d).toFixed(1)}`)
  const [left, right] = [off(-5), off(5)]
  const band = `M${left.join('L')}L${[...right].reverse().join('L')}Z`
  return (
    <g>
      <path d={band} fill="var(--bg-canvas)" stroke="var(--bg-canvas)" strokeWidth="10" />
      <path d={band} fill="url(#hz)" opacity=".55" />
      <path d={`M${left.join('L')}M${right.join('L')}`} fill="none" stroke="var(--cut)" strokeWidth="1.5" />
    </g>
  )
}
