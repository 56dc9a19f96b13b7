/** One machine: its address and the cards of the processes that run on it. */
import { memo } from 'react'
import { select } from '../actions.ts'
import { safeText } from '../format.ts'
import { Glyph, type Mark, RoleMark, stateTag, Tag } from '../parts/glyphs.tsx'
import { Icon } from '../parts/icons.tsx'
import { lab, useLab } from '../store.ts'
import {
  accessibleName,
  addressOf,
  downWords,
  namesInText,
  electionIsOn,
  roleOf,
  specOf,
  verdict,
  votesFor,
  type Watch,
  watchesOf,
} from '../world-facts.ts'
import { CARD, type Layout, SMALL } from './layout.ts'

export const BoxView = memo(function BoxView({ name, at, mini }: { name: string; at: Layout; mini: boolean }) {
  const box = useLab((s) => s.session?.scenario.topology.boxes.find((b) => b.name === name))
  const cut = useLab((s) => s.cut)
  const off = useLab((s) => {
    const here = s.session?.scenario.topology.processes.filter((p) => p.box === name) ?? []
    const states = here.map((p) => s.state?.processes.find((q) => q.name === p.name)?.state)
    return states.length > 0 && states.every((x) => x === 'killed' || x === 'exited')
  })
  const rect = at.boxes.get(name)
  if (!rect || !box) return null
  const cards = [...at.cards.keys()].filter((c) => at.boxOf.get(c) === name)
  const chosen = cut?.side.includes(name) ?? false
  const toggle = () => {
    const draft = lab.get().cut
    if (draft)
      lab.set({ cut: { ...draft, side: chosen ? draft.side.filter((b) => b !== name) : [...draft.side, name] } })
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the partition form offers the same choice by keyboard
    <section
      className={`host ${off ? 'off' : ''} ${mini ? 'mini' : ''} ${cut ? 'choosing' : ''} ${chosen ? 'chosen' : ''}`}
      style={{ left: rect.x, top: rect.y, width: rect.w, height: rect.h }}
      aria-label={`Box ${box.address}`}
      onClick={cut ? toggle : undefined}
    >
      <div className="hh">
        <Icon name={off ? 'power' : 'host'} size={13} />
        <span className="mono">{box.address}</span>
        {chosen && <span className="side">this side</span>}
        {off && !chosen && <span className="ink3">nothing runs here</span>}
      </div>
      {cards.map((card) =>
        specKnown(card) ? <Card key={card} name={card} mini={mini} /> : <SmallCard key={card} name={card} />,
      )}
    </section>
  )
})

const specKnown = (name: string) => {
  const session = lab.get().session
  return session ? specOf(session.scenario, name) !== undefined : false
}

const openMenu = (process: string, x: number, y: number) => {
  select(process)
  lab.set({ menu: { process, x, y } })
}

