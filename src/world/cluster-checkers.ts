/**
 * What must hold in a cluster whatever is broken. A checker looks from outside, again and again, and names what it saw.
 *
 *   a slot has one owner in a configEpoch: for all views and all times, (slot, epoch) ─▶ owner is a function
 *   epochs never go back: in one life of a node, neither its own nor what it knows of others'; its last vote's never
 *   a master votes once in an epoch, and at most one replica wins it
 */
import type { Violation } from './checkers.ts'
import type { World } from './world.ts'

/** One node's beliefs at one moment. */
export interface ClusterSight {
  readonly process: string
  /** Its starts so far: what is not on disk begins anew with each. */
  readonly life: number
  readonly currentEpoch: number
  readonly lastVoteEpoch: number
  readonly nodes: readonly { readonly name: string; readonly configEpoch: number }[]
  /** Who owns which slots: first, last, name. */
  readonly ranges: readonly (readonly [first: number, last: number, owner: string])[]
}

const SLOTS = 16384

export class ClusterHistory {
  readonly violations: Violation[] = []
  /** By configEpoch: the owner of each slot, as an index into `names` plus one. */
  private readonly owners = new Map<number, Uint16Array>()
  private readonly names: string[] = []
  private readonly last = new Map<string, ClusterSight>()
  private readonly signatures = new Map<string, string>()

  observe(at: number, sight: ClusterSight): void {
    this.checkEpochs(at, sight)
    const epochs = new Map(sight.nodes.map((n) => [n.name, n.configEpoch]))
    const signature = sight.ranges.map(([a, b, o]) => `${a}-${b} ${o} ${epochs.get(o)}`).join()
    if (this.signatures.get(sight.process) === signature) return
    this.signatures.set(sight.process, signature)
    for (const range of sight.ranges) this.claim(at, sight.process, range, epochs.get(range[2]) ?? 0)
  }
  private complain(at: number, text: string): void {
    this.violations.push({ at, text })
  }
  private claim(at: number, by: string, [first, last, owner]: ClusterSight['ranges'][number], epoch: number): void {
    let index = this.names.indexOf(owner)
    if (index === -1) index = this.names.push(owner) - 1
    let table = this.owners.get(epoch)
    if (table === undefined) {
      table = new Uint16Array(SLOTS)
      this.owners.set(epoch, table)
    }
    for (let slot = first; slot <= last; slot++) {
      const known = table[slot] as number
      if (known !== 0 && known !== index + 1) {
        const other = this.names[known - 1]
        return this.complain(at, `${by}: slot ${slot} of epoch ${epoch} is ${owner}'s, and was ${other}'s`)
      }
      table[slot] = index + 1
    }
  }
  private checkEpochs(at: number, sight: ClusterSight): void {
    const before = this.last.get(sight.process)
    this.last.set(sight.process, sight)
    if (before === undefined) return
    const { process } = sight
    if (sight.lastVoteEpoch < before.lastVoteEpoch)
      this.complain(at, `${process}: lastVoteEpoch ${before.lastVoteEpoch} became ${sight.lastVoteEpoch}`)
    if (sight.life !== before.life) return
    if (sight.currentEpoch < before.currentEpoch)
      this.complain(at, `${process}: currentEpoch ${before.currentEpoch} became ${sight.currentEpoch}`)
    const now = new Map(sight.nodes.map((n) => [n.name, n.configEpoch]))
    for (const n of before.nodes) {
      const epoch = now.get(n.name)
      if (epoch !== undefined && epoch < n.configEpoch)
        this.complain(at, `${process}: configEpoch of ${n.name} went from ${n.configEpoch} to ${epoch}`)
    }
  }
}

/** From the nodes' logs: one vote for each epoch and master, one winner for each epoch. */
export function checkElections(world: World, nodes: readonly string[]): Violation[] {
  const violations: Violation[] = []
  const winners = new Map<string, string>()
  for (const node of nodes) {
    const votes = new Map<string, string>()
    for (const { at, line } of world.log(node)) {
      const [, candidate = '', voted = ''] = /Failover auth granted to (\w+) for epoch (\d+)$/.exec(line) ?? []
      const before = votes.get(voted)
      if (before !== undefined)
        violations.push({ at, text: `${node} voted for ${before} and ${candidate} in epoch ${voted}` })
      if (voted !== '') votes.set(voted, candidate)
      const [, won = ''] = /configEpoch set to (\d+) after successful failover$/.exec(line) ?? []
      const winner = winners.get(won)
      if (winner !== undefined) violations.push({ at, text: `${winner} and ${node} both won epoch ${won}` })
      if (won !== '') winners.set(won, node)
    }
  }
  return violations
}
