/**
 * One Lua 5.1 machine: an instance of lua51.wasm, its memory, and the JavaScript functions that Lua code can call.
 *
 * Lua's own error handling is setjmp/longjmp; here a longjmp is a JavaScript exception that passes through the
 * WebAssembly frames up to `invoke_vii`. A call can also be *put aside*: inside the count hook (every HOOK_COUNT
 * instructions) or the budget of the C string functions, `pause()` unwinds the whole stack into a buffer, `call` returns
 * SUSPENDED, and `resume()` takes it up where it was, through pcall, metamethods, sort and coroutines alike. A function of
 * ours that can't answer yet puts its caller aside in the same way (`waitFor`).
 *
 * Values are passed on the Lua stack; arguments are read straight from memory (layouts of lua_State, TValue, TString).
 */
import { type Bytes, fromUint8, writeBytes } from '../bytes/bytes.ts'
import { luaModule, type WasmMemory, type WasmTable, wasm } from './lua-module.ts'

export const LUA_REGISTRYINDEX = -10000
export const LUA_GLOBALSINDEX = -10002
export const upvalueIndex = (i: number): number => LUA_GLOBALSINDEX - i
export const T_NONE = -1
export const T_NIL = 0
export const T_BOOLEAN = 1
export const T_LIGHTUSERDATA = 2
export const T_NUMBER = 3
export const T_STRING = 4
export const T_TABLE = 5
export const T_FUNCTION = 6
export const TYPE_NAMES = ['nil', 'boolean', 'userdata', 'number', 'string', 'table', 'function', 'userdata', 'thread']

/** Instructions between two calls of the hook, as in redis-server. */
export const HOOK_COUNT = 100_000
/** Steps of the C string functions between two calls of the budget. */
const FUEL = 50_000
/** A script's memory may grow to this; then Lua says "not enough memory". */
const MAX_MEMORY = 256 * 1024 * 1024
const STACK_BUFFER = 1 << 20

export const SUSPENDED = -1

/** The WebAssembly exports that are used; all numbers are int32 or doubles. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is given by the binary
export type LuaExports = Record<string, any> & {
  readonly fuel: { value: number }
  readonly handling: { value: number }
}

export type LuaFunction = (L: number) => number

/** Thrown by library functions: becomes a Lua error with the position of the caller in front. */
export class LuaError extends Error {
  readonly bytes: Bytes
  readonly position: boolean
  constructor(bytes: Bytes, position = true) {
    super(bytes)
    this.bytes = bytes
    this.position = position
  }
}

const LONGJMP = { longjmp: true }

export class LuaVm {
  readonly x: LuaExports
  u8!: Uint8Array
  i32!: Int32Array
  f64!: Float64Array
  /** Called by the hook and the budget, and again (`resumed`) when a call that was put aside there goes on. */
  onTick: (L: number, resumed: boolean) => void = () => {}
  suspended = false
  /** "ok" */
  readonly okName: number
  private readonly memory: WasmMemory
  private readonly table: WasmTable
  private readonly strings = new Map<string, number>()
  private readonly scratch: number
  private readonly scratchSize = 65536
  private readonly asideBuffer: number
  private panic = ''
  private unwinding = false
  private rewinding = false
  private readonly hookIndex: number
  private pending: (() => number) | null = null

  constructor() {
    this.memory = new wasm.Memory({ initial: 256, maximum: 32768 })
    this.x = new wasm.Instance(luaModule(), this.imports()).exports as LuaExports
    this.table = this.x.__indirect_function_table as WasmTable
    this.refresh()
    const x = this.x
    x.emscripten_stack_init()
    x.__wasm_call_ctors()
    this.scratch = x.malloc(this.scratchSize)
    this.asideBuffer = x.malloc(STACK_BUFFER)
    this.okName = this.cstring('ok')
    this.hookIndex = this.addHook()
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength
  }
  /** Bytes that Lua's collector counts (INFO used_memory_vm_eval). */
  gcBytes(L: number): number {
    return this.x.lua_gc(L, 3, 0) * 1024 + this.x.lua_gc(L, 4, 0)
  }
  newState(): number {
    return this.x.luaL_newstate()
  }

