/** A key's way to its slot: hash tag, CRC16, mod 16384. */
import { utf8Encode } from '../../engine/bytes/bytes.ts'
import { crc16 } from '../../engine/bytes/crc16.ts'
import { count } from '../format.ts'

/** The part that is hashed: between the first `{` and the next `}`, when that is not empty; else all. */
export function hashTag(key: string): { from: number; to: number; tagged: boolean } {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? { from: open + 1, to: close, tagged: true } : { from: 0, to: key.length, tagged: false }
}

export function KeyChain(props: {
  value: string
  onChange: (key: string) => void
  /** Also the fourteen bits that are kept. */
  bits?: boolean
  /** What comes after the slot: owner, redirection. */
  children?: React.ReactNode
}) {
  const { value, onChange } = props
  const { from, to, tagged } = hashTag(value)
  const part = value.slice(from, to)
  const crc = crc16(utf8Encode(part))
  return (
    <div className="key-chain">
      <label className="key-in">
        <span className="sr">Key</span>
        {/* The text under the field carries the mark of the hash tag. */}
        <span className="under mono" aria-hidden="true">
          {value.slice(0, from)}
          <u className={tagged ? '' : 'whole'}>{part}</u>
          {value.slice(to)}
        </span>
        <input
          className="mono"
          value={value}
          maxLength={120}
          spellCheck={false}
          autoComplete="off"
          data-testid="slot-key"
          onChange={(e) => onChange(e.target.value)}
        />
        <span className="ink3 kind">{tagged ? 'hash tag' : 'whole key'}</span>
      </label>
      <dl className="chain">
        <div>
          <dt>
            CRC16(<span className="mono">{part.length > 24 ? `${part.slice(0, 23)}…` : part}</span>)
          </dt>
          <dd className="mono">
            0x{crc.toString(16).padStart(4, '0')} = {count(crc)}
          </dd>
        </div>
        {props.bits && (
          <div>
            <dt>bits 13 to 0</dt>
            <dd className="mono bits">
              <span className="ink3">{(crc >> 14).toString(2).padStart(2, '0')}</span>
              {(crc & 16383).toString(2).padStart(14, '0')}
            </dd>
          </div>
        )}
        <div className="mod">
          <dt>mod 16384</dt>
          <dd className="mono" data-testid="slot-of-key">
            {crc & 16383}
          </dd>
        </div>
        {props.children}
      </dl>
    </div>
  )
}
