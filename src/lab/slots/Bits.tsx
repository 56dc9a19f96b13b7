/** A node's own slots as each of its packets carries them: 2048 bytes, a bit a slot, the lowest bit first. */
import { useMemo } from 'react'
import { count } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { dump } from './Bus.tsx'
import { useSlotChoice } from './choice.ts'
import type { ClusterPicture } from './data.ts'

const ARGS = ['bits'] as const
const ROW = 16

export function Bits({ picture }: { picture: ClusterPicture }) {
  const slot = useSlotChoice((s) => s.slot)
  const data = useView(picture.observer, 'cluster', ARGS) as { bits: string } | null | undefined
  const lines = useMemo(() => dump(data?.bits ?? ''), [data?.bits])
  if (!data) return <div className="say">Asking {picture.observer}</div>
  const at = slot >>> 3
  const byte = data.bits.charCodeAt(at)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="bits" tabIndex={0} role="region" aria-label={`Bitmap of ${picture.observer}`}>
      <p className="cap">
        myslots of {picture.observer}, as every PING and PONG carries it: {count(data.bits.length)} bytes. Slot {slot}{' '}
        is bit {slot & 7} of byte {count(at)}: <span className="mono">0b{byte.toString(2).padStart(8, '0')}</span>,{' '}
        {(byte >> (slot & 7)) & 1 ? 'set' : 'not set'}.
      </p>
      <div className="mono">
        {lines.map((l, i) => {
          const end = (lines[i + 1]?.at ?? data.bits.length) - 1
          return l.starred ? (
            <div key={l.at} className="ink3">
              <span>{l.at * 8}</span> * {count((end + 1 - l.at) / ROW)} more rows like it
            </div>
          ) : (
            <div key={l.at}>
              <span>{l.at * 8}</span>
              {Array.from(l.text, (c, k) => (
                <button
                  // biome-ignore lint/suspicious/noArrayIndexKey: a place in the bitmap
                  key={k}
                  type="button"
                  tabIndex={-1}
                  className={`${l.at + k === at ? 'on' : ''} ${c === '\0' ? 'zero' : ''}`}
                  title={`slots ${(l.at + k) * 8} to ${(l.at + k) * 8 + 7}`}
                  onClick={() => useSlotChoice.setState({ slot: (l.at + k) * 8, range: null })}
                >
                  {c.charCodeAt(0).toString(16).padStart(2, '0')}
                </button>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
