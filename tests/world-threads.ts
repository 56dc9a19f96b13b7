/** Node's worker threads for a conductor: each runs a bundle of a worker file beside this one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { build } from 'vite'
import type { Threads } from '../src/browser/conductor.ts'
import type { PortLike, WorkerHandle } from '../src/browser/worker-protocol.ts'

export interface NodeThreads extends Threads {
  /** Every worker started so far, newest last. */
  readonly workers: Worker[]
  remove(): void
}

export async function nodeThreads(entry: string): Promise<NodeThreads> {
  const dir = mkdtempSync(join(tmpdir(), 'rehash-threads-'))
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(import.meta.dirname, entry),
      outDir: dir,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: 'worker.mjs' } },
    },
  })
  const workers: Worker[] = []
  return {
    workers,
    spawn(): WorkerHandle {
      const worker = new Worker(join(dir, 'worker.mjs'))
      workers.push(worker)
      let told = false
      return {
        post: (message, transfer = []) => worker.postMessage(message, transfer as never),
        onMessage: (fn) => void worker.on('message', fn),
        onError: (fn) => {
          worker.on('error', (e: Error) => fn(e.message))
          worker.on('exit', () => void (told || fn('The worker ended')))
        },
        terminate: () => {
          told = true
          void worker.terminate()
        },
      }
    },
    channel() {
      const { port1, port2 } = new MessageChannel()
      return [port1 as unknown as PortLike, port2 as unknown as PortLike]
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
