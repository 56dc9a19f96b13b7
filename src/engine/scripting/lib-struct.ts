/** `struct`: packing values into bytes by a format, as C lays out structs. Sizes are those of x86-64: int 4, long 8. */
import type { Bytes } from '../bytes/bytes.ts'
import { cText } from './convert.ts'
import { LuaError, type LuaVm } from './lua-vm.ts'
import type { Library } from './sandbox.ts'

const MAX_INTEGER_SIZE = 32
const MAX_ALIGN = 8
const INT_MAX = 2147483647
const view = new DataView(new ArrayBuffer(8))

/** A format being read, with what its control characters have set. */
class Format {
  readonly text: Bytes
  at = 0
  little = true
  align = 1
  constructor(text: Bytes) {
    this.text = text
  }
  get done(): boolean {
    return this.at >= this.text.length
  }
  next(): string {
    return this.text.charAt(this.at++)
  }
  private isDigit(): boolean {
    const c = this.text.charCodeAt(this.at)
    return c >= 48 && c <= 57
  }
  number(otherwise: number): number {
    if (!this.isDigit()) return otherwise
    let n = 0
    do {
      const digit = this.text.charCodeAt(this.at++) - 48
      if (n * 10 > INT_MAX - digit) throw new LuaError('integral size overflow')
      n = n * 10 + digit
    } while (this.isDigit())
    return n
  }
  size(option: string): number {
    switch (option) {
      case 'B':
      case 'b':
      case 'x':
        return 1
      case 'H':
      case 'h':
        return 2
      case 'L':
      case 'l':
      case 'T':
      case 'd':
        return 8
      case 'f':
        return 4
      case 'c':
        return this.number(1)
      case 'i':
      case 'I': {
        const n = this.number(4)
        if (n > MAX_INTEGER_SIZE) throw new LuaError(`integral size ${n} is larger than limit of ${MAX_INTEGER_SIZE}`)
        return n
      }
      default:
        return 0
    }
  }
  padding(position: number, option: string, size: number): number {
    if (size === 0 || option === 'c') return 0
    const s = Math.min(size, this.align)
    return (s - (position & (s - 1))) & (s - 1)
  }
  /** Null, or what is wrong with the first argument. */
  control(option: string): string | null {
    if (option === '>') this.little = false
    else if (option === '<') this.little = true
    else if (option === '!') {
      const a = this.number(MAX_ALIGN)
      if (a === 0 || (a & (a - 1)) !== 0) throw new LuaError(`alignment ${a} is not a power of 2`)
      this.align = a
    } else if (option !== ' ') return `invalid format option '${option}'`
    return null
  }
}

const reversed = (b: Bytes): Bytes => {
  let out = ''
  for (let i = b.length - 1; i >= 0; i--) out += b.charAt(i)
  return out
}
function integerBytes(n: number, size: number, little: boolean): Bytes {
  let value = Number.isFinite(n) ? BigInt.asUintN(64, BigInt(Math.trunc(n))) : 1n << 63n
  let out = ''
  for (let i = 0; i < size; i++) {
    out += String.fromCharCode(Number(value & 255n))
    value >>= 8n
  }
  return little ? out : reversed(out)
}
function integerOf(b: Bytes, little: boolean, signed: boolean): number {
  const order = little ? reversed(b) : b
  let value = 0n
  for (let i = 0; i < order.length; i++) value = BigInt.asUintN(64, (value << 8n) | BigInt(order.charCodeAt(i)))
  if (!signed) return Number(value)
  return Number(BigInt.asIntN(Math.min(64, order.length * 8), value))
}
function floatBytes(n: number, size: number, little: boolean): Bytes {
  if (size === 4) view.setFloat32(0, n, little)
  else view.setFloat64(0, n, little)
  let out = ''
  for (let i = 0; i < size; i++) out += String.fromCharCode(view.getUint8(i))
  return out
}
function floatOf(b: Bytes, little: boolean): number {
  for (let i = 0; i < b.length; i++) view.setUint8(i, b.charCodeAt(i))
  return b.length === 4 ? view.getFloat32(0, little) : view.getFloat64(0, little)
}
const INTEGERS = 'bBhHlLTiI'

