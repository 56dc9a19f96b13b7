/** What is looked at on the Slots screen. It outlives the screen. */
import { create } from 'zustand'

export type Mode = 'keys' | 'heat' | 'bytes' | 'owner'
export type Layout = 'rows' | 'hilbert' | 'table' | 'bits'
export type Dock = 'redis-cli' | 'Log' | 'Cluster bus'
export interface SlotChoice {
  readonly slot: number
  /** Whose view of the cluster is drawn; '' for the running node with the highest epoch. */
  readonly observer: string
  readonly mode: Mode
  readonly layout: Layout
  /** First and last of the slots that are to move; null: the chosen one alone. */
  readonly range: readonly [number, number] | null
  /** Whom the gossip is looked through for; '' for who is suspected. */
  readonly about: string
  readonly dock: Dock
  /** Whose log; '' for the observer's. */
  readonly log: string
  readonly key: string
}
export const useSlotChoice = create<SlotChoice>()(() => ({
  slot: 5061,
  observer: '',
  mode: 'keys',
  layout: 'rows',
  range: null,
  about: '',
  dock: 'redis-cli',
  log: '',
  key: 'cart:{bar}:items',
}))
