import type { CommandImpl } from '../command.ts'

export const hashCommands: readonly CommandImpl[] = []
