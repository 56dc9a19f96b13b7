/** A stream as it lies there: the radix tree of its blocks, the entries of one block byte for byte, its groups and what they owe. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Int64 } from '../bytes/numbers.ts'
import { type ConsumerGroup, groupLag } from '../objects/stream-group.ts'
import { addDelta, decodeId, encodeId, formatId, type StreamId } from '../objects/stream-id.ts'
import { ITEM_DELETED, ITEM_SAMEFIELDS, type Stream, type StreamNode } from '../objects/stream.ts'
import type { Rax, RaxNode } from '../structures/rax.ts'
import { clip } from './clip.ts'
import { viewListpack } from './structures.ts'

const MAX_TREE = 300
const MAX_ENTRIES = 32
const MAX_BLOCKS = 64
const MAX_PENDING = 64

/** Some values from the start, and from the end when there are more, each with its place. */
function endsOf<V>(rax: Rax<V>, each: number): { index: number; value: V }[] {
  const out: { index: number; value: V }[] = []
  const it = rax.iterator()
  it.seek('^')
  while (out.length < each && it.next()) out.push({ index: out.length, value: it.value })
  const tail: { index: number; value: V }[] = []
  it.seek('$')
  while (tail.length < each && out.length + tail.length < rax.size && it.prev())
    tail.push({ index: rax.size - 1 - tail.length, value: it.value })
  return [...out, ...tail.reverse()]
}

export interface TreeNode {
  /** Bytes of the edge that leads here. */
  readonly edge: Bytes
  readonly compressed: boolean
  readonly key: string | null
  readonly children: TreeNode[]
  /** Children that are not sent. */
  readonly more: number
}
export function treeOf(head: RaxNode<unknown>): TreeNode {
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
  for (const { value: nack } of endsOf(g.pel, MAX_PENDING / 2))
    pending.push({
      id: formatId(nack.id),
      consumer: clip(nack.consumer?.name ?? ''),
      idleMs: Math.max(0, now - Number(nack.deliveryTime)),
      times: `${nack.deliveryCount}`,
    })
  const consumers: { name: Bytes; pending: number; idleMs: number }[] = []
  for (const { value: c } of endsOf(g.consumers, 16))
    consumers.push({ name: clip(c.name), pending: c.pel.size, idleMs: Math.max(0, now - Number(c.seenTime)) })
  const lag = groupLag(s, g)
  return {
    name: clip(name),
    lastId: formatId(g.lastId),
    entriesRead: `${g.entriesRead}`,
    lag: lag === null ? null : `${lag}`,
    pel: g.pel.size,
    pending,
    consumers,
  }
}

const TAPE = 48
/** The newest entries that are alive, the oldest of them first. */
function tapeOf(nodes: readonly { readonly value: StreamNode }[]): string[] {
  const ids: string[] = []
  for (let i = nodes.length - 1; i >= 0 && ids.length < TAPE; i--) {
    const { value } = nodes[i] as { value: StreamNode }
    const skip = Math.max(0, value.count() + value.deleted() - MAX_ENTRIES)
    const live = entriesOf(value, skip).entries.filter((e) => !e.deleted)
    ids.unshift(...live.map((e) => e.id).slice(-(TAPE - ids.length)))
  }
  return ids
}

export function viewStream(s: Stream, block: number, now: number): Record<string, unknown> {
  const nodes = endsOf(s.rax, MAX_BLOCKS / 2)
  const open = nodes.find((n) => n.index === block) ?? nodes[0]
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
    blocks: nodes.map(({ index, value: b }) => ({
      index,
      id: formatId(b.id),
      key: encodeId(b.id),
      count: b.count(),
      deleted: b.deleted(),
      bytes: b.lp.totalBytes,
    })),
    block: open?.index ?? 0,
    tape: tapeOf(nodes),
    open: open === undefined ? null : entriesOf(open.value, 0),
    listpack: open === undefined ? null : viewListpack(open.value.lp),
    groups,
  }
}
