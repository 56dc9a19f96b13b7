// npm run compatibility: docs/compatibility.md from the command table, the transcripts and docs/oracle.json.
import { join } from 'node:path'
import { bin, ensurePackages, root, run } from './setup.mjs'

ensurePackages()
if (run(bin('vite'), ['build', '--logLevel', 'error', '-c', 'tests/oracle/vite.config.ts']) !== 0) process.exit(1)
process.exitCode = run(process.execPath, [join(root, 'bench', 'dist', 'oracle', 'compatibility.js')])
