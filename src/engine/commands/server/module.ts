/** MODULE: there are none, and none can be loaded; the words are those of a server that cannot load them. */
import type { Reply } from '../../protocol/reply.ts'
import { fail } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { help } from './config.ts'

function guard(c: CommandContext): void {
  const mode = c.config.enableModuleCommand
  if (mode === 'yes' || (mode === 'local' && (c.client.addr.startsWith('127.') || c.client.isUnixSocket))) return
  fail(
    'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
  )
}
const load = (c: CommandContext, argv: readonly string[]): Reply => {
  guard(c)
  c.server.log(
    'warning',
    `Module ${argv[2]} failed to load: ${argv[2]}: cannot open shared object file: No such file or directory`,
  )
  return fail('ERR Error loading the extension. Please check the server logs.')
}
export const moduleCommands: readonly CommandImpl[] = [
  { name: 'module|list', handler: () => [] },
  { name: 'module|load', handler: load },
  { name: 'module|loadex', handler: load },
  {
    name: 'module|unload',
    handler: (c, argv) => {
      guard(c)
      c.server.log('warning', `Error unloading module ${argv[2]}: no such module with that name`)
      return fail('ERR Error unloading module: no such module with that name')
    },
  },
  { name: 'module|help', handler: () => help('module') },
]
