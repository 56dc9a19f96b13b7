/** ACL LOG: what was refused, to whom, why; newest first. The same refusal within a minute counts up instead of adding an entry. */
import { type Bytes, own } from '../bytes/bytes.ts'
import type { DenialReason } from './acl-check.ts'

export type AclLogContext = 'toplevel' | 'multi' | 'lua' | 'module'
export interface AclLogEntry {
  count: number
  readonly reason: DenialReason | 'auth'
  readonly context: AclLogContext
  readonly object: Bytes
  readonly username: Bytes
  timeMs: number
  clientInfo: Bytes
}
const GROUPING_MS = 60_000
const SCANNED = 10

export class AclLog {
  entries: AclLogEntry[] = []

  add(e: Omit<AclLogEntry, 'count'>, maxLen: number): void {
    const at = this.entries
      .slice(0, SCANNED)
      .findIndex(
        (x) =>
          x.reason === e.reason &&
          x.context === e.context &&
          Math.abs(x.timeMs - e.timeMs) <= GROUPING_MS &&
          x.object === e.object &&
          x.username === e.username,
      )
    const match = this.entries[at]
    if (match !== undefined) {
      match.clientInfo = e.clientInfo
      match.timeMs = e.timeMs
      match.count++
      this.entries.splice(at, 1)
      this.entries.unshift(match)
      return
    }
    this.entries.unshift({ ...e, object: own(e.object), username: own(e.username), count: 1 })
    if (this.entries.length > maxLen) this.entries.length = maxLen
  }
  reset(): void {
    this.entries = []
  }
}
