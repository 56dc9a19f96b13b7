/**
 * A group at work: what each consumer would type next. A model of the people behind the consumers, not of the server: every
 * decision becomes a command that is typed into redis-cli, and the server answers.
 */
export interface GroupData {
  readonly name: string
  readonly lastId: string
  readonly lag: string | null
  readonly pending: readonly { id: string; consumer: string; idleMs: number; times: string }[]
  readonly consumers: readonly { name: string; pending: number; idleMs: number }[]
}
export interface Plan {
  /** Consumers that work; all others have crashed, and what they hold stays pending. */
  readonly alive: readonly string[]
  /** How long a consumer works on an entry before it acknowledges it. */
  readonly processMs: number
  /** How long an entry must lie still before another may claim it. */
  readonly minIdleMs: number
}
const word = (text: string): string => (/^[\w:.-]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`)

export function nextCommand(key: string, g: GroupData, plan: Plan): string | null {
  const done = g.pending.find((p) => plan.alive.includes(p.consumer) && p.idleMs >= plan.processMs)
  if (done) return `XACK ${word(key)} ${word(g.name)} ${done.id}`
  const free = plan.alive.find((c) => !g.pending.some((p) => p.consumer === c))
  if (free === undefined) return null
  const left = g.pending.find((p) => !plan.alive.includes(p.consumer) && p.idleMs >= plan.minIdleMs)
  if (left) return `XAUTOCLAIM ${word(key)} ${word(g.name)} ${word(free)} ${plan.minIdleMs} 0 COUNT 1`
  return g.lag === null || g.lag === '0'
    ? null
    : `XREADGROUP GROUP ${word(g.name)} ${word(free)} COUNT 1 STREAMS ${word(key)} >`
}

const parts = (id: string): [bigint, bigint] => {
  const [ms = '0', seq = '0'] = id.split('-')
  return [BigInt(ms), BigInt(seq)]
}
export function compareIds(a: string, b: string): number {
  const [x, y] = [parts(a), parts(b)]
  const by = x[0] === y[0] ? x[1] - y[1] : x[0] - y[0]
  return by < 0n ? -1 : by > 0n ? 1 : 0
}
export type Standing = 'acked' | 'pending' | 'waiting'
/** Where an entry stands for a group. */
export const standingOf = (id: string, g: GroupData): Standing =>
  g.pending.some((p) => p.id === id) ? 'pending' : compareIds(id, g.lastId) <= 0 ? 'acked' : 'waiting'

/** Entries that went from one consumer to another between two looks. */
export function claimsBetween(
  before: ReadonlyMap<string, string>,
  g: GroupData,
): { id: string; from: string; to: string }[] {
  return g.pending.flatMap((p) => {
    const from = before.get(p.id)
    return from !== undefined && from !== p.consumer ? [{ id: p.id, from, to: p.consumer }] : []
  })
}
