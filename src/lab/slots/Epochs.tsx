/** The logical time of a cluster: each node's currentEpoch as a stair, its claims with the epoch that dates them, votes between. */
import { useEffect, useMemo, useRef, useState } from 'react'
import { EPOCH_MS } from '../../world/index.ts'
import { count, seconds as secondsOf } from '../format.ts'
import { RoleMark, Tag } from '../parts/glyphs.tsx'
import { useSize } from '../parts/use-size.ts'
import { typeInto } from '../structures/Cli.tsx'
import { type ClusterPicture, rangeText, useViews } from './data.ts'
import {
  type Claim,
  type EpochsData,
  type Lane,
  merge,
  type Placed,
  placeKey,
  sameSlots,
  timeAxis,
  winner,
} from './epochs-layout.ts'

/** The nodes' clocks count from 1970; what is read is the time in the world. */
const seconds = (at: number): string => secondsOf(at - EPOCH_MS * 1000)

const LANE = 74
const TOP = 22
const LEFT = 22
/** Of a lane, from its top to the line of its least epoch. */
const FLOOR = 56
const RISE = 34
const MOST_DRAWN = 400

export function useEpochs(picture: ClusterPicture): readonly Lane[] {
  const names = picture.members.map((m) => m.name).join(' ')
  const processes = useMemo(() => names.split(' '), [names])
  const views = useViews(processes, 'cluster', EPOCHS)
  const remains = useViews(processes, 'remains')
  return useMemo(
    () =>
      processes.map((name) => {
        const live = (views[name] ?? null) as EpochsData | null
        const past = (remains[name] as { epochs: EpochsData | null } | null | undefined)?.epochs ?? null
        return { name, data: live ?? past, dead: live === null, before: live && past }
      }),
    [processes, views, remains],
  )
}
const EPOCHS = ['epochs'] as const

export function Epochs({ picture }: { picture: ClusterPicture }) {
  const lanes = useEpochs(picture)
  const all = useMemo(() => merge(lanes).slice(-MOST_DRAWN), [lanes])
  const [claims, setClaims] = useState<readonly Placed[]>([])
  const pick = (c: Placed) =>
    setClaims((old) => (old.some((o) => same(o, c)) ? old.filter((o) => !same(o, c)) : [...old, c].slice(-2)))
  const replica = picture.members.find((m) => m.says !== null && m.seen?.flags.includes('slave'))
  return (
    <div className="epochs">
      <section className="panel epochs-fig" aria-label="Epochs of the nodes">
        <div className="ph">
          Epochs
          <span className="ink3 light hide-m">
            stair: currentEpoch; flag: a claim and its configEpoch; arrow: a vote
          </span>
          <span className="sp" />
          {replica && (
            <button
              type="button"
              className="btn small"
              title="A replica takes its master's slots and an epoch of its own, and asks nobody"
              onClick={() => typeInto(replica.name, ['CLUSTER FAILOVER TAKEOVER'])}
            >
              TAKEOVER on {replica.name}
            </button>
          )}
        </div>
        {all.length === 0 ? (
          <div className="say">
            No epoch has changed here since the nodes started. Kill a master and wait, or let a replica take over.
          </div>
        ) : (
          <Figure picture={picture} lanes={lanes} all={all} chosen={claims} pick={pick} />
        )}
        <Compare picture={picture} claims={claims} />
      </section>
      <div className="epochs-side">
        <section className="panel" aria-label="Changes">
          <div className="ph">
            Changes<span className="ink3 light">{count(all.length)}, oldest first</span>
          </div>
          <Changes picture={picture} all={all} chosen={claims} pick={pick} />
        </section>
        <section className="panel" aria-label="Replication histories">
          <div className="ph">Replication histories</div>
          <Histories lanes={lanes} />
        </section>
      </div>
    </div>
  )
}
const same = (a: Placed, b: Placed): boolean => placeKey(a) === placeKey(b)

// ---- The figure

