/** One connection of the bus: ours to a node (`node.link`) or a node's to us (`node.inboundLink`). (redis 7.0: clusterLink) */
import type { Bytes } from '../bytes/bytes.ts'
import type { Link } from '../server/host.ts'
import type { ClusterNode } from './node.ts'

export class ClusterLink {
  readonly ctimeMs: number
  /** Null once it is closed. */
  link: Link | null
  /** Whose it is; null for an accepted link until a known node's packet comes. */
  node: ClusterNode | null
  readonly inbound: boolean
  /** Received and not yet a whole packet. */
  received: Bytes = ''
  /** To be sent once the connection is open. */
  unsent: Bytes = ''
  /** Bytes given to the network that it has not taken, as the adapter last said. */
  pendingBytes = 0

  constructor(link: Link | null, node: ClusterNode | null, inbound: boolean, nowMs: number) {
    this.link = link
    this.node = node
    this.inbound = inbound
    this.ctimeMs = nowMs
  }
  /** What its send buffer holds. */
  get sendBuffer(): number {
    return this.unsent.length + this.pendingBytes
  }
}
