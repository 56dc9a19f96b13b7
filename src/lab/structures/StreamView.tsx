/**
 * A stream: the radix tree whose keys are the IDs of the blocks, the entries of one block as differences to its master
 * entry, and the groups with what they delivered and nobody acknowledged.
 */
import { useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count, duration } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { typeOn } from './Cli.tsx'
import { codes, commandText, hex, type ListpackData, plural } from './data.ts'
import { ListpackView } from './ListpackView.tsx'
import { streamRoles } from './listpack-text.ts'
import { Picture, type TableTwin } from './Pane.tsx'
import { RaxInsert } from './RaxInsert.tsx'
import { DataTable, Figures } from './sheets.tsx'
import { StreamWork } from './StreamWork.tsx'
import { RangeWalk, TrimCompare, type WalkMark } from './StreamTools.tsx'
import { blockOf } from './stream-ids.ts'

export interface TreeNode {
  readonly edge: string
  readonly compressed: boolean
  readonly key: string | null
  readonly children: readonly TreeNode[]
  readonly more: number
}
export interface StreamData {
  readonly length: string
  readonly firstId: string
  readonly lastId: string
  readonly maxDeletedId: string
  readonly entriesAdded: string
  readonly keys: number
  readonly treeNodes: number
  readonly tree: TreeNode
  readonly blocks: readonly { index: number; id: string; key: string; count: number; deleted: number; bytes: number }[]
  readonly block: number
  /** The newest entries. */
  readonly tape: readonly string[]
  readonly open: {
    readonly fields: readonly string[]
    readonly entries: readonly {
      id: string
      msDelta: string
      seqDelta: string
      deleted: boolean
      same: boolean
      pairs: readonly (readonly [string, string])[]
    }[]
  } | null
  readonly listpack?: ListpackData | null
  readonly groups: readonly {
    name: string
    lastId: string
    entriesRead: string
    lag: string | null
    pel: number
    pending: readonly { id: string; consumer: string; idleMs: number; times: string }[]
    consumers: readonly { name: string; pending: number; idleMs: number }[]
  }[]
}

export const streamSummary = (s: StreamData): string =>
  `${s.length} ${s.length === '1' ? 'entry' : 'entries'} in ${plural(s.keys, 'block')}, ${plural(s.treeNodes, 'radix tree node')}, last ID ${s.lastId}, ${s.entriesAdded} ever added, ${plural(s.groups.length, 'group')}.`

export function streamTable(s: StreamData): TableTwin {
  const rows: (string | number)[][] = []
  const walk = (n: TreeNode, depth: number): void => {
    rows.push([
      depth,
      '\u00a0\u00a0'.repeat(depth) + (edgeText(n.edge) || 'root'),
      n.compressed ? 'compressed' : plural(n.children.length, 'child', 'children'),
      n.key ?? '',
    ])
    for (const c of n.children) walk(c, depth + 1)
    if (n.more > 0) rows.push([depth + 1, `${n.more} more`, '', ''])
  }
  walk(s.tree, 0)
  return { head: ['Depth', 'Edge', 'Node', 'Key'], rows, note: streamSummary(s) }
}

export const edgeText = (edge: string): string => codes(edge).map(hex).join(' ')

interface Placed {
  readonly node: TreeNode
  readonly x: number
  readonly y: number
  readonly w: number
  readonly parent: Placed | null
  /** Children that are not drawn, counted here. */
  readonly hidden: number
}
export function placeTree(tree: TreeNode): { list: Placed[]; width: number; height: number } {
  const list: Placed[] = []
  let row = 0
  let right = 0
  const put = (node: TreeNode, x: number, parent: Placed | null): Placed => {
    const label = edgeText(node.edge)
    const w = Math.max(12, label.length * 6.7 + (label === '' ? 0 : 12))
    const first = row
    const at: { -readonly [K in keyof Placed]: Placed[K] } = { node, x, y: 0, w, parent, hidden: 0 }
    list.push(at)
    const kids = node.children.slice(0, 14)
    for (const c of kids) put(c, x + w + 34, at)
    const hidden = node.more + node.children.length - kids.length
    if (hidden > 0) list.push({ node, x: x + w + 34, y: row++, w: 12, parent: at, hidden })
    else if (kids.length === 0) row++
    at.y = kids.length === 0 && hidden === 0 ? first : first + (row - 1 - first) / 2
    right = Math.max(right, x + w + (node.key ? node.key.length * 6.7 + 30 : 10))
    return at
  }
  put(tree, 0, null)
  return { list, width: right, height: Math.max(1, row) * 26 + 8 }
}

