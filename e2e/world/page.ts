/** A bare page for tests and measurements: a session without the lab, and the same history in the page's own thread. */
import { openSession } from '../../src/browser/session-client.ts'
import type { Session, Terminal } from '../../src/browser/session.ts'
import { sentinelTrio } from '../../src/world/presets.ts'
import { oneThread } from './one-thread.ts'
import { SEED, tell } from './story.ts'

export interface Told {
  readonly digest: string
  readonly eventCount: number
  readonly workers: number
  readonly views: number
}

/** The story with one worker per process; with observers, views of three processes are pushed all the time. */
async function workers(observed: boolean): Promise<Told> {
  const session = await openSession(sentinelTrio(SEED))
  let views = 0
  if (observed) {
    for (const [process, view] of [
      ['redis-1', 'summary'],
      ['redis-2', 'replication'],
      ['s1', 'sentinel'],
    ] as const)
      session.subscribeView(process, view, [], () => void views++)
    session.subscribeView('redis-1', 'keys', ['0'], () => void views++)
    session.log('s1', () => {})
    session.onState(() => {})
  }
  let terminal: Terminal | null = null
  await tell({
    to: (at) => session.runTo(at),
    fault: (fault) => session.fault(fault),
    terminal: (box, argv) => {
      terminal = session.openTerminal(box, argv)
    },
    type: (text) => terminal?.write(text),
  })
  const told = await ended(session, views)
  session.dispose()
  return told
}

async function ended(session: Session, views: number): Promise<Told> {
  const { digest, eventCount, workers: count } = session.state()
  return { digest, eventCount, workers: count, views }
}

/** G18: virtual seconds per wall second of an idle deployment, one worker per process. */
async function pace(virtualSeconds: number): Promise<{ ratio: number; events: number; workers: number }> {
  const session = await openSession(sentinelTrio(SEED))
  await session.runTo(15e6)
  const from = session.state().eventCount
  const started = performance.now()
  await session.runTo(15e6 + virtualSeconds * 1e6)
  const wall = (performance.now() - started) / 1000
  const { eventCount, workers: count } = session.state()
  session.dispose()
  return { ratio: virtualSeconds / wall, events: eventCount - from, workers: count }
}

export interface WorldPage {
  workers(observed: boolean): Promise<Told>
  oneThread(): Promise<{ digest: string; eventCount: number }>
  pace(virtualSeconds: number): Promise<{ ratio: number; events: number; workers: number }>
}
const worldPage: WorldPage = { workers, oneThread, pace }
Object.assign(globalThis, { worldPage })
