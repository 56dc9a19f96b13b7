/**
 * `cjson`: JSON, with lua-cjson 2.1's own choices: an empty table is an object, numbers have 14 digits, '/' is escaped, a NUL
 * ends the text. Each table from cjson.new() has settings of its own.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { formatG } from './format.ts'
import { JsonReader } from './json-reader.ts'
import {
  LuaError,
  type LuaFunction,
  type LuaVm,
  T_BOOLEAN,
  T_LIGHTUSERDATA,
  T_NIL,
  T_NUMBER,
  T_STRING,
  T_TABLE,
} from './lua-vm.ts'
import { type Library, setLibrary } from './sandbox.ts'

export interface JsonSettings {
  sparseConvert: number
  sparseRatio: number
  sparseSafe: number
  encodeMaxDepth: number
  decodeMaxDepth: number
  /** 0 refuse, 1 write as they are, 2 null. */
  encodeInvalid: number
  decodeInvalid: number
  keepBuffer: number
  precision: number
}
const defaults = (): JsonSettings => ({
  sparseConvert: 0,
  sparseRatio: 2,
  sparseSafe: 10,
  encodeMaxDepth: 1000,
  decodeMaxDepth: 1000,
  encodeInvalid: 0,
  decodeInvalid: 1,
  keepBuffer: 1,
  precision: 14,
})
const INT_MAX = 2147483647
const SHORT: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
}
const escape = (s: Bytes): Bytes =>
  `"${s.replace(/[\0-\x1f"\\/\x7f]/g, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`

class JsonWriter {
  private readonly vm: LuaVm
  private readonly s: JsonSettings
  constructor(vm: LuaVm, settings: JsonSettings) {
    this.vm = vm
    this.s = settings
  }
  private refuse(L: number, index: number, why: string): never {
    const names = ['nil', 'boolean', 'userdata', 'number', 'string', 'table', 'function', 'userdata', 'thread']
    throw new LuaError(`Cannot serialise ${names[this.vm.x.lua_type(L, index)]}: ${why}`)
  }
  private number(L: number, index: number): Bytes {
    const n = this.vm.x.lua_tonumber(L, index) as number
    if (!Number.isFinite(n)) {
      if (this.s.encodeInvalid === 0) this.refuse(L, index, 'must not be NaN or Inf')
      if (this.s.encodeInvalid === 2) return 'null'
      return Number.isNaN(n) ? 'nan' : n > 0 ? 'inf' : '-inf'
    }
    return formatG(n, this.s.precision)
  }
  /** The value on top of the stack; it stays there. */
  value(L: number, depth: number): Bytes {
    const x = this.vm.x
    const type = x.lua_type(L, -1) as number
    switch (type) {
      case T_STRING:
        return escape(this.vm.toBytes(L, -1) as Bytes)
      case T_NUMBER:
        return this.number(L, -1)
      case T_BOOLEAN:
        return x.lua_toboolean(L, -1) !== 0 ? 'true' : 'false'
      case T_NIL:
        return 'null'
      case T_TABLE:
        return this.table(L, depth + 1)
      case T_LIGHTUSERDATA:
        if (x.lua_touserdata(L, -1) === 0) return 'null'
    }
    return this.refuse(L, -1, 'type not supported')
  }
  private table(L: number, depth: number): Bytes {
    const x = this.vm.x
    if (depth > this.s.encodeMaxDepth || x.lua_checkstack(L, 3) === 0)
      throw new LuaError(`Cannot serialise, excessive nesting (${depth})`)
    const n = this.arrayLength(L)
    if (n > 0) {
      let out = '['
      for (let i = 1; i <= n; i++) {
        if (i > 1) out += ','
        x.lua_rawgeti(L, -1, i)
        out += this.value(L, depth)
        x.lua_settop(L, -2)
      }
      return `${out}]`
    }
    let out = '{'
    x.lua_pushnil(L)
    for (let comma = false; x.lua_next(L, -2) !== 0; comma = true) {
      if (comma) out += ','
      const type = x.lua_type(L, -2) as number
      if (type === T_NUMBER) out += `"${this.number(L, -2)}":`
      else if (type === T_STRING) out += `${escape(this.vm.toBytes(L, -2) as Bytes)}:`
      else this.refuse(L, -2, 'table key must be a number or string')
      out += this.value(L, depth)
      x.lua_settop(L, -2)
    }
    return `${out}}`
  }
  /** The largest index when all keys are positive integers, otherwise -1. */
  private arrayLength(L: number): number {
    const x = this.vm.x
    let max = 0
    let items = 0
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      const k = x.lua_type(L, -2) === T_NUMBER ? (x.lua_tonumber(L, -2) as number) : 0
      if (k < 1 || Math.floor(k) !== k) {
        x.lua_settop(L, -3)
        return -1
      }
      if (k > max) max = k
      items++
      x.lua_settop(L, -2)
    }
    const { sparseRatio, sparseSafe, sparseConvert } = this.s
    if (sparseRatio > 0 && max > items * sparseRatio && max > sparseSafe) {
      if (sparseConvert === 0) this.refuse(L, -1, 'excessively sparse array')
      return -1
    }
    return max
  }
}

