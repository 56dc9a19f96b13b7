/** The nodes of a quicklist as a train: height is bytes against the limit of a node, hatched ones are compressed. */
import { useRef } from 'react'
import { showBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { type PathData, plural, type QuicklistData } from './data.ts'
import { Knob } from './Knob.tsx'
import { ListpackView } from './ListpackView.tsx'
import { Picture, type TableTwin } from './Pane.tsx'

const LIMITS = [4096, 8192, 16384, 32768, 65536]
const WIDE = 101

const limitText = (fill: number): string =>
  fill < 0 ? bytesText(LIMITS[-fill - 1] ?? 8192).replace('.0', '') : plural(fill, 'entry', 'entries')

export function quicklistSummary(s: QuicklistData): string {
  const packed = s.nodes.filter((n) => n.compressed > 0).length
  return `${plural(s.nodeCount, 'node')}, ${plural(s.count, 'entry', 'entries')}, ${count(s.bytes)} bytes of listpack${packed > 0 ? `, ${packed} compressed` : ''}. list-max-listpack-size ${s.fill} (a node holds ${limitText(s.fill)}), list-compress-depth ${s.compress}.`
}

const kindText = (n: QuicklistData['nodes'][number]): string =>
  n.plain ? 'plain' : n.compressed > 0 ? `LZF, ${bytesText(n.compressed)}` : 'listpack'

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
}) {
  const { s, node } = props
  const limitOf = (name: string): number => Number(props.limits?.find(([n]) => n === name)?.[1] ?? 0)
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const path = props.path?.kind === 'nodes' ? props.path : null
  // The middle folds when there is no room: half from each end.
  const room = Math.max(4, Math.floor(((width || 640) + 17) / WIDE))
  const fold = s.nodes.length > room * 3
  const list = fold ? [...s.nodes.slice(0, room), ...s.nodes.slice(-room)] : s.nodes
  const hidden = s.hidden + (fold ? s.nodes.length - list.length : 0)
  const most = s.fill < 0 ? (LIMITS[-s.fill - 1] ?? 8192) : Math.max(1, ...s.nodes.map((n) => n.bytes))
  const seen = new Map(path?.visited.map((n, i) => [n, i + 1]) ?? [])
  const tell = list.map(
    (n) =>
      `Node ${n.index} of ${s.nodeCount}: ${plural(n.count, 'entry', 'entries')}, ${plural(n.bytes, 'byte')}, ${kindText(n)}${seen.has(n.index) ? `; the last command came here in step ${seen.get(n.index)}, from the ${path?.from}` : ''}. Enter opens it.`,
  )
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
        >
          {(marks) => (
            <svg width={x(list.length - 1) + 90} height="112" aria-hidden="true">
              <defs>
                <pattern id="lzf" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                  <path d="M0 0v5" stroke="var(--line-2)" />
                </pattern>
              </defs>
              {list.map((n, i) => {
                const on = marks.on === i || node === n.index
                const step = seen.get(n.index)
                return (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                  <g
                    key={n.index}
                    transform={`translate(${x(i)} 0)`}
                    onClick={() => {
                      marks.pick(i)
                      props.onNode(n.index)
                    }}
                  >
                    {(n.index === 0 || n.index === s.nodeCount - 1) && (
                      <text x="0" y="14" fontSize="12" className="ink2t">
                        {s.nodeCount === 1 ? 'head and tail' : n.index === 0 ? 'head' : 'tail'}
                      </text>
                    )}
                    {step !== undefined && (
                      <text x="84" y="14" fontSize="11" textAnchor="end" fontWeight="700">
                        {step}
                      </text>
                    )}
                    <rect
                      className={marks.on === i ? 'mark-on' : ''}
                      x="1"
                      y="24"
                      width="83"
                      height="60"
                      rx="3"
                      fill={n.compressed > 0 ? 'url(#lzf)' : 'var(--replica-t)'}
                      stroke={on || step !== undefined ? 'var(--ink)' : 'var(--line-3)'}
                      strokeWidth={on || step !== undefined ? 2 : 1}
                    />
                    <rect x="6" y="30" width="72" height="48" rx="2" fill="var(--bg-panel)" opacity=".92" />
                    <text x="12" y="46" fontSize="13" fontWeight="600">
                      {count(n.count)}{' '}
                      <tspan fontWeight="400" className="ink2t">
                        {n.count === 1 ? 'item' : 'items'}
                      </tspan>
                    </text>
                    <text className="m ink2t" x="12" y="62" fontSize="11">
                      {bytesText(n.bytes)}
                    </text>
                    <rect x="12" y="69" width="60" height="4" fill="var(--bg-sel)" />
                    <rect x="12" y="69" width={Math.min(60, (60 * n.bytes) / most)} height="4" fill="var(--replica)" />
                    {i < list.length - 1 && i !== gapAt && (
                      <path d="M86 48h13m-4-3 4 3-4 3M99 62h-13m4-3-4 3 4 3" fill="none" stroke="var(--ink-3)" />
                    )}
                    {i === gapAt && (
                      <text x="130" y="58" fontSize="12" textAnchor="middle" className="ink2t">
                        {count(hidden)} nodes
                      </text>
                    )}
                    <text x="42" y="102" fontSize="12" textAnchor="middle" className="ink2t">
                      {kindText(n)}
                    </text>
                  </g>
                )
              })}
            </svg>
          )}
        </Picture>
      </div>
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
        </div>
      )}
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
