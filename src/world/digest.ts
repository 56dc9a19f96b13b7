/**
 * A running digest of what a process was told and what it answered. Two 32-bit lanes, order-sensitive. Every process
 * keeps its own; the world's digest hashes the processes' digests in the order of their indexes, so that it does not
 * matter which thread ran which process when.
 */
export interface DigestState {
  a: number
  b: number
}

export function newDigest(): DigestState {
  return { a: 0x811c9dc5 | 0, b: 0x1b873593 | 0 }
}

export function digestNumber(d: DigestState, n: number): void {
  const low = n | 0
  const high = (n / 4294967296) | 0
  d.a = Math.imul(d.a ^ low, 0x01000193)
  d.a = Math.imul(d.a ^ high ^ (d.a >>> 13), 0x01000193)
  d.b = (Math.imul(d.b, 31) + low) | 0
  d.b = (Math.imul(d.b ^ (d.b >>> 15), 0x2c1b3c6d) + high) | 0
}

export function digestText(d: DigestState, text: string): void {
  let a = d.a
  let b = d.b
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = (Math.imul(b, 31) + c) | 0
  }
  d.a = a
  d.b = b
  digestNumber(d, text.length)
}

/** Any plain value; the field order is the order in which the value was built. */
export function digestValue(d: DigestState, value: unknown): void {
  switch (typeof value) {
    case 'string':
      digestText(d, value)
      return
    case 'number':
      digestNumber(d, value)
      return
    case 'boolean':
      digestNumber(d, value ? 2 : 1)
      return
    case 'object':
      if (value === null) break
      for (const key in value) digestValue(d, (value as Record<string, unknown>)[key])
      return
    default:
      break
  }
  digestNumber(d, 3)
}

const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0')

export function digestHex(d: DigestState): string {
  return hex(d.a) + hex(d.b)
}

/** The digest of the world from its processes', by index. */
export function combineDigests(parts: readonly string[]): string {
  const d = newDigest()
  for (const part of parts) digestText(d, part)
  return digestHex(d)
}
