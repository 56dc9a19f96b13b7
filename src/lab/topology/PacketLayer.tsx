/**
 * Packets in flight. A position is (now - sent) / (due - sent): a function of the clock, so a pause freezes it. What is
 * on the wire for less than 60 ms of screen time cannot be seen moving, and thickens its link instead.
 */
import type { PacketView, ProcessStatus } from '../../browser/session.ts'
import { packetText } from '../packet-text.ts'
import { useLab } from '../store.ts'
import {
  crossing,
  directPath,
  heading,
  type Layout,
  partText,
  type Path,
  pathText,
  type Point,
  pointOn,
  type Rect,
} from './layout.ts'
import type { DrawnCut } from './CutTool.tsx'
import { linkId } from './LinkLayer.tsx'

const color: Record<PacketView['channel'], string> = {
  command: 'var(--client)',
  replication: 'var(--replica)',
  sentinel: 'var(--sentinel)',
  bus: 'var(--ink-3)',
}
const calm = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches
/** What Sentinels and replicas say all the time to be heard: hidden unless asked for. A person's own PING is not that. */
export const isHello = (p: PacketView) =>
  p.channel !== 'command' && /^(hello |\+?P[IO]NG\b)/.test(p.label) && !p.label.includes('FAIL')
const SHORTEST_ON_SCREEN = 0.06

interface Drawn {
  readonly p: PacketView
  readonly path: Path
  readonly t: number
  readonly reverse: boolean
  readonly at: Point
  readonly copies: number
}

export function PacketLayer(props: {
  at: Layout
  paths: ReadonlyMap<string, Path>
  cuts: readonly DrawnCut[]
  /** Where other labels stand. */
  taken: readonly Rect[]
  mini: boolean
}) {
  const { at, paths, cuts, taken, mini } = props
  const state = useLab((s) => s.state)
  const shown = useLab((s) => s.shown)
  const change = useLab((s) => s.change)
  if (!state) return null
  const hot = new Map<string, { path: Path; channel: PacketView['channel'] }>()
  const held = new Map<string, Drawn>()
  const moving: Drawn[] = []
  for (const p of state.packets) {
    if (!shown[p.channel]) continue
    const id = linkId(p.from, p.to, p.channel)
    const path =
      paths.get(id) ??
      paths.get(linkId(p.from, p.to, 'command')) ??
      paths.get(linkId(p.from, p.to, 'sentinel')) ??
      (p.from < p.to ? directPath(p.from, p.to, at) : directPath(p.to, p.from, at))
    if (!path) continue
    const reverse = p.from > p.to
    if (p.held) {
      const key = `${p.from}|${p.to}|${p.channel}`
      const one = held.get(key)
      const t = heldAt(path, reverse, cuts)
      held.set(key, { p, path, t, reverse, at: pointOn(path, t), copies: (one?.copies ?? 0) + 1 })
      continue
    }
    if (!shown.hello && isHello(p)) continue
    const onScreen = (p.dueAt - p.sentAt) / 1e6 / Math.max(state.speed, 1e-6)
    if (state.playing && onScreen < SHORTEST_ON_SCREEN) {
      hot.set(id, { path, channel: p.channel })
      continue
    }
    const f = Math.min(1, Math.max(0, (state.now - p.sentAt) / Math.max(1, p.dueAt - p.sentAt)))
    const still = f < 0.5 ? 0.15 : 0.85
    const t = calm ? still : f
    moving.push({ p, path, t: reverse ? 1 - t : t, reverse, at: pointOn(path, reverse ? 1 - t : t), copies: 1 })
  }
  const drawn = [...held.values(), ...moving]
  const labels = placeLabels(drawn, at, taken, mini, state.processes)
  return (
    <svg className="layer over-cards" width={at.width} height={at.height} aria-hidden="true" data-testid="packets">
      {[...hot].map(([id, h]) => (
        <path key={id} d={pathText(h.path)} fill="none" stroke={color[h.channel]} strokeWidth="2.5" opacity=".55" />
      ))}
      {drawn.map((d) => (
        <Packet key={d.p.id} d={d} label={labels.get(d.p.id)} pulse={change?.packets.has(d.p.id) ?? false} />
      ))}
    </svg>
  )
}

