// npm run check: build, types, lint, format, size budget, unit tests, transcripts, the quick world tests. No browser, no real
// Redis, under a minute: what one runs before a commit. `npm test` runs everything.
import { ensurePackages } from './setup.mjs'
import { checks } from './steps.mjs'

ensurePackages()
process.env.REHASH_QUICK = '1'
process.exitCode = checks({ browser: false })
