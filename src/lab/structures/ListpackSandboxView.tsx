/** A copy of the listpack to edit: what is written, what memmove moves, how the cursor goes back. The server keeps its own. */
import { useMemo, useState } from 'react'
import { onBrackets } from './brackets.ts'
import { commandText, hex, type ListpackData, plural } from './data.ts'
import { letterOf } from './ListpackParts.tsx'
import {
  type Edit,
  type Edited,
  type EntryAt,
  ListpackSandbox,
  type Move,
  stepNext,
  stepPrev,
} from './listpack-sandbox.ts'
import { encodingSize, encodingText, entryText } from './listpack-text.ts'
import { Try } from './Knob.tsx'
import { Scroll } from './sheets.tsx'

const MOST = 24
const CELL = 22

/** The command that would do the same on the server. */
function commandFor(type: string, name: string, entries: readonly EntryAt[], at: number, value: string): string | null {
  const text = (i: number): string => String(entries[i]?.value ?? '')
  if (type === 'hash' && at % 2 === 1) return commandText(['HSET', name, text(at - 1), value], 200)
  if (type === 'zset' && at % 2 === 1 && value !== '' && !Number.isNaN(Number(value)))
    return commandText(['ZADD', name, value, text(at - 1)], 200)
  if (type === 'list') return commandText(['LSET', name, String(at), value], 200)
  return null
}

export function ListpackSandboxView(props: {
  s: ListpackData
  type: string
  process: string
  db: number
  name: string
}) {
  const { s, type, process, db, name } = props
  // The copy is made when the sandbox opens, and when it begins again.
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change on the server does not undo what was edited here
  const box = useMemo(() => new ListpackSandbox(s.entries.slice(0, MOST).map((e) => e.value)), [round])
  const [at, setAt] = useState(0)
  const [value, setValue] = useState(() => String(s.entries[0]?.value ?? ''))
  const [edited, setEdited] = useState<Edited | null>(null)
  const [move, setMove] = useState<Move | null>(null)
  const entries = box.entries()
  const bytes = box.bytes()
  const here = entries[Math.min(at, entries.length - 1)]
  const go = (to: number, how: Move | null) => {
    setAt(to)
    setValue(String(entries[to]?.value ?? ''))
    setMove(how)
    setEdited(null)
  }
  const walk = (by: -1 | 1) => {
    const how = here && (by < 0 ? stepPrev(entries, here.index) : stepNext(entries, here.index))
    if (how) go(how.to, how)
  }
  const edit = (e: Edit) => {
    setEdited(box.edit(e))
    setMove(null)
    setAt(Math.max(0, Math.min(e.kind === 'after' ? at + 1 : at, box.lp.length - 1)))
  }
  const real = here ? commandFor(type, name, entries, here.index, value) : null
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the brackets do what the cursor's two buttons do
    <div className="sandboxbox" data-testid="listpack-sandbox" onKeyDown={onBrackets(walk)}>
      <p className="cap">
        <span className="sandbox">Sandbox</span> A copy of{' '}
        {s.length > MOST ? `${MOST} of ${s.length} entries` : 'these bytes'} in this page. Nothing is sent to the
        server.
      </p>
      <Scroll label="Bytes of the copy">
        <Bytes bytes={bytes} entries={entries} at={here?.index ?? -1} edited={edited} move={move} />
      </Scroll>
      <p className="cap" aria-live="polite">
        {edited?.text ??
          move?.text ??
          (here
            ? `Entry ${here.index} at offset ${here.offset}: ${encodingText(bytes[here.offset] ?? 0)}.`
            : 'No entry left.')}
      </p>
      <div className="pager" role="group" aria-label="Cursor">
        <button type="button" className="btn small" disabled={!here || here.index === 0} onClick={() => walk(-1)}>
          Previous
        </button>
        <button
          type="button"
          className="btn small"
          disabled={!here || here.index >= entries.length - 1}
          onClick={() => walk(1)}
        >
          Next
        </button>
        <span className="cap">
          {here ? `entry ${here.index} of ${plural(entries.length, 'entry', 'entries')}` : ''}
        </span>
      </div>
      <div className="pager">
        <input
          className="field mono"
          size={16}
          aria-label="Value in the sandbox"
          value={value}
          maxLength={300}
          onChange={(e) => setValue(e.target.value)}
          onKeyDown={(e) => e.key === 'Enter' && here && edit({ kind: 'replace', index: here.index, value })}
        />
        <button
          type="button"
          className="btn small"
          disabled={!here}
          onClick={() => here && edit({ kind: 'replace', index: here.index, value })}
        >
          Write over
        </button>
        <button
          type="button"
          className="btn small"
          onClick={() => edit(here ? { kind: 'before', index: here.index, value } : { kind: 'append', value })}
        >
          Insert before
        </button>
        <button
          type="button"
          className="btn small"
          onClick={() => edit(here ? { kind: 'after', index: here.index, value } : { kind: 'append', value })}
        >
          Insert after
        </button>
        <button
          type="button"
          className="btn small"
          disabled={!here}
          onClick={() => here && edit({ kind: 'delete', index: here.index })}
        >
          Delete
        </button>
        <button
          type="button"
          className="btn small"
          onClick={() => {
            setRound(round + 1)
            setAt(0)
            setEdited(null)
            setMove(null)
            setValue(String(s.entries[0]?.value ?? ''))
          }}
        >
          Begin again
        </button>
      </div>
      {real !== null && name.length <= 40 && (
        <div className="pager">
          <span className="cap">On the server it would be</span>
          <Try process={process} lines={[...(db === 0 ? [] : [`SELECT ${db}`]), real]}>
            <span className="mono">{real}</span>
          </Try>
        </div>
      )}
    </div>
  )
}

