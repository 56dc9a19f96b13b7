// npm run e2e: the browser tests on the built page.
import { bin, ensureBrowser, ensureBuilt, ensurePackages, run } from './setup.mjs'

ensurePackages()
process.env.CHROME_PATH = ensureBrowser()
ensureBuilt()
process.exitCode = run(bin('playwright'), ['test', ...process.argv.slice(2)])
