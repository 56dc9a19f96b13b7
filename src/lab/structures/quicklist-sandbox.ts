/**
 * A small list in the page, on the engine's own quicklist: every split, link, unlink and merge of a command is a frame that
 * can be stepped through. The server's list is not touched.
 */
import { Quicklist, type QuicklistNode } from '../../engine/structures/quicklist.ts'

export interface FrameNode {
  readonly id: number
  readonly items: readonly string[]
  /** Cut out of its node and not linked yet. */
  readonly loose: boolean
  readonly hot: boolean
}
export interface Frame {
  readonly text: string
  readonly nodes: readonly FrameNode[]
}

class Watched extends Quicklist {
  readonly frames: Frame[] = []
  watching = false
  private readonly ids = new WeakMap<QuicklistNode, number>()
  private nextId = 1

  private idOf(n: QuicklistNode): number {
    let id = this.ids.get(n)
    if (id === undefined) {
      id = this.nextId++
      this.ids.set(n, id)
    }
    return id
  }
  private itemsOf(n: QuicklistNode): string[] {
    return n.plain !== null ? [n.plain] : this.nodeListpack(n).entries().map(String)
  }
  record(
    text: string,
    hot: readonly QuicklistNode[] = [],
    loose?: { half: QuicklistNode; by: QuicklistNode; after: boolean },
  ): void {
    if (!this.watching) return
    const shape = (n: QuicklistNode, isLoose: boolean): FrameNode => ({
      id: this.idOf(n),
      items: this.itemsOf(n),
      loose: isLoose,
      hot: hot.includes(n),
    })
    const nodes: FrameNode[] = []
    for (const n of this.nodes()) {
      if (loose?.by === n && !loose.after) nodes.push(shape(loose.half, true))
      nodes.push(shape(n, false))
      if (loose?.by === n && loose.after) nodes.push(shape(loose.half, true))
    }
    this.frames.push({ text, nodes })
  }

  protected override link(at: QuicklistNode | null, node: QuicklistNode, after: boolean): void {
    super.link(at, node, after)
    this.record(
      `A node of ${entries(node.count)} is linked ${at === null ? 'as the first' : after ? 'behind its neighbour' : 'before its neighbour'}.`,
      [node],
    )
  }
  protected override unlink(node: QuicklistNode): void {
    super.unlink(node)
    if (node.count === 0) this.record('A node without entries is taken out.')
  }
  protected override split(node: QuicklistNode, offset: number, after: boolean): QuicklistNode {
    const before = node.count
    const half = super.split(node, offset, after)
    this.record(
      `The node of ${before} is full and the place lies inside: it is split into ${after ? `${node.count} and ${half.count}` : `${half.count} and ${node.count}`}.`,
      [node, half],
      { half, by: node, after },
    )
    return half
  }
  protected override merge(a: QuicklistNode, b: QuicklistNode): boolean {
    const [x, y] = [a.count, b.count]
    const merged = super.merge(a, b)
    this.record(
      merged
        ? `Neighbours of ${x} and ${y} fit into one node: merged.`
        : `Neighbours of ${x} and ${y} do not fit together: they stay.`,
      merged ? [a] : [a, b],
    )
    return merged
  }
}
const entries = (n: number): string => (n === 1 ? '1 entry' : `${n} entries`)

export type ListOp =
  | { readonly kind: 'LPUSH'; readonly value: string }
  | { readonly kind: 'RPUSH'; readonly value: string }
  | { readonly kind: 'LINSERT'; readonly at: number; readonly after: boolean; readonly value: string }
  | { readonly kind: 'DEL'; readonly at: number }

export class QuicklistSandbox {
  private readonly list: Watched
  constructor(items: readonly string[], fill: number) {
    this.list = new Watched(fill)
    for (const i of items) this.list.pushTail(i)
  }
  get fill(): number {
    return this.list.fill
  }
  items(): string[] {
    return [...this.list.iterate()]
  }
  now(): Frame {
    return this.take(() => this.list.record(''))[0] as Frame
  }
  private take(fn: () => void): Frame[] {
    this.list.frames.length = 0
    this.list.watching = true
    fn()
    this.list.watching = false
    return [...this.list.frames]
  }
  /** The frames of one command: what was, each step, what is. */
  run(op: ListOp): Frame[] {
    return this.take(() => {
      const { list } = this
      const before = list.nodeCount
      const name = op.kind === 'DEL' ? `LREM of entry ${op.at}` : op.kind
      list.record(
        op.kind === 'LINSERT'
          ? `${name} ${op.after ? 'AFTER' : 'BEFORE'} entry ${op.at}: its node is looked for.`
          : `${name}: before.`,
      )
      if (op.kind === 'LPUSH') list.pushHead(op.value)
      else if (op.kind === 'RPUSH') list.pushTail(op.value)
      else if (op.kind === 'DEL') list.deleteRange(op.at, 1)
      else if (op.after) list.insertAfter(op.at, op.value)
      else list.insertBefore(op.at, op.value)
      const delta = list.nodeCount - before
      list.record(
        `Done: ${list.nodeCount} ${list.nodeCount === 1 ? 'node' : 'nodes'}, ${delta === 0 ? 'as many as before' : delta > 0 ? `${delta} more` : `${-delta} fewer`}.`,
      )
    })
  }
}

/** What changed between two looks at the nodes of a list: told when a node was split, added, merged or taken out. */
export function nodeChange(before: readonly number[], after: readonly number[]): string | null {
  if (before.length === after.length || before.length === 0) return null
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++
  const was = before.slice(head, before.length - tail)
  const is = after.slice(head, after.length - tail)
  if (was.length > 4 || is.length > 4) return null
  if (was.length === 0) return `A node of ${is.join(' and ')} was added at place ${head}.`
  if (is.length === 0) return `The node of ${was.join(' and ')} at place ${head} went.`
  return `Node ${head}: ${was.join(' + ')} became ${is.join(' + ')}${is.length > was.length ? ', a split' : ', a merge'}.`
}
