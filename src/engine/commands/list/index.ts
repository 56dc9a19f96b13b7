import type { CommandImpl } from '../command.ts'
import { blockingCommands } from './block.ts'
import { editCommands } from './edit.ts'
import { lposCommands } from './lpos.ts'
import { moveCommands } from './move.ts'
import { popCommands } from './pop.ts'
import { pushCommands } from './push.ts'
import { readCommands } from './read.ts'

export const listCommands: readonly CommandImpl[] = [
  ...pushCommands,
  ...popCommands,
  ...readCommands,
  ...editCommands,
  ...lposCommands,
  ...moveCommands,
  ...blockingCommands,
]
