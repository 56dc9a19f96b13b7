/** Single keys work everywhere except in a terminal, a field or a menu. */
import {
  faster,
  focusTerminal,
  heal,
  isolate,
  openLatency,
  openLog,
  openTerminal,
  openView,
  processFault,
  restart,
  runBy,
  runToBreakpoint,
  select,
  startCut,
  step,
  toggleBreakpoint,
  togglePause,
  togglePlay,
} from './actions.ts'
import { lab } from './store.ts'

export const keyList: readonly (readonly [string, string])[] = [
  ['Space', 'play or pause'],
  ['.', 'step one event'],
  ['Shift .', 'step 10 ms of virtual time'],
  ['G', 'run to the next breakpoint'],
  ['+ and -', 'faster, slower'],
  ['Home', 'start again from zero'],
  ['Arrows', 'move the selection'],
  ['K, T', 'kill -9, SIGTERM the selected process'],
  ['P, R', 'pause or continue, restart it'],
  ['I', 'isolate its box'],
  ['X', 'partition: choose boxes to cut off'],
  ['H', 'heal the last cut'],
  ['D', 'latency of the links'],
  ['B', 'pause on events of the selection'],
  ['Enter', 'open redis-cli for the selection'],
  ['M', 'menu of the selection'],
  ['1, 3, 4', 'Topology, Slots, Structures'],
  ['F6', 'the next region; with Shift the one before'],
  ['Ctrl `', 'focus the terminal; Escape leaves it'],
  ['?', 'this list'],
]

export function installKeyboard(): () => void {
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

function onKey(e: KeyboardEvent): void {
  if (e.ctrlKey && e.key === '`') {
    e.preventDefault()
    focusTerminal()
    return
  }
  if (e.key === 'F6') {
    e.preventDefault()
    nextRegion(e.shiftKey ? -1 : 1)
    return
  }
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || busy(e.target)) return
  if (!lab.get().singleKeys && e.key.length === 1 && e.key !== ' ' && e.key !== '?') return
  const act = actionFor(e)
  if (!act) return
  e.preventDefault()
  act()
}

const REGIONS = ['.topo-hold, .twin, .board', '#terminals, .sheet', '#inspector', '.time', '.top']

/** From region to region, to the first thing in each that takes the focus. */
function nextRegion(by: 1 | -1): void {
  const regions = REGIONS.flatMap((query) => [...document.querySelectorAll<HTMLElement>(query)].slice(0, 1))
  const here = regions.findIndex((r) => r.contains(document.activeElement))
  for (let i = 1; i <= regions.length; i++) {
    const region = regions[(here + by * i + regions.length * 2) % regions.length]
    const target = region?.querySelector<HTMLElement>(
      '.proc.sel, [role=tab][aria-selected=true], button, [tabindex="0"]',
    )
    if (!target) continue
    target.focus()
    return
  }
}

function busy(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  if (lab.get().menu) return true
  return (
    target.closest(
      'input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable], .xterm, [role=menu], dialog, [role=dialog]',
    ) !== null
  )
}

const onControl = (e: KeyboardEvent) =>
  e.target instanceof Element && e.target.closest('button, a, [role=tab], [role=slider], input') !== null
const onCard = (e: KeyboardEvent) => e.target instanceof Element && e.target.closest('.proc') !== null

function actionFor(e: KeyboardEvent): (() => void) | null {
  const { selected, cut, help, latency, drawer } = lab.get()
  switch (e.key) {
    case ' ':
      return onControl(e) && !onCard(e) ? null : togglePlay
    case '.':
      return step
    case '>':
      return () => runBy(10_000)
    case '+':
    case '=':
      return () => faster(10 ** 0.5)
    case '-':
      return () => faster(10 ** -0.5)
    case 'Home':
      return onControl(e) && !onCard(e) ? null : () => restart()
    case 'Enter':
      return onControl(e) && !onCard(e) ? null : () => openTerminal(selected)
    case 'Escape':
      return cut || help || latency || drawer
        ? () => lab.set({ cut: null, help: false, latency: null, drawer: false })
        : null
    case '?':
      return () => lab.set({ help: !help })
    case '1':
      return () => openView('topology')
    case '3':
      return () => openView('slots')
    case '4':
      return () => openView('structures')
    case 'ArrowDown':
    case 'ArrowRight':
      return arrows(e, 1)
    case 'ArrowUp':
    case 'ArrowLeft':
      return arrows(e, -1)
  }
  switch (e.key.toLowerCase()) {
    case 'g':
      return runToBreakpoint
    case 'x':
      return startCut
    case 'h':
      return () => heal()
    case 'd':
      return () => openLatency('*')
  }
  return selected ? onSelection(e.key.toLowerCase(), selected) : null
}

function onSelection(key: string, process: string): (() => void) | null {
  switch (key) {
    case 'k':
      return () => processFault('kill', process)
    case 't':
      return () => processFault('term', process)
    case 'p':
      return () => togglePause(process)
    case 'r':
      return () => processFault('restart', process)
    case 'i':
      return () => isolate(process)
    case 'l':
      return () => openLog(process)
    case 'b':
      return () => toggleBreakpoint(`@${process}`)
    case 'm':
      return () => {
        const place = document.querySelector(`[data-testid="process-${CSS.escape(process)}"]`)?.getBoundingClientRect()
        lab.set({ menu: { process, x: place?.right ?? 200, y: place?.top ?? 120 } })
      }
  }
  return null
}

function arrows(e: KeyboardEvent, by: number): (() => void) | null {
  if (onControl(e) && !onCard(e)) return null
  const names = lab.get().session?.scenario.topology.processes.map((p) => p.name) ?? []
  if (names.length === 0) return null
  return () => {
    const next = names[(names.indexOf(lab.get().selected) + by + names.length) % names.length] ?? ''
    select(next)
    document.querySelector<HTMLElement>(`[data-testid="process-${CSS.escape(next)}"]`)?.focus()
  }
}
