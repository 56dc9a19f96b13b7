/** The parts that the sheets share: a table that scrolls in itself, a line of figures, a bar of shares. */
import { useLayoutEffect, useRef } from 'react'
import { useView } from '../parts/use-view.ts'
import { Failed, failureOf } from './Pane.tsx'

export function useSheet<T>(process: string, view: string, args: readonly string[] = []): T | null | undefined {
  return useView(process, view, args) as T | null | undefined
}

export function Asking({ process, data }: { process: string; data: unknown }) {
  const failed = failureOf(data)
  if (failed !== null) return <Failed text={failed} />
  return (
    <div className="pane say">
      {data === undefined ? `Asking ${process}` : `${process} is not running. Restart it in the topology (R).`}
    </div>
  )
}

export function DataTable(props: {
  label: string
  head: readonly string[]
  rows: readonly (readonly React.ReactNode[])[]
  /** Columns of numbers, from the right edge. */
  right?: readonly number[]
  empty?: string
}) {
  if (props.rows.length === 0) return <p className="cap">{props.empty ?? 'Nothing yet.'}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <div className="twin-hold" tabIndex={0} role="region" aria-label={`${props.label}, table`}>
      <table className="t">
        <thead>
          <tr>
            {props.head.map((h, i) => (
              <th key={h} scope="col" className={props.right?.includes(i) ? 'r' : ''}>
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
            <tr key={i}>
              {row.map((c, j) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
                <td key={j} className={`mono ${props.right?.includes(j) ? 'r' : ''}`}>
                  {c}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** A picture wider than its pane scrolls in itself, by keyboard as well; with `end` it stays at its right edge. */
export function Scroll({ label, end = false, children }: { label: string; end?: boolean; children: React.ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    const el = box.current
    if (end && el && atEnd.current) el.scrollLeft = el.scrollWidth
  })
  return (
    <div
      className="sv"
      ref={box}
      onScroll={(e) => {
        const el = e.currentTarget
        atEnd.current = el.scrollLeft + el.clientWidth >= el.scrollWidth - 24
      }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      role="region"
      aria-label={`${label}, picture`}
    >
      {children}
    </div>
  )
}

export function Figures({ list }: { list: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className="figures">
      {list.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export interface Share {
  readonly name: string
  readonly value: number
  readonly text: string
}
/** Patterns, so that the parts can be told apart without colour. */
const FILLS = ['e1', 'e2', 'e4', 'e5', 'e3', 'free', 'e6', 'e7']
export function Shares({
  list,
  total,
  limit,
  label,
}: {
  list: readonly Share[]
  total: number
  limit?: number
  label: string
}) {
  const whole = Math.max(total, limit ?? 0, 1)
  const shown = list.filter((s) => s.value > 0)
  return (
    <>
      <div className="shares" role="img" aria-label={`${label}: ${shown.map((s) => `${s.name} ${s.text}`).join(', ')}`}>
        {shown.map((s, i) => (
          <span
            key={s.name}
            className={FILLS[i % FILLS.length]}
            style={{ width: `${(100 * s.value) / whole}%` }}
            title={`${s.name}: ${s.text}`}
          >
            {s.value / whole > 0.12 ? s.name : ''}
          </span>
        ))}
        {limit !== undefined && limit > 0 && (
          <i className="limitline" style={{ left: `${Math.min(100, (100 * limit) / whole)}%` }} />
        )}
      </div>
      <div className="legend">
        {shown.map((s, i) => (
          <span key={s.name}>
            <i className={FILLS[i % FILLS.length]} />
            {s.name} <span className="mono">{s.text}</span>
          </span>
        ))}
      </div>
    </>
  )
}
