/** What the next block's ID would do to a stream's radix tree: a copy of the tree is made with its keys, and the ID put in. */
import type { Bytes } from '../bytes/bytes.ts'
import { encodeId, parseId } from '../objects/stream-id.ts'
import type { Stream } from '../objects/stream.ts'
import { Rax } from '../structures/rax.ts'
import type { Server } from '../server/server.ts'
import { treeOf } from './streams.ts'

const MOST_KEYS = 200

/** The way down: how many bytes of each edge agree, and what happens where it ends. */
export function wayDown(rax: Rax<unknown>, key: Bytes) {
  const path: { edge: Bytes; matched: number; compressed: boolean }[] = []
  let h = rax.head
  let at = 0
  while (h.children.length > 0) {
    if (h.isCompr) {
      let same = 0
      while (same < h.edge.length && h.edge[same] === key[at + same]) same++
      path.push({ edge: h.edge, matched: same, compressed: true })
      if (same < h.edge.length) return { path, at: at + same, end: 'split' as const }
      at += same
      h = h.children[0] as typeof h
    } else {
      const child = h.edge.indexOf(key[at] ?? '')
      path.push({
        edge: child < 0 ? (key[at] ?? '') : (h.edge[child] as Bytes),
        matched: child < 0 ? 0 : 1,
        compressed: false,
      })
      if (child < 0) return { path, at, end: 'child' as const }
      at++
      h = h.children[child] as typeof h
    }
  }
  return { path, at, end: at === key.length && h.isKey ? ('exists' as const) : ('leaf' as const) }
}

export function viewRaxInsert(s: Server, args: readonly string[]) {
  const o = s.dbs[Number(args[0] ?? 0)]?.dict.peek(args[1] ?? '')
  const parsed = parseId(args[2] ?? '', 0, true)
  if (o === undefined || o.encoding !== 'stream' || parsed === null) return null
  const { id } = parsed
  const { rax } = o.value as Stream
  if (rax.size > MOST_KEYS) return { tooMany: rax.size }
  const copy = new Rax<null>()
  rax.forEach((key) => {
    copy.set(key, null)
  })
  const key = encodeId(id)
  const way = wayDown(copy, key)
  const before = { tree: treeOf(copy.head), nodes: copy.numNodes }
  copy.set(key, null)
  return { key, way, before, after: { tree: treeOf(copy.head), nodes: copy.numNodes } }
}
