/**
 * Towers by level, links with their spans, and the comparisons of a search in their order. A long list shows its first
 * nodes and those that the search compared; what lies between is counted, not drawn.
 */
import { useEffect, useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { typeOn } from './Cli.tsx'
import {
  commandText,
  type HopData,
  type LensData,
  type Link,
  type NodeName,
  plural,
  type SkiplistData,
  scoreText,
  type Visit,
} from './data.ts'
import { Picture, type TableTwin } from './Pane.tsx'
import { Density, Dice, DictStrip, Steps, ZsetTools } from './SkiplistTools.tsx'
import { searchLine } from './skiplist-code.ts'

const COLUMN = 60
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
const nameOf =
  (s: SkiplistData, way: Way) =>
  (id: number): string =>
    way.names.find((n) => n.id === id)?.ele ?? s.nodes.find((n) => n.id === id)?.ele ?? '?'

export function skiplistSummary(s: SkiplistData, way: Way | null): string {
  const all = `${plural(s.length, 'member')}, ${plural(s.level, 'level')}.`
  const cut = s.length > 24 ? ' Those compared and their neighbours are drawn.' : ''
  if (!way) return `${all}${cut} Type a member to see the way ZRANK takes.`
  const who = way.member === null ? '' : showBytes(way.member, 24)
  if (!way.found) return `No member ${who}: the dict answers before the skiplist is touched. ${all}`
  if (way.hops.length === 0)
    return `${way.command} asks the dict beside the skiplist: ${plural(way.dict?.looked.reduce((n, l) => n + l[2], 0) ?? 1, 'comparison')}, no link followed. ${all}`
  const taken = way.hops.filter((h) => h.next > 0)
  const compared = way.hops.filter((h) => h.seen > 0).length
  const spans = taken.map((h) => h.span)
  const sum = spans.length > 9 ? `${spans.slice(0, 8).join(' + ')} + …` : spans.join(' + ')
  return `Spans ${sum} = ${count(way.rank)}, counted from 1${way.member === null ? '' : `: ZRANK ${who} returns ${count(way.rank - 1)}`}, after ${plural(compared, 'comparison')}; a plain list needs ${count(way.rank)}, log2 of ${count(s.length)} is ${Math.log2(Math.max(1, s.length)).toFixed(1)}. ${all}${cut}`
}

export function skiplistTable(s: SkiplistData, way: Way | null): TableTwin {
  const visited = new Map<number, number>()
  for (const h of way?.hops ?? []) if (h.seen > 0 && !visited.has(h.seen)) visited.set(h.seen, visited.size + 1)
  return {
    head: ['Rank', 'Member', 'Score', 'Levels', 'Spans, level 1 first', 'Backward', 'Compared'],
    rows: s.nodes.map((n, i) => [
      s.from + i,
      showBytes(n.ele, 60),
      scoreText(n.score),
      n.levels.length,
      n.levels.map((l) => l.span).join(' '),
      n.backward === 0 ? 'none' : showBytes(s.nodes.find((x) => x.id === n.backward)?.ele ?? '', 24),
      visited.get(n.id) ?? '',
    ]),
    note: `${way && way.hops.length > 0 ? `Search${way.member === null ? '' : ` for ${showBytes(way.member, 24)}`}: ${searchLine(way.hops, way.rank, nameOf(s, way))}. ` : ''}Nodes by height: ${s.byLevel.map((c, i) => `${i + 1}: ${c}`).join(', ')}.${s.nodes.length < s.length ? ` First ${s.nodes.length} of ${count(s.length)} members.` : ''}`,
  }
}

interface Column {
  readonly id: number
  readonly rank: number
  readonly ele: string
  readonly score: number
  readonly levels: readonly Link[]
  readonly x: number
  /** Far from the target of a long way towers are narrow and have no name. */
  readonly w: number
}
const FAR = { w: 16, gap: 26 }

function columnsOf(
  s: SkiplistData,
  way: Way | null,
  width: number,
  near: readonly NodeName[],
): { columns: Column[]; end: number } {
  const known = new Map<number, Omit<Column, 'x' | 'w'>>()
  s.nodes.forEach((n, i) => {
    known.set(n.id, { id: n.id, rank: s.from + i + 1, ele: n.ele, score: n.score, levels: n.levels })
  })
  for (const n of near) known.set(n.id, { ...n })
  for (const n of way?.names ?? []) known.set(n.id, { ...n })
  for (const n of s.visited) known.set(n.id, { ...n })
  const must = new Set((way?.hops ?? []).flatMap((h) => [h.seen, h.next]).filter((id) => id > 0 && known.has(id)))
  const room = Math.max(
    4,
    Math.floor((width - X0 - CELL - 14) / COLUMN) - (s.length * COLUMN > width - X0 - CELL - 14 ? 1 : 0),
  )
  const order = [...known.values()].sort((a, b) => a.rank - b.rank)
  const chosen = new Set([...must])
  // A lens: a long list is drawn around the target, what is far away is counted.
  const focus = way !== null && way.rank > 0 && s.length > room ? way.rank : 0
  const byNearness =
    focus === 0 ? order : [...order].sort((a, b) => Math.abs(a.rank - focus) - Math.abs(b.rank - focus))
  for (const n of byNearness) if (chosen.size < Math.max(room, must.size)) chosen.add(n.id)
  let x = X0 + CELL
  let before = 0
  const tight = must.size > room
  const shown = order.filter((n) => chosen.has(n.id))
  const middle = shown.findIndex((n) => n.rank === focus)
  const columns = shown.map((n, i) => {
    const far = tight && middle >= 0 && Math.abs(i - middle) > 1
    x += far ? FAR.gap : n.rank === before + 1 ? COLUMN - CELL : COLUMN - CELL + GAP
    const at = x
    const w = far ? FAR.w : CELL
    x += w
    before = n.rank
    return { ...n, x: at, w }
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

/** Nodes that were not there at the last look; not the first look, and not many at once. */
function useNew(s: SkiplistData): ReadonlySet<number> {
  const before = useRef<{ first: ReadonlySet<number>; length: number } | null>(null)
  const [fresh, setFresh] = useState<ReadonlySet<number>>(new Set())
  useEffect(() => {
    const ids = new Set(s.nodes.map((n) => n.id))
    const old = before.current
    before.current = { first: ids, length: s.length }
    if (old === null || s.length <= old.length || s.length > old.length + 2) return
    const added = [...ids].filter((id) => !old.first.has(id))
    if (added.length > 0 && added.length <= 2) setFresh(new Set(added))
  }, [s])
  return fresh
}

/** The flag on the member that is looked for: it is dragged to another tower. */
function Flag({ x, columns, onFind }: { x: number; columns: readonly Column[]; onFind: (ele: string) => void }) {
  const move = (e: React.PointerEvent<SVGGElement>) => {
    const svg = e.currentTarget.ownerSVGElement
    if (!svg) return
    const at = e.clientX - svg.getBoundingClientRect().left - CELL / 2
    const first = columns[0]
    if (!first) return
    onFind(columns.reduce((a, b) => (Math.abs(b.x - at) < Math.abs(a.x - at) ? b : a), first).ele)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter on a tower and the search field do the same
    <g
      className="flag"
      transform={`translate(${x + 15} 0)`}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId)
        e.preventDefault()
      }}
      onPointerMove={(e) => e.currentTarget.hasPointerCapture(e.pointerId) && move(e)}
      onClick={(e) => e.stopPropagation()}
    >
      <rect x="-14" y="0" width="56" height="22" fill="transparent" />
      <path d="M0 22V3h34l-5 6 5 6H0" fill="var(--inv)" stroke="var(--ink)" />
      <text x="4" y="13" fontSize="11" style={{ fill: 'var(--inv-ink)' }}>
        find
      </text>
      <title>Drag to a tower to search for its member</title>
    </g>
  )
}

export function SkiplistView({
  s,
  way: whole,
  lens = null,
  of,
  onFind,
  why,
}: {
  s: SkiplistData
  way: Way | null
  lens?: LensData | null | undefined
  /** Whose it is, to type commands; without it the picture is a figure. */
  of?: { readonly process: string; readonly db: number; readonly name: string } | undefined
  onFind?: ((ele: string) => void) | undefined
  why?: React.ReactNode
}) {
  const fresh = useNew(s)
  const [stepped, setStepped] = useState<{ of: string; n: number }>({ of: '', n: 0 })
  const id = whole ? `${whole.command}|${whole.rank}|${whole.hops.length}` : ''
  const upto = whole === null ? 0 : stepped.of === id ? Math.min(stepped.n, whole.hops.length) : whole.hops.length
  const way = whole === null ? null : { ...whole, hops: whole.hops.slice(0, upto) }
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const { columns, end } = columnsOf(s, whole, Math.max(300, width || 640), lens?.near ?? [])
  const levels = Math.max(1, s.level)
  const lane = levels <= 4 ? 38 : Math.max(30, Math.floor(190 / levels))
  const top = onFind ? 26 : 16
  const y = (l: number) => top + (levels - 1 - l) * lane
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
  const link = (from: number, fromX: number, fromW: number, fromRank: number, l: number, next: Link) => {
    const to = at.get(next.forward)
    const after = columns.find((c) => c.rank > fromRank && (c.levels.length > l || c.id === next.forward))
    const isEnd = next.forward === 0
    const toX = to?.x ?? (isEnd ? end : (after?.x ?? end) - (after ? (after.w < CELL ? 8 : GAP / 2) : 0))
    const o = order.get(`${from}|${l}`)
    const hot = o !== undefined && o.hop.next > 0
    const seen = o !== undefined && !hot
    const color = hot ? 'var(--ink)' : seen ? 'var(--ink-3)' : 'var(--line-2)'
    const cy = y(l) + 13
    const mid = (fromX + fromW + Math.min(toX, fromX + fromW + 400)) / 2
    return (
      <g key={`${from}|${l}`}>
        <path
          d={`M${fromX + fromW} ${cy}H${toX - 3}`}
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
            x={fromX + fromW + 4}
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
  const target = columns.find((c) => c.ele === whole?.member)
  const long = lens !== null && columns.length < s.length && s.length > 24
  const [left, right] = [X0 + CELL + 10, end]
  const base = y(0) + 72
  const visits = whole?.dict?.looked ?? []
  const commandsFor = (i: number): string[] => {
    const c = columns[i]
    if (!c || !of || c.ele.length > 60 || of.name.length > 40) return []
    return [
      ['ZRANK', of.name, c.ele],
      ['ZSCORE', of.name, c.ele],
      ['ZINCRBY', of.name, '100', c.ele],
      ['ZREM', of.name, c.ele],
    ].map((argv) => commandText(argv, 200))
  }
  const goal = target?.x ?? -1
  // A way that is longer than the pane ends in sight.
  useEffect(() => {
    const el = holder.current
    if (el && id !== '' && goal > el.clientWidth - 80) el.scrollLeft = goal - el.clientWidth + 140
  }, [id, goal])
  return (
    <>
      <div className="sv" ref={holder}>
        <Picture
          label={`Skiplist of ${plural(s.length, 'member')}, ${plural(levels, 'level')}`}
          tell={tell}
          enter={(i) => columns[i] && onFind?.(columns[i].ele)}
          commands={of && commandsFor}
          run={of && ((line) => typeOn(of, line))}
        >
          {(marks) => (
            <svg width={end + 8} height={base + (lens ? 32 : 0) + (long ? 36 : 0)} aria-hidden="true">
              {Array.from({ length: levels }, (_, l) =>
                link(0, X0, CELL, 0, l, s.header[l] ?? { forward: 0, span: 0 }),
              )}
              {columns.flatMap((c) => c.levels.map((next, l) => link(c.id, c.x, c.w, c.rank, l, next)))}
              {Array.from({ length: levels }, (_, l) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a level is its number
                <Cell key={l} x={X0} y={y(l)} hot={reached.has(`0|${l}`)} text={`L${l + 1}`} />
              ))}
              <text x={X0} y={y(0) + 49} fontSize="12" className="ink2t">
                header
              </text>
              {columns.map((c, i) => {
                const skipped = c.rank - before - 1
                const prev = skipped === 0 ? columns[i - 1] : undefined
                before = c.rank
                const hot = c.ele === way?.member
                return (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                  <g key={c.id} onClick={() => marks.pick(i)} className={fresh.has(c.id) ? 'dropped' : ''}>
                    <title>{tell[i]}</title>
                    {prev && (
                      <path
                        d={`M${c.x + c.w / 2} ${y(0) + 27}v4H${prev.x + prev.w / 2}v-3m-3 2 3-3 3 3`}
                        fill="none"
                        stroke="var(--line-3)"
                      />
                    )}
                    {skipped > 0 &&
                      (c.w < CELL ? (
                        <Ticks
                          lens={lens}
                          from={c.rank - skipped}
                          to={c.rank - 1}
                          of={s.length}
                          x={c.x - 22}
                          y={y(0) + 46}
                        />
                      ) : (
                        <Skipped x={c.x - GAP / 2 - 16} y={y(0) + 49} n={skipped} />
                      ))}
                    {c.levels.map((_, l) => (
                      <Cell
                        // biome-ignore lint/suspicious/noArrayIndexKey: a level is its number
                        key={l}
                        x={c.x}
                        w={c.w}
                        y={y(l)}
                        hot={reached.has(`${c.id}|${l}`)}
                        on={marks.on === i}
                        text=""
                      />
                    ))}
                    {c.w === CELL && (
                      <>
                        <text x={c.x + 15} y={y(0) + 49} fontSize="13" textAnchor="middle" fontWeight={hot ? 700 : 400}>
                          {short(c.ele)}
                        </text>
                        <text className="m ink3t" x={c.x + 15} y={y(0) + 65} fontSize="11" textAnchor="middle">
                          {scoreText(c.score)}
                        </text>
                      </>
                    )}
                  </g>
                )
              })}
              {before < s.length && (
                <Skipped x={end - COLUMN + CELL - GAP / 2 + 8} y={y(0) + 49} n={s.length - before} />
              )}
              {lens && (
                <DictStrip
                  lens={lens}
                  columns={columns}
                  left={left}
                  right={right}
                  top={base}
                  on={columns[marks.on]?.id ?? target?.id ?? -1}
                  visited={visits}
                />
              )}
              {long && lens && (
                <Density
                  lens={lens}
                  length={s.length}
                  level={s.level}
                  ranks={columns.map((c) => c.rank)}
                  left={left}
                  right={right}
                  top={base + 34}
                />
              )}
              {onFind && <Flag x={target?.x ?? X0} columns={columns} onFind={onFind} />}
            </svg>
          )}
        </Picture>
      </div>
      {of && <ZsetTools {...of} s={s} />}
      {why}
      {whole && <Dice s={s} way={whole} />}
      {whole?.found && whole.hops.length > 0 && (
        <Steps s={s} way={whole} upto={upto} onUpto={(n) => setStepped({ of: id, n })} />
      )}
    </>
  )
}

/** What a narrow gap leaves out: the heights of its towers. */
function Ticks(props: {
  lens: LensData | null | undefined
  from: number
  to: number
  of: number
  x: number
  y: number
}) {
  const { lens, from, to } = props
  if (!lens) return null
  const n = Math.min(6, to - from + 1)
  const heights = Array.from({ length: n }, (_, i) => {
    const rank = from + (i * (to - from)) / Math.max(1, n - 1)
    return (
      lens.heights[Math.min(lens.heights.length - 1, Math.floor(((rank - 1) / props.of) * lens.heights.length))] ?? 1
    )
  })
  return (
    <g>
      <path
        d={heights.map((h, i) => `M${props.x + i * 3} ${props.y}v${-2 - 3 * Math.min(4, h)}`).join('')}
        stroke="var(--ink-3)"
      />
      <title>{count(to - from + 1)} more</title>
    </g>
  )
}

function Skipped({ x, y, n }: { x: number; y: number; n: number }) {
  return (
    <text x={x} y={y} fontSize="11" textAnchor="middle" className="ink3t">
      {count(n)} more
    </text>
  )
}

function Cell(props: { x: number; w?: number; y: number; hot: boolean; on?: boolean; text: string }) {
  const { x, y, hot, on = false, text } = props
  return (
    <>
      <rect
        className={on ? 'mark-on' : ''}
        x={x}
        y={y}
        width={props.w ?? CELL}
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
