/** What redis-cli does besides asking and printing: its modes, by name, and who runs them. */
import type { ModeName } from '../options.ts'
import { evalCommand, pipe, withStdin } from './input.ts'
import { bigKeys, hotKeys, scanKeys } from './keys.ts'
import { latency, latencyDistribution } from './latency.ts'
import { ModeRunner } from './runner.ts'
import { stat } from './stat.ts'
import type { Mode, ModeContext } from './step.ts'

const byName: Readonly<Record<ModeName, (c: ModeContext) => Mode>> = {
  bigkeys: bigKeys,
  memkeys: bigKeys,
  hotkeys: hotKeys,
  scan: scanKeys,
  stat,
  latency,
  'latency-history': latency,
  'latency-dist': latencyDistribution,
  pipe,
}

export const modes = { byName, evalCommand, withStdin, ModeRunner } as const
export type Modes = typeof modes
