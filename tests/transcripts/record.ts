/** Rewrites transcript files with what a real redis-server 7.0.15 answers. */
import { readFileSync, writeFileSync } from 'node:fs'
import { realCluster } from './cluster-conversations.ts'
import { socketConversation } from './conversations.ts'
import { redisVersion, startRedis } from './real-server.ts'
import { layoutOf, parseTranscript, runTranscript } from './transcript.ts'

export async function record(files: readonly string[]): Promise<void> {
  const version = redisVersion()
  if (version !== '7.0.15') throw new Error(`redis-server 7.0.15 is needed, found ${version ?? 'none'}`)
  await Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (let i = lane; i < files.length; i += 4) await recordFile(files[i]!)
    }),
  )
}

async function recordFile(file: string): Promise<void> {
  const steps = parseTranscript(readFileSync(file, 'utf8'))
  const layout = layoutOf(steps)
  const redis = layout === null ? await startRedis() : null
  const conversation = layout === null ? await socketConversation(redis!.port) : await realCluster(layout)
  const lines: string[] = []
  try {
    await runTranscript(steps, conversation, (step, said) => lines.push(step.line, ...said))
  } finally {
    conversation.close()
    await redis?.stop()
  }
  writeFileSync(file, `${lines.join('\n').replace(/\n+$/, '')}\n`)
}
