/** A consumer group at work: the log with what is delivered, pending and acknowledged, and the controls of its consumers. */
import { useEffect, useRef, useState } from 'react'
import { showBytes, textToBytes } from '../bytes.ts'
import { duration } from '../format.ts'
import { useLab } from '../store.ts'
import { plural } from './data.ts'
import { Picture } from './Pane.tsx'
import { Scroll } from './sheets.tsx'
import { openNamed, say } from './speak.ts'
import { claimsBetween, type GroupData, nextCommand, standingOf } from './stream-work.ts'

const CELL = 20
const MARK = { acked: 'acknowledged', pending: 'pending', waiting: 'not delivered yet' } as const

/** The newest entries as a tape, and how far this group has come. */
function Tape({ ids, g }: { ids: readonly string[]; g: GroupData }) {
  const at = ids.filter((id) => standingOf(id, g) !== 'waiting').length
  const tell = ids.map((id) => {
    const p = g.pending.find((x) => x.id === id)
    return `${id}: ${MARK[standingOf(id, g)]}${p ? ` by ${showBytes(p.consumer, 20)}, delivered ${p.times} times, idle ${duration(p.idleMs * 1000)}` : ''}.`
  })
  const waiting = ids.length - at
  return (
    <Scroll label="Log of the stream" end>
      <Picture label={`${ids.length} newest entries: ${waiting} not delivered yet`} tell={tell} across={8}>
        {(marks) => (
          <svg width={Math.max(340, ids.length * CELL + 20)} height="66" aria-hidden="true">
            {ids.map((id, i) => {
              const standing = standingOf(id, g)
              const p = g.pending.find((x) => x.id === id)
              return (
                // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                <g key={id} transform={`translate(${i * CELL + 2} 22)`} onClick={() => marks.pick(i)}>
                  <rect
                    className={marks.on === i ? 'mark-on' : ''}
                    width={CELL - 3}
                    height="22"
                    rx="2"
                    fill={standing === 'pending' ? 'var(--suspect-t)' : standing === 'acked' ? 'var(--bg-sel)' : 'none'}
                    stroke={standing === 'pending' ? 'var(--suspect-ink)' : 'var(--line-2)'}
                    opacity={standing === 'acked' ? 0.6 : 1}
                  />
                  {standing === 'acked' && <path d="M5 11l3 3 5-6" fill="none" stroke="var(--ink-3)" />}
                  {p && (
                    <text className="m" x={(CELL - 3) / 2} y="15" fontSize="11" textAnchor="middle">
                      {p.times}
                    </text>
                  )}
                </g>
              )
            })}
            <path d={`M${at * CELL + 0.5} 14V56m-4 -42h8`} stroke="var(--ink)" strokeWidth="2" fill="none" />
            <text
              className="m"
              x={at * CELL < 160 ? at * CELL + 4 : at * CELL - 4}
              y="10"
              fontSize="11"
              textAnchor={at * CELL < 160 ? 'start' : 'end'}
            >
              last-delivered-id {g.lastId}
            </text>
            <text className="m ink3t" x="2" y="60" fontSize="11">
              {ids.length > 6 ? ids[0] : ''}
            </text>
          </svg>
        )}
      </Picture>
    </Scroll>
  )
}

