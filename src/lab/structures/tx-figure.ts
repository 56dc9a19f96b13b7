/**
 * The figure of a transaction from a recorded run: one column for each client, one row for each step, in the order in which the
 * main thread took them. Nothing is sorted here and nothing is added.
 */
export interface TxStep {
  readonly seq: number
  readonly at: number
  readonly id: number
  readonly client: string
  readonly name: string
  readonly db: number
  readonly kind: 'own' | 'queued' | 'refused' | 'ran' | 'between' | 'rival'
  readonly what: string
  readonly argv: readonly string[]
  readonly reply: string
  readonly ok: boolean
  readonly spoils: readonly number[]
  readonly keys: readonly string[]
}
export type Outcome = 'open' | 'done' | 'nil' | 'aborted' | 'discarded'
export interface TxRun {
  readonly id: number
  readonly client: string
  readonly outcome: Outcome
  /** Its own steps and those of others that lie between its first and its last. */
  readonly steps: readonly TxStep[]
}

const BEGINS = new Set(['watch', 'multi'])
const outcomeOf = (s: TxStep): Outcome =>
  s.what === 'discard' || s.what === 'unwatch' ? 'discarded' : !s.ok ? 'aborted' : s.reply === '(nil)' ? 'nil' : 'done'

/** Runs in the order of their beginnings. */
export function runsOf(steps: readonly TxStep[]): TxRun[] {
  const open = new Map<number, { from: number; multi: boolean }>()
  const runs: { id: number; client: string; from: number; to: number; outcome: Outcome }[] = []
  steps.forEach((s, i) => {
    const mine = open.get(s.id)
    if (mine === undefined) {
      if (BEGINS.has(s.what) && s.ok) open.set(s.id, { from: i, multi: s.what === 'multi' })
      return
    }
    if (s.what === 'multi') mine.multi = true
    const ends = (s.what === 'exec' || s.what === 'discard') && s.kind === 'own' && (mine.multi || s.what === 'discard')
    if (ends || (s.what === 'unwatch' && s.kind === 'own' && !mine.multi)) {
      open.delete(s.id)
      runs.push({ id: s.id, client: s.client, from: mine.from, to: i, outcome: outcomeOf(s) })
    }
  })
  for (const [id, { from }] of open)
    runs.push({ id, client: steps[from]?.client ?? '', from, to: steps.length - 1, outcome: 'open' })
  return runs
    .sort((a, b) => a.from - b.from)
    .map(({ id, client, from, to, outcome }) => ({
      id,
      client,
      outcome,
      steps: steps
        .slice(from, to + 1)
        .filter((s) => s.id === id || s.kind === 'rival' || s.kind === 'own' || s.kind === 'ran'),
    }))
}

export interface FigureRow {
  readonly step: TxStep
  readonly column: number
  readonly y: number
  /** A command that EXEC runs stands within its block. */
  readonly inExec: boolean
}
export interface Figure {
  readonly columns: readonly { readonly id: number; readonly client: string; readonly name: string }[]
  readonly rows: readonly FigureRow[]
  /** From WATCH to where it ends: EXEC, DISCARD or the write that spoiled it. */
  readonly watches: readonly {
    readonly column: number
    readonly key: string
    readonly from: number
    readonly to: number
    readonly spoiledBy: number | null
  }[]
  /** What EXEC ran, without anybody between. */
  readonly blocks: readonly { readonly column: number; readonly from: number; readonly to: number }[]
  readonly height: number
}
export const ROW = 26
export const HEAD = 30

export function figureOf(run: TxRun): Figure {
  const ids: number[] = [run.id]
  for (const s of run.steps) if (!ids.includes(s.id)) ids.push(s.id)
  const columns = ids.map((id) => {
    const s = run.steps.find((x) => x.id === id)
    return { id, client: s?.client ?? run.client, name: s?.name ?? '' }
  })
  const y = (i: number) => HEAD + i * ROW + ROW / 2
  const rows = run.steps.map((step, i) => ({
    step,
    column: ids.indexOf(step.id),
    y: y(i),
    inExec: step.kind === 'ran',
  }))
  const watches: Figure['watches'][number][] = []
  const blocks: Figure['blocks'][number][] = []
  rows.forEach((row, i) => {
    const { step } = row
    if (step.what === 'watch' && step.ok && step.kind === 'own')
      for (const key of step.argv.slice(1)) {
        const rest = rows.slice(i + 1)
        const spoil = rest.find((r) => r.step.spoils.some((id, k) => id === step.id && r.step.keys[k] === key))
        const end = rest.find(
          (r) => r.step.id === step.id && r.step.kind === 'own' && /^(exec|discard|unwatch)$/.test(r.step.what),
        )
        const to = spoil && (!end || spoil.y < end.y) ? spoil : (end ?? rows.at(-1))
        watches.push({
          column: row.column,
          key,
          from: row.y,
          to: to?.y ?? row.y,
          spoiledBy: spoil !== undefined && to === spoil ? spoil.column : null,
        })
      }
    if (row.inExec && !(rows[i - 1]?.inExec && rows[i - 1]?.column === row.column)) {
      let last = i
      while (rows[last + 1]?.inExec && rows[last + 1]?.column === row.column) last++
      blocks.push({ column: row.column, from: row.y - ROW / 2 + 1, to: (rows[last] as FigureRow).y + ROW / 2 - 1 })
    }
  })
  return { columns, rows, watches, blocks, height: HEAD + rows.length * ROW + 10 }
}

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  open: 'not ended yet',
  done: 'executed',
  nil: 'EXEC answered nil: a watched key had changed',
  aborted: 'EXECABORT: a queued command had been refused',
  discarded: 'given up',
}
