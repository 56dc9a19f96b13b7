/**
 * What the page knows. The session pushes a whole new state at most once a frame; `keep` hands on the old objects where
 * nothing changed, so that a component that selects one process, or the links, is not rendered again for every packet.
 */
import { create } from 'zustand'
import type { EventView, ProcessStatus, Session, SessionState } from '../browser/session.ts'
import { learnNames } from './names.ts'
import type { ParamProblem, ViewName } from './params.ts'
import { readSetting, writeSetting } from './settings.ts'
import { type Change, changeBetween } from './change.ts'

export type Theme = 'light' | 'dark'
export type InspectorTab = 'State' | 'Keys' | 'Replication' | 'Config' | 'Log'
export type Channel = 'command' | 'replication' | 'sentinel' | 'bus' | 'hello'
export interface MenuPlace {
  readonly process: string
  readonly x: number
  readonly y: number
}
export interface TerminalTab {
  readonly id: string
  readonly kind: 'cli' | 'log' | 'events'
  /** Process it talks to, or whose log it is. Empty for the event log. */
  readonly process: string
  /** Further words on redis-cli's command line: options and a command. */
  readonly options?: readonly string[]
}
export interface Breakpoint {
  readonly kind: string
  readonly on: boolean
}
/** Sizes that a person has chosen by dragging a line; null: the design's own. */
export interface Sizes {
  /** Height of the terminals, width of the inspector, in pixels. */
  readonly terms: number | null
  readonly inspector: number | null
  /** Width of the left of two panes, in percent. */
  readonly split: number | null
}
/** The links whose latency the panel changes: of one box, between two, or all. */
export interface LatencyDraft {
  readonly scope: string
  /** Where the focus goes back to. */
  readonly from: Element | null
}
export interface CutDraft {
  readonly side: readonly string[]
  readonly oneWay: boolean
  /** In a cluster: only its bus, or only what is not. */
  readonly layer?: 'bus' | 'client' | undefined
}

export interface Lab {
  session: Session | null
  state: SessionState | null
  events: readonly EventView[]
  failure: string | null
  problems: readonly ParamProblem[]
  theme: Theme
  view: ViewName
  selected: string
  inspectorTab: InspectorTab
  cut: CutDraft | null
  latency: LatencyDraft | null
  /** What the last step changed; null while the world runs. */
  change: Change | null
  /** A short run was asked for, whose changes are to be marked. */
  stepping: boolean
  /** Where there is no room beside the canvas, the inspector opens over it. */
  drawer: boolean
  sizes: Sizes
  /** Settings of this browser. */
  screenReader: boolean
  singleKeys: boolean
  menu: MenuPlace | null
  help: boolean
  shown: Readonly<Record<Channel, boolean>>
  breakpoints: readonly Breakpoint[]
  tabs: readonly TerminalTab[]
  /** The tab in each of the two panes. */
  left: string
  right: string
  /** The pane that shows when there is room for one. */
  front: 'left' | 'right'
  toasts: readonly { readonly id: number; readonly text: string }[]
  announcement: string
  sheet: 'State' | 'Terminal' | 'Event log'
  /** redis-cli processes of the terminals: name to box. */
  clients: Readonly<Record<string, string>>
}

const NO_SIZES: Sizes = { terms: null, inspector: null, split: null }
function readSizes(): Sizes {
  try {
    const kept = JSON.parse(readSetting('sizes') ?? '{}') as Record<string, unknown>
    const number = (v: unknown) => (typeof v === 'number' && v > 0 && v < 10_000 ? v : null)
    return { terms: number(kept['terms']), inspector: number(kept['inspector']), split: number(kept['split']) }
  } catch {
    return NO_SIZES
  }
}
export function setSize(name: keyof Sizes, value: number | null): void {
  const sizes = { ...lab.get().sizes, [name]: value }
  lab.set({ sizes })
  writeSetting('sizes', JSON.stringify(sizes))
}

export const useLab = create<Lab>()(() => ({
  session: null,
  state: null,
  events: [],
  failure: null,
  problems: [],
  theme: document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light',
  view: 'topology',
  selected: '',
  inspectorTab: 'State',
  cut: null,
  latency: null,
  change: null,
  stepping: false,
  drawer: false,
  sizes: readSizes(),
  screenReader: readSetting('screen-reader') === 'on',
  singleKeys: readSetting('single-keys') !== 'off',
  menu: null,
  help: false,
  shown: { command: true, replication: true, sentinel: true, bus: true, hello: false },
  breakpoints: [
    { kind: '+odown', on: false },
    { kind: '+switch-master', on: false },
  ],
  tabs: [{ id: 'events', kind: 'events', process: '' }],
  left: '',
  right: 'events',
  front: 'left',
  toasts: [],
  announcement: '',
  sheet: 'State',
  clients: {},
}))

export const lab = { get: useLab.getState, set: useLab.setState }

/** `next`, with every part that equals the old one replaced by the old one. */
export function keep<T>(old: T | undefined | null, next: T): T {
  if (Object.is(old, next)) return next
  if (typeof old !== 'object' || typeof next !== 'object' || old === null || next === null) return next
  if (Array.isArray(old) !== Array.isArray(next)) return next
  const before = old as Record<string, unknown>
  const after = next as Record<string, unknown>
  const names = Object.keys(after)
  let same = names.length === Object.keys(before).length
  const merged: Record<string, unknown> = Array.isArray(next) ? ([] as unknown as Record<string, unknown>) : {}
  for (const name of names) {
    const part = keep(before[name], after[name])
    merged[name] = part
    if (!Object.is(part, before[name])) same = false
  }
  return same ? old : (merged as T)
}

export const receive = (next: SessionState) => {
  learnNames(next.processes)
  const { state: old, change, stepping } = lab.get()
  const stands = old !== null && !next.playing
  // Only a step is marked: a pause, or a terminal that was opened, is not.
  const marked = () => (old !== null && (stepping || next.stepped !== null) ? changeBetween(old, next) : null)
  const now = !stands ? null : next.eventCount === old.eventCount ? change : marked()
  // While stepping, each step is said.
  if (now?.text && now !== change) lab.set({ announcement: now.text })
  lab.set({
    stepping: stepping && (next.playing || next.eventCount === old?.eventCount),
    change: now,
    state: old
      ? {
          ...next,
          processes: keep(old.processes, next.processes),
          links: keep(old.links, next.links),
          cuts: keep(old.cuts, next.cuts),
          latencies: keep(old.latencies, next.latencies),
        }
      : next,
  })
}

export const useProcess = (name: string): ProcessStatus | undefined =>
  useLab((s) => s.state?.processes.find((p) => p.name === name))
