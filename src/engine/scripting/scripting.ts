/**
 * Scripts of one server: the Lua machine (made at the first use), the cache of scripts by SHA1, and the one script that may
 * be running. A script that runs long is put aside slice by slice (lua-vm.ts); until `busy-reply-threshold` nothing else is
 * heard, as nothing would be while redis-server is in the script; afterwards the other clients are told -BUSY and may kill.
 */
import { type Bytes, own } from '../bytes/bytes.ts'
import { splitArgs } from '../bytes/quote.ts'
import { sha1Hex } from '../bytes/sha1.ts'
import type { Command } from '../commands/table.ts'
import type { Input } from '../machine.ts'
import { RedisError, type Reply } from '../protocol/reply.ts'
import type { Client } from '../server/client.ts'
import type { Server } from '../server/server.ts'
import { Continuations, SUSPENDED } from '../server/suspend.ts'
import { errorInformation, isCountedError, popReply, pushError } from './convert.ts'
import { Functions } from './functions.ts'
import { bitLibrary } from './lib-bit.ts'
import { pushCjson } from './lib-cjson.ts'
import { cmsgpackLibrary } from './lib-cmsgpack.ts'
import { structLibrary } from './lib-struct.ts'
import { LUA_GLOBALSINDEX, LUA_REGISTRYINDEX, LuaError, LuaVm, SUSPENDED as PUT_ASIDE, T_TABLE } from './lua-vm.ts'
import { ScriptRandom } from './random.ts'
import { registerRedisTable } from './redis-api.ts'
import {
  FLAG_ALLOW_OOM,
  FLAG_ALLOW_STALE,
  FLAG_EVAL_COMPAT,
  FLAG_NAMES,
  FLAG_NO_WRITES,
  prepareRun,
  type Run,
} from './run.ts'
import { errorHandler, openLibraries, protectGlobals, protectStrings, protectTable, setLibrary } from './sandbox.ts'

export const SLOW_EVAL = 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'
export const SLOW_FUNCTION = 'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.'

/** Modelled speed of Lua: instructions in a microsecond. */
const INSTRUCTIONS_PER_MICRO = 100
const MICROS_PER_TICK = 1000
/** A machine that has grown beyond this is not kept. */
const KEPT_MEMORY = 64 * 1024 * 1024
/** A script goes on for this long before the world is let in. */
const SLICE_MICROS = 5000

export interface Script {
  readonly sha: Bytes
  readonly body: Bytes
  readonly flags: number
  /** In the registry of the Lua machine of this generation. */
  ref: number
  generation: number
}
export interface LuaState {
  readonly L: number
  readonly handler: number
}

export class Scripting {
  readonly server: Server
  readonly scripts = new Map<Bytes, Script>()
  private readonly byBody = new Map<Bytes, Script>()
  running: Run | null = null
  readonly random = new ScriptRandom()
  readonly functions: Functions
  /** The ACL's questions, when there is one. */
  aclDenial: ((caller: Client, command: Command, argv: readonly Bytes[]) => string | null) | null = null
  aclAllows: ((caller: Client, command: Command, argv: readonly Bytes[]) => boolean) | null = null
  readonly continuations = new Continuations()
  private machine: LuaVm | null = null
  private eval: LuaState | null = null
  private client: Client | null = null
  private state: LuaState | null = null
  private sliceMicros = 0
  private clockAt = 0
  private gcCount = 0
  private commands = 0
  private generation = 0
  private waiting: Input[] = []
  private timer = -1

  constructor(server: Server) {
    this.server = server
    this.functions = new Functions(this)
  }

  /** A script is put aside. */
  get suspended(): boolean {
    return this.machine?.suspended ?? false
  }
  /** It is put aside and has run for longer than busy-reply-threshold. */
  get busy(): boolean {
    return this.running?.timedOut === true && this.suspended
  }
  get busyText(): Bytes {
    return this.running?.evalMode === false ? SLOW_FUNCTION : SLOW_EVAL
  }
  /** Its further requests wait: the script's own client, and our master (its stream is not answered with -BUSY). */
  holdsClient(c: Client): boolean {
    return this.suspended && (c.isMaster || this.running?.caller === c)
  }
  get vm(): LuaVm {
    this.machine ??= this.newMachine()
    return this.machine
  }
  private newMachine(): LuaVm {
    const vm = new LuaVm()
    vm.onTick = (L, resumed) => this.tick(vm, L, resumed)
    return vm
  }

