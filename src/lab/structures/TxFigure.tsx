/** The figure of one transaction: its clients as columns, the main thread's steps as rows. */
import { showBytes } from '../bytes.ts'
import { commandText, when } from './data.ts'
import { Picture } from './Pane.tsx'
import { Scroll } from './sheets.tsx'
import { figureOf, HEAD, OUTCOMES, ROW, type TxRun } from './tx-figure.ts'

const TIME = 92
const COL = 300
const CARD = 190

export function TxFigure({ run, shown }: { run: TxRun; shown: number }) {
  const f = figureOf(run)
  const letters = 'ABCDEFGH'
  const x = (column: number) => TIME + 34 + column * COL
  const width = Math.max(640, x(f.columns.length - 1) + COL + 20)
  const limit = f.rows[shown - 1]?.y ?? 0
  const tell = f.rows.map(
    ({ step, column }) =>
      `${when(step.at)} ${letters[column] ?? '?'}, ${step.client}: ${commandText(step.argv, 60)}, answered ${showBytes(step.reply, 80)}${step.kind === 'ran' ? ', run by EXEC' : ''}${step.spoils.length > 0 ? `; this changes the watched key ${step.keys.map((k) => showBytes(k, 20)).join(', ')}` : ''}.`,
  )
  return (
    <Scroll label="The run">
      <Picture label={`${f.rows.length} steps of ${f.columns.length} clients, ${OUTCOMES[run.outcome]}`} tell={tell}>
        {(marks) => (
          <svg width={width} height={f.height} aria-hidden="true" className="txfig">
            {f.columns.map((c, i) => (
              <g key={c.id}>
                <path d={`M${x(i)} ${HEAD - 6}V${f.height}`} stroke="var(--line-2)" />
                <text x={x(i) - 5} y="16" fontSize="13" fontWeight="700">
                  {letters[i]}
                </text>
                <text className="m ink2t" x={x(i) + 14} y="16" fontSize="11">
                  {c.name === '' ? c.client : `${showBytes(c.name, 18)} ${c.client}`}
                </text>
              </g>
            ))}
            {f.blocks
              .filter((b) => b.from < limit)
              .map((b) => (
                <g key={b.from}>
                  <rect
                    x={x(b.column) - 8}
                    y={b.from}
                    width={COL - 18}
                    height={Math.min(b.to, limit + ROW / 2) - b.from}
                    rx="3"
                    fill="var(--master-t)"
                    stroke="var(--master)"
                  />
                  <text className="ink2t" x={x(b.column) + COL - 2} y={(b.from + b.to) / 2 + 4} fontSize="11">
                    {f.columns.length === 1 ? 'nobody in between' : ''}
                  </text>
                </g>
              ))}
            {f.watches
              .filter((w) => w.from <= limit)
              .map((w, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a watch is its place
                <g key={i} className={w.spoiledBy !== null && w.to <= limit ? 'spoiled' : ''}>
                  <path
                    d={`M${x(w.column) - 14 - i * 6} ${w.from}V${Math.min(w.to, limit)}`}
                    fill="none"
                    stroke={w.spoiledBy !== null && w.to <= limit ? 'var(--down)' : 'var(--ink)'}
                    strokeWidth="2"
                    strokeDasharray={w.spoiledBy !== null && w.to <= limit ? '3 3' : undefined}
                  />
                  <g transform={`translate(${x(w.column) - 21 - i * 6} ${w.from - 5})`}>
                    <rect width="14" height="10" fill="var(--bg-panel)" />
                    <path d="M1 5c3-5 9-5 12 0-3 5-9 5-12 0z" fill="var(--bg-panel)" stroke="var(--ink)" />
                    <circle cx="7" cy="5" r="1.8" fill="var(--ink)" />
                  </g>
                  {w.spoiledBy !== null && w.to <= limit && (
                    <path
                      d={`M${x(w.spoiledBy) - 6} ${w.to}H${x(w.column) - 14 - i * 6}m6 -4l-6 4l6 4`}
                      fill="none"
                      stroke="var(--down)"
                      strokeWidth="2"
                    />
                  )}
                </g>
              ))}
            {f.rows.map(({ step, column, y }, i) => {
              const there = i < shown
              const on = marks.on === i || (marks.on < 0 && i === shown - 1)
              const fill =
                step.kind === 'rival'
                  ? 'var(--down-t)'
                  : step.kind === 'queued'
                    ? 'var(--replica-t)'
                    : step.kind === 'refused' || !step.ok
                      ? 'var(--down-t)'
                      : 'var(--bg-raised)'
              return (
                // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                <g key={step.seq} opacity={there ? 1 : 0.25} onClick={() => marks.pick(i)}>
                  <text className="m ink3t" x="0" y={y + 4} fontSize="11">
                    {when(step.at)}
                  </text>
                  <rect
                    x={x(column) + (step.kind === 'ran' ? 8 : 0)}
                    y={y - 10}
                    width={CARD - (step.kind === 'ran' ? 8 : 0)}
                    height="20"
                    rx="3"
                    fill={fill}
                    stroke={on ? 'var(--ink)' : 'var(--line-3)'}
                    strokeWidth={on ? 2 : 1}
                    strokeDasharray={step.kind === 'queued' ? '4 2' : undefined}
                    className={marks.on === i ? 'mark-on' : ''}
                  />
                  <text className="m" x={x(column) + (step.kind === 'ran' ? 14 : 6)} y={y + 4} fontSize="11">
                    {commandText(step.argv, 26)}
                  </text>
                  {there && (
                    <text
                      className="m"
                      x={x(column) + CARD + 6}
                      y={y + 4}
                      fontSize="11"
                      style={{ fill: step.ok ? 'var(--ink-2)' : 'var(--down)' }}
                    >
                      {step.ok ? '' : '✕ '}
                      {showBytes(step.ok ? step.reply : step.reply.replace(/^\(error\) /, ''), step.ok ? 13 : 10)}
                    </text>
                  )}
                </g>
              )
            })}
          </svg>
        )}
      </Picture>
      <div className="legend">
        <span>
          <svg width="14" height="10" aria-hidden="true">
            <path d="M1 5c3-5 9-5 12 0-3 5-9 5-12 0z" fill="none" stroke="var(--ink)" />
            <circle cx="7" cy="5" r="1.8" fill="var(--ink)" />
          </svg>
          watches, until EXEC or a write by another
        </span>
        <span>
          <i className="e1" style={{ borderStyle: 'dashed' }} />
          queued
        </span>
        <span>
          <i className="e2" />
          run by EXEC
        </span>
        <span>
          <i style={{ background: 'var(--down-t)' }} />
          changes a watched key, or fails
        </span>
      </div>
    </Scroll>
  )
}
