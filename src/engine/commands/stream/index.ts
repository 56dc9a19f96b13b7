/** Streams: a log with IDs, read in ranges, by waiting readers, or shared out among the consumers of a group. */
import type { CommandImpl } from '../command.ts'
import { addCommands } from './add.ts'
import { groupCommands } from './group.ts'
import { infoCommands } from './info.ts'
import { pendingCommands } from './pending.ts'
import { rangeCommands } from './range.ts'
import { readCommands } from './read.ts'

export const streamCommands: readonly CommandImpl[] = [
  ...addCommands,
  ...rangeCommands,
  ...readCommands,
  ...groupCommands,
  ...pendingCommands,
  ...infoCommands,
]
