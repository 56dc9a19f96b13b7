/** npm run compatibility: writes docs/compatibility.md. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compatibilityTable } from './compatibility.ts'

const root = process.cwd()
writeFileSync(join(root, 'docs', 'compatibility.md'), compatibilityTable(root))
console.log('wrote docs/compatibility.md')
