/**
 * Marked events: what a timeline shows and a breakpoint can name. They come from the machine's facts (in Redis's own
 * words), from its log at warning level, and from the world's faults.
 */
import type { Fact } from '../engine/machine.ts'

export interface Mark {
  readonly at: number
  readonly process: string
  readonly kind: string
  readonly text: string
  readonly weight: number
}

const WEIGHTS: Readonly<Record<string, number>> = {
  '+sdown': 2,
  '-sdown': 1,
  '+odown': 3,
  '-odown': 2,
  '+switch-master': 3,
  '+new-epoch': 2,
  '+try-failover': 2,
  '+vote-for-leader': 2,
  '+elected-leader': 3,
  '+failover-state-select-slave': 1,
  '+selected-slave': 3,
  '+failover-state-send-slaveof-noone': 2,
  '+promoted-slave': 3,
  '+failover-end': 3,
  '+failover-end-for-timeout': 3,
  '-failover-abort-not-elected': 2,
  '-failover-abort-no-good-slave': 2,
  '+tilt': 3,
  '-tilt': 2,
  '+reboot': 2,
  '+config-update-from': 2,
  '+convert-to-slave': 2,
  '+slave': 1,
  '+sentinel': 1,
  '+monitor': 1,
  encoding: 1,
  PFAIL: 2,
  migrating: 2,
  importing: 2,
  'slot moved': 2,
  'rehash starts': 1,
}

/** How a link to a master comes about, step by step: true, and of little interest on a timeline. */
const STEPS = /^(repl|psync) (state|partial)|^\+(slave-reconf|failover-state)|^[+-](slave-update|role-change|fix-slave)/

export function eventWeight(kind: string): number {
  if (WEIGHTS[kind] === undefined && STEPS.test(kind)) return 0
  return WEIGHTS[kind] ?? (/^fault\./.test(kind) ? 2 : kind.startsWith('+') || kind.startsWith('-') ? 1 : 0)
}

/** The breakpoint that a mark meets: its kind, or "@name" for any event of weight of a process. */
export function breakpointOf(breakpoints: Iterable<string>, mark: Mark): string | null {
  for (const b of breakpoints) {
    if (b === mark.kind || (mark.weight > 0 && b === `@${mark.process}`)) return b
  }
  return null
}

/** Facts that are worth a mark, besides Sentinel's events. */
const MARKED_FACT =
  /^(repl|psync|server|persistence|rdb|aof|cluster|PFAIL|migrating|importing|slot moved|encoding|rehash starts)\b/
/** "1234:M 21 Nov 2026 14:00:00.123 # text": level '#' is a warning. */
const LOG_LINE = /^\d+:\w \d+ \w+ \d+ [\d:.]+ (\S) (.*)$/

/** What a cluster's nodes log at the moments that a timeline shows; the nodes say these at no level of their own. */
const CLUSTER_LINES: readonly (readonly [RegExp, string, number])[] = [
  [/^Marking node [0-9a-f]{40}.* as failing/, 'FAIL', 3],
  [/^FAIL message received/, 'fail received', 1],
  [/^Clear FAIL state/, 'fail cleared', 2],
  [/^Cluster state changed: /, 'cluster state', 2],
  [/^Start of election delayed/, 'election delayed', 1],
  [/^Starting a failover election/, 'election', 2],
  [/^Failover auth granted/, 'vote', 2],
  [/^Failover auth denied/, 'vote denied', 1],
  [/^Failover election won/, 'promoted', 3],
  [/^Manual failover requested|^Forced failover|^Taking over the master|^Accepting user request/, 'manual failover', 2],
  [/^configEpoch (set|updated)|^New configEpoch/, 'config epoch', 1],
  [/^Configuration change detected/, 'follows new master', 2],
  [/^Migrating to orphaned master/, 'replica migrates', 3],
  [/^IP address for this node updated|^Node [0-9a-f]{40} .*is no longer master of slot/, 'cluster change', 1],
]

export class Marks {
  list: Mark[] = []
  private readonly process: string
  constructor(process: string) {
    this.process = process
  }
  add(at: number, kind: string, text: string, weight = eventWeight(kind)): void {
    this.list.push({ at, process: this.process, kind, text, weight })
  }
  fact(at: number, fact: Fact): void {
    if (fact.kind === 'sentinel.event') {
      const name = String(fact['event'] ?? fact['name'] ?? fact['type'] ?? '')
      const text = String(fact['args'] ?? fact['text'] ?? fact['payload'] ?? fact['message'] ?? '')
      this.add(at, name, text === '' || text.startsWith(name) ? text || name : `${name} ${text}`)
    } else if (/^[+-]/.test(fact.kind)) {
      this.add(at, fact.kind, `${fact.kind} ${fieldsOf(fact)}`)
    } else if (MARKED_FACT.test(fact.kind)) {
      this.add(at, fact.kind, fieldsOf(fact))
    }
  }
  logLine(at: number, line: string): void {
    const match = LOG_LINE.exec(line)
    if (match === null) return
    const text = match[2] ?? ''
    const told = CLUSTER_LINES.find(([pattern]) => pattern.test(text))
    if (told !== undefined) return this.add(at, told[1], text, told[2])
    if (match[1] !== '#') return
    if (!/^[+-]/.test(text)) this.add(at, 'log.warning', text, 0)
  }
  take(): Mark[] {
    if (this.list.length === 0) return []
    const list = this.list
    this.list = []
    return list
  }
}

function fieldsOf(fact: Fact): string {
  const words: string[] = []
  for (const key of Object.keys(fact)) {
    if (key !== 'kind') words.push(key === 'text' ? String(fact[key]) : `${key}=${String(fact[key])}`)
  }
  return words.join(' ')
}