interface FigureProps {
  picture: ClusterPicture
  lanes: readonly Lane[]
  all: readonly Placed[]
  chosen: readonly Placed[]
  pick: (c: Placed) => void
}
function Figure({ picture, lanes, all, chosen, pick }: FigureProps) {
  const hold = useRef<HTMLDivElement>(null)
  const n = all.length
  const size = useSize(hold)
  const axis = useMemo(() => {
    const deaths = lanes.flatMap((l) => (l.dead ? [l.data?.now ?? 0] : [l.before?.now ?? 0])).filter((at) => at > 0)
    const times = [...all.map((c) => c.at), ...deaths].sort((a, b) => a - b)
    const { x, end } = timeAxis(times, LEFT + 34)
    // What is short fills the width, and what is hardly too long is drawn closer.
    const wider = Math.min(4, Math.max(0.8, (size.width - 170 - LEFT) / Math.max(1, end - LEFT)))
    return { x: (at: number) => LEFT + (x(at) - LEFT) * wider, end: LEFT + (end - LEFT) * wider }
  }, [all, lanes, size.width])
  const epochs = useMemo(() => {
    const set = new Set<number>()
    for (const { data, before } of lanes)
      for (const d of [data, before]) if (d) for (const e of [d.currentEpoch, ...d.base]) set.add(e)
    for (const c of all) if ('epoch' in c) set.add(c.epoch)
    return [...set].sort((a, b) => a - b)
  }, [lanes, all])
  // biome-ignore lint/correctness/useExhaustiveDependencies: to the end at each change
  useEffect(() => {
    hold.current?.scrollTo({ left: hold.current.scrollWidth })
  }, [n])
  const y = (lane: number, epoch: number): number =>
    TOP + lane * LANE + FLOOR - (epochs.indexOf(epoch) / Math.max(1, epochs.length - 1)) * RISE
  const width = Math.max(420, axis.end + 150)
  const height = TOP + lanes.length * LANE + 4
  const geometry = { x: axis.x, y, end: width - 56 }
  return (
    <div className="epochs-hold">
      <ol className="epochs-names" style={{ paddingTop: TOP }}>
        {lanes.map((l) => (
          <li key={l.name} style={{ height: LANE }}>
            <span className={`role ${l.data?.master === false ? 'replica' : 'master'}`}>
              <RoleMark role={l.data?.master === false ? 'replica' : 'master'} size={12} />
              <b className="ink">{l.name}</b>
            </span>
            <small>{l.dead ? 'does not run' : `epoch ${l.data?.currentEpoch}`}</small>
          </li>
        ))}
      </ol>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="epochs-scroll" ref={hold} tabIndex={0} role="region" aria-label="Lanes of epochs">
        <svg width={width} height={height} role="img" aria-label={`${n} changes of epochs and owners, listed beside`}>
          <defs>
            <marker id="ep-head" markerWidth="7" markerHeight="7" refX="6" refY="3" orient="auto">
              <path d="M0 0 6 3 0 6z" fill="context-stroke" />
            </marker>
          </defs>
          <Ticks all={all} x={axis.x} height={height} />
          {lanes.map((l, lane) => (
            <Lives key={l.name} lane={lane} of={l} all={all} {...geometry} />
          ))}
          <Votes lanes={lanes} all={all} {...geometry} picture={picture} />
          {all.map((c) =>
            c.kind === 'claim' && c.why !== 'heard' ? (
              <Flag
                key={placeKey(c)}
                c={c}
                x={axis.x(c.at)}
                y={y(c.lane, c.epoch)}
                on={chosen.some((o) => same(o, c))}
                pick={pick}
              />
            ) : c.kind === 'claim' ? (
              <path
                key={placeKey(c)}
                className="ep-heard"
                d={`M${axis.x(c.at) - 3} ${TOP + c.lane * LANE + FLOOR + 8}l3 3 5-6`}
              >
                <title>
                  {c.process} takes it that {picture.nameOf(c.node)} has {count(c.count)} slots, epoch {c.epoch}
                </title>
              </path>
            ) : null,
          )}
        </svg>
      </div>
    </div>
  )
}
interface Geometry {
  x: (at: number) => number
  y: (lane: number, epoch: number) => number
  end: number
}

function Ticks({ all, x, height }: { all: readonly Placed[]; x: (at: number) => number; height: number }) {
  const ticks: { at: number; x: number }[] = []
  for (const c of all) {
    const at = x(c.at)
    const last = ticks[ticks.length - 1]
    if (last === undefined || at - last.x >= 64) ticks.push({ at: c.at, x: at })
  }
  return (
    <>
      {ticks.map((t) => (
        <g key={t.at} className="ep-tick">
          <line x1={t.x} x2={t.x} y1={16} y2={height} />
          <text x={t.x} y={12}>
            {seconds(t.at)}
          </text>
        </g>
      ))}
    </>
  )
}

