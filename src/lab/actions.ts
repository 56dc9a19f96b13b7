/** What the buttons, the keys and the menu do. */
import type { Fault } from '../browser/session.ts'
import { milliseconds } from './format.ts'
import { MAX_SPEED, MIN_SPEED, type ViewName } from './params.ts'
import { writeSetting } from './settings.ts'
import { lab, type Theme } from './store.ts'
import { closeTerminal } from './terminal/sessions.ts'
import { boxOf, specOf } from './world-facts.ts'

let toastId = 0
export function toast(text: string): void {
  const id = ++toastId
  lab.set({ toasts: [...lab.get().toasts.slice(-2), { id, text }], announcement: text })
  setTimeout(() => lab.set({ toasts: lab.get().toasts.filter((t) => t.id !== id) }), 4000)
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
  lab.set({ theme })
}

export function chooseTheme(theme: Theme): void {
  writeSetting('theme', theme)
  setTheme(theme)
}

export function setScreenReader(on: boolean): void {
  writeSetting('screen-reader', on ? 'on' : 'off')
  lab.set({ screenReader: on })
}
export function setSingleKeys(on: boolean): void {
  writeSetting('single-keys', on ? 'on' : 'off')
  lab.set({ singleKeys: on })
}

export const openView = (view: ViewName) => lab.set({ view, menu: null })
export const select = (process: string) => lab.set({ selected: process })

export function togglePlay(): void {
  const { session, state } = lab.get()
  if (!session || !state) return
  if (state.playing) session.pause()
  else session.play()
}

export function step(): void {
  const { session, state } = lab.get()
  if (!session || !state) return
  if (state.playing) session.pause()
  void session.step()
}

export function runBy(micros: number): void {
  const { session, state } = lab.get()
  if (!session || !state) return
  lab.set({ stepping: true })
  void session.runTo(state.now + micros)
}

export function setSpeed(speed: number): void {
  lab.get().session?.setSpeed(Math.min(MAX_SPEED, Math.max(MIN_SPEED, Number(speed.toPrecision(3)))))
}

export function faster(factor: number): void {
  const state = lab.get().state
  if (state) setSpeed(state.speed * factor)
}

export function restart(seed?: number): void {
  const { session } = lab.get()
  if (!session) return
  const playing = lab.get().state?.playing ?? false
  lab.set({ cut: null, menu: null })
  const clis = lab.get().tabs.filter((t) => t.kind === 'cli')
  void session.restart(seed).then(() => {
    // The world's redis-cli processes are gone with it: the same tabs get new ones.
    for (const tab of clis) closeTab(tab.id)
    const sheet = lab.get().sheet
    for (const tab of [...clis].reverse()) openTerminal(tab.process, false)
    lab.set({ sheet })
    if (playing) session.play()
    toast(seed === undefined ? 'Started again with the same seed' : `Started again with seed ${seed}`)
  })
}

export function setBreakpoints(breakpoints: readonly { kind: string; on: boolean }[]): void {
  lab.set({ breakpoints })
  lab.get().session?.setBreakpoints(breakpoints.filter((b) => b.on).map((b) => b.kind))
}

export function toggleBreakpoint(kind: string): void {
  const list = lab.get().breakpoints
  const known = list.some((b) => b.kind === kind)
  setBreakpoints(known ? list.map((b) => (b.kind === kind ? { kind, on: !b.on } : b)) : [...list, { kind, on: true }])
}

/** Play until any armed breakpoint. */
export function runToBreakpoint(): void {
  const { session, breakpoints } = lab.get()
  if (!breakpoints.some((b) => b.on)) return toast('Arm a breakpoint first')
  session?.play()
}

export function fault(f: Fault): void {
  lab.get().session?.fault(f)
}

export type ProcessFault = 'kill' | 'term' | 'pause' | 'continue' | 'restart'
const done: Record<ProcessFault, string> = {
  kill: 'got SIGKILL',
  term: 'got SIGTERM',
  pause: 'is paused (SIGSTOP)',
  continue: 'continues (SIGCONT)',
  restart: 'starts again',
}

export const canFault = (type: ProcessFault, state: string | undefined): boolean => {
  if (type === 'restart') return state === 'exited' || state === 'killed' || state === 'crashed'
  if (type === 'continue') return state === 'paused'
  if (type === 'pause') return state === 'running'
  return state === 'running' || state === 'paused'
}

export function processFault(type: ProcessFault, process: string): void {
  const status = lab.get().state?.processes.find((p) => p.name === process)
  if (!canFault(type, status?.state)) return toast(`${process} is ${status?.state ?? 'not here'}`)
  fault({ type, process })
  toast(`${process} ${done[type]}`)
}