/** One row of bytes; below it what was written and the arrow of memmove. */
function Bytes(props: {
  bytes: readonly number[]
  entries: readonly EntryAt[]
  at: number
  edited: Edited | null
  move: Move | null
}) {
  const { bytes, entries, edited, move } = props
  const kinds = new Map<number, readonly [string, string]>()
  for (const e of entries) {
    const head = encodingSize(bytes[e.offset] ?? 0)
    for (let j = 0; j < e.size + e.backlen; j++)
      kinds.set(e.offset + j, [j < head ? 'e4' : j >= e.size ? 'e5' : 'e2', letterOf(j, head, e.size)])
  }
  const x = (offset: number) => offset * CELL
  const moved = edited?.moved ?? null
  const written = edited?.written ?? null
  const here = entries[props.at]
  const shown = bytes.slice(0, 400)
  return (
    <div className="bytestrip" style={{ width: shown.length * CELL + 8 }}>
      <div className="by">
        {shown.map((b, i) => {
          const [kind, letter] = kinds.get(i) ?? [
            'e3',
            i === 0 ? 'T' : i === 4 ? 'N' : i === bytes.length - 1 ? '∎' : '',
          ]
          const fresh = written !== null && i >= written.from && i < written.from + written.count
          const read = move !== null && i >= move.read[0] && i < move.read[1]
          return (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
              key={i}
              className={`cell ${kind} ${fresh ? 'fresh' : ''} ${read ? 'on' : ''}`}
              data-l={letter || undefined}
              style={{ width: CELL }}
            >
              {hex(b)}
            </span>
          )
        })}
      </div>
      <svg width={shown.length * CELL + 8} height="44" aria-hidden="true">
        {entries.map((e) => (
          <path
            key={e.offset}
            d={`M${x(e.offset) + 2} 2v5h${x(e.size + e.backlen) - 4}v-5`}
            fill="none"
            stroke={e === here ? 'var(--ink)' : 'var(--line-3)'}
            strokeWidth={e === here ? 2 : 1}
          />
        ))}
        {entries.map((e) => (
          <text
            key={e.offset}
            x={x(e.offset) + x(e.size + e.backlen) / 2}
            y="20"
            fontSize="11"
            textAnchor="middle"
            fontWeight={e === here ? 700 : 400}
          >
            {entryText(e.value, bytes[e.offset] ?? 0, Math.max(1, Math.floor((e.size + e.backlen) * 3) - 2))}
          </text>
        ))}
        {moved && (
          <g fill="none" stroke="var(--migrating-ink)" strokeWidth="2">
            <path d={`M${x(Math.min(moved.from, shown.length))} 30H${x(Math.min(moved.to, shown.length))}`} />
            <path
              d={
                moved.to > moved.from
                  ? `m${x(Math.min(moved.to, shown.length)) - 6} 25 6 5-6 5`
                  : `m${x(Math.min(moved.to, shown.length)) + 6} 25-6 5 6 5`
              }
            />
            <text
              x={x(Math.min(moved.to, moved.from, shown.length))}
              y="43"
              fontSize="11"
              stroke="none"
              style={{ fill: 'var(--migrating-ink)' }}
            >
              memmove {moved.count} bytes
            </text>
          </g>
        )}
      </svg>
    </div>
  )
}
