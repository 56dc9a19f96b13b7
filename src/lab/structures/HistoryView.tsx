/** How a key grew, and the commands at which its encoding changed. */
import { useRef } from 'react'
import { bytesText, count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { commandText, type EventData, type KeyData, plural, type SampleData, when } from './data.ts'
import { Picture, type TableTwin } from './Pane.tsx'

const HUES = ['var(--replica)', 'var(--master)', 'var(--importing)', 'var(--sentinel)']

export function historySummary(events: readonly EventData[], forgotten: number, unit = 'element'): string {
  const turns = events.filter((e) => e.from !== null && e.to !== null)
  const last = turns[turns.length - 1]
  if (events.length === 0) return 'Made before this page was watching, or by a full sync.'
  if (!last)
    return `${events[0]?.to ?? 'Gone'} since ${commandText(events[0]?.command ?? [], 40)} at ${when(events[0]?.at ?? 0)}; no change of encoding yet.`
  // A listpack and an intset never come back; SET gives a string its encoding anew.
  const back = /^(intset|listpack)/.test(last.from ?? '') ? ', and never back' : ''
  return `${last.from} to ${last.to} by ${commandText(last.command, 44)} at ${when(last.at)}, ${plural(last.length, unit)}${back}.${forgotten > 0 ? ` ${forgotten} earlier changes are forgotten.` : ''}`
}
export function historyTable(events: readonly EventData[]): TableTwin {
  return {
    head: ['Time', 'Command', 'From', 'To', 'Elements', 'Bytes'],
    rows: events.map((e) => [
      when(e.at),
      commandText(e.command, 60),
      e.from ?? 'no key',
      e.to ?? 'no key',
      e.length,
      e.bytes,
    ]),
  }
}

/** Runs of samples with one encoding. */
function runs(samples: readonly SampleData[]): { encoding: string; samples: SampleData[] }[] {
  const out: { encoding: string; samples: SampleData[] }[] = []
  for (const s of samples) {
    const last = out[out.length - 1]
    if (last && last.encoding === s.encoding) last.samples.push(s)
    else out.push({ encoding: s.encoding, samples: [s] })
  }
  return out
}

const nice = (n: number): number => {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, n)))
  for (const m of [1, 2, 4, 5, 10]) if (n <= m * step) return m * step
  return 10 * step
}

export function HistoryView({ data }: { data: KeyData }) {
  const holder = useRef<HTMLDivElement>(null)
  const size = useSize(holder)
  const width = Math.max(280, size.width || 600)
  const height = 116
  const { samples, events } = data
  const words =
    data.type === 'string'
      ? 'bytes of text'
      : data.type === 'hash'
        ? 'fields'
        : data.type === 'list'
          ? 'entries'
          : 'members'
  const most = nice(Math.max(4, ...samples.map((s) => s.length)))
  const top = nice(Math.max(64, ...samples.map((s) => s.bytes)))
  const x = (n: number) => 52 + (n / most) * (width - 76)
  const y = (b: number) => height - 22 - (b / top) * (height - 34)
  const parts = runs(samples)
  const turns = events.filter((e) => e.to !== null)
  const now = samples[samples.length - 1]
  return (
    <div ref={holder}>
      <Picture
        label={`Growth of the key: ${plural(samples.length, 'sample')}, ${plural(turns.length, 'encoding')}`}
        tell={turns.map(
          (e) =>
            `${when(e.at)}, ${commandText(e.command, 60)}: ${e.from ?? 'no key'} to ${e.to}, ${count(e.length)} ${words}, ${bytesText(e.bytes)}.`,
        )}
      >
        {(marks) => (
          <svg width={width} height={height} aria-hidden="true">
            <path d={`M52 ${height - 22}H${width - 8}M52 8V${height - 22}`} stroke="var(--line-2)" fill="none" />
            <text className="m ink3t" x="46" y="16" fontSize="11" textAnchor="end">
              {top < 1000 ? `${top} B` : `${Number((top / 1000).toPrecision(2))} kB`}
            </text>
            <text className="m ink3t" x="46" y={height - 20} fontSize="11" textAnchor="end">
              0
            </text>
            {[0, 0.25, 0.5, 0.75, 1].map((f) => (
              <g key={f}>
                <path d={`M${x(most * f)} ${height - 22}v4`} stroke="var(--line-3)" />
                {(f === 0 || Number.isInteger(most * f)) && (
                  <text className="m ink3t" x={x(most * f)} y={height - 6} fontSize="11" textAnchor="middle">
                    {count(most * f)}
                    {f === 0 ? '' : ''}
                  </text>
                )}
              </g>
            ))}
            <text x={x(most * 0.125)} y={height - 6} fontSize="12" textAnchor="middle" className="ink3t">
              {words}
            </text>
            {parts.map((p, i) => {
              const hue = HUES[i % HUES.length] ?? 'var(--ink)'
              const first = p.samples[0] as SampleData
              const end = p.samples[p.samples.length - 1] as SampleData
              const next = parts[i + 1]?.samples[0]
              const right = x(end.length) > (next ? 170 : width * 0.66)
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a run is its place
                <g key={i}>
                  <path
                    d={`M${p.samples.map((s) => `${x(s.length)} ${y(s.bytes)}`).join('L')}`}
                    stroke={hue}
                    strokeWidth="2"
                    fill="none"
                  />
                  {next && (
                    <path
                      d={`M${x(end.length)} ${y(end.bytes)}L${x(next.length)} ${y(next.bytes)}`}
                      stroke="var(--ink)"
                      strokeWidth="1.5"
                      strokeDasharray="3 2"
                    />
                  )}
                  {i > 0 && <circle cx={x(first.length)} cy={y(first.bytes)} r="3.5" fill={hue} />}
                  {next && <circle cx={x(end.length)} cy={y(end.bytes)} r="3.5" fill={hue} />}
                  <text
                    x={right ? x(end.length) - 10 : x(end.length) + 10}
                    y={Math.max(14, y(end.bytes) + (i % 2 === 0 ? -6 : 2))}
                    fontSize="12"
                    fontWeight="600"
                    textAnchor={right ? 'end' : 'start'}
                    style={{ fill: hue, stroke: 'var(--bg-panel)', strokeWidth: 4, paintOrder: 'stroke' }}
                  >
                    {p.encoding}, {bytesText(end.bytes)}
                  </text>
                </g>
              )
            })}
            {turns.map((e, i) => (
              <circle
                // biome-ignore lint/suspicious/noArrayIndexKey: a change is its place
                key={i}
                className={marks.on === i ? 'mark-on' : ''}
                cx={x(e.length)}
                cy={y(e.bytes)}
                r={marks.on === i ? 7 : 0}
                fill="none"
                stroke="var(--ink)"
                strokeWidth="2"
              />
            ))}
            {now && (
              <circle cx={x(now.length)} cy={y(now.bytes)} r="5" fill="none" stroke="var(--ink)" strokeWidth="2" />
            )}
          </svg>
        )}
      </Picture>
    </div>
  )
}
