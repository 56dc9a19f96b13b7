// Records Redis 7.0.15's own command table into src/engine/commands/facts.json: starts an installed redis-server,
// asks COMMAND and COMMAND DOCS over RESP3 and keeps the answers in the order and words of the server.
//
//   node scripts/record-facts.mjs [path of redis-server]
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'

const port = 20000 + (process.pid % 20000)
const server = spawn(process.argv[2] ?? 'redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], {
  stdio: 'ignore',
})

const open = () =>
  new Promise((resolve) => {
    const attempt = () => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(socket))
      socket.once('error', () => setTimeout(attempt, 50))
    }
    attempt()
  })

/** A RESP value at `at`, with the position behind it; maps become arrays of pairs. */
function parse(text, at) {
  const end = text.indexOf('\r\n', at)
  const head = text.slice(at + 1, end)
  const next = end + 2
  switch (text[at]) {
    case '$': {
      const n = Number(head)
      return [text.slice(next, next + n), next + n + 2]
    }
    case ':':
      return [Number(head), next]
    case '+':
      return [head, next]
    case '_':
      return [null, next]
    case '*':
    case '~':
    case '%': {
      const items = []
      let p = next
      const n = Number(head) * (text[at] === '%' ? 2 : 1)
      for (let i = 0; i < n; i++) {
        const [v, q] = parse(text, p)
        items.push(v)
        p = q
      }
      return [text[at] === '%' ? toObject(items) : items, p]
    }
    default:
      throw new Error(`unexpected reply ${JSON.stringify(text.slice(at, at + 80))}`)
  }
}
function toObject(items) {
  const o = {}
  for (let i = 0; i < items.length; i += 2) o[items[i]] = items[i + 1]
  return o
}

const socket = await open()
let buffer = ''
socket.setEncoding('latin1')
socket.write('HELLO 3\r\nCOMMAND\r\nCOMMAND DOCS\r\n')
const replies = await new Promise((resolve) => {
  socket.on('data', (chunk) => {
    buffer += chunk
    try {
      const found = []
      let p = 0
      for (let i = 0; i < 3; i++) {
        const [v, q] = parse(buffer, p)
        if (q > buffer.length || Number.isNaN(q)) return
        found.push(v)
        p = q
      }
      resolve(found)
    } catch {
      // The reply is not complete yet.
    }
  })
})
socket.destroy()
server.kill()

const docs = replies[2]
const facts = {}
function record(entry, doc) {
  const [name, arity, flags, firstKey, lastKey, step, acl, tips, keySpecs, subcommands] = entry
  const { subcommands: subDocs, ...rest } = doc
  const { summary, since, group, complexity, ...more } = rest
  facts[name] = {
    arity,
    flags,
    firstKey,
    lastKey,
    step,
    acl,
    tips,
    keySpecs,
    group,
    since,
    summary,
    complexity,
    ...more,
  }
  for (const sub of subcommands) record(sub, subDocs[sub[0]])
}
for (const entry of replies[1]) record(entry, docs[entry[0]])
const names = Object.keys(facts).sort()
const lines = names.map((n) => `${JSON.stringify(n)}:${JSON.stringify(facts[n])}`)
writeFileSync(new URL('../src/engine/commands/facts.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`)
console.log(`${names.length} commands and subcommands`)