/** The stair of a node, and the one of its life before. */
function Lives({ lane, of, all, ...g }: Geometry & { lane: number; of: Lane; all: readonly Placed[] }) {
  const { data, before } = of
  if (data === null) return null
  const mine = all.filter((c) => c.lane === lane)
  const now = mine.filter((c) => c.life === 1)
  if (!before) return <Stair {...g} lane={lane} data={data} mine={now} from={LEFT} died={of.dead === true} />
  const back = Math.max(g.x(before.now), g.x(now[0]?.at ?? before.now)) + 10
  return (
    <>
      <Stair {...g} lane={lane} data={before} mine={mine.filter((c) => c.life === 0)} from={LEFT} died />
      <Stair {...g} lane={lane} data={data} mine={now} from={Math.min(back, g.end)} died={false} />
    </>
  )
}
function Stair(
  props: Geometry & { lane: number; data: EpochsData; mine: readonly Placed[]; from: number; died: boolean },
) {
  const { lane, data, mine, from, died, x, y } = props
  const end = died ? Math.max(from, x(data.now)) : props.end
  let at = data.base[0]
  let path = `M${from} ${y(lane, at)}`
  const labels: { x: number; y: number; text: string }[] = [{ x: from - 5, y: y(lane, at) + 4, text: `${at}` }]
  for (const c of mine) {
    if (c.kind !== 'current epoch') continue
    path += `H${Math.max(from, x(c.at))}V${y(lane, c.epoch)}`
    at = c.epoch
  }
  path += `H${end}`
  if (!died) labels.push({ x: end + 5, y: y(lane, at) + 4, text: `${at}` })
  const dots = mine.filter((c) => c.kind === 'config epoch' && c.node === data.id) as (Placed & { epoch: number })[]
  return (
    <g>
      <line className="ep-floor" x1={from} x2={end} y1={TOP + lane * LANE + FLOOR} y2={TOP + lane * LANE + FLOOR} />
      <path className="ep-stair" d={path} />
      {died && (
        <path className="ep-death" d={`M${end - 4} ${y(lane, at) - 4}l8 8m0 -8l-8 8`}>
          <title>It ended here, at epoch {at}.</title>
        </path>
      )}
      {labels.map((l, i) => (
        <text key={l.x} className="ep-label" x={l.x} y={l.y} textAnchor={i === 0 ? 'end' : 'start'}>
          {l.text}
        </text>
      ))}
      {data.base[1] > 0 && <circle className="ep-dot" cx={from + 8} cy={y(lane, data.base[1])} r={3.5} />}
      {dots.map((c) => (
        <circle key={c.seq} className="ep-dot" cx={x(c.at)} cy={y(lane, c.epoch)} r={4}>
          <title>
            {c.process}: configEpoch {c.epoch}
          </title>
        </circle>
      ))}
    </g>
  )
}

/** Requests and votes of elections, and collisions of two claims. */
function Votes(props: Geometry & { lanes: FigureProps['lanes']; all: readonly Placed[]; picture: ClusterPicture }) {
  const { lanes, all, picture, x, y } = props
  const laneOf = (id: string): number => lanes.findIndex((l) => l.name === picture.nameOf(id))
  const mid = (lane: number): number => TOP + lane * LANE + FLOOR - RISE / 2
  return (
    <>
      {all.map((c) => {
        const key = placeKey(c)
        if (c.kind === 'vote') {
          const to = laneOf(c.candidate)
          if (to < 0) return null
          const counted = all.find(
            (o) => o.kind === 'vote counted' && o.lane === to && o.epoch === c.epoch && laneOf(o.by) === c.lane,
          )
          const [x1, y1] = [x(c.at), mid(c.lane)]
          const [x2, y2] = counted ? [x(counted.at), mid(to)] : [x1, y1 + (to > c.lane ? 16 : -16)]
          return (
            <g key={key} className={c.denied === null ? 'ep-vote' : 'ep-vote no'}>
              <line x1={x1} y1={y1} x2={x2} y2={y2} markerEnd={c.denied === null ? 'url(#ep-head)' : undefined} />
              <circle cx={x1} cy={y1} r={2.5} />
              <text x={x1 - 5} y={y1 + 4} textAnchor="end">
                {c.denied === null ? c.epoch : `no, ${c.epoch}`}
              </text>
              <title>{sayChange(c, picture).what}</title>
            </g>
          )
        }
        if (c.kind === 'election' && !c.won)
          return (
            <g key={key} className="ep-ask">
              <path d={`M${x(c.at)} ${mid(c.lane) - 6}l6 6-6 6-6-6z`} />
              <text x={x(c.at) - 9} y={mid(c.lane) + 4} textAnchor="end">
                asks
              </text>
            </g>
          )
        if (c.kind === 'collision') {
          const other = laneOf(c.other)
          if (other < 0) return null
          const [x1, y1] = [x(c.at), y(c.lane, c.epoch)]
          return (
            <g key={key} className="ep-collision">
              <line x1={x1} y1={y1} x2={x1} y2={y(other, c.epoch)} />
              <circle cx={x1} cy={y1} r={4} />
              <circle cx={x1} cy={y(other, c.epoch)} r={4} />
              <path d={`M${x1} ${y1}V${y(c.lane, c.next) + 5}`} markerEnd="url(#ep-head)" />
              <title>{sayChange(c, picture).what}</title>
            </g>
          )
        }
        return null
      })}
    </>
  )
}

