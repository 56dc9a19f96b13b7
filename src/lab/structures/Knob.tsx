/** A slider or a list that sets a directive: what it does is typed into redis-cli, so the server decides and answers. */
import { useState } from 'react'
import { typeInto } from './Cli.tsx'

export function Knob(props: {
  process: string
  name: string
  value: number
  min: number
  max: number
  step?: number
  /** What the value means, when the number alone does not say it. */
  say?: (value: number) => string
}) {
  const { process, name, value, min, max, step = 1, say } = props
  const [draft, setDraft] = useState<number | null>(null)
  const shown = draft ?? value
  const commit = () => {
    if (draft !== null && draft !== value) typeInto(process, [`CONFIG SET ${name} ${draft}`])
    setDraft(null)
  }
  return (
    <label className="knob">
      <span className="mono">{name}</span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={Math.max(min, Math.min(max, shown))}
        aria-valuetext={say ? say(shown) : String(shown)}
        onChange={(e) => setDraft(Number(e.target.value))}
        onPointerUp={commit}
        onKeyUp={commit}
        onBlur={commit}
      />
      <output className="mono">{say ? say(shown) : shown}</output>
    </label>
  )
}

export function Choose(props: { process: string; name: string; value: string; options: readonly string[] }) {
  const { process, name, value, options } = props
  return (
    <label className="knob">
      <span className="mono">{name}</span>
      <select
        className="field"
        value={value}
        onChange={(e) => typeInto(process, [`CONFIG SET ${name} ${e.target.value}`])}
      >
        {options.map((o) => (
          <option key={o} value={o}>
            {o}
          </option>
        ))}
      </select>
    </label>
  )
}

/** One click types these lines. */
export function Try({
  process,
  lines,
  children,
}: {
  process: string
  lines: readonly string[]
  children: React.ReactNode
}) {
  return (
    <button type="button" className="btn small try" onClick={() => typeInto(process, lines)}>
      {children}
    </button>
  )
}
