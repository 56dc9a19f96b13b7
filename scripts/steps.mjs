// The steps of `npm run check` and `npm test`, with one closing line that counts them all.
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bin, build, root, run } from './setup.mjs'

/** G24: JavaScript and CSS before the lab is usable, compressed, in bytes. */
const SIZE_BUDGET_BYTES = 450 * 1024

export function checks({ browser }) {
  const tally = { passed: 0, failed: 0, skipped: 0 }
  const count = (name, ok) => {
    if (ok) tally.passed++
    else tally.failed++
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
  }
  count('build', build() === 0)
  // Tests of the built server take it as it is: one that is rebuilt under another test is not there for a moment.
  process.env.REHASH_BUILT = '1'
  count('types', run(bin('tsc'), ['-b']) === 0)
  count('types of the tests', run(bin('tsc'), ['-p', 'tests']) === 0)
  count('lint', run(bin('biome'), ['lint', '.']) === 0)
  count('format', run(bin('biome'), ['format', '.']) === 0)
  count('size budget', sizeBudget())
  vitest(tally)
  if (browser) playwright(tally)
  console.log(
    `\n${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`,
  )
  return tally.failed === 0 ? 0 : 1
}

/** Fetched by name before the lab can be used: the session, its workers, the first terminal. */
const ROOTS = /^(index|session-client|conductor-worker|process-worker|XtermPane)-/

/** What the roots are, and what they import before they run; not what they fetch when it is first needed. */
function firstLoad(assets) {
  const files = readdirSync(assets).filter((file) => /\.(js|css)$/.test(file))
  const found = new Set(files.filter((file) => ROOTS.test(file)))
  for (const file of found)
    if (file.endsWith('.js'))
      for (const [, name] of readFileSync(join(assets, file), 'utf8').matchAll(
        /(?:^|[;}\n])(?:import|export)(?:[\w$*{},\s]*from)?\s*["']\.\/([\w.-]+)["']/g,
      ))
        if (files.includes(name)) found.add(name)
  return found
}

function sizeBudget() {
  const assets = join(root, 'dist', 'assets')
  if (!existsSync(assets)) return false
  let bytes = 0
  for (const file of firstLoad(assets)) bytes += gzipSync(readFileSync(join(assets, file)), { level: 9 }).length
  console.log(`JavaScript and CSS, gzip -9: ${(bytes / 1024).toFixed(0)} KB of ${SIZE_BUDGET_BYTES / 1024} KB`)
  return bytes <= SIZE_BUDGET_BYTES
}

function vitest(tally) {
  const out = join(mkdtempSync(join(tmpdir(), 'rehash-')), 'vitest.json')
  const status = run(bin('vitest'), ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${out}`])
  if (!existsSync(out)) {
    tally.failed++
    return
  }
  const r = JSON.parse(readFileSync(out, 'utf8'))
  tally.passed += r.numPassedTests
  tally.skipped += r.numPendingTests
  tally.failed += r.numFailedTests
  if (status !== 0 && r.numFailedTests === 0) tally.failed++
}

function playwright(tally) {
  const out = join(mkdtempSync(join(tmpdir(), 'rehash-')), 'playwright.json')
  const status = run(bin('playwright'), ['test', '--reporter=list,json'], {
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: out },
  })
  if (!existsSync(out)) {
    tally.failed++
    return
  }
  const { stats } = JSON.parse(readFileSync(out, 'utf8'))
  tally.passed += stats.expected + stats.flaky
  tally.skipped += stats.skipped
  tally.failed += stats.unexpected
  if (status !== 0 && stats.unexpected === 0) tally.failed++
}
