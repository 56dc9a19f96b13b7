/** The clock and its controls. They never leave the screen. */
import { useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import {
  restart,
  runToBreakpoint,
  setBreakpoints,
  setSpeed,
  step,
  toast,
  toggleBreakpoint,
  togglePlay,
} from '../actions.ts'
import { clock, count, seconds, speedMeaning, speedText } from '../format.ts'
import { MAX_SPEED, MIN_SPEED, parseSeed } from '../params.ts'
import { Guard } from '../parts/Guard.tsx'
import { Icon } from '../parts/icons.tsx'
import { useLab } from '../store.ts'
import { Timeline } from './Timeline.tsx'
import { logarithmic } from './scale.ts'

export function TimeBar() {
  const [listed, setListed] = useState(false)
  return (
    <footer className="time" aria-label="Time">
      <div className="ctl">
        <Transport />
        <Clock />
        <span className="vr hide-s" />
        <Speed />
        <span className="sp" />
        <Breakpoints open={listed} />
        <Chips listed={listed} setListed={setListed} />
        <span className="vr hide-s" />
        <Seed />
      </div>
      <Guard name="The timeline">
        <Timeline />
      </Guard>
    </footer>
  )
}

function Transport() {
  const playing = useLab((s) => s.state?.playing ?? false)
  const ready = useLab((s) => s.state !== null)
  return (
    <div className="xport" role="group" aria-label="Transport">
      <button
        type="button"
        className="btn q ic"
        aria-label="Restart"
        title="Start again from zero with the same seed (Home)"
        disabled={!ready}
        onClick={() => restart()}
      >
        <Icon name="start" />
      </button>
      <button
        type="button"
        className="btn p play"
        aria-label={playing ? 'Pause' : 'Play'}
        title={playing ? 'Pause (Space)' : 'Play (Space)'}
        disabled={!ready}
        onClick={togglePlay}
      >
        <Icon name={playing ? 'pause' : 'play'} />
      </button>
      <button
        type="button"
        className="btn q ic"
        aria-label="Step one event"
        title="Step one event (.)"
        disabled={!ready}
        onClick={step}
      >
        <Icon name="stepf" />
      </button>
      <button
        type="button"
        className="btn q ic hide-s"
        aria-label="Run to the next breakpoint"
        title="Run to the next breakpoint (G)"
        disabled={!ready}
        onClick={runToBreakpoint}
      >
        <Icon name="nextbp" />
      </button>
    </div>
  )
}

function Clock() {
  const [now, events] = useLab(useShallow((s) => [s.state?.now ?? 0, s.state?.eventCount ?? 0] as const))
  const { main, micros } = clock(now)
  return (
    <>
      <div
        className="clock"
        role="timer"
        aria-label="Virtual time"
        title="Virtual time"
        data-testid="clock"
        data-micros={Math.floor(now)}
      >
        {main}
        <small>{micros}</small>
      </div>
      <span className="ink3 hide-t events">
        event{' '}
        <span className="mono ink2" data-testid="event-count">
          {count(events)}
        </span>
      </span>
    </>
  )
}

/** On a phone: how many breakpoints are armed, and the speed, each behind one chip. */
function Chips({ listed, setListed }: { listed: boolean; setListed: (on: boolean) => void }) {
  const armed = useLab((s) => s.breakpoints.filter((b) => b.on).length)
  const hit = useLab((s) => s.state?.hit ?? null)
  const speed = useLab((s) => s.state?.speed ?? 1)
  const known = detents.includes(speed)
  return (
    <span className="chips only-t">
      <button
        type="button"
        className={`bp ${hit ? 'hit' : armed > 0 ? '' : 'off'}`}
        aria-expanded={listed}
        aria-label={`Breakpoints, ${armed} armed${hit ? `, stopped on ${hit.breakpoint}` : ''}`}
        onClick={() => setListed(!listed)}
      >
        <Icon name={armed > 0 ? 'bp' : 'bpo'} size={10} />
        {armed}
      </button>
      <select
        className="bp mono only-s"
        aria-label="Speed"
        value={known ? speed : ''}
        onChange={(e) => setSpeed(Number(e.target.value))}
      >
        {!known && <option value="">{speedText(speed)}</option>}
        {detents.map((d) => (
          <option key={d} value={d}>
            {speedText(d)}
          </option>
        ))}
      </select>
    </span>
  )
}

const onTrack = logarithmic([MIN_SPEED, MAX_SPEED], [0, 1000])
const detents = [0.001, 0.01, 0.1, 1, 10]

function Speed() {
  const [speed, reached, playing] = useLab(
    useShallow(
      (s) =>
        [s.state?.speed ?? 1, Math.round((s.state?.reachedSpeed ?? 1) * 100) / 100, s.state?.playing ?? false] as const,
    ),
  )
  const short = playing && speed > 1 && reached < speed * 0.8
  const choose = (value: number) => {
    const raw = onTrack.invert(value)
    const near = detents.find((d) => Math.abs(onTrack(d) - value) < 18)
    setSpeed(near ?? raw)
  }
  return (
    <div className="speed hide-s">
      <Icon name="clock" size={14} />
      <span className="trk">
        {detents.map((d) => (
          <i key={d} style={{ left: `${onTrack(d) / 10}%` }} />
        ))}
        <input
          type="range"
          min="0"
          max="1000"
          step="1"
          aria-label="Speed"
          aria-valuetext={`${speedText(speed)}, ${speedMeaning(speed)}`}
          value={Math.round(onTrack(speed))}
          onChange={(e) => choose(Number(e.target.value))}
          onKeyDown={(e) => {
            const move = { ArrowRight: 25, ArrowUp: 25, ArrowLeft: -25, ArrowDown: -25, PageUp: 250, PageDown: -250 }[
              e.key
            ]
            if (move === undefined) return
            e.preventDefault()
            choose(Math.min(1000, Math.max(0, onTrack(speed) + move)))
          }}
        />
      </span>
      <b className="mono speed-now">{speedText(speed)}</b>
      <span className="ink3 hide-m hide-s speed-means">
        {short ? `running ${speedText(reached)}. Nothing is skipped` : speedMeaning(speed)}
      </span>
    </div>
  )
}

function Breakpoints({ open }: { open: boolean }) {
  const breakpoints = useLab((s) => s.breakpoints)
  const hit = useLab((s) => s.state?.hit ?? null)
  const [adding, setAdding] = useState(false)
  const add = (text: string) => {
    const kind = text.trim()
    setAdding(false)
    if (kind && !breakpoints.some((b) => b.kind === kind)) setBreakpoints([...breakpoints, { kind, on: true }])
  }
  return (
    <div className={`bps ${open ? 'listed' : 'hide-t'}`} role="group" aria-label="Pause on">
      <span className="h hide-m">Pause on</span>
      {breakpoints.map((b) => {
        const stopped = hit?.breakpoint === b.kind
        const name = b.kind.startsWith('@') ? `any of ${b.kind.slice(1)}` : b.kind
        return (
          <button
            key={b.kind}
            type="button"
            className={`bp ${b.on ? '' : 'off'} ${stopped ? 'hit' : ''}`}
            aria-pressed={b.on}
            aria-label={`Pause on ${name}${stopped ? `, hit at ${seconds(hit.event.at)}` : ''}`}
            title={b.on ? 'Armed. Click to turn off; Delete removes it' : 'Off. Click to arm; Delete removes it'}
            onClick={() => toggleBreakpoint(b.kind)}
            onKeyDown={(e) => {
              if (e.key === 'Delete' || e.key === 'Backspace')
                setBreakpoints(breakpoints.filter((x) => x.kind !== b.kind))
            }}
          >
            <Icon name={b.on ? 'bp' : 'bpo'} size={10} />
            {stopped ? `${name} hit at ${seconds(hit.event.at)}` : name}
          </button>
        )
      })}
      {adding ? (
        <input
          className="field mono"
          aria-label="Event to pause on"
          placeholder="+new-epoch"
          // biome-ignore lint/a11y/noAutofocus: it appears because its button was pressed
          autoFocus
          list="event-kinds"
          size={14}
          onBlur={(e) => add(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter') add(e.currentTarget.value)
            if (e.key === 'Escape') setAdding(false)
          }}
        />
      ) : (
        <button
          type="button"
          className="btn q ic"
          aria-label="Add a breakpoint"
          title="Add a breakpoint"
          onClick={() => setAdding(true)}
        >
          <Icon name="plus" />
        </button>
      )}
      <datalist id="event-kinds">
        {[
          '+sdown',
          '-sdown',
          '+odown',
          '+new-epoch',
          '+try-failover',
          '+vote-for-leader',
          '+elected-leader',
          '+selected-slave',
          '+promoted-slave',
          '+switch-master',
          'fault.kill',
        ].map((k) => (
          <option key={k} value={k} />
        ))}
      </datalist>
    </div>
  )
}

function Seed() {
  const seed = useLab((s) => s.state?.seed ?? s.session?.scenario.seed ?? 0)
  const [draft, setDraft] = useState<string | null>(null)
  const go = () => {
    if (draft === null) return
    const wanted = parseSeed(draft)
    if (wanted === null) return toast('A seed is a whole number from 0 to 4294967295')
    setDraft(null)
    restart(wanted)
  }
  return (
    <form
      className="seed hide-s"
      onSubmit={(e) => {
        e.preventDefault()
        go()
      }}
    >
      <label>
        <span className="ink3">seed</span>
        <input
          className="field mono"
          inputMode="numeric"
          aria-label="Seed"
          aria-invalid={draft !== null && parseSeed(draft) === null}
          title="Type a seed and press Enter: the world starts again with it"
          size={10}
          value={draft ?? String(seed)}
          onChange={(e) => setDraft(e.target.value)}
          onKeyDown={(e) => e.key === 'Escape' && setDraft(null)}
        />
      </label>
      {draft !== null && draft !== String(seed) && (
        <button type="submit" className="btn">
          Restart
        </button>
      )}
    </form>
  )
}
