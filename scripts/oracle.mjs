// npm run oracle -- [--seed N] [--ops M] [--shrink K] [--report file.json]: random requests over the whole command table to
// our server and to an installed redis-server, byte for byte; agreement per command and the shortest differing sequences.
// With --conversations on several connections at once: what each of them hears.
import { join } from 'node:path'
import { bin, ensurePackages, ensureRedis, root, run } from './setup.mjs'

ensurePackages()
ensureRedis()
if (run(bin('vite'), ['build', '--logLevel', 'error', '-c', 'tests/oracle/vite.config.ts']) !== 0) process.exit(1)
process.exitCode = run(process.execPath, [join(root, 'bench', 'dist', 'oracle', 'main.js'), ...process.argv.slice(2)])
