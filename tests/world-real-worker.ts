/** A process of the real deployment in a Node worker: bundled by the tests that use it. */
import { parentPort } from 'node:worker_threads'
import { ProcessHost } from '../src/browser/process-host.ts'
import { createProgram } from '../src/world/programs.ts'
import './support/lua.ts'

const host = new ProcessHost(
  (kind) => (env, tap) => createProgram(kind, env, tap),
  (message) => parentPort?.postMessage(message),
)
parentPort?.on('message', (message) => host.receive(message))