export function structLibrary(vm: LuaVm): Library {
  const x = vm.x
  const argError = (L: number, arg: number, text: string): never => x.luaL_argerror(L, arg, vm.cstring(text)) as never
  const string = (L: number, i: number): Bytes => {
    x.luaL_checklstring(L, i, 0)
    return vm.toBytes(L, i) as Bytes
  }
  const control = (L: number, f: Format, option: string): void => {
    const wrong = f.control(option)
    if (wrong !== null) argError(L, 1, wrong)
  }
  const pack = (L: number): number => {
    const f = new Format(cText(string(L, 1)))
    x.lua_pushnil(L)
    let out = ''
    let arg = 2
    while (!f.done) {
      const option = f.next()
      const size = f.size(option)
      out += '\0'.repeat(f.padding(out.length, option, size))
      if (INTEGERS.includes(option)) out += integerBytes(x.luaL_checknumber(L, arg++), size, f.little)
      else if (option === 'x') out += '\0'
      else if (option === 'f' || option === 'd') out += floatBytes(x.luaL_checknumber(L, arg++), size, f.little)
      else if (option === 'c' || option === 's') {
        const s = string(L, arg++)
        const n = size === 0 ? s.length : size
        if (s.length < n) argError(L, arg, 'string too short')
        out += s.slice(0, n)
        if (option === 's') out += '\0'
      } else control(L, f, option)
    }
    vm.pushString(L, out)
    return 1
  }
  const unpack = (L: number): number => {
    const f = new Format(cText(string(L, 1)))
    const data = string(L, 2)
    let position = x.luaL_optinteger(L, 3, 1) as number
    if (position === 0) argError(L, 3, 'offset must be 1 or greater')
    // An unsigned number in C.
    position = position < 0 ? Number.MAX_SAFE_INTEGER : position - 1
    let n = 0
    while (!f.done) {
      const option = f.next()
      let size = f.size(option)
      position += f.padding(position, option, size)
      if (position + size > data.length) argError(L, 2, 'data string too short')
      x.luaL_checkstack(L, 2, vm.cstring('too many results'))
      if (INTEGERS.includes(option)) {
        const signed = option >= 'a'
        x.lua_pushnumber(L, integerOf(data.slice(position, position + size), f.little, signed))
        n++
      } else if (option === 'f' || option === 'd') {
        x.lua_pushnumber(L, floatOf(data.slice(position, position + size), f.little))
        n++
      } else if (option === 'c') {
        if (size === 0) {
          if (n === 0 || x.lua_isnumber(L, -1) === 0) throw new LuaError("format 'c0' needs a previous size")
          size = Math.trunc(x.lua_tonumber(L, -1))
          x.lua_settop(L, -2)
          n--
          if (size < 0 || position + size > data.length) argError(L, 2, 'data string too short')
        }
        vm.pushString(L, data.slice(position, position + size))
        n++
      } else if (option === 's') {
        const end = data.indexOf('\0', position)
        if (end === -1) throw new LuaError('unfinished string in data')
        vm.pushString(L, data.slice(position, end))
        size = end - position + 1
        n++
      } else if (option !== 'x') control(L, f, option)
      position += size
    }
    x.lua_pushnumber(L, position + 1)
    return n + 1
  }
  const size = (L: number): number => {
    const f = new Format(cText(string(L, 1)))
    let position = 0
    while (!f.done) {
      const option = f.next()
      const n = f.size(option)
      position += f.padding(position, option, n)
      if (option === 's') argError(L, 1, "option 's' has no fixed size")
      if (option === 'c' && n === 0) argError(L, 1, "option 'c0' has no fixed size")
      if (!/[A-Za-z0-9]/.test(option)) control(L, f, option)
      position += n
    }
    x.lua_pushnumber(L, position)
    return 1
  }
  return { pack, unpack, size }
}
