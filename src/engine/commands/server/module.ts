/** MODULE: there are none, and none can be loaded; the words are those of a server that cannot load them. */
import type { Reply } from '../../protocol/reply.ts'
import { fail } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import { help } from './config.ts'

const load = (c: CommandContext, argv: readonly string[]): Reply => {
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
      c.server.log('warning', `Error unloading module ${argv[2]}: no such module with that name`)
      return fail('ERR Error unloading module: no such module with that name')
    },
  },
  { name: 'module|help', handler: () => help('module') },
]
