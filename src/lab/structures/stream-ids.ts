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