function Card({ name, mini }: { name: string; mini: boolean }) {
  const scenario = useLab((s) => s.session?.scenario)
  const processes = useLab((s) => s.state?.processes)
  const state = useLab((s) => (electionIsOn(s.state?.processes ?? []) ? s.state : null))
  const selected = useLab((s) => s.selected === name)
  const pulse = useLab((s) => (s.change?.processes.has(name) ? s.change.seq : 0))
  if (!scenario || !processes) return null
  const spec = specOf(scenario, name)
  const status = processes.find((p) => p.name === name)
  const role = roleOf(spec, status)
  const watches = watchesOf(scenario, processes, name)
  const verdictOf = verdict(watches)
  const own = status ? stateTag(status.state) : null
  const votes = state && role === 'sentinel' ? votesFor(state, name, addressOf(scenario, name)) : null
  const tag: { mark: Mark; text: string } | null =
    verdictOf === 'odown'
      ? { mark: 'odown', text: downWords(scenario).odown }
      : verdictOf === 'sdown'
        ? { mark: 'sdown', text: downWords(scenario).sdown }
        : own
  const named = mini || role === 'sentinel' || spec?.kind === 'app'
  const line = fact(
    named ? '' : `${name}, `,
    status?.state,
    namesInText(processes, status?.summary?.line ?? 'starting'),
    own !== null && tag !== own ? own.text : null,
  )
  const dead = status !== undefined && status.state !== 'running' && status.state !== 'paused'
  return (
    <button
      type="button"
      className={`proc ${role} ${selected ? 'sel' : ''} ${dead ? 'dead' : ''}`}
      style={{ height: mini ? SMALL : CARD }}
      data-testid={`process-${name}`}
      data-state={status?.state}
      data-role={role}
      data-changed={pulse > 0 || undefined}
      aria-pressed={selected}
      aria-label={accessibleName(scenario, processes, name)}
      aria-haspopup="menu"
      onClick={() => lab.get().cut === null && select(name)}
      onDoubleClick={(e) => openMenu(name, e.clientX, e.clientY)}
      onContextMenu={(e) => {
        e.preventDefault()
        const place = e.currentTarget.getBoundingClientRect()
        openMenu(name, e.clientX || place.right - 40, e.clientY || place.bottom)
      }}
    >
      {pulse > 0 && <span className="pulse" key={pulse} />}
      <svg
        className="pg"
        width={mini ? 24 : 46}
        height={mini ? 24 : 46}
        viewBox={mini ? '-12 -12 24 24' : '-23 -23 46 46'}
        aria-hidden="true"
      >
        {!mini && role !== 'client' && <Rings watches={watches} />}
        <g transform={`scale(${mini ? 0.85 : 0.92})`}>
          <Glyph role={role} />
        </g>
      </svg>
      <span className="pt">
        <span className="p1">
          <b className="cc">{named ? name : role}</b>
          {spec && spec.port > 0 && <span className="mono ink2">:{spec.port}</span>}
          <span className="sp" />
          {tag ? (
            <Tag mark={tag.mark} text={tag.text} short={mini} />
          ) : votes && votes.votes > 0 && !mini ? (
            <VoteTag n={votes.votes} />
          ) : null}
        </span>
        {!mini && (
          <span className="p2" title={line}>
            {line}
          </span>
        )}
      </span>
    </button>
  )
}

const VoteTag = ({ n }: { n: number }) => (
  <span className="tag line vote">
    <Icon name="vote" />
    {n} {n === 1 ? 'vote' : 'votes'}
  </span>
)

function fact(who: string, state: string | undefined, line: string | undefined, own: string | null): string {
  if (state === undefined) return `${who}starting`
  if (state === 'killed') return `${who}killed`
  if (state === 'exited') return `${who}exited`
  if (state === 'crashed') return `${who}stopped by an engine error`
  return own ? `${who}${own}` : `${who}${safeText(line ?? 'starting', 60)}`
}

/** One ring for each watching Sentinel, in fixed order, the first inside. The arc is the wait divided by the limit. */
function Rings({ watches }: { watches: readonly Watch[] }) {
  return watches.slice(0, 3).map(({ by, opinion }, i) => {
    const r = 13.5 + i * 3.5
    const around = 2 * Math.PI * r
    const part = opinion
      ? opinion.sdown
        ? 1
        : Math.min(1, opinion.waitMicros / Math.max(1, opinion.limitMicros))
      : null
    const color =
      opinion?.odown || (part !== null && part >= 1)
        ? '--down'
        : part !== null && part > 0.55
          ? '--suspect'
          : '--line-3'
    return (
      <g key={by} fill="none" strokeWidth="2">
        <circle r={r} stroke="var(--line)" />
        {part !== null && part > 0 && (
          <circle
            r={r}
            stroke={`var(${color})`}
            strokeDasharray={`${(around * part).toFixed(1)} ${around.toFixed(1)}`}
            transform="rotate(-90)"
          />
        )}
      </g>
    )
  })
}

function SmallCard({ name }: { name: string }) {
  const pulse = useLab((s) => (s.change?.processes.has(name) ? s.change.seq : 0))
  return (
    <div className="proc client small" style={{ height: SMALL }} data-testid={`process-${name}`}>
      {pulse > 0 && <span className="pulse" key={pulse} />}
      <RoleMark role="client" size={18} />
      <span className="mono">{name}</span>
    </div>
  )
}
