/** The story in one thread. Prints the digest and the number of events. */
import { sentinelTrio } from '../../src/world/presets.ts'
import { createProgram } from '../../src/world/programs.ts'
import { createWorld } from '../../src/world/world.ts'
import { SEED, tell } from './story.ts'

export async function oneThread(): Promise<{ digest: string; eventCount: number }> {
  const world = createWorld(sentinelTrio(SEED), (kind) => (env, tap) => createProgram(kind, env, tap))
  let terminals = 0
  await tell({
    to: (at) => world.runUntil(at),
    fault: (fault) => world.inject(fault),
    terminal: (box, argv) => world.spawn({ name: `cli-${++terminals}`, kind: 'client', box, port: 0, argv }),
    type: (bytes) => world.stdin(`cli-${terminals}`, bytes),
  })
  return { digest: world.digest(), eventCount: world.eventCount }
}
