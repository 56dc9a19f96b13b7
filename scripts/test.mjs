// npm test: on a fresh machine this sets up everything it needs and runs everything.
import { checks } from './steps.mjs'
import { ensureBrowser, ensurePackages, ensureRedis } from './setup.mjs'

ensurePackages()
ensureRedis()
process.env.CHROME_PATH = ensureBrowser()
process.exitCode = checks({ browser: true })
