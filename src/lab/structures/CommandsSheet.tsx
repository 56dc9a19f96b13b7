/** The main thread: what it ran for whom, how long it took, what was slow. */
import { count } from '../format.ts'
import { commandText, plural, when } from './data.ts'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, useSheet } from './sheets.tsx'

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
  return (
    <div className="sheets">
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
      <Pane
        label="Commands"
        title="commandstats"
        sub="and percentiles"
        summary={`${plural(d.processed, 'command')} processed.`}
      >
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
