import type { CommandImpl } from '../command.ts'
import { readCommands } from './read.ts'
import { writeCommands } from './write.ts'

export const hashCommands: readonly CommandImpl[] = [...writeCommands, ...readCommands]
