/** A string as it lies in memory: the object, the header of its SDS, the bytes, the NUL, the room that is left, the tail of the bin. */
import { useState } from 'react'
import { count } from '../format.ts'
import { codes, commandText, hex, type LastCommand, type PathData, plural, type SdsData } from './data.ts'
import type { TableTwin } from './Pane.tsx'
import { Picture } from './Pane.tsx'

const MOST = 160

export function sdsSummary(s: SdsData, encoding: string): string {
  const room = s.alloc - s.len
  return `${s.type === 5 ? 'sdshdr5' : `sdshdr${s.type}`}: len ${count(s.len)}${s.type === 5 ? ', no field for room' : `, alloc ${count(s.alloc)}, ${plural(room, 'byte')} free`}. ${count(s.asked)} bytes asked for, served from the bin of ${count(s.bin)}${encoding === 'embstr' ? ', object and string in one' : ''}.`
}

function headerBytes(s: SdsData): { value: number; what: string }[] {
  if (s.type === 5) return [{ value: (s.len << 3) & 0xff, what: 'flags: type 0 and the length in five bits' }]
  const width = s.type / 8
  const little = (n: number, what: string) =>
    Array.from({ length: width }, (_, i) => ({ value: Math.floor(n / 256 ** i) & 0xff, what }))
  return [
    ...little(s.len, `len ${s.len}`),
    ...little(s.alloc, `alloc ${s.alloc}`),
    { value: Math.log2(s.type) - 2, what: `flags: type ${Math.log2(s.type) - 2}` },
  ]
}

export function sdsTable(s: SdsData): TableTwin {
  const header = headerBytes(s)
  const data = codes(s.bytes)
  return {
    head: ['Part', 'Offset in the SDS', 'Bytes', 'Meaning'],
    rows: [
      ...header.map((h, i) => ['header', i, hex(h.value), h.what]),
      ['buf', s.header, data.slice(0, 64).map(hex).join(' ') + (s.len > 64 ? ' …' : ''), plural(s.len, 'byte')],
      ['NUL', s.header + s.len, '00', 'so that C can read it'],
      ['free', s.header + s.len + 1, '', plural(s.alloc - s.len, 'byte')],
      ['tail', s.asked, '', `${plural(s.bin - s.asked, 'byte')} of the bin that nobody asked for`],
    ],
  }
}

const glyph = (b: number): string => (b === 32 ? '·' : b < 33 || b > 126 ? hex(b) : String.fromCharCode(b))

export function SdsView({
  s,
  encoding,
  path,
  last,
}: {
  s: SdsData
  encoding: string
  path: PathData | null
  last: LastCommand | null
}) {
  const header = headerBytes(s)
  const data = codes(s.bytes)
  const from =
    s.len > MOST && path?.kind === 'bytes' && path.start > MOST / 2 && path.start < data.length
      ? Math.max(0, Math.min(path.start - 16, data.length - MOST))
      : 0
  const shown = data.slice(from, from + MOST)
  const free = s.alloc - s.len
  const touched = path?.kind === 'bytes' ? path : null
  const isTouched = (i: number) => touched !== null && i >= touched.start && i < touched.end
  const parts = [
    ...header.map((h) => ({ kind: 'e4', text: hex(h.value), tell: `Header, ${h.what}: 0x${hex(h.value)}.` })),
    ...shown.map((b, i) => ({
      kind: `e2 ${isTouched(from + i) ? 'touched' : ''}`,
      text: glyph(b),
      tell: `Byte ${from + i}: 0x${hex(b)}${b > 32 && b < 127 ? `, ${String.fromCharCode(b)}` : ''}${isTouched(from + i) && last ? `; ${commandText(last.argv, 30)} ${touched?.wrote ? 'wrote' : 'read'} it` : ''}.`,
    })),
  ]
  const flags = header.length - 1
  const spare = Math.min(free, 96)
  return (
    <>
      <Robj encoding={encoding} />
      <Picture label={sdsSummary(s, encoding)} tell={parts.map((p) => p.tell)}>
        {(marks) => (
          <div className={`by sds ${encoding}`}>
            {encoding === 'embstr' && <span className="cell robjcell">robj, 16 bytes</span>}
            {parts.map((p, i) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
              // biome-ignore lint/a11y/useKeyWithClickEvents: the picture around it takes the keyboard
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
                key={i}
                className={`cell ${i === flags ? 'e5' : p.kind} ${marks.on === i ? 'mark-on on' : ''}`}
                onClick={() => marks.pick(i)}
              >
                {p.text}
              </span>
            ))}
            {from + shown.length < s.len && (
              <span className="cell dots">{count(s.len - from - shown.length)} more</span>
            )}
            <span className="cell e3">\0</span>
            {Array.from({ length: spare }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
              <span key={`f${i}`} className="cell free" />
            ))}
            {free > spare && <span className="cell dots">{count(free - spare)} more free</span>}
          </div>
        )}
      </Picture>
      <div className="legend">
        <span>
          <i className="e4" />
          {s.type === 5 ? 'flags and len in one byte' : 'len, alloc'}
        </span>
        {s.type !== 5 && (
          <span>
            <i className="e5" />
            flags
          </span>
        )}
        <span>
          <i className="e2" />
          buf; the pointer you hold starts here
        </span>
        {free > 0 && (
          <span>
            <i className="free" />
            free: the next {plural(free, 'byte')} cost no realloc
          </span>
        )}
      </div>
      <CLane s={s} data={data} />
    </>
  )
}

