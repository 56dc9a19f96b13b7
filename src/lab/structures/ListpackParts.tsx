/** Parts of the listpack's picture: bytes sixteen a row, the values they mean, the whole block at a glance. */
import { count } from '../format.ts'
import { hex, type ListpackData } from './data.ts'
import { encodingSize, entryText } from './listpack-text.ts'

/** The letter of a field stands at its first byte, so that fields can be told apart without colour. */
export const letterOf = (j: number, head: number, back: number): string =>
  j === 0 ? 'E' : j === back ? 'B' : j === head ? 'D' : ''

interface ByteMark {
  readonly kind: string
  readonly letter: string
  readonly index: number
}
/** What each byte of the window is, by its offset. */
function fieldsOf(s: ListpackData, bytes: readonly number[], roleAt: (index: number) => string): Map<number, ByteMark> {
  const out = new Map<number, ByteMark>()
  if (s.from === 0)
    for (let i = 0; i < 6; i++) out.set(i, { kind: 'e3', letter: i === 0 ? 'T' : i === 4 ? 'N' : '', index: -1 })
  for (const e of s.entries) {
    const head = encodingSize(bytes[e.offset - s.begin] ?? 0)
    for (let j = 0; j < e.size + e.backlen; j++)
      out.set(e.offset + j, {
        kind: j < head ? 'e4' : j >= e.size ? 'e5' : roleAt(e.index),
        letter: letterOf(j, head, e.size),
        index: e.index,
      })
  }
  if (s.from + s.entries.length >= s.length) out.set(s.totalBytes - 1, { kind: 'e3', letter: '∎', index: -1 })
  return out
}

export function Grid(props: {
  s: ListpackData
  bytes: readonly number[]
  roleAt: (index: number) => string
  hot: number
  onByte: (offset: number | null) => void
  onPick: (entry: number) => void
}) {
  const { s, bytes } = props
  const fields = fieldsOf(s, bytes, props.roleAt)
  const offsets = [...fields.keys()].filter((o) => o - s.begin < bytes.length).sort((a, b) => a - b)
  const first = Math.floor((offsets[0] ?? 0) / 16)
  const last = Math.floor((offsets.at(-1) ?? 0) / 16)
  return (
    <div className="hexgrid">
      <span />
      {Array.from({ length: 16 }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
        <span key={i} className="rule">
          {i.toString(16)}
        </span>
      ))}
      {Array.from({ length: last - first + 1 }, (_, r) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
        <Row key={r} {...props} row={first + r} fields={fields} />
      ))}
    </div>
  )
}
function Row(props: {
  s: ListpackData
  bytes: readonly number[]
  hot: number
  onByte: (offset: number | null) => void
  onPick: (entry: number) => void
  row: number
  fields: ReadonlyMap<number, ByteMark>
}) {
  const { s, bytes, row, fields } = props
  return (
    <>
      <span className="rule left">{row * 16}</span>
      {Array.from({ length: 16 }, (_, i) => {
        const offset = row * 16 + i
        const f = fields.get(offset)
        const b = bytes[offset - s.begin]
        if (!f || b === undefined) return <span key={offset} />
        const on = f.index >= 0 && f.index === props.hot
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
          // biome-ignore lint/a11y/useKeyWithClickEvents: the picture around it takes the keyboard
          <span
            key={offset}
            className={`cell ${f.kind} ${on ? 'hotcell' : ''}`}
            data-l={f.letter || undefined}
            onPointerEnter={() => props.onByte(offset)}
            onPointerLeave={() => props.onByte(null)}
            onClick={() => f.index >= 0 && props.onPick(f.index - s.from)}
          >
            {hex(b)}
          </span>
        )
      })}
    </>
  )
}

/** The values, linked with their bytes. */
export function Values(props: {
  s: ListpackData
  bytes: readonly number[]
  pairs: boolean
  hot: number
  onHot: (index: number) => void
}) {
  const { s, bytes, pairs } = props
  return (
    <div className="values" role="group" aria-label="Values">
      {s.entries.map((e) => (
        <button
          key={e.index}
          type="button"
          className={`${e.index === props.hot ? 'on' : ''} ${pairs && e.index % 2 === 0 ? 'first' : ''}`}
          onPointerEnter={() => props.onHot(e.index)}
          onPointerLeave={() => props.onHot(-1)}
          onFocus={() => props.onHot(e.index)}
          onBlur={() => props.onHot(-1)}
        >
          {entryText(e.value, bytes[e.offset - s.begin] ?? 0, 24)}
        </button>
      ))}
    </div>
  )
}

/** A block longer than the window: where the window stands, and a way to move it. */
export function Minimap({ s, onFrom }: { s: ListpackData; onFrom: (from: number) => void }) {
  const last = s.entries.at(-1)
  const end = last ? last.offset + last.size + last.backlen : s.begin
  const shown = Math.max(1, s.entries.length)
  const move = (to: number) => onFrom(Math.max(0, Math.min(s.length - 1, Math.round(to))))
  const onKey = (e: React.KeyboardEvent) => {
    const by = {
      ArrowRight: 1,
      ArrowLeft: -1,
      PageDown: shown,
      PageUp: -shown,
      Home: -Infinity,
      End: Infinity,
    }[e.key]
    if (by === undefined) return
    e.preventDefault()
    e.stopPropagation()
    move(s.from + by)
  }
  const label = `Bytes ${count(s.begin)} to ${count(end - 1)} of ${count(s.totalBytes)}`
  return (
    <div className="strip">
      <div
        className="minimap"
        role="slider"
        tabIndex={0}
        aria-label="Window of the listpack"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, s.length - 1)}
        aria-valuenow={s.from}
        aria-valuetext={label}
        onKeyDown={onKey}
        onPointerDown={(e) => {
          const box = e.currentTarget.getBoundingClientRect()
          move(((e.clientX - box.left) / box.width) * s.length - shown / 2)
        }}
      >
        <i
          style={{
            left: `${(100 * s.begin) / s.totalBytes}%`,
            width: `${Math.max(1, (100 * (end - s.begin)) / s.totalBytes)}%`,
          }}
        />
      </div>
      <span className="cap">{label}</span>
    </div>
  )
}