  /** The state that scripts run in (lctx.lua). */
  evalState(): LuaState {
    if (this.eval === null) {
      const vm = this.vm
      const L = vm.newState()
      openScriptLibraries(this, vm, L)
      registerRedisTable(this, vm, L, true)
      const handler = errorHandler(vm)
      vm.x.lua_pushcclosure(L, handler, 0)
      vm.x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring('__redis__err__handler'))
      protectGlobals(vm, L)
      vm.x.lua_pushvalue(L, LUA_GLOBALSINDEX)
      protectTable(vm, L)
      vm.x.lua_settop(L, 0)
      this.eval = { L, handler }
    }
    return this.eval
  }
  /** What Lua's collector counts of a state (INFO); of one that was not needed yet, what it has at the start of redis-server. */
  stateBytes(which: 'eval' | 'functions'): number {
    const L = which === 'eval' ? (this.eval?.L ?? null) : this.functions.memoryState
    return L === null || this.suspended ? (which === 'eval' ? 32768 : 33792) : this.vm.gcBytes(L)
  }
  scriptClient(): Client {
    if (this.client === null) {
      this.client = this.server.createFakeClient()
      this.client.denyBlocking = true
    }
    return this.client
  }

  /** What a script or function with flags of its own does: it writes unless it says otherwise, and so on. */
  flagsOf(command: Command, argv: readonly Bytes[]): { isWrite: boolean; denyOom: boolean; staleOk: boolean } | null {
    const flags = command.name.startsWith('fcall')
      ? this.functions.byName.get(argv[1] as Bytes)?.flags
      : this.scriptFlags(command, argv[1] as Bytes)
    if (flags === undefined || (flags & FLAG_EVAL_COMPAT) !== 0) return null
    return {
      isWrite: (flags & FLAG_NO_WRITES) === 0,
      denyOom: (flags & (FLAG_ALLOW_OOM | FLAG_NO_WRITES)) === 0,
      staleOk: (flags & FLAG_ALLOW_STALE) !== 0,
    }
  }
  private scriptFlags(command: Command, text: Bytes): number | undefined {
    if (command.name.startsWith('evalsha')) return this.scripts.get(text.toLowerCase())?.flags
    if (!text.startsWith('#!')) return undefined
    try {
      return shebang(text).flags
    } catch {
      return undefined
    }
  }

  // Scripts -----------------------------------------------------------------------------------------------------------
  /** luaCreateFunction: compile and keep. */
  create(body: Bytes): Script {
    const same = this.byBody.get(body)
    if (same !== undefined) return same
    const sha = sha1Hex(body)
    const known = this.scripts.get(sha)
    if (known !== undefined) return known
    const { flags, code } = shebang(body)
    const { L } = this.evalState()
    const ref = this.compile(L, code, '@user_script', 'ERR Error compiling script (new function): ')
    const script = { sha, body: own(body), flags, ref, generation: this.generation }
    this.scripts.set(sha, script)
    this.byBody.set(script.body, script)
    return script
  }
  /** Compiles and keeps in the registry. */
  compile(L: number, code: Bytes, name: string, failure: string): number {
    const vm = this.vm
    const at = vm.x.malloc(code.length + 1) as number
    if (at === 0) throw new RedisError(`${failure}not enough memory`)
    for (let i = 0; i < code.length; i++) vm.u8[at + i] = code.charCodeAt(i)
    const status = vm.x.luaL_loadbuffer(L, at, code.length, vm.cstring(name)) as number
    vm.x.free(at)
    if (status !== 0) {
      const text = vm.toBytes(L, -1) ?? ''
      vm.x.lua_settop(L, -2)
      throw new RedisError(failure + text)
    }
    return vm.x.luaL_ref(L, LUA_REGISTRYINDEX) as number
  }
  flush(): void {
    this.scripts.clear()
    this.byBody.clear()
    this.eval = null
  }

  /** EVAL and its kin. */
  evaluate(caller: Client, argv: readonly Bytes[], numkeys: number, script: Script, ro: boolean): Reply {
    const state = this.evalState()
    const run = prepareRun(this.server, this.scriptClient(), caller, script.sha, script.flags, ro, argv)
    ;(run as { evalMode: boolean }).evalMode = true
    const { vm } = this
    const { L } = state
    if (script.generation !== this.generation) {
      script.ref = this.compile(L, shebang(script.body).code, '@user_script', 'ERR ')
      script.generation = this.generation
    }
    vm.x.lua_pushcclosure(L, state.handler, 0)
    vm.x.lua_rawgeti(L, LUA_REGISTRYINDEX, script.ref)
    vm.setReadonly(L, LUA_GLOBALSINDEX, false)
    pushArguments(vm, L, argv, 3, 3 + numkeys)
    vm.x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring('KEYS'))
    pushArguments(vm, L, argv, 3 + numkeys, argv.length)
    vm.x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring('ARGV'))
    vm.setReadonly(L, LUA_GLOBALSINDEX, true)
    return this.start(state, run, 0)
  }

  // Running -----------------------------------------------------------------------------------------------------------
  /** Runs what lies on the stack of `state`: handler, function, `nargs` arguments. */
  start(state: LuaState, run: Run, nargs: number): Reply {
    const { vm, server } = this
    this.running = run
    this.state = state
    this.sliceMicros = 0
    this.clockAt = server.env.clock?.() ?? 0
    vm.setHook(state.L, true)
    return this.after(vm.call(state.L, nargs, 1, -(nargs + 2)))
  }
  /** What exhausts the machine outside of every pcall (memory, the stack) costs the machine, not the process. */
  guarded(f: () => Reply): Reply {
    try {
      return f()
    } catch (e) {
      // RuntimeError: the C stack is too deep to be put aside.
      const stack = e instanceof RangeError || (e instanceof Error && e.name === 'RuntimeError')
      const memory = e instanceof LuaError || (e instanceof Error && e.message.includes('not enough memory'))
      if (e instanceof RedisError || !(stack || memory)) throw e
      this.discard()
      return { t: 'error', text: stack ? 'ERR stack overflow' : 'ERR not enough memory' }
    }
  }
  /** A new machine at the next use. Compiled scripts are compiled again, libraries loaded again. */
  private discard(): void {
    this.machine = null
    this.eval = null
    this.state = null
    this.running = null
    this.generation++
    this.functions.reload()
  }
  private after(status: number): Reply {
    if (status === PUT_ASIDE) {
      if (!this.awaiting) this.scheduleSlice()
      return SUSPENDED
    }
    const { vm } = this
    const { L } = this.state as LuaState
    const run = this.running as Run
    this.charge(vm.sinceHook(L) / INSTRUCTIONS_PER_MICRO)
    if (status === 0) this.server.errorCounted = isCountedError(vm, L)
    const reply = status === 0 ? popReply(vm, L, run.client.resp) : this.failure(L, run)
    vm.setHook(L, false)
    vm.x.lua_settop(L, 0)
    this.running = null
    this.state = null
    if (++this.gcCount === 50) {
      this.gcCount = 0
      vm.x.lua_gc(L, 5, 50)
    }
    // WebAssembly memory never shrinks.
    if (vm.memoryBytes > KEPT_MEMORY && this.functions.libraries.size === 0) this.discard()
    return reply
  }
  private failure(L: number, run: Run): Reply {
    const { vm } = this
    if (vm.x.lua_type(L, -1) !== T_TABLE) {
      const text = vm.toBytes(L, -1) ?? 'execution failure'
      return { t: 'error', text: `ERR Error running script ${run.name}, ${text.slice(0, 100)}` }
    }
    const { message, source, line, counted } = errorInformation(vm, L)
    const where = source !== null && line !== null ? ` script: ${run.name}, on ${source}:${line}.` : ''
    if (counted) this.server.errorCounted = true
    return { t: 'error', text: message + where }
  }

  /** Time that the script took: the machine's clock goes on inside it. */
  private charge(micros: number): void {
    const { server } = this
    const clock = server.env.clock
    if (clock === undefined) {
      server.workMicros += micros
      server.host.now += Math.round(micros)
      return
    }
    const now = clock()
    server.host.now += Math.max(0, Math.round(now - this.clockAt))
    this.clockAt = now
  }
  /** Before each command of a script: what the script has used up so far is on the clock. */
  beforeCommand(_run: Run): void {
    // Reading the clock costs as much as a small command.
    if (this.server.env.clock !== undefined && (++this.commands & 31) === 0) this.charge(0)
  }
  /** The hook and the budget: kill, or let the world in. */
  private tick(vm: LuaVm, L: number, resumed: boolean): void {
    const run = this.running
    if (run === null) {
      this.charge(MICROS_PER_TICK)
      this.functions.checkLoadTime(vm, L)
      return
    }
    if (!resumed) {
      const before = this.server.host.now
      this.charge(MICROS_PER_TICK)
      this.sliceMicros += this.server.host.now - before
    }
    if (run.killed) this.kill(vm, L)
    if (resumed || this.sliceMicros < SLICE_MICROS) return
    const elapsed = this.server.host.now - run.startMicros
    const threshold = this.server.config.busyReplyThreshold
    if (this.server.env.real && (threshold === 0 || elapsed < threshold * 1000)) return
    vm.pause()
  }
  private kill(vm: LuaVm, L: number): void {
    this.server.log('warning', 'Lua script killed by user with SCRIPT KILL.')
    // From now on at every line, so that pcall can't go on with something else.
    vm.hookEveryLine(L)
    vm.hookEveryLine((this.state as LuaState).L)
    pushError(vm, L, 'Script killed by user with SCRIPT KILL...')
    vm.x.lua_error(L)
  }

  // A command of the script that waits for another machine (MIGRATE) --------------------------------------------------
  private awaiting = false
  /** Its reply, once it is there. */
  awaited: Reply = null
  get mayWait(): boolean {
    return this.vm.mayWait
  }
  /** The command will have a reply later: the script goes on with it then. */
  awaitCommand(): void {
    this.awaiting = true
    this.continuations.then((reply) => {
      this.awaiting = false
      this.awaited = reply
      this.sliceMicros = 0
      this.clockAt = this.server.env.clock?.() ?? 0
      return this.guarded(() => this.after(this.vm.resume()))
    })
  }
  /** After such a command: what had to wait for the script, unless it still runs. */
  settle(): void {
    if (!this.suspended || this.running?.timedOut === true) this.release()
  }

  private scheduleSlice(): void {
    const run = this.running as Run
    const { server } = this
    const threshold = server.config.busyReplyThreshold
    const elapsedMs = Math.floor((server.host.now - run.startMicros) / 1000)
    if (!run.timedOut && threshold > 0 && elapsedMs >= threshold) {
      run.timedOut = true
      server.log(
        'warning',
        `Slow script detected: still in execution after ${elapsedMs} milliseconds. You can try killing the script using the ${run.evalMode ? 'SCRIPT KILL' : 'FUNCTION KILL'} command. Script name is: ${run.name}.`,
      )
    }
    this.timer = server.host.after(0, () => this.slice())
  }
  /** An input while a script is put aside: true when it has to wait for the script's end (or for the threshold). */
  holds(input: Input): boolean {
    if (!this.suspended || (input.type === 'timer' && input.id === this.timer)) return false
    if ((this.running as Run).timedOut) return false
    this.waiting.push(input)
    return true
  }
  private slice(): void {
    const { server } = this
    if (!this.suspended) return
    this.sliceMicros = 0
    this.clockAt = server.env.clock?.() ?? 0
    const reply = this.guarded(() => this.after(this.vm.resume()))
    if (reply !== SUSPENDED) this.continuations.finish(reply)
    this.settle()
  }
  /** What had to wait, in order; a new script may make the rest wait again. */
  private release(): void {
    const list = this.waiting
    this.waiting = []
    for (const input of list) this.server.handleOne(input)
  }

  /** SCRIPT KILL, FUNCTION KILL */
  killRunning(evalMode: boolean): void {
    const run = this.running
    if (run === null) throw new RedisError('NOTBUSY No scripts in execution right now.')
    if (run.caller.isMaster)
      throw new RedisError(
        'UNKILLABLE The busy script was sent by a master instance in the context of replication and cannot be killed.',
      )
    if (run.writeDirty)
      throw new RedisError(
        'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
      )
    if (evalMode !== run.evalMode) throw new RedisError(run.evalMode ? SLOW_EVAL : SLOW_FUNCTION)
    run.killed = true
  }
}

