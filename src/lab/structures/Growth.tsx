/** Memory against time: the whole server as layers, the chosen key as steps. */
import { showBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { plural, type SampleData, when } from './data.ts'
import { Pane } from './Pane.tsx'

export interface MemorySample {
  readonly at: number
  readonly total: number
  readonly data: number
  readonly clients: number
  readonly replicas: number
  readonly backlog: number
  readonly scripts: number
  readonly keys: number
  readonly maxmemory: number
}
const LAYERS = [
  ['data', 'data and key tables', 'f1'],
  ['clients', 'clients', 'f5'],
  ['replicas', 'replicas', 'f3'],
  ['backlog', 'backlog', 'f6'],
  ['scripts', 'scripts', 'f2'],
] as const

const [W, H, LEFT] = [640, 148, 74]
export function GrowthPane(props: {
  history: readonly MemorySample[]
  growth: readonly SampleData[]
  now: number
  name: string
  startup: number
}) {
  const { history, growth, now, name } = props
  const first = history[0]
  const last = history.at(-1)
  const begin = first?.at ?? now
  const span = Math.max(1, now - begin)
  const above = (s: MemorySample) => LAYERS.reduce((n, [k]) => n + s[k], 0)
  const most = Math.max(1, ...history.map(above))
  const limit = last && last.maxmemory > props.startup ? last.maxmemory - props.startup : 0
  const top = limit > 0 && limit < most * 4 ? Math.max(most, limit) * 1.1 : most * 1.1
  const x = (at: number) => LEFT + ((at - begin) / span) * (W - LEFT - 4)
  const y = (bytes: number) => H - 20 - (bytes / top) * (H - 32)
  const peak = history.reduce((a, b) => (b.total > a.total ? b : a), history[0] as MemorySample)
  return (
    <Pane
      label="Memory over time"
      title="Memory over time"
      sub={`above the ${bytesText(props.startup)} of an empty server`}
      className="wide"
      testid="growth"
      summary={
        first && last
          ? `From ${when(first.at)} to ${when(last.at)} used_memory went from ${count(first.total)} to ${count(last.total)}, ${plural(last.keys, 'key')} now; the most was ${count(peak.total)} at ${when(peak.at)}.`
          : ''
      }
      table={{
        head: ['Time', 'used_memory', 'Data and tables', 'Clients', 'Replicas', 'Backlog', 'Scripts', 'Keys'],
        rows: [...history]
          .reverse()
          .slice(0, 120)
          .map((s) => [when(s.at), s.total, s.data, s.clients, s.replicas, s.backlog, s.scripts, s.keys]),
      }}
    >
      {history.length < 2 ? (
        <p className="cap">One sample a second: let the clock run.</p>
      ) : (
        <div className="growth">
          <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label="Memory of the server over time, in layers">
            {LAYERS.map(([key, , cls], i) => {
              const base = (s: MemorySample) => LAYERS.slice(0, i).reduce((n, [k]) => n + s[k], 0)
              const up = history.map((s) => `${x(s.at).toFixed(1)} ${y(base(s) + s[key]).toFixed(1)}`)
              const down = [...history].reverse().map((s) => `${x(s.at).toFixed(1)} ${y(base(s)).toFixed(1)}`)
              return <path key={key} d={`M${up.join('L')}L${down.join('L')}Z`} className={cls} />
            })}
            {limit > 0 && limit <= top && (
              <>
                <path d={`M${LEFT} ${y(limit)}H${W - 4}`} stroke="var(--ink)" strokeDasharray="4 3" />
                <text x={W - 6} y={y(limit) - 4} fontSize="11" textAnchor="end" className="ink2t">
                  maxmemory
                </text>
              </>
            )}
            <path d={`M${LEFT} 8V${H - 20}H${W - 4}`} fill="none" stroke="var(--line-2)" />
            {[0, most].map((b) => (
              <text key={b} className="m ink3t" x={LEFT - 6} y={y(b) + 4} fontSize="11" textAnchor="end">
                {bytesText(Math.round(b))}
              </text>
            ))}
            <text className="m ink3t" x={LEFT} y={H - 5} fontSize="11">
              {when(begin)}
            </text>
            <text className="m ink3t" x={W - 4} y={H - 5} fontSize="11" textAnchor="end">
              {when(now)}
            </text>
          </svg>
          <KeyGrowth growth={growth} now={now} name={name} />
        </div>
      )}
      <div className="legend">
        {LAYERS.filter(([k]) => history.some((s) => s[k] > 0)).map(([k, text, cls]) => (
          <span key={k}>
            <svg width="12" height="12" aria-hidden="true">
              <rect width="12" height="12" className={cls} />
            </svg>
            {text} <span className="mono">{bytesText(last?.[k] ?? 0)}</span>
          </span>
        ))}
      </div>
    </Pane>
  )
}

function KeyGrowth({ growth, now, name }: { growth: readonly SampleData[]; now: number; name: string }) {
  const first = growth[0]
  const last = growth.at(-1)
  if (!first || !last)
    return (
      <p className="cap">
        {name === ''
          ? 'Choose a key at the left: its own growth is drawn here.'
          : 'This key was not touched since it is watched.'}
      </p>
    )
  const w = 400
  const span = Math.max(1, now - first.at)
  const most = Math.max(1, ...growth.map((s) => s.bytes))
  const x = (at: number) => 70 + ((at - first.at) / span) * (w - 78)
  const y = (bytes: number) => H - 20 - (bytes / most) * (H - 44)
  const steps = growth.map(
    (s, i) => `${i === 0 ? 'M' : 'H'}${x(s.at).toFixed(1)}${i === 0 ? ' ' : 'V'}${y(s.bytes).toFixed(1)}`,
  )
  return (
    <svg
      viewBox={`0 0 ${w} ${H}`}
      role="img"
      aria-label={`${showBytes(name, 30)} went from ${first.bytes} to ${last.bytes} bytes in ${duration(now - first.at)}`}
    >
      <text className="m" x="70" y="11" fontSize="12" fontWeight="600">
        {showBytes(name, 24)}
      </text>
      <path d={`M70 16V${H - 20}H${w - 4}`} fill="none" stroke="var(--line-2)" />
      <path d={`${steps.join('')}H${w - 8}`} fill="none" stroke="var(--ink)" strokeWidth="1.5" />
      {growth.map((s, i) =>
        growth[i - 1] !== undefined && growth[i - 1]?.encoding !== s.encoding ? (
          <g key={`${s.at}|${s.length}`}>
            <circle cx={x(s.at)} cy={y(s.bytes)} r="4" fill="var(--bg-panel)" stroke="var(--ink)" strokeWidth="2" />
            <text x={Math.min(w - 60, x(s.at) + 8)} y={Math.min(H - 26, y(s.bytes) + 16)} fontSize="11">
              {s.encoding}
            </text>
          </g>
        ) : null,
      )}
      <text className="m ink3t" x="64" y={y(most) + 4} fontSize="11" textAnchor="end">
        {bytesText(most)}
      </text>
      <text className="m ink3t" x="64" y={y(0) + 4} fontSize="11" textAnchor="end">
        0
      </text>
      <text className="m ink3t" x="70" y={H - 5} fontSize="11">
        {when(first.at)}
      </text>
      <text className="m ink3t" x={w - 4} y={H - 5} fontSize="11" textAnchor="end">
        {when(now)}
      </text>
    </svg>
  )
}
