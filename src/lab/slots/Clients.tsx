/** A smart client beside the truth: what it believes of the slots, where its requests went, and what became of its writes. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Terminal } from '../../browser/session.ts'
import { textToBytes } from '../bytes.ts'
import { count, seconds } from '../format.ts'
import { EPOCH_MS } from '../../world/index.ts'
import { lab, useLab } from '../store.ts'
import { useView } from '../parts/use-view.ts'
import type { ClusterPicture } from './data.ts'
import { ownerFill, OwnerPatterns } from './owners.tsx'

interface AppData {
  readonly options: {
    readonly rate: number
    readonly keys: number
    readonly writes: number
    readonly readFrom: 'master' | 'replica'
    readonly routing: 'smart' | 'dumb'
    readonly hot: number
  }
  readonly running: boolean
  readonly verdict: string
  readonly refused: number
  readonly unanswered: number
  readonly lostWrites: readonly {
    readonly key: string
    readonly from: number
    readonly to: number
    readonly acknowledgedAtMs: number
    readonly foundAtMs: number
  }[]
  readonly map: readonly (readonly [number, number, string])[]
  readonly refreshes: number
  readonly corrections: number
  readonly total: {
    readonly ok: number
    readonly redirected: number
    readonly error: number
    readonly hops: number
    readonly moved: number
    readonly ask: number
  }
  readonly requests: readonly {
    readonly at: number
    readonly kind: string
    readonly key: string
    readonly slot: number
    readonly hops: readonly { readonly to: string; readonly said: string }[]
    readonly outcome: 'waiting' | 'ok' | 'error'
  }[]
  readonly binMs: number
  /** Time, ok, redirected, errors. */
  readonly bins: readonly (readonly [number, number, number, number])[]
}

/** Outlives the screen, like the process itself. */
let app: { session: unknown; terminal: Terminal } | null = null

export function Clients({ picture }: { picture: ClusterPicture }) {
  const session = useLab((s) => s.session)
  const boxes = useLab((s) => s.session?.scenario.topology.boxes ?? [])
  const [box, setBox] = useState('')
  const [, redraw] = useState(0)
  const running = useLab((s) => s.state?.processes.find((p) => p.name === app?.terminal.process)?.state)
  const mine =
    app !== null && app.session === session && running !== undefined && running !== 'exited' ? app.terminal : null
  const view = useView(mine?.process ?? '', 'app')
  const data = (view ?? null) as AppData | null
  const on = box === '' ? (boxes[boxes.length - 1]?.name ?? '') : box
  const start = () => {
    if (!session) return
    const seeds = picture.members.filter((m) => m.seen).map((m) => `${m.seen?.ip}:${m.seen?.port}`)
    const terminal = session.openApp(on, [...seeds, '--rate', '20'])
    app = { session, terminal }
    lab.set({ clients: { ...lab.get().clients, [terminal.process]: on } })
    redraw((n) => n + 1)
  }
  if (mine === null)
    return (
      <div className="say">
        <p>
          An application that keeps a map of the slots, follows MOVED and ASK, and keeps a ledger of the writes that
          were acknowledged to it.
        </p>
        <span className="row">
          <label>
            on{' '}
            <select className="field" value={on} onChange={(e) => setBox(e.target.value)}>
              {boxes.map((b) => (
                <option key={b.name} value={b.name}>
                  {b.address}
                </option>
              ))}
            </select>
          </label>
          <button type="button" className="btn p" onClick={start} data-testid="start-client">
            Start a client
          </button>
        </span>
      </div>
    )
  const tell = (order: string) => mine.write(textToBytes(`${order}\n`))
  return (
    <div className="clients">
      {data === null ? (
        <div className="say">Asking {mine.process}</div>
      ) : (
        <Running name={mine.process} data={data} picture={picture} tell={tell} end={() => mine.close()} />
      )}
    </div>
  )
}

