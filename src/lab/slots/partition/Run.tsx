/** Who decides where a key is: the client, a proxy or the servers. Each runs as programs of the world, under the same load. */
import { useEffect, useState } from 'react'
import type { Session, Terminal } from '../../../browser/session.ts'
import '../../styles/partition.css'
import { fault } from '../../actions.ts'
import { textToBytes } from '../../bytes.ts'
import { count } from '../../format.ts'
import { Icon } from '../../parts/icons.tsx'
import { useView } from '../../parts/use-view.ts'
import { openScenario } from '../../scenarios.ts'
import { lab, useLab } from '../../store.ts'
import { addressOf, isCluster } from '../../world-facts.ts'
import { ownerFill, OwnerMark, OwnerPatterns } from '../owners.tsx'
import { Chain } from './Chain.tsx'
import { Costs } from './Costs.tsx'
import {
  type AppData,
  argvOf,
  type Arrangement,
  ARRANGEMENTS,
  type Figures,
  figuresOf,
  HOT,
  LOADS,
  orderFor,
  type ProxyData,
  recall,
  remember,
  type Server,
  serversOf,
} from './run-data.ts'

const PROXY = 'proxy'
const titles: Record<Arrangement, [string, string]> = {
  ring: ['Client-side', 'the client has the ring'],
  proxy: ['Proxy', 'the proxy has the ring, as Twemproxy'],
  query: ['Query routing', 'any node, and it redirects'],
}
const says: Record<Arrangement, string> = {
  ring: 'Every request goes straight to its server. Every client must have the same list of servers.',
  proxy: 'Clients know one address. One round trip more, and what fails with the proxy fails for all.',
  query: 'The client asks any node. MOVED tells it the owner; a client that keeps a map asks once.',
}

/** Outlive the screen, like the processes themselves. */
let kept: { session: Session; terminals: Partial<Record<Arrangement, Terminal>> } | null = null

function useTerminals() {
  const session = useLab((s) => s.session)
  const processes = useLab((s) => s.state?.processes)
  const [, redraw] = useState(0)
  if (session !== null && kept?.session !== session) kept = { session, terminals: {} }
  const stateOf = (name: string) => processes?.find((p) => p.name === name)?.state
  const get = (what: Arrangement): Terminal | null => {
    const terminal = kept?.terminals[what]
    const state = terminal && stateOf(terminal.process)
    return terminal === undefined || state === 'exited' || state === 'killed' || state === 'crashed' ? null : terminal
  }
  const start = (what: Arrangement, box: string, argv: readonly string[]) => {
    if (session === null || kept === null) return
    const terminal = session.openApp(box, argv)
    kept.terminals[what] = terminal
    lab.set({ clients: { ...lab.get().clients, [terminal.process]: box } })
    redraw((n) => n + 1)
  }
  const end = (what: Arrangement) => {
    get(what)?.close()
    if (kept !== null) delete kept.terminals[what]
    redraw((n) => n + 1)
  }
  return { get, start, end, stateOf }
}

