import type { TableTwin } from './Pane.tsx'

/** The table as text that can be put into a note. */
export function markdownOf({ head, rows, note }: TableTwin): string {
  const row = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((c) => String(c).replace(/\\/g, '\\\\').replace(/\|/g, '\\|')).join(' | ')} |`
  return [...(note === undefined ? [] : [note, '']), row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}