function Running(props: {
  name: string
  data: AppData
  picture: ClusterPicture
  tell: (order: string) => void
  end: () => void
}) {
  const { name, data, picture, tell, end } = props
  const { options, total } = data
  const all = total.ok + total.redirected + total.error
  return (
    <>
      <section className="panel" aria-label="The client">
        <div className="ph">
          {name}
          <span className="sp" />
          <button type="button" className="btn small" onClick={() => tell(data.running ? 'stop' : 'go')}>
            {data.running ? 'Stop the load' : 'Go on'}
          </button>
          <button type="button" className="btn q small" onClick={end}>
            End it
          </button>
        </div>
        <div className="pad client-top">
          <p className="verdict" data-testid="verdict">
            {data.verdict}
          </p>
          <p className="cap">
            {count(all)} requests, {(total.hops / Math.max(1, all)).toFixed(2)} nodes asked for each:{' '}
            {count(total.moved)} MOVED, {count(total.ask)} ASK, {count(data.refused)} refused, {count(data.unanswered)}{' '}
            writes without an answer.
          </p>
          <div className="client-knobs">
            <Slide
              name="--rate"
              label="requests a second"
              value={options.rate}
              values={[0, 1, 5, 20, 50, 100, 200]}
              tell={tell}
            />
            <Slide
              name="--writes"
              label="of them writes"
              value={options.writes}
              values={[0, 0.1, 0.25, 0.5, 0.8, 1]}
              tell={tell}
              percent
            />
            <Slide
              name="--hot"
              label="on one hot key"
              value={options.hot}
              values={[0, 0.2, 0.4, 0.6, 0.8]}
              tell={tell}
              percent
            />
            <label>
              reads from{' '}
              <select
                className="field"
                value={options.readFrom}
                onChange={(e) => tell(`--read-from ${e.target.value}`)}
              >
                <option value="master">masters</option>
                <option value="replica">replicas</option>
              </select>
            </label>
            <label>
              client is{' '}
              <select className="field" value={options.routing} onChange={(e) => tell(`--routing ${e.target.value}`)}>
                <option value="smart">smart: keeps a map</option>
                <option value="dumb">dumb: asks anyone</option>
              </select>
            </label>
          </div>
        </div>
      </section>
      <section className="panel" aria-label="Belief and truth">
        <div className="ph">
          What it believes, and what is
          <span className="sp" />
          <span className="ink3 light">
            map asked for {data.refreshes} {data.refreshes === 1 ? 'time' : 'times'}, {data.corrections} corrected by
            MOVED
          </span>
          <button type="button" className="btn q small" onClick={() => tell('refresh')}>
            Refresh
          </button>
          <button type="button" className="btn q small" onClick={() => tell('forget')}>
            Forget
          </button>
        </div>
        <div className="pad">
          <Strips data={data} picture={picture} />
        </div>
      </section>
      <section className="panel" aria-label="Outcomes">
        <div className="ph">
          Outcomes
          <span className="ink3 light">each bar {data.binMs} ms</span>
        </div>
        <div className="pad">
          <Outcomes data={data} />
        </div>
      </section>
      <div className="client-two">
        <section className="panel" aria-label="Requests">
          <div className="ph">Last requests</div>
          <Requests data={data} picture={picture} />
        </section>
        <section className="panel" aria-label="Lost writes">
          <div className="ph">Lost writes</div>
          <div className="pad">
            {data.lostWrites.length === 0 && (
              <p className="cap">
                None. A write is lost when the master that acknowledged it is gone before a replica heard of it.
              </p>
            )}
            {data.lostWrites.map((l) => (
              <p className="cap" key={`${l.key}${l.foundAtMs}`}>
                <b className="mono">{l.key}</b>: {l.from === l.to ? `write ${l.to}` : `writes ${l.from} to ${l.to}`},
                acknowledged at <span className="mono">{seconds((l.acknowledgedAtMs - EPOCH_MS) * 1000)}</span>, gone at{' '}
                <span className="mono">{seconds((l.foundAtMs - EPOCH_MS) * 1000)}</span>
              </p>
            ))}
          </div>
        </section>
      </div>
    </>
  )
}

function Slide(props: {
  name: string
  label: string
  value: number
  values: readonly number[]
  tell: (o: string) => void
  percent?: boolean
}) {
  const { name, label, value, values, tell, percent } = props
  const nearest = values.reduce(
    (best, v, i) => (Math.abs(v - value) < Math.abs((values[best] ?? 0) - value) ? i : best),
    0,
  )
  const text = percent ? `${Math.round(value * 100)}%` : String(value)
  return (
    <label className="knob">
      <input
        type="range"
        min={0}
        max={values.length - 1}
        value={nearest}
        aria-valuetext={text}
        onChange={(e) => tell(`${name} ${values[Number(e.target.value)]}`)}
      />
      <output className="mono">{text}</output> <span>{label}</span>
    </label>
  )
}