export function Run() {
  const scenario = useLab((s) => s.session?.scenario)
  const session = useLab((s) => s.session)
  const { get, start, end, stateOf } = useTerminals()
  const [load, setLoad] = useState<string>(LOADS[0][0])
  const [hot, setHot] = useState<string>(HOT[0][0])
  const ring = useView(get('ring')?.process ?? '', 'app') as AppData | null | undefined
  const through = useView(get('proxy')?.process ?? '', 'app') as AppData | null | undefined
  const query = useView(get('query')?.process ?? '', 'app') as AppData | null | undefined
  const sharded = scenario?.topology.processes.some((p) => p.name === PROXY) === true
  const proxy = useView(sharded ? PROXY : '', 'proxy') as ProxyData | null | undefined
  if (!scenario || !session) return null
  const all = serversOf(scenario)
  const used = ring?.servers ?? proxy?.servers ?? []
  const box = scenario.topology.boxes.at(-1)?.name ?? ''
  const tell = (what: Arrangement, order: string) => get(what)?.write(textToBytes(`${order}\n`))
  const tellAll = (order: string) => {
    for (const what of ARRANGEMENTS) tell(what, order)
  }
  const tune = (order: string) => {
    tellAll(order)
    if (sharded) session.tell(PROXY, 'reset')
  }
  const change = (server: Server, add: boolean) => {
    const order = orderFor(server, add)
    session.tell(PROXY, order)
    tell('ring', order)
    tell('proxy', 'check')
  }
  const begin = (what: Arrangement) =>
    start(
      what,
      box,
      argvOf(
        what,
        what === 'query' ? all : used.length > 0 ? used : all.slice(0, 4),
        sharded ? addressOf(scenario, PROXY) : '',
        `${load} ${hot}`,
      ),
    )
  const last = all.at(-1)
  const heat = (order: string) => {
    setHot(order)
    tune(order)
  }
  const any = ARRANGEMENTS.some((what) => get(what) !== null)
  return (
    <section className="panel run" aria-label="Run it">
      <div className="ph">
        Run it
        <span className="ink3 light">a thousand keys, one request in ten a write</span>
      </div>
      {(sharded || any) && (
        <div className="run-tools">
          {sharded && <Servers all={all} used={used} change={change} />}
          <Choice label="Load" value={load} values={LOADS} set={setLoad} tell={tune} />
          <Choice label="Hot key" value={hot} values={HOT} set={setHot} tell={tune} />
          <button type="button" className="btn small" disabled={!any} onClick={() => tellAll('check')}>
            Look for all keys
          </button>
          <button type="button" className="btn small" disabled={!any} onClick={() => tellAll('fill')}>
            Write all keys again
          </button>
        </div>
      )}
      <div className="parts-boards">
        {ARRANGEMENTS.map((what) => {
          const data = { ring, proxy: through, query }[what] ?? null
          const beyond = what === 'proxy' && proxy ? proxy.total.forwarded / Math.max(1, proxy.total.requests) : 0
          return (
            <Card
              key={what}
              what={what}
              here={what === 'query' ? isCluster(scenario) : sharded}
              live={get(what) !== null}
              data={data}
              beyond={beyond}
              loads={what === 'proxy' ? (proxy?.loads ?? []) : (data?.loads ?? [])}
              all={all}
              begin={() => begin(what)}
              end={() => end(what)}
              down={what === 'proxy' && sharded && stateOf(PROXY) !== undefined && stateOf(PROXY) !== 'running'}
              tell={(order) => tell(what, order)}
              differs={what === 'proxy' && proxy != null && ring != null && names(proxy) !== names(ring)}
            />
          )
        })}
      </div>
      {(sharded || isCluster(scenario)) && (
        <Costs
          place={{
            session,
            box,
            cluster: isCluster(scenario) ? all : null,
            servers: sharded ? used : all,
            proxy: sharded ? addressOf(scenario, PROXY) : '',
          }}
          hot={any ? () => heat(HOT[2][0]) : null}
          resize={any && last !== undefined ? () => change(last, !used.some((u) => u.name === last.name)) : null}
        />
      )}
    </section>
  )
}