export function togglePause(process: string): void {
  const status = lab.get().state?.processes.find((p) => p.name === process)
  processFault(status?.state === 'paused' ? 'continue' : 'pause', process)
}

/** Cuts the box of a process off from every other box. */
export function isolate(process: string): void {
  const session = lab.get().session
  const box = session && boxOf(session.scenario, process)
  if (!session || !box) return
  const others = session.scenario.topology.boxes.filter((b) => b.name !== box.name).map((b) => b.name)
  fault({ type: 'cut', groupA: [box.name], groupB: others })
  toast(`${box.address} is cut off from the other boxes`)
}

export function startCut(): void {
  if (lab.get().cut) return lab.set({ cut: null })
  const session = lab.get().session
  const box = session && boxOf(session.scenario, lab.get().selected)
  lab.set({ cut: { side: box ? [box.name] : [], oneWay: false }, view: 'topology' })
}

/** Opens the panel for all links ('*'), those of a box, or those between two ("a|b"). */
export function openLatency(scope: string, from: Element | null = document.activeElement): void {
  const open = lab.get().latency
  if (open && open.scope === scope) lab.set({ latency: null })
  else lab.set({ latency: { scope, from: open?.from ?? from }, view: 'topology', menu: null })
}

export function setLatency(pairs: readonly (readonly string[])[], micros: number, jitter: number): void {
  for (const [a = '', b = ''] of pairs) fault({ type: 'latency', a, b, latencyMicros: micros, jitterMicros: jitter })
  toast(`${pairs.length} ${pairs.length === 1 ? 'link now takes' : 'links now take'} ${milliseconds(micros)}`)
}

export function powerLoss(process: string): void {
  const session = lab.get().session
  const box = session && boxOf(session.scenario, process)
  if (!box) return
  fault({ type: 'power', box: box.name })
  toast(`${box.address} has lost power`)
}

export function finishCut(): void {
  const { cut, session } = lab.get()
  if (!cut || !session) return
  const groupB = session.scenario.topology.boxes.map((b) => b.name).filter((b) => !cut.side.includes(b))
  if (cut.side.length === 0 || groupB.length === 0)
    return toast('Choose some boxes for one side and leave some for the other')
  const layer = cut.layer === undefined ? {} : { layer: cut.layer }
  fault({ type: 'cut', groupA: cut.side, groupB, oneWay: cut.oneWay, ...layer })
  lab.set({ cut: null })
}

export function heal(id?: number): void {
  const cuts = lab.get().state?.cuts ?? []
  const last = cuts[cuts.length - 1]
  if (last) fault({ type: 'heal', cut: id ?? last.id })
}

let tabCount = 0
export function openTerminal(process: string, focus = true, options: readonly string[] = []): void {
  const session = lab.get().session
  if (!session || !specOf(session.scenario, process)) return
  const id = `cli-${++tabCount}`
  lab.set({
    tabs: [{ id, kind: 'cli', process, options }, ...lab.get().tabs],
    left: id,
    front: 'left',
    menu: null,
    sheet: 'Terminal',
  })
  if (focus) focusTerminal()
}

export function openLog(process: string): void {
  const { tabs } = lab.get()
  const known = tabs.find((t) => t.kind === 'log' && t.process === process)
  const id = known?.id ?? `log-${process}`
  lab.set({ tabs: known ? tabs : [...tabs, { id, kind: 'log', process }], right: id, front: 'right', menu: null })
}

export function closeTab(id: string): void {
  closeTerminal(id)
  const { tabs, left, right } = lab.get()
  const rest = tabs.filter((t) => t.id !== id)
  const next = (cli: boolean) => rest.find((t) => (t.kind === 'cli') === cli)?.id ?? ''
  lab.set({ tabs: rest, left: left === id ? next(true) : left, right: right === id ? next(false) : right })
}

export function focusTerminal(): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>('.term-pane:not([hidden]) .xterm-helper-textarea')?.focus(),
    ),
  )
}

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(`${what} copied`)
  } catch {
    toast('The browser did not allow copying')
  }
}

export function share(): void {
  const { session, state, view } = lab.get()
  const url = new URL(location.href)
  url.search = ''
  const scenario = session?.scenario.id ?? 'sentinel-trio'
  if (scenario !== 'sentinel-trio') url.searchParams.set('scenario', scenario)
  if (state) url.searchParams.set('seed', String(state.seed))
  if (view !== 'topology') url.searchParams.set('view', view)
  history.replaceState(null, '', url)
  void copyText(url.href, 'Link with this seed')
}
