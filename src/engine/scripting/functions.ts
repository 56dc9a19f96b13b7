/**
 * Libraries of functions: Lua code that registers functions once, at FUNCTION LOAD, and that is data like keys are (it is
 * saved, replicated, dumped). They live in a Lua state of their own. While a library is loaded, the only global is a `redis`
 * that can register and log; afterwards functions see what scripts see, less KEYS and ARGV.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { splitArgs } from '../bytes/quote.ts'
import { RdbError } from '../persistence/rdb-format.ts'
import { RedisError, type Reply } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import { errorInformation, pushError } from './convert.ts'
import { LUA_GLOBALSINDEX, LUA_REGISTRYINDEX, type LuaVm, T_FUNCTION, T_STRING, T_TABLE } from './lua-vm.ts'
import { registerRedisTable, libraryApi } from './redis-api.ts'
import { FLAG_NAMES, prepareRun } from './run.ts'
import { errorHandler, protectGlobals, protectTable, setErrorMetatable, setLibrary } from './sandbox.ts'
import { type LuaState, openScriptLibraries, pushArguments, type Scripting } from './scripting.ts'

const LOAD_TIMEOUT_MICROS = 500_000
const BAD_NAME =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long'

export interface LuaFunctionInfo {
  readonly name: Bytes
  readonly description: Bytes | null
  readonly flags: number
  readonly ref: number
  readonly library: FunctionLibrary
}
export interface FunctionLibrary {
  readonly name: Bytes
  readonly code: Bytes
  readonly functions: Map<Bytes, LuaFunctionInfo>
}
export type Libraries = Map<Bytes, FunctionLibrary>
const validName = (name: Bytes): boolean => /^[A-Za-z0-9_]+$/.test(name)

export class Functions {
  libraries: Libraries = new Map()
  byName = new Map<Bytes, LuaFunctionInfo>()
  /** The library being loaded, and since when. */
  loading: { readonly library: FunctionLibrary; readonly startMicros: number } | null = null
  private readonly s: Scripting
  private readonly server: Server
  private state: LuaState | null = null

  constructor(s: Scripting) {
    this.s = s
    this.server = s.server
  }
  private engine(): LuaState {
    if (this.state === null) {
      const { vm } = this.s
      const { x } = vm
      const L = vm.newState()
      openScriptLibraries(this.s, vm, L)
      registerRedisTable(this.s, vm, L, false)
      // What a library sees while it is loaded.
      x.lua_createtable(L, 0, 1)
      x.lua_createtable(L, 0, 8)
      setLibrary(vm, L, null, {
        ...libraryApi(this.s, vm),
        register_function: (l) => this.register(vm, l),
      })
      setErrorMetatable(vm, L)
      x.lua_setfield(L, -2, vm.cstring('redis'))
      setErrorMetatable(vm, L)
      protectTable(vm, L)
      x.lua_setfield(L, LUA_REGISTRYINDEX, vm.cstring('__LIBRARY_API__'))
      protectGlobals(vm, L)
      x.lua_pushvalue(L, LUA_GLOBALSINDEX)
      protectTable(vm, L)
      x.lua_setfield(L, LUA_REGISTRYINDEX, vm.cstring('__GLOBALS_API__'))
      // A new and empty global table in front of all that.
      x.lua_createtable(L, 0, 0)
      x.lua_createtable(L, 0, 1)
      x.lua_pushvalue(L, LUA_GLOBALSINDEX)
      x.lua_setfield(L, -2, vm.cstring('__index'))
      vm.setReadonly(L, -1, true)
      x.lua_setmetatable(L, -2)
      vm.setReadonly(L, -1, true)
      x.lua_replace(L, LUA_GLOBALSINDEX)
      x.lua_settop(L, 0)
      this.state = { L, handler: errorHandler(vm) }
    }
    return this.state
  }
  /** FUNCTION STATS, INFO. */
  get functionCount(): number {
    return this.byName.size
  }
  get memoryState(): number | null {
    return this.state?.L ?? null
  }

  // Loading -----------------------------------------------------------------------------------------------------------
  /** functionsCreateWithLibraryCtx: the name of the library, or an error is thrown. */
  load(code: Bytes, replace: boolean, into: Libraries = this.libraries): Bytes {
    const { engine, name, body } = metadata(code)
    if (!validName(name)) throw new RedisError(`ERR ${BAD_NAME}`)
    if (engine.toLowerCase() !== 'lua') throw new RedisError(`ERR Engine '${engine}' not found`)
    const old = into.get(name)
    if (old !== undefined && !replace) throw new RedisError(`ERR Library '${name}' already exists`)
    const library: FunctionLibrary = { name, code, functions: new Map() }
    this.run(library, body)
    if (library.functions.size === 0) throw new RedisError('ERR No functions registered')
    for (const other of into.values())
      if (other !== old)
        for (const f of library.functions.keys())
          if (other.functions.has(f)) throw new RedisError(`ERR Function ${f} already exists`)
    into.delete(name)
    into.set(name, library)
    if (into === this.libraries) this.index()
    return name
  }
  /** Compile and run the code, so that it registers its functions. */
  private run(library: FunctionLibrary, body: Bytes): void {
    const { L } = this.engine()
    const { vm } = this.s
    const { x } = vm
    const ref = this.s.compile(L, body, '@user_function', 'ERR Error compiling function: ')
    this.useGlobals(L, '__LIBRARY_API__')
    this.loading = { library, startMicros: this.server.host.now }
    vm.setHook(L, true)
    x.lua_rawgeti(L, LUA_REGISTRYINDEX, ref)
    const status = x.lua_pcall(L, 0, 0, 0) as number
    let error: Bytes | null = null
    if (status !== 0) error = errorInformation(vm, L).message
    vm.setHook(L, false)
    x.lua_settop(L, 0)
    x.luaL_unref(L, LUA_REGISTRYINDEX, ref)
    this.loading = null
    this.useGlobals(L, '__GLOBALS_API__')
    if (error !== null) throw new RedisError(`ERR Error registering functions: ${error}`)
  }
  private useGlobals(L: number, name: string): void {
    const { vm } = this.s
    const { x } = vm
    x.lua_getmetatable(L, LUA_GLOBALSINDEX)
    vm.setReadonly(L, -1, false)
    x.lua_getfield(L, LUA_REGISTRYINDEX, vm.cstring(name))
    x.lua_setfield(L, -2, vm.cstring('__index'))
    vm.setReadonly(L, -1, true)
    x.lua_settop(L, 0)
  }
  /** A library that runs for too long while it is loaded. */
  checkLoadTime(vm: LuaVm, L: number): void {
    if (this.loading === null || this.server.host.now - this.loading.startMicros < LOAD_TIMEOUT_MICROS) return
    vm.hookEveryLine(L)
    pushError(vm, L, 'FUNCTION LOAD timeout')
    vm.x.lua_error(L)
  }
  private index(): void {
    this.byName = new Map()
    for (const library of this.libraries.values())
      for (const f of library.functions.values()) this.byName.set(f.name, f)
  }

  /** redis.register_function */
  private register(vm: LuaVm, L: number): number {
    const { x } = vm
    const fail = (text: string): never => {
      pushError(vm, L, text)
      return x.lua_error(L) as never
    }
    const loading = this.loading
    if (loading === null) return fail('redis.register_function can only be called on FUNCTION LOAD command')
    const n = vm.top(L)
    if (n < 1 || n > 2) return fail('wrong number of arguments to redis.register_function')
    const args = n === 1 ? this.named(vm, L, fail) : this.positional(vm, L, fail)
    if (!validName(args.name)) return fail(BAD_NAME)
    const { functions } = loading.library
    if (functions.has(args.name)) return fail('Function already exists in the library')
    functions.set(args.name, { ...args, library: loading.library })
    return 0
  }
  private positional(vm: LuaVm, L: number, fail: (text: string) => never) {
    if (vm.x.lua_isstring(L, 1) === 0) return fail('first argument to redis.register_function must be a string')
    if (vm.type(L, 2) !== T_FUNCTION) return fail('second argument to redis.register_function must be a function')
    const name = vm.toBytes(L, 1) as Bytes
    return { name, description: null, flags: 0, ref: vm.x.luaL_ref(L, LUA_REGISTRYINDEX) as number }
  }
  private named(vm: LuaVm, L: number, fail: (text: string) => never) {
    const { x } = vm
    if (vm.type(L, 1) !== T_TABLE)
      return fail(
        'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).',
      )
    let name: Bytes | null = null
    let description: Bytes | null = null
    let flags = 0
    let ref: number | null = null
    x.lua_pushnil(L)
    while (x.lua_next(L, -2) !== 0) {
      if (x.lua_isstring(L, -2) === 0)
        return fail('named argument key given to redis.register_function is not a string')
      const isString = x.lua_isstring(L, -1) !== 0
      const key = x.lua_type(L, -2) === T_STRING ? (vm.toBytes(L, -2) as Bytes).toLowerCase() : ''
      switch (key) {
        case 'function_name':
          if (!isString) return fail('function_name argument given to redis.register_function must be a string')
          name = text(vm, L)
          break
        case 'description':
          if (!isString) return fail('description argument given to redis.register_function must be a string')
          description = text(vm, L)
          break
        case 'callback':
          if (x.lua_type(L, -1) !== T_FUNCTION)
            return fail('callback argument given to redis.register_function must be a function')
          ref = x.luaL_ref(L, LUA_REGISTRYINDEX) as number
          continue
        case 'flags':
          if (x.lua_type(L, -1) !== T_TABLE)
            return fail('flags argument to redis.register_function must be a table representing function flags')
          flags = this.flags(vm, L, fail)
          break
        default:
          return fail('unknown argument given to redis.register_function')
      }
      x.lua_settop(L, -2)
    }
    if (name === null) return fail('redis.register_function must get a function name argument')
    if (ref === null) return fail('redis.register_function must get a callback argument')
    return { name, description, flags, ref }
  }
  private flags(vm: LuaVm, L: number, fail: (text: string) => never): number {
    let flags = 0
    for (let i = 1; ; i++) {
      vm.x.lua_rawgeti(L, -1, i)
      const type = vm.x.lua_type(L, -1) as number
      const text = type === T_STRING ? vm.toBytes(L, -1) : null
      vm.x.lua_settop(L, -2)
      if (type === 0) return flags
      const known = FLAG_NAMES.find(([name]) => name === text)
      if (known === undefined) return fail('unknown flag given')
      flags |= known[1]
    }
  }

  // Calling -----------------------------------------------------------------------------------------------------------
  call(caller: Client, argv: readonly Bytes[], numkeys: number, f: LuaFunctionInfo, ro: boolean): Reply {
    const state = this.engine()
    const run = prepareRun(this.server, this.s.scriptClient(), caller, f.name, f.flags, ro, argv)
    const { vm } = this.s
    const { L } = state
    vm.x.lua_pushcclosure(L, state.handler, 0)
    vm.x.lua_rawgeti(L, LUA_REGISTRYINDEX, f.ref)
    pushArguments(vm, L, argv, 3, 3 + numkeys)
    pushArguments(vm, L, argv, 3 + numkeys, argv.length)
    return this.s.start(state, run, 2)
  }

  /** The Lua machine is a new one. */
  reload(): void {
    const codes = this.codes()
    this.flush()
    if (codes.length > 0) this.restore(codes, 'flush')
  }
  codes(): Bytes[] {
    return [...this.libraries.values()].map((l) => l.code)
  }
  /** What an RDB file holds, in place of what there was. */
  replaceAll(codes: readonly Bytes[]): void {
    if (codes.length === 0 && this.libraries.size === 0) return
    const before = this.libraries
    try {
      this.restore(codes, 'flush')
    } catch (e) {
      this.libraries = before
      this.index()
      throw e instanceof RedisError ? new RdbError(e.line) : e
    }
  }

  // Data --------------------------------------------------------------------------------------------------------------
  delete(name: Bytes): boolean {
    if (!this.libraries.delete(name)) return false
    this.index()
    return true
  }
  /** FUNCTION FLUSH, and a replica before it takes its master's data. */
  flush(): void {
    this.libraries = new Map()
    this.byName = new Map()
    this.state = null
  }
  /** FUNCTION RESTORE: `codes` in place of or beside what there is; throws before anything is changed. */
  restore(codes: readonly Bytes[], policy: 'flush' | 'append' | 'replace'): void {
    const fresh: Libraries = new Map()
    for (const code of codes) this.load(code, false, fresh)
    if (policy !== 'flush') {
      const merged: Libraries = new Map(this.libraries)
      for (const name of fresh.keys()) {
        if (!merged.delete(name)) continue
        if (policy === 'append') throw new RedisError(`ERR Library ${name} already exists`)
      }
      for (const library of fresh.values())
        for (const f of library.functions.keys())
          for (const other of merged.values())
            if (other.functions.has(f)) throw new RedisError(`ERR Function ${f} already exists`)
      for (const [name, library] of fresh) merged.set(name, library)
      this.libraries = merged
    } else this.libraries = fresh
    this.index()
  }
}

/** A string or number on top of the stack; it stays what it is. */
function text(vm: LuaVm, L: number): Bytes {
  vm.x.lua_pushvalue(L, -1)
  const b = vm.toBytes(L, -1) as Bytes
  vm.x.lua_settop(L, -2)
  return b
}

/** The line "#!lua name=mylib". */
function metadata(code: Bytes): { engine: Bytes; name: Bytes; body: Bytes } {
  if (!code.startsWith('#!')) throw new RedisError('ERR Missing library metadata')
  const end = code.indexOf('\n')
  if (end === -1) throw new RedisError('ERR Invalid library metadata')
  const parts = splitArgs(code.slice(0, end))
  if (parts === null || parts.length === 0) throw new RedisError('ERR Invalid library metadata')
  let name: Bytes | null = null
  for (const part of parts.slice(1)) {
    if (part.slice(0, 5).toLowerCase() !== 'name=') throw new RedisError(`ERR Invalid metadata value given: ${part}`)
    if (name !== null) throw new RedisError('ERR Invalid metadata value, name argument was given multiple times')
    name = part.slice(5)
  }
  if (name === null) throw new RedisError('ERR Library name was not given')
  return { engine: (parts[0] as Bytes).slice(2), name, body: code.slice(end) }
}
