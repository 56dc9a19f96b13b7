/**
 * The formats that nearly every script uses ("user:%d", "%s:%05d"), written straight into Lua's memory: text, %s without
 * width, and %d with a width and zeros at most. A format is taken apart once and known again by its bytes. Whatever else
 * there is (other conversions and flags, an argument that is no string, no number or not there) is left to string.format.
 */
import { type LuaVm, T_NUMBER, T_STRING } from './lua-vm.ts'

interface Piece {
  /** What is written before the argument; of the last piece there is no argument. */
  readonly text: Uint8Array
  readonly kind: 'd' | 's' | 'end'
  readonly width: number
  /** 48 or 32: what fills the width. */
  readonly fill: number
}
/** Formats by their place in Lua's memory; `bytes` says whether it is still that one. */
interface Known {
  readonly bytes: Uint8Array
  readonly pieces: readonly Piece[] | null
}

const MAX_FORMAT = 64
const MAX_KNOWN = 256
/** More than any format without its %s can make: 64 bytes and widths of 99. */
const MAX_PLAIN = 64 + 99 * 32
const ROOM = 32768

export class PlainFormats {
  private readonly vm: LuaVm
  private readonly known = new Map<number, Known>()
  private readonly out: number

  constructor(vm: LuaVm) {
    this.vm = vm
    this.out = vm.x.malloc(ROOM)
  }

  /** Pushes the text; false, and nothing is done, when it is not as plain as that. */
  format(L: number): boolean {
    const { vm } = this
    if (vm.type(L, 1) !== T_STRING) return false
    const pieces = this.piecesOf(vm.i32[vm.at(L, 1) >> 2]!)
    if (pieces === null) return false
    const top = vm.top(L)
    if (pieces.length > top) return false
    const { u8 } = vm
    const end = this.out + ROOM - MAX_PLAIN
    let at = this.out
    for (let i = 0; i < pieces.length; i++) {
      const p = pieces[i]!
      const { text } = p
      for (let k = 0; k < text.length; k++) u8[at + k] = text[k]!
      at += text.length
      if (p.kind === 'd') {
        if (vm.type(L, i + 2) !== T_NUMBER) return false
        const n = vm.number(L, i + 2)
        if (!(n < 9007199254740992 && n > -9007199254740992)) return false
        at = this.integer(at, Math.trunc(n), p)
      } else if (p.kind === 's') {
        if (vm.type(L, i + 2) !== T_STRING) return false
        const ts = vm.i32[vm.at(L, i + 2) >> 2]!
        const length = vm.i32[(ts >> 2) + 3]!
        if (at + length > end) return false
        for (let k = 0; k < length; k++) {
          const c = u8[ts + 16 + k]!
          // As a C string it would end here.
          if (c === 0) return false
          u8[at + k] = c
        }
        at += length
      }
    }
    vm.x.lua_pushlstring(L, this.out, at - this.out)
    return true
  }

  private integer(at: number, n: number, p: Piece): number {
    const { u8 } = this.vm
    let left = n < 0 ? -n : n
    let digits = 1
    for (let power = 10; power <= left; power *= 10) digits++
    const fill = Math.max(0, p.width - digits - (n < 0 ? 1 : 0))
    const zeros = p.fill === 48
    if (!zeros) for (let k = 0; k < fill; k++) u8[at++] = 32
    if (n < 0) u8[at++] = 45
    if (zeros) for (let k = 0; k < fill; k++) u8[at++] = 48
    const end = at + digits
    for (let k = end - 1; k >= at; k--) {
      const rest = Math.floor(left / 10)
      u8[k] = 48 + (left - rest * 10)
      left = rest
    }
    return end
  }

  private piecesOf(ts: number): readonly Piece[] | null {
    const { u8, i32 } = this.vm
    const length = i32[(ts >> 2) + 3]!
    const from = ts + 16
    const known = this.known.get(ts)
    if (known !== undefined && known.bytes.length === length) {
      const { bytes } = known
      let same = 0
      while (same < length && bytes[same] === u8[from + same]) same++
      if (same === length) return known.pieces
    }
    if (length > MAX_FORMAT) return null
    const bytes = u8.slice(from, from + length)
    const pieces = takeApart(bytes)
    if (this.known.size >= MAX_KNOWN) this.known.clear()
    this.known.set(ts, { bytes, pieces })
    return pieces
  }
}

/** null when it is not plain. */
function takeApart(b: Uint8Array): Piece[] | null {
  const pieces: Piece[] = []
  let text: number[] = []
  for (let i = 0; i < b.length; i++) {
    if (b[i] !== 37) {
      text.push(b[i]!)
      continue
    }
    if (b[++i] === 37) {
      text.push(37)
      continue
    }
    const fill = b[i] === 48 ? 48 : 32
    if (fill === 48) i++
    let width = 0
    const digits = i
    while (i < b.length && b[i]! >= 48 && b[i]! <= 57) width = width * 10 + b[i++]! - 48
    const kind = b[i] === 100 ? 'd' : b[i] === 115 && i === digits && fill === 32 ? 's' : null
    if (kind === null || i - digits > 2 || b[digits] === 48) return null
    pieces.push({ text: Uint8Array.from(text), kind, width, fill })
    text = []
  }
  pieces.push({ text: Uint8Array.from(text), kind: 'end', width: 0, fill: 32 })
  return pieces
}
