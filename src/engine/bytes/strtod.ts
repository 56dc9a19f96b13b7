/** C's strtod: the number at the beginning of a text, whatever stands behind it. */
import type { Bytes } from './bytes.ts'
import { parseDouble } from './numbers.ts'

const NUMBER =
  /^[ \t\n\v\f\r]*([+-]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan(?:\([0-9a-zA-Z_]*\))?))/i

/** null where no number begins (strtod then gives 0, sscanf fails). Overflow gives an infinity, underflow 0. */
export function strtod(b: Bytes): number | null {
  const nul = b.indexOf('\0')
  const m = NUMBER.exec(nul < 0 ? b : b.slice(0, nul))
  if (m === null) return null
  const text = m[1] as string
  if (/nan/i.test(text)) return Number.NaN
  const v = parseDouble(text)
  if (v !== null) return v
  const loose = Number(text)
  return Number.isNaN(loose) ? 0 : loose
}
