/**
 * Every byte of a listpack in its cell: the header, then for each entry how it is encoded, its data, and its length again.
 * A byte, its entry and its value are linked: pointing at one shows the other two.
 */
import { useState } from 'react'
import { copyText } from '../actions.ts'
import { count } from '../format.ts'
import { typeInto, typeOn } from './Cli.tsx'
import { codes, commandText, hex, type ListpackData, type PathData, plural } from './data.ts'
import { Grid, letterOf, Minimap, Values } from './ListpackParts.tsx'
import { ListpackSandboxView } from './ListpackSandboxView.tsx'
import { encodingSize, encodingText, entryText } from './listpack-text.ts'
import { Picture, type TableTwin } from './Pane.tsx'

const LONGEST = 28

export function listpackSummary(s: ListpackData): string {
  const shown = s.entries.length < s.length ? ` Entries ${s.from} to ${s.from + s.entries.length - 1} are shown.` : ''
  return `${plural(s.totalBytes, 'byte')}: 6 of header, ${plural(s.length, 'entry', 'entries')}, 1 end byte.${shown}`
}

export function listpackTable(s: ListpackData): TableTwin {
  const bytes = codes(s.bytes)
  const at = (offset: number, n: number) =>
    bytes
      .slice(offset - s.begin, offset - s.begin + Math.min(n, 48))
      .map(hex)
      .join(' ') + (n > 48 ? ' …' : '')
  const header = codes(s.header)
  return {
    head: ['Offset', 'Bytes', 'Meaning'],
    rows: [
      [0, header.slice(0, 4).map(hex).join(' '), `total bytes ${s.totalBytes}`],
      [4, header.slice(4, 6).map(hex).join(' '), `entries ${s.length}`],
      ...s.entries.map((e) => {
        const first = bytes[e.offset - s.begin] ?? 0
        return [
          e.offset,
          at(e.offset, e.size + e.backlen),
          `${entryText(e.value, first, 60)}; ${encodingText(first)}; backlen ${e.size}`,
        ]
      }),
      ...(s.from + s.entries.length === s.length ? [[s.totalBytes - 1, 'ff', 'end'] as const] : []),
    ],
  }
}

