/** Every command of the table, and every word of its grammar, is said by a transcript that a real 7.0.15 answered. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import facts from '../src/engine/commands/facts.json' with { type: 'json' }
import { parseTranscript } from './transcripts/transcript.ts'

interface Argument {
  readonly type: string
  readonly token?: string
  readonly arguments?: readonly Argument[]
}

/** What a conversation of requests and replies cannot hold, and where it is proven instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  sync: 'tests/oracle/propagation.test.ts: the copy and the stream of both servers',
  psync: 'tests/oracle/propagation.test.ts, tests/coverage-replication-link.test.ts',
  'script|debug yes': 'the Lua debugger is refused: docs/fidelity.md',
  'script|debug sync': 'the Lua debugger is refused: docs/fidelity.md',
}

/** Without modules or a partner each of their forms is refused, and that is what is recorded. */
const NEVER_TAKEN = /^(module|failover|shutdown)(\||$)/

const folder = join(import.meta.dirname, 'transcripts')
interface Line {
  readonly words: readonly string[]
  readonly refused: boolean
}
const lines: Line[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .flatMap((name) => parseTranscript(readFileSync(join(folder, name), 'utf8')))
  .flatMap((step) =>
    step.type === 'command'
      ? [
          {
            words: step.argv.map((word) => word.toLowerCase()),
            refused: step.expected[0]?.startsWith('(error)') ?? false,
          },
        ]
      : [],
  )

const containers = new Set(Object.keys(facts).flatMap((name) => (name.includes('|') ? [name.split('|')[0]!] : [])))
/** The words after the command's name, for each line that says it. */
const said = new Map<string, Line[]>()
for (const { words, refused } of lines) {
  const two = words.length > 1 && containers.has(words[0]!) && `${words[0]}|${words[1]}` in facts
  const name = two ? `${words[0]}|${words[1]}` : words[0]!
  const line = { words: words.slice(two ? 2 : 1), refused }
  const found = said.get(name)
  if (found) found.push(line)
  else said.set(name, [line])
}

const tokens = (list: readonly Argument[] | undefined): string[] =>
  (list ?? []).flatMap((a) => [...(a.token ? [a.token.toLowerCase()] : []), ...tokens(a.arguments)])

test('every command and subcommand is said', () => {
  const silent = Object.keys(facts).filter(
    (name) => !said.has(name) && !(name in ELSEWHERE) && !(containers.has(name) && !name.includes('|')),
  )
  expect(silent).toEqual([])
})

test('every word of every grammar is said, and taken', () => {
  const silent = Object.entries(facts as Record<string, { arguments?: readonly Argument[] }>).flatMap(
    ([name, fact]) => {
      if (name in ELSEWHERE) return []
      const spoken = said.get(name) ?? []
      const taken = NEVER_TAKEN.test(name) ? spoken : spoken.filter((line) => !line.refused)
      return [...new Set(tokens(fact.arguments))]
        .filter((token) => !taken.some((line) => line.words.includes(token.replaceAll('"', ''))))
        .map((token) => `${name} ${token}`)
        .filter((word) => !(word in ELSEWHERE))
    },
  )
  expect(silent).toEqual([])
})

test('every command that can be refused has been refused', () => {
  const never = Object.entries(facts).flatMap(([name, { arity }]) => {
    const words = name.split('|').length
    const container = containers.has(name) && words === 1
    return container || name in ELSEWHERE || arity === -words || said.get(name)?.some((line) => line.refused)
      ? []
      : [name]
  })
  expect(never).toEqual([])
})

test('what is proven elsewhere is not said here too', () => {
  expect(Object.keys(ELSEWHERE).filter((name) => said.has(name) || !(name.split(' ')[0]! in facts))).toEqual([])
})