function pushArguments(vm: LuaVm, L: number, argv: readonly Bytes[], from: number, to: number): void {
  const x = vm.x
  x.lua_createtable(L, to - from, 0)
  for (let i = from; i < to; i++) {
    vm.pushString(L, argv[i] as Bytes)
    x.lua_rawseti(L, -2, i - from + 1)
  }
}
export { pushArguments }

/** Lua's libraries and the four beside them. */
export function openScriptLibraries(s: Scripting, vm: LuaVm, L: number): void {
  openLibraries(vm, L, s.random)
  setLibrary(vm, L, 'struct', structLibrary(vm))
  setLibrary(vm, L, 'bit', bitLibrary(vm))
  setLibrary(vm, L, 'cmsgpack', cmsgpackLibrary(vm))
  pushCjson(vm, L)
  vm.x.lua_setfield(L, LUA_GLOBALSINDEX, vm.cstring('cjson'))
  protectStrings(vm, L)
}

/** "#!lua flags=no-writes,...": the flags, and the script with the line emptied (line numbers stay). */
export function shebang(body: Bytes): { flags: number; code: Bytes } {
  if (!body.startsWith('#!')) return { flags: FLAG_EVAL_COMPAT, code: body }
  const end = body.indexOf('\n')
  if (end === -1) throw new RedisError('ERR Invalid script shebang')
  const words = splitArgs(body.slice(0, end))
  if (words === null) throw new RedisError('ERR Invalid engine in script shebang')
  if (words[0] !== '#!lua') throw new RedisError(`ERR Unexpected engine in script shebang: ${words[0]}`)
  let flags = 0
  for (const option of words.slice(1)) {
    if (!option.startsWith('flags=')) throw new RedisError(`ERR Unknown lua shebang option: ${option}`)
    for (const name of option.length === 6 ? [] : option.slice(6).split(',')) {
      const known = FLAG_NAMES.find(([n]) => n === name)
      if (known === undefined) throw new RedisError(`ERR Unexpected flag in script shebang: ${name}`)
      flags |= known[1]
    }
  }
  return { flags, code: body.slice(end) }
}