const LAYOUTS = ['By entry', '16 a row', 'Sandbox'] as const
export function ListpackView(props: {
  s: ListpackData
  type: string
  path: PathData | null
  onFrom?: ((from: number) => void) | undefined
  /** What each entry of the window is, when its place says it. */
  roles?: readonly string[]
  /** Whose bytes they are, to type commands; without it the picture is a small one. */
  of?: { readonly process: string; readonly db: number; readonly name: string } | undefined
}) {
  const [layout, setLayout] = useState<(typeof LAYOUTS)[number]>('By entry')
  const [hot, setHot] = useState(-1)
  const { s, type } = props
  const [byte, setByte] = useState<number | null>(null)
  const bytes = codes(s.bytes)
  const path = props.path?.kind === 'entries' ? props.path : null
  const compared = new Set(path?.compared ?? [])
  const hits = new Set(path?.hits ?? [])
  const pairs = type === 'hash' || type === 'zset'
  const tell = s.entries.map((e) => {
    const first = bytes[e.offset - s.begin] ?? 0
    const role = pairs
      ? e.index % 2 === 0
        ? type === 'hash'
          ? 'field'
          : 'member'
        : type === 'hash'
          ? 'value'
          : 'score'
      : 'entry'
    const mark = hits.has(e.index)
      ? '; the last command found it here'
      : compared.has(e.index)
        ? '; the last command compared it'
        : ''
    return `Entry ${e.index}, ${role} ${entryText(e.value, first, 60)} at offset ${e.offset}: 0x${hex(first)} says ${encodingText(first)}; ${plural(e.size, 'byte')}, and the same again in ${plural(e.backlen, 'byte')} of backlen${mark}.`
  })
  const commandsFor = (i: number): string[] => {
    const e = s.entries[i]
    const { of } = props
    if (!e || !of || of.name.length > 40) return []
    const first = pairs ? s.entries[i - (e.index % 2)] : e
    if (!first || String(first.value).length > 60) return []
    const names: Readonly<Record<string, readonly string[]>> = {
      hash: ['HGET', 'HSTRLEN', 'HDEL'],
      zset: ['ZSCORE', 'ZRANK', 'ZREM'],
    }
    return (names[type] ?? []).map((name) => commandText([name, of.name, String(first.value)], 200))
  }
  const whole = s.from === 0
  const atEnd = s.from + s.entries.length >= s.length
  const roleAt = (index: number): 'e1' | 'e2' => (pairs && index % 2 === 0 ? 'e1' : 'e2')
  const hotAt =
    byte === null ? hot : (s.entries.find((e) => byte >= e.offset && byte < e.offset + e.size + e.backlen)?.index ?? -1)
  const point = (offset: number | null) => {
    setByte(offset)
    setHot(-1)
  }
  const menu = (
    <span className="seg" role="group" aria-label="Bytes laid out">
      {LAYOUTS.filter((l) => l !== 'Sandbox' || props.of).map((l) => (
        <button
          key={l}
          type="button"
          className={`btn q small ${l === layout ? 'on' : ''}`}
          aria-pressed={l === layout}
          onClick={() => setLayout(l)}
        >
          {l}
        </button>
      ))}
    </span>
  )
  if (layout === 'Sandbox' && props.of)
    return (
      <>
        {menu}
        <ListpackSandboxView s={s} type={type} {...props.of} />
      </>
    )
  return (
    <>
      {(props.of || props.onFrom || type === 'list') && menu}
      {s.totalBytes > 2048 && props.onFrom && <Minimap s={s} onFrom={props.onFrom} />}
      <Picture
        label={`Listpack, ${plural(s.totalBytes, 'byte')}, ${plural(s.length, 'entry', 'entries')}`}
        tell={tell}
        commands={props.of && commandsFor}
        run={props.of && ((line) => props.of && typeOn(props.of, line))}
      >
        {(marks) =>
          layout === '16 a row' ? (
            <Grid
              s={s}
              bytes={bytes}
              roleAt={roleAt}
              hot={hotAt >= 0 ? hotAt : (s.entries[marks.on]?.index ?? -1)}
              onByte={point}
              onPick={(i) => marks.pick(i)}
            />
          ) : (
            <div className="ents">
              {whole && (
                <>
                  <Entry
                    offset={0}
                    name={`total bytes ${s.totalBytes}`}
                    cells={codes(s.header).slice(0, 4)}
                    kind={() => 'e3'}
                    letter={(j) => (j === 0 ? 'T' : '')}
                  />
                  <Entry
                    offset={4}
                    name={`entries ${s.length}`}
                    cells={codes(s.header).slice(4, 6)}
                    kind={() => 'e3'}
                    letter={(j) => (j === 0 ? 'N' : '')}
                  />
                </>
              )}
              {s.entries.map((e, i) => {
                const from = e.offset - s.begin
                const length = e.size + e.backlen
                const head = encodingSize(bytes[from] ?? 0)
                const kept = length <= LONGEST ? null : LONGEST - e.backlen - 1
                const cells = kept === null ? bytes.slice(from, from + length) : bytes.slice(from, from + kept)
                const tail = kept === null ? [] : bytes.slice(from + length - e.backlen, from + length)
                const kind = (j: number) =>
                  j < head ? 'e4' : j >= length - e.backlen ? 'e5' : pairs && e.index % 2 === 0 ? 'e1' : 'e2'
                return (
                  <Entry
                    key={e.offset}
                    offset={e.offset}
                    name={entryText(e.value, bytes[from] ?? 0, 22)}
                    cells={cells}
                    kind={kind}
                    skipped={kept === null ? 0 : length - kept - e.backlen}
                    tail={tail}
                    on={marks.on === i}
                    hot={hotAt === e.index}
                    role={props.roles?.[i]}
                    letter={(j) => letterOf(j, head, length - e.backlen)}
                    compared={compared.has(e.index)}
                    hit={hits.has(e.index)}
                    pick={() => marks.pick(i)}
                    hover={point}
                  />
                )
              })}
              {atEnd && (
                <Entry offset={s.totalBytes - 1} name="end" cells={[0xff]} kind={() => 'e3'} letter={() => '∎'} />
              )}
            </div>
          )
        }
      </Picture>
      {(props.of || props.onFrom) && <Values s={s} bytes={bytes} pairs={pairs} hot={hotAt} onHot={setHot} />}
      <div className="legend">
        <span>
          <i className="e4" />E encoding
        </span>
        <span>
          <i className={pairs ? 'e1' : 'e2'} />D {pairs ? (type === 'hash' ? 'field' : 'member') : 'data'}
        </span>
        {pairs && (
          <span>
            <i className="e2" />D {type === 'hash' ? 'value' : 'score'}
          </span>
        )}
        <span>
          <i className="e5" />B backlen, read right to left
        </span>
        <button
          type="button"
          className="btn small"
          onClick={() => {
            const all = whole ? [...codes(s.header), ...bytes] : bytes
            const end = s.from + s.entries.length >= s.length ? [0xff] : []
            void copyText([...all, ...end].map(hex).join(' '), 'Bytes')
          }}
        >
          Copy as hex
        </button>
        {props.of && props.of.name.length <= 40 && (
          <button
            type="button"
            className="btn small"
            title="The payload of DUMP holds these bytes behind a byte of type and a length, as LZF when that is shorter"
            onClick={() =>
              props.of &&
              typeInto(props.of.process, [
                ...(props.of.db === 0 ? [] : [`SELECT ${props.of.db}`]),
                commandText(['DUMP', props.of.name], 80),
              ])
            }
          >
            <span className="mono">{commandText(['DUMP', props.of.name], 80)}</span>
          </button>
        )}
        {byte !== null && (
          <span className="mono ink2">
            offset {byte}: 0x{hex(bytes[byte - s.begin] ?? 0)}, {bytes[byte - s.begin] ?? 0}
          </span>
        )}
      </div>
      {(s.from > 0 || s.entries.length < s.length) && props.onFrom && (
        <Pager from={s.from} shown={s.entries.length} total={s.length} what="entries" onFrom={props.onFrom} />
      )}
    </>
  )
}

