/** Logs: what a process wrote, and what happened in the world. They stick to the end until scrolled up. */
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { EventView, LogLine, Scenario } from '../../browser/session.ts'
import { safeText, seconds } from '../format.ts'
import { lab, useLab } from '../store.ts'
import { eventText } from '../world-facts.ts'

const MOST = 500

export function ProcessLog({ process }: { process: string }) {
  const session = useLab((s) => s.session)
  const [lines, setLines] = useState<readonly LogLine[]>([])
  useEffect(() => {
    setLines([])
    return session?.log(process, (all) => setLines([...all]))
  }, [session, process])
  return (
    <Rows label={`Log of ${process}`} n={lines.length} empty={`${process} has written nothing yet.`}>
      {lines.slice(-MOST).map((l, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever appended
        <div key={lines.length - Math.min(MOST, lines.length) + i}>
          <span className="g">{seconds(l.at)}</span> {safeText(l.line, 400)}
        </div>
      ))}
    </Rows>
  )
}

export function EventLog() {
  const all = useLab((s) => s.events)
  const scenario = useLab((s) => s.session?.scenario)
  const events = useMemo(() => all.filter((e) => e.weight > 0), [all])
  return (
    <Rows label="Event log" n={events.length} empty="Nothing has happened yet. Press play, or run a command.">
      {events.slice(-MOST).map((e) => (
        <EventRow key={e.seq} e={e} scenario={scenario} />
      ))}
    </Rows>
  )
}

const EventRow = memo(function EventRow({ e, scenario }: { e: EventView; scenario: Scenario | undefined }) {
  return (
    <div className={`w${e.weight}`} data-kind={e.kind}>
      <span className="g">{seconds(e.at)}</span> <span className="c2">{safeText(e.process, 40)}</span> <b>{e.kind}</b>{' '}
      {safeText(eventText(scenario, lab.get().state?.processes ?? [], e), 300)}
    </div>
  )
})

function Rows({ label, n, empty, children }: { label: string; n: number; empty: string; children: React.ReactNode }) {
  const ref = useRef<HTMLDivElement>(null)
  const stuck = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new line
  useLayoutEffect(() => {
    const el = ref.current
    if (el && stuck.current) el.scrollTop = el.scrollHeight
  }, [n])
  return (
    <div
      className="logrows"
      role="log"
      aria-label={label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      ref={ref}
      onScroll={(e) => {
        const el = e.currentTarget
        stuck.current = el.scrollHeight - el.scrollTop - el.clientHeight < 24
      }}
    >
      {n === 0 ? <div className="g">{empty}</div> : children}
    </div>
  )
}
