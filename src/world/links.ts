/**
 * The links as one process knows them: latency and jitter to every box, and which ways are cut. Every process is told
 * of every change at the same virtual time, so all of them agree without asking.
 */
import type { Peer, WorldInput } from './packet.ts'
import type { CutLayer } from './types.ts'
import { randomBelow, type RandomState, seedFrom } from './random.ts'

export interface LinkModel {
  readonly latencyMicros: number
  readonly jitterMicros: number
  readonly loopbackMicros: number
  readonly bytesPerSecond?: number
}
export interface Cut {
  readonly id: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly oneWay: boolean
  /** Only what goes to or from bus ports, or only the rest; everything when absent. */
  readonly layer?: CutLayer
}
export interface LinksState {
  readonly seed: number
  readonly model: LinkModel
  readonly overrides: Map<
    string,
    { readonly latencyMicros: number; readonly jitterMicros: number; readonly bytesPerSecond?: number }
  >
  readonly jitter: Map<string, RandomState>
  cuts: Cut[]
}

/** One gigabit a second. */
const BYTES_PER_SECOND = 125_000_000

const pairOf = (a: number, b: number): string => (a < b ? `${a}-${b}` : `${b}-${a}`)

export function newLinks(seed: number, model: LinkModel): LinksState {
  return { seed, model, overrides: new Map(), jitter: new Map(), cuts: [] }
}

export function applyToLinks(links: LinksState, input: WorldInput): void {
  if (input.type === 'cut') links.cuts = [...links.cuts, input]
  else if (input.type === 'heal') links.cuts = links.cuts.filter((c) => input.id !== -1 && c.id !== input.id)
  else if (input.type === 'latency') {
    links.overrides.set(pairOf(input.a, input.b), {
      latencyMicros: input.latencyMicros,
      jitterMicros: input.jitterMicros,
      ...(input.bytesPerSecond === undefined ? {} : { bytesPerSecond: input.bytesPerSecond }),
    })
  }
}

/** Draws the latency of one packet from the sender's stream for this link. At least 1 microsecond. */
export function drawLatency(links: LinksState, from: Peer, to: Peer): number {
  if (from.boxIndex === to.boxIndex) return Math.max(1, links.model.loopbackMicros)
  const key = `${from.name}>${to.name}`
  let stream = links.jitter.get(key)
  if (!stream) {
    stream = { state: seedFrom(links.seed, 'link', key) }
    links.jitter.set(key, stream)
  }
  const { latencyMicros, jitterMicros } = links.overrides.get(pairOf(from.boxIndex, to.boxIndex)) ?? links.model
  return Math.max(1, latencyMicros + randomBelow(stream, jitterMicros + 1))
}

/** How fast bytes get onto the wire, per microsecond. A box's own loopback is the same for all. */
export function bytesPerMicro(links: LinksState, from: Peer, to: Peer): number {
  const own = from.boxIndex === to.boxIndex ? undefined : links.overrides.get(pairOf(from.boxIndex, to.boxIndex))
  const perSecond = own?.bytesPerSecond ?? (from.boxIndex === to.boxIndex ? undefined : links.model.bytesPerSecond)
  return (perSecond ?? BYTES_PER_SECOND) / 1e6
}

/** The least latency that any link can have: the width of the conductor's window. */
export function minLatency(links: Pick<LinksState, 'model' | 'overrides'>): number {
  let min = Math.min(links.model.latencyMicros, links.model.loopbackMicros)
  for (const link of links.overrides.values()) min = Math.min(min, link.latencyMicros)
  return Math.max(1, min)
}

export function isCut(cuts: readonly Cut[], fromBox: number, toBox: number, bus: boolean): boolean {
  for (const cut of cuts) {
    if (cut.layer !== undefined && (cut.layer === 'bus') !== bus) continue
    if (cut.from.includes(fromBox) && cut.to.includes(toBox)) return true
    if (!cut.oneWay && cut.to.includes(fromBox) && cut.from.includes(toBox)) return true
  }
  return false
}
