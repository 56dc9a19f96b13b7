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
