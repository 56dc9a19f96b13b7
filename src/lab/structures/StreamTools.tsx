/** What XRANGE would go through, step by step, and what XTRIM would take: exactly, or in whole blocks. The engine is asked. */
import { useEffect, useMemo, useState } from 'react'
import { useView } from '../parts/use-view.ts'
import { bytesText, count } from '../format.ts'
import { onBrackets } from './brackets.ts'
import { commandText, plural } from './data.ts'
import { Try } from './Knob.tsx'
import { Figures, Scroll } from './sheets.tsx'
import { type WalkStep, walkText } from './stream-ids.ts'

interface Of {
  readonly process: string
  readonly db: number
  readonly name: string
}
export interface WalkMark {
  readonly block: string
  readonly id: string
  readonly emitted: ReadonlySet<string>
}
interface Walk {
  readonly steps: readonly WalkStep[]
  readonly start: string
  readonly end: string
  readonly found: number
  readonly cut: boolean
}

export function RangeWalk(props: Of & { first: string; last: string; onMark: (mark: WalkMark | null) => void }) {
  const { process, db, name, onMark } = props
  const [open, setOpen] = useState(false)
  const [start, setStart] = useState('-')
  const [end, setEnd] = useState('+')
  const [many, setMany] = useState(5)
  const [step, setStep] = useState(0)
  const view = useView(open ? process : '', 'range walk', [String(db), name, start, end, String(many)])
  const walk = (view ?? null) as Walk | null
  const at = Math.min(step, Math.max(0, (walk?.steps.length ?? 1) - 1))
  const here = walk?.steps[at]
  const emitted = useMemo(
    () => new Set((walk?.steps ?? []).slice(0, at + 1).flatMap((s) => (s.kind === 'emit' ? [s.id] : []))),
    [walk, at],
  )
  const [block, id] = [here?.block ?? '', here?.id ?? '']
  // biome-ignore lint/correctness/useExhaustiveDependencies: the mark follows the step, not the function that takes it
  useEffect(() => {
    onMark(open && here ? { block, id, emitted } : null)
  }, [open, block, id, emitted])
  const line = commandText(['XRANGE', name, start, end, 'COUNT', String(many)], 200)
  const changed = () => setStep(0)
  const onKey = onBrackets((by) => setStep(Math.max(0, Math.min((walk?.steps.length ?? 1) - 1, at + by))))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the two buttons do
    <div className="clane" onKeyDown={onKey} data-testid="range-walk">
      <span className="pager">
        <button type="button" className="btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
          Walk a range
        </button>
        {open && (
          <>
            <Field label="Start of the range" value={start} on={(v) => [setStart(v), changed()]} />
            <Field label="End of the range" value={end} on={(v) => [setEnd(v), changed()]} />
            <label className="cap">
              COUNT{' '}
              <input
                className="field mono"
                type="number"
                min={1}
                max={100}
                value={many}
                onChange={(e) => {
                  setMany(Math.max(1, Math.min(100, Number(e.target.value) || 1)))
                  changed()
                }}
              />
            </label>
            <button type="button" className="btn small" disabled={at === 0} onClick={() => setStep(at - 1)}>
              Back
            </button>
            <button
              type="button"
              className="btn small"
              disabled={!walk || at >= walk.steps.length - 1}
              onClick={() => setStep(at + 1)}
            >
              Cursor on
            </button>
            <Try process={process} lines={[...(db === 0 ? [] : [`SELECT ${db}`]), line]}>
              <span className="mono">{line}</span>
            </Try>
          </>
        )}
      </span>
      {open && view === null && <p className="cap">That is no range: an ID, - or +.</p>}
      {open && here && (
        <p className="cap" aria-live="polite">
          {at + 1} of {walk?.steps.length}
          {walk?.cut ? ' shown' : ''}. {walk ? walkText(walk.steps, at, walk.start, walk.end, many) : ''}{' '}
          {plural(emitted.size, 'entry', 'entries')} so far.
        </p>
      )}
    </div>
  )
}

function Field({ label, value, on }: { label: string; value: string; on: (value: string) => void }) {
  return (
    <input className="field mono" size={14} aria-label={label} value={value} onChange={(e) => on(e.target.value)} />
  )
}

