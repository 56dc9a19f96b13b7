import { INT64_MAX } from '../../bytes/numbers.ts'
import type { Reply } from '../../protocol/reply.ts'
import { OK } from '../../protocol/reply.ts'
import { parseLongArg } from '../args.ts'
import type { CommandImpl } from '../command.ts'
import { help } from './config.ts'

export const slowlogCommands: readonly CommandImpl[] = [
  {
    name: 'slowlog|get',
    handler: (c, argv): Reply => {
      let count = 10
      if (argv.length === 3) {
        count = parseLongArg(argv[2], -1, Number(INT64_MAX), 'ERR count should be greater than or equal to -1')
      }
      const log = c.server.slowlog.entries
      return log
        .slice(0, count === -1 ? log.length : count)
        .map((e) => [e.id, e.timeSeconds, e.micros, e.argv, e.addr, e.name])
    },
  },
  { name: 'slowlog|len', handler: (c) => c.server.slowlog.entries.length },
  {
    name: 'slowlog|reset',
    handler: (c) => {
      c.server.slowlog.entries.length = 0
      return OK
    },
  },
  { name: 'slowlog|help', handler: () => help('slowlog') },
]