function Packet({ d, label, pulse }: { d: Drawn; label: Label | undefined; pulse: boolean }) {
  const c = color[d.p.channel]
  const [x, y] = d.at
  const [name, rest] = split(label?.text ?? '')
  return (
    <g className="pk">
      <path
        d={partText(d.path, d.reverse ? 1 : 0, d.t)}
        fill="none"
        stroke={c}
        strokeWidth="2"
        strokeDasharray={d.p.held ? '4 3' : undefined}
      />
      {pulse && <circle className="pulse-dot" cx={x} cy={y} r="12" />}
      {d.p.held ? (
        <g transform={`translate(${x} ${y})`}>
          <circle r="8" fill="var(--bg-canvas)" stroke={c} strokeWidth="1.5" strokeDasharray="3 2" />
          <path d="m-3-3 6 6M3-3l-6 6" stroke={c} strokeWidth="1.8" />
        </g>
      ) : (
        <g
          transform={`translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${heading(d.path, d.t, d.reverse).toFixed(1)})`}
        >
          <path d="M-7-5.5h8L8 0 1 5.5h-8z" fill={c} stroke="var(--bg-canvas)" strokeWidth="2" paintOrder="stroke" />
        </g>
      )}
      {label && (
        <text
          className="m halo"
          x={label.x}
          y={label.y}
          fontSize="11"
          fontWeight="600"
          textAnchor={label.anchor}
          style={{ fill: c }}
        >
          {name}
          {rest && (
            <tspan fontWeight="400" style={{ fill: 'var(--ink-2)' }}>
              {rest}
            </tspan>
          )}
        </text>
      )}
    </g>
  )
}

/** A command's name, and the rest; what is no command is not divided. */
function split(text: string): [string, string] {
  const name = /^([A-Z-]+|hello)(?= )/.exec(text)?.[0] ?? text
  return [name, text.slice(name.length)]
}

/** Held packets wait just before the first cut they meet. */
function heldAt(path: Path, reverse: boolean, cuts: readonly DrawnCut[]): number {
  for (const { line } of cuts) {
    const t = line ? crossing(path, line) : null
    if (t !== null) return Math.min(0.96, Math.max(0.04, t + (reverse ? 0.08 : -0.08)))
  }
  return reverse ? 0.6 : 0.4
}

interface Label {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly anchor: 'start' | 'end' | 'middle'
}
const rank = { sentinel: 0, bus: 0, replication: 1, command: 2 } as const

/** Beside its packet, on the side with room; a label that would touch a card or another label is dropped. */
function placeLabels(
  drawn: readonly Drawn[],
  at: Layout,
  others: readonly Rect[],
  mini: boolean,
  processes: readonly ProcessStatus[],
): Map<number, Label> {
  const taken: { x: number; y: number; w: number; h: number }[] = [
    ...at.boxes.values(),
    ...others,
    ...drawn.map((d) => ({ x: d.at[0] - 9, y: d.at[1] - 9, w: 18, h: 18 })),
  ]
  const out = new Map<number, Label>()
  for (const d of [...drawn].sort((a, b) => rank[a.p.channel] - rank[b.p.channel] || a.p.id - b.p.id)) {
    const text = packetText(d.p, processes, mini ? 16 : 40) + (d.copies > 1 ? ` ×${d.copies}` : '')
    const w = text.length * 6.7
    const [x, y] = d.at
    const choices: [Label['anchor'], number, number, number][] = [
      ['start', x + 14, y + 4, x + 14],
      ['end', x - 14, y + 4, x - 14 - w],
      ['middle', x, y - 12, x - w / 2],
      ['middle', x, y + 20, x - w / 2],
    ]
    for (const [anchor, lx, ly, left] of choices) {
      const box = { x: left - 2, y: ly - 11, w: w + 4, h: 15 }
      if (box.x < 2 || box.x + box.w > at.width - 2 || box.y < 0 || ly > at.height - 2) continue
      if (taken.some((t) => t.x < box.x + box.w && box.x < t.x + t.w && t.y < box.y + box.h && box.y < t.y + t.h))
        continue
      taken.push(box)
      out.set(d.p.id, { x: lx, y: ly, text, anchor })
      break
    }
  }
  return out
}
