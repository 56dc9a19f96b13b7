/** Programs of the kind "app", by the first word of the command line: `proxy` is a proxy, anything else a client. */
import type { Machine, MachineFactory, ProcessEnv, Tap } from '../../machine.ts'
import { ClusterClient } from './cluster-client.ts'
import { Proxy } from './proxy.ts'

export const createApp: MachineFactory = (env: ProcessEnv, tap?: Tap): Machine =>
  env.argv[0] === 'proxy' ? new Proxy(env, tap) : new ClusterClient(env, tap)
