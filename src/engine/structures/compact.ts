/**
 * The storage under listpack and intset: a block of bytes that is small as a rule, edited in place, and of which there may
 * be millions.
 *
 * The problem: a typed array costs some 350 bytes beside its content, three times what a small hash holds. The idea: a small block
 * rests as a one-byte string, which costs 16; only the block that is being worked on lies as bytes, in a scratch area that
 * all share, and is put back into its string when another one needs the place. A block that has outgrown `SMALL` gets an
 * array of its own and keeps it.
 *
 *      resting:   text "\x1f\0\0\0..."          working: scratch [1f 00 00 00 ...] <- resident
 *
 * Invariant: the bytes of a small block are in the scratch area while it is resident, in `text` otherwise. Therefore `u8` must
 * be asked for anew after another block may have been looked at.
 */
import { type Bytes, fromUint8, writeBytes } from '../bytes/bytes.ts'

/** Up to this many bytes a block has no array of its own. */
export const SMALL = 2048
const scratch = new Uint8Array(SMALL)
let resident: Compact | null = null
let changed = false
/** An array of 2 * SMALL that a growing block has left: the next one takes it, so that a long list leaves no garbage. */
let spare: Uint8Array | null = null
/** A list's node ends at 8 KB as a rule: two steps lead there, and nothing is left over. */
function roomFor(n: number, own: Uint8Array | null): Uint8Array {
  if (own === null && n <= SMALL * 2 && spare !== null) {
    const room = spare
    spare = null
    return room
  }
  const had = own === null ? SMALL : own.length
  return new Uint8Array(Math.max(n, had < SMALL * 4 ? had * 2 : had + (had >> 1) + 16))
}

export abstract class Compact {
  private own: Uint8Array | null
  private text: Bytes = ''

  protected constructor(capacity: number) {
    this.own = capacity > SMALL ? new Uint8Array(capacity) : null
  }
  /** Bytes in use, from 0 on. */
  protected abstract get used(): number

  /** The block's bytes, until another block is looked at. Whoever writes says so with `touch`. */
  protected get u8(): Uint8Array {
    if (this.own !== null) return this.own
    return resident === this ? scratch : this.enter()
  }
  protected touch(): void {
    if (this.own === null) changed = true
  }
  private enter(): Uint8Array {
    if (resident !== null && changed) resident.rest()
    resident = this
    changed = false
    writeBytes(scratch, 0, this.text)
    return scratch
  }
  private rest(): void {
    this.text = fromUint8(scratch, 0, this.used)
  }
  /** The bytes, as a copy. */
  protected copyBytes(): Uint8Array {
    return this.u8.slice(0, this.used)
  }
  /** Room for n bytes; the content stays. */
  protected reserve(n: number): void {
    const own = this.own
    if (own === null ? n <= SMALL : n <= own.length) return
    const from = this.u8
    const bigger = roomFor(n, own)
    bigger.set(from.subarray(0, this.used))
    if (own === null) this.leave()
    else if (own.length === SMALL * 2) spare = own
    this.own = bigger
  }
  private leave(): void {
    this.text = ''
    if (resident === this) resident = null
    changed = false
  }
  /** Take these bytes over. */
  protected adopt(data: Uint8Array | Bytes): void {
    const n = data.length
    this.own = n > SMALL ? new Uint8Array(n) : null
    if (resident === this) this.leave()
    if (typeof data !== 'string') {
      if (this.own !== null) this.own.set(data)
      else this.text = fromUint8(data)
    } else if (this.own !== null) writeBytes(this.own, 0, data)
    // A part of a bigger string would keep all of it.
    else this.text = ownText(data)
  }
  /** Bytes this block can take without growing. */
  get capacity(): number {
    return this.own === null ? this.used : this.own.length
  }
  /** Give back what is much more than needed. */
  trim(): void {
    if (this.own === null || this.own.length - this.used <= this.own.length >> 5) return
    this.adopt(this.own.subarray(0, this.used))
  }
}
const ownText = (data: Bytes): Bytes => {
  const u8 = new Uint8Array(data.length)
  writeBytes(u8, 0, data)
  return fromUint8(u8)
}
