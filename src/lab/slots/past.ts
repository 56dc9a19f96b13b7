/** Who had the slots before: the changes of owner that a node remembers, taken back one by one, newest first. */
import type { ClusterPicture } from './data.ts'
import { SLOTS } from './partition/schemes.ts'
import type { Change } from './epochs-layout.ts'

export type Claim = Extract<Change, { kind: 'claim' }>

/** The owners' runs before the last `back` of `claims`. */
export function ownersBefore(
  owners: readonly (readonly [number, number, string])[],
  claims: readonly Claim[],
  back: number,
): [number, number, string][] {
  const table = new Array<string>(SLOTS).fill('')
  for (const [first, last, id] of owners) table.fill(id, first, last + 1)
  for (const claim of claims.slice(claims.length - back).reverse())
    for (const [first, last] of claim.ranges) table.fill(claim.from, first, last + 1)
  const runs: [number, number, string][] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    const id = table[slot] as string
    const run = runs[runs.length - 1]
    if (run !== undefined && run[2] === id) run[1] = slot
    else runs.push([slot, slot, id])
  }
  return runs
}

/** The picture as the observer had it before its last `back` claims; what is disputed now was not looked at then. */
export function pictureBefore(picture: ClusterPicture, claims: readonly Claim[], back: number): ClusterPicture {
  const owners = ownersBefore(picture.view.owners, claims, back)
  const ownerIndex = new Map(picture.ownerIndex)
  const ownerOf = new Int16Array(SLOTS).fill(-1)
  for (const [first, last, id] of owners) {
    if (id === '') continue
    // An owner of then that has nothing now gets the next look that is free.
    const look = ownerIndex.get(id) ?? Math.max(-1, ...ownerIndex.values()) + 1
    ownerIndex.set(id, look)
    ownerOf.fill(look, first, last + 1)
  }
  return { ...picture, ownerIndex, ownerOf, disputed: new Set(), view: { ...picture.view, owners } }
}
