import type { CommandImpl } from '../command.ts'
import { hashReadFamily } from './read.ts'
import { hashWriteFamily } from './write.ts'

export const hashCommands: readonly CommandImpl[] = [...hashWriteFamily, ...hashReadFamily]
