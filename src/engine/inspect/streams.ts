/** A stream as it lies there: the radix tree of its blocks, the entries of one block byte for byte, its groups and what they owe. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { type ConsumerGroup, groupLag } from '../objects/stream-group.ts'
import { addDelta, decodeId, encodeId, formatId, type StreamId } from '../objects/stream-id.ts'
import { ITEM_DELETED, ITEM_SAMEFIELDS, type Stream, type StreamNode } from '../objects/stream.ts'
import type { RaxNode } from '../structures/rax.ts'
import { clip } from './structures.ts'

const MAX_TREE = 300
const MAX_ENTRIES = 32
const MAX_BLOCKS = 64
const MAX_PENDING = 64

interface TreeNode {
  /** Bytes of the edge that leads here. */
  readonly edge: Bytes
  readonly compressed: boolean
  readonly key: string | null
  readonly children: TreeNode[]
  /** Children that are not sent. */
  readonly more: number
}
function treeOf(head: RaxNode<unknown>): TreeNode {
  let sent = 0
  const visit = (node: RaxNode<unknown>, edge: Bytes, path: Bytes): TreeNode => {
    sent++
    const children: TreeNode[] = []
    let more = 0
    node.children.forEach((child, i) => {
      const label = node.isCompr ? node.edge : (node.edge[i] ?? '')
      if (sent >= MAX_TREE) more++
      else children.push(visit(child, label, path + label))
    })
    const key = node.isKey ? (path.length === 16 ? formatId(decodeId(path)) : path) : null
    return { edge, compressed: node.isCompr, key, children, more }
  }
  return visit(head, '', '')
}

/** The block's elements in their order; the format is told in objects/stream.ts. */
function entriesOf(node: StreamNode, skip: number) {
  const values = node.lp.entries()
  const text = (i: number): Bytes => clip(`${values[i] ?? ''}`)
  const n = Number(values[2] ?? 0)
  const fields = Array.from({ length: n }, (_, i) => text(3 + i))
  const entries: {
    id: string
    msDelta: string
    seqDelta: string
    deleted: boolean
    same: boolean
    pairs: [Bytes, Bytes][]
  }[] = []
  let [i, seen] = [4 + n, 0]
  while (i < values.length) {
    const flags = Number(values[i])
    const [ms, seq] = [values[i + 1] as Int64, values[i + 2] as Int64]
    const same = (flags & ITEM_SAMEFIELDS) !== 0
    const pairs: [Bytes, Bytes][] = []
    let at = i + 3
    const count = same ? n : Number(values[at++])
    for (let f = 0; f < count; f++) {
      const name = same ? (fields[f] as Bytes) : text(at++)
      pairs.push([name, text(at++)])
    }
    i = at + 1
    if (seen++ < skip) continue
    if (entries.length >= MAX_ENTRIES) break
    const id: StreamId = { ms: addDelta(node.id.ms, ms), seq: addDelta(node.id.seq, seq) }
    const deleted = (flags & ITEM_DELETED) !== 0
    entries.push({ id: formatId(id), msDelta: `${ms}`, seqDelta: `${seq}`, deleted, same, pairs: pairs.slice(0, 8) })
  }
  return { fields, entries }
}

function groupOf(s: Stream, name: Bytes, g: ConsumerGroup, now: number) {
  const pending: { id: string; consumer: Bytes; idleMs: number; times: string }[] = []
  g.pel.forEach((_, nack) => {
    if (pending.length < MAX_PENDING)
      pending.push({
        id: formatId(nack.id),
        consumer: clip(nack.consumer?.name ?? ''),
        idleMs: Math.max(0, now - Number(nack.deliveryTime)),
        times: `${nack.deliveryCount}`,
      })
  })
  const consumers: { name: Bytes; pending: number; idleMs: number }[] = []
  g.consumers.forEach((_, c) => {
    consumers.push({ name: clip(c.name), pending: c.pel.size, idleMs: Math.max(0, now - Number(c.seenTime)) })
  })
  const lag = groupLag(s, g)
  return {
    name: clip(name),
    lastId: formatId(g.lastId),
    entriesRead: `${g.entriesRead}`,
    lag: lag === null ? null : `${lag}`,
    pel: g.pel.size,
    pending,
    consumers: consumers.slice(0, 32),
  }
}

export function viewStream(s: Stream, block: number, now: number): Record<string, unknown> {
  const nodes: StreamNode[] = []
  s.rax.forEach((_, node) => {
    nodes.push(node)
  })
  const at = Math.max(0, Math.min(block, nodes.length - 1))
  const open = nodes[at]
  const groups: ReturnType<typeof groupOf>[] = []
  s.groups?.forEach((name, g) => {
    if (groups.length < 16) groups.push(groupOf(s, name, g, now))
  })
  return {
    kind: 'stream',
    length: `${s.length}`,
    firstId: formatId(s.firstId),
    lastId: formatId(s.lastId),
    maxDeletedId: formatId(s.maxDeletedId),
    entriesAdded: `${s.entriesAdded}`,
    keys: s.rax.size,
    treeNodes: s.rax.numNodes,
    tree: treeOf(s.rax.head),
    blocks: nodes.slice(0, MAX_BLOCKS).map((b, index) => ({
      index,
      id: formatId(b.id),
      key: encodeId(b.id),
      count: b.count(),
      deleted: b.deleted(),
      bytes: b.lp.totalBytes,
    })),
    block: at,
    open: open === undefined ? null : entriesOf(open, 0),
    groups,
  }
}
