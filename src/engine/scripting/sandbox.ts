/**
 * The world that a script sees: Lua's own libraries without what reaches outside, `redis`, `cjson`, `cmsgpack`, `struct`
 * and `bit`, and a global table that can neither be written nor read past its end. The tables are read-only all the way
 * down, as in 7.0.15 (a bit in the table's header; see scripts/build-lua.mjs).
 */
import {
  type LuaFunction,
  LUA_GLOBALSINDEX,
  LuaError,
  type LuaVm,
  T_NIL,
  T_NUMBER,
  T_STRING,
  T_TABLE,
} from './lua-vm.ts'
import { stringFormat } from './lib-format.ts'
import type { ScriptRandom } from './random.ts'

/** Globals of Lua 5.1 that redis-server does not have. */
const REMOVED = [
  'dofile',
  'loadfile',
  'print',
  'getfenv',
  'setfenv',
  'newproxy',
  'require',
  'module',
  'os',
  'io',
  'debug',
  'package',
]

export type Library = Readonly<Record<string, LuaFunction | string | number>>

/** Define `name` (or the top of the stack, when null) as a table of these. */
export function setLibrary(vm: LuaVm, L: number, name: string | null, library: Library): void {
  const x = vm.x
  const names = Object.keys(library)
  const functions = names.filter((n) => typeof library[n] === 'function')
  const indices = vm.addFunctions(functions.map((n) => library[n] as LuaFunction))
  if (name !== null) x.lua_createtable(L, 0, names.length)
  for (const n of names) {
    const value = library[n]
    if (typeof value === 'string') vm.pushString(L, value)
    else if (typeof value === 'number') x.lua_pushnumber(L, value)
    else x.lua_pushcclosure(L, indices[functions.indexOf(n)], 0)
    x.lua_setfield(L, -2, vm.cstring(n))
  }
  if (name !== null) x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring(name))
}

/** Libraries of Lua, less what is removed. */
export function openLibraries(vm: LuaVm, L: number, random: ScriptRandom): void {
  const x = vm.x
  x.luaL_openlibs(L)
  for (const name of REMOVED) {
    x.lua_pushnil(L)
    x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring(name))
  }
  x.lua_getfield(L, LUA_GLOBALSINDEX, vm.cstring('math'))
  setLibrary(vm, L, null, randomFunctions(vm, random))
  x.lua_settop(L, -2)
  x.lua_getfield(L, LUA_GLOBALSINDEX, vm.cstring('string'))
  setLibrary(vm, L, null, { format: stringFormat(vm) })
  x.lua_settop(L, -2)
  const [setmetatable = 0] = vm.addFunctions([(l) => setMetatable(vm, l)])
  x.lua_pushcclosure(L, setmetatable, 0)
  x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring('setmetatable'))
}

function randomFunctions(vm: LuaVm, random: ScriptRandom): Library {
  const x = vm.x
  return {
    random: (L) => {
      const r = (random.next() % 2147483647) / 2147483647
      switch (vm.top(L)) {
        case 0:
          x.lua_pushnumber(L, r)
          return 1
        case 1: {
          const u = x.luaL_checkinteger(L, 1) as number
          if (u < 1) x.luaL_argerror(L, 1, vm.cstring('interval is empty'))
          x.lua_pushnumber(L, Math.floor(r * u) + 1)
          return 1
        }
        case 2: {
          const l = x.luaL_checkinteger(L, 1) as number
          const u = x.luaL_checkinteger(L, 2) as number
          if (l > u) x.luaL_argerror(L, 2, vm.cstring('interval is empty'))
          x.lua_pushnumber(L, Math.floor(r * (u - l + 1)) + l)
          return 1
        }
        default:
          throw new LuaError('wrong number of arguments')
      }
    },
    randomseed: (L) => {
      random.seed(x.luaL_checkinteger(L, 1) as number)
      return 0
    },
  }
}

/** setmetatable, which a read-only table refuses. */
function setMetatable(vm: LuaVm, L: number): number {
  const x = vm.x
  const t = vm.type(L, 2)
  x.luaL_checktype(L, 1, T_TABLE)
  if (t !== T_NIL && t !== T_TABLE) x.luaL_argerror(L, 2, vm.cstring('nil or table expected'))
  if (x.luaL_getmetafield(L, 1, vm.cstring('__metatable')) !== 0)
    throw new LuaError('cannot change a protected metatable')
  x.lua_settop(L, 2)
  if (vm.isReadonly(L, 1)) throw new LuaError('Attempt to modify a readonly table', false)
  x.lua_setmetatable(L, 1)
  return 1
}

