import type { CommandImpl } from '../command.ts'

export const stringCommands: readonly CommandImpl[] = []
