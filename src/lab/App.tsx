import { lazy, Suspense, useEffect } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { chooseTheme, copyText, openView, setScreenReader, setSingleKeys, share } from './actions.ts'
import { safeText } from './format.ts'
import { installKeyboard, keyList } from './keyboard.ts'
import { SCENARIOS, type ViewName } from './params.ts'
import { Guard } from './parts/Guard.tsx'
import { Icon } from './parts/icons.tsx'
import { BrandMark } from './parts/glyphs.tsx'
import { openScenario, scenarioTitles } from './scenarios.ts'
import { lab, useLab } from './store.ts'
import { aboutScenario } from './world-facts.ts'
import { TimeBar } from './timebar/TimeBar.tsx'
import { ContextMenu } from './topology/ContextMenu.tsx'
import { Workspace } from './Workspace.tsx'

const Structures = lazy(() => import('./structures/Structures.tsx').then((m) => ({ default: m.Structures })))
const Slots = lazy(() => import('./slots/Slots.tsx').then((m) => ({ default: m.Slots })))

export function App() {
  const view = useLab((s) => s.view)
  const workers = useLab((s) => s.state?.workers ?? 0)
  useEffect(installKeyboard, [])
  return (
    <div className="app" data-workers={workers}>
      <Header />
      <Notices />
      {view === 'topology' ? (
        <Workspace />
      ) : (
        <main className={`main ${view}`}>
          <Guard name={`The ${view === 'slots' ? 'Slots' : 'Structures'} screen`}>
            <Suspense
              fallback={<div className="say">Loading the {view === 'slots' ? 'Slots' : 'Structures'} screen</div>}
            >
              {view === 'slots' ? <Slots /> : <Structures />}
            </Suspense>
          </Guard>
        </main>
      )}
      <TimeBar />
      <ContextMenu />
      <Help />
      <Toasts />
    </div>
  )
}

const views: readonly [ViewName, string, string][] = [
  ['topology', 'Topology', '1'],
  ['slots', 'Slots', '3'],
  ['structures', 'Structures', '4'],
]

function Header() {
  const [view, theme] = [useLab((s) => s.view), useLab((s) => s.theme)]
  const about = useLab((s) => (s.session ? aboutScenario(s.session.scenario) : 'Redis 7.0.15'))
  return (
    <header className="top">
      <h1 className="brand">
        <BrandMark />
        <span>Rehash</span>
      </h1>
      <div className="crumb">
        <ScenarioChoice />
        <span className="ink3 hide-m hide-s">{about}</span>
      </div>
      <span className="sp" />
      <nav className="views" aria-label="Views">
        {views.map(([name, label, key]) => (
          <button
            key={name}
            type="button"
            className={view === name ? 'on' : ''}
            aria-current={view === name ? 'page' : undefined}
            title={`${label} (${key})`}
            onClick={() => openView(name)}
          >
            {label}
          </button>
        ))}
      </nav>
      <span className="sp hide-s" />
      <button
        type="button"
        className="btn q ic hide-s"
        aria-label="Keyboard and settings"
        title="Keyboard and settings (?)"
        onClick={() => lab.set({ help: true })}
      >
        <Icon name="keys" />
      </button>
      <button
        type="button"
        className="btn q ic"
        aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        title={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        onClick={() => chooseTheme(theme === 'dark' ? 'light' : 'dark')}
      >
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
      </button>
      <button
        type="button"
        className="btn share"
        aria-label="Share"
        title="Copy a link that opens this scenario with this seed"
        onClick={share}
      >
        <Icon name="share" />
        <span className="hide-s">Share</span>
      </button>
    </header>
  )
}

function ScenarioChoice() {
  const id = useLab((s) => s.session?.scenario.id ?? 'sentinel-trio')
  return (
    <span className="scenario">
      <select aria-label="Scenario" value={id} onChange={(e) => openScenario(e.target.value)}>
        {SCENARIOS.map((s) => (
          <option key={s} value={s}>
            {scenarioTitles[s]}
          </option>
        ))}
      </select>
      <Icon name="chev" />
    </span>
  )
}

/** What is wrong with the address, and what stopped the world. The page stays usable below. */
function Notices() {
  const problems = useLab((s) => s.problems)
  const failure = useLab((s) => s.failure)
  if (problems.length === 0 && failure === null) return null
  return (
    <div className="notices" role="alert">
      {problems.map((p) => (
        <div className="notice" key={`${p.name}=${p.value}`}>
          <Icon name="sdown" style={{ color: 'var(--suspect-ink)' }} />
          <span>
            The address says <code>{safeText(`${p.name}=${p.value}`, 60)}</code>, but{' '}
            {p.known ? (
              <>
                <code>{p.name}</code> must be {p.wanted}. Using {p.instead}.
              </>
            ) : (
              <>
                the lab knows no <code>{safeText(p.name, 30)}</code>, only {p.wanted}. It is left out.
              </>
            )}
          </span>
          <span className="sp" />
          <button
            type="button"
            className="btn small"
            onClick={() => lab.set({ problems: problems.filter((x) => x !== p) })}
          >
            Dismiss
          </button>
        </div>
      ))}
      {failure !== null && (
        <div className="notice">
          <Icon name="odown" style={{ color: 'var(--down)', '--ct': 'var(--bg-panel)' } as React.CSSProperties} />
          <span>
            The world could not start: <code>{safeText(failure.split('\n')[0] ?? '', 300)}</code>
          </span>
          <span className="sp" />
          <button type="button" className="btn small" onClick={() => void copyText(failure, 'Report')}>
            Copy the report
          </button>
          <button type="button" className="btn small" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      )}
    </div>
  )
}

function Help() {
  const open = useLab((s) => s.help)
  const close = () => lab.set({ help: false })
  if (!open) return null
  return (
    <dialog
      className="help"
      aria-label="Keyboard and settings"
      ref={(el) => {
        if (el && !el.open) el.showModal()
      }}
      onClose={close}
    >
      <div className="ph">
        Keyboard and settings
        <span className="sp" />
        <button type="button" className="btn q ic" aria-label="Close" onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      <dl>
        {keyList.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="settings only-narrow">
        <ScenarioChoice />
      </p>
      <p className="cap">Single keys rest while a terminal or a field has the focus.</p>
      <Settings />
    </dialog>
  )
}

function Settings() {
  const [singleKeys, screenReader] = useLab(useShallow((s) => [s.singleKeys, s.screenReader] as const))
  return (
    <fieldset className="settings">
      <legend className="h">Settings of this browser</legend>
      <label>
        <input type="checkbox" checked={singleKeys} onChange={(e) => setSingleKeys(e.target.checked)} />
        Single keys act
      </label>
      <label>
        <input type="checkbox" checked={screenReader} onChange={(e) => setScreenReader(e.target.checked)} />
        Screen-reader mode of the terminals
      </label>
    </fieldset>
  )
}

function Toasts() {
  const toasts = useLab((s) => s.toasts)
  const announcement = useLab((s) => s.announcement)
  return (
    <>
      <div className="toasts">
        {toasts.map((t) => (
          <div className="toast" key={t.id}>
            {t.text}
          </div>
        ))}
      </div>
      <div className="sr" aria-live="polite" role="status">
        {announcement}
      </div>
    </>
  )
}
