/** What neither the compiler nor the linter sees: who may import whom, and what the tree must not hold. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((f) => f !== '' && existsSync(f))
const code = files.filter((f) => /^src\/.*\.tsx?$/.test(f))

/** Imports at run time: `import type` may go anywhere. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found: string[] = []
  for (const m of text.matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+['"](\.[^'"]+)['"]/gm)) {
    found.push(normalize(join(dirname(file), m[1] as string)))
  }
  return found
}

const LAYERS = ['engine', 'world', 'browser', 'node', 'lab']
const BELOW: Record<string, readonly string[]> = {
  engine: [],
  world: ['engine'],
  browser: ['engine', 'world'],
  node: ['engine', 'world'],
  lab: ['engine', 'world', 'browser'],
}

test('a layer imports only what is below it', () => {
  const bad: string[] = []
  for (const f of code.filter((x) => !x.includes('.test.'))) {
    const layer = f.split('/')[1] as string
    for (const target of imports(f)) {
      const other = target.split('/')[1] as string
      if (other !== layer && LAYERS.includes(layer) && !BELOW[layer]?.includes(other))
        bad.push(`${f} imports ${target}`)
    }
  }
  expect(bad).toEqual([])
})

test('bytes and structures know nothing above them', () => {
  const order = ['bytes', 'structures', 'objects']
  const bad: string[] = []
  for (const f of code.filter((x) => !x.includes('.test.'))) {
    const at = order.indexOf(f.split('/')[2] as string)
    if (!f.startsWith('src/engine/') || at < 0) continue
    for (const target of imports(f)) {
      const to = order.indexOf(target.split('/')[2] as string)
      if (to < 0 || to > at) bad.push(`${f} imports ${target}`)
    }
  }
  expect(bad).toEqual([])
})

test('the engine and the world read no clock, randomness or timer', () => {
  const bad: string[] = []
  const forbidden =
    /\b(Math\.random|Date\.now|new Date\(|setTimeout\(|setInterval\(|await |async |Promise[.<(]|toLocale|localeCompare|performance\.now)/
  for (const f of code.filter((x) => /^src\/(engine|world)\//.test(x) && !x.includes('.test.'))) {
    readFileSync(f, 'utf8')
      .split('\n')
      .forEach((line, i) => {
        const bare = line
          .replace(/\/\/.*$/, '')
          .replace(/^\s*\*.*$/, '')
          .replace(/'[^']*'/g, "''")
        if (forbidden.test(bare)) bad.push(`${f}:${i + 1} ${line.trim()}`)
      })
  }
  expect(bad).toEqual([])
})

test('the lock file names no host', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved"/)
})

test('no default exports, no commented-out TODO in the sources', () => {
  const bad = code.filter((f) => /^export default|\b(TODO|FIXME|XXX)\b/m.test(readFileSync(f, 'utf8')))
  expect(bad).toEqual([])
})
