import type { CommandImpl } from '../command.ts'

export const geoCommands: readonly CommandImpl[] = []
