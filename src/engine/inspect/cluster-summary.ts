/** A node of a cluster as pictures see it. */
import type { Cluster } from '../cluster/cluster.ts'
import { CLUSTER_SLOTS, type ClusterNode } from '../cluster/node.ts'
import type { Server } from '../server/server.ts'

/** First and last of each run of slots that `test` holds for. */
export function slotRanges(test: (slot: number) => boolean): [number, number][] {
  const ranges: [number, number][] = []
  for (let slot = 0; slot < CLUSTER_SLOTS; slot++) {
    if (!test(slot)) continue
    const last = ranges[ranges.length - 1]
    if (last !== undefined && last[1] === slot - 1) last[1] = slot
    else ranges.push([slot, slot])
  }
  return ranges
}
const rangeText = ([first, last]: readonly [number, number]): string =>
  first === last ? `${first}` : `${first}-${last}`

/** Ranges by bitmap content: slots move seldom, and pictures look often. */
const known = new WeakMap<ClusterNode, { key: string; ranges: [number, number][] }>()
export function rangesOf(node: ClusterNode): [number, number][] {
  const key = String.fromCharCode(...node.slots)
  const last = known.get(node)
  if (last?.key === key) return last.ranges
  const ranges = node.numslots === 0 ? [] : slotRanges((slot) => node.hasSlot(slot))
  known.set(node, { key, ranges })
  return ranges
}

/** How long this node has waited for another's PONG, and what it makes of it. */
function opinion(c: Cluster, n: ClusterNode) {
  const waitMs = n.pingSentMs === 0 ? 0 : Math.max(0, c.nowMs - n.pingSentMs)
  return {
    about: n.name,
    kind: n.isMaster ? ('master' as const) : ('replica' as const),
    waitMicros: waitMs * 1000,
    limitMicros: c.server.config.clusterNodeTimeout * 1000,
    sdown: n.timedOut,
    odown: n.failed,
    failoverState: null,
  }
}

/** What the card of a node needs beyond its replication. */
export function clusterSummary(s: Server, c: Cluster) {
  const me = c.myself
  const ranges = rangesOf(me)
  const shown = ranges.slice(0, 2).map(rangeText).join(' ') + (ranges.length > 2 ? ' …' : '')
  const what = me.isSlave ? `replica of ${me.slaveof?.name.slice(0, 8) ?? 'nobody'}` : shown === '' ? 'no slots' : shown
  return {
    line: `${what}, epoch ${me.isSlave ? (me.slaveof?.configEpoch ?? 0) : me.configEpoch}`,
    runid: me.name,
    epoch: c.currentEpoch,
    opinions: [...c.nodes.values()].filter((n) => n !== me && !n.inHandshake).map((n) => opinion(c, n)),
    cluster: {
      state: c.state,
      slots: me.numslots,
      configEpoch: me.configEpoch,
      master: me.slaveof?.name ?? null,
      votes: me.isMaster && me.numslots > 0,
      known: c.nodes.size,
      size: c.size,
      nodeTimeoutMs: s.config.clusterNodeTimeout,
    },
  }
}
