/**
 * Towers by level, links with their spans, and the comparisons of a search in their order. A long list shows its first
 * nodes and those that the search compared; what lies between is counted, not drawn.
 */
import { useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { type HopData, type Link, type NodeName, plural, type SkiplistData, scoreText, type Visit } from './data.ts'
import { Picture, type TableTwin } from './Pane.tsx'

const COLUMN = 62
const GAP = 44
const CELL = 30
const X0 = 8

export interface Way {
  readonly member: string | null
  readonly hops: readonly HopData[]
  readonly rank: number
  readonly dict: Visit | null
  readonly names: readonly NodeName[]
  readonly found: boolean
  /** The command it belongs to, as text. */
  readonly command: string
}

export function skiplistSummary(s: SkiplistData, way: Way | null): string {
  const all = `${plural(s.length, 'member')}, ${plural(s.level, 'level')}.`
  const cut = s.length > 24 ? ' The first nodes and those compared are drawn.' : ''
  if (!way) return `${all}${cut} Type a member to see the way ZRANK takes.`
  const who = way.member === null ? '' : showBytes(way.member, 24)
  if (!way.found) return `No member ${who}: the dict answers before the skiplist is touched. ${all}`
  if (way.hops.length === 0)
    return `${way.command} asks the dict beside the skiplist: ${plural(way.dict?.looked.reduce((n, l) => n + l[2], 0) ?? 1, 'comparison')}, no link followed. ${all}`
  const taken = way.hops.filter((h) => h.next > 0)
  const compared = way.hops.filter((h) => h.seen > 0).length
  const spans = taken.map((h) => h.span)
  const sum = spans.length > 9 ? `${spans.slice(0, 8).join(' + ')} + …` : spans.join(' + ')
  return `Spans ${sum} = ${count(way.rank)}, counted from 1${way.member === null ? '' : `: ZRANK ${who} returns ${count(way.rank - 1)}`}, after ${plural(compared, 'comparison')}; a plain list needs ${count(way.rank)}. ${all}${cut}`
}

export function skiplistTable(s: SkiplistData, way: Way | null): TableTwin {
  const visited = new Map<number, number>()
  for (const h of way?.hops ?? []) if (h.seen > 0 && !visited.has(h.seen)) visited.set(h.seen, visited.size + 1)
  return {
    head: ['Rank', 'Member', 'Score', 'Levels', 'Spans, level 1 first', 'Compared'],
    rows: s.nodes.map((n, i) => [
      s.from + i,
      showBytes(n.ele, 60),
      scoreText(n.score),
      n.levels.length,
      n.levels.map((l) => l.span).join(' '),
      visited.get(n.id) ?? '',
    ]),
    note: `Nodes by height: ${s.byLevel.map((c, i) => `${i + 1}: ${c}`).join(', ')}.${s.nodes.length < s.length ? ` First ${s.nodes.length} of ${count(s.length)} members.` : ''}`,
  }
}

interface Column {
  readonly id: number
  readonly rank: number
  readonly ele: string
  readonly score: number
  readonly levels: readonly Link[]
  readonly x: number
}

function columnsOf(s: SkiplistData, way: Way | null, width: number): { columns: Column[]; end: number } {
  const known = new Map<number, Omit<Column, 'x'>>()
  s.nodes.forEach((n, i) => {
    known.set(n.id, { id: n.id, rank: s.from + i + 1, ele: n.ele, score: n.score, levels: n.levels })
  })
  for (const n of way?.names ?? []) known.set(n.id, { ...n })
  for (const n of s.visited) known.set(n.id, { ...n })
  const must = new Set((way?.hops ?? []).flatMap((h) => [h.seen, h.next]).filter((id) => id > 0 && known.has(id)))
  const room = Math.max(4, Math.floor((width - X0 - CELL - 40) / COLUMN) - (must.size > 0 && s.length > 12 ? 2 : 0))
  const order = [...known.values()].sort((a, b) => a.rank - b.rank)
  const chosen = new Set([...must])
  for (const n of order) if (chosen.size < Math.max(room, must.size)) chosen.add(n.id)
  let x = X0 + CELL
  let before = 0
  const columns = order
    .filter((n) => chosen.has(n.id))
    .map((n) => {
      x += n.rank === before + 1 ? COLUMN - CELL : COLUMN - CELL + GAP
      const at = x
      x += CELL
      before = n.rank
      return { ...n, x: at }
    })
  return { columns, end: x + (before < s.length ? GAP : 0) + COLUMN - CELL }
}

/** What all names begin with says nothing in a narrow column: the ends differ. */
function shortNames(columns: readonly Column[]): (name: string) => string {
  const names = columns.map((c) => c.ele)
  let common = names[0] ?? ''
  for (const n of names) while (!n.startsWith(common)) common = common.slice(0, -1)
  const cut = names.length > 1 && common.length >= 3 && names.some((n) => n.length > 6) ? common.length : 0
  return (name) => {
    const text = showBytes(name.slice(cut), 12)
    const short = text.length > 6 ? `${text.slice(0, 5)}…` : text
    return cut > 0 ? `…${short}` : short
  }
}

/** One comparison in words, as zslGetRank makes it. */
function stepText(s: SkiplistData, way: Way, n: number, passed: number): string {
  const hop = way.hops[n]
  if (!hop) return ''
  const name = (id: number): string => {
    const node = way.names.find((x) => x.id === id) ?? s.nodes.find((x) => x.id === id)
    return id === 0 ? 'the header' : node ? `${showBytes(node.ele, 20)} (${scoreText(node.score)})` : 'a node'
  }
  const at = `At ${name(hop.node)}, level ${hop.level + 1}`
  if (hop.seen === 0) return `${at}: the lane ends, go down. Rank so far ${passed}.`
  if (hop.next > 0)
    return `${at}: ${name(hop.seen)} is not beyond the target, go right over ${hop.span}. Rank ${passed} + ${hop.span} = ${passed + hop.span}.`
  const done = n === way.hops.length - 1 && hop.level === (way.hops[n]?.level ?? 0) && passed === way.rank
  return `${at}: ${name(hop.seen)} is beyond the target, ${done ? 'and this node is the target: done' : 'go down'}. Rank so far ${passed}.`
}

function Steps({ s, way, upto, onUpto }: { s: SkiplistData; way: Way; upto: number; onUpto: (n: number) => void }) {
  const all = way.hops.length
  const passed = way.hops.slice(0, upto - 1).reduce((n, h) => n + h.span, 0)
  const onKey = (e: React.KeyboardEvent) => {
    const by = { '[': -1, ']': 1 }[e.key]
    if (by === undefined) return
    e.preventDefault()
    e.stopPropagation()
    onUpto(Math.max(1, Math.min(all, upto + by)))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do
    <div className="pager" onKeyDown={onKey}>
      <button
        type="button"
        className="btn small"
        disabled={upto <= 1}
        title="Previous comparison ([)"
        onClick={() => onUpto(upto - 1)}
      >
        Previous comparison
      </button>
      <button
        type="button"
        className="btn small"
        disabled={upto >= all}
        title="Next comparison (])"
        onClick={() => onUpto(upto + 1)}
      >
        Next comparison
      </button>
      <span className="cap" aria-live="polite">
        {upto} of {all}. {stepText(s, way, upto - 1, passed)}
      </span>
    </div>
  )
}

export function SkiplistView({ s, way: whole }: { s: SkiplistData; way: Way | null }) {
  const [stepped, setStepped] = useState<{ of: string; n: number }>({ of: '', n: 0 })
  const id = whole ? `${whole.command}|${whole.rank}|${whole.hops.length}` : ''
  const upto = whole === null ? 0 : stepped.of === id ? Math.min(stepped.n, whole.hops.length) : whole.hops.length
  const way = whole === null ? null : { ...whole, hops: whole.hops.slice(0, upto) }
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const { columns, end } = columnsOf(s, whole, Math.max(300, width || 640))
  const levels = Math.max(1, s.level)
  const lane = levels <= 4 ? 38 : Math.max(30, Math.floor(190 / levels))
  const y = (l: number) => 16 + (levels - 1 - l) * lane
  const short = shortNames(columns)
  const at = new Map(columns.map((c) => [c.id, c]))
  const order = new Map<string, { n: number; hop: HopData }>()
  for (const hop of way?.hops ?? []) {
    const key = `${hop.node}|${hop.level}`
    order.set(key, { n: order.size + 1, hop })
  }
  const reached = new Set(
    (way?.hops ?? []).flatMap((h) => [`${h.node}|${h.level}`, ...(h.next > 0 ? [`${h.next}|${h.level}`] : [])]),
  )
  const tell = columns.map((c) => {
    const steps = [...order.values()].filter((o) => o.hop.seen === c.id).map((o) => o.n)
    return `${showBytes(c.ele, 60)}, score ${scoreText(c.score)}, ZRANK ${c.rank - 1}, ${plural(c.levels.length, 'level')}, spans ${c.levels.map((l) => l.span).join(' ')}${steps.length > 0 ? `; compared in step ${steps.join(', ')}` : ''}.`
  })
  const link = (from: number, fromX: number, fromRank: number, l: number, next: Link) => {
    const to = at.get(next.forward)
    const after = columns.find((c) => c.rank > fromRank && (c.levels.length > l || c.id === next.forward))
    const isEnd = next.forward === 0
    const toX = to?.x ?? (isEnd ? end : (after?.x ?? end) - (after ? GAP / 2 : 0))
    const o = order.get(`${from}|${l}`)
    const hot = o !== undefined && o.hop.next > 0
    const seen = o !== undefined && !hot
    const color = hot ? 'var(--ink)' : seen ? 'var(--ink-3)' : 'var(--line-2)'
    const cy = y(l) + 13
    const mid = (fromX + CELL + Math.min(toX, fromX + CELL + 400)) / 2
    return (
      <g key={`${from}|${l}`}>
        <path
          d={`M${fromX + CELL} ${cy}H${toX - 3}`}
          stroke={color}
          strokeWidth={hot ? 3 : 1.5}
          strokeDasharray={seen ? '5 3' : !to && !isEnd ? '2 3' : undefined}
        />
        {(to || isEnd) && (
          <path d={`m${toX - 7} ${cy - 4} 5 4-5 4`} fill="none" stroke={color} strokeWidth={hot ? 2 : 1.5} />
        )}
        {!isEnd && (
          <text
            x={mid}
            y={cy - 5}
            fontSize="11"
            textAnchor="middle"
            fontWeight={hot ? 700 : 400}
            className={hot ? '' : 'ink3t'}
          >
            {next.span}
          </text>
        )}
        {o && (
          <text
            x={fromX + CELL + 4}
            y={cy + 12}
            fontSize="11"
            className={hot ? '' : 'ink3t'}
            fontWeight={hot ? 600 : 400}
          >
            {o.n}
          </text>
        )}
      </g>
    )
  }
  let before = 0
  return (
    <>
      <div className="sv" ref={holder}>
        <Picture label={`Skiplist of ${plural(s.length, 'member')}, ${plural(levels, 'level')}`} tell={tell}>
          {(marks) => (
            <svg width={end + 8} height={y(0) + 66} aria-hidden="true">
              {Array.from({ length: levels }, (_, l) => link(0, X0, 0, l, s.header[l] ?? { forward: 0, span: 0 }))}
              {columns.flatMap((c) => c.levels.map((next, l) => link(c.id, c.x, c.rank, l, next)))}
              {Array.from({ length: levels }, (_, l) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a level is its number
                <Cell key={l} x={X0} y={y(l)} hot={reached.has(`0|${l}`)} text={`L${l + 1}`} />
              ))}
              <text x={X0} y={y(0) + 43} fontSize="12" className="ink2t">
                header
              </text>
              {columns.map((c, i) => {
                const skipped = c.rank - before - 1
                before = c.rank
                const hot = c.ele === way?.member
                return (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                  <g key={c.id} onClick={() => marks.pick(i)}>
                    {skipped > 0 && <Skipped x={c.x - GAP / 2 - 16} y={y(0) + 43} n={skipped} />}
                    {c.levels.map((_, l) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a level is its number
                      <Cell key={l} x={c.x} y={y(l)} hot={reached.has(`${c.id}|${l}`)} on={marks.on === i} text="" />
                    ))}
                    <text x={c.x + 15} y={y(0) + 43} fontSize="13" textAnchor="middle" fontWeight={hot ? 700 : 400}>
                      {short(c.ele)}
                      <title>{showBytes(c.ele)}</title>
                    </text>
                    <text className="m ink3t" x={c.x + 15} y={y(0) + 59} fontSize="11" textAnchor="middle">
                      {scoreText(c.score)}
                    </text>
                  </g>
                )
              })}
              {before < s.length && (
                <Skipped x={end - COLUMN + CELL - GAP / 2 + 8} y={y(0) + 43} n={s.length - before} />
              )}
            </svg>
          )}
        </Picture>
      </div>
      {whole?.found && whole.hops.length > 0 && (
        <Steps s={s} way={whole} upto={upto} onUpto={(n) => setStepped({ of: id, n })} />
      )}
    </>
  )
}

function Skipped({ x, y, n }: { x: number; y: number; n: number }) {
  return (
    <text x={x} y={y} fontSize="11" textAnchor="middle" className="ink3t">
      {count(n)} more
    </text>
  )
}

function Cell(props: { x: number; y: number; hot: boolean; on?: boolean; text: string }) {
  const { x, y, hot, on = false, text } = props
  return (
    <>
      <rect
        className={on ? 'mark-on' : ''}
        x={x}
        y={y}
        width={CELL}
        height="26"
        fill={hot ? 'var(--inv)' : 'var(--bg-sel)'}
        stroke={hot || on ? 'var(--ink)' : 'var(--line-3)'}
        strokeWidth={on ? 2 : 1}
      />
      {text !== '' && (
        <text
          className="m"
          x={x + 15}
          y={y + 17}
          fontSize="11"
          textAnchor="middle"
          style={{ fill: hot ? 'var(--inv-ink)' : 'var(--ink-2)' }}
        >
          {text}
        </text>
      )}
    </>
  )
}
