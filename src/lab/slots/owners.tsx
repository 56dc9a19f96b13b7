/**
 * How an owner looks, by its number: hue and cell shape for the first three, then the same hues hatched, then dotted, so that
 * nine owners can be told apart, and in grey as well.
 */
import { useId } from 'react'

export type CellShape = 'square' | 'round' | 'bar'
export type Texture = 'plain' | 'hatch' | 'dots'
export interface OwnerLook {
  /** Name of the custom property: "--n1". */
  readonly color: string
  readonly tint: string
  readonly shape: CellShape
  readonly texture: Texture
}
const SHAPES: readonly CellShape[] = ['square', 'round', 'bar']
const TEXTURES: readonly Texture[] = ['plain', 'hatch', 'dots']

export function ownerLook(i: number): OwnerLook {
  const hue = i % 3
  return {
    color: `--n${hue + 1}`,
    tint: `--n${hue + 1}-t`,
    shape: SHAPES[hue] as CellShape,
    texture: TEXTURES[Math.floor(i / 3) % 3] as Texture,
  }
}

/** Fill of an owner in an SVG that has `OwnerPatterns` with this prefix. */
export const ownerFill = (i: number, prefix: string): string =>
  ownerLook(i).texture === 'plain' ? `var(${ownerLook(i).color})` : `url(#${prefix}-${i})`

export function OwnerPatterns({ count, prefix }: { count: number; prefix: string }) {
  return (
    <defs>
      {Array.from({ length: count }, (_, i) => i)
        .filter((i) => ownerLook(i).texture !== 'plain')
        .map((i) => {
          const { color, tint, texture } = ownerLook(i)
          return (
            <pattern
              key={i}
              id={`${prefix}-${i}`}
              width="5"
              height="5"
              patternUnits="userSpaceOnUse"
              patternTransform={texture === 'hatch' ? 'rotate(45)' : undefined}
            >
              <rect width="5" height="5" fill={`var(${tint})`} />
              {texture === 'hatch' ? (
                <rect width="2.6" height="5" fill={`var(${color})`} />
              ) : (
                <circle cx="2.5" cy="2.5" r="1.6" fill={`var(${color})`} />
              )}
            </pattern>
          )
        })}
    </defs>
  )
}

/** The small mark beside an owner's name. */
export function OwnerMark({ i, size = 10 }: { i: number; size?: number }) {
  const { shape } = ownerLook(i)
  const h = shape === 'bar' ? size * 0.6 : size
  // Of its own: a pattern in a part that is hidden paints nothing elsewhere.
  const prefix = useId()
  return (
    <svg className="owner-mark" width={size} height={size} aria-hidden="true">
      <OwnerPatterns count={i + 1} prefix={prefix} />
      <rect
        y={(size - h) / 2}
        width={size}
        height={h}
        rx={shape === 'round' ? size / 3 : 0}
        fill={ownerFill(i, prefix)}
      />
    </svg>
  )
}
