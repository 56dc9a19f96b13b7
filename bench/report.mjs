// One table for all figures: what was measured, what it must be, what a prototype reached, and whether it is.
let missed = 0

const number = (v) => (v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2))
/**
 * One row. `must` and `reach` are bounds in the unit of `value`, from below, or from above with `atMost`; null when the
 * row is only there to be looked at.
 */
export function row(goal, what, value, must = null, reach = null, { unit = '', atMost = false } = {}) {
  const holds = (bound) => (atMost ? value <= bound : value >= bound)
  const bound = (v) => (v === null ? '-' : `${v}${unit}`)
  const verdict = must === null ? '' : !holds(must) ? 'MISS' : reach !== null && holds(reach) ? 'ok, reached' : 'ok'
  if (verdict === 'MISS') missed++
  const columns = [
    goal.padEnd(4),
    what.padEnd(52),
    `${number(value)}${unit}`.padStart(11),
    `must ${bound(must)}`.padEnd(13),
    `reach ${bound(reach)}`.padEnd(13),
    verdict,
  ]
  console.log(columns.join('  ').trimEnd())
}
export const note = (text) => console.log(`      ${text}`)
export const misses = () => missed
