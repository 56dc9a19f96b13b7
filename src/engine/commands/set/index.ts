import type { CommandImpl } from '../command.ts'
import { algebraCommands } from './algebra.ts'
import { memberCommands } from './members.ts'
import { randomCommands } from './random.ts'
import { sscanCommands } from './sscan.ts'

export const setCommands: readonly CommandImpl[] = [
  ...memberCommands,
  ...randomCommands,
  ...algebraCommands,
  ...sscanCommands,
]
