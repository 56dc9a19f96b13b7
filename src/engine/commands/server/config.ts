import type { Bytes } from '../../bytes/bytes.ts'
import { map, NO_REPLY, OK, RedisError, type Reply, status } from '../../protocol/reply.ts'
import { blockClient, unblockClient } from '../../server/blocked.ts'
import { relisten } from '../../server/config-hooks.ts'
import type { Command } from '../table.ts'
import { fail, syntaxError } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import helpTexts from './help-texts.json' with { type: 'json' }

export const help = (name: string): Reply =>
  ((helpTexts as Readonly<Record<string, readonly string[]>>)[name] ?? []).map((line) => status(line))

/** Answer when a file or socket operation is over: the client waits. Inside a transaction or a script nobody can wait: OK. */
export function answerLater(c: CommandContext, start: (answer: (reply: Reply) => void) => void): Reply {
  const { client, server } = c
  if (client.multi !== null || client.denyBlocking || client.isFake || server.inExec) {
    start(() => {})
    return OK
  }
  let early: Reply | undefined
  let waiting = false
  start((reply) => {
    if (!waiting) early = reply
    else if (!client.freed) {
      client.addReply(reply)
      unblockClient(server, client)
    }
  })
  if (early !== undefined) return early
  waiting = true
  blockClient(server, client, 'wait', { timeoutAtMs: 0 })
  return NO_REPLY
}

function configSet(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length % 2 !== 0) syntaxError()
  const { config, server } = c
  const pairs: [Bytes, Bytes][] = []
  for (let i = 2; i < argv.length; i += 2) pairs.push([argv[i] ?? '', argv[i + 1] ?? ''])
  const local = c.client.addr.startsWith('127.') || c.client.isUnixSocket
  const protectedOk = config.enableProtectedConfigs === 'yes' || (config.enableProtectedConfigs === 'local' && local)
  const dir = pairs.find(([name]) => name.toLowerCase() === 'dir')
  if (dir === undefined || !protectedOk) return applyPairs(c, pairs, protectedOk)
  // chdir comes first: is there such a directory?
  return answerLater(c, (answer) =>
    server.host.file({ op: 'stat', path: dir[1] }, (r) => {
      const error = !r.ok ? r.error : r.isDirectory === false ? 'ENOTDIR' : null
      config.dirError = error === null ? null : (ERRNO[error] ?? error)
      try {
        answer(applyPairs(c, pairs, protectedOk))
      } catch (e) {
        if (!(e instanceof RedisError)) throw e
        answer({ t: 'error', text: e.line })
      } finally {
        config.dirError = null
      }
    }),
  )
}
function applyPairs(c: CommandContext, pairs: readonly (readonly [Bytes, Bytes])[], protectedOk: boolean): Reply {
  const { config, server } = c
  const was = { port: config.port, bind: [...config.bind] }
  config.set(pairs, { allowProtected: protectedOk, loading: server.loading })
  if (config.port === was.port && config.bind.join(' ') === was.bind.join(' ')) return OK
  const [name, text] =
    config.port === was.port
      ? ['bind', 'Failed to bind to specified addresses.']
      : ['port', 'Unable to listen on this port. Check server logs.']
  return answerLater(c, (answer) =>
    relisten(server, was, (ok) =>
      answer(
        ok ? OK : { t: 'error', text: `ERR CONFIG SET failed (possibly related to argument '${name}') - ${text}` },
      ),
    ),
  )
}

const ERRNO: Readonly<Record<string, string>> = {
  ENOTDIR: 'Not a directory',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
}

function configRewrite(c: CommandContext): Reply {
  if (c.config.configFile === '') fail('ERR The server is running without a config file')
  return answerLater(c, (answer) =>
    c.server.rewriteConfigFile((error) => {
      if (error === null) c.server.log('warning', 'CONFIG REWRITE executed with success.')
      else c.server.log('warning', `CONFIG REWRITE failed: ${ERRNO[error] ?? error}`)
      answer(error === null ? OK : { t: 'error', text: `ERR Rewriting config file: ${ERRNO[error] ?? error}` })
    }),
  )
}

/** Commands and subcommands. */
export function* everyCommand(table: { all(): Iterable<Command> }): Generator<Command, void> {
  for (const command of table.all()) {
    yield command
    if (command.subcommands) yield* command.subcommands.values()
  }
}
function configResetStat(c: CommandContext): Reply {
  c.server.stat.reset()
  c.server.lazyfree.reset(c.server.host.now)
  c.server.evictor.resetStats()
  for (const command of everyCommand(c.server.table)) command.resetStats()
  return OK
}

export const configCommands: readonly CommandImpl[] = [
  { name: 'config|get', handler: (c, argv) => map(c.config.match(argv.slice(2))) },
  { name: 'config|set', handler: configSet },
  { name: 'config|rewrite', handler: configRewrite },
  { name: 'config|resetstat', handler: configResetStat },
  { name: 'config|help', handler: () => help('config') },
]
