import type { CommandImpl } from '../command.ts'
import { copyFamily } from './copy.ts'
import { expireFamily } from './expire.ts'
import { keyFamily } from './keys.ts'
import { objectFamily } from './object.ts'
import { sortFamily } from './sort.ts'

export const genericCommands: readonly CommandImpl[] = [
  ...keyFamily,
  ...copyFamily,
  ...expireFamily,
  ...objectFamily,
  ...sortFamily,
]
