/** Who serves a request: this node, or another to which the client is sent. (redis 7.0: getNodeByQuery, cluster.c) */
import type { Bytes } from '../bytes/bytes.ts'
import type { Command } from '../commands/table.ts'
import type { Client } from '../server/client.ts'
import type { Cluster } from './cluster.ts'

export { keyHashSlot } from '../bytes/crc16.ts'

/** The redirection or refusal of a request, or null when this node serves it. */
export function routeCommand(
  _cluster: Cluster,
  _client: Client,
  _command: Command,
  _argv: readonly Bytes[],
): { error: Bytes } | null {
  return null
}
/** The slot of a request's keys, -1 when it has none (or in more than one slot). */
export function slotOfArgs(_command: Command, _argv: readonly Bytes[]): number {
  return -1
}
/** A client that waits for a key which this node serves no more is sent away: true when it was. */
export function redirectBlockedClient(_cluster: Cluster, _client: Client): boolean {
  return false
}
/** DEL every key of a slot that this node has lost; number of keys. (delKeysInSlot) */
export function delKeysInSlot(_cluster: Cluster, _slot: number): number {
  return 0
}
/** A lost slot's shard subscribers are told. (removeChannelsInSlot) */
export function removeChannelsInSlot(_cluster: Cluster, _slot: number): void {}
/** Keys of a slot here. */
export function countKeysInSlot(cluster: Cluster, slot: number): number {
  return cluster.server.dbs[0]?.slotKeys?.count(slot) ?? 0
}
