/**
 * The table `redis` of scripts and functions. Errors of its functions are tables {err = ...} that `error` would raise, as
 * opposed to the argument errors of Lua's own libraries, which are strings with a position.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { sha1Hex } from '../bytes/sha1.ts'
import type { Reply } from '../protocol/reply.ts'
import type { LogLevel } from '../server/log.ts'
import { SUSPENDED } from '../server/suspend.ts'
import { cText, pushCommandError, pushError, pushReply } from './convert.ts'
import { formatG } from './format.ts'
import { type LuaFunction, type LuaVm, T_NUMBER, T_STRING } from './lua-vm.ts'
import { scriptCall } from './run.ts'
import type { Library } from './sandbox.ts'
import { setLibrary } from './sandbox.ts'
import type { Scripting } from './scripting.ts'

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'verbose', 'notice', 'warning']

/** Push {err=text} and raise it. */
function raise(vm: LuaVm, L: number, text: Bytes): number {
  pushError(vm, L, text)
  return vm.x.lua_error(L)
}

/** luaArgsToRedisArgv: null when an argument is neither string nor number. */
function argumentsOf(vm: LuaVm, L: number): Bytes[] | null {
  const n = vm.top(L)
  const argv = new Array<Bytes>(n)
  for (let i = 0; i < n; i++) {
    const type = vm.type(L, i + 1)
    if (type === T_STRING) argv[i] = vm.string(L, i + 1)
    else if (type === T_NUMBER) argv[i] = formatG(vm.number(L, i + 1), 17)
    else return null
  }
  return argv
}

function genericCommand(s: Scripting, vm: LuaVm, raiseError: boolean): LuaFunction {
  const failed = (L: number, text: Bytes): number => {
    pushError(vm, L, text)
    return raiseError ? vm.x.lua_error(L) : 1
  }
  return (L) => {
    const run = s.running
    if (run === null) return failed(L, 'redis.call/pcall can only be called inside a script invocation')
    if (vm.top(L) === 0) return failed(L, 'Please specify at least one argument for this redis lib call')
    const argv = argumentsOf(vm, L)
    if (argv === null) return failed(L, 'Lua redis lib command arguments must be strings or integers')
    const answer = (reply: Reply): number => {
      if (typeof reply === 'object' && reply !== null && 't' in reply && reply.t === 'error') {
        pushCommandError(vm, L, reply.text)
        return raiseError ? vm.x.lua_error(L) : 1
      }
      pushReply(vm, L, reply, run.client.resp)
      return 1
    }
    const { reply } = scriptCall(s.server, run, argv)
    return reply === SUSPENDED ? vm.waitFor(() => answer(s.awaited)) : answer(reply)
  }
}

/** redis.status_reply and redis.error_reply */
function singleField(vm: LuaVm, field: 'ok' | 'err'): LuaFunction {
  return (L) => {
    if (vm.top(L) !== 1 || vm.type(L, 1) !== T_STRING) {
      pushError(vm, L, 'wrong number or type of arguments')
      return 1
    }
    const text = vm.string(L, 1)
    if (field === 'err') {
      const line = cText(text)
      pushError(vm, L, line.startsWith('-') ? line : `-${line}`)
      return 1
    }
    vm.x.lua_createtable(L, 0, 1)
    vm.x.lua_pushvalue(L, 1)
    vm.x.lua_setfield(L, -2, vm.cstring('ok'))
    return 1
  }
}

function log(s: Scripting, vm: LuaVm): LuaFunction {
  return (L) => {
    const n = vm.top(L)
    if (n < 2) return raise(vm, L, 'redis.log() requires two arguments or more.')
    if (vm.type(L, 1) !== T_NUMBER) return raise(vm, L, 'First argument must be a number (log level).')
    const level = Math.trunc(vm.number(L, 1))
    const name = LOG_LEVELS[level]
    if (name === undefined) return raise(vm, L, 'Invalid debug level.')
    const parts: Bytes[] = []
    for (let i = 2; i <= n; i++) {
      const text = vm.toBytes(L, i)
      if (text !== null) parts.push(text)
    }
    s.server.log(name, cText(parts.join(' ')))
    return 0
  }
}

