/** streamDup: a deep copy, block by block. */
import { Rax } from '../structures/rax.ts'
import { Stream, StreamNode } from './stream.ts'
import { Consumer, createGroup, Nack } from './stream-group.ts'

export function duplicateStream(from: Stream): Stream {
  const to = new Stream()
  from.rax.forEach((key, node) => void to.rax.set(key, new StreamNode(node.id, node.lp.clone())))
  to.length = from.length
  to.lastId = from.lastId
  to.firstId = from.firstId
  to.maxDeletedId = from.maxDeletedId
  to.entriesAdded = from.entriesAdded
  if (from.groups === null) return to
  to.groups = new Rax()
  from.groups.forEach((name, group) => {
    const copy = createGroup(to, name, group.lastId, group.entriesRead)
    if (copy === undefined) return
    group.pel.forEach((key, nack) => {
      const record = new Nack(nack.id, null, nack.deliveryTime)
      record.deliveryCount = nack.deliveryCount
      copy.pel.set(key, record)
    })
    group.consumers.forEach((consumerName, consumer) => {
      const twin = new Consumer(consumerName, consumer.seenTime)
      copy.consumers.set(consumerName, twin)
      consumer.pel.forEach((key) => {
        const record = copy.pel.get(key)
        if (record === undefined) return
        record.consumer = twin
        twin.pel.set(key, record)
      })
    })
  })
  return to
}
