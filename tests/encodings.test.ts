/**
 * Two promises about every command of the transcripts. Every encoding agrees: with all thresholds as low as they go, and with
 * them high, the replies are the recorded ones. Errors change nothing: the dataset is the same before and after an error reply.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineConversation } from './transcripts/conversations.ts'
import { SERVER_ARGV } from './transcripts/real-server.ts'
import { type Conversation, parseTranscript, runTranscript, type Step } from './transcripts/transcript.ts'

const folder = join(import.meta.dirname, 'transcripts')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()

const DATA = /^(string|list|hash|set|sorted-set|bitmap|geo|stream|hyperloglog)\//
const LOW = {
  'list-max-listpack-size': '1',
  'list-compress-depth': '1',
  'set-max-intset-entries': '0',
  'hash-max-listpack-entries': '0',
  'zset-max-listpack-entries': '0',
  'stream-node-max-entries': '1',
  'hll-sparse-max-bytes': '0',
}
const HIGH = {
  'list-max-listpack-size': '-5',
  'list-compress-depth': '0',
  'set-max-intset-entries': '100000',
  'hash-max-listpack-entries': '100000',
  'hash-max-listpack-value': '1000000',
  'zset-max-listpack-entries': '100000',
  'zset-max-listpack-value': '1000000',
  'stream-node-max-entries': '0',
  'stream-node-max-bytes': '0',
  'hll-sparse-max-bytes': '15000',
}

/** What tells of encodings, or of the order or the bytes that follow from them. */
function tellsEncoding(step: Extract<Step, { type: 'command' }>): boolean {
  const [name = '', sub = ''] = step.argv.map((a) => a.toLowerCase())
  if (name === 'object') return sub === 'encoding'
  if (name === 'xinfo') return true
  return /^(debug|config|memory|dump|restore|info|pfdebug)$/.test(name)
}
/** Sets and hashes have an order of their own in a table; a cursor and a random choice depend on it too. */
const UNORDERED = /^(smembers|sunion|sinter|sdiff|hgetall|hkeys|hvals|sort|sort_ro)$/
const BY_PLACE = /^(sscan|hscan|zscan|srandmember|spop|hrandfield|zrandmember|scan)$/
/** A listpack has no minus zero, in Redis too. */
const plain = (lines: readonly string[]): string => lines.join('\n').replaceAll('"-0"', '"0"')
const sorted = (lines: readonly string[]): string =>
  lines
    .map((l) => l.replace(/^[\s\d)#~%]*/, ''))
    .sort()
    .join('\n')

async function say(conversation: Conversation, ...argv: string[]): Promise<unknown> {
  return (await conversation.say(' control', argv)).replies[0]
}

async function differing(file: string, thresholds: Readonly<Record<string, string>>): Promise<string[]> {
  const conversation = engineConversation(SERVER_ARGV)
  const steps = parseTranscript(readFileSync(join(folder, file), 'utf8'))
  // A transcript that turns a threshold itself tells of encodings.
  if (steps.some((s) => s.type === 'command' && s.argv[0]?.toLowerCase() === 'config')) return []
  expect(await say(conversation, 'CONFIG', 'SET', ...Object.entries(thresholds).flat())).toEqual({
    t: 'status',
    text: 'OK',
  })
  const found: string[] = []
  await runTranscript(steps, conversation, (step, said) => {
    if (step.type !== 'command' || tellsEncoding(step)) return
    const name = step.argv[0]?.toLowerCase() ?? ''
    const recorded = step.expected
    const same = BY_PLACE.test(name)
      ? recorded[0]?.startsWith('(error)') === said[0]?.startsWith('(error)')
      : UNORDERED.test(name)
        ? sorted(recorded) === sorted(said)
        : plain(recorded) === plain(said)
    if (!same)
      found.push(`${file}:${step.lineNumber}: ${step.line}\n  ${recorded.join('\n  ')}\nbut\n  ${said.join('\n  ')}`)
  })
  return found
}

const data = files.filter((f) => DATA.test(f))
test('there are transcripts of every family of data', () => {
  expect(new Set(data.map((f) => f.split('/')[0])).size).toBe(9)
})
test.each(data)('every encoding agrees: %s with low thresholds', async (file) => {
  expect((await differing(file, LOW)).join('\n')).toBe('')
})
test.each(data)('every encoding agrees: %s with high thresholds', async (file) => {
  expect((await differing(file, HIGH)).join('\n')).toBe('')
})

let errors = 0
test.each(files)('errors change nothing: %s', async (file) => {
  const conversation = engineConversation(SERVER_ARGV)
  const found: string[] = []
  for (const step of parseTranscript(readFileSync(join(folder, file), 'utf8'))) {
    if (step.type === 'wait') await conversation.wait(step.ms)
    else if (step.type === 'resp3') await conversation.say(step.client, ['HELLO', '3'])
    if (step.type !== 'command') continue
    const before = await say(conversation, 'DEBUG', 'DIGEST')
    const { replies } = await conversation.say(step.client, step.argv)
    const [reply] = replies
    if (typeof reply !== 'object' || reply === null || !('t' in reply) || reply.t !== 'error') continue
    errors++
    // What a script did before it failed stays done.
    if (/^(eval|evalsha|fcall)$/i.test(step.argv[0] ?? '')) continue
    const after = await say(conversation, 'DEBUG', 'DIGEST')
    if (JSON.stringify(before) !== JSON.stringify(after)) found.push(`${file}:${step.lineNumber}: ${step.line}`)
  }
  expect(found).toEqual([])
})
test('there were errors to look at', () => {
  expect(errors).toBeGreaterThan(500)
})
