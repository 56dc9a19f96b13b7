#!/usr/bin/env node
// Records tests/transcripts/**/*.txt anew from redis-server 7.0.15. Usage: record-transcripts.mjs [file ...]
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const all = () =>
  readdirSync(join(root, 'tests/transcripts'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt'))
    .map((name) => join(root, 'tests/transcripts', name))
const files = process.argv.length > 2 ? process.argv.slice(2) : all()
const { module } = await runnerImport(join(root, 'tests/transcripts/record.ts'), { configFile: false, root })
await module.record(files)
console.log(`${files.length} transcripts recorded`)
