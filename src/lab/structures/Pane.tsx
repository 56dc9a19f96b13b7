/**
 * A pane of the Structures screen: a heading, a picture, one sentence that says what the picture shows, and the same as a
 * table. T changes between picture and table; in the picture the arrows move from mark to mark.
 */
import { useId, useRef, useState } from 'react'
import { copyText } from '../actions.ts'
import { useLab } from '../store.ts'
import { markdownOf } from './markdown.ts'

export interface TableTwin {
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Shown above the table when rows were left out. */
  readonly note?: string
}

export function Pane(props: {
  label: string
  title: React.ReactNode
  sub?: React.ReactNode
  right?: React.ReactNode
  summary?: string
  table?: TableTwin | null
  className?: string
  testid?: string
  /** Stays when the picture becomes a table. */
  foot?: React.ReactNode
  children: React.ReactNode
}) {
  const [asTable, setAsTable] = useState(false)
  const { table, summary } = props
  const still = useLab((s) => s.state?.playing !== true)
  const hasTable = table !== undefined && table !== null
  const onKey = (e: React.KeyboardEvent) => {
    if (!hasTable || e.key.toLowerCase() !== 't' || e.ctrlKey || e.metaKey || e.altKey) return
    if (e.target instanceof Element && e.target.closest('input, select, textarea, .xterm')) return
    e.preventDefault()
    e.stopPropagation()
    setAsTable(!asTable)
  }
  return (
    <section
      className={`pane ${props.className ?? ''}`}
      aria-label={props.label}
      data-testid={props.testid}
      onKeyDown={onKey}
    >
      <div className="ph">
        {props.title}
        {props.sub !== undefined && <span className="sub">{props.sub}</span>}
        <span className="sp" />
        {props.right}
        {hasTable && (
          <button
            type="button"
            className={`btn q small twin-btn ${asTable ? 'on' : ''}`}
            aria-pressed={asTable}
            aria-label={`${props.label} as a table`}
            title="As a table (T)"
            onClick={() => setAsTable(!asTable)}
          >
            Table
          </button>
        )}
      </div>
      <div className="b">
        {hasTable && asTable ? <Twin table={table} label={props.label} /> : props.children}
        {props.foot}
        {summary !== undefined && summary !== '' && <p className="cap sum">{summary}</p>}
        <span className="sr" aria-live="polite">
          {still ? summary : ''}
        </span>
      </div>
    </section>
  )
}

function Twin({ table, label }: { table: TableTwin; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <div className="twin-hold" tabIndex={0} role="region" aria-label={`${label}, table`}>
      {table.note !== undefined && <p className="cap">{table.note}</p>}
      <button type="button" className="btn small copymd" onClick={() => void copyText(markdownOf(table), 'Table')}>
        Copy as Markdown
      </button>
      <table className="t">
        <thead>
          <tr>
            {table.head.map((h) => (
              <th key={h} scope="col">
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
            <tr key={i}>
              {row.map((c, j) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
                <td key={j} className="mono">
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

/** The text of a view that failed, or null. */
export const failureOf = (view: unknown): string | null =>
  typeof view === 'object' && view !== null && 'failed' in view ? String((view as { failed: unknown }).failed) : null

export function Failed({ text }: { text: string }) {
  return (
    <div className="say" role="alert">
      <span>
        This picture failed, the process goes on: <code>{text.split('\n')[0]}</code>
      </span>
      <button type="button" className="btn small" onClick={() => void copyText(text, 'Report')}>
        Copy the report
      </button>
    </div>
  )
}

export interface Marks {
  readonly on: number
  readonly pick: (i: number) => void
}
/** A picture whose marks can be gone through with the arrows; what is told of the mark stands below it. */
export function Picture(props: {
  label: string
  /** What is told of each mark, in reading order. */
  tell: readonly string[]
  /** What each mark is of, where the marks move on: what was chosen stays chosen. */
  ids?: readonly number[]
  /** Marks in one row, for the up and down arrows. */
  across?: number
  /** Enter on a mark. */
  enter?: ((i: number) => void) | undefined
  /** Commands about a mark, typed as they stand: a right click or the menu key offers them. */
  commands?: ((i: number) => readonly string[]) | undefined
  run?: ((line: string) => void) | undefined
  children: (marks: Marks) => React.ReactNode
}) {
  const [chosen, setChosen] = useState<{ readonly i: number; readonly id: number | undefined } | null>(null)
  const holder = useRef<HTMLDivElement>(null)
  const id = useId()
  const { tell, ids, across = 1 } = props
  const placeOf = (c: typeof chosen): number =>
    c === null ? -1 : c.id !== undefined && ids ? ids.indexOf(c.id) : c.i < tell.length ? c.i : -1
  const at = placeOf(chosen)
  const setOn = (i: number) => setChosen(i < 0 ? null : { i, id: ids?.[i] })
  const onKey = (e: React.KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: across,
      ArrowUp: -across,
      Home: -Infinity,
      End: Infinity,
    }
    const step = steps[e.key]
    if (e.key === 'Escape' && at >= 0) setOn(-1)
    else if (at >= 0 && (e.key === 'ContextMenu' || (e.key === 'F10' && e.shiftKey)) && props.commands)
      holder.current?.parentElement?.querySelector<HTMLElement>('.ofmark button')?.focus()
    else if (e.key === 'Enter' && at >= 0 && props.enter) props.enter(at)
    else if (step !== undefined && tell.length > 0)
      setOn(Math.max(0, Math.min(tell.length - 1, at < 0 ? 0 : at + step)))
    else return
    e.preventDefault()
    e.stopPropagation()
    requestAnimationFrame(() =>
      holder.current?.querySelector('.mark-on')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    )
  }
  return (
    <>
      <div
        className="pic"
        role="application"
        aria-roledescription="diagram"
        aria-label={props.label}
        aria-describedby={id}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move inside
        tabIndex={0}
        ref={holder}
        onKeyDown={onKey}
        onContextMenu={
          props.commands &&
          ((e) => {
            e.preventDefault()
            setOn(-1)
            e.target.dispatchEvent(new MouseEvent('click', { bubbles: true }))
          })
        }
      >
        {props.children({ on: at, pick: (i) => setChosen((was) => (i === placeOf(was) ? null : { i, id: ids?.[i] })) })}
      </div>
      <p className={`cap told ${at < 0 ? 'none' : ''}`} id={id} aria-live="polite">
        {at < 0 ? '' : tell[at]}
      </p>
      {at >= 0 && props.commands && props.run && (
        <div className="typed ofmark" role="group" aria-label="Commands about what is chosen">
          {props.commands(at).map((line) => (
            <button key={line} type="button" className="btn small" onClick={() => props.run?.(line)}>
              <span className="mono">{line}</span>
            </button>
          ))}
        </div>
      )}
    </>
  )
}
