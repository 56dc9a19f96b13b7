import { INT64_MAX } from '../../bytes/numbers.ts'
import type { Reply } from '../../protocol/reply.ts'
import { OK } from '../../protocol/reply.ts'
import { fail, parseLongArg } from '../args.ts'
import type { CommandImpl } from '../command.ts'
import { help } from './config.ts'
import { admin } from './port.ts'

export const slowlogCommands: readonly CommandImpl[] = [
  {
    name: 'slowlog|get',
    handler: (c, argv): Reply => {
      let count = 10
      if (argv.length === 3) {
        count = parseLongArg(argv[2], -1, Number(INT64_MAX), 'ERR count should be greater than or equal to -1')
      }
      const log = admin(c).slowlog.entries
      return log.slice(0, count === -1 ? log.length : count).map((e) => [e.id, e.timeSeconds, e.micros, e.argv, e.addr, e.name])
    },
  },
  { name: 'slowlog|len', handler: (c) => admin(c).slowlog.entries.length },
  {
    name: 'slowlog|reset',
    handler: (c) => {
      admin(c).slowlog.entries.length = 0
      return OK
    },
  },
  { name: 'slowlog|help', handler: () => help('slowlog') },
  {
    name: 'latency|latest',
    handler: (c) => [...(admin(c).latency ?? [])].map(([event, s]) => [event, s[s.length - 1]?.time ?? 0, s[s.length - 1]?.ms ?? 0, Math.max(...s.map((x) => x.ms))]),
  },
  { name: 'latency|history', handler: (c, argv) => (admin(c).latency?.get(argv[2] ?? '') ?? []).map((s) => [s.time, s.ms]) },
  {
    name: 'latency|reset',
    handler: (c, argv) => {
      const events = admin(c).latency
      if (!events) return 0
      const n = argv.length === 2 ? events.size : argv.slice(2).filter((e) => events.delete(e)).length
      if (argv.length === 2) events.clear()
      return n
    },
  },
  { name: 'latency|graph', handler: (_, argv) => fail(`ERR No samples available for event '${argv[2]}'`) },
  { name: 'latency|help', handler: () => help('latency') },
]
