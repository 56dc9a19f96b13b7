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
function imports(file: string, text = readFileSync(file, 'utf8')): string[] {
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

function wrongLayers(file: string, targets: readonly string[]): string[] {
  const layer = file.split('/')[1] as string
  return targets.filter((target) => {
    const other = target.split('/')[1] as string
    return other !== layer && LAYERS.includes(layer) && !BELOW[layer]?.includes(other)
  })
}
const ORDER = ['bytes', 'structures', 'objects']
function wrongFolders(file: string, targets: readonly string[]): string[] {
  const at = ORDER.indexOf(file.split('/')[2] as string)
  if (!file.startsWith('src/engine/') || at < 0) return []
  return targets.filter((target) => {
    const to = ORDER.indexOf(target.split('/')[2] as string)
    return to < 0 || to > at
  })
}
/** A word counts as the keyword only where what follows makes it one: a parameter may be called `async`. */
const IMPURE =
  /\b(?:Math\.random|Date\.now|new Date\b|setTimeout\(|setInterval\(|queueMicrotask\(|await\s+[\w(['"`]|async\s+(?:function\b|\(|\w+\s*(?:\(|=>)|\*)|Promise\b[.<(]|toLocale\w*\(|localeCompare\(|Intl\.|performance\.now)/
function impureLines(text: string): number[] {
  const bad: number[] = []
  text.split('\n').forEach((line, i) => {
    const bare = line
      .replace(/'(?:[^'\\]|\\.)*'/g, "''")
      .replace(/\/\/.*$/, '')
      .replace(/^\s*\/?\*.*$/, '')
    if (IMPURE.test(bare)) bad.push(i + 1)
  })
  return bad
}
const untidy = (text: string): boolean => /^export default|\b(TODO|FIXME|XXX)\b/m.test(text)
/** Folders of code, and those above them, below src. */
function folders(paths: readonly string[]): string[] {
  const out = new Set<string>()
  for (const f of paths) for (let d = dirname(f); d !== 'src'; d = dirname(d)) out.add(d)
  return [...out].sort()
}
const sources = code.filter((x) => !x.includes('.test.'))

test('a layer imports only what is below it', () => {
  expect(sources.flatMap((f) => wrongLayers(f, imports(f)).map((t) => `${f} imports ${t}`))).toEqual([])
})

test('bytes and structures know nothing above them', () => {
  expect(sources.flatMap((f) => wrongFolders(f, imports(f)).map((t) => `${f} imports ${t}`))).toEqual([])
})

test('the engine and the world read no clock, randomness or timer', () => {
  const pure = sources.filter((x) => /^src\/(engine|world)\//.test(x))
  expect(pure.flatMap((f) => impureLines(readFileSync(f, 'utf8')).map((line) => `${f}:${line}`))).toEqual([])
})

test('the lock file names no host', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved"/)
})

test('no default exports, no commented-out TODO in the sources', () => {
  expect(code.filter((f) => untidy(readFileSync(f, 'utf8')))).toEqual([])
})

test('every folder of code says what is in it, in a few lines', () => {
  const bad = folders(code).filter((d) => {
    const readme = join(d, 'README.md')
    return !existsSync(readme) || !/^# .+\n(?:.*\n){2,12}$/.test(readFileSync(readme, 'utf8'))
  })
  expect(bad).toEqual([])
})

test('each of these rules can fail', () => {
  const file = 'src/engine/structures/dict.ts'
  const found = imports(file, "import { a } from '../server/a.ts'\nimport type { B } from '../server/b.ts'\n")
  expect(found).toEqual(['src/engine/server/a.ts'])
  expect(wrongFolders(file, found)).toEqual(found)
  expect(wrongFolders(file, ['src/engine/bytes/bytes.ts'])).toEqual([])
  expect(wrongLayers('src/world/world.ts', ['src/lab/App.tsx', 'src/engine/index.ts'])).toEqual(['src/lab/App.tsx'])
  for (const line of [
    'const x = Math.random()',
    'const t = new Date()',
    'async function f() {}',
    'const f = async () => {}',
    '  async load(): void {',
    'await read()',
    'function f(): Promise<void>',
    'return a.localeCompare(b)',
    'setTimeout(f, 1)',
  ])
    expect(impureLines(`ok\n${line}\n`), line).toEqual([2])
  for (const line of ['let async = false', 'f(async)', '// new Date()', "log('async (x)')", ' * setTimeout(f)'])
    expect(impureLines(line), line).toEqual([])
  expect(untidy('export default 1')).toBe(true)
  expect(untidy('// TO\x44O: later')).toBe(true)
  expect(folders(['src/a/b/c.ts'])).toEqual(['src/a', 'src/a/b'])
})