/** The global that does not exist. */
export function protectGlobals(vm: LuaVm, L: number): void {
  const x = vm.x
  x.lua_pushvalue(L, LUA_GLOBALSINDEX)
  setErrorMetatable(vm, L)
  x.lua_settop(L, -2)
}
/** luaSetErrorMetatable, for the table on top of the stack. */
export function setErrorMetatable(vm: LuaVm, L: number): void {
  const x = vm.x
  const [absent = 0] = vm.addFunctions([
    (l) => {
      const name = vm.type(l, 2)
      if (name !== T_STRING && name !== T_NUMBER)
        throw new LuaError('Second argument to luaSetErrorTable must be a string or number')
      throw new LuaError(`Script attempted to access nonexistent global variable '${cut(vm.toBytes(l, 2) ?? '')}'`)
    },
  ])
  x.lua_createtable(L, 0, 1)
  x.lua_pushcclosure(L, absent, 0)
  x.lua_setfield(L, -2, vm.cstring('__index'))
  x.lua_setmetatable(L, -2)
}
const cut = (b: string): string => {
  const nul = b.indexOf('\0')
  return nul === -1 ? b : b.slice(0, nul)
}

/** luaSetTableProtectionRecursively: the table on top of the stack, its metatable and every table in it. */
export function protectTable(vm: LuaVm, L: number): void {
  const x = vm.x
  if (vm.isReadonly(L, -1)) return
  vm.setReadonly(L, -1, true)
  x.luaL_checkstack(L, 2, 0)
  if (x.lua_getmetatable(L, -1) !== 0) {
    if (x.lua_type(L, -1) === T_TABLE) protectTable(vm, L)
    x.lua_settop(L, -2)
  }
  x.lua_pushnil(L)
  while (x.lua_next(L, -2) !== 0) {
    if (x.lua_type(L, -1) === T_TABLE) protectTable(vm, L)
    x.lua_settop(L, -2)
  }
}
/** The metatable that all strings share. */
export function protectStrings(vm: LuaVm, L: number): void {
  vm.pushString(L, '')
  if (vm.x.lua_getmetatable(L, -1) !== 0) {
    protectTable(vm, L)
    vm.x.lua_settop(L, -2)
  }
  vm.x.lua_settop(L, -2)
}

/**
 * The error handler of a script: an error that is not a table becomes {err = 'ERR ' .. text}, and the place where it was
 * raised is noted (that of the caller, when a C function raised it). Table index for lua_pushcclosure.
 */
export function errorHandler(vm: LuaVm): number {
  const x = vm.x
  const ar = x.malloc(128) as number
  const place = (L: number): boolean => {
    for (const level of [1, 2]) {
      if (x.lua_getstack(L, level, ar) === 0) return false
      x.lua_getinfo(L, vm.cstring('nSl'), ar)
      if (level === 2 || !isC(vm, ar)) return true
    }
    return false
  }
  return vm.addFunctions([
    (L) => {
      const found = place(L)
      if (vm.type(L, 1) !== T_TABLE) {
        const text = `ERR ${plainText(vm, L)}`
        x.lua_settop(L, 0)
        x.lua_createtable(L, 0, 3)
        vm.pushString(L, text)
        x.lua_setfield(L, 1, vm.cstring('err'))
      }
      if (found) {
        x.lua_pushstring(L, vm.i32[(ar >> 2) + 4])
        x.lua_setfield(L, 1, vm.cstring('source'))
        x.lua_pushnumber(L, vm.i32[(ar >> 2) + 5])
        x.lua_setfield(L, 1, vm.cstring('line'))
      }
      x.lua_settop(L, 1)
      return 1
    },
  ])[0] as number
}
/** ar->what is "C". */
function isC(vm: LuaVm, ar: number): boolean {
  const p = vm.i32[(ar >> 2) + 3] as number
  return vm.u8[p] === 67 && vm.u8[p + 1] === 0
}
/** tostring(err) */
function plainText(vm: LuaVm, L: number): string {
  const x = vm.x
  const text = vm.toBytes(L, 1)
  if (text !== null) return text
  switch (vm.type(L, 1)) {
    case 0:
      return 'nil'
    case 1:
      return x.lua_toboolean(L, 1) !== 0 ? 'true' : 'false'
    default: {
      let name = ''
      for (let p = x.lua_typename(L, vm.type(L, 1)) as number; vm.u8[p] !== 0; p++)
        name += String.fromCharCode(vm.u8[p] as number)
      return `${name}: 0x${(x.lua_topointer(L, 1) >>> 0).toString(16).padStart(12, '0')}`
    }
  }
}
