/** What each scheme looks like, and the keys that a change moved, as ribbons from the old nodes to the new. */
import { memo, useMemo } from 'react'
import { ownerFill, OwnerPatterns } from '../owners.tsx'
import { type Plan, ringOf, SLOTS } from './schemes.ts'

const W = 300
const H = 132

/** One column for each residue. */
export function ModuloPicture({ plan, load }: { plan: Plan; load: readonly number[] }) {
  const n = plan.nodes.length
  const w = Math.min(44, W / n)
  const most = Math.max(1, ...load)
  const left = (W - n * w) / 2
  return (
    <svg className="parts-pic" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${n} residues, one node each`}>
      <OwnerPatterns count={n} prefix="mod" />
      {plan.nodes.map((node, i) => {
        const h = ((load[i] ?? 0) / most) * (H - 36)
        const x = left + i * w
        return (
          <g key={node.name}>
            <rect x={x + 3} y={H - 32 - h} width={w - 6} height={h} fill={ownerFill(i, 'mod')} />
            <text className="m" x={x + w / 2} y={H - 18} textAnchor="middle" fontSize="11">
              {node.name}
            </text>
            <text className="m ink3f" x={x + w / 2} y={H - 4} textAnchor="middle" fontSize="11">
              ={i}
            </text>
          </g>
        )
      })}
    </svg>
  )
}

/** The circle: each arc has the colour of the node whose point ends it. */
export const RingPicture = memo(function RingPicture({ plan }: { plan: Plan }) {
  const n = plan.nodes.length
  const arcs = useMemo(() => {
    const ring = ringOf(plan.nodes, plan.vnodes)
    const paths = plan.nodes.map(() => '')
    const R = 52
    const point = (at: number): [number, number] => {
      const angle = (at / 4294967296) * 2 * Math.PI - Math.PI / 2
      return [W / 2 + R * Math.cos(angle), H / 2 + R * Math.sin(angle)]
    }
    ring.forEach((p, i) => {
      const from = i === 0 ? (ring[ring.length - 1]?.at ?? 0) - 4294967296 : (ring[i - 1]?.at ?? 0)
      const [x0, y0] = point(from)
      const [x1, y1] = point(p.at)
      const large = p.at - from > 2147483648 ? 1 : 0
      paths[p.node] += `M${x0.toFixed(2)} ${y0.toFixed(2)}A${R} ${R} 0 ${large} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`
    })
    return paths
  }, [plan])
  return (
    <svg
      className="parts-pic"
      viewBox={`0 0 ${W} ${H}`}
      role="img"
      aria-label={`A ring with ${plan.vnodes} points for each of ${n} nodes`}
    >
      <OwnerPatterns count={n} prefix="ring" />
      {arcs.map((d, i) => (
        <path key={plan.nodes[i]?.name} d={d} fill="none" stroke={ownerFill(i, 'ring')} strokeWidth="16" />
      ))}
      <text className="m ink3f" x={W / 2} y={H / 2 + 4} textAnchor="middle" fontSize="11">
        2³² points
      </text>
      {plan.nodes.map((node, i) => (
        <g key={node.name} transform={`translate(${i % 2 === 0 ? 8 : W - 56} ${16 + Math.floor(i / 2) * 22})`}>
          <rect width="10" height="10" y="-9" fill={ownerFill(i, 'ring')} />
          <text className="m" x="16" fontSize="11">
            {node.name}
          </text>
        </g>
      ))}
    </svg>
  )
})

const PER_ROW = 256
/** The 16384 slots, 256 to a row, as runs of one owner; what changed hands is framed. */
export const SlotsPicture = memo(function SlotsPicture(props: {
  before: Plan
  after: Plan
  renamed: readonly number[]
}) {
  const { before, after, renamed } = props
  const n = after.nodes.length
  const { fills, moved } = useMemo(() => {
    const paths = after.nodes.map(() => '')
    let marks = ''
    const cell = W / PER_ROW
    const row = (H - 8) / (SLOTS / PER_ROW)
    for (let y = 0; y < SLOTS / PER_ROW; y++) {
      for (let x = 0; x < PER_ROW; ) {
        const slot = y * PER_ROW + x
        const owner = after.table[slot] as number
        const was = renamed[before.table[slot] as number] ?? -1
        let end = x + 1
        while (
          end < PER_ROW &&
          after.table[y * PER_ROW + end] === owner &&
          (renamed[before.table[y * PER_ROW + end] as number] ?? -1) === was
        )
          end++
        const rect = `M${(x * cell).toFixed(2)} ${(y * row).toFixed(2)}h${((end - x) * cell).toFixed(2)}v${(row - 0.25).toFixed(2)}h${(-(end - x) * cell).toFixed(2)}z`
        paths[owner] += rect
        if (was !== owner) marks += rect
        x = end
      }
    }
    return { fills: paths, moved: marks }
  }, [before, after, renamed])
  return (
    <svg className="parts-pic" viewBox={`0 0 ${W} ${H}`} role="img" aria-label="The slot table, 256 slots a row">
      <OwnerPatterns count={n} prefix="slt" />
      {fills.map((d, i) => (
        <path key={after.nodes[i]?.name} d={d} fill={ownerFill(i, 'slt')} />
      ))}
      {moved !== '' && <path d={moved} fill="none" stroke="var(--ink)" strokeWidth="0.7" />}
    </svg>
  )
})

/** Old nodes above, new ones below, in proportion to their keys; a ribbon is what went from one to another. */
export function Flows(props: {
  before: readonly string[]
  after: readonly string[]
  renamed: readonly number[]
  loadBefore: readonly number[]
  loadAfter: readonly number[]
  flows: readonly (readonly number[])[]
}) {
  const { before, after, renamed, loadBefore, loadAfter, flows } = props
  const total = Math.max(
    1,
    loadBefore.reduce((a, b) => a + b, 0),
  )
  const place = (load: readonly number[]) => {
    const free = W - 2 * (load.length - 1)
    let x = 0
    return load.map((n) => {
      const w = (n / total) * free
      const at = { x, w }
      x += w + 2
      return at
    })
  }
  const [top, bottom] = [place(loadBefore), place(loadAfter)]
  const out = top.map((p) => p.x)
  const into = bottom.map((p) => p.x)
  const ribbons: { key: string; d: string; to: number; n: number }[] = []
  flows.forEach((row, from) => {
    row.forEach((n, to) => {
      if (n === 0) return
      const w = (n / total) * W * 0.98
      const [a, b] = [out[from] as number, into[to] as number]
      out[from] = a + w
      into[to] = b + w
      ribbons.push({
        key: `${from}-${to}`,
        d: `M${a} 26C${a} 52 ${b} 52 ${b} 78H${b + w}C${b + w} 52 ${a + w} 52 ${a + w} 26z`,
        to,
        n,
      })
    })
  })
  const told = ribbons.map((r) => `${r.n} keys to ${after[r.to]}`).slice(0, 12)
  return (
    <svg
      className="parts-pic"
      viewBox={`0 0 ${W} 104`}
      role="img"
      aria-label={told.length === 0 ? 'No key moved' : `Moved: ${told.join(', ')}`}
    >
      <OwnerPatterns count={Math.max(before.length, after.length)} prefix="flw" />
      {ribbons.map((r) => (
        <path key={r.key} d={r.d} fill={`var(--n${(r.to % 3) + 1})`} opacity=".45" />
      ))}
      {top.map((p, i) => (
        <g key={before[i]}>
          <rect
            x={p.x}
            y="16"
            width={p.w}
            height="10"
            fill={renamed[i] === -1 ? 'var(--line-3)' : ownerFill(renamed[i] ?? i, 'flw')}
          />
          <text className="m" x={p.x + 2} y="11" fontSize="11">
            {before[i]}
          </text>
        </g>
      ))}
      {bottom.map((p, i) => (
        <g key={after[i]}>
          <rect x={p.x} y="78" width={p.w} height="10" fill={ownerFill(i, 'flw')} />
          <text className="m" x={p.x + 2} y="101" fontSize="11">
            {after[i]}
          </text>
        </g>
      ))}
    </svg>
  )
}
