/** The main thread: what it ran for whom, how long it took, what was slow. */
import { count, duration } from '../format.ts'
import { commandText, plural, when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, Scroll, useSheet } from './sheets.tsx'

interface CommandsData {
  readonly threshold: number
  readonly slowlog: readonly {
    id: number
    timeSeconds: number
    micros: number
    argv: readonly string[]
    addr: string
  }[]
  readonly latency: readonly { name: string; max: number; samples: readonly { time: number; ms: number }[] }[]
  readonly commands: readonly {
    name: string
    calls: number
    micros: number
    failed: number
    rejected: number
    p50: number
    p99: number
  }[]
  readonly segments: readonly { start: number; micros: number; name: string; client: string }[]
  readonly now: number
  readonly hz: number
  readonly processed: number
}

export function CommandsSheet({ process }: { process: string }) {
  const d = useSheet<CommandsData>(process, 'commands')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const last = d.segments[d.segments.length - 1]
  return (
    <div className="sheets">
      <Pane
        label="Main thread"
        title="Main thread"
        sub="one command after the other"
        className="wide"
        summary={`${count(d.processed)} commands processed, hz ${d.hz}.${last ? ` Last: ${last.name.toUpperCase()} for ${last.client}, ${duration(last.micros)} at ${when(last.start)}.` : ''}`}
        table={{
          head: ['Start', 'Command', 'Client', 'Microseconds'],
          rows: [...d.segments]
            .reverse()
            .slice(0, 100)
            .map((s) => [when(s.start), s.name, s.client, Number(s.micros.toFixed(1))]),
        }}
      >
        <Lanes d={d} />
      </Pane>
      <Pane label="Latency" title="Latency of commands" sub="time against microseconds" className="wide">
        <HeatMap d={d} />
      </Pane>
      <Pane label="Slow log" title="Slow log" sub={<span className="mono">slowlog-log-slower-than {d.threshold}</span>}>
        <DataTable
          label="Slow log"
          head={['Id', 'Microseconds', 'Command', 'Client']}
          right={[0, 1]}
          rows={d.slowlog.map((e) => [e.id, count(e.micros), commandText(e.argv, 50), e.addr])}
          empty={
            d.threshold < 0
              ? 'Switched off.'
              : `No command has taken ${count(d.threshold)} microseconds. Try CONFIG SET slowlog-log-slower-than 0.`
          }
        />
      </Pane>
      <Pane label="Commands" title="commandstats" sub="and percentiles">
        <DataTable
          label="Statistics of commands"
          head={['Command', 'Calls', 'Microseconds', 'A call', 'p50', 'p99', 'Failed']}
          right={[1, 2, 3, 4, 5, 6]}
          rows={d.commands.map((c) => [
            c.name,
            count(c.calls),
            count(Math.round(c.micros)),
            c.calls === 0 ? '' : (c.micros / c.calls).toFixed(2),
            c.p50.toFixed(1),
            c.p99.toFixed(1),
            c.failed + c.rejected,
          ])}
        />
        <DataTable
          label="LATENCY LATEST"
          head={['Event', 'Worst ms', 'Samples']}
          right={[1, 2]}
          rows={d.latency.map((e) => [e.name, e.max, e.samples.length])}
          empty="No latency events. CONFIG SET latency-monitor-threshold says from how many ms on they count."
        />
      </Pane>
    </div>
  )
}

