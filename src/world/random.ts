/**
 * Seeded randomness of the world itself (jitter, seeds of processes). The state is one 32-bit number, so that it can
 * travel with a process when its worker goes: splitmix32.
 */
export interface RandomState {
  state: number
}

export function nextRandom(r: RandomState): number {
  r.state = (r.state + 0x9e3779b9) | 0
  let z = r.state
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

/** An integer in [0, n). */
export function randomBelow(r: RandomState, n: number): number {
  return n <= 1 ? 0 : Math.floor((nextRandom(r) / 4294967296) * n)
}

/** A 32-bit seed from words: the same words give the same seed. */
export function seedFrom(...parts: readonly (string | number)[]): number {
  let h = 0x811c9dc5
  for (const part of parts) {
    const text = String(part)
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ 0x2c, 0x01000193)
  }
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}
