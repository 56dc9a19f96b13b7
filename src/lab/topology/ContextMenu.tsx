/** What can be done to a process. Keys are at the right; what cannot apply now is dimmed. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import {
  canFault,
  isolate,
  openLatency,
  openLog,
  openTerminal,
  powerLoss,
  processFault,
  startCut,
  toggleBreakpoint,
  togglePause,
} from '../actions.ts'
import { Icon, type IconName } from '../parts/icons.tsx'
import { lab, useLab, useProcess } from '../store.ts'
import { boxOf } from '../world-facts.ts'

interface Item {
  readonly icon: IconName
  readonly text: string
  readonly key: string
  readonly off?: boolean
  readonly act: () => void
}

export function ContextMenu() {
  const menu = useLab((s) => s.menu)
  return menu ? <Open key={`${menu.process}${menu.x}${menu.y}`} {...menu} /> : null
}

function Open({ process, x, y }: { process: string; x: number; y: number }) {
  const status = useProcess(process)
  const armed = useLab((s) => s.breakpoints.some((b) => b.on && b.kind === `@${process}`))
  const ref = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: x, top: y })
  const before = useRef<Element | null>(null)
  useLayoutEffect(() => {
    before.current = document.activeElement
    const el = ref.current
    if (!el) return
    const { width, height } = el.getBoundingClientRect()
    setPlace({
      left: Math.max(4, Math.min(x, innerWidth - width - 8)),
      top: Math.max(4, Math.min(y, innerHeight - height - 8)),
    })
    el.querySelector<HTMLElement>('[role=menuitem]:not([aria-disabled=true])')?.focus()
  }, [x, y])
  const close = () => {
    lab.set({ menu: null })
    if (before.current instanceof HTMLElement) before.current.focus()
  }
  useEffect(() => {
    const away = (e: PointerEvent) => !ref.current?.contains(e.target as Node) && lab.set({ menu: null })
    addEventListener('pointerdown', away)
    return () => removeEventListener('pointerdown', away)
  }, [])
  const state = status?.state
  const dark = useLab((s) => !s.state?.processes.some((p) => isOn(p.state) && boxName(p.name) === boxName(process)))
  const groups: Item[][] = [
    [
      {
        icon: 'kill',
        text: 'kill -9',
        key: 'K',
        off: !canFault('kill', state),
        act: () => processFault('kill', process),
      },
      {
        icon: 'term',
        text: 'SIGTERM',
        key: 'T',
        off: !canFault('term', state),
        act: () => processFault('term', process),
      },
      {
        icon: state === 'paused' ? 'play' : 'pause',
        text: state === 'paused' ? 'Continue (SIGCONT)' : 'Pause (SIGSTOP)',
        key: 'P',
        off: state !== 'running' && state !== 'paused',
        act: () => togglePause(process),
      },
      {
        icon: 'restart',
        text: 'Restart',
        key: 'R',
        off: !canFault('restart', state),
        act: () => processFault('restart', process),
      },
    ],
    [
      { icon: 'cut', text: 'Partition the boxes', key: 'X', act: startCut },
      { icon: 'isolate', text: 'Isolate its box', key: 'I', act: () => isolate(process) },
      { icon: 'clock', text: 'Latency of its links', key: 'D', act: () => openLatency(boxName(process)) },
      { icon: 'power', text: 'Power loss of its box', key: '', off: dark, act: () => powerLoss(process) },
    ],
    [
      {
        icon: armed ? 'bp' : 'bpo',
        text: armed ? 'Do not pause on its events' : 'Pause on its events',
        key: 'B',
        act: () => toggleBreakpoint(`@${process}`),
      },
      { icon: 'list', text: 'Open its log', key: 'L', act: () => openLog(process) },
      { icon: 'chevr', text: 'Open redis-cli', key: 'Enter', act: () => openTerminal(process) },
    ],
  ]
  const onKey = (e: React.KeyboardEvent) => {
    const items = [...(ref.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
    const i = items.indexOf(document.activeElement as HTMLElement)
    const move = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: items.length - 1 }[e.key]
    if (move !== undefined) items[(move + items.length) % items.length]?.focus()
    else if (e.key === 'Escape' || e.key === 'Tab') close()
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  return (
    <div className="menu" role="menu" aria-label={`Menu of ${process}`} ref={ref} style={place} onKeyDown={onKey}>
      {groups.map((items, g) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the groups never change places
        <div key={g} role="group" className="mg">
          {items.map((item) => (
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              key={item.text}
              className="mi"
              aria-disabled={item.off ?? false}
              onClick={() => {
                if (item.off) return
                close()
                item.act()
              }}
            >
              <Icon name={item.icon} />
              {item.text}
              <span className="k">{item.key}</span>
            </button>
          ))}
        </div>
      ))}
    </div>
  )
}

const isOn = (state: string) => state === 'running' || state === 'paused'
const boxName = (process: string): string => {
  const session = lab.get().session
  return (session && boxOf(session.scenario, process)?.name) ?? '*'
}