  private refresh(): void {
    const buffer = this.memory.buffer
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.f64 = new Float64Array(buffer)
  }
  private imports(): Record<string, Record<string, unknown>> {
    const absent = (name: string) => () => {
      throw new Error(`Lua asked the operating system for ${name}`)
    }
    const env: Record<string, unknown> = {
      memory: this.memory,
      invoke_vii: (index: number, a: number, b: number) => {
        const x = this.x
        const sp = x.stackSave()
        try {
          this.table.get(index)(a, b)
        } catch (e) {
          x.stackRestore(sp)
          if (e !== LONGJMP) throw e
          x.setThrew(1, 0)
        }
      },
      _emscripten_throw_longjmp: () => {
        throw LONGJMP
      },
      emscripten_memcpy_js: (to: number, from: number, n: number) => {
        this.u8.copyWithin(to, from, from + n)
      },
      emscripten_resize_heap: (size: number) => this.growTo(size >>> 0),
      budget: (L: number) => {
        this.x.fuel.value = FUEL
        this.tick(L)
      },
      readonly: (L: number) => {
        this.x.luaL_where(L, 0)
        this.pushString(L, 'Attempt to modify a readonly table')
        this.x.lua_concat(L, 2)
        this.x.lua_error(L)
      },
      // pcall caught something: a table with a text becomes the text.
      caught: (L: number) => {
        if (this.x.lua_type(L, -1) !== T_TABLE) return
        this.pushString(L, 'err')
        this.x.lua_rawget(L, -2)
        if (this.x.lua_isstring(L, -1) !== 0) this.x.lua_replace(L, -2)
      },
      emscripten_date_now: () => 0,
      _emscripten_get_now_is_monotonic: () => 1,
      _tzset_js: () => {},
    }
    env.exit = () => {
      throw new Error(this.panic)
    }
    for (const name of ['strftime', '_emscripten_system', '_mktime_js', '_localtime_js', '_gmtime_js'])
      env[name] = absent(name)
    for (const name of ['openat', 'fcntl64', 'ioctl', 'dup3', 'unlinkat', 'rmdir', 'renameat', 'readlinkat'])
      env[`__syscall_${name}`] = absent(name)
    const wasi = {
      // Only Lua's own panic writes: an error outside of every pcall, which is our fault.
      fd_write: (_fd: number, vectors: number, count: number, written: number) => {
        let total = 0
        for (let i = 0; i < count; i++) {
          const at = this.i32[(vectors >> 2) + 2 * i] as number
          const n = this.i32[(vectors >> 2) + 2 * i + 1] as number
          this.panic += fromUint8(this.u8, at, at + n)
          total += n
        }
        this.i32[written >> 2] = total
        return 0
      },
      fd_read: absent('fd_read'),
      fd_close: absent('fd_close'),
      fd_seek: absent('fd_seek'),
      environ_get: () => 0,
      environ_sizes_get: (a: number, b: number) => {
        this.i32[a >> 2] = 0
        this.i32[b >> 2] = 0
        return 0
      },
    }
    return { env, wasi_snapshot_preview1: wasi }
  }
  private growTo(size: number): number {
    if (size > MAX_MEMORY) return 0
    try {
      this.memory.grow((size - this.u8.length + 65535) >>> 16)
    } catch {
      return 0
    }
    this.refresh()
    return 1
  }
  // Functions ---------------------------------------------------------------------------------------------------------
  /** JavaScript functions as C functions: table indices for lua_pushcclosure. */
  addFunctions(list: readonly LuaFunction[]): number[] {
    const wrapped = list.map((f) => this.guarded(f))
    return this.install(wrapped, 1, true)
  }
  private install(list: readonly ((...a: number[]) => number | void)[], params: number, result: boolean): number[] {
    const made = trampolines(list, params, result)
    const base = this.table.grow(list.length)
    return made.map((f, i) => {
      this.table.set(base + i, f)
      return base + i
    })
  }
  private guarded(f: LuaFunction): LuaFunction {
    return (L) => {
      try {
        return this.aside !== null && this.rewinding ? this.goOn() : f(L)
      } catch (e) {
        if (!(e instanceof LuaError)) throw e
        return this.raise(L, e.bytes, e.position)
      }
    }
  }
  raise(L: number, message: Bytes, position = true): number {
    if (position) {
      this.x.luaL_where(L, 1)
      this.pushString(L, message)
      this.x.lua_concat(L, 2)
    } else this.pushString(L, message)
    return this.x.lua_error(L)
  }
  private addHook(): number {
    const hook = (L: number): void => this.tick(L)
    return this.install([hook], 2, false)[0] as number
  }
  setHook(L: number, on: boolean): void {
    this.x.fuel.value = FUEL
    this.x.lua_sethook(L, on ? this.hookIndex : 0, on ? 8 : 0, on ? HOOK_COUNT : 0)
  }
  /** From now on the hook is called at every line: an error raised there can't be outrun by pcall. */
  hookEveryLine(L: number): void {
    this.x.lua_sethook(L, this.hookIndex, 4, 0)
  }
  /** Instructions since the last hook. */
  sinceHook(L: number): number {
    return HOOK_COUNT - (this.i32[(L + 64) >> 2] as number)
  }

