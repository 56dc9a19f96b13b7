/** An intset to scale: every member as wide as its bytes. A search halves; a member that does not fit widens them all. */
import { useState } from 'react'
import {
  codes,
  commandText,
  type EventData,
  hex,
  type IntsetData,
  type PathData,
  plural,
  type Probe,
  when,
} from './data.ts'
import { Pager } from './ListpackView.tsx'
import { Picture, type TableTwin } from './Pane.tsx'

const BYTE = 21

export const intsetSummary = (s: IntsetData): string =>
  `int${s.encodingBytes * 8}: ${plural(s.length, 'member')} of ${s.encodingBytes} bytes each, ${plural(s.blob, 'byte')} with the header of 8.`

export function intsetTable(s: IntsetData): TableTwin {
  const bytes = codes(s.bytes)
  return {
    head: ['Offset', 'Bytes, little-endian', 'Member'],
    rows: s.members.map((m, i) => [
      8 + (s.from + i) * s.encodingBytes,
      bytes
        .slice(i * s.encodingBytes, (i + 1) * s.encodingBytes)
        .map(hex)
        .join(' '),
      m,
    ]),
    note: `Header: encoding ${s.encodingBytes}, length ${s.length}.`,
  }
}

/** intsetSearch over the members that are shown: the ends first, then halves. */
function searchFor(members: readonly string[], wanted: string): { probes: Probe[]; found: boolean } | null {
  if (!/^-?\d{1,19}$/.test(wanted)) return null
  const v = BigInt(wanted)
  const probes: Probe[] = []
  const at = (i: number) => BigInt(members[i] ?? '0')
  if (members.length === 0 || v > at(members.length - 1) || v < at(0)) return { probes, found: false }
  let [lo, hi] = [0, members.length - 1]
  while (hi >= lo) {
    const mid = (lo + hi) >>> 1
    probes.push({ lo, mid, hi })
    if (v > at(mid)) lo = mid + 1
    else if (v < at(mid)) hi = mid - 1
    else return { probes, found: true }
  }
  return { probes, found: false }
}

const fits = (value: string, width: number): boolean => {
  if (!/^-?\d{1,19}$/.test(value)) return false
  const v = BigInt(value)
  const half = 1n << BigInt(8 * width - 1)
  return v >= -half && v < half
}
const little = (value: string, n: number): number[] =>
  Array.from({ length: n }, (_, i) => Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn))

export function IntsetView(props: {
  s: IntsetData
  path: PathData | null
  events: readonly EventData[]
  onFrom: (from: number) => void
}) {
  const { s } = props
  const [find, setFind] = useState('')
  const own =
    find.trim() !== '' && s.from === 0 && s.members.length === s.length ? searchFor(s.members, find.trim()) : null
  const path = props.path?.kind === 'probes' ? props.path : null
  const way = own ?? path
  const who = own ? find.trim() : (path?.member ?? '')
  const widened = [...props.events].reverse().find((e) => /^intset/.test(e.from ?? '') && /^intset/.test(e.to ?? ''))
  return (
    <>
      {widened && <Before s={s} event={widened} />}
      <Row s={s} way={way?.probes ?? []} who={who} found={way?.found ?? false} />
      <div className="pager">
        <label className="cap">
          find{' '}
          <input
            className="field mono"
            size={12}
            inputMode="numeric"
            aria-label="Integer to search for in the intset"
            placeholder="integer"
            value={find}
            aria-invalid={find.trim() !== '' && own === null}
            onChange={(e) => setFind(e.target.value)}
          />
        </label>
        {way && (
          <span className="cap">
            {way.probes.length === 0
              ? `${who} lies outside the first and the last member: answered without a search.`
              : `${who} ${way.found ? 'found' : 'not there'} after ${plural(way.probes.length, 'probe')} of ${plural(s.length, 'member')}.`}
          </span>
        )}
      </div>
      {s.members.length < s.length && (
        <Pager from={s.from} shown={s.members.length} total={s.length} what="members" onFrom={props.onFrom} />
      )}
    </>
  )
}

function Row({ s, way, who, found }: { s: IntsetData; way: readonly Probe[]; who: string; found: boolean }) {
  const bytes = codes(s.bytes)
  const header = codes(s.header)
  const mids = new Map(way.map((p, i) => [p.mid, i + 1]))
  const last = way[way.length - 1]
  const tell = s.members.map((m, i) => {
    const step = mids.get(s.from + i)
    return `Member ${s.from + i}: ${m}, bytes ${bytes
      .slice(i * s.encodingBytes, (i + 1) * s.encodingBytes)
      .map(hex)
      .join(
        ' ',
      )} at offset ${8 + (s.from + i) * s.encodingBytes}${step ? `; probe ${step} of the search for ${who}` : ''}.`
  })
  return (
    <Picture label={intsetSummary(s)} tell={tell}>
      {(marks) => (
        <div className="ents ints">
          {s.from === 0 && (
            <>
              <IntCell name="encoding" cells={header.slice(0, 4)} kind="e3" />
              <IntCell name="length" cells={header.slice(4, 8)} kind="e3" />
            </>
          )}
          {s.members.map((m, i) => {
            const at = s.from + i
            const pins = [
              last?.lo === at ? 'lo' : '',
              mids.has(at) ? `${mids.get(at)}` : '',
              last?.hi === at ? 'hi' : '',
            ].filter((p) => p !== '')
            return (
              <IntCell
                key={m}
                name={m}
                cells={bytes.slice(i * s.encodingBytes, (i + 1) * s.encodingBytes)}
                kind="e1"
                pin={pins.join(' ')}
                on={marks.on === i}
                hit={mids.has(at) && found && last?.mid === at}
                probed={mids.has(at)}
                pick={() => marks.pick(i)}
              />
            )
          })}
        </div>
      )}
    </Picture>
  )
}

function IntCell(props: {
  name: string
  cells: readonly number[]
  kind: string
  pin?: string
  on?: boolean
  hit?: boolean
  probed?: boolean
  pick?: () => void
}) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the picture around it takes the keyboard
    <div
      className={`ent ${props.on ? 'on mark-on' : ''} ${props.hit ? 'hit' : props.probed ? 'compared' : ''}`}
      onClick={props.pick}
    >
      <span className="off">{props.pin ?? ''}</span>
      <span className={`intcell ${props.kind}`} style={{ width: props.cells.length * BYTE }}>
        {props.cells.map(hex).join(' ')}
      </span>
      <span className="name plainname">{props.name}</span>
    </div>
  )
}

function Before({ s, event }: { s: IntsetData; event: EventData }) {
  const old = Number(/int(\d+)/.exec(event.from ?? '')?.[1] ?? 16) / 8
  const added = event.command.slice(2).filter((m) => !fits(m, old))
  const before = s.members.filter((m) => fits(m, old))
  const whole = s.from === 0 && s.members.length === s.length && s.members.length <= 24
  return (
    <>
      <p className="cap">
        {when(event.at)} <span className="mono">{commandText(event.command)}</span> widened{' '}
        {event.from?.replace('intset ', '')} to {event.to?.replace('intset ', '')}:{' '}
        {added.length > 0 ? `${added.join(', ')} does not fit in ${old} bytes` : 'a member did not fit'}, so every
        member moved, the last one first.
      </p>
      {whole && before.length > 0 && (
        <div className="ents ints" aria-hidden="true">
          <span className="cap lead">At {old} bytes each</span>
          {before.map((m) => (
            <IntCell key={m} name={m} cells={little(m, old)} kind="e1" />
          ))}
        </div>
      )}
    </>
  )
}
