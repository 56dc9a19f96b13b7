/** A bare page for tests and measurements: a session without the lab, and the same history in the page's own thread. */
import { openSession } from '../../src/browser/session-client.ts'
import type { Fault, Session, Terminal } from '../../src/browser/session.ts'
import { oneThread } from './one-thread.ts'
import { nineProcesses, scenarioOf, type Story, tell } from './story.ts'

export interface Told {
  readonly digest: string
  readonly eventCount: number
  readonly workers: number
  readonly views: number
}

/** The story with one worker per process; with observers, views of three processes are pushed all the time. */
async function workers(observed: boolean, story: Story): Promise<Told> {
  const session = await openSession(scenarioOf(story))
  let views = 0
  if (observed) {
    const [first = '', second = '', , third = ''] = session.scenario.topology.processes.map((p) => p.name)
    for (const [process, view] of [
      [first, 'summary'],
      [second, 'replication'],
      [third, story === 'cluster' ? 'cluster' : 'sentinel'],
      [second, 'loop'],
    ] as const)
      session.subscribeView(process, view, [], () => void views++)
    session.subscribeView(first, 'keys', ['0'], () => void views++)
    session.subscribeView(first, 'slot keys', [], () => void views++)
    session.log(third, () => {})
    session.onState(() => {})
  }
  let terminal: Terminal | null = null
  const teller = {
    to: (at: number) => session.runTo(at),
    fault: (fault: Fault) => session.fault(fault),
    terminal: (box: string, argv: readonly string[]) => {
      terminal = session.openTerminal(box, argv)
    },
    type: (text: string) => terminal?.write(text),
  }
  await tell(teller, story)
  const told = await ended(session, views)
  session.dispose()
  return told
}

async function ended(session: Session, views: number): Promise<Told> {
  const { digest, eventCount, workers: count } = session.state()
  return { digest, eventCount, workers: count, views }
}

/** G18: virtual seconds per wall second of an idle deployment, one worker per process. */
async function pace(virtualSeconds: number, nine = false): Promise<{ ratio: number; events: number; workers: number }> {
  const session = await openSession(nine ? nineProcesses() : scenarioOf('sentinel'))
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
  workers(observed: boolean, story: Story): Promise<Told>
  oneThread(story: Story): Promise<{ digest: string; eventCount: number }>
  pace(virtualSeconds: number, nine?: boolean): Promise<{ ratio: number; events: number; workers: number }>
}
const worldPage: WorldPage = { workers, oneThread, pace }
Object.assign(globalThis, { worldPage })
