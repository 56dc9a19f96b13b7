/** What must hold whatever is broken. A checker looks at a world from outside and names what it saw. */
import type { World } from './world.ts'

export interface Violation {
  readonly at: number
  readonly text: string
}

/** No process died of a fault of ours. */
export function checkNoCrash(world: World): Violation[] {
  return world
    .statuses()
    .filter((s) => s.state === 'crashed')
    .map((s) => ({ at: world.now, text: `${s.name} crashed: ${s.crash ?? ''}` }))
}

/** Per epoch at most one Sentinel is elected leader. */
export function checkOneLeaderPerEpoch(world: World): Violation[] {
  const epochOf = new Map<string, number>()
  const leaders = new Map<number, string>()
  const violations: Violation[] = []
  for (const event of world.events) {
    const epoch = /\+new-epoch (\d+)/.exec(event.text)
    if (epoch) epochOf.set(event.process, Number(epoch[1]))
    if (event.kind !== '+elected-leader') continue
    const current = epochOf.get(event.process) ?? 0
    const other = leaders.get(current)
    if (other !== undefined && other !== event.process) {
      violations.push({ at: event.at, text: `${other} and ${event.process} were both elected in epoch ${current}` })
    }
    leaders.set(current, event.process)
  }
  return violations
}

/** Servers that take writes right now. More than one is a split brain (or a partition in progress). */
export function mastersNow(world: World): string[] {
  return world
    .statuses()
    .filter((s) => s.state === 'running' && s.summary?.role === 'master')
    .map((s) => s.name)
}
