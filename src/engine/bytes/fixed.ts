/** printf("%.*f"): toFixed, but an exact tie goes to the even digit and large numbers are written out. */
import type { Bytes } from './bytes.ts'

export function formatFixed(d: number, digits: number): Bytes {
  if (!Number.isFinite(d)) return Number.isNaN(d) ? 'nan' : d > 0 ? 'inf' : '-inf'
  if (Math.abs(d) >= 1e21) return `${BigInt(d)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  const sign = d < 0 || Object.is(d, -0) ? '-' : ''
  const a = Math.abs(d)
  const up = a.toFixed(digits)
  // A tie is an odd multiple of 2^-(digits + 1): its next digit is a 5, and nothing follows.
  const scaled = a * 2 ** (digits + 1)
  if (!Number.isInteger(scaled) || scaled % 2 === 0) return sign + up
  const down = a.toFixed(digits + 1).slice(0, digits === 0 ? -2 : -1)
  return sign + (Number(down.at(-1)) % 2 === 0 ? down : up)
}
