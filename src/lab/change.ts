/** What the last step changed: which processes it touched, and one sentence that says so. */
import type { PacketView, ProcessStatus, SessionState } from '../browser/session.ts'
import { safeText } from './format.ts'
import { packetText } from './packet-text.ts'

export interface Change {
  /** Grows with each change, so that a mark can pulse again. */
  readonly seq: number
  readonly processes: ReadonlySet<string>
  readonly packets: ReadonlySet<number>
  readonly text: string
}

/** More events than this are a jump, not a step. */
const MOST = 200

export function changeBetween(old: SessionState, next: SessionState): Change | null {
  const events = next.eventCount - old.eventCount
  if (events <= 0 || events > MOST) return null
  const before = new Map(old.packets.map((p) => [p.id, p]))
  const after = new Set(next.packets.map((p) => p.id))
  const arrived = old.packets.filter((p) => !after.has(p.id) && p.dueAt <= next.now)
  const sent = next.packets.filter((p) => !before.has(p.id))
  const changed = next.processes.filter((p) => {
    const was = old.processes.find((q) => q.name === p.name)
    return was === undefined || told(was) !== told(p)
  })
  const self = next.stepped !== null ? [next.stepped] : []
  const touched = [...self, ...arrived.map((p) => p.to), ...sent.map((p) => p.from), ...changed.map((p) => p.name)]
  return {
    seq: next.eventCount,
    processes: new Set(touched),
    packets: new Set(sent.map((p) => p.id)),
    text: old.playing ? '' : sentence(events, arrived, sent, changed, next),
  }
}

/** What a card shows of a process, without the waits, which only follow the clock. */
function told(p: ProcessStatus): string {
  const { summary } = p
  const opinions = summary?.opinions?.map((o) => [o.about, o.sdown, o.odown, o.failoverState])
  return JSON.stringify([p.state, p.pid, summary && { ...summary, opinions }])
}

const packets = (n: number) => (n === 1 ? '1 packet' : `${n} packets`)

function sentence(
  events: number,
  arrived: readonly PacketView[],
  sent: readonly PacketView[],
  changed: readonly ProcessStatus[],
  { processes, stepped }: SessionState,
): string {
  const what = (p: PacketView) => packetText(p, processes, 48)
  if (events > 1) {
    const moved = [
      arrived.length > 0 && `${packets(arrived.length)} arrived`,
      sent.length > 0 && `${packets(sent.length)} left`,
    ]
    return `${events} events: ${moved.filter(Boolean).join(', ') || 'nothing on the canvas changed'}`
  }
  const [got, left] = [arrived[0], sent[0]]
  const answer = left
    ? `, sent ${what(left)} to ${left.to}${sent.length > 1 ? ` and ${sent.length - 1} more` : ''}`
    : ''
  if (got) return `${got.to} got ${what(got)} from ${got.from}${answer}`
  if (left) return `${left.from}${answer.slice(1)}`
  if (changed[0]) return `${changed[0].name}: ${safeText(changed[0].summary?.line ?? changed[0].state, 60)}`
  return `${stepped ? `${stepped}: a` : 'A'} timer fired or a file was written; nothing on the canvas changed`
}
