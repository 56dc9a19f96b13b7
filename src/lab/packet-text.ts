/** A packet's label as it is shown: run ids become the names of those they belong to, and nothing in it can misbehave. */
import type { PacketView, ProcessStatus } from '../browser/session.ts'
import { safeText } from './format.ts'
import { namesInText } from './world-facts.ts'

const words: Readonly<Record<string, string>> = {
  syn: 'connect',
  synack: 'accepted',
  refuse: 'refused',
  fin: 'close',
  abort: 'close',
  rst: 'reset',
  route: 'listening',
}

export function packetText(p: PacketView, processes: readonly ProcessStatus[], limit: number): string {
  const text = words[p.label] ?? p.label
  return safeText(namesInText(processes, text), limit)
}
