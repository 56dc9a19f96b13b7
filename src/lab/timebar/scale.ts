/** Scales of the time bar: a place for a value and a value for a place. Of D3 only the choice of round ticks is needed. */
import { ticks } from 'd3'

export interface Scale {
  (value: number): number
  invert(place: number): number
  ticks(count: number): number[]
}

function between(
  domain: readonly [number, number],
  range: readonly [number, number],
  forward: (v: number) => number,
  back: (v: number) => number,
): Scale {
  const [d0, d1] = [forward(domain[0]), forward(domain[1])]
  const [r0, r1] = range
  const scale = (value: number): number => r0 + ((forward(value) - d0) / (d1 - d0 || 1)) * (r1 - r0)
  return Object.assign(scale, {
    invert: (place: number): number => back(d0 + ((place - r0) / (r1 - r0 || 1)) * (d1 - d0)),
    ticks: (count: number): number[] => ticks(domain[0], domain[1], count),
  })
}

const same = (v: number): number => v
export const linear = (domain: readonly [number, number], range: readonly [number, number]): Scale =>
  between(domain, range, same, same)
/** Both ends of the domain must be above 0. */
export const logarithmic = (domain: readonly [number, number], range: readonly [number, number]): Scale =>
  between(domain, range, Math.log, Math.exp)