function Choice(props: {
  label: string
  value: string
  values: readonly (readonly [string, string])[]
  set: (order: string) => void
  tell: (order: string) => void
}) {
  const { label, value, values, set, tell } = props
  return (
    <label className="knob">
      {label}
      <select
        className="field"
        value={value}
        onChange={(e) => {
          set(e.target.value)
          tell(e.target.value)
        }}
      >
        {values.map(([order, text]) => (
          <option key={order} value={order}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

function Servers(props: {
  all: readonly Server[]
  used: readonly Server[]
  change: (s: Server, add: boolean) => void
}) {
  const { all, used, change } = props
  return (
    <>
      <span className="h">On the ring</span>
      <ul className="parts-nodes">
        {all.map((s, i) => {
          const on = used.some((u) => u.name === s.name)
          return (
            <li key={s.name} className={on ? '' : 'off'}>
              <OwnerMark i={i} />
              <b className="mono">{s.name}</b>
              <button
                type="button"
                className="btn q ic"
                aria-label={on ? `Take ${s.name} off the ring` : `Put ${s.name} on the ring`}
                title={on ? `Take ${s.name} off the ring` : `Put ${s.name} on the ring`}
                disabled={on && used.length <= 1}
                onClick={() => change(s, !on)}
              >
                <Icon name={on ? 'x' : 'plus'} />
              </button>
            </li>
          )
        })}
      </ul>
    </>
  )
}

interface CardProps {
  what: Arrangement
  here: boolean
  live: boolean
  data: AppData | null
  beyond: number
  loads: readonly (readonly [string, number])[]
  all: readonly Server[]
  begin: () => void
  end: () => void
  down: boolean
  tell: (order: string) => void
  /** The proxy has another list of servers than the client: it was started again with its own. */
  differs: boolean
}
const names = ({ servers }: { servers: readonly Server[] }) =>
  servers
    .map((s) => s.name)
    .sort()
    .join(' ')

function Card(props: CardProps) {
  const { what, here, live, data, beyond, loads, all, begin, end, down, tell, differs } = props
  const [title, by] = titles[what]
  const now = live && data !== null ? figuresOf(data, beyond) : null
  useEffect(() => {
    if (now !== null) remember(what, now)
  })
  const figures = now ?? recall(what)
  return (
    <section className="panel" aria-label={title} data-testid={`run-${what}`}>
      <div className="ph">
        {title}
        <span className="ink3 light">{by}</span>
        <span className="sp" />
        {live ? (
          <button type="button" className="btn q small" onClick={end}>
            End it
          </button>
        ) : here ? (
          <button type="button" className="btn p small" onClick={begin} data-testid={`start-${what}`}>
            Start a client
          </button>
        ) : null}
      </div>
      <div className="pad">
        <Chain what={what} down={down} />
        <p className="cap">{says[what]}</p>
        {!here && !live && (
          <p className="run-else">
            <button
              type="button"
              className="btn small"
              onClick={() => openScenario(what === 'query' ? 'cluster' : 'shard-4', 'partitioning')}
            >
              {what === 'query' ? 'Open a cluster of six' : 'Open four servers and a proxy'}
            </button>
          </p>
        )}
        {figures !== null && <Numbers what={what} figures={figures} live={now !== null} />}
        {live && data !== null && <Keys what={what} data={data} />}
        {live && <ServerLoads what={what} all={all} loads={loads} />}
        {live && data !== null && <HotKey data={data} />}
        {live && what === 'query' && data !== null && (
          <label className="run-choice">
            The client{' '}
            <select
              className="field"
              value={data.options.routing}
              onChange={(e) => tell(`--routing ${e.target.value}`)}
            >
              <option value="dumb">asks any node</option>
              <option value="smart">keeps a map of the slots</option>
            </select>
          </label>
        )}
        {what === 'proxy' && here && (
          <p className="run-else">
            <button
              type="button"
              className="btn small"
              data-testid="kill-proxy"
              onClick={() => fault({ type: down ? 'restart' : 'kill', process: PROXY })}
            >
              {down ? 'Start the proxy again' : 'Kill the proxy'}
            </button>
            {differs && !down && <span className="warn"> It has another list of servers than the client.</span>}
            {down && <span className="warn"> Nothing is answered without it.</span>}
          </p>
        )}
      </div>
    </section>
  )
}

function Numbers({ what, figures, live }: { what: Arrangement; figures: Figures; live: boolean }) {
  return (
    <dl className={`run-figures ${live ? '' : 'past'}`}>
      <div>
        <dt>{live ? 'hops' : 'hops, last run'}</dt>
        <dd data-testid={`hops-${what}`}>{figures.hops.toFixed(2)}</dd>
      </div>
      <div>
        <dt>median latency</dt>
        <dd data-testid={`latency-${what}`}>{(figures.median / 1000).toFixed(2)} ms</dd>
      </div>
      <div>
        <dt>requests/s</dt>
        <dd data-testid={`rate-${what}`}>{count(figures.perSecond)}</dd>
      </div>
      <div>
        <dt>keys found</dt>
        <dd data-testid={`found-${what}`}>
          {figures.found === null ? '…' : `${((figures.found / figures.keys) * 100).toFixed(1)}%`}
        </dd>
      </div>
    </dl>
  )
}

function Keys({ what, data }: { what: Arrangement; data: AppData }) {
  const { sweep, rehashed } = data
  if (sweep === null) return null
  const on = sweep.done < sweep.keys
  return (
    <p className="cap" aria-live="polite">
      {sweep.kind === 'SET'
        ? on
          ? `Writing all keys: ${count(sweep.done)} of ${count(sweep.keys)}.`
          : `All ${count(sweep.keys)} keys are written.`
        : `${count(sweep.found)} of ${count(sweep.done)} keys found${on ? ' so far' : ''}.`}
      {what === 'ring' && sweep.kind === 'GET' && rehashed > 0 && (
        <>
          {' '}
          The change of servers moved <b className="mono">{((rehashed / sweep.keys) * 100).toFixed(1)}%</b>.
        </>
      )}
    </p>
  )
}

function HotKey({ data }: { data: AppData }) {
  const top = data.top[0]
  if (top?.hot !== true) return null
  return (
    <p className="cap">
      <span className="hop bad">hot key</span> <b className="mono">{top.key}</b> takes {(top.share * 100).toFixed(0)}%
      of the requests, and one server has all of them.
    </p>
  )
}

function ServerLoads(props: {
  what: Arrangement
  all: readonly Server[]
  loads: readonly (readonly [string, number])[]
}) {
  const { what, all, loads } = props
  const by = new Map(loads)
  const most = Math.max(1, ...loads.map(([, n]) => n))
  return (
    <div className="loads" role="group" aria-label="Requests to each server">
      {all.map((s, i) => {
        const n = by.get(s.address) ?? 0
        return n === 0 ? null : (
          <div key={s.name}>
            <span className="mono">{s.name}</span>
            <svg width="100%" height="10" preserveAspectRatio="none" aria-hidden="true">
              <OwnerPatterns count={all.length} prefix={`${what}-${i}`} />
              <rect width={`${(n / most) * 100}%`} height="10" fill={ownerFill(i, `${what}-${i}`)} />
            </svg>
            <span className="mono r">{count(n)}</span>
          </div>
        )
      })}
    </div>
  )
}