/** The last commands as segments, one lane a client; the gaps between them are cut short and marked. */
function Lanes({ d }: { d: CommandsData }) {
  const list = d.segments.slice(-80)
  const clients = [...new Set(list.map((s) => s.client))].slice(-8)
  if (list.length === 0) return <p className="cap">No command yet.</p>
  const places: { x: number; w: number; gap: boolean }[] = []
  let x = 0
  let end = list[0]?.start ?? 0
  for (const s of list) {
    const gap = s.start - end
    x += gap > 40 ? 14 : Math.max(0, gap) * 0.35
    const w = Math.max(7, Math.min(140, s.micros * 2))
    places.push({ x, w, gap: gap > 40 })
    x += w + 1
    end = s.start + s.micros
  }
  return (
    <Scroll label="Main thread">
      <svg
        width={Math.max(400, x + 150)}
        height={20 + clients.length * 24}
        role="img"
        aria-label={`The last ${list.length} commands by client`}
      >
        {clients.map((c, i) => (
          <g key={c}>
            <text className="m ink2t" x="0" y={20 + i * 24} fontSize="11">
              {c.replace(/^10\.0\.0\./, '')}
            </text>
            <path d={`M96 ${26 + i * 24}H${x + 110}`} stroke="var(--line)" />
          </g>
        ))}
        {list.map((s, i) => {
          const p = places[i]
          const lane = clients.indexOf(s.client)
          if (!p || lane < 0) return null
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a segment is its place
            <g key={i}>
              {p.gap && (
                <path
                  d={`M${104 + p.x - 8} 2V${16 + clients.length * 24}`}
                  stroke="var(--line-2)"
                  strokeDasharray="1 4"
                />
              )}
              <rect
                x={104 + p.x}
                y={8 + lane * 24}
                width={p.w}
                height="16"
                rx="2"
                fill={
                  /^(info|ping|publish|replconf|hello|client|subscribe)/.test(s.name)
                    ? 'var(--bg-sel)'
                    : 'var(--master-t)'
                }
                stroke="var(--line-3)"
              >
                <title>{`${s.name.toUpperCase()} at ${when(s.start)}, ${duration(s.micros)}, ${s.client}`}</title>
              </rect>
              {p.w > s.name.length * 6.4 && (
                <text className="m" x={107 + p.x} y={20 + lane * 24} fontSize="11">
                  {s.name}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </Scroll>
  )
}

const ROWS = 10
function HeatMap({ d }: { d: CommandsData }) {
  const first = d.segments[0]
  if (!first) return <p className="cap">No command yet.</p>
  const columns = 48
  // What a script called began after the script and ended before it.
  const begin = d.segments.reduce((t, s) => Math.min(t, s.start), first.start)
  const span = Math.max(1, d.now - begin)
  const grid = new Map<string, number>()
  let most = 1
  for (const s of d.segments) {
    const c = Math.min(columns - 1, Math.floor(((s.start - begin) / span) * columns))
    const r = Math.min(ROWS - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, s.micros)))))
    const n = (grid.get(`${c}|${r}`) ?? 0) + 1
    grid.set(`${c}|${r}`, n)
    most = Math.max(most, n)
  }
  const sorted = d.segments.map((s) => s.micros).sort((a, b) => a - b)
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0
  return (
    <>
      <svg
        className="heat"
        viewBox={`0 0 ${60 + columns * 14} ${ROWS * 14 + 20}`}
        role="img"
        aria-label={`Of ${sorted.length} commands the median took ${at(0.5).toFixed(1)}, the 99th percentile ${at(0.99).toFixed(1)} microseconds`}
      >
        {Array.from({ length: ROWS }, (_, r) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its power of two
          <text key={r} className="m ink3t" x="50" y={(ROWS - r) * 14 - 3} fontSize="11" textAnchor="end">
            {r % 2 === 0 ? `${2 ** r} µs` : ''}
          </text>
        ))}
        {[...grid].map(([k, n]) => {
          const [c = 0, r = 0] = k.split('|').map(Number)
          return (
            <rect
              key={k}
              x={56 + c * 14}
              y={(ROWS - 1 - r) * 14}
              width="13"
              height="13"
              fill="var(--ink)"
              opacity={0.15 + 0.8 * (Math.log2(n + 1) / Math.log2(most + 1))}
            >
              <title>{`${plural(n, 'command')} of ${2 ** r} to ${2 ** (r + 1)} microseconds`}</title>
            </rect>
          )
        })}
        <text className="m ink3t" x="56" y={ROWS * 14 + 14} fontSize="11">
          {when(begin)}
        </text>
        <text className="m ink3t" x={56 + columns * 14} y={ROWS * 14 + 14} fontSize="11" textAnchor="end">
          {when(d.now)}
        </text>
      </svg>
      <p className="cap">
        Of the last {plural(sorted.length, 'command')}: median {at(0.5).toFixed(1)}, p90 {at(0.9).toFixed(1)}, p99{' '}
        {at(0.99).toFixed(1)}, worst {at(1).toFixed(1)} microseconds. The darker, the more.
      </p>
    </>
  )
}
