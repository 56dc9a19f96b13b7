/** Terminals outlive their pane: moving to another view and back finds the same redis-cli with its output. */
import type { Session, Terminal as WorldTerminal } from '../../browser/session.ts'
import { lab, type TerminalTab } from '../store.ts'
import { boxOf, specOf } from '../world-facts.ts'

interface Kept {
  readonly terminal: WorldTerminal
  readonly output: string[]
}
const open = new Map<string, Kept>()
/** Terminals of redis-cli --cluster, which takes its time. */
const patient = new WeakSet<WorldTerminal>()
const LONGEST = 2000

export function terminalFor(tab: TerminalTab): Kept | null {
  const known = open.get(tab.id)
  if (known) return known
  const session = lab.get().session
  const spec = session && specOf(session.scenario, tab.process)
  const box = session && boxOf(session.scenario, tab.process)
  if (!session || !spec || !box) return null
  const terminal = session.openTerminal(box.name, ['-h', box.address, '-p', String(spec.port), ...(tab.options ?? [])])
  const kept: Kept = { terminal, output: [] }
  open.set(tab.id, kept)
  if (tab.options?.includes('--cluster')) patient.add(terminal)
  lab.set({ clients: { ...lab.get().clients, [terminal.process]: box.name } })
  terminal.onOutput((bytes) => {
    kept.output.push(bytes)
    if (kept.output.length > LONGEST) kept.output.splice(0, LONGEST / 2)
  })
  const { state } = lab.get()
  if (patient.has(terminal) && state) void runToAnswer(session, terminal, state.now)
  return kept
}

export function closeTerminal(id: string): void {
  const kept = open.get(id)
  if (!kept) return
  open.delete(id)
  kept.terminal.close()
}

/** Answers take some packets; a command that blocks must not run the paused world for ever. */
const LONGEST_WAIT = 2_000_000
const LONGEST_CLUSTER_WAIT = 120_000_000
/** redis-cli's prompt, or a question of --cluster; its ">>>" is neither. */
const ANSWERED = /\n[\s\S]*[^->]> |(?:\): |\? |#\d+: )$/

/**
 * Keys echo at once even when the world is paused. A command sent then runs the world just until its answer has come
 * and redis-cli prompts again, a breakpoint is hit, or the person presses play.
 */
export function type(terminal: WorldTerminal, bytes: string): void {
  const { session, state } = lab.get()
  terminal.write(bytes)
  if (session && state && /[\r\n]/.test(bytes)) void runToAnswer(session, terminal, state.now)
}

const running = new Set<WorldTerminal>()
async function runToAnswer(session: Session, terminal: WorldTerminal, from: number): Promise<void> {
  if (running.has(terminal)) return
  running.add(terminal)
  let said = ''
  let ended = false
  const longest = patient.has(terminal) ? LONGEST_CLUSTER_WAIT : LONGEST_WAIT
  const offs = [
    terminal.onOutput((bytes) => {
      said += bytes
    }),
    terminal.onExit(() => {
      ended = true
    }),
  ]
  for (let waited = 0; waited < longest && !ended && !ANSWERED.test(said); ) {
    waited += waited < 50_000 ? 500 : 10_000
    if (!(await session.runWhileStanding(from + waited)) || lab.get().state?.hit) break
  }
  for (const off of offs) off()
  running.delete(terminal)
}
