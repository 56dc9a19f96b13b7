import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineConversation, socketConversation } from './transcripts/conversations.ts'
import { redisVersion, SERVER_ARGV, startRedis } from './transcripts/real-server.ts'
import { engineCluster, realCluster } from './transcripts/cluster-conversations.ts'
import { type Conversation, layoutOf, parseTranscript, type Step, runTranscript } from './transcripts/transcript.ts'

const folder = join(import.meta.dirname, 'transcripts')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()

const stepsOf = (file: string): Step[] => parseTranscript(readFileSync(join(folder, file), 'utf8'))
/** Every difference as "line: command", with what was expected and what was said. */
async function differences(file: string, steps: readonly Step[], conversation: Conversation): Promise<string[]> {
  const found: string[] = []
  await runTranscript(steps, conversation, (step, said) => {
    if (step.type !== 'command' && step.type !== 'wait') return
    if (said.join('\n') === step.expected.join('\n')) return
    found.push(
      `${file}:${step.lineNumber}: ${step.line}\n  redis: ${step.expected.join('\n         ')}\n  ours:  ${said.join('\n         ')}`,
    )
  })
  conversation.close()
  return found
}

test.each(files)('%s is answered as recorded', async (file) => {
  const steps = stepsOf(file)
  const layout = layoutOf(steps)
  const ours = layout === null ? engineConversation(SERVER_ARGV) : engineCluster(layout)
  expect((await differences(file, steps, ours)).join('\n')).toBe('')
})

const real = process.env.TRANSCRIPTS_REAL !== '0' && redisVersion() === '7.0.15'
test.runIf(real).each(files)(
  '%s is what redis-server 7.0.15 answers',
  async (file) => {
    const steps = stepsOf(file)
    const layout = layoutOf(steps)
    const redis = layout === null ? await startRedis() : null
    const theirs = layout === null ? await socketConversation(redis!.port) : await realCluster(layout)
    try {
      expect((await differences(file, steps, theirs)).join('\n')).toBe('')
    } finally {
      await redis?.stop()
    }
  },
  120_000,
)

test('a recorded answer that is wrong is noticed', async () => {
  const conversation = engineConversation(SERVER_ARGV)
  const steps = parseTranscript('> SET a 1\nOK\n> INCR a\n(integer) 3\n')
  const wrong: string[] = []
  await runTranscript(steps, conversation, (step, said) => {
    if (step.type === 'command' && said.join('\n') !== step.expected.join('\n')) wrong.push(step.line)
  })
  expect(wrong).toEqual(['> INCR a'])
})
