/**
 * Values between Redis and Lua. A reply becomes a Lua value the way 7.0 does it in the script's own RESP version (a nil is
 * `false` in RESP2 and `nil` in RESP3, a status is {ok=...}, an error {err=...}, a map {map={...}}); what a script returns
 * becomes a reply: numbers lose their fraction, a table is an array up to its first nil unless one of the keys err, ok,
 * double, map, set, big_number, verbatim_string says otherwise.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { formatDouble } from '../bytes/numbers.ts'
import { ReplyParser } from '../protocol/reply-parser.ts'
import type { Reply, Tagged } from '../protocol/reply.ts'
import { type LuaVm, T_BOOLEAN, T_NUMBER, T_STRING, T_TABLE } from './lua-vm.ts'

export function pushReply(vm: LuaVm, L: number, r: Reply, resp: 2 | 3): void {
  const x = vm.x
  if (typeof r === 'string') vm.pushString(L, r)
  else if (typeof r === 'number') x.lua_pushnumber(L, r)
  else if (r === null) pushNull(vm, L, resp)
  else if (typeof r === 'bigint') x.lua_pushnumber(L, Number(r))
  else if (Array.isArray(r)) pushArray(vm, L, r, resp)
  else pushTagged(vm, L, r as Tagged, resp)
}
function pushNull(vm: LuaVm, L: number, resp: 2 | 3): void {
  if (resp === 3) vm.x.lua_pushnil(L)
  else vm.x.lua_pushboolean(L, 0)
}
function pushArray(vm: LuaVm, L: number, items: readonly Reply[], resp: 2 | 3): void {
  const x = vm.x
  x.luaL_checkstack(L, 4, vm.cstring('reply nested too deeply'))
  x.lua_createtable(L, items.length, 0)
  for (let i = 0; i < items.length; i++) {
    pushReply(vm, L, items[i] as Reply, resp)
    x.lua_rawseti(L, -2, i + 1)
  }
}
/** A table with one field, whose value is pushed by `value`. */
function wrap(vm: LuaVm, L: number, field: string, value: () => void): void {
  vm.x.luaL_checkstack(L, 8, vm.cstring('reply nested too deeply'))
  vm.x.lua_createtable(L, 0, 1)
  value()
  vm.x.lua_setfield(L, -2, vm.cstring(field))
}
function pushTagged(vm: LuaVm, L: number, r: Tagged, resp: 2 | 3): void {
  const x = vm.x
  switch (r.t) {
    case 'status':
      x.luaL_checkstack(L, 8, 0)
      x.lua_createtable(L, 0, 1)
      vm.pushString(L, r.text)
      return x.lua_setfield(L, -2, vm.okName)
    case 'error':
      return pushCommandError(vm, L, r.text)
    case 'nullArray':
      return pushNull(vm, L, resp)
    case 'double':
      if (resp === 2) return vm.pushString(L, doubleText(r.value))
      return wrap(vm, L, 'double', () => x.lua_pushnumber(L, r.value))
    case 'bool':
      if (resp === 2) return x.lua_pushnumber(L, r.value ? 1 : 0)
      return x.lua_pushboolean(L, r.value ? 1 : 0)
    case 'map':
      if (resp === 2) return pushArray(vm, L, r.pairs, resp)
      return wrap(vm, L, 'map', () => pushMap(vm, L, r.pairs))
    case 'set':
      if (resp === 2) return pushArray(vm, L, r.items, resp)
      return wrap(vm, L, 'set', () => pushSet(vm, L, r.items))
    case 'verbatim':
      if (resp === 2) return vm.pushString(L, r.text)
      return wrap(vm, L, 'verbatim_string', () => {
        x.lua_createtable(L, 0, 2)
        vm.pushString(L, r.text)
        x.lua_setfield(L, -2, vm.cstring('string'))
        vm.pushString(L, r.format)
        x.lua_setfield(L, -2, vm.cstring('format'))
      })
    case 'bigNumber':
      if (resp === 2) return vm.pushString(L, r.text)
      return wrap(vm, L, 'big_number', () => vm.pushString(L, r.text))
    case 'push':
      return pushArray(vm, L, r.items, resp)
    case 'raw': {
      const parser = new ReplyParser()
      parser.feed(r.bytes)
      const value = parser.next()
      return pushReply(vm, L, value === undefined ? null : value, resp)
    }
    default:
      return pushNull(vm, L, resp)
  }
}
const doubleText = (d: number): Bytes =>
  d === Infinity ? 'inf' : d === -Infinity ? '-inf' : Number.isNaN(d) ? 'nan' : formatDouble(d)

