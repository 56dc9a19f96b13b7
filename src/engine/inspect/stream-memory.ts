/** What MEMORY USAGE counts of a stream: Redis's own estimate, by the sizes of its structures on 64 bits. */
import type { Stream } from '../objects/stream.ts'
import type { Rax } from '../structures/rax.ts'

const STREAM = 80
const GROUP = 40
const NACK = 24
const CONSUMER = 24
const ID = 16
/** A node's header, and thirty words for its bytes and children. */
const RAX_NODE = 4 + 8 * 30

const raxSize = (rax: Rax<unknown>): number => rax.size * ID + rax.numNodes * RAX_NODE

export function streamSize(s: Stream, samples: number): number {
  let bytes = STREAM + raxSize(s.rax)
  let sampled = 0
  let seen = 0
  const it = s.rax.iterator()
  it.seek('^')
  while ((samples === 0 || seen < samples) && it.next()) {
    sampled += it.value.alloc
    seen++
  }
  if (s.rax.size <= seen) bytes += sampled
  else {
    // All blocks but the last are taken for as large as the average: the last one is often not full.
    bytes += (seen === 0 ? 0 : Math.floor(sampled / seen)) * (s.rax.size - 1) + (s.rax.last()?.alloc ?? 0)
  }
  s.groups?.forEach((_name, group) => {
    bytes += GROUP + raxSize(group.pel) + NACK * group.pel.size
    group.consumers.forEach((name, consumer) => {
      bytes += CONSUMER + name.length + raxSize(consumer.pel)
    })
  })
  return bytes
}
