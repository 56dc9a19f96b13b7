/** Towers by level, arrows with their spans, and the way a search for one member takes. */
import { useMemo } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { arr, num, rec, str } from './shapes.ts'

const COLUMN = 62
const CELL = 30
const LEVEL = 38
const X0 = 22

interface Level {
  readonly forward: number
  readonly span: number
}
interface Node {
  readonly id: number
  readonly ele: string
  readonly score: number
  readonly levels: readonly Level[]
}
interface Hop {
  readonly node: number
  readonly level: number
  readonly next: number
  readonly span: number
}

const levelsOf = (v: unknown): Level[] =>
  arr(v).map((l) => ({ forward: num(rec(l).forward) ?? 0, span: num(rec(l).span) ?? 0 }))

export function SkiplistView({ s, member }: { s: Record<string, unknown>; member: string }) {
  const shape = useMemo(() => {
    const nodes = arr(s.nodes)
      .slice(0, 40)
      .map(
        (n): Node => ({
          id: num(rec(n).id) ?? 0,
          ele: str(rec(n).ele),
          score: num(rec(n).score) ?? 0,
          levels: levelsOf(rec(n).levels),
        }),
      )
    const path = arr(s.path).map(
      (h): Hop => ({
        node: num(rec(h).node) ?? 0,
        level: num(rec(h).level) ?? 0,
        next: num(rec(h).next) ?? 0,
        span: num(rec(h).span) ?? 0,
      }),
    )
    return {
      nodes,
      path,
      header: levelsOf(s.header),
      levels: Math.max(1, num(s.level) ?? 1),
      length: num(s.length) ?? 0,
      rank: num(s.rank),
    }
  }, [s])
  const { nodes, path, header, levels, length, rank } = shape
  const column = new Map(nodes.map((n, i) => [n.id, i]))
  const x = (i: number) => X0 + (i + 1) * COLUMN
  const y = (l: number) => 24 + (levels - 1 - l) * LEVEL
  const end = x(nodes.length)
  const visited = new Set<string>()
  const taken = new Set<string>()
  for (const h of path) {
    visited.add(`${h.node}|${h.level}`)
    if (h.next > 0 && h.span > 0 && h.next !== h.node) {
      taken.add(`${h.node}|${h.level}`)
      visited.add(`${h.next}|${h.level}`)
    }
  }
  const arrow = (from: number, fromX: number, l: number, level: Level) => {
    const to = column.get(level.forward)
    if (level.forward > 0 && to === undefined && fromX > end) return null
    const toX = to === undefined ? end : x(to)
    const hot = taken.has(`${from}|${l}`)
    const c = hot ? 'var(--ink)' : 'var(--line-2)'
    return (
      <g key={`${from}|${l}`}>
        <path d={`M${fromX + CELL} ${y(l) + 13}H${toX - 3}`} stroke={c} strokeWidth={hot ? 3 : 1.5} />
        <path d={`m${toX - 7} ${y(l) + 9} 5 4-5 4`} fill="none" stroke={c} strokeWidth={hot ? 2 : 1.5} />
        {level.forward > 0 && (
          <text
            x={(fromX + CELL + toX) / 2 - 2}
            y={y(l) + 8}
            fontSize="11"
            textAnchor="middle"
            fontWeight={hot ? 700 : 400}
            className={hot ? '' : 'ink3t'}
          >
            {level.span}
          </text>
        )}
      </g>
    )
  }
  const hops = path.filter((h) => taken.has(`${h.node}|${h.level}`))
  return (
    <>
      <div className="sv">
        <svg
          width={end + 24}
          height={y(0) + 72}
          role="img"
          aria-label={`Skiplist of ${length} members, ${levels} levels. ${nodes
            .map((n, i) => `${i}: ${showBytes(n.ele, 20)} ${n.score}, ${n.levels.length} levels`)
            .join('; ')
            .slice(0, 1200)}`}
        >
          {Array.from({ length: levels }, (_, l) => arrow(0, X0, l, header[l] ?? { forward: 0, span: 0 }))}
          {nodes.flatMap((n, i) => n.levels.map((level, l) => arrow(n.id, x(i), l, level)))}
          {Array.from({ length: levels }, (_, l) => (
            <Cell key={`h${header.length - l}`} x={X0} y={y(l)} on={visited.has(`0|${l}`)} text={`L${l + 1}`} />
          ))}
          <text x={X0} y={y(0) + 44} fontSize="12" className="ink3t">
            header
          </text>
          {nodes.map((n, i) => (
            <g key={n.id}>
              {n.levels.map((_, l) => (
                <Cell
                  key={`${n.id}l${n.levels.length - l}`}
                  x={x(i)}
                  y={y(l)}
                  on={visited.has(`${n.id}|${l}`)}
                  text=""
                />
              ))}
              <text
                x={x(i) + 15}
                y={y(0) + 44}
                fontSize="13"
                textAnchor="middle"
                fontWeight={n.ele === member ? 700 : 400}
              >
                {showBytes(n.ele, 7)}
                <title>{showBytes(n.ele)}</title>
              </text>
              <text className="m ink3t" x={x(i) + 15} y={y(0) + 60} fontSize="11" textAnchor="middle">
                {Number(n.score.toPrecision(6))}
              </text>
            </g>
          ))}
        </svg>
      </div>
      <p className="cap">
        {member === '' ? (
          'Type a member above to see the way ZRANK takes.'
        ) : rank === null ? (
          <>No member {showBytes(member, 40)}: the dict answers before the skiplist is touched.</>
        ) : (
          <>
            Spans {hops.map((h) => h.span).join(' + ') || rank} = {rank}, counted from 1: ZRANK {showBytes(member, 30)}{' '}
            returns <b className="ink mono">{count(Math.max(0, rank - 1))}</b>.
          </>
        )}{' '}
        {length > nodes.length ? `First ${nodes.length} of ${count(length)} members.` : `${count(length)} members.`}
      </p>
    </>
  )
}

function Cell({ x, y, on, text }: { x: number; y: number; on: boolean; text: string }) {
  return (
    <>
      <rect
        x={x}
        y={y}
        width={CELL}
        height="26"
        fill={on ? 'var(--inv)' : 'var(--bg-sel)'}
        stroke={on ? 'var(--inv)' : 'var(--line-3)'}
      />
      {text !== '' && (
        <text
          className="m"
          x={x + 15}
          y={y + 17}
          fontSize="11"
          textAnchor="middle"
          style={{ fill: on ? 'var(--inv-ink)' : 'var(--ink-2)' }}
        >
          {text}
        </text>
      )}
    </>
  )
}
