/**
 * What gossip costs: a header and, for each section, 104 bytes; max(3, N/10) sections. Each node pings one other a second, and
 * whoever it has not heard for half a node timeout, at its next cron; every PING has its PONG.
 */
const HEADER = 2256
const SECTION = 104
/** A cron's period and the way there and back, about. */
const LATE_S = 0.1

export const sectionsOf = (nodes: number): number =>
  Math.max(0, Math.min(Math.max(3, Math.floor(nodes / 10)), nodes - 2))
export const packetBytes = (nodes: number): number => HEADER + SECTION * sectionsOf(nodes)
/** Of one node. */
export const pingsPerSecond = (nodes: number, nodeTimeoutMs: number): number =>
  Math.max(1, (nodes - 1) / (nodeTimeoutMs / 2000 + LATE_S))
/** Of all nodes together. */
export const busBytesPerSecond = (nodes: number, nodeTimeoutMs: number): number =>
  nodes * pingsPerSecond(nodes, nodeTimeoutMs) * 2 * packetBytes(nodes)
