/** One failover as a list of phases in ms after the kill, and the comparison of two samples of them. */
export type Phases = Record<string, number | undefined>

export function phasesOf(hits: (re: RegExp) => number[], writable: number | undefined): Phases {
  const sd = hits(/^\+sdown master /)
  const votes = hits(/^\+vote-for-leader /)
  const sw = hits(/^\+switch-master /)
  const first = (re: RegExp): number | undefined => hits(re)[0]
  return {
    'sdown.first': sd[0],
    'sdown.second': sd[1],
    'sdown.third': sd[2],
    'odown.first': first(/^\+odown /),
    'try-failover.first': first(/^\+try-failover /),
    'vote.first': votes[0],
    'vote.last': votes.at(-1),
    votes: votes.length,
    'elected-leader': first(/^\+elected-leader /),
    'selected-slave': first(/^\+selected-slave /),
    'slaveof-noone': first(/^\+failover-state-send-slaveof-noone /),
    'wait-promotion': first(/^\+failover-state-wait-promotion /),
    'client-write-ok': writable,
    'promoted-slave': first(/^\+promoted-slave /),
    'reconf-sent': first(/^\+slave-reconf-sent /),
    'config-update': first(/^\+config-update-from /),
    'switch-master.first': sw[0],
    'switch-master.last': sw.at(-1),
    'reconf-done': first(/^\+slave-reconf-done /),
    'failover-end': first(/^\+failover-end /),
    attempts: hits(/^\+try-failover /).length,
    'not-elected': hits(/^-failover-abort-not-elected /).length,
  }
}

export interface Verdict {
  readonly phase: string
  readonly distance: number
  readonly verdict: 'yes' | 'weak' | 'NO'
}
/** Two-sample Kolmogorov-Smirnov: "weak" differs at 1 %, "NO" at 0.1 %. */
export function ksDifference(truth: readonly Phases[], ours: readonly Phases[]): Verdict[] {
  const keys = [...new Set(truth.flatMap((r) => Object.keys(r)))]
  const values = (runs: readonly Phases[], k: string): number[] =>
    runs
      .map((r) => r[k])
      .filter((v): v is number => v !== undefined && v !== null)
      .sort((a, b) => a - b)
  return keys.map((phase) => {
    const [x, y] = [values(truth, phase), values(ours, phase)]
    let i = 0
    let j = 0
    let distance = 0
    while (i < x.length && j < y.length) {
      const v = Math.min(x[i] ?? 0, y[j] ?? 0)
      while (i < x.length && (x[i] ?? 0) <= v) i++
      while (j < y.length && (y[j] ?? 0) <= v) j++
      distance = Math.max(distance, Math.abs(i / x.length - j / y.length))
    }
    const e = Math.sqrt((x.length + y.length) / (x.length * y.length))
    return {
      phase,
      distance,
      verdict: y.length === 0 || distance > 1.95 * e ? 'NO' : distance > 1.63 * e ? 'weak' : 'yes',
    }
  })
}

/** The leader's events of a failover, in their order. */
export const FAILOVER_EVENTS: readonly string[] = [
  '+sdown',
  '+odown',
  '+new-epoch',
  '+try-failover',
  '+vote-for-leader',
  '+elected-leader',
  '+failover-state-select-slave',
  '+selected-slave',
  '+failover-state-send-slaveof-noone',
  '+failover-state-wait-promotion',
  '+promoted-slave',
  '+failover-state-reconf-slaves',
  '+slave-reconf-sent',
  '+slave-reconf-inprog',
  '+slave-reconf-done',
  '+failover-end',
  '+switch-master',
]