export function StreamView(props: {
  s: StreamData
  onBlock: (block: number) => void
  /** Whose stream it is, to ask what an ID would do. */
  of?: { readonly process: string; readonly db: number; readonly name: string }
}) {
  const { s, onBlock } = props
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const { list, height, width: right } = placeTree(s.tree)
  const y = (p: Placed) => p.y * 26 + 16
  const tell = list.map((p) =>
    p.hidden > 0
      ? `${plural(p.hidden, 'child', 'children')} more, not drawn.`
      : `${p.node.edge === '' ? 'Root' : `Edge ${edgeText(p.node.edge)}`}: ${p.node.compressed ? 'the node below is compressed, one child behind several bytes' : plural(p.node.children.length, 'child', 'children')}${p.node.key ? `; key, the block that begins with ${p.node.key}` : ''}.`,
  )
  const commandsFor = (i: number): string[] => {
    const key = list[i]?.node.key
    if (!key || !props.of || props.of.name.length > 40) return []
    return [
      ['XRANGE', props.of.name, key, '+', 'COUNT', '3'],
      ['XTRIM', props.of.name, 'MINID', key],
    ].map((argv) => commandText(argv, 200))
  }
  const [walk, setWalk] = useState<WalkMark | null>(null)
  const toBlock = (id: string) => {
    const b = s.blocks.find((x) => x.id === id)
    if (b && b.index !== s.block) onBlock(b.index)
  }
  const longest = Math.max(0, ...s.blocks.map((b) => b.count + b.deleted))
  return (
    <>
      <div className="sv" ref={holder}>
        <Picture
          label={streamSummary(s)}
          tell={tell}
          commands={props.of && commandsFor}
          run={props.of && ((line) => props.of && typeOn(props.of, line))}
        >
          {(marks) => (
            <svg width={Math.max(right, Math.min(width, 400))} height={height} aria-hidden="true">
              {list.map((p, i) => (
                // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                <g
                  // biome-ignore lint/suspicious/noArrayIndexKey: a node is its place
                  key={i}
                  onClick={() => {
                    marks.pick(i)
                    const b = s.blocks.find((x) => x.id === p.node.key)
                    if (b) onBlock(b.index)
                  }}
                >
                  {p.parent && (
                    <path
                      d={`M${p.parent.x + p.parent.w} ${y(p.parent)}C${p.parent.x + p.parent.w + 18} ${y(p.parent)} ${p.x - 18} ${y(p)} ${p.x} ${y(p)}`}
                      fill="none"
                      stroke="var(--line-3)"
                    />
                  )}
                  {p.hidden > 0 && (
                    <text x={p.x + 4} y={y(p) + 4} fontSize="12" className="ink2t">
                      {count(p.hidden)} more
                    </text>
                  )}
                  <rect
                    className={marks.on === i ? 'mark-on' : ''}
                    visibility={p.hidden > 0 ? 'hidden' : undefined}
                    x={p.x}
                    y={y(p) - 10}
                    width={p.w}
                    height="20"
                    rx="3"
                    fill={
                      p.node.edge === ''
                        ? 'var(--bg-sel)'
                        : p.node.edge.length > 1
                          ? 'var(--replica-t)'
                          : 'var(--bg-raised)'
                    }
                    stroke="var(--line-3)"
                  />
                  <text className="m" x={p.x + 6} y={y(p) + 4} fontSize="11">
                    {p.hidden > 0 ? '' : edgeText(p.node.edge)}
                  </text>
                  {p.node.key && p.hidden === 0 && (
                    <>
                      <circle cx={p.x + p.w + 8} cy={y(p)} r="4" fill="var(--ink)" />
                      <text
                        className="m"
                        x={p.x + p.w + 18}
                        y={y(p) + 4}
                        fontSize="11"
                        fontWeight={s.blocks.find((b) => b.index === s.block)?.id === p.node.key ? 700 : 400}
                      >
                        {p.node.key}
                      </text>
                    </>
                  )}
                </g>
              ))}
            </svg>
          )}
        </Picture>
      </div>
      {props.of && (
        <>
          <RaxInsert {...props.of} lastId={s.lastId} />
          <RangeWalk
            {...props.of}
            first={s.firstId}
            last={s.lastId}
            onMark={(m) => {
              setWalk(m)
              if (m?.block) toBlock(m.block)
            }}
          />
          <TrimCompare {...props.of} length={Number(s.length)} />
        </>
      )}
      <div className="blocks" role="group" aria-label="Blocks of entries">
        {s.blocks.map((b) => (
          <button
            key={b.id}
            type="button"
            className={b.index === s.block ? 'on' : ''}
            aria-pressed={b.index === s.block}
            title={`${b.id}: ${b.count} live, ${b.deleted} deleted, ${b.bytes} bytes`}
            onClick={() => onBlock(b.index)}
          >
            <span
              className="fillbar"
              style={{ height: `${Math.max(4, (28 * (b.count + b.deleted)) / Math.max(1, longest))}px` }}
            >
              <i style={{ height: `${(100 * b.deleted) / Math.max(1, b.count + b.deleted)}%` }} />
            </span>
            <span className="mono">{b.count}</span>
            {s.groups
              .filter((g) => blockOf(s.blocks, g.lastId)?.id === b.id)
              .slice(0, 2)
              .map((g) => (
                <span key={g.name} className="grouptag" title={`${g.name} has been delivered up to ${g.lastId}`}>
                  {showBytes(g.name, 10)}
                </span>
              ))}
          </button>
        ))}
        {s.keys > s.blocks.length && <span className="cap">{count(s.keys - s.blocks.length)} blocks between</span>}
      </div>
      {s.open && <Block s={s} open={s.open} walk={walk} />}
      {props.of && (
        <StreamWork process={props.of.process} name={props.of.name} groups={s.groups} tape={s.tape} length={s.length} />
      )}
      {s.groups.map((g) => (
        <Group key={g.name} s={s} g={g} />
      ))}
    </>
  )
}

