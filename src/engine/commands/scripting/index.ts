/** EVAL, EVALSHA and their read-only forms, SCRIPT. */
import type { Bytes } from '../../bytes/bytes.ts'
import { parseInt64 } from '../../bytes/numbers.ts'
import { NOT_INTEGER, OK, RedisError, type Reply } from '../../protocol/reply.ts'
import { sendToMonitors } from '../../server/call.ts'
import type { Scripting } from '../../scripting/scripting.ts'
import type { CommandContext, CommandImpl, Handler } from '../command.ts'
import { functionCommands } from './functions.ts'
import { SCRIPT_HELP } from './help.ts'

export const scriptingOf = (c: CommandContext): Scripting => c.server.scripting as Scripting

/** The number of keys, which stands in argv[2]. */
export function numKeys(argv: readonly Bytes[]): number {
  const n = parseInt64(argv[2] as Bytes)
  if (n === null) throw new RedisError(NOT_INTEGER)
  if (n > argv.length - 3) throw new RedisError("ERR Number of keys can't be greater than number of args")
  if (n < 0) throw new RedisError("ERR Number of keys can't be negative")
  return Number(n)
}
/** The effects of a script are propagated, never the script itself. */
export function runScript(c: CommandContext, argv: readonly Bytes[], run: () => Reply): Reply {
  c.preventPropagation()
  if (c.server.monitors.size > 0) sendToMonitors(c.server, c.client, argv)
  return scriptingOf(c).guarded(run)
}

const evaluate =
  (bySha: boolean, ro: boolean): Handler =>
  (c, argv) => {
    const s = scriptingOf(c)
    const text = argv[1] as Bytes
    return runScript(c, argv, () => {
      if (bySha && text.length !== 40) throw noScript()
      const numkeys = numKeys(argv)
      const script = bySha ? s.scripts.get(text.toLowerCase()) : s.create(text)
      if (script === undefined) throw noScript()
      return s.evaluate(c.client, argv, numkeys, script, ro)
    })
  }
const noScript = (): RedisError => new RedisError('NOSCRIPT No matching script. Please use EVAL.')

const load: Handler = (c, argv) => scriptingOf(c).create(argv[2] as Bytes).sha
const exists: Handler = (c, argv) => {
  const { scripts } = scriptingOf(c)
  return argv.slice(2).map((sha) => (scripts.has(sha.toLowerCase()) ? 1 : 0))
}
const flush: Handler = (c, argv) => {
  const mode = argv[2]?.toLowerCase()
  if (argv.length > 3 || (mode !== undefined && mode !== 'sync' && mode !== 'async'))
    throw new RedisError('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
  const scripting = scriptingOf(c)
  if (mode === 'async' || (mode === undefined && c.config.lazyfreeLazyUserFlush))
    c.server.lazyfree.entries(scripting.scripts.size, c.server.host.now)
  scripting.flush()
  return OK
}
const kill: Handler = (c) => {
  scriptingOf(c).killRunning(true)
  return OK
}
const debug: Handler = (_c, argv) => {
  const mode = (argv[2] as Bytes).toLowerCase()
  if (mode === 'no') return OK
  if (mode !== 'yes' && mode !== 'sync') throw new RedisError('ERR Use SCRIPT DEBUG YES/SYNC/NO')
  throw new RedisError('ERR The Lua debugger is not part of this server')
}

export const scriptingCommands: readonly CommandImpl[] = [
  { name: 'eval', handler: evaluate(false, false) },
  { name: 'evalsha', handler: evaluate(true, false) },
  { name: 'eval_ro', handler: evaluate(false, true) },
  { name: 'evalsha_ro', handler: evaluate(true, true) },
  { name: 'script|load', handler: load },
  { name: 'script|exists', handler: exists },
  { name: 'script|flush', handler: flush },
  { name: 'script|kill', handler: kill },
  { name: 'script|debug', handler: debug },
  ...functionCommands,
  { name: 'script|help', handler: () => SCRIPT_HELP.map((text) => ({ t: 'status', text })) },
]
