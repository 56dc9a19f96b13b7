/** -c: what a cluster's node says when a slot is elsewhere. "MOVED 3999 10.0.0.12:6379", "ASK 3999 10.0.0.12:6379" */
import type { Bytes } from '../../bytes/bytes.ts'

export interface Redirect {
  readonly slot: number
  /** '' means the host that said it. */
  readonly host: string
  readonly port: number
  /** Only this once: ASKING comes first. */
  readonly ask: boolean
}

export function parseRedirect(error: Bytes): Redirect | null {
  const m = /^(MOVED|ASK) (\S*) (.*)$/s.exec(error)
  if (m === null) return null
  const address = m[3] as string
  const colon = address.lastIndexOf(':')
  return {
    slot: Number.parseInt(m[2] as string, 10) || 0,
    host: address.slice(0, Math.max(0, colon)),
    port: Number.parseInt(address.slice(colon + 1), 10) || 0,
    ask: m[1] === 'ASK',
  }
}
