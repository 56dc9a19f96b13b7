/** The programs a world can run, by the kind a topology names, each with all its parts. */
import { createApp, createServer, type Machine, type ProcessEnv, RedisCli, type Tap } from '../engine/index.ts'

export type ProgramKind = 'server' | 'sentinel' | 'client' | 'app'

export function createProgram(kind: ProgramKind, env: ProcessEnv, tap?: Tap): Machine {
  switch (kind) {
    case 'server':
      return createServer(env, tap, { mode: 'server' })
    case 'sentinel':
      return createServer(env, tap, { mode: 'sentinel' })
    case 'client':
      return new RedisCli(env, tap)
    case 'app':
      return createApp(env, tap)
  }
}
