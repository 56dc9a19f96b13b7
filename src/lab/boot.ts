/** Opens the session and connects it to the store. */
import type { Scenario, Session } from '../browser/session.ts'
import { openTerminal, setTheme } from './actions.ts'
import { parseParams } from './params.ts'
import { scenarioOf } from './scenarios.ts'
import { readSetting } from './settings.ts'
import { lab, receive } from './store.ts'
import { isCluster } from './world-facts.ts'

async function open(scenario: Scenario): Promise<Session> {
  const { openSession } = await import('../browser/session-client.ts')
  return openSession(scenario)
}

export async function boot(): Promise<void> {
  const { params, problems } = parseParams(location.search)
  lab.set({ problems, view: params.view })
  followSystemTheme()
  try {
    const scenario = await scenarioOf(params.scenario, params.seed ?? 1)
    const session = await open(scenario)
    const first = scenario.topology.processes[0]?.name ?? ''
    session.onState(receive)
    session.onEvents((events) => announce(events))
    lab.set({ session, state: session.state(), selected: first })
    if (isCluster(scenario))
      lab.set({
        breakpoints: [
          { kind: 'FAIL', on: false },
          { kind: 'promoted', on: false },
        ],
      })
    session.setBreakpoints([])
    if (params.speed !== null) session.setSpeed(params.speed)
    openTerminal(first, false)
    lab.set({ sheet: 'State' })
    session.play()
  } catch (error) {
    lab.set({ failure: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) })
  }
}

/** Marked events are said politely: all while stepping, once a second at most while playing. */
let lastSaid = 0
function announce(events: Parameters<Parameters<Session['onEvents']>[0]>[0]): void {
  const before = lab.get().events
  lab.set({ events: [...events] })
  const last = events[events.length - 1]
  if (!last || last.seq === before[before.length - 1]?.seq || last.weight < 1) return
  const time = performance.now()
  if (lab.get().state?.playing && time - lastSaid < 1000) return
  lastSaid = time
  lab.set({ announcement: `${last.process} ${last.kind} ${last.text}`.slice(0, 200) })
}

function followSystemTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (e) => {
    if (!readSetting('theme')) setTheme(e.matches ? 'dark' : 'light')
  })
}
