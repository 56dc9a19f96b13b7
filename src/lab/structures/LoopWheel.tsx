/** One turn of the event loop as a wheel: the six phases of aeProcessEvents in their order. */
import { bytesText, duration } from '../format.ts'
import { plural } from './data.ts'
import { commandNames, type TurnData } from './loop-layout.ts'

function phasesOf(t: TurnData, hz: number): readonly (readonly [string, string])[] {
  const names = commandNames(t)
  const own = t.cron ? [] : t.did
  const time = t.cron ? [`serverCron, ${hz} times a second`, ...t.did] : []
  const before = [
    t.sent > 0 ? `${bytesText(t.sent)} of replies to ${plural(t.sentTo, 'client')}` : '',
    t.fed > 0 ? `${bytesText(t.fed)} to ${plural(t.fedTo, 'replica')}` : '',
    ...t.files,
  ].filter((x) => x !== '')
  return [
    ['poll', `${t.woke}${t.waited ? ', which had waited for the turn before' : ''}`],
    ['afterSleep', ''],
    [
      'read handlers',
      [t.read > 0 ? `${bytesText(t.read)} read${names === '' ? ', no whole command' : ''}` : '', names, ...own]
        .filter((x) => x !== '')
        .join('; '),
    ],
    ['write handlers', ''],
    ['time events', time.join('; ')],
    ['beforeSleep', before.join('; ')],
  ]
}

const QUIET: Readonly<Record<string, string>> = {
  afterSleep: 'nothing: no modules',
  'write handlers': 'nothing: sockets had room, replies went out in beforeSleep',
}
export function LoopWheel({ t, hz }: { t: TurnData; hz: number }) {
  const phases = phasesOf(t, hz)
  const arc = (i: number, r: number) => {
    const a = -Math.PI / 2 + ((i - 0.5) * 2 * Math.PI) / phases.length
    return [80 + r * Math.cos(a), 80 + r * Math.sin(a)] as const
  }
  return (
    <div className="loopwheel">
      <svg
        width="160"
        height="160"
        role="img"
        aria-label={`One turn: ${phases.map(([n, w]) => `${n}: ${w === '' ? 'nothing' : w}`).join('. ')}`}
      >
        {phases.map(([name, what], i) => {
          const [x1, y1] = arc(i, 72)
          const [x2, y2] = arc(i + 1, 72)
          const [x3, y3] = arc(i + 1, 40)
          const [x4, y4] = arc(i, 40)
          const [tx, ty] = arc(i + 0.5, 56)
          return (
            <g key={name}>
              <path
                d={`M${x1} ${y1}A72 72 0 0 1 ${x2} ${y2}L${x3} ${y3}A40 40 0 0 0 ${x4} ${y4}Z`}
                fill={what === '' ? 'var(--bg-panel)' : 'var(--inv)'}
                stroke="var(--line-3)"
              />
              <text
                className="m"
                x={tx}
                y={ty + 5}
                fontSize="13"
                fontWeight="600"
                textAnchor="middle"
                style={{ fill: what === '' ? 'var(--ink-3)' : 'var(--inv-ink)' }}
              >
                {i + 1}
              </text>
            </g>
          )
        })}
        <text className="m" x="80" y="84" fontSize="12" fontWeight="600" textAnchor="middle">
          {duration(t.micros)}
        </text>
      </svg>
      <ol>
        {phases.map(([name, what]) => (
          <li key={name} className={what === '' ? 'quiet' : ''}>
            <b>{name}</b> {what === '' ? (QUIET[name] ?? 'nothing') : what}
          </li>
        ))}
      </ol>
    </div>
  )
}
