/**
 * The programs of a page. Parts that only some processes need are files of their own, fetched before such a process starts:
 * what a server does in a cluster, and redis-cli's --cluster.
 */
import type { ClusterPart } from '../engine/cluster/index.ts'
import type { Machine, ProcessEnv, Tap } from '../engine/machine.ts'
import { RedisCliCore } from '../engine/programs/redis-cli/cli.ts'
import { createCore } from '../engine/server/create-core.ts'
import type { ProgramKind } from '../world/programs.ts'
import type { RunnerState } from '../world/process-runner.ts'

type Manager = typeof import('../engine/programs/redis-cli/cluster/index.ts').cluster
type App = typeof import('../engine/programs/app/cluster-client.ts').ClusterClient

let cluster: ClusterPart | null = null
let manager: Manager | null = null
let app: App | null = null

const asksForCluster = (text: string): boolean => /^\s*cluster-enabled\s+"?yes/im.test(text)

async function loadCluster(): Promise<void> {
  cluster ??= (await import('../engine/cluster/index.ts')).clusterPart
}

/** What the process needs and is not here yet; null when it can start at once. */
export function prepare(state: RunnerState): Promise<void> | null {
  const { kind, argv } = state.spec
  if (kind === 'app' && app === null)
    return import('../engine/programs/app/cluster-client.ts').then((m) => {
      app = m.ClusterClient
    })
  if (kind === 'client' && manager === null && argv.includes('--cluster'))
    return import('../engine/programs/redis-cli/cluster/index.ts').then((m) => {
      manager = m.cluster
    })
  if (kind !== 'server' || cluster !== null) return null
  const files = [...Object.values(state.spec.files ?? {}), argv.join(' ').replaceAll(' --', '\n')]
  if (files.some(asksForCluster)) return loadCluster()
  // Somebody may turn it on by hand, in the file on the disk, before a restart.
  setTimeout(() => void loadCluster(), 15_000)
  return null
}

export function createProgram(kind: ProgramKind, env: ProcessEnv, tap?: Tap): Machine {
  switch (kind) {
    case 'server':
    case 'sentinel':
      return createCore(env, tap, { mode: kind, cluster })
    case 'client':
      return new RedisCliCore(env, tap, manager)
    case 'app':
      if (app === null) throw new Error('The application was not loaded')
      return new app(env, tap)
  }
}
