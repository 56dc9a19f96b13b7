import type { Bytes } from '../../bytes/bytes.ts'
import { sha256Hex } from '../../bytes/sha256.ts'
import { fail, wrongArity } from '../args.ts'
import { map, OK, type Reply } from '../../protocol/reply.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { helpTexts } from './help-texts.ts'
import { admin, statsOf } from './port.ts'
import { status } from '../../protocol/reply.ts'
import { rewriteConfig } from '../../server/config-rewrite.ts'

export const help = (name: string): Reply => (helpTexts[name] ?? []).map((line) => status(line))

function configSet(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length % 2 !== 0) wrongArity('config|set')
  const pairs: [Bytes, Bytes][] = []
  for (let i = 2; i < argv.length; i += 2) pairs.push([argv[i] ?? '', argv[i + 1] ?? ''])
  const local = c.client.addr.startsWith('127.') || c.client.isUnixSocket
  const protectedOk = c.config.enableProtectedConfigs === 'yes' || (c.config.enableProtectedConfigs === 'local' && local)
  c.config.set(pairs, { allowProtected: protectedOk, loading: admin(c).loading === true })
  return OK
}

function configRewrite(c: CommandContext): Reply {
  const path = c.config.configFile
  if (path === '') fail('ERR The server is running without a config file')
  const s = admin(c)
  s.host.file({ op: 'read', path }, (r) => {
    const user = c.config.requirepass === '' ? 'nopass' : `#${sha256Hex(c.config.requirepass)}`
    const extra = [{ option: 'user', lines: [`user default on ${user} sanitize-payload ~* &* +@all`] }]
    if (s.sentinel) extra.push({ option: 'sentinel', lines: s.sentinel.rewriteConfig() })
    const text = rewriteConfig(c.config, r.ok ? (r.bytes ?? '') : null, extra, s.sentinel !== null && s.sentinel !== undefined)
    s.host.file({ op: 'write', path: `${path}.tmp`, bytes: text }, (w) => {
      if (w.ok) s.host.file({ op: 'rename', path: `${path}.tmp`, to: path })
    })
  })
  return OK
}

function configResetStat(c: CommandContext): Reply {
  const s = admin(c)
  statsOf(s)?.reset()
  s.commandStats?.clear()
  return OK
}

export const configCommands: readonly CommandImpl[] = [
  { name: 'config|get', handler: (c, argv) => map(c.config.match(argv.slice(2))) },
  { name: 'config|set', handler: configSet },
  { name: 'config|rewrite', handler: configRewrite },
  { name: 'config|resetstat', handler: configResetStat },
  { name: 'config|help', handler: () => help('config') },
]
