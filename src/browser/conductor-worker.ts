/**
 * The conductor's worker. It keeps time even when the page is hidden, and starts a worker per process from inside
 * itself. It pumps itself with a MessageChannel, because timers are clamped to four milliseconds.
 */
import { ConductorSession } from './conductor-session.ts'
import type { FromPage } from './page-protocol.ts'
import type { FromWorker, PortLike, WorkerHandle } from './worker-protocol.ts'

const scope = self as unknown as DedicatedWorkerGlobalScope

function spawn(process: string): WorkerHandle {
  const worker = new Worker(new URL('./process-worker.ts', import.meta.url), { type: 'module', name: process })
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer as unknown as Transferable[]),
    onMessage: (fn) => {
      worker.onmessage = (event: MessageEvent<FromWorker>) => fn(event.data)
    },
    onError: (fn) => {
      worker.onerror = (event) => fn(event.message || 'The worker could not start')
      worker.onmessageerror = () => fn('A message could not be read')
    },
    terminate: () => worker.terminate(),
  }
}

const pump = new MessageChannel()
let next: (() => void) | null = null
pump.port1.onmessage = () => {
  const fn = next
  next = null
  fn?.()
}

let session: ConductorSession | null = null
scope.onmessage = (event: MessageEvent<FromPage>) => {
  const message = event.data
  if (message.type !== 'open') {
    session?.receive(message)
    return
  }
  const host = {
    threads: {
      spawn,
      channel: () => {
        const { port1, port2 } = new MessageChannel()
        return [port1 as unknown as PortLike, port2 as unknown as PortLike] as const
      },
    },
    // Processes run in workers of their own; here only their disks and sockets are kept while they are dead. So the
    // conductor's bundle is without the engine.
    programs: () => () => {
      throw new Error('A process was about to run in the conductor')
    },
    post: (m: unknown) => scope.postMessage(m),
    clock: () => performance.now(),
    later: (ms: number, fn: () => void) => {
      if (ms >= 4) setTimeout(fn, ms)
      else {
        next = fn
        pump.port2.postMessage(0)
      }
    },
  }
  session = new ConductorSession(host, message.scenario)
}
