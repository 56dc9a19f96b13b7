/**
 * The nodes of a quicklist as a train: height is what a node holds against its limit, the dashed line; a compressed node is
 * hatched, and as much narrower as LZF made it.
 */
import { useEffect, useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { typeOn } from './Cli.tsx'
import { commandText, type PathData, plural, type QuicklistData } from './data.ts'
import { Knob, Try } from './Knob.tsx'
import { ListpackView } from './ListpackView.tsx'
import { Picture, type TableTwin } from './Pane.tsx'
import { QuicklistSandboxView } from './QuicklistSandboxView.tsx'
import { nodeChange } from './quicklist-sandbox.ts'

const LIMITS = [4096, 8192, 16384, 32768, 65536]
const WIDE = 101

const limitText = (fill: number): string =>
  fill < 0 ? bytesText(LIMITS[-fill - 1] ?? 8192).replace('.0', '') : plural(fill, 'entry', 'entries')

export function quicklistSummary(s: QuicklistData): string {
  const packed = s.nodes.filter((n) => n.compressed > 0).length
  return `${plural(s.nodeCount, 'node')}, ${plural(s.count, 'entry', 'entries')}, ${(s.count / Math.max(1, s.nodeCount)).toFixed(s.nodeCount > 1 ? 2 : 0)} a node, ${count(s.bytes)} bytes of listpack${packed > 0 ? `, ${packed} compressed` : ''}. list-max-listpack-size ${s.fill} (a node holds ${limitText(s.fill)}), list-compress-depth ${s.compress}.`
}

const kindText = (n: QuicklistData['nodes'][number]): string =>
  n.plain ? 'plain' : n.compressed > 0 ? `LZF ${Math.round((100 * n.compressed) / n.bytes)} %` : 'listpack'
/** How full a node is, against the limit in bytes or in entries. */
const shareOf = (n: QuicklistData['nodes'][number], fill: number): number =>
  n.plain ? 1 : fill < 0 ? n.bytes / (LIMITS[-fill - 1] ?? 8192) : Math.max(n.count / Math.max(1, fill), n.bytes / 8192)

/** What happened to the nodes since the last look. */
function useNodeChange(s: QuicklistData): string | null {
  const before = useRef<readonly number[] | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  useEffect(() => {
    const now = s.nodes.map((n) => n.count)
    const old = before.current
    before.current = now
    const change = old === null || s.hidden > 0 ? null : nodeChange(old, now)
    if (change !== null) setSaid(change)
  }, [s])
  return said
}

export function quicklistTable(s: QuicklistData): TableTwin {
  return {
    head: ['Node', 'Entries', 'Bytes', 'Container', 'Compressed'],
    rows: s.nodes.map((n) => [
      n.index,
      n.count,
      n.bytes,
      n.plain ? 'plain' : 'listpack',
      n.compressed > 0 ? n.compressed : 'raw',
    ]),
    ...(s.hidden > 0 ? { note: `${s.hidden} nodes in the middle are left out.` } : {}),
  }
}

export function QuicklistView(props: {
  s: QuicklistData
  path: PathData | null
  onNode: (node: number) => void
  node: number
  /** Where its directives are set, and what they are now. */
  process?: string
  limits?: readonly (readonly [string, string])[]
  of?: { readonly process: string; readonly db: number; readonly name: string } | undefined
}) {
  const { s, node } = props
  const [sandbox, setSandbox] = useState(false)
  const change = useNodeChange(s)
  const limitOf = (name: string): number => Number(props.limits?.find(([n]) => n === name)?.[1] ?? 0)
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const path = props.path?.kind === 'nodes' ? props.path : null
  // The middle folds when there is no room: half from each end.
  const room = Math.max(4, Math.floor(((width || 640) + 17) / WIDE))
  const fold = s.nodes.length > room * 3
  const list = fold ? [...s.nodes.slice(0, room), ...s.nodes.slice(-room)] : s.nodes
  const hidden = s.hidden + (fold ? s.nodes.length - list.length : 0)
  const seen = new Map(path?.visited.map((n, i) => [n, i + 1]) ?? [])
  const tell = list.map(
    (n) =>
      `Node ${n.index} of ${s.nodeCount}: ${plural(n.count, 'entry', 'entries')}, ${plural(n.bytes, 'byte')}, ${kindText(n)}${n.compressed > 0 ? ` (${plural(n.compressed, 'byte')})` : ''}, ${Math.round(100 * shareOf(n, s.fill))} % of the limit${seen.has(n.index) ? `; the last command came here in step ${seen.get(n.index)}, from the ${path?.from}` : ''}. Enter opens it.`,
  )
  // Where a node begins is known from the end that it is counted from.
  const commandsFor = (i: number): string[] => {
    const n = list[i]
    if (!n || !props.of || props.of.name.length > 40) return []
    const fromHead = s.hidden === 0 || n.index < s.nodes.findIndex((x, k) => x.index !== k)
    const at = s.nodes
      .filter((x) => (fromHead ? x.index < n.index : x.index > n.index))
      .reduce((sum, x) => sum + x.count, 0)
    const [from, to] = fromHead ? [at, at + n.count - 1] : [-at - n.count, -at - 1]
    return [
      ['LRANGE', props.of.name, String(from), String(to)],
      ['LINDEX', props.of.name, String(from)],
    ].map((argv) => commandText(argv, 200))
  }
  let gapAt = -1
  list.forEach((n, i) => {
    const next = list[i + 1]
    if (next && next.index !== n.index + 1) gapAt = i
  })
  const x = (i: number) => i * WIDE + (gapAt >= 0 && i > gapAt ? 76 : 0)
  return (
    <>
      <div className="sv" ref={holder}>
        <Picture
          label={`Quicklist, ${plural(s.nodeCount, 'node')}, ${plural(s.count, 'entry', 'entries')}`}
          tell={tell}
          enter={(i) => list[i] && props.onNode(list[i].index)}
          commands={props.of && commandsFor}
          run={props.of && ((line) => props.of && typeOn(props.of, line))}
        >
          {(marks) => (
            <svg width={x(list.length - 1) + 112} height="176" aria-hidden="true">
              <defs>
                <pattern id="lzf" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                  <path d="M0 0v5" stroke="var(--line-3)" />
                </pattern>
              </defs>
              <path d={`M0 ${TOP}H${x(list.length - 1) + 92}`} stroke="var(--ink-3)" strokeDasharray="4 3" />
              <path d={`M0 ${GROUND + 4}H${x(list.length - 1) + 92}`} stroke="var(--line-2)" />
              {list.map((n, i) => (
                <Car
                  key={n.index}
                  told={tell[i] ?? ''}
                  n={n}
                  x={x(i)}
                  fill={s.fill}
                  end={
                    s.nodeCount === 1
                      ? 'head and tail'
                      : n.index === 0
                        ? 'head'
                        : n.index === s.nodeCount - 1
                          ? 'tail'
                          : ''
                  }
                  on={marks.on === i}
                  open={node === n.index}
                  step={seen.get(n.index)}
                  last={path !== null && path.visited.at(-1) === n.index}
                  link={i < list.length - 1 && i !== gapAt}
                  pick={() => {
                    marks.pick(i)
                    props.onNode(n.index)
                  }}
                />
              ))}
              {gapAt >= 0 && (
                <text x={x(gapAt) + 131} y={GROUND - 24} fontSize="12" textAnchor="middle" className="ink2t">
                  {count(hidden)} nodes
                </text>
              )}
            </svg>
          )}
        </Picture>
      </div>
      <p className="cap">
        Dashed: the limit of a node, {limitText(s.fill)}.{' '}
        {change !== null && (
          <span className="ink" data-testid="node-change" aria-live="polite">
            Just now: {change}
          </span>
        )}
      </p>
      {props.of && <ListTools {...props.of} s={s} />}
      {props.process !== undefined && (
        <div className="knobs">
          <Knob
            process={props.process}
            name="list-max-listpack-size"
            value={limitOf('list-max-listpack-size')}
            min={-5}
            max={16}
            say={(v) =>
              v < 0 ? `${v}, ${bytesText(LIMITS[-v - 1] ?? 0)} a node` : v === 0 ? '0, as 1' : `${v} a node`
            }
          />
          <Knob
            process={props.process}
            name="list-compress-depth"
            value={limitOf('list-compress-depth')}
            min={0}
            max={4}
          />
          <span className="cap">They hold for lists that are made after.</span>
          <button type="button" className="btn small" aria-expanded={sandbox} onClick={() => setSandbox(!sandbox)}>
            Split and merge, step by step
          </button>
        </div>
      )}
      {sandbox && <QuicklistSandboxView />}
      {s.nodeCount > 1 && (
        <label className="pager cap">
          Node
          <input
            className="field mono"
            type="number"
            min={0}
            max={s.nodeCount - 1}
            value={node}
            aria-label="Node whose bytes are shown"
            onChange={(e) => props.onNode(Math.max(0, Math.min(s.nodeCount - 1, Number(e.target.value) || 0)))}
          />
          {path ? `The last command stands at index ${count(path.index)}, counted from the ${path.from}.` : ''}
        </label>
      )}
      {s.listpack && <ListpackView s={s.listpack} type="list" path={null} />}
      {s.plain !== null && (
        <p className="cap">
          A plain node, one element in its own allocation: <span className="mono">{showBytes(s.plain, 120)}</span>
        </p>
      )}
    </>
  )
}

const [TOP, GROUND] = [30, 112]
/** One node: what it holds above the ground, what it is below. */
function Car(props: {
  told: string
  n: QuicklistData['nodes'][number]
  x: number
  fill: number
  end: string
  on: boolean
  open: boolean
  step: number | undefined
  /** The last command stands here. */
  last: boolean
  link: boolean
  pick: () => void
}) {
  const { n, x, step } = props
  const squeezed = n.compressed > 0 ? n.compressed / n.bytes : 1
  const w = Math.max(20, 83 * squeezed)
  const left = (85 - w) / 2
  const h = Math.max(6, Math.min(1.1, shareOf(n, props.fill)) * (GROUND - TOP))
  const hot = props.on || props.open || step !== undefined
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
    <g transform={`translate(${x} 0)`} onClick={props.pick} className="carbox">
      <title>{props.told}</title>
      {props.end !== '' && (
        <text x="0" y="12" fontSize="12" fontWeight="600">
          {props.end}
        </text>
      )}
      {step !== undefined && (
        <text x="84" y="12" fontSize="11" textAnchor="end" fontWeight="700">
          {step}
        </text>
      )}
      {props.last && <path d={`M42.5 ${GROUND - h - 4}l-5-8h10z`} fill="var(--ink)" />}
      <rect x={left} y={TOP} width={w} height={GROUND - TOP} fill="none" stroke="var(--line-2)" strokeDasharray="1 4" />
      <rect
        className={props.on ? 'mark-on' : ''}
        x={left}
        y={GROUND - h}
        width={w}
        height={h}
        rx="2"
        fill={n.plain ? 'var(--bg-sel)' : 'var(--replica-t)'}
        stroke={hot ? 'var(--ink)' : 'var(--replica)'}
        strokeWidth={hot ? 2 : 1}
      />
      {n.compressed > 0 && <rect x={left} y={GROUND - h} width={w} height={h} fill="url(#lzf)" />}
      {n.compressed > 0 && (
        <path
          d={`M${left - 12} ${GROUND - 20}h9m-4-3 4 3-4 3M${left + w + 12} ${GROUND - 20}h-9m4-3-4 3 4 3`}
          fill="none"
          stroke="var(--ink-3)"
        />
      )}
      <circle cx={left + 8} cy={GROUND + 4} r="3.5" fill="var(--bg-panel)" stroke="var(--ink-3)" />
      <circle cx={left + w - 8} cy={GROUND + 4} r="3.5" fill="var(--bg-panel)" stroke="var(--ink-3)" />
      {props.link && (
        <path
          d={`M86 ${GROUND - 12}h13m-4-3 4 3-4 3M99 ${GROUND - 2}h-13m4-3-4 3 4 3`}
          fill="none"
          stroke="var(--ink-3)"
        />
      )}
      <text x="42" y={GROUND + 24} fontSize="13" fontWeight="600" textAnchor="middle">
        {count(n.count)}{' '}
        <tspan fontWeight="400" className="ink2t">
          {n.count === 1 ? 'item' : 'items'}
        </tspan>
      </text>
      <text className="m ink2t" x="42" y={GROUND + 40} fontSize="11" textAnchor="middle">
        {bytesText(n.bytes)}
      </text>
      <text x="42" y={GROUND + 56} fontSize="12" textAnchor="middle" className="ink2t">
        {kindText(n)}
      </text>
    </g>
  )
}

/** Commands on this list, typed as they stand on the button. */
function ListTools({ process, db, name, s }: { process: string; db: number; name: string; s: QuicklistData }) {
  const entries = s.listpack?.entries ?? []
  const middle = entries[Math.floor(entries.length / 2)]
  if (name.length > 24) return null
  const lines: string[][] = [
    ['LPUSH', name, 'first'],
    ['RPUSH', name, 'last'],
    ...(middle !== undefined && String(middle.value).length <= 40
      ? [['LINSERT', name, 'BEFORE', String(middle.value), 'between']]
      : []),
    ['LINDEX', name, String(Math.floor(s.count / 2))],
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
