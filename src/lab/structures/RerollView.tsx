/** A figure: the members of this sorted set with other dice, or another P. */
import { useState } from 'react'
import { plural, type SkiplistData } from './data.ts'
import { meanComparisons, reroll } from './reroll.ts'
import { SkiplistView } from './SkiplistView.tsx'

export function RerollView({ s }: { s: SkiplistData }) {
  const [p, setP] = useState(0.25)
  const [seed, setSeed] = useState(1)
  const { data, mean, pointers } = reroll(s, p, seed)
  const whole = s.nodes.length === s.length
  const real = whole ? meanComparisons(s.header, s.nodes, s.level) : null
  return (
    <>
      <p className="cap">
        <b className="ink">A figure.</b> The key itself is unchanged.{' '}
        {whole ? 'All its members' : `Its first ${plural(s.nodes.length, 'member')}`} with{' '}
        {p === 0.25 ? 'other dice' : `P ${p}, which is not Redis's (0.25)`}.
      </p>
      <SkiplistView s={data} way={null} />
      <div className="knobs">
        <label className="knob">
          <span className="mono">P</span>
          <input
            type="range"
            min={0}
            max={0.75}
            step={0.05}
            value={p}
            aria-valuetext={`${p}${p === 0.25 ? ', as Redis' : ', not as Redis'}`}
            onChange={(e) => setP(Number(e.target.value))}
          />
          <output className="mono">{p}</output>
        </label>
        <button type="button" className="btn small" onClick={() => setSeed(seed + 1)}>
          Roll again
        </button>
        <button type="button" className="btn small" disabled={p === 0.25} onClick={() => setP(0.25)}>
          P 0.25 as Redis
        </button>
      </div>
      <p className="cap" aria-live="polite">
        {plural(data.level, 'level')}; a search takes {mean.toFixed(1)} comparisons on average, a member{' '}
        {pointers.toFixed(2)} links ({(1 / (1 - p)).toFixed(2)} expected).
        {real !== null &&
          ` The engine's own towers: ${plural(s.level, 'level')}, ${real.toFixed(1)} comparisons; log2 of ${s.length} is ${Math.log2(Math.max(1, s.length)).toFixed(1)}.`}
      </p>
    </>
  )
}
