/** SCAN over the keyspace: its cursor as bits counted from the left, and the way on. */
import { useEffect, useState } from 'react'
import { useView } from '../parts/use-view.ts'
import { count } from '../format.ts'
import { typeInto } from './Cli.tsx'
import { plural, type ScanData } from './data.ts'

export function ScanLine({ process, db, scan }: { process: string; db: number; scan: ScanData | null }) {
  const go = scan === null || scan.next === 0 ? 0 : scan.next
  return (
    <div className="scanline" data-testid="scan">
      {scan !== null && (
        <>
          <Bits label="cursor" value={scan.from} size={scan.size} />
          <Bits label={scan.next === 0 ? 'returned 0, done' : 'returned'} value={scan.next} size={scan.size} />
          <span className="cap">
            Call {scan.calls}: {plural(scan.fresh, 'bucket')}, {plural(scan.emitted, 'key')};{' '}
            {plural(scan.visited.length, 'bucket')} in all, of a table of {count(scan.size)}. The increment starts at
            the left bit and carries to the right.
          </span>
        </>
      )}
      <span className="pager">
        <button
          type="button"
          className="btn small"
          onClick={() => typeInto(process, [...(db === 0 ? [] : [`SELECT ${db}`]), `SCAN ${go} COUNT 3`])}
        >
          SCAN {go} COUNT 3
        </button>
        <Collide process={process} db={db} />
      </span>
    </div>
  )
}

function Bits({ label, value, size }: { label: string; value: number; size: number }) {
  const width = Math.max(1, Math.log2(Math.max(2, size)))
  const bits = (value >>> 0).toString(2).padStart(width, '0')
  return (
    <span className="bits">
      <span className="cap">{label}</span>
      <span className="mono">{value}</span>
      <span className="by" aria-hidden="true">
        {[...bits.slice(-24)].map((b, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bit is its place
          <span key={i} className={`bit ${b === '1' ? 'one' : ''}`}>
            {b}
          </span>
        ))}
      </span>
    </span>
  )
}

/** Asks for names that fall into one bucket and types them in. */
function Collide({ process, db }: { process: string; db: number }) {
  const [asked, setAsked] = useState(false)
  const view = useView(asked ? process : '', 'collisions', [String(db)]) as
    | { names?: readonly string[] }
    | null
    | undefined
  useEffect(() => {
    if (!asked || view === undefined) return
    setAsked(false)
    const names = view?.names ?? []
    if (names.length > 0)
      typeInto(process, [...(db === 0 ? [] : [`SELECT ${db}`]), `MSET ${names.map((n) => `${n} v`).join(' ')}`])
  }, [asked, view, process, db])
  return (
    <button type="button" className="btn small" onClick={() => setAsked(true)}>
      Make collisions
    </button>
  )
}
