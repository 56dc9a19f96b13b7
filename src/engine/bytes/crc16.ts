/** CRC-16/XMODEM, which maps a key to its cluster slot. crc16("123456789") = 0x31c3. */
import type { Bytes } from './bytes.ts'

const TABLE = new Uint16Array(256)
for (let i = 0; i < 256; i++) {
  let c = i << 8
  for (let k = 0; k < 8; k++) c = c & 0x8000 ? (c << 1) ^ 0x1021 : c << 1
  TABLE[i] = c & 0xffff
}

export function crc16(b: Bytes, start = 0, end = b.length): number {
  let c = 0
  for (let i = start; i < end; i++) c = ((c << 8) ^ TABLE[((c >> 8) ^ b.charCodeAt(i)) & 255]!) & 0xffff
  return c
}

/** The slot of a key: of the part between the first '{' and the next '}' when that is not empty, else of all of it. */
export function keyHashSlot(key: Bytes): number {
  const open = key.indexOf('{')
  if (open >= 0) {
    const close = key.indexOf('}', open + 1)
    if (close > open + 1) return crc16(key, open + 1, close) & 16383
  }
  return crc16(key) & 16383
}
