import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compatibilityTable } from './compatibility.ts'

test('docs/compatibility.md is what the table, the transcripts and the last oracle run say', () => {
  const root = process.cwd()
  expect(readFileSync(join(root, 'docs', 'compatibility.md'), 'utf8')).toBe(compatibilityTable(root))
})
