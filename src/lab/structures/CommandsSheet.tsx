/** The main thread's latency: what was slow, for whom, what may have been the cause, and the statistics of each command. */
import { useEffect, useRef, useState } from 'react'
import { count, duration } from '../format.ts'
import { useChoice } from './choice.ts'
import { commandText, plural, when } from './data.ts'
import { Knob, Try } from './Knob.tsx'
import { latencyMap, MEASURES, type Measure, type SegmentData, at } from './latency-map.ts'
import { LatencyMap, type TickData } from './LatencyMap.tsx'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, useSheet } from './sheets.tsx'

interface CommandsData {
  readonly threshold: number
  readonly monitorThreshold: number
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
  readonly segments: readonly SegmentData[]
  readonly ticks: readonly TickData[]
  readonly doctor: string
  readonly now: number
  readonly hz: number
  readonly processed: number
}

const SAYS: Readonly<Record<Measure, string>> = {
  Execution: 'on the main thread',
  Queue: 'between arrival and the first microsecond of work',
  Client: 'from sending to the reply, the way back taken as long as the way there',
}

export function CommandsSheet({ process }: { process: string }) {
  const d = useSheet<CommandsData>(process, 'commands')
  const [measure, setMeasure] = useState<Measure>('Execution')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const map = latencyMap(d.segments, measure, d.now)
  const all = map?.all ?? []
  return (
    <div className="sheets">
      <Pane
        label="Latency"
        title="Latency of commands"
        sub={`${SAYS[measure]}; drag across a stretch to see it in the event loop`}
        className="wide"
        testid="latency"
        right={
          <span className="seg">
            {MEASURES.map((m) => (
              <button
                key={m}
                type="button"
                className={`btn small ${m === measure ? 'on' : ''}`}
                aria-pressed={m === measure}
                onClick={() => setMeasure(m)}
              >
                {m}
              </button>
            ))}
          </span>
        }
        summary={
          map
            ? `Of the last ${plural(all.length, 'command')}: median ${duration(at(all, 0.5))}, p90 ${duration(at(all, 0.9))}, p99 ${duration(at(all, 0.99))}, worst ${duration(at(all, 1))}.`
            : 'No command yet.'
        }
        table={
          map
            ? {
                head: ['From', 'To', 'Commands', 'Median µs', 'p99 µs', 'Worst µs', 'Worst'],
                rows: map.columns
                  .filter((c) => c.n > 0)
                  .reverse()
                  .map((c) => [when(c.from), when(c.to), c.n, c.p50, c.p99, c.worst, c.worstName.toUpperCase()]),
              }
            : null
        }
      >
        {map ? (
          <LatencyMap map={map} process={process} threshold={d.threshold} ticks={d.ticks} what={measure} />
        ) : (
          <p className="cap">No command yet.</p>
        )}
        <div className="knobs">
          <Knob
            process={process}
            name="slowlog-log-slower-than"
            value={d.threshold}
            min={-1}
            max={10000}
            say={(v) => (v < 0 ? '-1, off' : `${count(v)} µs`)}
          />
          <Knob
            process={process}
            name="latency-monitor-threshold"
            value={d.monitorThreshold}
            min={0}
            max={100}
            say={(v) => (v === 0 ? '0, off' : `${v} ms`)}
          />
        </div>
      </Pane>
      <SlowPane process={process} d={d} />
      <Pane label="Latency doctor" title="LATENCY DOCTOR" testid="doctor">
        <p className="doctor">{d.doctor.trim()}</p>
        <DataTable
          label="LATENCY LATEST"
          head={['Event', 'Worst ms', 'Samples']}
          right={[1, 2]}
          rows={d.latency.map((e) => [e.name, e.max, e.samples.length])}
          empty="No latency events. latency-monitor-threshold says from how many milliseconds on they count."
        />
      </Pane>
      <StatsPane d={d} />
    </div>
  )
}

