/** An arrangement as a line of who speaks to whom. */
import type { Arrangement } from './run-data.ts'

const W = 300
const names: Record<Arrangement, readonly string[]> = {
  ring: ['client', 'its server'],
  proxy: ['client', 'proxy', 'its server'],
  query: ['client', 'any node', 'the owner'],
}
const BOX = 76

export function Chain({ what, down }: { what: Arrangement; down: boolean }) {
  const all = names[what]
  const gap = (W - all.length * BOX) / (all.length - 1)
  const x = (i: number) => i * (BOX + gap)
  return (
    <svg className="run-chain" viewBox={`0 0 ${W} 46`} role="img" aria-label={all.join(', then ')}>
      {all.slice(1).map((name, i) => {
        const [from, to] = [x(i) + BOX, x(i + 1)]
        const broken = down && what === 'proxy'
        const moved = what === 'query' && i === 1
        return (
          <g key={name} className={`${broken ? 'broken' : ''} ${moved ? 'moved' : ''}`}>
            <path d={`M${from + 3} 30H${to - 8}`} />
            <path className="tip" d={`M${to - 9} 26l7 4-7 4z`} />
            {moved && (
              <text x={(from + to) / 2} y="20" textAnchor="middle">
                MOVED
              </text>
            )}
          </g>
        )
      })}
      {all.map((name, i) => (
        <g key={name} className={down && name === 'proxy' ? 'dead' : ''}>
          <rect x={x(i)} y="18" width={BOX} height="24" rx="3" />
          <text x={x(i) + BOX / 2} y="34" textAnchor="middle">
            {name}
          </text>
        </g>
      ))}
    </svg>
  )
}
