/** Roles are told apart by shape first: solid square, two offset squares, hexagon with a pupil, circle with a prompt. */
import type { ProcessState, ProcessSummary } from '../../browser/session.ts'
import { Icon, type IconName } from './icons.tsx'

export type Role = ProcessSummary['role']

const shapes: Record<Role, React.ReactNode> = {
  master: <rect x="-7.5" y="-7.5" width="15" height="15" rx="2" className="g-fill" />,
  replica: (
    <>
      <path d="M-3.5-3.5V-8H8V3.5H3.5" className="g-line" />
      <rect x="-8" y="-3.5" width="11.5" height="11.5" rx="1.5" className="g-shape" />
    </>
  ),
  sentinel: (
    <>
      <path d="M-4.5-8h9L9 0 4.5 8h-9L-9 0z" className="g-shape" />
      <circle r="3" className="g-fill" />
    </>
  ),
  client: (
    <>
      <circle r="8" className="g-shape" />
      <path d="m-3-3.5 3.5 3.5-3.5 3.5M1.5 3.8h3" className="g-line" />
    </>
  ),
}

export function Glyph({ role }: { role: Role }) {
  return <g className={role}>{shapes[role]}</g>
}

export function RoleMark({ role, size = 16 }: { role: Role; size?: number }) {
  return (
    <svg className={`rm ${role}`} width={size} height={size} viewBox="-10 -10 20 20" aria-hidden="true">
      {shapes[role]}
    </svg>
  )
}

export type Mark = 'ok' | 'sdown' | 'odown' | 'paused' | 'part' | 'gone'
const markIcon: Record<Mark, IconName> = {
  ok: 'ok',
  sdown: 'sdown',
  odown: 'odown',
  paused: 'paused',
  part: 'cut',
  gone: 'kill',
}

export function Tag({ mark, text, short }: { mark: Mark; text: string; short?: boolean }) {
  return (
    <span className={`tag st-${mark}${short ? ' short' : ''}`} title={text}>
      <Icon name={markIcon[mark]} />
      <span>{text}</span>
    </span>
  )
}

/** What the card and the table say about the process itself, apart from anybody's opinion of it. */
export function stateTag(state: ProcessState): { mark: Mark; text: string } | null {
  if (state === 'paused') return { mark: 'paused', text: 'paused' }
  if (state === 'killed') return { mark: 'gone', text: 'killed' }
  if (state === 'exited') return { mark: 'gone', text: 'exited' }
  if (state === 'crashed') return { mark: 'odown', text: 'engine error' }
  return null
}

export function BrandMark() {
  return (
    <svg viewBox="0 0 22 22" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="1.5">
        <rect x="2" y="2.75" width="6.5" height="4" rx="1" />
        <rect x="2" y="9" width="6.5" height="4" rx="1" fill="currentColor" />
        <rect x="2" y="15.25" width="6.5" height="4" rx="1" fill="currentColor" />
        <rect x="13.5" y="2.75" width="6.5" height="4" rx="1" fill="currentColor" />
        <rect x="13.5" y="9" width="6.5" height="4" rx="1" />
        <rect x="13.5" y="15.25" width="6.5" height="4" rx="1" />
        <path d="M9.5 4.75h2.8" />
      </g>
    </svg>
  )
}