  // Calls that can be put aside ----------------------------------------------------------------------------------------
  /** lua_pcall: its status, or SUSPENDED. */
  call(L: number, nargs: number, nresults: number, errfunc: number): number {
    const x = this.x
    this.pending = () => x.lua_pcall(L, nargs, nresults, errfunc)
    return this.run(this.pending)
  }
  resume(): number {
    this.suspended = false
    this.rewinding = true
    this.x.asyncify_start_rewind(this.asideBuffer)
    return this.run(this.pending as () => number)
  }
  private run(f: () => number): number {
    const status = f()
    if (!this.unwinding) {
      this.pending = null
      return status
    }
    this.unwinding = false
    this.x.asyncify_stop_unwind()
    this.suspended = true
    return SUSPENDED
  }
  /** Put the running call aside; only from onTick. False when it stands in a place where it can't be. */
  pause(): boolean {
    if (this.x.handling.value !== 0) return false
    const at = this.asideBuffer
    this.i32[at >> 2] = at + 8
    this.i32[(at >> 2) + 1] = at + STACK_BUFFER
    this.x.asyncify_start_unwind(at)
    this.unwinding = true
    return true
  }
  /** Whether the running function may be put aside here. */
  get mayWait(): boolean {
    return this.x.handling.value === 0
  }
  /** From a function that Lua called, in its last line: put the call aside; after `resume`, `then` gives the results. */
  waitFor(then: () => number): number {
    this.aside = then
    this.pause()
    return 0
  }
  private aside: (() => number) | null = null
  /** The function that waited is called a second time, to say what it could not say the first time. */
  private goOn(): number {
    const then = this.aside as () => number
    this.aside = null
    this.rewinding = false
    this.x.asyncify_stop_rewind()
    return then()
  }
  private tick(L: number): void {
    const resumed = this.rewinding
    if (resumed) {
      this.rewinding = false
      this.x.asyncify_stop_rewind()
    }
    this.onTick(L, resumed)
  }

  // Strings -----------------------------------------------------------------------------------------------------------
  /** A NUL-terminated constant, made once. */
  cstring(text: string): number {
    let p = this.strings.get(text)
    if (p === undefined) {
      p = this.x.malloc(text.length + 1) as number
      writeBytes(this.u8, p, text)
      this.u8[p + text.length] = 0
      this.strings.set(text, p)
    }
    return p
  }
  pushString(L: number, b: Bytes): void {
    const n = b.length
    if (n > this.scratchSize) {
      const p = this.x.malloc(n) as number
      if (p === 0) throw new LuaError('not enough memory', false)
      writeBytes(this.u8, p, b)
      this.x.lua_pushlstring(L, p, n)
      this.x.free(p)
      return
    }
    const at = this.scratch
    if (n <= 64) for (let i = 0; i < n; i++) this.u8[at + i] = b.charCodeAt(i)
    else writeBytes(this.u8, at, b)
    this.x.lua_pushlstring(L, at, n)
  }
  /** Number of arguments of the running C function. */
  top(L: number): number {
    const i = L >> 2
    return ((this.i32[i + 2] as number) - (this.i32[i + 3] as number)) >> 4
  }
  /** Address of the TValue at a positive index of the running C function. */
  at(L: number, index: number): number {
    return (this.i32[(L >> 2) + 3] as number) + ((index - 1) << 4)
  }
  type(L: number, index: number): number {
    const p = this.at(L, index)
    return p >= (this.i32[(L >> 2) + 2] as number) ? T_NONE : (this.i32[(p >> 2) + 2] as number)
  }
  number(L: number, index: number): number {
    return this.f64[this.at(L, index) >> 3] as number
  }
  /** The string at an index that holds one. */
  string(L: number, index: number): Bytes {
    return this.stringAt(this.at(L, index))
  }
  stringAt(tvalue: number): Bytes {
    const ts = this.i32[tvalue >> 2] as number
    const n = this.i32[(ts >> 2) + 3] as number
    return fromUint8(this.u8, ts + 16, ts + 16 + n)
  }
  /** lua_tolstring at any index: strings, and numbers as Lua prints them; null for others. */
  toBytes(L: number, index: number): Bytes | null {
    const p = this.x.lua_tolstring(L, index, this.asideLen) as number
    return p === 0 ? null : fromUint8(this.u8, p, p + (this.i32[this.asideLen >> 2] as number))
  }
  private readonly asideLen = 8
  /** lua_topointer's table gets its read-only bit set or cleared. */
  setReadonly(L: number, index: number, on: boolean): void {
    const t = this.x.lua_topointer(L, index) as number
    this.u8[t + 5] = on ? (this.u8[t + 5] as number) | 128 : (this.u8[t + 5] as number) & 127
  }
  isReadonly(L: number, index: number): boolean {
    return ((this.u8[(this.x.lua_topointer(L, index) as number) + 5] as number) & 128) !== 0
  }
}

/** A tiny module whose exports call the given functions: how JavaScript functions get into a WebAssembly table. */
function trampolines(list: readonly ((...a: number[]) => number | void)[], params: number, result: boolean): unknown[] {
  const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)])
  const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body]
  const name = (s: string): number[] => [s.length, ...Array.from(s, (c) => c.charCodeAt(0))]
  const i32 = 0x7f
  const type = [1, 0x60, params, ...new Array<number>(params).fill(i32), ...(result ? [1, i32] : [0])]
  const imports: number[] = leb(list.length)
  const exports: number[] = leb(list.length)
  const functions: Record<string, unknown> = {}
  list.forEach((f, i) => {
    functions[`f${i}`] = f
    imports.push(...name('e'), ...name(`f${i}`), 0, 0)
    exports.push(...name(`f${i}`), 0, ...leb(i))
  })
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, type), ...section(2, imports), ...section(7, exports)]
  const made = new wasm.Instance(new wasm.Module(new Uint8Array(bytes)), { e: functions }).exports
  return list.map((_, i) => made[`f${i}`])
}
