/** Tabs over two panes: redis-cli at the left, logs at the right; one pane where there is no room for two. */
import { lazy, Suspense, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { closeTab, focusTerminal, openLog, openTerminal } from '../actions.ts'
import { RoleMark } from '../parts/glyphs.tsx'
import { Icon } from '../parts/icons.tsx'
import { useNarrow } from '../parts/use-narrow.ts'
import { Separator } from '../parts/Separator.tsx'
import { useSize } from '../parts/use-size.ts'
import { lab, setSize, type TerminalTab, useLab } from '../store.ts'
import { safeText } from '../format.ts'
import { addressOf, roleOf, specOf } from '../world-facts.ts'
import { CommandLine } from './CommandLine.tsx'
import { EventLog, ProcessLog } from './LogPane.tsx'

const XtermPane = lazy(() => import('./XtermPane.tsx').then((m) => ({ default: m.XtermPane })))

export function Terminals() {
  const narrow = useNarrow()
  return narrow ? null : <Wide />
}

function Wide() {
  const holder = useRef<HTMLDivElement>(null)
  const { width } = useSize(holder)
  const [asking, setAsking] = useState(false)
  const [tabs, left, right, front, selected] = useLab(
    useShallow((s) => [s.tabs, s.left, s.right, s.front, s.selected] as const),
  )
  const split = useLab((s) => Math.min(80, Math.max(20, s.sizes.split ?? 50)))
  const two = width > 720 && left !== '' && right !== ''
  const one = front === 'left' && left !== '' ? 'left' : right !== '' ? 'right' : 'left'
  const rightTab = tabs.find((t) => t.id === right)
  return (
    <section className="terms" id="terminals" aria-label="Terminals and logs" ref={holder}>
      <div className="tabs">
        <div className="tablist" role="tablist" aria-label="Terminals and logs">
          {tabs.map((tab) => (
            <TabButton
              key={tab.id}
              tab={tab}
              on={two ? tab.id === left || tab.id === right : tab.id === (one === 'left' ? left : right)}
            />
          ))}
        </div>
        <button
          type="button"
          className="btn q ic"
          aria-label={`New terminal on ${selected}`}
          title={`New redis-cli on ${selected} (Enter)`}
          onClick={() => openTerminal(selected)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="btn q small hide-m"
          aria-expanded={asking}
          title="redis-cli with options: --bigkeys, --stat, --latency ..."
          onClick={() => setAsking(!asking)}
        >
          Options …
        </button>
        <span className="grow" />
        <button type="button" className="btn q small hide-m" onClick={() => openLog(selected)}>
          Log of {selected}
        </button>
      </div>
      {asking && <CommandLine process={selected} onDone={() => setAsking(false)} />}
      <div
        className={two ? 'panes two' : 'panes'}
        style={two ? { gridTemplateColumns: `minmax(0, ${split}fr) 1px minmax(0, ${100 - split}fr)` } : undefined}
      >
        {(two || one === 'left') && <CliPane />}
        {two && (
          <Separator
            label="Width of the left pane"
            controls="pane-left"
            line="vertical"
            sense={1}
            perPixel={100 / width}
            value={split}
            min={20}
            max={80}
            text={`${split} percent`}
            onChange={(v) => setSize('split', v)}
            onReset={() => setSize('split', null)}
          />
        )}
        {(two || one === 'right') && (
          <div
            className="log-pane"
            role="tabpanel"
            aria-label={rightTab?.kind === 'log' ? `Log of ${rightTab.process}` : 'Event log'}
          >
            {rightTab?.kind === 'log' ? <ProcessLog process={rightTab.process} /> : <EventLog />}
          </div>
        )}
      </div>
    </section>
  )
}

function TabButton({ tab, on }: { tab: TerminalTab; on: boolean }) {
  const session = useLab((s) => s.session)
  const status = useLab((s) => s.state?.processes.find((p) => p.name === tab.process))
  const spec = session ? specOf(session.scenario, tab.process) : undefined
  const label =
    tab.kind === 'events'
      ? 'Event log'
      : tab.kind === 'log'
        ? `${tab.process} log`
        : session
          ? addressOf(session.scenario, tab.process)
          : tab.process
  return (
    <span className={`tabx ${on ? 'on' : ''}`} role="presentation">
      <button
        type="button"
        role="tab"
        aria-selected={on}
        aria-keyshortcuts={tab.kind === 'events' ? undefined : 'Delete'}
        onKeyDown={(e) => e.key === 'Delete' && tab.kind !== 'events' && closeTab(tab.id)}
        onClick={() =>
          lab.set(tab.kind === 'cli' ? { left: tab.id, front: 'left' } : { right: tab.id, front: 'right' })
        }
      >
        {tab.kind === 'cli' && <RoleMark role={roleOf(spec, status)} size={12} />}
        <span className={tab.kind === 'cli' ? 'mono' : ''}>
          {label}
          {tab.options && tab.options.length > 0 ? ` ${safeText(tab.options.join(' '), 20)}` : ''}
        </span>
      </button>
      {tab.kind !== 'events' && (
        // For the pointer; by keyboard the tab itself takes Delete. A tab list may hold nothing but tabs.
        <span
          className="tabclose"
          aria-hidden="true"
          title={`Close ${label} (Delete)`}
          onClick={() => closeTab(tab.id)}
        >
          <Icon name="x" size={10} />
        </span>
      )}
    </span>
  )
}

/** A button while the redis-cli that shows is another server's. */
export function OpenCli({ process }: { process: string }) {
  const shown = useLab((s) => s.tabs.find((t) => t.id === s.left && t.kind === 'cli')?.process)
  const other = useLab((s) => s.tabs.find((t) => t.kind === 'cli' && t.process === process))
  if (shown === process) return null
  return (
    <button
      type="button"
      className="btn small"
      onClick={() => {
        if (other) lab.set({ left: other.id, front: 'left' })
        else openTerminal(process, false)
        focusTerminal()
      }}
    >
      Open redis-cli on {process}
    </button>
  )
}

/** Every open redis-cli stays alive; only the chosen one shows. */
export function CliPane() {
  const [tabs, left] = useLab(useShallow((s) => [s.tabs, s.left] as const))
  const clis = tabs.filter((t) => t.kind === 'cli')
  if (clis.length === 0)
    return (
      <div className="term-pane say" id="pane-left">
        No terminal is open. Select a process and press Enter.
      </div>
    )
  return (
    <div className="cli-pane" id="pane-left">
      <Suspense fallback={<div className="say">Loading the terminal</div>}>
        {clis.map((t) => (
          <XtermPane key={t.id} tab={t} shown={t.id === left} />
        ))}
      </Suspense>
    </div>
  )
}