function pushMap(vm: LuaVm, L: number, pairs: readonly Reply[]): void {
  const x = vm.x
  x.lua_createtable(L, 0, pairs.length >> 1)
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    pushReply(vm, L, pairs[i] as Reply, 3)
    pushReply(vm, L, pairs[i + 1] as Reply, 3)
    x.lua_settable(L, -3)
  }
}
function pushSet(vm: LuaVm, L: number, items: readonly Reply[]): void {
  const x = vm.x
  x.lua_createtable(L, 0, items.length)
  for (const item of items) {
    pushReply(vm, L, item, 3)
    x.lua_pushboolean(L, 1)
    x.lua_settable(L, -3)
  }
}

/** luaPushError: "-CODE message" keeps its code, anything else gets ERR. */
export function pushError(vm: LuaVm, L: number, text: Bytes): void {
  let line = text
  if (text.startsWith('-')) {
    const space = text.indexOf(' ')
    line = space === -1 ? `ERR ${text.slice(1)}` : text.slice(1)
  } else line = `ERR ${text}`
  vm.x.lua_createtable(L, 0, 1)
  vm.pushString(L, line.replace(/[\r\n]+$/, ''))
  vm.x.lua_setfield(L, -2, vm.cstring('err'))
}
/** The error of a command that was run: its statistics are counted already. */
export function pushCommandError(vm: LuaVm, L: number, text: Bytes): void {
  pushError(vm, L, `-${text}`)
  vm.x.lua_pushboolean(L, 1)
  vm.x.lua_setfield(L, -2, vm.cstring('ignore_error_stats_update'))
}

/** C strings end at the first NUL. */
export const cText = (b: Bytes): Bytes => {
  const nul = b.indexOf('\0')
  return nul === -1 ? b : b.slice(0, nul)
}

/** (long long) of a double, as x86-64 converts. */
export function toLongLong(n: number): number | bigint {
  if (!(n < 9223372036854775808 && n >= -9223372036854775808)) return -9223372036854775808n
  const t = Math.trunc(n)
  return Number.isSafeInteger(t) ? t : BigInt(t)
}

/** luaReplyToRedisReply: the value on top of the stack as a reply; it is consumed. */
export function popReply(vm: LuaVm, L: number, scriptResp: 2 | 3): Reply {
  const x = vm.x
  if (x.lua_checkstack(L, 4) === 0) {
    x.lua_settop(L, -2)
    return { t: 'error', text: 'ERR reached lua stack limit' }
  }
  let reply: Reply = null
  switch (x.lua_type(L, -1)) {
    case T_STRING:
      reply = vm.toBytes(L, -1)
      break
    case T_NUMBER:
      reply = toLongLong(x.lua_tonumber(L, -1))
      break
    case T_BOOLEAN: {
      const value = x.lua_toboolean(L, -1) !== 0
      reply = scriptResp < 3 ? (value ? 1 : null) : { t: 'bool', value }
      break
    }
    case T_TABLE:
      reply = tableReply(vm, L, scriptResp)
  }
  x.lua_settop(L, -2)
  return reply
}
/** Pushes t[field] without metamethods; its type. */
function rawField(vm: LuaVm, L: number, field: string): number {
  vm.pushString(L, field)
  vm.x.lua_rawget(L, -2)
  return vm.x.lua_type(L, -1)
}
const flat = (b: Bytes): Bytes => b.replace(/[\r\n]/g, ' ')