interface Trimmed {
  readonly removed: number
  readonly length: number
  readonly bytes: number
  readonly blocks: readonly {
    readonly id: string
    readonly count: number
    readonly deleted: number
    readonly state: 'gone' | 'marked' | 'kept'
  }[]
}
interface Trim {
  readonly length: number
  readonly bytes: number
  readonly before: readonly { readonly id: string; readonly count: number; readonly deleted: number }[]
  readonly exact: Trimmed
  readonly approx: Trimmed
}

export function TrimCompare(props: Of & { length: number }) {
  const { process, db, name, length } = props
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState<number | null>(null)
  const maxlen = typed ?? Math.floor(length / 2)
  const view = useView(open ? process : '', 'trim', [String(db), name, 'MAXLEN', String(maxlen)])
  const d = view as (Trim & { tooMany?: number }) | null | undefined
  const line = (sign: '=' | '~') => commandText(['XTRIM', name, 'MAXLEN', sign, String(maxlen)], 200)
  return (
    <div className="clane" data-testid="trim">
      <span className="pager">
        <button type="button" className="btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
          Trim: exactly or about
        </button>
        {open && (
          <label className="cap">
            MAXLEN{' '}
            <input
              className="field mono"
              type="number"
              min={0}
              max={Math.max(1, length)}
              value={maxlen}
              onChange={(e) => setTyped(Math.max(0, Math.floor(Number(e.target.value) || 0)))}
            />
          </label>
        )}
      </span>
      {open && d?.tooMany !== undefined && <p className="cap">{d.tooMany} blocks: too many to copy for a look.</p>}
      {open && d && d.tooMany === undefined && (
        <>
          <Scroll label="Blocks before and after a trim">
            <div className="trims">
              <Lane name="before" d={d} of={d.before.map((b) => ({ ...b, state: 'kept' as const }))} />
              <Lane name="exactly (=)" d={d} of={d.exact.blocks} />
              <Lane name="about (~)" d={d} of={d.approx.blocks} />
            </div>
          </Scroll>
          <Figures
            list={[
              ['= removes', count(d.exact.removed)],
              ['= leaves', `${count(d.exact.length)}, ${bytesText(d.exact.bytes)}`],
              ['~ removes', count(d.approx.removed)],
              ['~ leaves', `${count(d.approx.length)}, ${bytesText(d.approx.bytes)}`],
            ]}
          />
          <p className="cap" aria-live="polite">
            {told(d)}
          </p>
          <span className="pager">
            {(['=', '~'] as const).map((sign) => (
              <Try key={sign} process={process} lines={[...(db === 0 ? [] : [`SELECT ${db}`]), line(sign)]}>
                <span className="mono">{line(sign)}</span>
              </Try>
            ))}
          </span>
        </>
      )}
    </div>
  )
}

function told(d: Trim): string {
  const gone = d.exact.blocks.filter((b) => b.state === 'gone').length
  const marked = d.exact.blocks.filter((b) => b.state === 'marked')
  const within = d.exact.removed - d.approx.removed
  if (d.exact.removed === 0) return 'Nothing would go.'
  return `Exactly: ${plural(gone, 'block')} freed at once${marked.length > 0 ? `, then ${plural(within, 'entry', 'entries')} flagged deleted one by one in the next, whose bytes stay` : ''}. About: only whole blocks go${within > 0 ? `, so ${plural(within, 'entry', 'entries')} more than asked for ${within === 1 ? 'stays' : 'stay'}` : ', here the same'}.`
}

function Lane(props: {
  name: string
  d: Trim
  of: readonly { readonly id: string; readonly count: number; readonly deleted: number; readonly state: string }[]
}) {
  const { d } = props
  const all = Math.max(1, ...d.before.map((b) => b.count + b.deleted))
  return (
    <>
      <span className="cap">{props.name}</span>
      <span
        className="lane3"
        role="img"
        aria-label={`${props.name}: ${props.of.map((b) => `${b.id} ${b.state === 'gone' ? 'gone' : `${b.count} left`}`).join(', ')}`}
      >
        {props.of.map((b, i) => {
          const was = d.before[i] ?? b
          const cells = was.count + was.deleted
          const width = Math.max(18, Math.round((96 * cells) / all))
          return (
            <span
              key={b.id}
              className={b.state}
              style={{ width }}
              title={`${b.id}: ${b.count} live, ${b.deleted} deleted`}
            >
              {b.state !== 'gone' && <i style={{ width: `${(100 * b.deleted) / Math.max(1, cells)}%` }} />}
              <span className="mono">{b.state === 'gone' ? '' : b.count}</span>
            </span>
          )
        })}
      </span>
    </>
  )
}
