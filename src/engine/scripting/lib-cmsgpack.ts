/** `cmsgpack`: MessagePack. A table whose keys are 1..n is an array, others are maps; tables deeper than 16 become nil. */
import type { Bytes } from '../bytes/bytes.ts'
import { LuaError, type LuaVm, T_BOOLEAN, T_NUMBER, T_STRING, T_TABLE } from './lua-vm.ts'
import type { Library } from './sandbox.ts'

const MAX_NESTING = 16
const view = new DataView(new ArrayBuffer(8))

const byte = (n: number): Bytes => String.fromCharCode(n & 255)
const u16 = (n: number): Bytes => byte(n >> 8) + byte(n)
const u32 = (n: number): Bytes => byte(n >>> 24) + byte(n >>> 16) + byte(n >>> 8) + byte(n)
function u64(n: number): Bytes {
  const b = BigInt.asUintN(64, BigInt(n))
  return u32(Number(b >> 32n)) + u32(Number(b & 0xffffffffn))
}

function encodeNumber(n: number): Bytes {
  if (Number.isInteger(n) && n >= -9223372036854775808 && n < 9223372036854775808) return encodeInteger(n)
  if (Object.is(Math.fround(n), n) && !Number.isNaN(n)) {
    view.setFloat32(0, n)
    return `\xca${u32(view.getUint32(0))}`
  }
  if (Number.isNaN(n)) return '\xcb\xff\xf8\0\0\0\0\0\0'
  view.setFloat64(0, n)
  return `\xcb${u32(view.getUint32(0))}${u32(view.getUint32(4))}`
}
function encodeInteger(n: number): Bytes {
  if (n >= 0) {
    if (n <= 127) return byte(n)
    if (n <= 0xff) return `\xcc${byte(n)}`
    if (n <= 0xffff) return `\xcd${u16(n)}`
    if (n <= 0xffffffff) return `\xce${u32(n)}`
    return `\xcf${u64(n)}`
  }
  if (n >= -32) return byte(n)
  if (n >= -128) return `\xd0${byte(n)}`
  if (n >= -32768) return `\xd1${u16(n)}`
  if (n >= -2147483648) return `\xd2${u32(n)}`
  return `\xd3${u64(n)}`
}
function header(n: number, fix: number, fixMax: number, wide: readonly [number | null, number, number]): Bytes {
  if (n <= fixMax) return byte(fix | n)
  if (wide[0] !== null && n <= 0xff) return byte(wide[0]) + byte(n)
  return n <= 0xffff ? byte(wide[1]) + u16(n) : byte(wide[2]) + u32(n)
}

class Encoder {
  private readonly vm: LuaVm
  constructor(vm: LuaVm) {
    this.vm = vm
  }
  /** The value on top of the stack; it is consumed. */
  encode(L: number, level: number): Bytes {
    const { vm } = this
    const x = vm.x
    let out = '\xc0'
    switch (x.lua_type(L, -1)) {
      case T_STRING: {
        const s = vm.toBytes(L, -1) as Bytes
        out = header(s.length, 0xa0, 31, [0xd9, 0xda, 0xdb]) + s
        break
      }
      case T_BOOLEAN:
        out = x.lua_toboolean(L, -1) !== 0 ? '\xc3' : '\xc2'
        break
      case T_NUMBER:
        out = encodeNumber(x.lua_tonumber(L, -1))
        break
      case T_TABLE:
        if (level < MAX_NESTING) out = this.table(L, level)
    }
    x.lua_settop(L, -2)
    return out
  }
  private table(L: number, level: number): Bytes {
    const x = this.vm.x
    x.luaL_checkstack(L, 4, this.vm.cstring('in function mp_encode'))
    let max = 0
    let count = 0
    let array = true
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      x.lua_settop(L, -2)
      count++
      if (!array) continue
      const n = x.lua_type(L, -1) === T_NUMBER ? (x.lua_tonumber(L, -1) as number) : 0
      if (n <= 0 || (n | 0) !== n) array = false
      else if (n > max) max = n
    }
    if (array && max === count) {
      const n = x.lua_objlen(L, -1) as number
      let out = header(n, 0x90, 15, [null, 0xdc, 0xdd])
      for (let i = 1; i <= n; i++) {
        x.lua_rawgeti(L, -1, i)
        out += this.encode(L, level + 1)
      }
      return out
    }
    let out = header(count, 0x80, 15, [null, 0xde, 0xdf])
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      x.lua_pushvalue(L, -2)
      out += this.encode(L, level + 1)
      out += this.encode(L, level + 1)
    }
    return out
  }
}

