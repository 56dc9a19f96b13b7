import type { CommandImpl } from '../command.ts'
import { aclCommands } from './acl.ts'
import { commandCommands } from './command.ts'
import { configCommands } from './config.ts'
import { debugCommands } from './debug.ts'
import { latencyCommands } from './latency.ts'
import { lolwutCommands } from './lolwut.ts'
import { memoryCommands } from './memory.ts'
import { miscCommands } from './misc.ts'
import { moduleCommands } from './module.ts'
import { slowlogCommands } from './slowlog.ts'

/** ROLE belongs to replication (and to Sentinel); everything else of the server group is here. */
export const adminCommands: readonly CommandImpl[] = [
  ...configCommands,
  ...commandCommands,
  ...miscCommands,
  ...memoryCommands,
  ...lolwutCommands,
  ...slowlogCommands,
  ...latencyCommands,
  ...debugCommands,
  ...moduleCommands,
  ...aclCommands,
]
