import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/** Big tables as JSON text: V8 reads that several times faster than an object literal. */
const jsonAsText: Plugin = {
  name: 'json-as-text',
  enforce: 'pre',
  load(id) {
    if (!id.endsWith('facts.json')) return null
    const text = JSON.stringify(JSON.parse(readFileSync(id, 'utf8')))
    return { code: `export default JSON.parse(${JSON.stringify(text)})`, moduleType: 'js' }
  },
}

/** The program as a script of its own, and a small starter that hands V8 the code it compiled last time. */
const starter = (engine: string): string => `#!/usr/bin/env node
'use strict'
const { readFileSync, writeFileSync, renameSync } = require('node:fs')
const { Script } = require('node:vm')
// Requests and replies live shortly. In a nursery of full size hardly any of them is there when it is emptied; in the small one
// that V8 begins with many are, and are moved among the data, where they make holes. It grows when enough survives.
const v8 = require('node:v8')
v8.setFlagsFromString('--semi-space-growth-factor=16')
const nursery = () => v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
for (let kept = [], n = 0; n < 100 && nursery() < 16e6; n++) for (let i = 0; i < 1000; i++) kept.push({ i })
const filename = __dirname + '/${engine}'
const cache = filename + '.' + process.version + '-' + process.arch + '.cache'
let cachedData
try {
  cachedData = readFileSync(cache)
} catch {}
const source = '(function(require,process){' + readFileSync(filename, 'latin1') + '\\n})'
const script = new Script(source, { filename, cachedData })
script.runInThisContext()(require, process)
if (cachedData === undefined || script.cachedDataRejected) {
  const keep = () => {
    try {
      writeFileSync(cache + '.' + process.pid, script.createCachedData())
      renameSync(cache + '.' + process.pid, cache)
    } catch {}
  }
  if (process.env.REHASH_KEEP_CODE) {
    keep()
    process.exit(0)
  }
  setTimeout(keep, 2000).unref()
}
`
function startFast(): Plugin {
  let outDir = ''
  return {
    name: 'start-fast',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.isEntry) continue
        // One byte a character, so that it is read as it is.
        const code = chunk.code
          .replace(/^#!.*/, '')
          .replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
        const name = `${chunk.name}-${createHash('sha256').update(code).digest('hex').slice(0, 12)}.cjs`
        this.emitFile({ type: 'asset', fileName: name, source: code })
        chunk.code = starter(name)
      }
      this.emitFile({ type: 'asset', fileName: 'lua51.wasm', source: readFileSync('src/engine/scripting/lua51.wasm') })
      this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' })
    },
    closeBundle() {
      // One start now, so that the first one of the user finds its code compiled.
      const socket = join(tmpdir(), `rehash-build-${process.pid}.sock`)
      const args = [join(outDir, 'rehash-server.js'), '--port', '0', '--unixsocket', socket, '--save', '']
      spawnSync(process.execPath, args, { env: { ...process.env, REHASH_KEEP_CODE: '1' }, timeout: 10_000 })
      rmSync(socket, { force: true })
    },
  }
}

// The node build: one program that starts fast, no dependency at run time.
export default defineConfig({
  plugins: [jsonAsText, startFast()],
  build: {
    ssr: true,
    outDir: 'dist-node',
    target: 'node20',
    minify: false,
    copyPublicDir: false,
    rollupOptions: {
      input: { 'rehash-server': 'src/node/rehash-server.ts' },
      output: { entryFileNames: '[name].js', format: 'cjs' },
    },
  },
  ssr: { noExternal: true },
})