function Block({ s, open, walk }: { s: StreamData; open: NonNullable<StreamData['open']>; walk: WalkMark | null }) {
  const [bytes, setBytes] = useState(false)
  const b = s.blocks.find((x) => x.index === s.block)
  return (
    <>
      <p className="cap">
        Block <span className="mono ink">{b?.id}</span>: {plural(b?.bytes ?? 0, 'byte')}, {b?.count ?? 0} live,{' '}
        {b?.deleted ?? 0} deleted. Master entry:{' '}
        <span className="mono ink">{open.fields.map((f) => showBytes(f, 20)).join(', ')}</span>{' '}
        {s.listpack && (
          <button type="button" className="btn q small" aria-pressed={bytes} onClick={() => setBytes(!bytes)}>
            {bytes ? 'As entries' : 'As bytes'}
          </button>
        )}
      </p>
      {bytes && s.listpack && (
        <ListpackView
          s={s.listpack}
          type="stream"
          path={null}
          roles={streamRoles(s.listpack.entries.map((e) => e.value))}
        />
      )}
      <DataTable
        label="Entries of the block"
        head={['ID', '+ms', '+seq', 'Flags', 'Fields and values']}
        right={[1, 2]}
        rows={open.entries.map((e) => [
          <span key="id" className={walk?.id === e.id ? 'walkat' : ''}>
            {walk?.emitted.has(e.id) ? '✓ ' : ''}
            {e.deleted ? <s>{e.id}</s> : e.id}
          </span>,
          e.msDelta,
          e.seqDelta,
          `${(e.deleted ? 1 : 0) | (e.same ? 2 : 0)}${e.deleted ? ' deleted' : ''}${e.same ? ' same fields' : ''}`,
          <span key="v" className={e.deleted ? 'gonerow' : ''}>
            {e.pairs
              .map(([f, v]) => (e.same ? showBytes(v, 24) : `${showBytes(f, 16)} ${showBytes(v, 24)}`))
              .join(e.same ? '  ' : ', ')}
          </span>,
        ])}
      />
    </>
  )
}

function Group({ s, g }: { s: StreamData; g: StreamData['groups'][number] }) {
  return (
    <section className="groupbox" aria-label={`Group ${showBytes(g.name, 30)}`}>
      <p className="cap">
        <b className="ink">Group</b> <span className="mono ink">{showBytes(g.name, 30)}</span>
      </p>
      <Figures
        list={[
          ['last-delivered-id', g.lastId],
          ['entries-read', g.entriesRead === '-1' ? 'not known' : `${g.entriesRead} of ${s.entriesAdded}`],
          ['lag', g.lag ?? 'not known'],
          ['pending', count(g.pel)],
        ]}
      />
      <div className="lanes2">
        {g.consumers.map((c) => (
          <div key={c.name} className="lane2">
            <span className="mono lanename">{showBytes(c.name, 18)}</span>
            <span className="cards">
              {g.pending
                .filter((p) => p.consumer === c.name)
                .map((p) => (
                  <span
                    key={p.id}
                    className="card2 mono"
                    title={`${p.id}: delivered ${p.times} times, idle ${duration(p.idleMs * 1000)}`}
                  >
                    {p.id}
                    <small>
                      {p.times}×, {duration(p.idleMs * 1000)}
                    </small>
                  </span>
                ))}
              {c.pending === 0 && <span className="cap">nothing pending</span>}
            </span>
          </div>
        ))}
        {g.consumers.length === 0 && <p className="cap">No consumer yet.</p>}
        {g.pel > g.pending.length && (
          <p className="cap">
            {g.pending.length} of {count(g.pel)} pending entries, from both ends.
          </p>
        )}
      </div>
    </section>
  )
}
