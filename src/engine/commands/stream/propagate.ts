/** What replicas hear of groups: never a read or a conditional claim, always the state that came of it. */
import type { Bytes } from '../../bytes/bytes.ts'
import { Consumer, type ConsumerGroup, type Nack } from '../../objects/stream-group.ts'
import { asSigned, formatId } from '../../objects/stream-id.ts'
import type { CommandContext } from '../command.ts'

export function propagateClaim(
  c: CommandContext,
  key: Bytes,
  groupName: Bytes,
  group: ConsumerGroup,
  id: Bytes,
  nack: Nack,
): void {
  c.alsoPropagate([
    'XCLAIM',
    key,
    groupName,
    nack.consumer?.name ?? '',
    '0',
    id,
    'TIME',
    `${nack.deliveryTime}`,
    'RETRYCOUNT',
    `${asSigned(nack.deliveryCount)}`,
    'FORCE',
    'JUSTID',
    'LASTID',
    formatId(group.lastId),
  ])
}
export function propagateGroupId(c: CommandContext, key: Bytes, groupName: Bytes, group: ConsumerGroup): void {
  c.alsoPropagate(['XGROUP', 'SETID', key, groupName, formatId(group.lastId), 'ENTRIESREAD', `${group.entriesRead}`])
}
export function propagateConsumer(c: CommandContext, key: Bytes, groupName: Bytes, consumer: Bytes): void {
  c.alsoPropagate(['XGROUP', 'CREATECONSUMER', key, groupName, consumer])
}

/** streamLookupConsumer, seen now. */
export function seenConsumer(c: CommandContext, group: ConsumerGroup, name: Bytes): Consumer | undefined {
  const consumer = group.consumers.get(name)
  if (consumer !== undefined) consumer.seenTime = c.nowMs
  return consumer
}
/** streamCreateConsumer; undefined when there is one of that name. */
export function createConsumer(c: CommandContext, key: Bytes, group: ConsumerGroup, name: Bytes): Consumer | undefined {
  const consumer = new Consumer(name, c.nowMs)
  if (!group.consumers.tryInsert(name, consumer)) return undefined
  c.dirty()
  c.notify('t', 'xgroup-createconsumer', key)
  return consumer
}
