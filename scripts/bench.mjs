// npm run bench [-- engine|scaling|world|tcp|data [G11 ...]]: the project's figures against docs' goals, ours beside real Redis. Ratios
// are taken in one run, by CPU time where possible; on a busy machine run a part again before believing it.
import { join } from 'node:path'
import { bin, ensurePackages, root, run, stale } from './setup.mjs'

ensurePackages()
const [part, ...goals] = process.argv.slice(2)
const parts = ['engine', 'scaling', 'world', 'tcp', 'data']
if (part !== undefined && !parts.includes(part)) {
  console.error(`bench: no part "${part}"; there are ${parts.join(', ')}`)
  process.exit(2)
}
const vite = (config) => run(bin('vite'), ['build', '--logLevel', 'error', '-c', config])
const fresh =
  process.env.REHASH_SERVER !== undefined ||
  !stale('dist-node/rehash-server.js', ['src/engine', 'src/node', 'vite.node.config.ts'])
if ((!fresh && vite('vite.node.config.ts') !== 0) || vite('bench/vite.config.ts') !== 0) process.exit(1)
for (const name of parts) {
  if (part !== undefined && part !== name) continue
  const script = ['engine', 'scaling', 'world'].includes(name)
    ? join('bench', 'dist', `${name}.js`)
    : join('bench', `${name}.mjs`)
  if (run(process.execPath, ['--expose-gc', join(root, script), ...goals]) !== 0) process.exitCode = 1
}