function Flag(props: { c: Placed & { kind: 'claim' }; x: number; y: number; on: boolean; pick: (c: Placed) => void }) {
  const { c, x, y, on, pick } = props
  const alone = c.why === 'TAKEOVER'
  const text = `${c.epoch}  ${c.count === 1 ? `slot ${c.ranges[0]?.[0]}` : `${count(c.count)} slots`}${alone ? ', no vote' : ''}`
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the rows beside are its buttons
    <g className={`ep-flag ${alone ? 'alone' : ''} ${on ? 'on' : ''}`} onClick={() => pick(c)}>
      <path d={`M${x} ${y}V${y - 17}`} />
      <rect x={x} y={y - 18} width={text.length * 6.2 + 10} height={15} rx={2} />
      <text x={x + 5} y={y - 7}>
        {text}
      </text>
    </g>
  )
}

// ---- Words

const slotsText = (c: Claim): string =>
  c.count === 1
    ? `slot ${c.ranges[0]?.[0]}`
    : `${count(c.count)} slots (${rangeText(c.ranges.slice(0, 3))}${c.ranges.length > 3 ? ' …' : ''})`

const BY_HAND: Readonly<Record<string, string>> = {
  TAKEOVER: 'TAKEOVER, without a vote',
  BUMPEPOCH: 'CLUSTER BUMPEPOCH',
  'SET-CONFIG-EPOCH': 'CLUSTER SET-CONFIG-EPOCH',
  ADDSLOTS: 'CLUSTER ADDSLOTS',
  SETSLOT: 'CLUSTER SETSLOT NODE',
  election: 'its election takes the next one',
  'election won': 'won the election',
  collision: 'of two equal claims the smaller id moves on',
}
export function sayChange(c: Placed, picture: ClusterPicture): { what: string; why: string } {
  const name = picture.nameOf
  switch (c.kind) {
    case 'current epoch':
      return {
        what: `currentEpoch ${c.epoch}`,
        why: c.by === '' ? (BY_HAND[c.why] ?? `CLUSTER ${c.why}`) : `${c.why.toUpperCase()} of ${name(c.by)}`,
      }
    case 'config epoch':
      return {
        what: `configEpoch of ${name(c.node)} is ${c.epoch}`,
        why: c.by === '' ? (BY_HAND[c.why] ?? `CLUSTER ${c.why}`) : `${c.why.toUpperCase()} of ${name(c.by)}`,
      }
    case 'collision':
      return {
        what: `same configEpoch ${c.epoch} as ${name(c.other)}: takes ${c.next}`,
        why: 'of two equal claims the smaller id moves on',
      }
    case 'vote':
      return c.denied === null
        ? { what: `votes for ${name(c.candidate)} in epoch ${c.epoch}`, why: 'one vote an epoch' }
        : { what: `no vote for ${name(c.candidate)} in epoch ${c.epoch}`, why: c.denied }
    case 'vote counted':
      return { what: `vote of ${name(c.by)} in epoch ${c.epoch}`, why: `${c.votes} so far` }
    case 'election':
      return c.won
        ? { what: `elected in epoch ${c.epoch}`, why: 'a majority of the masters with slots' }
        : { what: `asks for votes in epoch ${c.epoch}`, why: 'its master is FAIL, or it was told to' }
    case 'claim':
      return {
        what: `${c.why === 'heard' ? `${name(c.node)} has` : 'claims'} ${slotsText(c)}, epoch ${c.epoch}`,
        why: `${c.from === '' ? 'nobody had them' : `before: ${name(c.from)}`}${c.why === 'heard' ? '' : `; ${BY_HAND[c.why] ?? c.why}`}`,
      }
    default:
      return { what: '', why: '' }
  }
}

