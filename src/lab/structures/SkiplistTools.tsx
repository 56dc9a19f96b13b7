/** Beside a skiplist: the comparisons one by one with the code they run, the dict that shares its members, commands to type. */
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { onBrackets } from './brackets.ts'
import { CodePanel } from './CodePanel.tsx'
import { commandText, type LensData, type SkiplistData, scoreText } from './data.ts'
import { Try } from './Knob.tsx'
import { Figures } from './sheets.tsx'
import { codeFor, diceOf, litLine } from './skiplist-code.ts'
import type { Way } from './SkiplistView.tsx'

/** One comparison in words, as zslGetRank makes it. */
export function stepText(s: SkiplistData, way: Way, n: number, passed: number): string {
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
  const done = n === way.hops.length - 1 && passed === way.rank
  return `${at}: ${name(hop.seen)} is beyond the target, ${done ? 'and this node is the target: done' : 'go down'}. Rank so far ${passed}.`
}

export function Steps({
  s,
  way,
  upto,
  onUpto,
}: {
  s: SkiplistData
  way: Way
  upto: number
  onUpto: (n: number) => void
}) {
  const all = way.hops.length
  const before = way.hops.slice(0, upto - 1).reduce((n, h) => n + h.span, 0)
  const done = way.hops.slice(0, upto)
  const spans = done.filter((h) => h.next > 0).map((h) => h.span)
  const code = codeFor(way.command, way.member)
  const onKey = onBrackets((by) => onUpto(Math.max(1, Math.min(all, upto + by))))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do
    <div className="codestep" onKeyDown={onKey}>
      <CodePanel
        name={code.name}
        lines={code.lines}
        lit={litLine(code, way.hops, upto - 1, way.rank)}
        test={code.test}
      />
      <div className="stepside">
        <div className="pager">
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
        </div>
        <p className="cap" aria-live="polite">
          {upto} of {all}. {stepText(s, way, upto - 1, before)}
        </p>
        <Figures
          list={[
            [
              'rank',
              spans.length === 0
                ? '0'
                : `${spans.length > 7 ? '…' : spans.join(' + ')} = ${count(spans.reduce((a, b) => a + b, 0))}`,
            ],
            ['comparisons', done.filter((h) => h.seen > 0).length],
            ['a plain list', count(way.rank)],
            [`log2 of ${count(s.length)}`, Math.log2(Math.max(1, s.length)).toFixed(1)],
          ]}
        />
      </div>
    </div>
  )
}

/** What the dice of a node that ZADD put in were. */
export function Dice({ s, way }: { s: SkiplistData; way: Way }) {
  if (!/^ZADD|^ZINCRBY|^GEOADD/i.test(way.command) || way.member === null) return null
  const node = [...s.nodes, ...way.names].find((n) => n.ele === way.member)
  if (!node) return null
  return (
    <p className="cap">
      Dice of <span className="mono ink">{showBytes(way.member, 24)}</span>:{' '}
      <span className="mono">{diceOf(node.levels.length)}</span>
    </p>
  )
}

/** Commands on this key, typed as they stand on the button. */
export function ZsetTools({ process, db, name, s }: { process: string; db: number; name: string; s: SkiplistData }) {
  const middle = s.nodes[Math.floor(s.nodes.length / 2)]
  if (!middle || name.length > 24) return null
  const scores = s.nodes.map((n) => n.score).filter((n) => Number.isFinite(n))
  const between = Math.round((Math.min(...scores) + Math.max(...scores)) / 2)
  const lines: string[][] = [
    ['ZADD', name, String(between), `new:${s.length}`],
    ['ZRANK', name, middle.ele],
    ['ZSCORE', name, middle.ele],
    ['ZRANGE', name, String(Math.floor(s.length / 2)), String(Math.floor(s.length / 2) + 2)],
  ]
  return (
    <div className="typed" role="group" aria-label="Commands to type">
      {lines.map((argv) => {
        const line = commandText(argv, 200)
        return (
          <Try key={argv[0]} process={process} lines={[...(db === 0 ? [] : [`SELECT ${db}`]), line]}>
            <span className="mono">{line}</span>
          </Try>
        )
      })}
    </div>
  )
}

