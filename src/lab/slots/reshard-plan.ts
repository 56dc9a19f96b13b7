/** The steps that move one slot, each a literal command and the node that runs it, and which of them the cluster has taken. */
import { quoteBytes } from '../../engine/bytes/quote.ts'
import type { SlotData } from './data.ts'

export interface Side {
  readonly name: string
  readonly id: string
  readonly ip: string
  readonly port: number
}
export interface Step {
  readonly on: 'source' | 'target'
  readonly command: string
  readonly done: boolean
  readonly note: string
}
/** redis-cli's --cluster-pipeline. */
export const BATCH = 10
const TIMEOUT_MS = 5000

/** A word as redis-cli's command line takes it. */
export const word = (key: string): string => (/^[\x21-\x7e]+$/.test(key) && !/["'\\]/.test(key) ? key : quoteBytes(key))

/**
 * `source` and `target` are what each node says of the slot now. The order is redis-cli's: IMPORTING before MIGRATING, so that
 * nobody is sent to a node that does not expect him; and the target learns that it owns the slot before the source does.
 */
export function stepsOf(
  slot: number,
  from: Side,
  to: Side,
  source: SlotData | null,
  target: SlotData | null,
  wrongOrder = false,
  batch = BATCH,
): Step[] {
  const moved = target?.owner === to.id
  // Gossip may tell the source first whose the slot is; its mark stays until it is told by SETSLOT.
  const over = moved && source?.owner === to.id && source.migratingTo === null
  const importing = moved || target?.importingFrom === from.id
  const migrating = over || source?.migratingTo === to.id
  const left = source?.count ?? 0
  const keys = (source?.keys ?? []).slice(0, batch).map((k) => word(k.key))
  const first: Step[] = [
    {
      on: 'target',
      command: `CLUSTER SETSLOT ${slot} IMPORTING ${from.id}`,
      done: importing,
      note: 'takes requests for this slot that begin with ASKING',
    },
    {
      on: 'source',
      command: `CLUSTER SETSLOT ${slot} MIGRATING ${to.id}`,
      done: migrating,
      note: 'answers ASK for keys that it no longer has',
    },
  ]
  return [
    ...(wrongOrder ? first.reverse() : first),
    {
      on: 'source',
      command: `CLUSTER GETKEYSINSLOT ${slot} ${batch}`,
      done: over || (migrating && left === 0),
      note:
        left === 0
          ? 'no key is left'
          : `${left} ${left === 1 ? 'key' : 'keys'} in the slot, at most ${batch} at a time`,
    },
    {
      on: 'source',
      command:
        keys.length === 0
          ? `MIGRATE ${to.ip} ${to.port} "" 0 ${TIMEOUT_MS} KEYS ...`
          : `MIGRATE ${to.ip} ${to.port} "" 0 ${TIMEOUT_MS} KEYS ${keys.join(' ')}`,
      done: over || (migrating && left === 0),
      note: 'DUMP here, RESTORE-ASKING there, DEL here; both stand still meanwhile',
    },
    {
      on: 'target',
      command: `CLUSTER SETSLOT ${slot} NODE ${to.id}`,
      done: moved,
      note: 'takes a new config epoch without a vote and tells all',
    },
    {
      on: 'source',
      command: `CLUSTER SETSLOT ${slot} NODE ${to.id}`,
      done: over,
      note: 'answers MOVED from now on',
    },
  ]
}

/** The first step that is still to be taken; -1 when the slot has moved. */
export const nextStep = (steps: readonly Step[]): number => steps.findIndex((s) => !s.done)

type Owners = readonly (readonly [number, number, string])[]
const ownerAt = (owners: Owners, slot: number): string => owners.find(([a, b]) => slot >= a && slot <= b)?.[2] ?? ''
/** Of the slots from `a` to `b`: how many are the target's, and the first that is still somebody else's (nobody's stay). */
export function progressOf(owners: Owners, [a, b]: readonly [number, number], target: string) {
  let done = 0
  let first: number | null = null
  for (let slot = a; slot <= b; slot++) {
    const owner = ownerAt(owners, slot)
    if (owner === target) done++
    else if (owner !== '' && first === null) first = slot
  }
  return { done, of: b - a + 1, first }
}
