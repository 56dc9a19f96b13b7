import type { CommandImpl } from '../command.ts'

export const genericCommands: readonly CommandImpl[] = []
