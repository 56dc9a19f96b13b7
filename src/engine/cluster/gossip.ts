/** Pings, their gossip sections and the handshake. */
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterLink } from './link.ts'
import type { ClusterMessage } from './message.ts'

/** clusterSendPing: `type` is MSG_PING, MSG_PONG or MSG_MEET. */
export function sendPing(_cluster: Cluster, _link: ClusterLink, _type: number): void {}
/** A PONG that nobody asked for: something that all should know at once. */
export function broadcastPong(_cluster: Cluster, _target: 'all' | 'local-slaves'): void {}
/** `again`: one with that address is going on. */
export function startHandshake(
  _cluster: Cluster,
  _ip: Bytes,
  _port: number,
  _cport: number,
): 'ok' | 'invalid' | 'again' {
  return 'invalid'
}
export function processGossip(_cluster: Cluster, _m: ClusterMessage, _link: ClusterLink): void {}