function tableReply(vm: LuaVm, L: number, resp: 2 | 3): Reply {
  const x = vm.x
  const field = (name: string, type: number): boolean => {
    if (rawField(vm, L, name) === type) return true
    x.lua_settop(L, -2)
    return false
  }
  const take = <T>(value: T): T => {
    x.lua_settop(L, -2)
    return value
  }
  if (field('err', T_STRING)) {
    x.lua_settop(L, -2)
    return { t: 'error', text: errorInformation(vm, L).message }
  }
  if (field('ok', T_STRING)) return take({ t: 'status', text: flat(cText(vm.toBytes(L, -1) as Bytes)) })
  if (field('double', T_NUMBER)) return take({ t: 'double', value: x.lua_tonumber(L, -1) as number })
  if (field('map', T_TABLE)) {
    const pairs: Reply[] = []
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      x.lua_pushvalue(L, -2)
      pairs.push(popReply(vm, L, resp))
      pairs.push(popReply(vm, L, resp))
    }
    return take({ t: 'map', pairs })
  }
  if (field('set', T_TABLE)) {
    const items: Reply[] = []
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      x.lua_settop(L, -2)
      x.lua_pushvalue(L, -1)
      items.push(popReply(vm, L, resp))
    }
    return take({ t: 'set', items })
  }
  if (field('big_number', T_STRING)) return take({ t: 'bigNumber', text: flat(vm.toBytes(L, -1) as Bytes) })
  if (field('verbatim_string', T_TABLE)) {
    if (field('format', T_STRING)) {
      const format = vm.toBytes(L, -1) as Bytes
      if (field2(vm, L, 'string', -2)) {
        const text = vm.toBytes(L, -1) as Bytes
        x.lua_settop(L, -4)
        return { t: 'verbatim', format: format.slice(0, 3).padEnd(3, ' ') as 'txt', text }
      }
      x.lua_settop(L, -3)
    }
    x.lua_settop(L, -2)
  }
  const items: Reply[] = []
  for (let i = 1; ; i++) {
    x.lua_rawgeti(L, -1, i)
    if (x.lua_type(L, -1) === 0) {
      x.lua_settop(L, -2)
      return items
    }
    items.push(popReply(vm, L, resp))
  }
}
function field2(vm: LuaVm, L: number, name: string, table: number): boolean {
  vm.pushString(L, name)
  vm.x.lua_rawget(L, table - 1)
  return vm.x.lua_type(L, -1) === T_STRING
}

/** The value on top of the stack is the error of a command, which was counted when the command failed. */
export function isCountedError(vm: LuaVm, L: number): boolean {
  const x = vm.x
  if (x.lua_type(L, -1) !== T_TABLE) return false
  const isError = rawField(vm, L, 'err') === T_STRING
  const counted = isError && (x.lua_settop(L, -2), rawField(vm, L, 'ignore_error_stats_update')) === T_BOOLEAN
  const value = counted && x.lua_toboolean(L, -1) !== 0
  x.lua_settop(L, -2)
  return value
}

/** luaExtractErrorInformation: of the error on top of the stack (it stays there). */
export function errorInformation(
  vm: LuaVm,
  L: number,
): { message: Bytes; source: Bytes | null; line: Bytes | null; counted: boolean } {
  const x = vm.x
  const type = x.lua_type(L, -1)
  if (type === T_STRING || type === T_NUMBER)
    return { message: `ERR ${cText(vm.toBytes(L, -1) ?? '')}`, source: null, line: null, counted: false }
  const text = (field: string): Bytes | null => {
    rawField(vm, L, field)
    const b = vm.toBytes(L, -1)
    x.lua_settop(L, -2)
    return b === null ? null : cText(b)
  }
  rawField(vm, L, 'ignore_error_stats_update')
  const counted = x.lua_toboolean(L, -1) !== 0
  x.lua_settop(L, -2)
  return { message: text('err') ?? 'ERR unknown error', source: text('source'), line: text('line'), counted }
}
