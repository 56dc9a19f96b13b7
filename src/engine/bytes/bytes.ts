/**
 * Redis strings are bytes. Here a byte string is a JavaScript string whose every char code is 0..255 (a "binary
 * string"): V8 keeps it one byte a char, hashes and compares it natively. Text is encoded to UTF-8 *before* it becomes
 * Bytes. The type is an alias, not a brand, so that literals such as 'OK' need no ceremony; what comes from outside
 * (a keyboard, a file) must pass through `utf8Encode` or a latin1 decoder.
 *
 * A slice may keep its parent alive (V8 SlicedString). What *retains* an argument (a key, a member, a value) must
 * call `own()`, which returns an equal, flat, independent string.
 */
export type Bytes = string

/** The two native latin1 operations of Node's Buffer, used when the host happens to have them; results never differ. */
interface Latin1Native {
  allocUnsafeSlow(n: number): Uint8Array & Latin1Methods
  prototype: Latin1Methods
}
interface Latin1Methods {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  latin1Write(this: Uint8Array, text: string, offset: number, length: number): number
}
const native = (globalThis as { Buffer?: Latin1Native }).Buffer
const latin1Slice = native?.prototype?.latin1Slice
const latin1Write = native?.prototype?.latin1Write
const scratch = native && latin1Slice && latin1Write ? native.allocUnsafeSlow(4096) : null

/** Below this many bytes a loop in JavaScript beats the call into the host. */
const SHORT = 16

function fromCodes(u8: Uint8Array, start: number, end: number): Bytes {
  if (end - start <= 8192) return String.fromCharCode.apply(null, u8.subarray(start, end) as unknown as number[])
  let s = ''
  for (let i = start; i < end; i += 8192) {
    s += String.fromCharCode.apply(null, u8.subarray(i, Math.min(end, i + 8192)) as unknown as number[])
  }
  return s
}

/** The bytes u8[start, end) as a flat string. */
export function fromUint8(u8: Uint8Array, start = 0, end = u8.length): Bytes {
  const n = end - start
  if (n <= 0) return ''
  if (n <= 4) {
    const a = u8[start]!
    if (n === 1) return String.fromCharCode(a)
    const b = u8[start + 1]!
    if (n === 2) return String.fromCharCode(a, b)
    const c = u8[start + 2]!
    return n === 3 ? String.fromCharCode(a, b, c) : String.fromCharCode(a, b, c, u8[start + 3]!)
  }
  if (latin1Slice) return latin1Slice.call(u8, start, end)
  return fromCodes(u8, start, end)
}

/** Copies b into `into` at `at`. */
export function writeBytes(into: Uint8Array, at: number, b: Bytes): void {
  const n = b.length
  if (n > SHORT && latin1Write) {
    latin1Write.call(into, b, at, n)
    return
  }
  for (let i = 0; i < n; i++) into[at + i] = b.charCodeAt(i)
}

/** A new array with the bytes of b. */
export function toUint8(b: Bytes): Uint8Array {
  const u8 = new Uint8Array(b.length)
  writeBytes(u8, 0, b)
  return u8
}

/** An equal string that is flat and keeps no parent alive. V8 copies slices shorter than 13 anyway. */
export function own(b: Bytes): Bytes {
  const n = b.length
  if (n < 13) return b
  if (scratch && n <= 4096) {
    scratch.latin1Write(b, 0, n)
    return scratch.latin1Slice(0, n)
  }
  return fromUint8(toUint8(b))
}

/** memcmp order, shorter first on a common prefix: negative, 0 or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Text to UTF-8. A lone surrogate becomes U+FFFD. */
export function utf8Encode(text: string): Bytes {
  let plain = true
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) {
      plain = false
      break
    }
  }
  if (plain) return text
  let out = ''
  for (const ch of text) {
    let c = ch.codePointAt(0)!
    if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd
    if (c < 0x80) out += ch
    else if (c < 0x800) out += String.fromCharCode(0xc0 | (c >> 6), 0x80 | (c & 63))
    else if (c < 0x10000) out += String.fromCharCode(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
    else out += String.fromCharCode(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63))
  }
  return out
}

/** UTF-8 to text. Each maximal ill-formed part becomes one U+FFFD, as TextDecoder does. */
export function utf8Decode(bytes: Bytes): string {
  let out = ''
  let i = 0
  const n = bytes.length
  while (i < n) {
    const c = bytes.charCodeAt(i++)
    if (c < 0x80) {
      out += String.fromCharCode(c)
      continue
    }
    let need = 0
    let low = 0x80
    let high = 0xbf
    let code = 0
    if (c >= 0xc2 && c <= 0xdf) {
      need = 1
      code = c & 31
    } else if (c >= 0xe0 && c <= 0xef) {
      need = 2
      code = c & 15
      if (c === 0xe0) low = 0xa0
      if (c === 0xed) high = 0x9f
    } else if (c >= 0xf0 && c <= 0xf4) {
      need = 3
      code = c & 7
      if (c === 0xf0) low = 0x90
      if (c === 0xf4) high = 0x8f
    } else {
      out += '\ufffd'
      continue
    }
    while (need > 0 && i < n) {
      const d = bytes.charCodeAt(i)
      if (d < low || d > high) break
      low = 0x80
      high = 0xbf
      code = (code << 6) | (d & 63)
      i++
      need--
    }
    out += need === 0 ? String.fromCodePoint(code) : '\ufffd'
  }
  return out
}