/** The dict beside the list as a thin strip; a line leads from each member that is drawn to its bucket. */
export function DictStrip(props: {
  lens: LensData
  columns: readonly { readonly id: number; readonly x: number; readonly w: number }[]
  left: number
  right: number
  top: number
  on: number
  visited: readonly (readonly [number, number, number])[]
}) {
  const { lens, left, right, top } = props
  const total = lens.sizes[0] + lens.sizes[1]
  if (total === 0) return null
  const w = (right - left) / total
  const at = new Map(lens.buckets.map(([id, t, b]) => [id, (t === 0 ? b : lens.sizes[0] + b) * w + left + w / 2]))
  const used = [...new Set(lens.buckets.map(([, t, b]) => (t === 0 ? b : lens.sizes[0] + b)))]
  return (
    <g className="dictstrip">
      {props.columns.map((c) => {
        const x = at.get(c.id)
        if (x === undefined) return null
        const on = props.on === c.id
        return (
          <path
            key={c.id}
            d={`M${c.x + c.w / 2} ${top}C${c.x + c.w / 2} ${top + 10} ${x} ${top + 4} ${x} ${top + 15}`}
            fill="none"
            stroke={on ? 'var(--ink)' : 'var(--line-3)'}
            strokeWidth={on ? 2 : 1}
          />
        )
      })}
      <rect x={left} y={top + 16} width={right - left} height="10" fill="var(--bg-panel)" stroke="var(--line-3)" />
      {used.map((b) => (
        <rect key={b} x={left + b * w} y={top + 16} width={Math.max(1.5, w)} height="10" fill="var(--line-3)" />
      ))}
      {total <= 128 && (
        <path
          d={Array.from({ length: total - 1 }, (_, i) => `M${(left + (i + 1) * w).toFixed(1)} ${top + 16}v10`).join('')}
          stroke="var(--bg-panel)"
        />
      )}
      {props.visited.map(([t, b]) => (
        <rect
          key={`${t}|${b}`}
          x={left + (t === 0 ? b : lens.sizes[0] + b) * w - 1}
          y={top + 13}
          width={Math.max(4, w + 2)}
          height="16"
          fill="none"
          stroke="var(--ink)"
          strokeWidth="2"
        />
      ))}
      {lens.sizes[1] > 0 && <path d={`M${left + lens.sizes[0] * w} ${top + 12}v18`} stroke="var(--ink)" />}
      <text x={left - 8} y={top + 25} fontSize="12" textAnchor="end" className="ink2t">
        dict
      </text>
    </g>
  )
}

/** All towers of a long list, low; what is drawn large has a mark below. */
export function Density(props: {
  lens: LensData
  length: number
  level: number
  ranks: readonly number[]
  left: number
  right: number
  top: number
}) {
  const { lens, left, right, top } = props
  const w = (right - left) / Math.max(1, lens.heights.length)
  const x = (rank: number) => left + ((rank - 0.5) / Math.max(1, props.length)) * (right - left)
  return (
    <g>
      {lens.heights.map((h, i) =>
        h === 0 ? null : (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
            key={i}
            x={left + i * w}
            y={top + 24 - (h / Math.max(1, props.level)) * 24}
            width={Math.max(1, w - 0.6)}
            height={(h / Math.max(1, props.level)) * 24}
            fill="var(--line-3)"
          />
        ),
      )}
      {props.ranks.map((r) => (
        <path key={r} d={`M${x(r).toFixed(1)} ${top + 26}v6`} stroke="var(--ink)" strokeWidth="1.5" />
      ))}
      <text x={left - 8} y={top + 20} fontSize="12" textAnchor="end" className="ink2t">
        all
      </text>
    </g>
  )
}