function SlowPane({ process, d }: { process: string; d: CommandsData }) {
  const slow = useChoice((c) => c.slow)
  const [only, setOnly] = useState('')
  const names = [...new Set(d.slowlog.map((e) => (e.argv[0] ?? '').toUpperCase()))].sort()
  const rows = d.slowlog.filter((e) => only === '' || (e.argv[0] ?? '').toUpperCase() === only)
  const holder = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (slow !== null) holder.current?.querySelector('.pointed')?.scrollIntoView({ block: 'nearest' })
  }, [slow])
  return (
    <Pane
      label="Slow log"
      title="Slow log"
      sub={<span className="mono">slowlog-log-slower-than {d.threshold}</span>}
      testid="slowlog"
      right={
        names.length > 1 && (
          <select
            className="field"
            aria-label="Only entries of this command"
            value={only}
            onChange={(e) => setOnly(e.target.value)}
          >
            <option value="">all commands</option>
            {names.map((n) => (
              <option key={n}>{n}</option>
            ))}
          </select>
        )
      }
      summary={`${plural(rows.length, 'entry', 'entries')}${only === '' ? '' : ` of ${only}`}${rows[0] ? `, the newest ${commandText(rows[0].argv, 40)} with ${count(rows[0].micros)} microseconds` : ''}.`}
    >
      <div ref={holder}>
        <DataTable
          label="Slow log"
          head={['Id', 'Microseconds', 'Command', 'Client']}
          right={[0, 1]}
          rows={rows.map((e) => {
            const tick = d.ticks.find((t) => t.slow === e.id)
            return [
              <button
                key="i"
                type="button"
                className={`link ${e.id === slow ? 'pointed' : ''}`}
                aria-pressed={e.id === slow}
                title={tick ? `${when(tick.at)}: mark it on the map` : 'Mark it'}
                onClick={() => useChoice.setState({ slow: e.id === slow ? null : e.id })}
              >
                {e.id}
              </button>,
              count(e.micros),
              tick ? (
                <button
                  key="c"
                  type="button"
                  className="link"
                  title="Show it in the event loop"
                  onClick={() =>
                    useChoice.setState({
                      brush: { from: tick.at - 200, to: tick.at + e.micros + 200 },
                      screen: 'Event loop',
                    })
                  }
                >
                  {commandText(e.argv, 50)}
                </button>
              ) : (
                commandText(e.argv, 50)
              ),
              e.addr,
            ]
          })}
          empty={d.threshold < 0 ? 'Switched off.' : `No command has taken ${count(d.threshold)} microseconds.`}
        />
      </div>
      {d.slowlog.length === 0 && (
        <Try process={process} lines={['CONFIG SET slowlog-log-slower-than 0', 'SET a 1', 'GET a']}>
          Log every command
        </Try>
      )}
    </Pane>
  )
}

const KINDS = ['all', 'reads and writes', 'failed', 'server'] as const
const SERVER =
  /^(ping|info|config|client|command|hello|auth|select|replconf|psync|sync|publish|(p|s)?(un)?subscribe|debug|slowlog|latency|memory|acl|cluster|echo|reset|quit|shutdown|save|bgsave|lastsave|role|wait|monitor|multi|exec|discard|watch|unwatch)(\||$)/
function StatsPane({ d }: { d: CommandsData }) {
  const [kind, setKind] = useState<(typeof KINDS)[number]>('all')
  const rows = d.commands.filter((c) =>
    kind === 'all' ? true : kind === 'failed' ? c.failed + c.rejected > 0 : SERVER.test(c.name) === (kind === 'server'),
  )
  return (
    <Pane
      label="Commands"
      title="commandstats"
      sub="and percentiles"
      className="wide"
      testid="stats"
      right={
        <select
          className="field"
          aria-label="Which commands"
          value={kind}
          onChange={(e) => setKind(e.target.value as (typeof KINDS)[number])}
        >
          {KINDS.map((k) => (
            <option key={k}>{k}</option>
          ))}
        </select>
      }
      summary={`${plural(d.processed, 'command')} processed.`}
    >
      <DataTable
        label="Statistics of commands"
        head={['Command', 'Calls', 'Microseconds', 'A call', 'p50', 'p99', 'Failed']}
        right={[1, 2, 3, 4, 5, 6]}
        rows={rows.map((c) => [
          c.name,
          count(c.calls),
          count(Math.round(c.micros)),
          c.calls === 0 ? '' : (c.micros / c.calls).toFixed(2),
          c.p50.toFixed(1),
          c.p99.toFixed(1),
          c.failed + c.rejected,
        ])}
      />
    </Pane>
  )
}
