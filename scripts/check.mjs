// npm run check: types, lint, unit and world tests, size budget. No browser. `--fast` leaves out what needs real Redis.
import { checks } from './steps.mjs'
import { ensurePackages } from './setup.mjs'

ensurePackages()
process.exitCode = checks({ browser: false })
