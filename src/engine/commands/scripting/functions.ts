/** FUNCTION and FCALL. */
import type { Bytes } from '../../bytes/bytes.ts'
import { own } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { dumpFooter, verifyDumpPayload } from '../../persistence/dump.ts'
import { encodeFunction } from '../../persistence/rdb-encode.ts'
import { RdbReader } from '../../persistence/rdb-decode.ts'
import { RDB_OPCODE_FUNCTION, RDB_OPCODE_FUNCTION2 } from '../../persistence/rdb-format.ts'
import { map, OK, RedisError, type Reply, set, status } from '../../protocol/reply.ts'
import { FLAG_NAMES } from '../../scripting/run.ts'
import type { FunctionLibrary } from '../../scripting/functions.ts'
import { SLOW_EVAL } from '../../scripting/scripting.ts'
import { globMatch } from '../../bytes/glob.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { FUNCTION_HELP } from './help.ts'
import { runScript, scriptingOf } from './index.ts'

const functionsOf = (c: CommandContext) => scriptingOf(c).functions

const fcall =
  (ro: boolean): Handler =>
  (c, argv) =>
    runScript(c, argv, () => {
      const f = functionsOf(c).byName.get(argv[1] as Bytes)
      if (f === undefined) throw new RedisError('ERR Function not found')
      const n = parseInt64(argv[2] as Bytes)
      if (n === null) throw new RedisError('ERR Bad number of keys provided')
      if (n > argv.length - 3) throw new RedisError("ERR Number of keys can't be greater than number of args")
      if (n < 0) throw new RedisError("ERR Number of keys can't be negative")
      return functionsOf(c).call(c.client, argv, Number(n), f, ro)
    })

const load: Handler = (c, argv) => {
  let replace = false
  let at = 2
  while (at < argv.length - 1) {
    const word = argv[at++] as Bytes
    if (word.toLowerCase() !== 'replace') throw new RedisError(`ERR Unknown option given: ${word}`)
    replace = true
  }
  if (at >= argv.length) throw new RedisError('ERR Function code is missing')
  const name = functionsOf(c).load(own(argv[at] as Bytes), replace)
  c.dirty()
  return name
}
const remove: Handler = (c, argv) => {
  if (!functionsOf(c).delete(argv[2] as Bytes)) throw new RedisError('ERR Library not found')
  c.dirty()
  return OK
}
const flush: Handler = (c, argv) => {
  if (argv.length > 3) throw badSyntax(argv)
  const mode = argv[2]?.toLowerCase()
  if (mode !== undefined && mode !== 'sync' && mode !== 'async')
    throw new RedisError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option')
  functionsOf(c).flush()
  c.dirty()
  return OK
}
const badSyntax = (argv: readonly Bytes[]): RedisError =>
  new RedisError(`ERR unknown subcommand or wrong number of arguments for '${argv[1]}'. Try FUNCTION HELP.`)

const list: Handler = (c, argv) => {
  let pattern: Bytes | null = null
  let withCode = false
  for (let i = 2; i < argv.length; i++) {
    const word = (argv[i] as Bytes).toLowerCase()
    if (!withCode && word === 'withcode') withCode = true
    else if (pattern === null && word === 'libraryname') {
      if (i >= argv.length - 1) throw new RedisError('ERR library name argument was not given')
      pattern = argv[++i] as Bytes
    } else throw new RedisError(`ERR Unknown argument ${argv[i]}`)
  }
  const reply: Reply[] = []
  for (const library of functionsOf(c).libraries.values()) {
    if (pattern === null || globMatch(pattern, library.name, true)) reply.push(describe(library, withCode))
  }
  return reply
}
function describe(library: FunctionLibrary, withCode: boolean): Reply {
  const functions = [...library.functions.values()].map((f) =>
    map([
      'name',
      f.name,
      'description',
      f.description,
      'flags',
      set(FLAG_NAMES.filter(([, bit]) => (f.flags & bit) !== 0).map(([name]) => status(name))),
    ]),
  )
  const pairs: Reply[] = ['library_name', library.name, 'engine', 'LUA', 'functions', functions]
  return map(withCode ? [...pairs, 'library_code', library.code] : pairs)
}
const stats: Handler = (c) => {
  const s = scriptingOf(c)
  const run = s.running
  if (run?.evalMode) throw new RedisError(SLOW_EVAL)
  const ms = run === null ? 0 : Math.floor((c.server.host.now - run.startMicros) / 1000)
  const running: Reply = run === null ? null : map(['name', run.name, 'command', [...run.argv], 'duration_ms', ms])
  const counts = map(['libraries_count', s.functions.libraries.size, 'functions_count', s.functions.functionCount])
  return map(['running_script', running, 'engines', map(['LUA', counts])])
}
const kill: Handler = (c) => {
  scriptingOf(c).killRunning(false)
  return OK
}

const dump: Handler = (c) =>
  dumpFooter(
    functionsOf(c)
      .codes()
      .map((code) => encodeFunction(code, c.config.rdbcompression))
      .join(''),
  )

const restore: Handler = (c, argv) => {
  if (argv.length > 4) throw badSyntax(argv)
  const policy = argv[3]?.toLowerCase() ?? 'append'
  if (policy !== 'append' && policy !== 'replace' && policy !== 'flush')
    throw new RedisError('ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.')
  const payload = argv[2] as Bytes
  if (!verifyDumpPayload(payload)) throw new RedisError('ERR DUMP payload version or checksum are wrong')
  const codes = readFunctions(payload.slice(0, -10))
  functionsOf(c).restore(codes, policy)
  c.dirty()
  return OK
}
function readFunctions(data: Bytes): Bytes[] {
  const codes: Bytes[] = []
  const reader = new RdbReader(data)
  while (reader.pos < data.length) {
    const type = reader.u8()
    if (type === RDB_OPCODE_FUNCTION) throw new RedisError('ERR Pre-GA function format not supported')
    if (type !== RDB_OPCODE_FUNCTION2) throw new RedisError('ERR given type is not a function')
    try {
      codes.push(own(reader.string()))
    } catch {
      throw new RedisError('ERR Failed loading library data')
    }
  }
  return codes
}

export const functionCommands: readonly CommandImpl[] = [
  { name: 'fcall', handler: fcall(false) },
  { name: 'fcall_ro', handler: fcall(true) },
  { name: 'function|load', handler: load },
  { name: 'function|delete', handler: remove },
  { name: 'function|flush', handler: flush },
  { name: 'function|list', handler: list },
  { name: 'function|stats', handler: stats },
  { name: 'function|kill', handler: kill },
  { name: 'function|dump', handler: dump },
  { name: 'function|restore', handler: restore },
  { name: 'function|help', handler: () => FUNCTION_HELP.map((text) => status(text)) },
]
