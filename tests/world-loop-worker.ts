/** A toy that loops for ever, or whose thread ends without a word, when it is told to. Bundled by the test. */
import { parentPort } from 'node:worker_threads'
import { ProcessHost } from '../src/browser/process-host.ts'
import { toys } from './world-toys.ts'

const host = new ProcessHost(
  () => (env, tap) => {
    const toy = toys()(env, tap)
    const handle = toy.handle.bind(toy)
    toy.handle = (input, now) => {
      if (input.type === 'stdin' && input.bytes === 'loop') for (;;);
      if (input.type === 'stdin' && input.bytes === 'vanish') process.exit(3)
      return handle(input, now)
    }
    return toy
  },
  (message) => parentPort?.postMessage(message),
)
parentPort?.on('message', (message) => host.receive(message))
