/** A toy process in a Node worker: bundled by the test that uses it. */
import { parentPort } from 'node:worker_threads'
import { ProcessHost } from '../src/browser/process-host.ts'
import { toys } from './world-toys.ts'

const host = new ProcessHost(toys, (message) => parentPort?.postMessage(message))
parentPort?.on('message', (message) => host.receive(message))
