import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** What COMMAND DOCS, redis-cli's HELP and its hints say: half of the command table, and nobody's need before the first of them. */
const DOCS = ['summary', 'since', 'complexity', 'history', 'arguments']

/** Where the texts lie during a build, for Vite to take up as assets. */
const apart = (name: string): string => resolve('node_modules/.rehash', name)

/** Source of a function that fetches an asset when it is first called. A command can't wait for a promise: synchronously, as workers may. */
const loader = (file: string): string => `import url from ${JSON.stringify(`${file}?url`)}
let texts = null
function load() {
  if (texts !== null) return texts
  const request = new XMLHttpRequest()
  request.open('GET', url, false)
  request.send()
  if (request.status !== 200) throw new Error('Texts of the commands could not be loaded: ' + request.status + ' ' + url)
  return (texts = JSON.parse(request.responseText))
}
`
function write(file: string, content: unknown): void {
  mkdirSync(resolve(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify(content))
}

/** The command table without its words. */
function facts(text: string): string {
  const table = JSON.parse(text) as Record<string, Record<string, unknown>>
  const docs: Record<string, Record<string, unknown>> = {}
  for (const [name, row] of Object.entries(table)) {
    docs[name] = {}
    for (const part of DOCS) {
      if (part in row) docs[name][part] = row[part]
      delete row[part]
    }
  }
  const file = apart('command-docs.json')
  write(file, docs)
  return `${loader(file)}
const facts = JSON.parse(${JSON.stringify(JSON.stringify(table))})
for (const name of Object.keys(facts))
  for (const part of ${JSON.stringify(DOCS)})
    Object.defineProperty(facts[name], part, { enumerable: true, get: () => load()[name][part] })
export default facts
`
}
function helpTexts(text: string): string {
  const file = apart('help-texts.json')
  write(file, JSON.parse(text))
  return `${loader(file)}
export default new Proxy({}, { get: (_, name) => load()[name] })
`
}

/** Words that only some commands say are files of their own, which a process fetches when it is first asked for them. */
function textsApart(): Plugin {
  return {
    name: 'texts-apart',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      const make = id.endsWith('commands/facts.json') ? facts : id.endsWith('server/help-texts.json') ? helpTexts : null
      return make === null ? null : { moduleType: 'js', code: make(readFileSync(id, 'utf8')) }
    },
  }
}

export default defineConfig({
  // Relative addresses everywhere: the build works from any sub-path and inside an iframe.
  base: './',
  plugins: [react()],
  server: { port: 5173, strictPort: true },
  preview: { port: 5173, strictPort: true },
  worker: { format: 'es', plugins: () => [textsApart()] },
  build: { target: 'es2022', chunkSizeWarningLimit: 1000 },
})
