import type { CommandImpl } from '../command.ts'

export const clusterCommands: readonly CommandImpl[] = []
