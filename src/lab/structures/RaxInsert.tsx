/** What an ID would do to a stream's tree, asked of the engine: the way down, where it ends, the tree afterwards. */
import { useState } from 'react'
import { useView } from '../parts/use-view.ts'
import { onBrackets } from './brackets.ts'
import { plural } from './data.ts'
import { Scroll } from './sheets.tsx'
import { edgeText, placeTree, type TreeNode } from './StreamView.tsx'

interface Insert {
  readonly key: string
  readonly way: {
    readonly path: readonly { readonly edge: string; readonly matched: number; readonly compressed: boolean }[]
    readonly at: number
    readonly end: 'split' | 'child' | 'leaf' | 'exists'
  }
  readonly before: { readonly tree: TreeNode; readonly nodes: number }
  readonly after: { readonly tree: TreeNode; readonly nodes: number }
}

const END: Readonly<Record<Insert['way']['end'], string>> = {
  split: 'inside a compressed node, which is split there',
  child: 'at a node that has no child for the next byte: it gets one more',
  leaf: 'at the end of the tree: the rest becomes one compressed node',
  exists: 'at a key that exists already: nothing is made',
}
const nextOf = (lastId: string): string =>
  `${lastId.slice(0, lastId.indexOf('-'))}-${Number(lastId.slice(lastId.indexOf('-') + 1)) + 1}`

export function RaxInsert(props: { process: string; db: number; name: string; lastId: string }) {
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState<string | null>(null)
  const [step, setStep] = useState(0)
  const id = typed ?? nextOf(props.lastId)
  const view = useView(open ? props.process : '', 'rax insert', [String(props.db), props.name, id])
  const d = view as (Insert & { tooMany?: number }) | null | undefined
  const way = d && d.tooMany === undefined ? d.way : null
  const last = way ? way.path.length + 1 : 0
  const at = Math.min(step, last)
  const before = d && way ? pathsOf(d.before.tree) : new Set<string>()
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do
    <div className="clane" onKeyDown={onBrackets((by) => setStep(Math.max(0, Math.min(last, at + by))))}>
      <span className="pager">
        <button type="button" className="btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
          What would an ID do?
        </button>
        {open && (
          <>
            <input
              className="field mono"
              aria-label="ID to put into the tree"
              size={20}
              value={id}
              onChange={(e) => {
                setTyped(e.target.value)
                setStep(0)
              }}
            />
            <button type="button" className="btn small" disabled={at === 0} onClick={() => setStep(at - 1)}>
              Back
            </button>
            <button type="button" className="btn small" disabled={!way || at >= last} onClick={() => setStep(at + 1)}>
              Next step
            </button>
          </>
        )}
      </span>
      {open && d === null && <p className="cap">That is not an ID: milliseconds, a dash, a number.</p>}
      {open && d?.tooMany !== undefined && <p className="cap">{d.tooMany} blocks: too many to copy for a look.</p>}
      {open && d && way && (
        <>
          <p className="cap" aria-live="polite">
            {at === 0
              ? `The key is 16 bytes: ${edgeText(d.key)}. XADD puts it into the tree only when it begins a new block; nothing is changed by looking.`
              : at < last
                ? told(way.path[at - 1] as Insert['way']['path'][number])
                : `The way ends after ${plural(way.at, 'byte')}, ${END[way.end]}. ${plural(d.before.nodes, 'node')} before, ${d.after.nodes} after.`}
          </p>
          <Tree
            tree={at < last ? d.before.tree : d.after.tree}
            old={at < last ? null : before}
            walked={at < last ? way.path.slice(0, at) : []}
          />
        </>
      )}
    </div>
  )
}

const told = (p: Insert['way']['path'][number]): string =>
  p.compressed
    ? `A compressed node of ${plural(p.edge.length, 'byte')}: ${p.matched} agree${p.matched < p.edge.length ? `, then ${edgeText(p.edge[p.matched] ?? '')} is not the key's byte` : ''}.`
    : p.matched === 1
      ? `A node with several children: the one for byte ${edgeText(p.edge)}.`
      : `A node with several children, none for byte ${edgeText(p.edge)}.`

/** Every node by the bytes that lead to it. */
function pathsOf(tree: TreeNode, path = '', out = new Set<string>()): Set<string> {
  out.add(path + tree.edge)
  for (const c of tree.children) pathsOf(c, path + tree.edge, out)
  return out
}

function Tree(props: {
  tree: TreeNode
  old: ReadonlySet<string> | null
  walked: readonly { readonly edge: string; readonly matched: number }[]
}) {
  const { list, width, height } = placeTree(props.tree)
  const y = (row: number) => row * 26 + 16
  const way = props.walked.map((w) => w.edge.slice(0, w.matched)).join('')
  const pathOf = (p: (typeof list)[number]): string => (p.parent ? pathOf(p.parent) : '') + p.node.edge
  return (
    <Scroll label="Radix tree">
      <svg width={width} height={height} role="img" aria-label={`Radix tree of ${list.length} nodes`}>
        {list.map((p, i) => {
          const path = pathOf(p)
          const fresh = props.old !== null && !props.old.has(path)
          const on =
            props.walked.length > 0 &&
            p.node.edge !== '' &&
            (way.startsWith(path) || path.startsWith(way)) &&
            way.length > path.length - p.node.edge.length
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a node is its place
            <g key={i}>
              {p.parent && (
                <path
                  d={`M${p.parent.x + p.parent.w} ${y(p.parent.y)}C${p.parent.x + p.parent.w + 18} ${y(p.parent.y)} ${p.x - 18} ${y(p.y)} ${p.x} ${y(p.y)}`}
                  fill="none"
                  stroke="var(--line-3)"
                />
              )}
              {p.hidden > 0 && (
                <text x={p.x + 4} y={y(p.y) + 4} fontSize="12" className="ink2t">
                  {p.hidden} more
                </text>
              )}
              <rect
                visibility={p.hidden > 0 ? 'hidden' : undefined}
                x={p.x}
                y={y(p.y) - 10}
                width={p.w}
                height="20"
                rx="3"
                fill={fresh ? 'var(--suspect-t)' : on ? 'var(--bg-sel)' : 'var(--bg-raised)'}
                stroke={fresh || on ? 'var(--ink)' : 'var(--line-3)'}
                strokeWidth={fresh || on ? 2 : 1}
              />
              <text className="m" x={p.x + 6} y={y(p.y) + 4} fontSize="11">
                {p.hidden > 0 ? '' : edgeText(p.node.edge)}
              </text>
              {p.node.key && p.hidden === 0 && (
                <>
                  <circle cx={p.x + p.w + 8} cy={y(p.y)} r="4" fill="var(--ink)" />
                  <text className="m" x={p.x + p.w + 18} y={y(p.y) + 4} fontSize="11">
                    {p.node.key}
                  </text>
                </>
              )}
            </g>
          )
        })}
      </svg>
    </Scroll>
  )
}
