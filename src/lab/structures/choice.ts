import { create } from 'zustand'

/** What the Structures screen shows besides the chosen key: the whole server's memory, expiry, clients and so on. */
export const SCREENS = [
  'Keys',
  'Keyspace',
  'Memory',
  'Expiry',
  'Eviction',
  'Event loop',
  'Commands',
  'Transactions',
  'Pub/Sub',
] as const
export type ScreenName = (typeof SCREENS)[number]

/** Which process, database and key the Structures screen shows, what its search looks for, which keys stay in view. */
export interface Choice {
  readonly process: string
  readonly db: number
  readonly key: string
  readonly member: string
  readonly pattern: string
  /** Only keys of this type, kept so; '' for all. */
  readonly type: string
  readonly encoding: string
  readonly pins: readonly string[]
  readonly screen: ScreenName
  /** What a string or a sorted set is seen as. */
  readonly facet: string
  /** A stretch of time that was brushed, in microseconds of the box's clock; the event loop shows it alone. */
  readonly brush: { readonly from: number; readonly to: number } | null
  /** Entry of the slow log that is pointed at. */
  readonly slow: number | null
}
export const useChoice = create<Choice>()(() => ({
  process: '',
  db: 0,
  key: '',
  member: '',
  pattern: '',
  type: '',
  encoding: '',
  pins: [],
  screen: 'Keys',
  facet: 'Bytes',
  brush: null,
  slow: null,
}))

export const chooseKey = (process: string, key: string) =>
  useChoice.setState({ process, key, member: '', screen: 'Keys' })
export const pinOf = (process: string, db: number, key: string): string => `${process}|${db}|${key}`
export const keyOfPin = (pin: string): string => pin.slice(pin.indexOf('|', pin.indexOf('|') + 1) + 1)
export function togglePin(process: string, db: number, key: string): void {
  const { pins } = useChoice.getState()
  const pin = pinOf(process, db, key)
  useChoice.setState({ pins: pins.includes(pin) ? pins.filter((p) => p !== pin) : [...pins, pin].slice(-8) })
}
