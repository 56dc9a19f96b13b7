/** What MIGRATE sends for the next key: RESTORE-ASKING with the key's time and its payload, byte by byte. */
import { useState } from 'react'
import { showBytes } from '../bytes.ts'
import { useViews } from './data.ts'
import { CHECKSUM, partsOf, VERSION } from './payload-parts.ts'

interface PayloadData {
  readonly key: string
  readonly ttlMs: number
  /** The first bytes of the payload, and how many there are in all. */
  readonly bytes: string
  readonly total: number
}
const hex = (bytes: string): string[] => [...bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0'))

export function Payload({ source, slot }: { source: string; slot: number }) {
  const [open, setOpen] = useState(false)
  const views = useViews(open ? [source] : [], 'slot', [String(slot), 'payload'])
  const data = (views[source] as { readonly payload?: PayloadData | null } | null | undefined)?.payload ?? null
  return (
    <details className="payload" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>The bytes of the next key</summary>
      {open && data === null && <small>No key is left to send.</small>}
      {data !== null && (
        <>
          <code>
            RESTORE-ASKING {showBytes(data.key, 40)} {data.ttlMs} payload of {data.total} bytes
          </code>
          <dl>
            {partsOf(data.total, data.bytes.length).map((p) => (
              <div key={p.name} className={`p-${p.name.replace(' ', '-').toLowerCase()}`}>
                <dt>{p.name}</dt>
                <dd className="mono">
                  {hex(data.bytes.slice(p.from, p.to)).join(' ')}
                  {p.name === 'value' && p.to < data.total - VERSION - CHECKSUM ? ' …' : ''}
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </details>
  )
}
