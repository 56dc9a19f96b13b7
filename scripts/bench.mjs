// npm run bench [-- tcp|engine|world|browser]: the project's figures. Ratios are taken in one run, by CPU time where possible.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, ensureBuilt, ensurePackages, root, run } from './setup.mjs'

ensurePackages()
ensureBuilt()
const wanted = process.argv.slice(2)
const all = wanted.length === 0
if (run(bin('vite'), ['build', '--logLevel', 'error', '-c', 'bench/vite.config.ts']) !== 0) process.exit(1)
for (const name of ['engine', 'world']) {
  if (all || wanted.includes(name)) run(process.execPath, ['--expose-gc', join(root, 'bench', 'dist', `${name}.js`)])
}
if (all || wanted.includes('tcp')) await import(pathToFileURL(join(root, 'bench', 'tcp.mjs')).href)
if (all || wanted.includes('browser')) await import(pathToFileURL(join(root, 'bench', 'browser.mjs')).href)
