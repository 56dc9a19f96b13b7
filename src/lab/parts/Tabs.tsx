/** Tabs by the ARIA pattern: one stop for Tab, arrows move. */
export function Tabs<T extends string>(props: {
  label: string
  names: readonly T[]
  value: T
  onChange: (name: T) => void
  id: string
  children?: React.ReactNode
}) {
  const { label, names, value, onChange, id } = props
  const onKey = (e: React.KeyboardEvent) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (move === undefined) return
    e.preventDefault()
    e.stopPropagation()
    const next = names[(names.indexOf(value) + move + names.length) % names.length]
    if (!next) return
    onChange(next)
    document.getElementById(`${id}-${next.replace(' ', '-')}`)?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKey}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${id}-${name.replace(' ', '-')}`}
          aria-selected={name === value}
          aria-controls={`${id}-panel`}
          tabIndex={name === value ? 0 : -1}
          className={name === value ? 'on' : ''}
          onClick={() => onChange(name)}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
