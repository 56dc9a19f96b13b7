/** A stream as its structure holds it: the radix tree, its blocks, one block's entries, the groups. Bounded, and changes nothing. */
import type { Bytes } from '../bytes/bytes.ts'
import { type ConsumerGroup, groupLag, UNKNOWN } from '../objects/stream-group.ts'
import { decodeId, formatId } from '../objects/stream-id.ts'
import type { Stream } from '../objects/stream.ts'
import type { Rax, RaxNode } from '../structures/rax.ts'

const WINDOW = 64

/** The first nodes of a tree, parents before children. */
export function viewRax(rax: Rax<unknown>) {
  const nodes: { depth: number; parent: number; by: Bytes; edge: Bytes; compressed: boolean; key: boolean }[] = []
  const walk = (h: RaxNode<unknown>, depth: number, parent: number, by: Bytes): void => {
    if (nodes.length >= WINDOW) return
    const index = nodes.length
    nodes.push({ depth, parent, by, edge: h.edge, compressed: h.isCompr, key: h.isKey })
    h.children.forEach((child, i) => {
      walk(child, depth + 1, index, h.isCompr ? h.edge : h.edge.charAt(i))
    })
  }
  walk(rax.head, 0, -1, '')
  return { keys: rax.size, numNodes: rax.numNodes, nodes }
}

function viewGroup(s: Stream, name: Bytes, g: ConsumerGroup) {
  const pending: { id: string; consumer: Bytes; deliveryTime: string; deliveryCount: string }[] = []
  const it = g.pel.iterator()
  it.seek('^')
  while (pending.length < WINDOW && it.next()) {
    const n = it.value
    pending.push({
      id: formatId(n.id),
      consumer: n.consumer?.name ?? '',
      deliveryTime: `${n.deliveryTime}`,
      deliveryCount: `${n.deliveryCount}`,
    })
  }
  const consumers: { name: Bytes; pending: number; seenTime: string }[] = []
  g.consumers.forEach((consumerName, c) => {
    if (consumers.length < WINDOW)
      consumers.push({ name: consumerName, pending: c.pel.size, seenTime: `${c.seenTime}` })
  })
  const lag = groupLag(s, g)
  return {
    name,
    lastId: formatId(g.lastId),
    entriesRead: g.entriesRead === UNKNOWN ? null : `${g.entriesRead}`,
    lag: lag === null ? null : `${lag}`,
    pelSize: g.pel.size,
    pending,
    consumers,
  }
}

/** `from`: which block is open. */
export function viewStream(s: Stream, from = 0) {
  const blocks: { id: string; count: number; deleted: number; totalBytes: number; alloc: number }[] = []
  let at = 0
  let open: { id: string; master: Bytes[]; entries: { id: string; deleted: boolean; fields: Bytes[] }[] } | null = null
  const chosen = Math.max(0, Math.min(from, s.rax.size - 1))
  s.rax.forEach((key, node) => {
    if (at >= chosen - WINDOW / 2 && blocks.length < WINDOW)
      blocks.push({
        id: formatId(node.id),
        count: node.count(),
        deleted: node.deleted(),
        totalBytes: node.lp.totalBytes,
        alloc: node.alloc,
      })
    if (at === chosen) {
      const entries: { id: string; deleted: boolean; fields: Bytes[] }[] = []
      const it = s.iterator(decodeId(key))
      it.skipTombstones = false
      while (entries.length < WINDOW && it.next() && it.node === node)
        entries.push({ id: formatId(it.id), deleted: it.deleted, fields: it.fields() })
      open = { id: formatId(node.id), master: [...node.names()], entries }
    }
    at++
  })
  const groups: ReturnType<typeof viewGroup>[] = []
  s.groups?.forEach((name, g) => {
    if (groups.length < WINDOW) groups.push(viewGroup(s, name, g))
  })
  return {
    length: s.length,
    lastId: formatId(s.lastId),
    firstId: formatId(s.firstId),
    maxDeletedId: formatId(s.maxDeletedId),
    entriesAdded: `${s.entriesAdded}`,
    rax: viewRax(s.rax),
    from: chosen,
    blocks,
    open,
    groups,
  }
}
