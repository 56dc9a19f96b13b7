/**
 * LZF, the small fast compressor that Redis uses for strings in RDB files and for the inner nodes of a quicklist.
 * A stream of literal runs and back references:
 *
 *   000LLLLL  <L+1 bytes>                literal run
 *   LLLooooo  oooooooo                   copy L+2 bytes from `o+1` back (L 1..6)
 *   111ooooo  LLLLLLLL oooooooo          copy L+9 bytes
 *
 * A table indexed by a hash of the next three bytes remembers where they were seen last; there is no search beyond that.
 * *Kept exactly:* liblzf's hash, limits and choices (HLOG 16, VERY_FAST), so the output is the same bytes.
 */

const HSIZE = 1 << 16
const MAX_LIT = 32
const MAX_OFF = 1 << 13
const MAX_REF = (1 << 8) + (1 << 3)

const slot = (h: number): number => ((h >>> 8) - Math.imul(h, 5)) & (HSIZE - 1)

/** Reused, and cleared before each use: the result is a function of the input. */
const htab = new Int32Array(HSIZE)

/** At most maxOut bytes, or null when it does not fit (then it is not worth keeping). */
export function lzfCompress(input: Uint8Array, maxOut: number = input.length): Uint8Array | null {
  const inEnd = input.length
  if (inEnd === 0 || maxOut <= 0) return null
  htab.fill(0)
  const out = new Uint8Array(maxOut + 4)
  let ip = 0
  let op = 1
  let lit = 0
  let hval = inEnd > 1 ? (input[0]! << 8) | input[1]! : 0
  while (ip < inEnd - 2) {
    hval = (hval << 8) | input[ip + 2]!
    let at = slot(hval)
    const ref = htab[at]!
    htab[at] = ip
    const off = ip - ref - 1
    if (
      ref < ip &&
      off < MAX_OFF &&
      ref > 0 &&
      input[ref + 2] === input[ip + 2] &&
      input[ref] === input[ip] &&
      input[ref + 1] === input[ip + 1]
    ) {
      let len = 2
      const maxlen = Math.min(inEnd - ip - len, MAX_REF)
      if (op + 3 + 1 >= maxOut && op - (lit === 0 ? 1 : 0) + 3 + 1 >= maxOut) return null
      if (lit === 0) op--
      else out[op - lit - 1] = lit - 1
      // liblzf compares the first 16 bytes at once, even where they end beyond maxlen.
      const atLeast = maxlen > 16 ? 19 : 0
      do len++
      while ((len < maxlen || len < atLeast) && input[ref + len] === input[ip + len])
      len -= 2
      ip++
      if (len < 7) out[op++] = (off >> 8) + (len << 5)
      else {
        out[op++] = (off >> 8) + (7 << 5)
        out[op++] = len - 7
      }
      out[op++] = off & 255
      lit = 0
      op++
      ip += len + 1
      if (ip >= inEnd - 2) break
      ip -= 2
      hval = (input[ip]! << 16) | (input[ip + 1]! << 8) | input[ip + 2]!
      at = slot(hval)
      htab[at] = ip
      ip++
      hval = (hval << 8) | input[ip + 2]!
      htab[slot(hval)] = ip
      ip++
    } else {
      if (op >= maxOut) return null
      lit++
      out[op++] = input[ip++]!
      if (lit === MAX_LIT) {
        out[op - lit - 1] = lit - 1
        lit = 0
        op++
      }
    }
  }
  if (op + 3 > maxOut) return null
  while (ip < inEnd) {
    lit++
    out[op++] = input[ip++]!
    if (lit === MAX_LIT) {
      out[op - lit - 1] = lit - 1
      lit = 0
      op++
    }
  }
  if (lit === 0) op--
  else out[op - lit - 1] = lit - 1
  return out.slice(0, op)
}

/** Exactly outLen bytes, or null when the input is corrupt or does not give that many. */
export function lzfDecompress(input: Uint8Array, outLen: number): Uint8Array | null {
  const out = new Uint8Array(outLen)
  let ip = 0
  let op = 0
  while (ip < input.length) {
    const ctrl = input[ip++]!
    if (ctrl < 32) {
      const n = ctrl + 1
      if (op + n > outLen || ip + n > input.length) return null
      for (let i = 0; i < n; i++) out[op++] = input[ip++]!
      continue
    }
    let len = ctrl >> 5
    if (len === 7) {
      if (ip >= input.length) return null
      len += input[ip++]!
    }
    if (ip >= input.length) return null
    let ref = op - ((ctrl & 31) << 8) - 1 - input[ip++]!
    len += 2
    if (op + len > outLen || ref < 0) return null
    for (let i = 0; i < len; i++) out[op++] = out[ref++]!
  }
  return op === outLen ? out : null
}
