/** Terminals outlive their pane: moving to another view and back finds the same redis-cli with its output. */
import type { Terminal as WorldTerminal } from '../../browser/session.ts'
import { lab, type TerminalTab } from '../store.ts'
import { boxOf, specOf } from '../world-facts.ts'

interface Kept {
  readonly terminal: WorldTerminal
  readonly output: string[]
}
const open = new Map<string, Kept>()
const LONGEST = 2000

export function terminalFor(tab: TerminalTab): Kept | null {
  const known = open.get(tab.id)
  if (known) return known
  const session = lab.get().session
  const spec = session && specOf(session.scenario, tab.process)
  const box = session && boxOf(session.scenario, tab.process)
  if (!session || !spec || !box) return null
  const terminal = session.openTerminal(box.name, ['-h', box.address, '-p', String(spec.port)])
  const kept: Kept = { terminal, output: [] }
  open.set(tab.id, kept)
  lab.set({ clients: { ...lab.get().clients, [terminal.process]: box.name } })
  terminal.onOutput((bytes) => {
    kept.output.push(bytes)
    if (kept.output.length > LONGEST) kept.output.splice(0, LONGEST / 2)
  })
  return kept
}

export function closeTerminal(id: string): void {
  const kept = open.get(id)
  if (!kept) return
  open.delete(id)
  kept.terminal.close()
}
