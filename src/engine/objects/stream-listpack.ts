/** Is this block of bytes what a stream's block must be? Bytes from outside (RESTORE, a file) are read with care. */
import type { Int64 } from '../bytes/numbers.ts'
import { Listpack } from '../structures/listpack.ts'
import { ITEM_SAMEFIELDS } from './stream.ts'

/** streamValidateListpackIntegrity: counts, lengths and the walk from right to left agree. */
export function validStreamListpack(u8: Uint8Array): boolean {
  // The count in the header is nobody's concern: what is there is counted here.
  if (!Listpack.validate(u8, false)) return false
  const uncounted = u8.slice()
  uncounted[4] = uncounted[5] = 255
  if (!Listpack.validate(uncounted, true)) return false
  const lp = Listpack.fromBytes(u8)
  let p = lp.first()
  const int = (): Int64 | null => {
    if (p < 0) return null
    const v = lp.get(p)
    p = lp.next(p)
    return typeof v === 'string' ? null : v
  }
  const skip = (n: Int64): boolean => {
    for (let i = 0; i < n; i++) {
      if (p < 0) return false
      p = lp.next(p)
    }
    return true
  }
  const live = int()
  const dead = int()
  const masterFields = int()
  if (live === null || dead === null || masterFields === null || !skip(masterFields) || int() !== 0) return false
  const entries = BigInt(live) + BigInt(dead)
  if (entries < 0n) return false
  for (let i = 0n; i < entries; i++) {
    const flags = int()
    if (flags === null || int() === null || int() === null) return false
    let fields: Int64 | null = masterFields
    let extra = 3n
    if ((BigInt(flags) & BigInt(ITEM_SAMEFIELDS)) === 0n) {
      fields = int()
      if (fields === null || !skip(fields)) return false
      extra += BigInt(fields) + 1n
    }
    if (!skip(fields)) return false
    const count = int()
    if (count === null || BigInt(count) !== BigInt(fields) + extra) return false
  }
  return p < 0
}
