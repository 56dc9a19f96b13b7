/** Between the page's text and the world's byte strings (one char code 0..255 a byte). */
import type { Bytes } from '../engine/bytes/bytes.ts'

const encoder = new TextEncoder()

export function textToBytes(text: string): Bytes {
  let out = ''
  for (const b of encoder.encode(text)) out += String.fromCharCode(b)
  return out
}

export function bytesToArray(bytes: Bytes): Uint8Array {
  const out = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i)
  return out
}

/** As redis-cli shows a string: printable ASCII as it is, the rest escaped. */
export function showBytes(bytes: Bytes, limit = 120): string {
  let out = ''
  for (let i = 0; i < bytes.length; i++) {
    if (out.length > limit) return `${out}…`
    const c = bytes.charCodeAt(i)
    if (c === 10) out += '\\n'
    else if (c === 13) out += '\\r'
    else if (c === 9) out += '\\t'
    else if (c < 32 || c > 126) out += `\\x${(c & 0xff).toString(16).padStart(2, '0')}`
    else out += bytes[i]
  }
  return out
}
