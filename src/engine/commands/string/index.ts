import type { CommandImpl } from '../command.ts'
import { editFamily } from './edit.ts'
import { getFamily } from './get.ts'
import { incrFamily } from './incr.ts'
import { lcsFamily } from './lcs.ts'
import { setFamily } from './set.ts'

export const stringCommands: readonly CommandImpl[] = [
  ...setFamily,
  ...getFamily,
  ...incrFamily,
  ...editFamily,
  ...lcsFamily,
]
