/**
 * Redis's glob patterns (KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET, ACL): `*`, `?`, `[abc]`, `[^a-z]`, `\x`.
 *
 * A `*` tries every rest of the text. Once a nested `*` has failed against all of the remaining text, no longer match of
 * an outer one can succeed, so the search stops there (`skipLongerMatches`); without that, `a*a*a*a*b` is exponential.
 * An unclosed class ends with the pattern.
 */
import type { Bytes } from './bytes.ts'

const lower = (c: number): number => (c >= 65 && c <= 90 ? c + 32 : c)

interface State {
  skip: boolean
}

export function globMatch(pattern: Bytes, text: Bytes, nocase = false): boolean {
  if (pattern === '*') return true
  return match(pattern, 0, text, 0, nocase, { skip: false }, 0)
}

function match(p: Bytes, pi: number, s: Bytes, si: number, nocase: boolean, state: State, nesting: number): boolean {
  if (nesting > 1000) return false
  const pn = p.length
  const sn = s.length
  while (pi < pn && si < sn) {
    const pc = p.charCodeAt(pi)
    if (pc === 42) {
      while (pi + 1 < pn && p.charCodeAt(pi + 1) === 42) pi++
      if (pi + 1 === pn) return true
      while (si < sn) {
        if (match(p, pi + 1, s, si, nocase, state, nesting + 1)) return true
        if (state.skip) return false
        si++
      }
      state.skip = true
      return false
    }
    if (pc === 63) si++
    else if (pc === 91) {
      pi = matchClass(p, pi + 1, s.charCodeAt(si), nocase)
      if (pi < 0) return false
      si++
    } else {
      if (pc === 92 && pi + 1 < pn) pi++
      const a = p.charCodeAt(pi)
      const b = s.charCodeAt(si)
      if (nocase ? lower(a) !== lower(b) : a !== b) return false
      si++
    }
    pi++
    if (si >= sn) {
      while (pi < pn && p.charCodeAt(pi) === 42) pi++
      break
    }
  }
  return pi >= pn && si >= sn
}

/** A range is one of C's chars: bytes from 128 on lie below zero. */
const signed = (c: number): number => (c << 24) >> 24

/** `pi` is behind the '['. Gives the index of the closing bracket (or of the last char), or -1 when c does not match. */
function matchClass(p: Bytes, pi: number, c: number, nocase: boolean): number {
  const pn = p.length
  const not = p.charCodeAt(pi) === 94
  if (not) pi++
  if (nocase) c = lower(c)
  let hit = false
  for (;;) {
    if (pi >= pn) {
      pi--
      break
    }
    let a = p.charCodeAt(pi)
    if (a === 92 && pn - pi >= 2) {
      pi++
      if (p.charCodeAt(pi) === c) hit = true
    } else if (a === 93) break
    else if (pn - pi >= 3 && p.charCodeAt(pi + 1) === 45) {
      a = signed(a)
      let b = signed(p.charCodeAt(pi + 2))
      if (a > b) [a, b] = [b, a]
      if (nocase) {
        a = lower(a)
        b = lower(b)
      }
      pi += 2
      if (signed(c) >= a && signed(c) <= b) hit = true
    } else if ((nocase ? lower(a) : a) === c) hit = true
    pi++
  }
  return hit !== not ? pi : -1
}
