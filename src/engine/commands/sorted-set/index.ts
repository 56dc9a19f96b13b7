import type { CommandImpl } from '../command.ts'
import { addCommands } from './add.ts'
import { algebraCommands } from './algebra.ts'
import { popCommands } from './pop.ts'
import { randomCommands } from './random.ts'
import { rangeCommands } from './range.ts'
import { readCommands } from './read.ts'
import { removeCommands } from './remove.ts'

export const sortedSetCommands: readonly CommandImpl[] = [
  ...addCommands,
  ...removeCommands,
  ...readCommands,
  ...rangeCommands,
  ...popCommands,
  ...algebraCommands,
  ...randomCommands,
]
