/**
 * The programs of a page. Parts that only some processes need are files of their own, fetched before such a process starts:
 * what a server does in a cluster, redis-cli's modes and its --cluster, the pictures of the Structures screen.
 */
import type { ClusterPart } from '../engine/cluster/index.ts'
import { PICTURES, type Pictures } from '../engine/inspect/index.ts'
import type { Machine, ProcessEnv, Tap } from '../engine/machine.ts'
import { type CliParts, RedisCliCore } from '../engine/programs/redis-cli/cli.ts'
import { createCore } from '../engine/server/create-core.ts'
import type { ProgramKind } from '../world/programs.ts'
import type { RunnerState } from '../world/process-runner.ts'

type App = typeof import('../engine/programs/app/app.ts').createApp

let cluster: ClusterPart | null = null
let cli: CliParts = { manager: null, modes: null }
let app: App | null = null
let pictures: Pictures | null = null

const asksForCluster = (text: string): boolean => /^\s*cluster-enabled\s+"?yes/im.test(text)

async function loadCluster(): Promise<void> {
  cluster ??= (await import('../engine/cluster/index.ts')).clusterPart
}

async function loadCli(): Promise<void> {
  const [{ cluster: manager }, { modes }] = await Promise.all([
    import('../engine/programs/redis-cli/cluster/index.ts'),
    import('../engine/programs/redis-cli/modes/index.ts'),
  ])
  cli = { manager, modes }
}

/** What the views of these names need and is not here yet; null when all can be drawn. */
export function prepareViews(names: readonly string[]): Promise<void> | null {
  if (pictures !== null || !names.some((name) => (PICTURES as readonly string[]).includes(name))) return null
  return import('../engine/inspect/pictures.ts').then((m) => {
    pictures = m.pictures
  })
}

/** What the process needs and is not here yet; null when it can start at once. */
export function prepare(state: RunnerState): Promise<void> | null {
  const { kind, argv } = state.spec
  if (kind === 'app' && app === null)
    return import('../engine/programs/app/app.ts').then((m) => {
      app = m.createApp
    })
  // Any option but where to connect.
  if (kind === 'client' && cli.modes === null && argv.some((a) => /^--|^-[xXr]$/.test(a))) return loadCli()
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
      return createCore(env, tap, { mode: kind, cluster, pictures: () => pictures })
    case 'client':
      return new RedisCliCore(env, tap, cli)
    case 'app':
      if (app === null) throw new Error('The application was not loaded')
      return app(env, tap)
  }
}
