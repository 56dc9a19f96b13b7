/** The icon set: 16 px box, 1.5 px stroke, current colour; solid only for state. One meaning each. */
import type { CSSProperties } from 'react'

const paths = {
  play: (
    <>
      <path d="M5 3.2v9.6l8-4.8z" fill="currentColor" strokeLinejoin="round" />
    </>
  ),
  pause: (
    <>
      <path d="M5 3v10M11 3v10" strokeWidth="2.5" />
    </>
  ),
  stepf: (
    <>
      <path d="M3.5 3.5v9l6-4.5z" fill="currentColor" />
      <path d="M12.5 3.5v9" />
    </>
  ),
  start: (
    <>
      <path d="M13 3.5v9L8 8zM8 3.5v9L3 8z" fill="currentColor" />
    </>
  ),
  nextbp: (
    <>
      <path d="M2 8h5M4.5 5 8 8l-3.5 3" />
      <path d="M10.6 4.500h3l1.7 1.700v3.600l-1.7 1.700h-3L9 9.800V6.200z" transform="translate(-.3 0)" />
    </>
  ),
  bp: (
    <>
      <path d="M5.5 2h5L14 5.500v5L10.5 14h-5L2 10.500v-5z" fill="currentColor" />
    </>
  ),
  bpo: (
    <>
      <path d="M5.5 2h5L14 5.500v5L10.5 14h-5L2 10.500v-5z" />
    </>
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1.500v1.500M8 13v1.500M1.5 8H3M13 8h1.500M3.4 3.400l1 1M11.6 11.600l1 1M3.4 12.600l1-1M11.6 4.400l1-1" />
    </>
  ),
  moon: (
    <>
      <path d="M13 9.600A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.600z" />
    </>
  ),
  drawer: (
    <>
      <rect x="2" y="2.5" width="12" height="11" rx="1.5" />
      <path d="M9.5 2.5v11M11.5 5.5h.01M11.5 8h.01" />
    </>
  ),
  power: (
    <>
      <path d="M9 1.5 4 9h4l-1 5.5L12 7H8z" />
    </>
  ),
  keys: (
    <>
      <rect x="1.5" y="4" width="13" height="8.5" rx="1.5" />
      <path d="M4.5 7h.01M7 7h.01M9.5 7h.01M12 7h.01M5.5 9.8h5" />
    </>
  ),
  share: (
    <>
      <path d="M8 10V2M5 4.5 8 2l3 2.500M3 8v5.500h10V8" />
    </>
  ),
  chev: (
    <>
      <path d="m4 6 4 4 4-4" />
    </>
  ),
  chevr: (
    <>
      <path d="m6 4 4 4-4 4" />
    </>
  ),
  chevl: (
    <>
      <path d="m10 4-4 4 4 4" />
    </>
  ),
  x: (
    <>
      <path d="m4 4 8 8M12 4l-8 8" />
    </>
  ),
  check: (
    <>
      <path d="m3 8.5 3.2 3.200L13 4.8" strokeWidth="2" />
    </>
  ),
  kill: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="1.5" />
      <path d="m5.5 5.5 5 5M10.5 5.500l-5 5" />
    </>
  ),
  term: (
    <>
      <path d="M8 2v8M5 7.5 8 10.500l3-3M3 13.500h10" />
    </>
  ),
  restart: (
    <>
      <path d="M13 8a5 5 0 1 1-1.5-3.500M13 2v3h-3" />
    </>
  ),
  isolate: (
    <>
      <path d="M6.5 4.500H5a3.5 3.5 0 0 0 0 7h1.500M9.5 4.500H11a3.5 3.5 0 0 1 0 7H9.500M8 1v3M8 12v3" />
    </>
  ),
  link: (
    <>
      <path d="M6.5 4.500H5a3.5 3.5 0 0 0 0 7h1.500M9.5 4.500H11a3.5 3.5 0 0 1 0 7H9.500M5.5 8h5" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.500V8l2.5 1.5" />
    </>
  ),
  drop: (
    <>
      <path d="M2 8h4M10 8h4" strokeDasharray="2 2" />
      <path d="m6.5 6 3 4M9.5 6l-3 4" />
    </>
  ),
  plus: (
    <>
      <path d="M8 3v10M3 8h10" />
    </>
  ),
  minus: (
    <>
      <path d="M3 8h10" />
    </>
  ),
  ptr: (
    <>
      <path d="m3 2 9.5 5-4 1.500L6.5 13z" />
    </>
  ),
  cut: (
    <>
      <path d="M8 1.5 6 4.500l4 2.5-4 2.5 3 2-1.5 3" />
      <path d="M1.5 8H4M12 8h2.5" />
    </>
  ),
  host: (
    <>
      <rect x="2" y="2.5" width="12" height="11" rx="1.5" />
      <path d="M2 6h12M4.5 4.250h.01" />
    </>
  ),
  fit: (
    <>
      <path d="M2.5 6V2.500H6M10 2.500h3.500V6M13.5 10v3.500H10M6 13.500H2.500V10" />
    </>
  ),
  layers: (
    <>
      <path d="m8 2 6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3" />
    </>
  ),
  list: (
    <>
      <path d="M6 4h8M6 8h8M6 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01" strokeWidth="1.7" />
    </>
  ),
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 3.5 3.5" />
    </>
  ),
  more: (
    <>
      <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.5" />
    </>
  ),
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1" />
      <path d="M3.5 10.500h-1v-8h8v1" />
    </>
  ),
  flag: (
    <>
      <path d="M4 14V2.500h8l-2 3 2 3H4" />
    </>
  ),
  vote: (
    <>
      <path d="M3 8.500V14h10V8.500M8 2v7M5.5 6.5 8 9l2.5-2.500M3 8.500h2M11 8.500h2" />
    </>
  ),
  crown: (
    <>
      <path d="M2.5 12.500h11M3 10.5 2 4.500l3.5 3L8 3l2.5 4.5 3.5-3-1 6z" />
    </>
  ),
  menu: (
    <>
      <path d="M2.5 4.500h11M2.5 8h11M2.5 11.500h11" />
    </>
  ),
  sdown: (
    <>
      <path d="M8 2.5 14.5 13.500h-13z" />
      <path d="M8 6.500v3.500M8 12v.01" />
    </>
  ),
  odown: (
    <>
      <path d="M5.5 2h5L14 5.500v5L10.5 14h-5L2 10.500v-5z" fill="currentColor" stroke="none" />
      <path d="m5.7 5.7 4.6 4.600M10.3 5.700l-4.6 4.6" style={{ stroke: 'var(--ct)' }} strokeWidth="1.8" />
    </>
  ),
  ok: (
    <>
      <circle cx="8" cy="8" r="4" fill="currentColor" stroke="none" />
    </>
  ),
  paused: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M6.3 5.700v4.600M9.7 5.700v4.6" />
    </>
  ),
  hint: (
    <>
      <path d="M5.5 10.500C4.3 9.6 3.5 8.4 3.5 6.800a4.5 4.5 0 0 1 9 0c0 1.6-.8 2.8-2 3.700v1.500h-5zM6.5 14.500h3" />
    </>
  ),
  circ: (
    <>
      <circle cx="8" cy="8" r="5.5" />
    </>
  ),
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size, style }: { name: IconName; size?: number; style?: CSSProperties }) {
  return (
    <svg
      className="i"
      viewBox="0 0 16 16"
      aria-hidden="true"
      style={size ? { width: size, height: size, ...style } : style}
    >
      {paths[name]}
    </svg>
  )
}

/** For use inside another SVG, where CSS sizing of a nested <svg> does not apply. */
export function IconAt({
  name,
  x,
  y,
  size = 12,
  color,
}: {
  name: IconName
  x: number
  y: number
  size?: number
  color: string
}) {
  return (
    <svg x={x} y={y} width={size} height={size} viewBox="0 0 16 16" className="im" style={{ color }}>
      {paths[name]}
    </svg>
  )
}
