// npm run build: the static page in dist/ and rehash-server in dist-node/.
import { build, ensurePackages } from './setup.mjs'

ensurePackages()
process.exitCode = build()