function settingFunctions(vm: LuaVm, s: JsonSettings): Library {
  const x = vm.x
  const prepare = (L: number, n: number): void => {
    if (vm.top(L) > n) x.luaL_argerror(L, n + 1, vm.cstring('found too many arguments'))
    x.lua_settop(L, n)
  }
  const integer = (L: number, index: number, key: keyof JsonSettings, min: number, max: number): void => {
    if (vm.type(L, index) !== T_NIL) {
      const n = x.luaL_checkinteger(L, index) as number
      if (n < min || n > max) x.luaL_argerror(L, 1, vm.cstring(`expected integer between ${min} and ${max}`))
      s[key] = n
    }
    x.lua_pushnumber(L, s[key])
  }
  const choice = (L: number, index: number, key: keyof JsonSettings, names: readonly string[]): void => {
    const type = vm.type(L, index)
    if (type === T_BOOLEAN) s[key] = x.lua_toboolean(L, index)
    else if (type !== T_NIL) {
      x.luaL_checklstring(L, index, 0)
      const name = vm.toBytes(L, index) as Bytes
      const at = names.indexOf(name)
      if (at === -1) x.luaL_argerror(L, index, vm.cstring(`invalid option '${name}'`))
      s[key] = at
    }
    if (s[key] < 2) x.lua_pushboolean(L, s[key])
    else vm.pushString(L, names[s[key]] as string)
  }
  const one =
    (f: (L: number) => void): LuaFunction =>
    (L) => {
      prepare(L, 1)
      f(L)
      return 1
    }
  const onOff = ['off', 'on']
  return {
    encode_sparse_array: (L) => {
      prepare(L, 3)
      choice(L, 1, 'sparseConvert', onOff)
      integer(L, 2, 'sparseRatio', 0, INT_MAX)
      integer(L, 3, 'sparseSafe', 0, INT_MAX)
      return 3
    },
    encode_max_depth: one((L) => integer(L, 1, 'encodeMaxDepth', 1, INT_MAX)),
    decode_max_depth: one((L) => integer(L, 1, 'decodeMaxDepth', 1, INT_MAX)),
    encode_number_precision: one((L) => integer(L, 1, 'precision', 1, 14)),
    encode_keep_buffer: one((L) => choice(L, 1, 'keepBuffer', onOff)),
    encode_invalid_numbers: one((L) => choice(L, 1, 'encodeInvalid', ['off', 'on', 'null'])),
    decode_invalid_numbers: one((L) => choice(L, 1, 'decodeInvalid', onOff)),
  }
}

/** Pushes a table of cjson with settings of its own. */
export function pushCjson(vm: LuaVm, L: number): void {
  const x = vm.x
  const s = defaults()
  x.lua_createtable(L, 0, 16)
  const single = (l: number): void => {
    if (vm.top(l) !== 1) x.luaL_argerror(l, 1, vm.cstring('expected 1 argument'))
  }
  setLibrary(vm, L, null, {
    ...settingFunctions(vm, s),
    encode: (l) => {
      single(l)
      vm.pushString(l, new JsonWriter(vm, s).value(l, 0))
      return 1
    },
    decode: (l) => {
      single(l)
      x.luaL_checklstring(l, 1, 0)
      new JsonReader(vm, s, vm.toBytes(l, 1) as Bytes).decode(l)
      return 1
    },
    new: (l) => {
      pushCjson(vm, l)
      return 1
    },
    _NAME: 'cjson',
    _VERSION: '2.1.0',
  })
  x.lua_pushlightuserdata(L, 0)
  x.lua_setfield(L, -2, vm.cstring('null'))
}
