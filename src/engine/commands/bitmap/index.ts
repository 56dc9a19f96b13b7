import type { CommandImpl } from '../command.ts'
import { bitfieldFamily } from './bitfield.ts'
import { bitopFamily } from './bitop.ts'
import { bitFamily } from './bits.ts'

export const bitmapCommands: readonly CommandImpl[] = [...bitFamily, ...bitopFamily, ...bitfieldFamily]
