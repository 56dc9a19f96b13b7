/** IDs of stream entries compared as text that is exact. */
const halves = (id: string): readonly [bigint, bigint] => {
  const dash = id.indexOf('-')
  return [BigInt(dash < 0 ? id : id.slice(0, dash)), BigInt(dash < 0 ? 0 : id.slice(dash + 1))]
}
export function compareIdTexts(a: string, b: string): number {
  const [[am, as], [bm, bs]] = [halves(a), halves(b)]
  return am !== bm ? (am < bm ? -1 : 1) : as === bs ? 0 : as < bs ? -1 : 1
}
/** The block that an ID would be looked for in: the last one that does not begin behind it. */
export const blockOf = <B extends { readonly id: string }>(blocks: readonly B[], id: string): B | undefined =>
  blocks.findLast((b) => compareIdTexts(b.id, id) <= 0)

export interface WalkStep {
  readonly kind: string
  readonly block: string
  readonly id: string
  readonly why: string
}
/** One step of a walk through a range, in words. */
export function walkText(steps: readonly WalkStep[], at: number, start: string, end: string, most: number): string {
  const s = steps[at]
  switch (s?.kind) {
    case 'seek':
      return s.why === 'below'
        ? `The tree is asked for the greatest key not above ${start}: the block of ${s.block}.`
        : `The range begins before every key: the first block, ${s.block}.`
    case 'block':
      return `The block is done; the tree's next key is ${s.block}.`
    case 'pass':
      return `${s.id} lies before the range: a block is read from its beginning.`
    case 'deleted':
      return `${s.id} is flagged deleted: passed over.`
    case 'emit':
      return `${s.id} is in the range: number ${steps.slice(0, at + 1).filter((x) => x.kind === 'emit').length} of the reply.`
    case 'end':
      return s.why === 'beyond'
        ? `${s.id} is beyond ${end}: done.`
        : s.why === 'count'
          ? `COUNT ${most} is reached: done. The next call begins at (${s.id}.`
          : 'No block is left: the walk ends.'
    default:
      return ''
  }
}