function Changes(props: {
  picture: ClusterPicture
  all: readonly Placed[]
  chosen: readonly Placed[]
  pick: (c: Placed) => void
}) {
  const { picture, all, chosen, pick } = props
  const hold = useRef<HTMLDivElement>(null)
  const n = all.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: to the end at each change
  useEffect(() => {
    hold.current?.scrollTo({ top: hold.current.scrollHeight })
  }, [n])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="changes" ref={hold} tabIndex={0} role="region" aria-label="Changes of epochs as a list">
      {all.map((c) => {
        const { what, why } = sayChange(c, picture)
        const alone = c.kind === 'claim' && c.why === 'TAKEOVER'
        const row = (
          <>
            <span className="mono g">{seconds(c.at)}</span>
            <b>{c.process}</b>
            <span>
              {what} <small>{why}</small> {alone && <Tag mark="sdown" text="no vote" short />}
            </span>
          </>
        )
        const key = placeKey(c)
        return c.kind === 'claim' ? (
          <button
            type="button"
            key={key}
            className="row3"
            aria-pressed={chosen.some((o) => same(o, c))}
            onClick={() => pick(c)}
          >
            {row}
          </button>
        ) : (
          <div className="row3" key={key}>
            {row}
          </div>
        )
      })}
    </div>
  )
}

/** Two claims: who wins? */
function Compare({ picture, claims }: { picture: ClusterPicture; claims: readonly Placed[] }) {
  const [a, b] = claims.filter((c) => c.kind === 'claim')
  if (a === undefined) return <p className="cap ep-say">Choose two claims to see which of them holds.</p>
  const say = (c: Claim): string => `${picture.nameOf(c.node)}, epoch ${c.epoch}: ${slotsText(c)}`
  if (b === undefined) return <p className="cap ep-say">{say(a)}. Choose another to compare.</p>
  const won = winner(a, b)
  return (
    <p className="ep-say" role="status" data-testid="compared">
      {sameSlots(a, b) ? '' : 'They share no slot. '}
      {a.node === b.node && a.epoch === b.epoch ? (
        <>One claim, as two nodes tell of it.</>
      ) : won === null ? (
        <>Both have epoch {a.epoch}: neither gives way, until the one with the smaller id takes a new epoch.</>
      ) : (
        <>
          <b>
            {picture.nameOf(won.node)} wins with epoch {won.epoch}
          </b>{' '}
          over {(won === a ? b : a).epoch}: the greater configEpoch has the slot, whoever spoke first.
        </>
      )}
    </p>
  )
}

/** Which stream of writes each node follows, and where one forked from another. */
function Histories({ lanes }: { lanes: FigureProps['lanes'] }) {
  const ids = new Map<string, { before: string; forkedAt: number; at: number; on: string[] }>()
  for (const l of lanes) {
    for (const r of l.data?.replids ?? []) {
      const known = ids.get(r.id)
      if (known === undefined) ids.set(r.id, { before: r.before, forkedAt: r.forkedAt, at: r.at, on: [] })
      else if (known.before === '' && r.before !== '')
        ids.set(r.id, { ...known, before: r.before, forkedAt: r.forkedAt })
    }
    const now = l.dead ? undefined : l.data?.replids[l.data.replids.length - 1]
    if (now) ids.get(now.id)?.on.push(`${l.name} at ${count(l.data?.offset ?? 0)}`)
  }
  const rows = [...ids].filter(([id, r]) => r.on.length > 0 || [...ids.values()].some((o) => o.before === id))
  const children = (id: string) => rows.filter(([, r]) => r.before === id)
  const Branch = ({ id, r, depth }: { id: string; r: { forkedAt: number; on: string[] }; depth: number }) => (
    <>
      <li style={{ paddingLeft: depth * 16 }}>
        {depth > 0 && <span className="ink3">└ </span>}
        <span className="mono">{id.slice(0, 8)}</span>{' '}
        {depth > 0 && <span className="ink2">forked at {count(r.forkedAt)}</span>}{' '}
        <span className={r.on.length === 0 ? 'ink3' : ''}>
          {r.on.length === 0 ? 'nobody follows it' : r.on.join(', ')}
        </span>
      </li>
      {children(id).map(([next, o]) => (
        <Branch key={next} id={next} r={o} depth={depth + 1} />
      ))}
    </>
  )
  return (
    <ul className="replids">
      {rows
        .filter(([, r]) => r.before === '' || !ids.has(r.before))
        .map(([id, r]) => (
          <Branch key={id} id={id} r={r} depth={0} />
        ))}
    </ul>
  )
}
