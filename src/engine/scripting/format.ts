/**
 * printf's %g, exactly. JavaScript's toExponential gives correctly rounded digits except that it rounds an exact tie away
 * from zero where C rounds it to even; the shape is C's.
 */
import type { Bytes } from '../bytes/bytes.ts'

export function formatG(n: number, precision: number): Bytes {
  if (n === Infinity) return 'inf'
  if (n === -Infinity) return '-inf'
  // What x86 makes of 0/0 has its sign bit set, and printf shows it.
  if (Number.isNaN(n)) return '-nan'
  if (n === 0) return Object.is(n, -0) ? '-0' : '0'
  if (precision >= 14 && n < 1e14 && n > -1e14 && Math.trunc(n) === n)
    return n >= 1000 && n < 1e9 ? wholeNumber(n) : String(n)
  const p = precision === 0 ? 1 : precision
  const [mantissa, exponentText] = significant(Math.abs(n), p).split('e') as [string, string]
  const exponent = Number(exponentText)
  const digits = mantissa.replace('.', '').replace(/0+$/, '')
  const sign = n < 0 ? '-' : ''
  if (exponent < -4 || exponent >= p) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${sign}${digits[0] as string}${rest}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}
/** Whole numbers in groups of three digits: V8 asks its runtime for the digits of each number anew, which takes four times as long. */
const GROUPS: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))
const LEADING: readonly string[] = Array.from({ length: 1000 }, (_, i) => String(i))
function wholeNumber(n: number): Bytes {
  const thousands = Math.trunc(n / 1000)
  const low = GROUPS[n - thousands * 1000] as string
  if (thousands < 1000) return (LEADING[thousands] as string) + low
  const millions = Math.trunc(thousands / 1000)
  return (LEADING[millions] as string) + (GROUPS[thousands - millions * 1000] as string) + low
}
/** n > 0 with p digits as d.ddde±x. */
function significant(n: number, p: number): string {
  // A double that is not a tie differs from one within its 17 digits: 25 more show it.
  const long = n.toExponential(p + 24)
  const tail = long.slice(p + 1, long.indexOf('e'))
  if (tail.startsWith('5') && /^50*$/.test(tail) && Number(long[p === 1 ? 0 : p]) % 2 === 0)
    return long.slice(0, p === 1 ? 1 : p + 1) + long.slice(long.indexOf('e'))
  return n.toExponential(p - 1)
}
