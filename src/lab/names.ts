/** Names by run id or cluster id, also of those that are gone: what is said of a dead node is said by its id. */
import type { ProcessStatus } from '../browser/session.ts'

const byId = new Map<string, string>()

export function learnNames(processes: readonly ProcessStatus[]): void {
  for (const { name, summary } of processes) if (summary?.runid) byId.set(summary.runid, name)
}
/** Of an id, or of its first eight digits. */
export function knownName(id: string): string | undefined {
  if (id.length !== 8) return byId.get(id)
  for (const [full, name] of byId) if (full.startsWith(id)) return name
  return undefined
}
