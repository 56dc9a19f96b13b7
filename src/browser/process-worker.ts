/** The worker of one process. */
import { provideLuaFromSite } from './lua.ts'
import { ProcessHost } from './process-host.ts'
import { createProgram, prepare, prepareViews } from './programs.ts'
import type { ToWorker } from './worker-protocol.ts'

provideLuaFromSite()
const scope = self as unknown as DedicatedWorkerGlobalScope
const host = new ProcessHost(
  (kind) => (env, tap) => createProgram(kind, env, tap),
  (message) => scope.postMessage(message),
  (message) =>
    message.type === 'init'
      ? prepare(message.state)
      : message.type === 'inspect'
        ? prepareViews(message.views.map((v) => v.view))
        : null,
)
scope.onmessage = (event: MessageEvent<ToWorker>) => host.receive(event.data)