export function Pager(props: {
  from: number
  shown: number
  total: number
  what: string
  onFrom: (from: number) => void
}) {
  const { from, shown, total, what, onFrom } = props
  return (
    <div className="pager">
      <button
        type="button"
        className="btn small"
        disabled={from === 0}
        onClick={() => onFrom(Math.max(0, from - Math.max(shown, 16)))}
      >
        Earlier {what}
      </button>
      <button type="button" className="btn small" disabled={from + shown >= total} onClick={() => onFrom(from + shown)}>
        Later {what}
      </button>
      <span className="cap">
        {count(from)} to {count(from + shown - 1)} of {count(total)}
      </span>
    </div>
  )
}

function Entry(props: {
  offset: number
  name: string
  cells: readonly number[]
  kind: (i: number) => string
  skipped?: number
  tail?: readonly number[]
  letter?: (i: number) => string
  hot?: boolean
  role?: string | undefined
  on?: boolean
  compared?: boolean
  hit?: boolean
  pick?: () => void
  hover?: (offset: number | null) => void
}) {
  const { cells, tail = [], skipped = 0 } = props
  const cell = (b: number, i: number) => (
    <span
      key={i}
      className={`cell ${props.kind(i)}`}
      data-l={props.letter?.(i) || undefined}
      onPointerEnter={props.hover ? () => props.hover?.(props.offset + i) : undefined}
      onPointerLeave={props.hover ? () => props.hover?.(null) : undefined}
    >
      {hex(b)}
    </span>
  )
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the picture around it takes the keyboard
    <div
      className={`ent ${props.on ? 'on mark-on' : ''} ${props.hot ? 'hot' : ''} ${props.hit ? 'hit' : props.compared ? 'compared' : ''}`}
      onClick={props.pick}
    >
      <span className="off">{props.offset}</span>
      <span className="by">
        {cells.map(cell)}
        {skipped > 0 && <span className="cell dots">{skipped} more</span>}
        {tail.map((b, i) => cell(b, cells.length + skipped + i))}
      </span>
      <span className="val" />
      <span className="name">{props.name}</span>
      {props.role !== undefined && <span className="role">{props.role}</span>}
    </div>
  )
}
