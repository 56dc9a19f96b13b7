/** The story in one thread. Prints the digest and the number of events. */
import { createProgram } from '../../src/world/programs.ts'
import type { Fault } from '../../src/world/types.ts'
import { createWorld } from '../../src/world/world.ts'
import { scenarioOf, type Story, tell } from './story.ts'

export async function oneThread(story: Story): Promise<{ digest: string; eventCount: number }> {
  const world = createWorld(scenarioOf(story), (kind) => (env, tap) => createProgram(kind, env, tap))
  let terminals = 0
  const teller = {
    to: (at: number) => world.runUntil(at),
    fault: (fault: Fault) => world.inject(fault),
    terminal: (box: string, argv: readonly string[]) =>
      world.spawn({ name: `cli-${++terminals}`, kind: 'client', box, port: 0, argv }),
    type: (bytes: string) => world.stdin(`cli-${terminals}`, bytes),
  }
  await tell(teller, story)
  return { digest: world.digest(), eventCount: world.eventCount }
}