/** The same bytes as C holds a string: no length, no room, and the first zero byte ends it. */
function CLane({ s, data }: { s: SdsData; data: readonly number[] }) {
  const [open, setOpen] = useState(false)
  const nul = data.indexOf(0)
  const seen = nul === -1 ? s.len : nul
  return (
    <div className="clane">
      <button type="button" className="btn small" aria-expanded={open} onClick={() => setOpen(!open)}>
        As a C string
      </button>
      {open && (
        <>
          <div className="by sds">
            {data.slice(0, MOST).map((b, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
              <span key={i} className={`cell ${nul >= 0 && i > nul ? 'lost' : 'e3'}`}>
                {b === 0 ? '\\0' : glyph(b)}
              </span>
            ))}
            {s.len > MOST && <span className="cell dots">{count(s.len - MOST)} more</span>}
            <span className="cell e3">\0</span>
          </div>
          <p className="cap">
            strlen walks {plural(seen, 'byte')} to the first zero and says {count(seen)}
            {nul >= 0
              ? `, so ${plural(s.len - nul, 'byte')} of this value would be lost; STRLEN reads len and says ${count(s.len)}`
              : '; STRLEN reads len in one step'}
            . strcat of one more byte writes past the end unless somebody has made room; an SDS knows its{' '}
            {plural(s.alloc - s.len, 'free byte')}.
          </p>
        </>
      )}
    </div>
  )
}

/** Where the object and its bytes lie: one allocation, two, or none but the object's. */
function Robj({ encoding }: { encoding: string }) {
  const text: Record<string, string> = {
    embstr:
      'One allocation: the object (type, encoding, lru, refcount, ptr) and right behind it the string, never edited in place.',
    raw: 'Two allocations: the object of 16 bytes, and the string that its ptr names.',
  }
  return <p className="cap">{text[encoding]}</p>
}

export function IntView({ value }: { value: string }) {
  const shared = /^\d{1,4}$/.test(value)
  const words = /^-?\d{1,19}$/.test(value)
    ? Array.from({ length: 8 }, (_, i) => Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn))
    : []
  return (
    <>
      <div className="by sds int">
        <span className="cell robjcell">type, encoding, lru, refcount: 8 bytes</span>
        {words.map((b, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
          <span key={i} className="cell e2">
            {hex(b)}
          </span>
        ))}
      </div>
      <p className="cap">
        The ptr of the object is the number itself, <b className="mono ink">{value}</b>: no string is allocated.
        {shared ? ' From 0 to 9999 all keys share one object, unless maxmemory needs an LRU or LFU of each.' : ''}
      </p>
    </>
  )
}
