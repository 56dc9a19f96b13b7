/** npm run oracle: a long run, with agreement per command. */
import { writeFileSync } from 'node:fs'
import { provideLuaFrom } from '../../src/node/lua.ts'
import { stopAll } from '../support/processes.ts'
import { runConversations } from './conversations.ts'
import { run } from './run.ts'

provideLuaFrom('src/engine/scripting/lua51.wasm')
const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const seed = Number(option('seed', '1'))
const ops = Number(option('ops', '20000'))
const maxShrunk = Number(option('shrink', '10'))
let last = 0
const progress = (done: number, differences: number): void => {
  if (done - last < (ops > 200_000 ? 50_000 : 5_000)) return
  last = done
  console.error(`${done} requests, ${differences} differences`)
}
if (process.argv.includes('--conversations')) {
  const talked = await runConversations({
    seed,
    ops,
    maxShrunk,
    progress,
    onReport: (report) => console.log(`${report}\n`),
  })
  console.log(`seed ${seed}: ${talked.requests} requests in conversations, ${talked.differences} differences`)
  stopAll()
  process.exit(talked.differences === 0 ? 0 : 1)
}
const result = await run({
  seed,
  ops,
  firstRound: Number(option('round', '0')),
  maxShrunk,
  progress,
  onReport: (report) => console.error(`\n${report}\n`),
})
const width = Math.max(...[...result.rows.keys()].map((k) => k.length))
for (const [row, t] of result.rows)
  console.log(
    `${row.replace('|', ' ').padEnd(width)}  ${String(t.requests).padStart(8)}  ${t.differences === 0 ? 'equal' : `${t.differences} DIFFERENT`}`,
  )
if (result.missing.length > 0) console.log(`\nnot implemented: ${result.missing.join(', ')}`)
console.log(
  `\nseed ${seed}: ${result.requests} requests, ${result.rows.size} rows of the table, ${result.differences} differences`,
)
const file = option('report', '')
if (file !== '')
  writeFileSync(
    file,
    `${JSON.stringify({ seed, requests: result.requests, rows: Object.fromEntries(result.rows) }, null, 1)}\n`,
  )
stopAll()
process.exitCode = result.differences === 0 ? 0 : 1
