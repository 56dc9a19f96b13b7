import type { CommandImpl } from '../command.ts'

export const bitmapCommands: readonly CommandImpl[] = []