class Decoder {
  private readonly vm: LuaVm
  private readonly data: Bytes
  at: number
  constructor(vm: LuaVm, data: Bytes, at: number) {
    this.vm = vm
    this.data = data
    this.at = at
  }
  private take(n: number): Bytes {
    if (this.at + n > this.data.length) throw new LuaError('Missing bytes in input.')
    this.at += n
    return this.data.slice(this.at - n, this.at)
  }
  private unsigned(n: number): number {
    const b = this.take(n)
    let v = 0
    if (n <= 4) for (let i = 0; i < n; i++) v = v * 256 + b.charCodeAt(i)
    // As a signed integer, which it is pushed as.
    else return Number(BigInt.asIntN(64, this.wide(b)))
    return v
  }
  private wide(b: Bytes): bigint {
    let v = 0n
    for (let i = 0; i < b.length; i++) v = (v << 8n) | BigInt(b.charCodeAt(i))
    return v
  }
  private signed(n: number): number {
    return Number(BigInt.asIntN(n * 8, this.wide(this.take(n))))
  }
  private float(n: 4 | 8): number {
    const b = this.take(n)
    for (let i = 0; i < n; i++) view.setUint8(i, b.charCodeAt(i))
    return n === 4 ? view.getFloat32(0) : view.getFloat64(0)
  }
  /** Pushes the next value. */
  value(L: number): void {
    const { vm } = this
    const x = vm.x
    x.luaL_checkstack(L, 1, vm.cstring('too many return values at once; use unpack_one or unpack_limit instead.'))
    const c = this.unsigned(1)
    if (c < 0x80) x.lua_pushnumber(L, c)
    else if (c >= 0xe0) x.lua_pushnumber(L, c - 256)
    else if (c >= 0xa0 && c < 0xc0) vm.pushString(L, this.take(c & 31))
    else if (c >= 0x90 && c < 0xa0) this.array(L, c & 15)
    else if (c < 0x90) this.map(L, c & 15)
    else this.tagged(L, c)
  }
  private tagged(L: number, c: number): void {
    const { vm } = this
    const x = vm.x
    switch (c) {
      case 0xc0:
        return x.lua_pushnil(L)
      case 0xc2:
      case 0xc3:
        return x.lua_pushboolean(L, c & 1)
      case 0xca:
        return x.lua_pushnumber(L, this.float(4))
      case 0xcb:
        return x.lua_pushnumber(L, this.float(8))
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return x.lua_pushnumber(L, this.unsigned(1 << (c & 3)))
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return x.lua_pushnumber(L, this.signed(1 << (c & 3)))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return vm.pushString(L, this.take(this.unsigned(1 << (c - 0xd9))))
      case 0xdc:
      case 0xdd:
        return this.array(L, this.unsigned(2 << (c - 0xdc)))
      case 0xde:
      case 0xdf:
        return this.map(L, this.unsigned(2 << (c - 0xde)))
      default:
        throw new LuaError('Bad data format in input.')
    }
  }
  private array(L: number, n: number): void {
    const { vm } = this
    vm.x.lua_createtable(L, 0, 0)
    vm.x.luaL_checkstack(L, 1, vm.cstring('in function mp_decode_to_lua_array'))
    for (let i = 1; i <= n; i++) {
      vm.x.lua_pushnumber(L, i)
      this.value(L)
      vm.x.lua_settable(L, -3)
    }
  }
  private map(L: number, n: number): void {
    const { vm } = this
    vm.x.lua_createtable(L, 0, 0)
    for (let i = 0; i < n; i++) {
      this.value(L)
      this.value(L)
      vm.x.lua_settable(L, -3)
    }
  }
}

export function cmsgpackLibrary(vm: LuaVm): Library {
  const x = vm.x
  const unpack = (L: number, limit: number, offset: number): number => {
    x.luaL_checklstring(L, 1, 0)
    const data = vm.toBytes(L, 1) as Bytes
    const all = limit === 0 && offset === 0
    if (offset < 0 || limit < 0)
      throw new LuaError(`Invalid request to unpack with offset of ${offset} and limit of ${data.length}.`)
    if (offset > data.length) throw new LuaError(`Start offset ${offset} greater than input length ${data.length}.`)
    const d = new Decoder(vm, data, offset)
    let n = 0
    while (d.at < data.length && (all || n < limit)) {
      d.value(L)
      n++
    }
    if (all) return n
    x.lua_pushnumber(L, d.at >= data.length ? -1 : d.at)
    x.lua_insert(L, 2)
    return n + 1
  }
  return {
    pack: (L) => {
      const n = vm.top(L)
      if (n === 0) return x.luaL_argerror(L, 0, vm.cstring('MessagePack pack needs input.'))
      const encoder = new Encoder(vm)
      let out = ''
      for (let i = 1; i <= n; i++) {
        x.luaL_checkstack(L, 1, vm.cstring('in function mp_check'))
        x.lua_pushvalue(L, i)
        out += encoder.encode(L, 0)
      }
      vm.pushString(L, out)
      return 1
    },
    unpack: (L) => unpack(L, 0, 0),
    unpack_one: (L) => {
      const offset = x.luaL_optinteger(L, 2, 0) as number
      x.lua_settop(L, 1)
      return unpack(L, 1, offset)
    },
    unpack_limit: (L) => {
      const limit = x.luaL_checkinteger(L, 2) as number
      const offset = x.luaL_optinteger(L, 3, 0) as number
      x.lua_settop(L, 1)
      return unpack(L, limit, offset)
    },
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  }
}
