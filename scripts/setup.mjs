// What a fresh machine lacks, found and installed. Only Node's own modules: this runs before `npm ci`.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const say = (text) => console.log(`rehash: ${text}`)

/** Run a program of node_modules/.bin or the PATH in the project's root; resolves to its exit code. */
export function run(command, args, options = {}) {
  const r = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32', ...options })
  if (r.error) console.error(`rehash: ${command}: ${r.error.message}`)
  return r.status ?? 1
}
export const bin = (name) => join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)

function needNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`rehash needs Node 20.19 or later; this is ${process.versions.node}. See https://nodejs.org/`)
  process.exit(1)
}

/** Install the packages of the lock file unless exactly these are installed. */
export function ensurePackages() {
  needNode()
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.rehash-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  say('installing packages from the lock file ...')
  if (run(npm, ['ci', '--no-fund', '--no-audit', '--loglevel=error']) !== 0) {
    console.error('rehash: npm ci failed; the lines above say why')
    process.exit(1)
  }
  writeFileSync(stamp, lock)
}

const which = (name) => {
  try {
    return execFileSync(process.platform === 'win32' ? 'where' : 'which', [name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\n')[0]
      .trim()
  } catch {
    return ''
  }
}

/** Path of an installed Chromium or Chrome, or ''. */
export function findBrowser() {
  const known = [
    process.env.CHROME_PATH ?? '',
    which('chromium'),
    which('chromium-browser'),
    which('google-chrome'),
    which('google-chrome-stable'),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ]
  return known.find((p) => p !== '' && existsSync(p)) ?? ''
}

function aptInstall(packages) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || which('apt-get') === '') return false
  say(`installing ${packages.join(', ')} with apt-get ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  run('apt-get', ['update', '-qq'], quiet)
  return run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet) === 0
}

/** A browser for the tests: an installed one, otherwise apt's (Debian, root), otherwise Playwright's own ('' then). */
export function ensureBrowser() {
  let path = findBrowser()
  if (path === '' && aptInstall(['chromium'])) path = findBrowser()
  if (path === '') {
    say("no Chromium or Chrome found: installing Playwright's own ...")
    if (run(bin('playwright'), ['install', 'chromium']) !== 0) {
      console.error('rehash: no browser could be installed; install Chromium, or set CHROME_PATH, and run again')
      process.exit(1)
    }
  }
  return path
}

/** The reference server for the differential tests; absent is allowed outside CI, and said loudly. */
export function ensureRedis() {
  if (which('redis-server') !== '' && which('redis-cli') !== '') return true
  if (aptInstall(['redis-server'])) return true
  console.log('rehash: ******** redis-server is not installed: tests against the real Redis will be SKIPPED ********')
  return false
}

const newest = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)
/** True when a source file is newer than what was built from it. */
export function stale(built, sources) {
  const at = newest(join(root, built))
  if (at === 0) return true
  const out = execFileSync(
    process.execPath,
    [
      '-e',
      `
    const fs=require('fs'),p=require('path');let m=0
    const w=f=>{const s=fs.statSync(f,{throwIfNoEntry:false});if(!s)return;if(s.isDirectory())for(const e of fs.readdirSync(f))w(p.join(f,e));else m=Math.max(m,s.mtimeMs)}
    for(const f of process.argv.slice(1))w(f);console.log(m)`,
      ...sources.map((s) => join(root, s)),
    ],
    { encoding: 'utf8' },
  )
  return Number(out) > at
}
export const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'vite.node.config.ts', 'package-lock.json']

export function ensureBuilt() {
  if (stale('dist/index.html', sources) || stale('dist-node/rehash-server.js', sources)) {
    say('building ...')
    if (build() !== 0) process.exit(1)
  }
}
export function build() {
  return (
    run(bin('vite'), ['build', '--logLevel', 'warn']) ||
    run(bin('vite'), ['build', '--logLevel', 'warn', '-c', 'vite.node.config.ts'])
  )
}
