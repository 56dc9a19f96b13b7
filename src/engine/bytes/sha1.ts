/** SHA-1: names of scripts, DEBUG DIGEST. `sha1` gives the 20 raw bytes, `sha1Hex` the text. */
import type { Bytes } from './bytes.ts'
import { writeBytes } from './bytes.ts'

/** The message with its padding and big-endian bit length, as both SHA functions want it. */
export function padMessage(data: Bytes): DataView {
  const n = data.length
  const u8 = new Uint8Array((((n + 8) >> 6) + 1) << 6)
  writeBytes(u8, 0, data)
  u8[n] = 0x80
  const view = new DataView(u8.buffer)
  view.setUint32(u8.length - 8, Math.floor(n / 0x20000000))
  view.setUint32(u8.length - 4, (n << 3) >>> 0)
  return view
}

export function toHex(b: Bytes): string {
  let s = ''
  for (let i = 0; i < b.length; i++) s += b.charCodeAt(i).toString(16).padStart(2, '0')
  return s
}

export function wordsToBytes(words: readonly number[]): Bytes {
  let s = ''
  for (const w of words) s += String.fromCharCode((w >>> 24) & 255, (w >>> 16) & 255, (w >>> 8) & 255, w & 255)
  return s
}

export function sha1(data: Bytes): Bytes {
  const m = padMessage(data)
  const w = new Int32Array(80)
  let h0 = 0x67452301
  let h1 = 0xefcdab89 | 0
  let h2 = 0x98badcfe | 0
  let h3 = 0x10325476
  let h4 = 0xc3d2e1f0 | 0
  for (let at = 0; at < m.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = m.getInt32(at + i * 4)
    for (let i = 16; i < 80; i++) {
      const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!
      w[i] = (x << 1) | (x >>> 31)
    }
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4]
    for (let i = 0; i < 80; i++) {
      let f: number
      let k: number
      if (i < 20) {
        f = (b & c) | (~b & d)
        k = 0x5a827999
      } else if (i < 40) {
        f = b ^ c ^ d
        k = 0x6ed9eba1
      } else if (i < 60) {
        f = (b & c) | (b & d) | (c & d)
        k = 0x8f1bbcdc | 0
      } else {
        f = b ^ c ^ d
        k = 0xca62c1d6 | 0
      }
      const t = (((a << 5) | (a >>> 27)) + f + e + k + w[i]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = t
    }
    h0 = (h0 + a) | 0
    h1 = (h1 + b) | 0
    h2 = (h2 + c) | 0
    h3 = (h3 + d) | 0
    h4 = (h4 + e) | 0
  }
  return wordsToBytes([h0, h1, h2, h3, h4])
}

export function sha1Hex(data: Bytes): string {
  return toHex(sha1(data))
}
