/** An entry of a listpack in words. */
import { showBytes } from '../bytes.ts'

/** What the first byte of an entry says. */
export function encodingText(first: number): string {
  if (first < 0x80) return '0xxxxxxx: an integer from 0 to 127 in the byte itself'
  if (first < 0xc0) return `10xxxxxx: a string of ${first & 63} bytes`
  if (first < 0xe0) return '110xxxxx: a 13-bit integer'
  if (first < 0xf0) return '1110xxxx: a string, its length in 12 bits'
  const known = [
    '11110000: a string, its length in 4 bytes',
    '11110001: a 16-bit integer',
    '11110010: a 24-bit integer',
    '11110011: a 32-bit integer',
    '11110100: a 64-bit integer',
  ]
  return known[first - 0xf0] ?? 'unknown'
}
/** Bytes of the encoding before the data. */
export const encodingSize = (first: number): number => (first < 0xe0 ? 1 : first < 0xf0 ? 2 : first === 0xf0 ? 5 : 1)
const isText = (first: number) => (first >= 0x80 && first < 0xc0) || (first >= 0xe0 && first <= 0xf0)

export const entryText = (value: string | number, first: number, most = 40): string =>
  isText(first) ? `"${showBytes(String(value), most)}"` : String(value)

/** What each element of a stream's block is: the master entry first, then flags, differences of the ID, values, a count. */
export function streamRoles(values: readonly (string | number)[]): string[] {
  const n = Number(values[2] ?? 0)
  const out = ['live', 'deleted', 'fields', ...Array.from({ length: n }, () => 'field'), 'end of master']
  while (out.length < values.length) {
    const same = (Number(values[out.length]) & 2) !== 0
    out.push('flags', '+ms', '+seq')
    const own = same ? n : Number(values[out.length])
    if (!same) out.push('fields')
    for (let i = 0; i < own && out.length < values.length; i++) {
      if (!same) out.push('field')
      out.push('value')
    }
    out.push('elements')
  }
  return out.slice(0, values.length)
}