/** The client's map above the truth; where they differ there is a mark between. */
function Strips({ data, picture }: { data: AppData; picture: ClusterPicture }) {
  const idAt = useMemo(() => new Map(picture.view.nodes.map((n) => [`${n.ip}:${n.port}`, n.id])), [picture])
  const believed = data.map.map(([a, b, at]) => [a, b, idAt.get(at) ?? ''] as const)
  const wrong = differences(believed, picture.view.owners)
  const slots = wrong.reduce((n, [a, b]) => n + b - a + 1, 0)
  return (
    <>
      <svg
        className="strips"
        viewBox="0 0 16384 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={slots === 0 ? 'The map is right' : `The map is wrong about ${slots} slots`}
      >
        <OwnerPatterns count={9} prefix="strip" />
        <Runs runs={believed} picture={picture} y={0} />
        <Runs runs={picture.view.owners} picture={picture} y={60} />
        {wrong.map(([a, b]) => (
          <rect key={a} x={a} y={44} width={Math.max(60, b - a + 1)} height={12} fill="var(--down)" />
        ))}
      </svg>
      <p className="cap">
        Above: the client. Below: {picture.observer}.{' '}
        {slots === 0 ? 'They agree.' : `They differ in ${count(slots)} slots: the client is told by the first MOVED.`}
      </p>
    </>
  )
}
function Runs({
  runs,
  picture,
  y,
}: {
  runs: readonly (readonly [number, number, string])[]
  picture: ClusterPicture
  y: number
}) {
  return runs.map(([a, b, id]) => {
    const i = picture.ownerIndex.get(id)
    return (
      <rect
        key={a}
        x={a}
        y={y}
        width={b - a + 1}
        height={40}
        fill={i === undefined ? 'var(--line)' : ownerFill(i, 'strip')}
      />
    )
  })
}
export function differences(
  a: readonly (readonly [number, number, string])[],
  b: readonly (readonly [number, number, string])[],
): [number, number][] {
  const out: [number, number][] = []
  let j = 0
  for (const [first, last, id] of a) {
    while (j < b.length && (b[j]?.[1] ?? 0) < first) j++
    for (let k = j; k < b.length && (b[k]?.[0] ?? 0) <= last; k++) {
      const [from, to, other] = b[k] as readonly [number, number, string]
      if (other === id) continue
      const [x, y] = [Math.max(first, from), Math.min(last, to)]
      const previous = out[out.length - 1]
      if (previous !== undefined && previous[1] === x - 1) previous[1] = y
      else out.push([x, y])
    }
  }
  return out
}

const BAR = 4
function Outcomes({ data }: { data: AppData }) {
  const { bins, binMs } = data
  const last = bins[bins.length - 1]?.[0] ?? 0
  const most = Math.max(4, ...bins.map(([, a, b, c]) => a + b + c))
  const width = 300 * BAR
  return (
    <svg
      className="outcomes"
      viewBox={`0 0 ${width} 60`}
      preserveAspectRatio="none"
      role="img"
      aria-label="Requests by outcome over time"
    >
      {bins.map(([at, ok, redirected, error]) => {
        const x = width - ((last - at) / binMs + 1) * BAR
        const h = (n: number) => (n / most) * 58
        return (
          <g key={at}>
            <rect x={x} y={60 - h(ok)} width={BAR - 1} height={h(ok)} fill="var(--ok)" />
            <rect x={x} y={60 - h(ok) - h(redirected)} width={BAR - 1} height={h(redirected)} fill="var(--migrating)" />
            <rect x={x} y={60 - h(ok + redirected) - h(error)} width={BAR - 1} height={h(error)} fill="var(--down)" />
          </g>
        )
      })}
    </svg>
  )
}

function Requests({ data, picture }: { data: AppData; picture: ClusterPicture }) {
  const names = new Map(picture.members.map((m) => [`${m.seen?.ip}:${m.seen?.port}`, m.name]))
  const holder = useRef<HTMLDivElement>(null)
  const newest = data.requests[data.requests.length - 1]?.at
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new request
  useEffect(() => {
    if (holder.current) holder.current.scrollTop = 0
  }, [newest])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard
    <div className="requests" ref={holder} tabIndex={0} role="region" aria-label="Last requests">
      {[...data.requests].reverse().map((r) => (
        <div key={`${r.at}${r.key}`}>
          <span className="mono ink3">{seconds(r.at - EPOCH_MS * 1000)}</span>
          <span className="mono">
            {r.kind} {r.key}
          </span>
          <span className="mono ink3">slot {r.slot}</span>
          <span className="hops">
            {r.hops.map((h, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a hop is its place
              <span key={i} className={`hop ${h.said === 'ok' ? '' : /^(MOVED|ASK)$/.test(h.said) ? 'moved' : 'bad'}`}>
                {names.get(h.to) ?? h.to} {h.said}
              </span>
            ))}
            {r.outcome === 'waiting' && <span className="ink3">waits</span>}
          </span>
        </div>
      ))}
    </div>
  )
}
