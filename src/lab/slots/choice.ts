/** What is looked at on the Slots screen. It outlives the screen. */
import { create } from 'zustand'

export type Mode = 'keys' | 'owner'
export interface SlotChoice {
  readonly slot: number
  /** Whose view of the cluster is drawn; '' for the running node with the highest epoch. */
  readonly observer: string
  readonly mode: Mode
  readonly hilbert: boolean
  readonly key: string
}
export const useSlotChoice = create<SlotChoice>()(() => ({
  slot: 5061,
  observer: '',
  mode: 'keys',
  hilbert: false,
  key: 'cart:{bar}:items',
}))
