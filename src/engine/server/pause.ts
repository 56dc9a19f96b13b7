/**
 * Pauses: CLIENT PAUSE, FAILOVER and SHUTDOWN (while replicas catch up) each hold clients back, for their own time. What
 * counts is the strictest of them; commands that must wait are parked and run when a pause ends or becomes milder.
 */
import { unblockClient } from './blocked.ts'
import type { Server } from './server.ts'

export type PausePurpose = 'client' | 'shutdown' | 'failover'
export interface Pause {
  untilMs: number
  /** 'write': only what may change data or travel to replicas waits. */
  kind: 'all' | 'write'
}

/** A pause of the same purpose can only become longer and stricter. */
export function pauseClients(server: Server, purpose: PausePurpose, untilMs: number, kind: Pause['kind']): void {
  const p = server.pauses.get(purpose)
  if (p === undefined) server.pauses.set(purpose, { untilMs, kind })
  else {
    p.untilMs = Math.max(p.untilMs, untilMs)
    if (kind === 'all') p.kind = 'all'
  }
  updatePause(server)
}
export function unpauseClients(server: Server, purpose: PausePurpose): void {
  if (server.pauses.delete(purpose)) updatePause(server)
}
/** updateClientPauseTypeAndEndTime */
export function updatePause(server: Server): void {
  const before = server.pause?.kind
  let strictest: Pause | null = null
  for (const [purpose, p] of server.pauses) {
    if (p.untilMs < server.nowMs) server.pauses.delete(purpose)
    else if (strictest === null || (p.kind === 'all' && strictest.kind === 'write')) strictest = { ...p }
    else if (p.kind === strictest.kind) strictest.untilMs = Math.max(strictest.untilMs, p.untilMs)
  }
  server.pause = strictest
  const milder = before !== undefined && (strictest === null || (before === 'all' && strictest.kind === 'write'))
  if (milder) resumePostponed(server)
}
function resumePostponed(server: Server): void {
  const waiting = [...server.clients.values()].filter((c) => c.blocked?.kind === 'postpone')
  // In the order in which they were held back.
  waiting.sort((a, b) => (a.blocked?.sinceMicros ?? 0) - (b.blocked?.sinceMicros ?? 0))
  for (const c of waiting) {
    c.postponed = c.blocked?.argv ?? null
    unblockClient(server, c)
  }
}
/** checkClientPauseTimeoutAndReturnIfPaused */
export function isPaused(server: Server): boolean {
  if (server.pause === null) return false
  if (server.pause.untilMs < server.nowMs) updatePause(server)
  return (server.pause as Pause | null) !== null
}
