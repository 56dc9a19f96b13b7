/**
 * The replication backlog. The problem: a replica whose connection broke for a moment should get only the bytes it missed.
 * The idea: the last part of the stream is kept in a list of blocks, shared with the replicas that are still being sent
 * it; logically a ring of repl-backlog-size bytes.
 *
 *      offset                                offset + histlen
 *        | block (>= 16 KB) | block | block (being filled) |
 *
 * Kept exactly: blocks of at least 16 KB in jemalloc's sizes; the first is dropped only when what remains is still larger
 * than repl-backlog-size, so histlen may exceed it.
 */
import type { Bytes } from '../bytes/bytes.ts'

const BLOCK_HEADER_BYTES = 40
const PROTO_REPLY_CHUNK_BYTES = 16384

interface Block {
  parts: Bytes
  readonly size: number
  appended: number
}
/** So many writes make a chain of strings that is worth joining: left alone, a backlog of chains is what the collector works on. */
const JOIN_EVERY = 64

/** The size class above 16 KB that jemalloc rounds up to: four to a doubling. */
function sizeClass(n: number): number {
  let step = 4096
  while (n > step * 8) step *= 2
  return Math.ceil(n / step) * step
}

export class Backlog {
  private blocks: Block[] = []
  histlen = 0
  /** Replication offset of the first byte. */
  offset: number
  constructor(offset: number) {
    this.offset = offset
  }
  append(bytes: Bytes): void {
    this.histlen += bytes.length
    let rest = bytes
    const tail = this.blocks[this.blocks.length - 1]
    if (tail !== undefined && tail.parts.length < tail.size) {
      const room = tail.size - tail.parts.length
      tail.parts += rest.slice(0, room)
      // Asking for a character joins the chain.
      if (++tail.appended % JOIN_EVERY === 0) tail.parts.charCodeAt(0)
      rest = rest.slice(room)
    }
    if (rest.length === 0) return
    const size = sizeClass(Math.max(rest.length, PROTO_REPLY_CHUNK_BYTES) + BLOCK_HEADER_BYTES) - BLOCK_HEADER_BYTES
    this.blocks.push({ parts: rest, size, appended: 0 })
  }
  /** Drops old blocks; nothing from `needed` on (the offset a waiting replica will start at). */
  trim(limitBytes: number, needed: number): void {
    for (;;) {
      const first = this.blocks[0]
      if (first === undefined || this.blocks.length <= 1 || this.histlen <= limitBytes) return
      if (this.offset + first.parts.length > needed || this.histlen - first.size <= limitBytes) return
      this.blocks.shift()
      this.histlen -= first.parts.length
      this.offset += first.parts.length
    }
  }
  has(offset: number): boolean {
    return offset >= this.offset && offset <= this.offset + this.histlen
  }
  from(offset: number): Bytes {
    let skip = offset - this.offset
    let out = ''
    for (const b of this.blocks) {
      if (skip >= b.parts.length) skip -= b.parts.length
      else {
        out += b.parts.slice(skip)
        skip = 0
      }
    }
    return out
  }
  blockSizes(): number[] {
    return this.blocks.map((b) => b.parts.length)
  }
}