const word = (text: string): string => `"${showBytes(text).replace(/"/g, '\\"')}"`
export function StreamWork(props: {
  process: string
  name: string
  groups: readonly GroupData[]
  tape: readonly string[]
  length: string
}) {
  const { process, name, groups, tape } = props
  const key = word(name)
  const [chosen, setChosen] = useState('')
  const g = groups.find((x) => x.name === chosen) ?? groups[0]
  const [dead, setDead] = useState<readonly string[]>([])
  const [processMs, setProcess] = useState(1500)
  const [minIdleMs, setMinIdle] = useState(5000)
  const [working, setWorking] = useState(false)
  const [claims, setClaims] = useState<readonly { id: string; from: string; to: string }[]>([])
  const before = useRef(new Map<string, string>())
  const playing = useLab((s) => s.state?.playing === true)
  const alive = (g?.consumers ?? []).map((c) => c.name).filter((c) => !dead.includes(c))
  const latest = useRef({ g, alive, processMs, minIdleMs, playing })
  latest.current = { g, alive, processMs, minIdleMs, playing }
  useEffect(() => {
    if (!g) return
    const now = claimsBetween(before.current, g)
    if (now.length > 0) setClaims((old) => [...old, ...now].slice(-4))
    before.current = new Map(g.pending.map((p) => [p.id, p.consumer]))
  }, [g])
  useEffect(() => {
    if (!working) return
    let on = true
    const loop = async () => {
      while (on) {
        const { g: group, playing: runs, ...plan } = latest.current
        const line = group && runs ? nextCommand(showBytes(name), group, plan) : null
        if (line !== null) await say(process, 0, line)
        await new Promise((done) => setTimeout(done, line === null ? 200 : 120))
      }
    }
    void loop()
    return () => {
      on = false
    }
  }, [working, process, name])
  if (!g)
    return (
      <div className="streamwork">
        <p className="cap">No consumer group reads this stream.</p>
        <button
          type="button"
          className="btn small try"
          onClick={() => void say(process, 0, `XGROUP CREATE ${key} workers 0`)}
        >
          XGROUP CREATE {showBytes(name, 16)} workers 0
        </button>
      </div>
    )
  const group = word(g.name)
  const lag = g.lag === null ? null : Number(g.lag)
  const share = lag === null ? 0 : Math.min(1, lag / Math.max(1, Number(props.length)))
  let next = 1
  while (g.consumers.some((c) => c.name === textToBytes(`c${next}`))) next++
  const first = alive[0] ?? `c${next}`
  return (
    <section className="streamwork" aria-label="The group at work" data-testid="stream-work">
      <div className="workhead">
        {groups.length > 1 ? (
          <select className="field" aria-label="Group" value={g.name} onChange={(e) => setChosen(e.target.value)}>
            {groups.map((x) => (
              <option key={x.name} value={x.name}>
                {showBytes(x.name, 24)}
              </option>
            ))}
          </select>
        ) : (
          <b className="mono">{showBytes(g.name, 24)}</b>
        )}
        <span className="gauge">
          lag
          <span className="obuf" role="img" aria-label={`lag ${g.lag ?? 'not known'}`}>
            <i style={{ width: `${100 * share}%` }} />
          </span>
          <span className="mono">{g.lag ?? 'not known'}</span>
        </span>
        <span className="sp" />
        <button
          type="button"
          className={`btn small ${working ? 'on' : ''}`}
          aria-pressed={working}
          disabled={alive.length === 0}
          onClick={() => setWorking(!working)}
        >
          {working ? 'Stop the work' : 'Let them work'}
        </button>
      </div>
      <Tape ids={tape} g={g} />
      <div className="legend">
        <span>
          <i style={{ background: 'var(--bg-sel)' }} />
          acknowledged
        </span>
        <span>
          <i style={{ background: 'var(--suspect-t)' }} />
          pending, with the number of deliveries
        </span>
        <span>
          <i />
          not delivered yet
        </span>
      </div>
      <ul className="consumers">
        {g.consumers.map((c) => {
          const crashed = dead.includes(c.name)
          const mine = g.pending.filter((p) => p.consumer === c.name)
          return (
            <li key={c.name} className={crashed ? 'crashed' : ''}>
              <span className="mono">{showBytes(c.name, 14)}</span>
              <span className="sub">
                {crashed ? 'crashed, ' : ''}
                {plural(c.pending, 'entry', 'entries')} pending
                {mine[0] ? `, the oldest idle ${duration(mine[0].idleMs * 1000)}` : ''}
              </span>
              <span className="acts">
                <button
                  type="button"
                  className="btn small"
                  title={`XREADGROUP GROUP ${group} ${word(c.name)} COUNT 1 STREAMS ${key} >`}
                  disabled={crashed}
                  onClick={() =>
                    void say(process, 0, `XREADGROUP GROUP ${group} ${word(c.name)} COUNT 1 STREAMS ${key} >`)
                  }
                >
                  Read one
                </button>
                <button
                  type="button"
                  className="btn small"
                  disabled={crashed || mine.length === 0}
                  title={`XACK ${key} ${group} ${mine[0]?.id ?? ''}`}
                  onClick={() => void say(process, 0, `XACK ${key} ${group} ${mine[0]?.id}`)}
                >
                  Ack
                </button>
                <button
                  type="button"
                  className="btn small"
                  onClick={() => setDead(crashed ? dead.filter((x) => x !== c.name) : [...dead, c.name])}
                >
                  {crashed ? 'Revive' : 'Crash'}
                </button>
              </span>
            </li>
          )
        })}
      </ul>
      <div className="knobs">
        <button
          type="button"
          className="btn small"
          onClick={() => void say(process, 0, `XGROUP CREATECONSUMER ${key} ${group} c${next}`)}
        >
          Add c{next}
        </button>
        <button
          type="button"
          className="btn small"
          title={`XADD ${key} * job ${tape.length}`}
          onClick={() => void say(process, 0, `XADD ${key} * job ${tape.length}`)}
        >
          XADD one more
        </button>
        <button
          type="button"
          className="btn small"
          title={`XAUTOCLAIM ${key} ${group} ${word(first)} ${minIdleMs} 0`}
          onClick={() => void say(process, 0, `XAUTOCLAIM ${key} ${group} ${word(first)} ${minIdleMs} 0`)}
        >
          XAUTOCLAIM for {showBytes(first, 12)}
        </button>
        <button
          type="button"
          className="btn small"
          title={`XREADGROUP GROUP ${group} reader BLOCK 0 STREAMS ${key} >`}
          onClick={() =>
            void openNamed(process, 'reader', [`XREADGROUP GROUP ${group} reader BLOCK 0 STREAMS ${key} >`])
          }
        >
          A reader that blocks
        </button>
      </div>
      <div className="knobs">
        <Slide name="work on one entry" value={processMs} min={0} max={10000} onChange={setProcess} />
        <Slide name="claim after idle" value={minIdleMs} min={0} max={30000} onChange={setMinIdle} />
      </div>
      {claims.length > 0 && (
        <p className="cap mono">
          {claims.map((c) => `${c.id}: ${showBytes(c.from, 12)} → ${showBytes(c.to, 12)}`).join(', ')}
        </p>
      )}
      <p className="cap">
        Crashed and the work itself are a model beside the server: who is alive types XREADGROUP, XACK and XAUTOCLAIM
        into redis-cli.{working && !playing ? ' The clock stands: nobody works.' : ''}
      </p>
    </section>
  )
}

function Slide(props: { name: string; value: number; min: number; max: number; onChange: (n: number) => void }) {
  return (
    <label className="knob">
      {props.name}
      <input
        type="range"
        min={props.min}
        max={props.max}
        step={100}
        value={props.value}
        aria-valuetext={duration(props.value * 1000)}
        onChange={(e) => props.onChange(Number(e.target.value))}
      />
      <output className="mono">{duration(props.value * 1000)}</output>
    </label>
  )
}
