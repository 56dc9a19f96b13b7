/** Several redis-cli on one process, by number: each line is typed as a hand would, and waits for its answer. */
import { openTerminal } from '../actions.ts'
import { textToBytes } from '../bytes.ts'
import { lab, type TerminalTab } from '../store.ts'
import { terminalFor, type } from '../terminal/sessions.ts'

/** The redis-cli of a process that was opened nth. Opens what is missing. */
export function cliOf(process: string, n: number): TerminalTab | null {
  const mine = () => lab.get().tabs.filter((t) => t.kind === 'cli' && t.process === process && !t.options?.length)
  for (let i = mine().length; i <= n; i++) openTerminal(process, false)
  return mine().reverse()[n] ?? null
}

const READY = /> /
const ANSWERED = /\n[\s\S]*> /
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))
/** Wall time that an answer may take; the world may run slowly. */
const PATIENCE_MS = 4000

/** Types a line and waits until redis-cli prompts again; a line that blocks is waited for in vain, and not for long. */
export async function say(process: string, n: number, line: string, patience = PATIENCE_MS): Promise<void> {
  const tab = cliOf(process, n)
  const kept = tab && terminalFor(tab)
  if (!tab || !kept) return
  lab.set({ left: tab.id, front: 'left' })
  // A new one connects first; in a world that stands the first line makes it run.
  const ready = () => READY.test(kept.output.join('')) || lab.get().state?.playing !== true
  for (let t = 0; t < patience && !ready(); t += 20) await wait(20)
  let said = ''
  const off = kept.terminal.onOutput((bytes) => {
    said += bytes
  })
  type(kept.terminal, textToBytes(`${line}\r`))
  for (let t = 0; t < patience && !ANSWERED.test(said); t += 20) await wait(20)
  off()
}

/** Types a line without waiting for its answer. */
export function typeAt(process: string, n: number, line: string): void {
  const tab = cliOf(process, n)
  const kept = tab && terminalFor(tab)
  if (kept) type(kept.terminal, textToBytes(`${line}\r`))
}

/** Terminals that were opened for a purpose, by the name that their client has. */
const named = new Map<string, string>()
/** The process of such a terminal in the world. */
export const cliNamed = (process: string, name: string): string | null => named.get(`${process}|${name}`) ?? null

/** A redis-cli of its own that nothing else is typed into; its lines are typed one after the other. */
export async function openNamed(process: string, name: string, lines: readonly string[]): Promise<void> {
  cliOf(process, 0)
  openTerminal(process, false, ['--no-raw'])
  const tab = lab.get().tabs[0]
  const kept = tab && terminalFor(tab)
  if (!tab || !kept) return
  named.set(`${process}|${name}`, kept.terminal.process)
  for (let t = 0; t < PATIENCE_MS && lab.get().state?.playing === true && !READY.test(kept.output.join('')); t += 20)
    await wait(20)
  for (const line of lines) {
    let said = ''
    const off = kept.terminal.onOutput((bytes) => {
      said += bytes
    })
    type(kept.terminal, textToBytes(`${line}\r`))
    for (let t = 0; t < 1500 && !ANSWERED.test(said); t += 20) await wait(20)
    off()
  }
}
