/** A server or Sentinel with every part. */
import { clusterPart } from '../cluster/index.ts'
import { pictures } from '../inspect/pictures.ts'
import type { ProcessEnv, Tap } from '../machine.ts'
import { type CoreOptions, createCore } from './create-core.ts'
import type { Server } from './server.ts'

export type CreateOptions = Omit<CoreOptions, 'cluster' | 'pictures'>

export function createServer(env: ProcessEnv, tap: Tap | undefined, options: CreateOptions): Server {
  return createCore(env, tap, { ...options, cluster: clusterPart, pictures: () => pictures })
}