function setresp(s: Scripting, vm: LuaVm): LuaFunction {
  return (L) => {
    if (s.running === null) return raise(vm, L, 'redis.setresp can only be called inside a script invocation')
    if (vm.top(L) !== 1) return raise(vm, L, 'redis.setresp() requires one argument.')
    const version = vm.x.lua_tonumber(L, -1) as number
    if (Math.trunc(version) !== 2 && Math.trunc(version) !== 3) return raise(vm, L, 'RESP version must be 2 or 3.')
    s.running.client.resp = Math.trunc(version) as 2 | 3
    return 0
  }
}

function setRepl(s: Scripting, vm: LuaVm): LuaFunction {
  return (L) => {
    if (s.running === null) return raise(vm, L, 'redis.set_repl can only be called inside a script invocation')
    if (vm.top(L) !== 1) return raise(vm, L, 'redis.set_repl() requires two arguments.')
    const flags = Math.trunc(vm.x.lua_tonumber(L, -1) as number)
    if ((flags & ~3) !== 0)
      return raise(vm, L, 'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.')
    s.running.replFlags = flags
    return 0
  }
}

function aclCheckCmd(s: Scripting, vm: LuaVm): LuaFunction {
  return (L) => {
    const run = s.running
    if (run === null) return raise(vm, L, 'redis.acl_check_cmd can only be called inside a script invocation')
    if (vm.top(L) === 0) return raise(vm, L, 'Please specify at least one argument for this redis lib call')
    const argv = argumentsOf(vm, L)
    if (argv === null) return raise(vm, L, 'Lua redis lib command arguments must be strings or integers')
    const command = s.server.table.lookup(argv)
    if (command === undefined) return raise(vm, L, 'Invalid command passed to redis.acl_check_cmd()')
    vm.x.lua_pushboolean(L, s.aclAllows === null || s.aclAllows(run.caller, command, argv) ? 1 : 0)
    return 1
  }
}

/** What both engines have: scripts and functions. */
export function sharedApi(s: Scripting, vm: LuaVm): Library {
  return {
    call: genericCommand(s, vm, true),
    pcall: genericCommand(s, vm, false),
    log: log(s, vm),
    setresp: setresp(s, vm),
    sha1hex: (L) => {
      if (vm.top(L) !== 1) return raise(vm, L, 'wrong number of arguments')
      vm.pushString(L, sha1Hex(vm.toBytes(L, 1) ?? ''))
      return 1
    },
    error_reply: singleField(vm, 'err'),
    status_reply: singleField(vm, 'ok'),
    set_repl: setRepl(s, vm),
    acl_check_cmd: aclCheckCmd(s, vm),
    LOG_DEBUG: 0,
    LOG_VERBOSE: 1,
    LOG_NOTICE: 2,
    LOG_WARNING: 3,
    REPL_NONE: 0,
    REPL_AOF: 1,
    REPL_SLAVE: 2,
    REPL_REPLICA: 2,
    REPL_ALL: 3,
    REDIS_VERSION: '7.0.15',
    REDIS_VERSION_NUM: 0x0007000f,
  }
}
/** What a library has while it is loaded, beside register_function. */
export function libraryApi(s: Scripting, vm: LuaVm): Library {
  const { log, LOG_DEBUG, LOG_VERBOSE, LOG_NOTICE, LOG_WARNING, REDIS_VERSION, REDIS_VERSION_NUM } = sharedApi(s, vm)
  return { log, LOG_DEBUG, LOG_VERBOSE, LOG_NOTICE, LOG_WARNING, REDIS_VERSION, REDIS_VERSION_NUM } as Library
}
/** What scripts have beside it. */
export function evalApi(vm: LuaVm): Library {
  return {
    // Effects are always replicated, never the script.
    replicate_commands: (L) => {
      vm.x.lua_pushboolean(L, 1)
      return 1
    },
    breakpoint: (L) => {
      vm.x.lua_pushboolean(L, 0)
      return 1
    },
    debug: () => 0,
  }
}
export function registerRedisTable(s: Scripting, vm: LuaVm, L: number, forScripts: boolean): void {
  setLibrary(vm, L, 'redis', forScripts ? { ...sharedApi(s, vm), ...evalApi(vm) } : sharedApi(s, vm))
}
